"""Why there are so many replications: told in words and as data."""

import math

import pytest
from made_results import CHANCE, VARIANTS

from sim.core.metrics import Key
from sim.experiments.precision import replicate_until
from sim.experiments.running.execution import Execution
from sim.experiments.statistics.stopping import Target
from sim.files import loads
from sim.simulation import Simulation

HOURS = Key("shop", "", "capacity_hours_lost")
DURATION = Key("shop", "", "rollout_duration")
FINISHED = Key("shop", "", "finished")
CERTAIN = CHANCE.replace("20}", "20, restart: 2min}")
BAD = CHANCE.replace(
    "operations:", "    builds: {'42': {bad: 5%, fails_to_start: 100%}}\noperations:"
)


SLOW = "objectives: [{metric: rollout_duration, at_most: 41min, in_runs: 95%}]\n"
"""About 90 % of the runs meet it."""
CLOSE = SLOW.replace("95%", "90%")
DOWN = "objectives: [{metric: min_capacity, at_least: 80%, in_runs: 90%}]\n"
"""Missed by `simultaneous`, met by `auto`."""


def until(targets, text=CHANCE, most=200, variants=False):
    scenario = loads(text + VARIANTS * variants)
    names = scenario.variant_names or ("baseline",)
    each = {name: Simulation(scenario.variant(name) if variants else scenario) for name in names}
    looks = []
    with Execution(workers=1) as execution:
        made, precision = replicate_until(
            each, targets, most, before_look=looks.append, execution=execution
        )
    assert tuple(looks) == precision.looks or precision.stopped == "deterministic"
    assert {len(one.measured.numbers) for one in made if one.measured.random} <= {looks[-1]}
    return precision


def test_precision_that_is_met_is_told_with_what_was_reached():
    found = until({HOURS: Target(0.05)})
    (mean,) = found.means
    assert found.stopped == "met"
    assert (mean.variant, mean.asked, mean.unit, mean.met) == (
        "baseline",
        0.05,
        "member-hours",
        True,
    )
    assert 30 < found.replications < 200
    assert mean.half_width <= 0.05
    told = f"precision met at {found.replications} replications: shop.capacity_hours_lost within 0."
    assert found.sentence.startswith(told)
    assert found.sentence.endswith(" (asked 0.05)")


def test_what_misses_most_is_told_first_with_what_would_do():
    asked = {FINISHED: Target(0.2), HOURS: Target(0.01), DURATION: Target(0.005, relative=True)}
    found = until(asked, most=40)
    assert found.stopped == "at the most"
    assert found.looks == (30, 40)
    assert [mean.metric for mean in found.means] == [
        "rollout_duration",
        "capacity_hours_lost",
        "finished",
    ]
    assert [mean.met for mean in found.means] == [False, False, True]
    need = math.ceil(40 * (found.means[1].half_width / 0.01) ** 2)
    first, second = found.sentence.split("; met by the others")[0].split("), ")
    assert first.startswith("precision not met at 40 replications, the most allowed: shop.rollout_")
    assert " % of the mean (asked 0.5 %; about " in first
    assert second.startswith("shop.capacity_hours_lost within ")
    assert second.endswith(f"(asked 0.01; about {need:,} would do)")


def test_a_mean_that_does_not_exist_stops_at_once_and_says_so():
    text = CHANCE.replace("horizon: 6h", "horizon: 30min")
    found = until({DURATION: Target(1.0)}, text)
    assert (found.stopped, found.replications) == ("no mean", 30)
    assert found.sentence == (
        "precision not met at 30 replications: shop.rollout_duration has no mean, as it is missing "
        "in 30 of 30 runs"
    )
    assert math.isnan(found.means[0].half_width)
    both = until({DURATION: Target(1.0), HOURS: Target(0.1)}, text)
    assert both.stopped == "no mean"
    assert both.means[1].met


def test_nothing_random_runs_once():
    found = until({HOURS: Target(0.001)}, CERTAIN)
    assert (found.stopped, found.replications, found.looks) == ("deterministic", 1, (1,))
    assert (found.sentence, found.means[0].half_width) == ("", 0.0)


def test_a_rare_event_must_have_its_chance_to_show():
    found = until({HOURS: Target(1000.0)}, BAD)
    assert (found.looks, found.stopped) == ((30, 60, 72), "met")
    found = until({HOURS: Target(1000.0)}, BAD, most=50)
    assert (found.looks, found.stopped) == ((30, 50), "at the most")
    assert found.sentence == (
        "precision not met at 50 replications, the most allowed: "
        "a rare event of the scenario may not occur in fewer than 72 runs"
    )


def test_every_variant_that_has_the_mean_must_be_as_precise():
    found = until({HOURS: Target(0.1)}, variants=True)
    assert {mean.variant for mean in found.means} == {"auto", "simultaneous", "nothing"}
    assert all(mean.met for mean in found.means)
    assert found.sentence.endswith("(asked 0.1), the widest of all variants")
    found = until({HOURS: Target(0.01), DURATION: Target(3600.0)}, variants=True, most=30)
    assert {mean.variant for mean in found.means if mean.metric == "rollout_duration"} == {
        "auto",
        "simultaneous",
    }
    assert found.means[0].variant in found.sentence
    assert "nothing: " not in found.sentence


def test_equal_values_are_told_as_such():
    found = until({Key("shop", "", "min_capacity"): Target(0.01)})
    assert found.sentence == (
        "precision met at 30 replications: shop.min_capacity is equal in all of them"
    )


@pytest.mark.parametrize("most", [30, 31])
def test_no_more_than_the_most_are_made(most):
    assert until({HOURS: Target(1e-6)}, most=most).replications == most


# Objectives ---------------------------------------------------------------------------------------


def test_objectives_alone_stop_as_soon_as_a_verdict_stands():
    found = until({}, CHANCE + DOWN)
    assert (found.stopped, found.looks, found.undecided) == ("met", (30, 60), ())
    assert found.sentence == (
        "every objective decided at 60 replications: look 2 of at most 4, which share the error"
    )
    assert not found.is_missed


def test_objective_too_close_to_call_goes_on_to_the_most_and_is_told_first():
    found = until({HOURS: Target(1.0)}, CHANCE + CLOSE, most=120)
    assert (found.stopped, found.looks) == ("at the most", (30, 60, 120))
    assert found.undecided == ("rollout_duration <= 41min in 90 % of runs",)
    assert found.sentence == (
        "precision not met at 120 replications, the most allowed: "
        "undecided: rollout_duration <= 41min in 90 % of runs"
    )
    assert found.is_missed


def test_means_and_objectives_must_both_be_there():
    found = until({HOURS: Target(0.04)}, CHANCE + DOWN)
    assert found.stopped == "met"
    assert found.looks[:2] == (30, 60)
    assert len(found.looks) > 2
    assert found.sentence.endswith(
        f"; every objective decided (look {len(found.looks)} of at most 4, which share the error)"
    )


def test_verdicts_share_the_error_over_all_looks_that_there_may_be():
    simulation = Simulation(loads(CHANCE + DOWN))
    with Execution(workers=1) as execution:
        made, _ = replicate_until(
            {"": simulation}, {}, 960, before_look=lambda _: None, execution=execution
        )
    assert made[0].looks == 6
    (verdict,) = made[0].verdicts
    # By hand: 60 of 60, and 1 - 0.05/6 of confidence.
    assert verdict.low == pytest.approx((0.05 / 6) ** (1 / 60))


def test_objectives_of_every_variant_but_references_are_decided():
    found = until({}, CHANCE + CLOSE, most=60, variants=True)
    assert found.undecided == ("auto: rollout_duration <= 41min in 90 % of runs",)
    assert found.stopped == "at the most"
    assert until({}, CHANCE + DOWN, variants=True).looks == (30, 60)


def test_objective_that_is_decided_does_not_hide_a_mean_that_does_not_exist():
    text = CHANCE.replace("horizon: 6h", "horizon: 30min") + DOWN
    found = until({DURATION: Target(1.0)}, text)
    assert found.stopped == "no mean"
    assert found.is_missed


def test_reference_that_is_undecided_holds_nothing_up():
    text = CHANCE.replace(
        "instances: 20", "instances: 20, failures: {per_year: 2000, recovery: 9min}"
    )
    asked = "objectives: [{metric: min_capacity, at_least: 50%, in_runs: 99.9%}]\n"
    found = until({}, text + asked, most=30, variants=True)
    assert {each.partition(":")[0] for each in found.undecided} == {"auto"}
