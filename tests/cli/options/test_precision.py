"""`--precision`: how it is written, what is told of it, and what it excludes."""

import json

import pytest
from failing import fail
from shells import RANDOM

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
            "--precision: must be METRIC=HALF, such as shop.min_capacity=1%, or objectives, got min_capacity",
        ),
        (
            ("--precision", "objectives,"),
            "--precision: must be METRIC=HALF, such as shop.min_capacity=1%, or objectives, got "
            "objectives,",
        ),
        (
            ("--precision", "min_capacity=1%,"),
            "--precision: must be METRIC=HALF, such as shop.min_capacity=1%, or objectives, got min_capacity=1%,",
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


# Objectives ---------------------------------------------------------------------------------------


@pytest.fixture
def asks(tmp_path, shell):  # noqa: ARG001  (its folder)
    """Writes a file with an objective on the share of runs in which capacity stays at 80 %."""

    def write(**objective):
        text = RANDOM.split("objectives:")[0]
        entry = {"metric": "min_capacity", "at_least": "80%", **objective}
        (tmp_path / "asks.yaml").write_text(f"{text}objectives: [{json.dumps(entry)}]\n", "utf-8")
        return "asks.yaml"

    return write


def test_word_objectives_makes_as_many_as_verdicts_need(shell, asks):
    file = asks(in_runs="90%")
    code, out, _ = shell("run", file, "--precision", "objectives", "--no-files")
    told = " ".join(out.split())
    assert code == 0
    assert "every objective decided at 60 replications: look 2 of at most 10, which" in told
    assert "60 of 60 runs meet it: at least 91.55 % at 99.5 % confidence" in told


@pytest.mark.parametrize("word", ["objectives,min_capacity=5%", "min_capacity=5%,objectives"])
def test_objectives_may_stand_beside_means(word, shell, asks):
    words = ("--precision", word, "--no-files", "--json")
    found = json.loads(shell("run", asks(in_runs="90%"), *words)[1])["precision"]
    assert [each["metric"] for each in found["means"]] == ["min_capacity"]
    assert found["replications"] == 60


@pytest.mark.parametrize(
    ("objective", "precision", "code"),
    [
        ({}, "capacity_hours_lost=0.001", 4),
        ({"in_runs": "99.9%"}, "objectives", 4),
        ({"at_least": "90%"}, "capacity_hours_lost=0.001", 1),
        ({}, "min_capacity=1%", 0),
    ],
)
def test_precision_that_is_not_met_is_told_by_the_exit_code(
    objective, precision, code, shell, asks
):
    words = ("--precision", precision, "--max-replications", "40", "--no-files")
    assert shell("run", asks(**objective), *words)[0] == code


def test_file_without_objectives_is_told_how_to_ask(shell, tmp_path):
    (tmp_path / "none.yaml").write_text(RANDOM.split("objectives:")[0], "utf-8")
    assert shell("run", "none.yaml", "--precision", "objectives", "--no-files") == (
        2,
        "",
        "--precision: objectives: needs objectives in the file, such as "
        "`objectives: [{metric: min_capacity, at_least: 80%, in_runs: 95%}]`\n",
    )


# Failed replications ------------------------------------------------------------------------------


def test_replications_that_fail_are_told_and_the_others_as_precise_as_asked(shell, monkeypatch):
    fail(monkeypatch, {3, 35}, RuntimeError("broken"))
    words = ("--precision", f"{HOURS}=0.05", "--no-files")
    code, out, err = shell("run", "random.yaml", *words)
    told = " ".join(out.split())
    n = int(told.partition("precision met at ")[2].partition(" replications")[0])
    assert code == 3
    assert n >= 60
    assert f"2 of {n} replications failed: RuntimeError: broken (replication 3, seed 0," in told
    again = "to see it again: rollout-sim run random.yaml --replay 3 --seed 0"
    assert again in told
    assert again in err
    assert shell("run", "random.yaml", "--replay", "3", "--seed", "0", "--no-files")[0] == 3


def test_means_of_a_variant_that_fails_are_of_those_that_did_not(shell, monkeypatch):
    fail(monkeypatch, {0, 31}, RuntimeError("broken"), variant="auto")
    words = ("--precision", f"{HOURS}=0.05,objectives", "--no-files", "--json")
    code, out, _ = shell("compare", "variants.yaml", *words)
    found = json.loads(out)
    n = found["precision"]["replications"]
    assert code == 3
    made = {one["name"]: one["replications"] for one in found["variants"]}
    assert made["auto"] == n - 2
    assert {count for name, count in made.items() if name != "auto"} <= {n, 1}
    assert {each["rerun"] for each in found["failed_replications"]} == {
        "--replay 0 --seed 0 --variant auto",
        "--replay 31 --seed 0 --variant auto",
    }
