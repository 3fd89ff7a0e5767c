"""`rollout-sim find`: a bracket on the screen, its exit code, what is wrong with its words."""

import json
import re
from xml.etree import ElementTree as ET

import pytest
from failing import fail
from searches import BAKE, BAKED, CAPACITY, DOMAINS

TWO = """\
variants:
  all: {}
  half: {"objectives.0.at_least": 50%}
"""


@pytest.fixture
def files(folder, monkeypatch):
    for name, text in (("capacity", CAPACITY), ("bake", BAKE), ("two", CAPACITY + TWO)):
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    monkeypatch.setattr("sim.plots.parts.style.png", lambda _: b"a picture")
    return folder


pytestmark = pytest.mark.usefixtures("files")


def test_answer_is_a_bracket_and_a_table_of_the_values_tried(shell):
    assert shell("find", "capacity.yaml", f"{DOMAINS}=2..20", "--no-files") == (
        0,
        """\
shop: smallest systems.shop.update_domains from 2 to 20 for which the objectives
  are met, tolerance 1
smallest update_domains that meets: between 9 (missed) and 10 (met),
  deterministic; 8 values, 8 replications

    runs  verdict  min_capacity >= 90 % in all runs
2   1     missed   0 %
6   1     missed   0 %
8   1     missed   0 %
9   1     missed   0 %
10  1     met      100 %
11  1     met      100 %
15  1     met      100 %
20  1     met      100 %

assumed: min_healthy 1, no failures
""",
        "",
    )


BAKES = (f"{BAKED}=10min..1h", "--tolerance", "10min", "--no-files")


def test_bracket_that_stays_wide_is_exit_code_4_and_says_why(shell):
    code, out, _ = shell("find", "bake.yaml", *BAKES, "--max-replications", "120")
    told = " ".join(out.split())
    assert code == 4
    assert "smallest bake that meets: between 10min (missed) and " in told
    assert "wider than the tolerance, 10min, as " in told
    assert " undecided at 120 replications" in told
    assert "each limit at 99.72 % confidence: verdicts share the error" in told


@pytest.mark.parametrize(
    ("range_", "code", "told"),
    [
        ("10..20", 0, "10, the lowest value, is met already"),
        ("2..5", 1, "none found, as neither end meets: 2 (missed) and 5 (missed)"),
        ("9..10", 0, "between 9 (missed) and 10 (met)"),
    ],
)
def test_exit_code_tells_whether_there_is_an_answer(range_, code, told, shell):
    found = shell("find", "capacity.yaml", f"{DOMAINS}={range_}", "--no-files")
    assert found[0] == code
    assert told in " ".join(found[1].split())


def test_last_value_that_is_undecided_is_exit_code_4(shell):
    words = (f"{BAKED}=10min..30min", "--tolerance", "10min", "--max-replications", "60")
    code, out, _ = shell("find", "bake.yaml", *words, "--no-files")
    assert code == 4
    assert "neither end is known to meet: 10min (missed) and 30min (undecided)" in " ".join(out.split())  # fmt: skip


def test_each_variant_has_its_answer_and_the_code_is_of_the_best(shell):
    code, out, _ = shell("find", "two.yaml", f"{DOMAINS}=2..5", "--no-files")
    lines = out.split("\n")
    assert code == 0
    assert lines[2].startswith("all: smallest update_domains that meets: none found")
    assert "half: smallest update_domains that meets: 2, the lowest value" in out
    assert {"all:", "half:"} <= set(lines)
    only = shell("find", "two.yaml", f"{DOMAINS}=2..5", "--no-files", "--variant", "all")
    assert only[0] == 1
    assert "half" not in only[1]


def test_largest_is_looked_for_from_the_other_end(shell):
    asked = "objectives.0={metric: rollout_duration, at_most: 15min}"
    words = (f"{DOMAINS}=2..20", "--largest", "--set", asked, "--no-files")
    code, out, _ = shell("find", "capacity.yaml", *words)
    assert code == 0
    assert out.startswith("shop: largest systems.shop.update_domains from 2 to 20")
    assert "between 7 (met) and 8 (missed)" in " ".join(out.split())


def test_several_objectives_are_numbered(shell):
    more = "objectives.+={metric: rollout_duration, at_most: 30min}"
    words = (f"{DOMAINS}=2..20", "--set", more, "--no-files")
    out = shell("find", "capacity.yaml", *words)[1]
    assert "(1) min_capacity >= 90 % in all runs\n(2) rollout_duration <= 30min in all" in out
    assert "\n    runs  verdict  (1)    (2)\n" in out
    assert "\n20  1     missed   100 %  0 %\n" in out


def test_json_has_answers_and_trials_as_data(shell):
    code, out, err = shell("find", "capacity.yaml", f"{DOMAINS}=2..20", "--no-files", "--json")
    found = json.loads(out)
    assert (code, err) == (0, "")
    assert found["answers"][0]["met"] == "10"
    assert found["answers"][0]["outcome"] == "found"
    assert [each["number"] for each in found["trials"]] == [2, 6, 8, 9, 10, 11, 15, 20]
    assert (found["unit"], found["tolerance"], found["largest"]) == ("count", "1", False)
    assert (found["problems"], found["results"]) == ([], None)


def test_results_are_written_and_named(shell, files):
    code, out, _ = shell("find", "capacity.yaml", f"{DOMAINS}=2..20", "--out", "here")
    assert code == 0
    assert out.endswith("picture: here/figures/find.png\n")
    assert (files / "here/answer.txt").read_text("utf-8").startswith("shop: smallest")
    again = shell("find", "capacity.yaml", f"{DOMAINS}=2..20", "--out", "here")
    assert again[0] == 2
    words = ("--overwrite", "--figures", "none")
    code, out, _ = shell("find", "capacity.yaml", f"{DOMAINS}=2..20", "--out", "here", *words)
    assert code == 0
    assert out.endswith("results: here\n")


@pytest.mark.parametrize(
    ("word", "told"),
    [
        (DOMAINS, f"find: must be PATH=LOW..HIGH, such as {DOMAINS}=2..20, got {DOMAINS}"),
        (f"{DOMAINS}=2", f"find: must be PATH=LOW..HIGH, such as {DOMAINS}=2..20, got {DOMAINS}=2"),
        (f"{DOMAINS}=..4", 'find: LOW: must be a number, a duration such as 10min or a share such as 80%, got ""'),
        (f"{DOMAINS}=9..4", "find: HIGH: must be above LOW, 9, got 4"),
        (f"{DOMAINS}=2..4min", "find: HIGH: must be a whole number as LOW is, 2, got 4min"),
        (f"{DOMAINS}=0..4", f"find: {DOMAINS}: must be a whole number, 1 or more, got 0 (at 0)"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_one_line_with_its_place(word, told, shell):
    assert shell("find", "capacity.yaml", word, "--no-files") == (2, "", f"{told}\n")


def test_options_are_called_by_their_names(shell):
    found = shell(
        "find", "capacity.yaml", f"{DOMAINS}=2..4", "--no-files", "--max-replications", "9"
    )
    told = "--max-replications: must be a whole number from 30 to 1,000,000, got 9\n"
    assert found == (2, "", told)
    found = shell(
        "find", "capacity.yaml", f"{DOMAINS}=2..4", "--no-files", "--set", "objectives=[]"
    )
    assert found[0] == 2
    assert found[2].startswith("find: needs objectives in the file, such as `objectives: [{")


def test_failed_replication_comes_first_with_what_runs_it_again(shell, monkeypatch):
    fail(monkeypatch, {7}, RuntimeError("broken"))
    words = (f"{BAKED}=10min..1h", "--tolerance", "25min", "--max-replications", "30")
    code, out, err = shell("find", "bake.yaml", *words, "--no-files")
    told = " ".join(out.split())
    again = f"rollout-sim run bake.yaml --set {BAKED}=10min --replay 7 --seed 0"
    assert code == 3
    assert told.startswith("2 of 60 replications failed: RuntimeError: broken (replication 7,")
    assert again in told
    assert again in err


def test_where_every_run_fails_the_value_is_told(shell, monkeypatch):
    fail(monkeypatch, set(range(100)), RuntimeError("broken"))
    code, out, err = shell("find", "bake.yaml", *BAKES)
    assert (code, out) == (3, "")
    assert f"rollout-sim run bake.yaml --set {BAKED}=10min --replay 0 --seed 0" in err
    assert f"rollout-sim: --set {BAKED}=10min" not in err.splitlines()


def test_where_every_run_of_one_variant_fails_that_is_told_first_and_the_others_stand(
    shell, monkeypatch
):
    fail(monkeypatch, range(100), RuntimeError("broken"), "all")
    words = ("find", "two.yaml", f"{DOMAINS}=2..5", "--no-files")
    code, out, err = shell(*words)
    told = "all: every replication failed at a value, so there is no answer: RuntimeError: broken "
    again = f"run two.yaml --set {DOMAINS}=2 --replay 0 --seed 0 --variant all"
    assert code == 3
    assert " ".join(out.split()).startswith(told)
    assert again in " ".join(out.split())
    assert "half: smallest update_domains that meets: 2, the lowest" in out
    assert "internal error: all: every replication failed at a value" in err
    suites = ET.fromstring(shell(*words, "--format", "junit")[1])
    (case,) = suites.find("testsuite[@name='shop.all']")
    assert case.find("error").get("message").endswith("so there is no answer: RuntimeError: broken")


NOTHING = """\
variants:
  all: {}
  nothing: {operations: []}
"""


def test_a_reference_that_asks_for_no_rollout_decides_no_exit_code(shell, folder):
    (folder / "nothing.yaml").write_text(CAPACITY + NOTHING, encoding="utf-8")
    words = ("find", "nothing.yaml", f"{DOMAINS}=2..5", "--no-files")
    code, out, _ = shell(*words)
    assert code == 1
    assert "nothing: smallest update_domains that meets: 2, the lowest value" in out
    suites = ET.fromstring(shell(*words, "--format", "junit")[1])
    case, *_ = suites.find("testsuite[@name='shop.nothing']")
    assert case.find("skipped").get("message").startswith("reference, not ranked; met: smallest")


def test_a_variant_that_has_no_such_path_is_told_before_the_answers(shell, folder):
    (folder / "none.yaml").write_text(BAKE + NOTHING, encoding="utf-8")
    words = ("find", "none.yaml", *BAKES, "--max-replications", "30")
    told = " ".join(shell(*words)[1].split())
    assert (
        "nothing: not searched, as the path names no item of operations, which is empty all: "
        "smallest bake that meets: "
    ) in told
    suites = ET.fromstring(shell(*words, "--format", "junit")[1])
    (case,) = suites.find("testsuite[@name='bake.nothing']")
    assert case.find("skipped").get("message").startswith("not searched, as the path names no")


def test_markdown_is_the_answer_with_one_table(shell):
    code, out, _ = shell(
        "find", "capacity.yaml", f"{DOMAINS}=2..20", "--no-files", "--format", "markdown"
    )
    assert code == 0
    assert out.startswith("### ")
    assert "\n| 10 | 1 | **met** | 100 % |\n" in out


@pytest.mark.parametrize(
    ("words", "code", "tags"),
    [
        (["capacity.yaml", f"{DOMAINS}=2..20"], 0, [None]),
        (["capacity.yaml", f"{DOMAINS}=2..5"], 1, ["failure"]),
        (["two.yaml", f"{DOMAINS}=2..5"], 0, ["skipped", None]),
        (["bake.yaml", *BAKES, "--max-replications", "120"], 4, ["failure"]),
    ],
)
def test_junit_fails_where_the_exit_code_is_not_0(words, code, tags, shell):
    found = shell(
        "find", *words, "--format", "junit", *(["--no-files"] if "bake.yaml" not in words else [])
    )
    assert found[0] == code
    every = list(ET.fromstring(found[1]).iter("testcase"))
    cases = [case for case in every if case.get("name").startswith("smallest ")]
    assert [case[0].tag if len(case) else None for case in cases] == tags
    assert any(case.find("failure") is not None for case in every) == (code != 0)


def test_junit_has_each_objective_at_each_value_that_was_tried(shell):
    words = ("find", "capacity.yaml", f"{DOMAINS}=2..20", "--no-files", "--format", "junit")
    cases = {case.get("name"): case for case in ET.fromstring(shell(*words)[1]).iter("testcase")}
    few, enough = (cases[f"{n}: min_capacity >= 90 % in all runs"] for n in (9, 10))
    assert few.find("skipped").get("message").endswith("; another value keeps it")
    assert [*enough] == []


def test_junit_has_failed_replications_as_an_error(shell, monkeypatch):
    fail(monkeypatch, {3}, RuntimeError("boom"))
    code, out, _ = shell(
        "find", "bake.yaml", *BAKES, "--max-replications", "60", "--format", "junit"
    )
    assert code == 3
    assert '<error message="' in out


def test_a_mean_instant_is_told_by_the_clock(shell, folder):
    clock = CAPACITY.replace(
        "horizon: 6h", "horizon: 6h\nstart: 2026-11-20T23:00\nreplications: 40"
    )
    clock = clock.replace("restart: 2min", "restart: {uniform: {low: 2min, high: 4min}}")
    clock = clock.replace("{metric: min_capacity, at_least: 90%}", DONE)
    (folder / "clock.yaml").write_text(clock, encoding="utf-8")
    words = ("find", "clock.yaml", f"{DOMAINS}=2..40", "--largest", "--max-replications", "30")
    out = shell(*words, "--no-files")[1]
    first = next(line for line in out.splitlines() if line.startswith("2   "))
    assert re.fullmatch(r"2 +30 +met +Fri 20 Nov 23:0\d \(23:0\d\.\.23:0\d\)", first)
    last = next(line for line in out.splitlines() if line.startswith("40  "))
    assert " Sat 21 Nov 0" in last


DONE = '{metric: done_at, at_most: "23:40", of: mean}'


def test_where_the_objective_itself_is_searched_its_heading_has_what_stays(shell):
    words = ("find", "capacity.yaml", "objectives.0.at_least=50%..100%", "--largest", "--no-files")
    code, out, _ = shell(*words)
    assert code == 0
    assert "largest at_least that meets: between 80% (met) and 80.5% (missed)" in out
    assert "  min_capacity >= ... % in all runs" in out
