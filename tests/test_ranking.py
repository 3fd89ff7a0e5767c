"""Which variant is best and why, on numbers made for the purpose."""

from __future__ import annotations

import math

import numpy as np
import pytest

from sim.experiments.objectives import Experiment
from sim.experiments.ranking import Ranking, conclude, rank
from sim.experiments.replications import Measured
from sim.experiments.verdicts import Verdict
from sim.files import loads
from sim.metrics import Key
from sim.simulation import Simulation

SCENARIO = """\
systems:
  shop:
    kind: cloud_service
    builds: {"42": {fails_to_start: 20%}}
    roles: {WebRole: {instances: 4}}
operations:
  - at: 1min
    upgrade_deployment: {build: "42"}
"""
ASKED = SCENARIO + "objectives: [{metric: min_capacity, at_least: 80%}]\n"
NAN = math.nan
RUNS = 20


def simulation(text):
    return Simulation(loads(text))


def variant(name, *, text=SCENARIO, verdict="", rollouts=True, random=True, **metrics):
    """A variant whose replications came to these values, one for all or one each."""
    metrics = ({"finished": 1.0} if rollouts else {}) | metrics
    runs = RUNS if random else 1
    values = {
        Key("shop", "", key): np.broadcast_to(np.array(each, float), runs).copy()
        for key, each in metrics.items()
    }
    kept = {"shop": np.ones(runs, bool)}
    measured = Measured(np.arange(runs), values, kept, random, None, ())
    verdicts = (Verdict(1.0, 1.0, 1.0, verdict, ""),) if verdict else ()
    return Experiment(name, simulation(text), measured, verdicts, open_ended=False)


def told(found: Ranking):
    """The best, what it is better in, and than whom."""
    reason = found.reason
    return found.best, reason and reason.metric, reason and reason.baseline


def spread(middle):
    """Values around one, the same noise for all."""
    return middle + np.linspace(-1, 1, RUNS)


def test_first_headline_that_tells_apart_decides():
    found = rank(
        [
            variant("deep", min_capacity=0.5, rollout_duration=60.0),
            variant("slow", min_capacity=0.8, rollout_duration=900.0),
            variant("best", min_capacity=0.8, rollout_duration=600.0),
        ]
    )
    assert told(found) == (("best",), "rollout_duration", "slow")


def test_one_that_beats_all_others_at_once_is_set_against_the_closest():
    found = rank(
        [
            variant("far", min_capacity=0.2),
            variant("best", min_capacity=0.8),
            variant("near", min_capacity=0.7),
        ]
    )
    assert told(found) == (("best",), "min_capacity", "near")


def test_noise_tells_nothing_apart():
    noise = np.tile([-1.0, 1.0], RUNS // 2)
    found = rank([variant("a", downtime=spread(60.0)), variant("b", downtime=spread(60.0) + noise)])
    assert told(found) == (("a", "b"), None, None)


def test_what_an_objective_bounds_is_not_asked():
    found = rank(
        [
            variant("more", text=ASKED, verdict="met", min_capacity=0.9, downtime=60.0),
            variant("enough", text=ASKED, verdict="met", min_capacity=0.8, downtime=0.0),
        ]
    )
    assert told(found) == (("enough",), "downtime", "more")


def test_objective_on_a_group_bounds_only_the_group():
    text = SCENARIO + "objectives: [{metric: min_capacity, group: WebRole, at_least: 80%}]\n"
    found = rank(
        [
            variant("more", text=text, verdict="met", min_capacity=0.9, downtime=60.0),
            variant("less", text=text, verdict="met", min_capacity=0.8, downtime=0.0),
        ]
    )
    assert told(found) == (("more",), "min_capacity", "less")


@pytest.mark.parametrize("verdict", ["missed", "undecided"])
def test_variant_that_may_miss_an_objective_is_out(verdict):
    found = rank(
        [
            variant("fast", text=ASKED, verdict=verdict, rollout_duration=60.0),
            variant("good", text=ASKED, verdict="met", rollout_duration=600.0),
        ]
    )
    assert told(found) == (("good",), None, None)


def test_variant_without_a_rollout_is_never_best():
    found = rank([variant("nothing", rollouts=False, downtime=0.0), variant("auto", downtime=60.0)])
    assert found.best == ("auto",)


def test_what_the_beaten_one_is_better_in_is_conceded():
    found = rank(
        [
            variant("manual", rollout_duration=7800.0, blast_radius=0.2),
            variant("auto", rollout_duration=600.0, blast_radius=1.0),
        ]
    )
    assert told(found) == (("auto",), "rollout_duration", "manual")
    assert [(each.variant, each.metric) for each in found.concessions] == [
        ("manual", "blast_radius")
    ]


def late_and_careful(turned, slow, fast=600.0):
    """Where the build is bad (the first `turned` runs) one is rolled back, the other finishes."""
    bad = np.arange(RUNS) < turned
    careful = np.where(bad, NAN, slow)
    return [
        variant("careful", rollout_duration=careful, rolled_back=bad * 1.0, blast_radius=0.2),
        variant("auto", rollout_duration=fast, rolled_back=0.0, blast_radius=bad * 1.0),
    ]


def test_who_turns_back_from_a_bad_build_is_no_slower_than_who_finishes_onto_it():
    """Equally fast where both finish; the careful one rolls back in half of the runs."""
    found = rank(late_and_careful(RUNS // 2, slow=600.0))
    assert told(found) == (("careful",), "blast_radius", "auto")
    assert found.concessions == ()


def test_durations_are_set_against_each_other_where_neither_is_rolled_back():
    found = rank(late_and_careful(3, slow=spread(900.0)))
    assert told(found) == (("auto",), "rollout_duration", "careful")
    assert found.reason.n == RUNS - 3
    assert found.reason.difference == pytest.approx(-300, abs=1)


@pytest.mark.parametrize("left", [0, 1])
def test_one_that_is_rolled_back_in_all_runs_or_all_but_one_is_not_told_apart_by_its_time(left):
    found = rank(late_and_careful(RUNS - left, slow=spread(900.0)))
    assert told(found) == (("careful",), "blast_radius", "auto")
    assert found.concessions == ()


def test_one_without_chance_is_set_against_those_that_are_not_rolled_back():
    careful, _ = late_and_careful(3, slow=spread(900.0))
    certain = variant("certain", random=False, rollout_duration=600.0, rolled_back=0.0)
    found = rank([careful, certain])
    assert told(found) == (("certain",), "rollout_duration", "careful")


# In words -----------------------------------------------------------------------------------------


def test_conclusion_gives_both_values_and_the_interval_on_the_difference():
    text = conclude(
        [
            variant("manual", rollout_duration=spread(7800.0), blast_radius=0.2),
            variant("auto", rollout_duration=spread(600.0) * 1.01, blast_radius=1.0),
        ]
    )
    assert text == (
        "best: auto, done in 10min, against 2h10 with manual "
        "(difference -2h, 95 % interval -2h..-2h); "
        "but manual is better here: bad build reaches 20 %, against 100 % with auto"
    )


def test_conclusion_shows_the_level_that_all_pairs_share():
    text = conclude(
        [variant(name, downtime=spread(k) * (1 + k)) for k, name in enumerate("abc", 5)]
    )
    assert text.startswith(
        "best: a, dark 30s, against 42s with b (difference -12s, 97.5 % interval"
    )


def test_conclusion_says_that_objectives_are_met():
    text = conclude(
        [
            variant("slow", text=ASKED, verdict="met", rollout_duration=900.0),
            variant("fast", text=ASKED, verdict="met", rollout_duration=600.0),
        ]
    )
    assert text == (
        "best: fast, which meets every objective; done in 10min, against 15min with slow "
        "(difference -5min in every run)"
    )


def test_conclusion_tells_how_often_a_time_is_missing():
    late = np.where(np.arange(RUNS) < 2, NAN, 900.0)
    text = conclude(
        [variant("slow", rollout_duration=late), variant("fast", rollout_duration=600.0)]
    )
    assert text == (
        "best: fast, done in 10min, against 15min (median; never in 2 of 20 runs) with slow"
    )


def test_conclusion_tells_a_time_of_those_that_are_not_rolled_back():
    text = conclude(late_and_careful(3, slow=900.0))
    assert text.startswith(
        "best: auto, done in 10min, against 15min with careful where neither is rolled back "
        "(difference -5min in every run)"
    )


def test_conclusion_of_a_rollout_that_mostly_never_ends_has_no_median():
    late = np.where(np.arange(RUNS) < 15, NAN, 900.0)
    text = conclude(
        [variant("slow", rollout_duration=late), variant("fast", rollout_duration=600.0)]
    )
    assert text == "best: fast, done in 10min, against never in 15 of 20 runs with slow"


@pytest.mark.parametrize(
    ("variants", "text"),
    [
        (
            [{"verdict": "missed", "text": ASKED}, {"verdict": "missed", "text": ASKED}],
            "best: none, as no variant meets every objective",
        ),
        (
            [{"verdict": "met", "text": ASKED}, {"verdict": "missed", "text": ASKED}],
            "best: a, the only one that meets every objective",
        ),
        ([{}, {"rollouts": False}], "best: a, as there is no other to rank it with"),
        ([{}, {}], "best: a or b; no headline metric tells them apart"),
        (
            [{"verdict": "met", "text": ASKED}, {"verdict": "met", "text": ASKED}],
            (
                "best: a or b; no headline metric tells them apart among those that meet every "
                "objective"
            ),
        ),
    ],
)
def test_conclusion_without_a_reason(variants, text):
    made = [variant(name, downtime=0.0, **each) for name, each in zip("ab", variants, strict=True)]
    assert conclude(made) == text


def test_conclusion_without_chance_has_no_interval():
    text = conclude(
        [
            variant("slow", rollout_duration=900.0, random=False),
            variant("fast", rollout_duration=600.0, random=False),
        ]
    )
    assert text == "best: fast, done in 10min, against 15min with slow"
