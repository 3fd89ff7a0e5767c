"""`--precision`: how it is written, what is told of it, and what it excludes."""

import json

import pytest

HOURS = "capacity_hours_lost"


def test_answer_says_after_its_title_why_there_are_so_many_replications(shell):
    code, out, _ = shell("run", "random.yaml", "--precision", f"shop.{HOURS}=0.05", "--no-files")
    first, second = out.split("\n")[:2]
    n = int(out.partition("domains, ")[2].partition(" replications")[0])
    assert code in (0, 1, 4)
    assert n > 30
    assert f"{n} replications" in first
    assert second.startswith(f"precision met at {n} replications: shop.capacity_hours_lost within")


def test_comparison_says_first_which_mean_missed_it_and_by_how_much(shell):
    words = ("--precision", f"{HOURS}=0.001", "--max-replications", "40", "--no-files")
    _, out, _ = shell("compare", "variants.yaml", *words)
    told = " ".join(out.split())
    start = told.index("precision not met at 40 replications, the most allowed: ")
    assert start < told.index("lowest")
    assert "(asked 0.001; about " in told
    assert told.index("capacity_hours_lost within", start) > 0


def test_several_stand_in_one_word_or_in_more(shell):
    words = ("--precision", f"{HOURS}=0.5,min_capacity=5%", "--precision", "finished=20%")
    _, out, _ = shell("run", "random.yaml", *words, "--no-files", "--json")
    found = json.loads(out)["precision"]
    assert {each["metric"]: each["asked"] for each in found["means"]} == {
        HOURS: 0.5,
        "min_capacity": 0.05,
        "finished": 0.2,
    }
    assert json.loads(out)["variants"][0]["replications"] == found["replications"]


def test_file_keeps_what_was_told(shell, tmp_path):
    shell("run", "random.yaml", "--precision", f"{HOURS}=0.5", "--out", "r", "--figures", "none")
    assert "precision met at 30 replications: " in (tmp_path / "r/answer.txt").read_text()


def test_scenario_without_chance_runs_once(shell):
    _, out, _ = shell("run", "certain.yaml", "--precision", f"{HOURS}=0.001", "--no-files")
    assert "deterministic, one run suffices" in out
    assert "precision" not in out


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (
            ("--precision", "min_capacity"),
            "--precision: must be METRIC=HALF, such as shop.min_capacity=1%, got min_capacity",
        ),
        (
            ("--precision", "min_capacity=1%,"),
            "--precision: must be METRIC=HALF, such as shop.min_capacity=1%, got min_capacity=1%,",
        ),
        (
            ("--precision", "min_capacity=1%,min_capacity=2%"),
            "--precision: min_capacity: is given twice",
        ),
        (
            ("--precision", "min_capacity=2min"),
            "--precision: min_capacity: must be a share such as 80% or 0.8, got 2min",
        ),
        (
            ("--precision", "min_capacity="),
            '--precision: min_capacity: must be a share such as 80% or 0.8, got ""',
        ),
        (
            ("--precision", "min_capacity=1%", "--replications", "5"),
            "--precision: must not be given together with --replications",
        ),
        (
            ("--precision", "min_capacity=1%", "--replay", "0"),
            "--precision: must not be given together with --replay",
        ),
        (
            ("--precision", "min_capacity=1%", "--max-replications", "20"),
            "--max-replications: must be a whole number from 30 to 1,000,000, got 20",
        ),
        (("--max-replications", "50"), "--max-replications: needs a precision to be reached"),
    ],
)
def test_what_is_wrong_is_told_by_the_name_of_the_option(words, told, shell):
    assert shell("run", "random.yaml", "--no-files", *words) == (2, "", f"{told}\n")
