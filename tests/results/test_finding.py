"""`sim.find` and what it gives: answers, the values tried, the scenario of the answer, a folder."""

import json
import warnings

import pandas as pd
import pytest
from failing import fail
from searches import BAKE, BAKED, CAPACITY, DOMAINS

import sim
from sim.core.errors import LongRunWarning, ScenarioError

VARIANTS = """\
variants:
  all: {}
  half: {"objectives.0.at_least": 50%}
"""


@pytest.fixture(scope="module")
def found():
    return sim.find(sim.loads(CAPACITY), DOMAINS, 2, 20)


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr("sim.plots.parts.style.png", lambda _: b"a picture")


def test_answer_is_a_bracket_and_the_scenario_of_the_value_that_meets(found):
    (answer,) = found.answers
    assert (answer.missed, answer.met, answer.confidence) == ("9", "10", 1.0)
    assert found.sentence == answer.sentence
    assert found.scenario().systems["shop"].update_domains == 10
    assert sim.run(found.scenario()).about.objectives_met
    assert not sim.run(found.scenario().override({DOMAINS: 9})).about.objectives_met


def test_trials_are_a_table_with_a_row_a_value_and_objective(found):
    table = found.trials
    assert isinstance(table, pd.DataFrame)
    assert table["number"].tolist() == [2, 6, 8, 9, 10, 11, 15, 20]
    assert sorted(table["tried"]) == [1, 2, 3, 4, 5, 6, 7, 8]
    assert table["tried"].tolist()[::7] == [1, 2]
    assert table["verdict"].tolist() == ["missed"] * 4 + ["met"] * 4
    assert set(table["objective"]) == {"min_capacity >= 90 % in all runs"}
    assert table.loc[0, "sentence"].startswith("deterministic: ")
    assert (table["path"] == DOMAINS).all()
    two = CAPACITY.replace("at_least: 90%}]", "at_least: 90%}, {metric: downtime, at_most: 1h}]")
    assert len(sim.find(sim.loads(two), DOMAINS, 2, 20).trials) == 16


def test_ends_may_be_written_as_in_a_file_or_be_numbers(found):
    again = sim.find(sim.loads(CAPACITY), DOMAINS, "2", "20")
    pd.testing.assert_frame_equal(again.trials, found.trials)


def test_each_variant_has_an_answer_of_its_own():
    both = sim.find(sim.loads(CAPACITY + VARIANTS), DOMAINS, 2, 20)
    assert {each.variant: each.met for each in both.answers} == {"all": "10", "half": "2"}
    assert both.sentence.startswith("all: smallest update_domains that meets: between 9")
    assert both.scenario("half").systems["shop"].update_domains == 2
    one = sim.find(sim.loads(CAPACITY + VARIANTS), DOMAINS, 2, 20, variant="half")
    assert [each.variant for each in one.answers] == ["half"]
    assert one.answers == both.answers[1:]
    with pytest.raises(ScenarioError, match="a variant"):
        both.plot("none")


def test_without_an_answer_there_is_no_scenario():
    found = sim.find(sim.loads(CAPACITY), DOMAINS, 2, 5)
    assert found.answers[0].outcome == "none"
    with pytest.raises(ScenarioError, match="find: no value is known to meet the objectives"):
        found.scenario()


def test_equal_arguments_give_equal_results():
    values = {"tolerance": "10min", "max_replications": 60, "seed": 5}
    one, other = (sim.find(sim.loads(BAKE), BAKED, "10min", "1h", **values) for _ in range(2))
    pd.testing.assert_frame_equal(one.trials, other.trials)
    assert one.about.seed == 5
    assert set(one.trials["replications"]) <= {30, 60}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"path": "systems.shop.domains"}, "find: systems.shop.domains: names no key of systems.shop"),
        ({"high": 0.5}, "find: HIGH: must be above LOW, 2, got 0.5"),
        ({"low": 0}, f"find: {DOMAINS}: must be a whole number, 1 or more, got 0 (at 0)"),
        ({"path": "seed"}, "find: seed: must be a key that the run depends on"),
        ({"max_replications": 20}, "max_replications: must be a whole number from 30 to"),
        ({"tolerance": "5%"}, "find: tolerance: must be a whole number as LOW is, 2, got 5%"),
        ({"variant": "x"}, "must be a variant"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_place(change, told):
    given = {"path": DOMAINS, "low": 2, "high": 20} | change
    with pytest.raises(ScenarioError) as error:
        sim.find(sim.loads(CAPACITY), **given)
    assert str(error.value).startswith(told)


def test_file_without_objectives_is_told_how_to_write_one():
    text = CAPACITY.split("objectives:")[0]
    with pytest.raises(ScenarioError) as error:
        sim.find(sim.loads(text), DOMAINS, 2, 20)
    assert str(error.value) == (
        "find: needs objectives in the file, such as "
        "`objectives: [{metric: min_capacity, at_least: 80%, in_runs: 95%}]`"
    )


def test_folder_holds_the_trials_the_scenario_of_the_answer_and_the_provenance(found, tmp_path):
    folder = found.save(tmp_path / "r", answer="told\n", command="typed")
    assert sorted(each.name for each in folder.rglob("*") if each.is_file()) == [
        "answer.txt",
        "find.csv",
        "find.png",
        "provenance.json",
        "report.html",
        "scenario.resolved.yaml",
    ]
    assert sim.load(folder / "scenario.resolved.yaml") == found.scenario()
    assert pd.read_csv(folder / "find.csv")["number"].tolist() == found.trials["number"].tolist()
    told = json.loads((folder / "provenance.json").read_text(encoding="utf-8"))
    assert told["command"] == "typed"
    assert told["find"]["answers"][0]["sentence"] == found.sentence
    assert told["find"]["path"] == DOMAINS
    with pytest.raises(ScenarioError, match="must be a new name"):
        found.save(tmp_path / "r")
    told = "r: must be results of run, compare or sweep, got those of find: read its tables"
    with pytest.raises(ScenarioError, match=told):
        sim.open_results(folder)
    found.save(tmp_path / "r", overwrite=True, figures="none")
    assert not (tmp_path / "r/figures").exists()


def test_folder_of_several_variants_holds_the_scenario_of_each(tmp_path):
    both = sim.find(sim.loads(CAPACITY + VARIANTS), DOMAINS, 2, 20)
    folder = both.save(tmp_path / "r")
    assert sorted(each.name for each in (folder / "variants").iterdir()) == [
        "0.resolved.yaml",
        "1.resolved.yaml",
    ]
    assert sorted(each.name for each in (folder / "figures").iterdir()) == [
        "find-0.png",
        "find-1.png",
    ]


def test_it_shows_itself_in_a_notebook(found):
    page = found._repr_html_()
    assert "between 9 (missed) and 10 (met)" in page.split("<table")[0]
    assert page.count("<tr>") == 9
    assert page.count("<svg") == 1
    assert repr(found).startswith("<FindResults of shop: smallest update_domains")


def test_replication_that_fails_is_told_with_the_value_that_it_had(monkeypatch):
    fail(monkeypatch, {7}, RuntimeError("broken"))
    found = sim.find(sim.loads(BAKE), BAKED, "10min", "1h", tolerance="25min", max_replications=30)
    told = [each.rerun for each in found.failed_replications]
    assert f"--set {BAKED}=10min --replay 7 --seed 0" in told
    assert len(told) == len(found.tried())
    assert found.answers[0].failed == len(told)
    assert set(found.trials["failed"]) == {1}


def test_long_search_is_warned_of_once(monkeypatch):
    monkeypatch.setattr("sim.forecast.estimate.LONG", 0.1)
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always", LongRunWarning)
        sim.find(sim.loads(BAKE), BAKED, "10min", "1h", tolerance="10min", max_replications=60)
    assert [each.category for each in told] == [LongRunWarning]


def test_sweep_of_the_file_plays_no_part():
    text = CAPACITY + "sweep: {systems.shop.update_domains: [2, 4]}\n"
    found = sim.find(sim.loads(text), DOMAINS, 2, 20)
    assert found.answers[0].met == "10"
    assert found.scenario().sweep is None


def test_both_ends_are_read_before_anything_runs(monkeypatch):
    monkeypatch.setattr("sim.results.finding.search", None)
    text = CAPACITY.replace("min_capacity, at_least: 90%", "downtime, at_most: 1h")
    with pytest.raises(ScenarioError, match=r"horizon: .*at 0s"):
        sim.find(sim.loads(text), "horizon", "0s", "1h")
    with pytest.raises(ScenarioError, match=r"warm_up: .*at 7h"):
        sim.find(sim.loads(text), "warm_up", "0s", "7h")


OTHERS = """\
variants:
  all: {}
  none: {operations: []}
  guest: {operations: [{at: 1min, guest_os_update: {duration: 2min}}]}
"""


def test_a_variant_that_has_no_such_path_is_told_and_the_others_are_searched(tmp_path):
    scenario = sim.loads(BAKE + OTHERS)
    found = sim.find(scenario, BAKED, "10min", "1h", tolerance="10min", max_replications=30)
    assert found.about.passed_over == {
        "none": "names no item of operations, which is empty",
        "guest": "cannot stand at operations.0",
    }
    assert [each.variant for each in found.answers] == ["all"]
    first, *rest = found.sentence.splitlines()
    assert first.startswith("all: smallest bake that meets: ")
    assert rest == [
        "none: not searched, as the path names no item of operations, which is empty",
        "guest: not searched, as the path cannot stand at operations.0",
    ]
    assert set(found.trials.variant) == {"all"}
    page = (found.save(tmp_path / "r") / "report.html").read_text("utf-8")
    assert "none: not searched, as the path names no item of operations" in page


def test_a_path_that_no_variant_has_is_refused():
    with pytest.raises(ScenarioError, match="did you mean update_domains"):
        sim.find(sim.loads(CAPACITY + OTHERS), "systems.shop.update_domain", 2, 4)
    with pytest.raises(ScenarioError, match="names no item of operations, which is empty"):
        sim.find(sim.loads(BAKE + OTHERS), BAKED, "10min", "1h", variant="none")


def test_a_value_that_a_variant_does_not_take_is_refused_still():
    few = "variants: {all: {}, few: {systems.shop.update_domains: 3}}"
    with pytest.raises(ScenarioError, match="got 0 \\(all at 0\\)"):
        sim.find(sim.loads(CAPACITY + few), DOMAINS, 0, 4)


def test_a_variant_without_a_rollout_is_a_reference_where_others_have_one():
    found = sim.find(sim.loads(CAPACITY + OTHERS), DOMAINS, 2, 5)
    assert [each.reference for each in found.answers] == [False, True, True]
    assert "; reference (no rollout); " in found.answers[1].sentence
    alone = sim.find(sim.loads(CAPACITY + OTHERS), DOMAINS, 2, 5, variant="none")
    assert not alone.answers[0].reference


def test_a_variant_in_which_every_run_fails_at_a_value_takes_no_other_with_it(monkeypatch):
    fail(monkeypatch, range(100), RuntimeError("broken"), "all")
    found = sim.find(sim.loads(CAPACITY + VARIANTS), DOMAINS, 2, 5)
    assert [each.variant for each in found.answers] == ["half"]
    (lost,) = found.failed_replications
    assert (lost.variant, lost.message) == ("all", "RuntimeError: broken")
    assert lost.rerun == f"--set {DOMAINS}=2 --replay 0 --seed 0 --variant all"
    assert found.sentence.startswith("all: every replication failed at a value, so there is no ")
    assert "half: smallest" in found.sentence
