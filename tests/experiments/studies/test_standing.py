"""Which conclusions change once something else does."""

from __future__ import annotations

import pytest
from guessing import RESTART, rolled_back, two_ways

from sim.experiments.objectives import experiments
from sim.experiments.running.execution import Execution
from sim.experiments.studies.standing import BEST, ENDED, Standing, shortcomings
from sim.simulation import Simulation


def made(scenario, **changes):
    named = [
        (name, Simulation(scenario.variant(name).override(changes)))
        for name in scenario.variant_names
    ]
    with Execution() as execution:
        return [*experiments(named, range(1), execution=execution)]


@pytest.fixture(scope="module")
def standing():
    return Standing(made(two_ways()))


@pytest.fixture(scope="module")
def slow():
    return {one.variant: one for one in made(two_ways(), **{RESTART: "8min"})}


def test_verdicts_and_what_is_best_turn_over(standing, slow):
    told = [*standing.turned(slow, whole=True)]
    duration = "mean rollout_duration <= 25min"
    assert told == [
        ("auto", duration, "met", "missed"),
        ("manual", duration, "met", "missed"),
        ("", BEST, "auto", "none"),
    ]


def test_of_a_part_nobody_can_tell_what_is_best(standing, slow):
    part = {name: one for name, one in slow.items() if name != "manual"}
    told = [*standing.turned(part, whole=False)]
    assert [variant for variant, *_ in told] == ["auto"]


def test_what_stays_as_it_is_turns_nothing_over(standing):
    same = {one.variant: one for one in made(two_ways())}
    assert [*standing.turned(same, whole=True)] == []


def test_what_is_wrong_as_the_scenario_is_has_a_sentence(slow):
    auto, *_ = made(two_ways(horizon="5min"))
    assert shortcomings(auto) == (
        "upgrade not over at the end (5min); misses mean rollout_duration <= 25min, "
        "mean min_capacity >= 50 %"
    )
    assert shortcomings(slow["auto"]) == "misses mean rollout_duration <= 25min"
    assert shortcomings(made(two_ways())[0]) == ""


def test_rollouts_that_do_not_end_are_told_first(standing):
    late = {one.variant: one for one in made(two_ways(), horizon="5min")}
    first = next(iter(standing.turned(late, whole=True)))
    assert first == ("auto", ENDED, "in 1 of 1 runs", "in 0 of 1 runs")


def test_what_may_befall_a_run_and_befell_none_is_a_shortcoming():
    (one,) = made_alone(rolled_back("0.1%"))
    assert shortcomings(one) == (
        "bad build 2 in none of 5 runs, with a chance of 0.1 %: needs n >= 2,995 to be seen"
    )


def made_alone(scenario):
    with Execution() as execution:
        return [*experiments([("all", Simulation(scenario))], range(5), execution=execution)]
