"""The answer in one sentence: what went wrong comes first, and no word is better than it was."""

from dataclasses import replace

import pytest
from ill_fated import FAILED_SET
from made_results import CHANCE, OBJECTIVE, REFUSED, VARIANTS

import sim
from sim.experiments.running.failures import FailedReplication
from sim.results.results import Results
from sim.results.verdict import tone, verdict

CERTAIN = CHANCE.replace("instances: 20", "instances: 20, restart: 2min")


def of(text, **changes):
    return verdict(sim.run(sim.loads(text).override(changes) if changes else sim.loads(text)))


def test_what_is_met_names_the_objective_and_its_ground():
    found = of(CERTAIN + OBJECTIVE)
    assert (found.tone, found.word) == ("met", "Objectives met")
    assert found.sentence == (
        "shop (simulated, deterministic, one run, seed 0): met: lowest capacity >= 80 % in all runs"
        " (deterministic: 80 % meets the bound)."
    )


def test_what_is_missed_stands_before_what_is_met():
    both = "objectives: [{metric: min_capacity, at_least: 80%}, {metric: min_capacity, at_least: 90%}]\n"
    found = of(CERTAIN + both)
    assert (found.tone, found.word) == ("missed", "Objective missed")
    assert found.sentence.index("missed: ") < found.sentence.index("met: lowest capacity >= 80 %")


def test_few_runs_leave_it_undecided():
    found = of(CHANCE + "objectives: [{metric: min_capacity, at_least: 80%, in_runs: 95%}]\n")
    assert (found.tone, found.word) == ("undecided", "Undecided")
    assert (
        "undecided: lowest capacity >= 80 % in 95 % of runs (5 of 5 runs meet it" in found.sentence
    )


def test_without_objectives_it_says_so_and_what_was_seen():
    found = of(CERTAIN)
    assert (found.tone, found.word) == ("", "No objective is set")
    assert "no objective is set; lowest capacity 80 %" in found.sentence


def test_what_was_refused_is_told_before_objectives():
    text = REFUSED + OBJECTIVE
    sentence = of(text).sentence
    assert (
        0
        < sentence.index("request refused in 100 % of runs, first at 2h")
        < sentence.index("lowest capacity")
    )


@pytest.fixture
def failed(ran):
    fault = FailedReplication("baseline", 3, 1, 60.0, "boom", "--replay 3")
    return Results(replace(ran.about, failed_replications=(fault,)), ran._source)


def test_a_fault_of_the_program_comes_before_all_else(failed):
    found = verdict(failed)
    assert (found.tone, found.word) == ("failed", "Preliminary: replications failed")
    assert "): 1 of 6 replications failed and are left out; " in found.sentence


def test_a_comparison_names_the_best(compared):
    found = verdict(compared)
    assert found.word.startswith("Best: ") == bool(compared.conclusion.best)
    assert "objectives: lowest capacity >= 80 %" in found.sentence
    for line in compared.conclusion.sentence.splitlines():
        assert line in found.sentence


def test_a_comparison_in_which_every_variant_misses_is_missed():
    text = CERTAIN + "objectives: [{metric: min_capacity, at_least: 95%}]\n" + VARIANTS
    results = sim.compare(sim.loads(text))
    assert tone(results) == "missed"
    assert verdict(results).word == "Objective missed"


@pytest.mark.parametrize("variants", ["", "variants: {as_is: {}, slow: {operations.0.at: 20min}}"])
def test_objectives_that_a_failed_upgrade_meets_are_no_good_end(variants):
    scenario = sim.loads(FAILED_SET + variants)
    results = sim.compare(scenario) if variants else sim.run(scenario)
    assert tone(results) == "met"
    found = verdict(results)
    assert found.tone == "undecided"
    assert found.word == "Objectives met, but the upgrade did not end well"


def test_a_rollback_to_its_end_is_a_good_end():
    back = CERTAIN.replace("operations:", "operations:\n  - {at: 11min, rollback: {mode: Auto}}")
    found = of(back + "objectives: [{metric: min_capacity, at_least: 50%}]\n")
    assert "rolled back" in found.sentence
    assert (found.tone, found.word) == ("met", "Objectives met")


def test_the_sentence_is_the_same_from_the_folder(ran, tmp_path):
    ran.save(tmp_path / "r", figures="none")
    assert verdict(sim.open_results(tmp_path / "r")) == verdict(ran)
