"""An answer as JUnit XML: its shape, and what a pipeline makes of it."""

from xml.etree import ElementTree as ET

import pytest
import yaml
from failing import fail
from guessing import WALK
from shells import CERTAIN, RANDOM, VARIANTS

from sim.cli.answers.junit import refused, xml
from sim.results.results import Results

COUNTED = {"tests", "failures", "errors", "skipped", "time"}
SHAPE = {
    "testsuites": ({"name", *COUNTED}, {"testsuite"}),
    "testsuite": ({"name", *COUNTED}, {"properties", "testcase"}),
    "properties": (set(), {"property"}),
    "property": ({"name", "value"}, set()),
    "testcase": ({"classname", "name", "time"}, {"failure", "error", "skipped"}),
    "failure": ({"message", "type"}, set()),
    "error": ({"message", "type"}, set()),
    "skipped": ({"message"}, set()),
}
"""Element of the usual JUnit schema -> its attributes and what may stand in it."""

QUICK = ("--format", "junit", "--quiet")


def check(element):
    """Whether an element and all below it have the shape of the schema."""
    attributes, inside = SHAPE[element.tag]
    assert set(element.attrib) == attributes
    assert {each.tag for each in element} <= inside
    if element.tag in ("testsuites", "testsuite"):
        cases = list(element.iter("testcase"))
        assert int(element.get("tests")) == len(cases)
        for tag, name in (("failure", "failures"), ("error", "errors"), ("skipped", "skipped")):
            assert int(element.get(name)) == sum(each.find(tag) is not None for each in cases)
    if element.tag == "testsuite":
        assert "properties" not in {each.tag for each in element[1:]}  # they come first
    if element.tag == "testcase":
        assert len(element) <= 1
    for each in element:
        check(each)


@pytest.fixture
def junit(shell, tmp_path):
    """Runs a command on a scenario: exit code, the document, its cases by name."""

    def call(command, text, *words):
        (tmp_path / "s.yaml").write_text(text, encoding="utf-8")
        code, out, _ = shell(command, "s.yaml", *QUICK, *words)
        top = ET.fromstring(out)
        check(top)
        broken = int(top.get("failures")) + int(top.get("errors"))
        assert (broken > 0) == (code != 0)
        return code, top, {each.get("name"): each for each in top.iter("testcase")}

    return call


def test_an_objective_that_is_met_passes(junit):
    code, top, cases = junit("run", RANDOM, "--no-files", "--replications", "60")
    assert code == 0
    assert [each.get("name") for each in top] == ["shop-build-42"]
    assert list(cases) == ["60 replications", "min_capacity >= 80 % in all runs"]


def test_one_that_is_missed_fails_with_its_sentence(junit):
    code, _, cases = junit("run", CERTAIN.replace("80%", "81%"), "--no-files")
    assert code == 1
    (failure,) = cases["min_capacity >= 81 % in all runs"]
    assert (failure.tag, failure.get("type")) == ("failure", "missed")
    assert failure.get("message") == "missed: deterministic: 80 % misses the bound"


def test_one_that_is_undecided_fails_too_as_a_pipeline_passes_over_what_is_skipped(junit):
    text = RANDOM.replace("80%", "80%, in_runs: 95%")
    code, _, cases = junit("run", text, "--no-files", "--replications", "5")
    assert code == 4
    (failure,) = cases["min_capacity >= 80 % in 95 % of runs"]
    assert (failure.tag, failure.get("type")) == ("failure", "undecided")


def test_without_objectives_there_is_still_a_test_case(junit):
    code, _, cases = junit("run", CERTAIN.partition("objectives:")[0], "--no-files")
    assert (code, list(cases)) == (0, ["1 replication"])


@pytest.mark.parametrize("bound", ["80%", "95%"])
def test_a_comparison_fails_only_where_no_variant_keeps_its_objectives(bound, junit):
    text = VARIANTS.replace("at_least: 80%", f"at_least: {bound}, of: mean")
    code, top, _ = junit("compare", text, "--no-files")
    tags = {
        suite.get("name"): [each.tag for case in suite.iter("testcase") for each in case]
        for suite in top
    }
    fine = bound == "80%"
    assert code == (0 if fine else 1)
    assert tags == {
        "shop-build-42.auto": [] if fine else ["failure"],
        "shop-build-42.simultaneous": ["skipped" if fine else "failure"],
        "shop-build-42.nothing": ["skipped"],
    }


def test_failed_replications_are_an_error_of_their_variant(junit, monkeypatch):
    fail(monkeypatch, {3}, RuntimeError("boom"))
    code, _, cases = junit("run", RANDOM, "--no-files", "--replications", "40")
    assert code == 3
    (error,) = cases["40 replications"]
    assert error.tag == "error"
    assert error.get("message").startswith("1 failed: ")


def test_results_that_cannot_be_saved_are_an_error(junit, monkeypatch):
    def save(*_, **__):
        raise MemoryError

    monkeypatch.setattr(Results, "save", save)
    code, _, cases = junit("run", CERTAIN)
    assert code == 5
    assert cases["results"].find("error") is not None


def test_wrong_input_is_the_error_of_the_only_case():
    top = ET.fromstring(xml(refused("run x.yaml", ["x.yaml:3: a < b \x00", "more"])))
    check(top)
    (error,) = top.iter("error")
    assert error.get("message") == "x.yaml:3: a < b \ufffd"
    assert error.text.splitlines()[1] == "more"


DOMAINS = "systems.shop.update_domains"


def test_each_objective_of_each_point_of_a_sweep_is_a_case(junit):
    code, _, cases = junit("sweep", CERTAIN, "--no-files", "--over", f"{DOMAINS}=2,5")
    assert code == 0
    few, enough = (f"update_domains {n}: min_capacity >= 80 % in all runs" for n in (2, 5))
    (skipped,) = cases[few]
    assert skipped.tag == "skipped"
    assert skipped.get("message").endswith("; another point keeps it")
    assert [*cases[enough]] == []


def test_where_no_point_keeps_an_objective_each_of_them_fails(junit):
    code, _, cases = junit("sweep", CERTAIN, "--no-files", "--over", f"{DOMAINS}=2,4")
    assert code == 1
    assert len(cases) == 3
    assert all(one.find("failure") is not None for one in cases.values())


def test_of_very_many_points_there_is_the_sum_alone(junit, monkeypatch):
    monkeypatch.setattr("sim.cli.sweeping.MOST_CASES", 1)
    _, _, cases = junit("sweep", CERTAIN, "--no-files", "--over", f"{DOMAINS}=2,5")
    assert [*cases] == ["every objective at one of 2 points"]


@pytest.mark.parametrize(("restart", "code"), [("4min", 4), ("1s", 0)])
def test_a_guess_fails_with_which_the_answer_turns_over(restart, code, junit):
    text = yaml.safe_dump(WALK).replace("4min", restart)
    found, _, cases = junit("assumptions", text, "--no-files")
    assert found == code
    decides = cases[f"roles.Web.restart ({restart})"].find("failure")
    assert (decides is not None) == bool(code)
    assert [*cases["roles.Web.create (7min)"]] == []
    if code:
        said = "x 2: mean rollout_duration <= 20min: from met to missed"
        assert decides.get("message") == said
