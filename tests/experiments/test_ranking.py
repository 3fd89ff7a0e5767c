"""Which variant is best and why, or which stand side by side, on numbers made for the purpose."""

from __future__ import annotations

import numpy as np
import pytest
from made_variants import (
    ASKED,
    IDLE,
    RUNS,
    ends_well,
    late_and_careful,
    prefer,
    preferring,
    spread,
    variant,
)

from sim.experiments.ranking import Ranking, rank

REBOOTS = IDLE + "operations: [{at: 1min, reboot_instance: {instance: WebRole_IN_0}}]\n"


def told(found: Ranking):
    """The best, what it is better in, and than whom."""
    reason = found.reason
    return found.best, reason and reason.metric, reason and reason.baseline


# With `prefer` -------------------------------------------------------------------------------------

THREE = {
    "deep": {"min_capacity": 0.5, "rollout_duration": 60.0},
    "slow": {"min_capacity": 0.8, "rollout_duration": 900.0},
    "swift": {"min_capacity": 0.8, "rollout_duration": 600.0},
}


def test_preferred_metrics_decide_in_the_order_of_the_file():
    found = rank(preferring(THREE, "min_capacity", "rollout_duration"))
    assert told(found) == (("swift",), "rollout_duration", "slow")
    found = rank(preferring(THREE, "rollout_duration", "min_capacity"))
    assert told(found) == (("deep",), "rollout_duration", "swift")


def test_what_is_not_preferred_decides_nothing():
    assert told(rank(preferring(THREE, "min_capacity"))) == (("slow", "swift"), None, None)


def test_metric_that_is_no_headline_decides_where_it_is_preferred():
    made = {"a": {"outages": 3.0}, "b": {"outages": 1.0}}
    assert told(rank(preferring(made, "outages"))) == (("b",), "outages", "a")


def test_one_that_beats_all_others_at_once_is_set_against_the_closest():
    made = {name: {"min_capacity": at} for name, at in [("far", 0.2), ("best", 0.8), ("near", 0.7)]}
    assert told(rank(preferring(made, "min_capacity"))) == (("best",), "min_capacity", "near")


def test_noise_tells_nothing_apart():
    noise = np.tile([-1.0, 1.0], RUNS // 2)
    made = {"a": {"downtime": spread(60.0)}, "b": {"downtime": spread(60.0) + noise}}
    assert told(rank(preferring(made, "downtime"))) == (("a", "b"), None, None)


def test_what_the_beaten_one_is_better_in_is_conceded():
    made = {
        "manual": {"rollout_duration": 7800.0, "blast_radius": 0.2},
        "auto": {"rollout_duration": 600.0, "blast_radius": 1.0},
    }
    found = rank(preferring(made, "rollout_duration"))
    assert told(found) == (("auto",), "rollout_duration", "manual")
    assert [(each.variant, each.metric) for each in found.concessions] == [
        ("manual", "blast_radius")
    ]


# With objectives -----------------------------------------------------------------------------------


@pytest.mark.parametrize("verdict", ["missed", "undecided"])
def test_variant_that_may_miss_an_objective_is_out(verdict):
    found = rank(
        [
            variant("fast", text=ASKED, verdict=verdict, rollout_duration=60.0),
            variant("good", text=ASKED, verdict="met", rollout_duration=600.0),
        ]
    )
    assert told(found) == (("good",), None, None)
    assert found.meets_all == ("good",)


def test_several_that_meet_all_are_named_together_without_a_preference():
    found = rank(
        [
            variant("more", text=ASKED, verdict="met", min_capacity=0.9, downtime=60.0),
            variant("enough", text=ASKED, verdict="met", min_capacity=0.8, downtime=0.0),
        ]
    )
    assert told(found) == (("more", "enough"), None, None)
    assert found.leads == {
        "more": (("shop", "min_capacity"),),
        "enough": (("shop", "downtime"),),
    }


def test_preference_decides_among_those_that_meet_all():
    text = prefer("downtime", text=ASKED)
    found = rank(
        [
            variant("more", text=text, verdict="met", min_capacity=0.9, downtime=60.0),
            variant("enough", text=text, verdict="met", min_capacity=0.8, downtime=1.0),
            variant("short", text=text, verdict="missed", min_capacity=0.7, downtime=0.0),
        ]
    )
    assert told(found) == (("enough",), "downtime", "more")


# With neither ---------------------------------------------------------------------------------------


def test_nothing_is_best_that_nobody_asked_for():
    found = rank([variant("a", downtime=0.0), variant("b", downtime=60.0)])
    assert found.best == ()
    assert found.undominated == ("a",)
    assert found.beaten == {"b": "a"}


def test_each_that_is_better_in_something_stands():
    found = rank(
        [
            variant("auto", min_capacity=0.8, rollout_duration=600.0, blast_radius=1.0),
            variant("manual", min_capacity=0.8, rollout_duration=7800.0, blast_radius=0.2),
            variant("worse", min_capacity=0.8, rollout_duration=7800.0, blast_radius=1.0),
        ]
    )
    assert found.undominated == ("auto", "manual")
    assert found.beaten == {"worse": "auto"}
    assert found.leads == {
        "auto": (("shop", "rollout_duration"),),
        "manual": (("shop", "blast_radius"),),
        "worse": (),
    }


def test_where_each_is_beaten_by_another_one_all_stand():
    """Three headlines in a circle: the third one of each is too noisy to be told apart."""
    noisy = 55.0 + np.tile([-30.0, 30.0], RUNS // 2)
    found = rank(
        [
            variant("a", downtime=50.0, capacity_hours_lost=60.0, blast_radius=noisy),
            variant("b", downtime=60.0, capacity_hours_lost=noisy, blast_radius=50.0),
            variant("c", downtime=noisy, capacity_hours_lost=50.0, blast_radius=60.0),
        ]
    )
    assert found.undominated == ("a", "b", "c")
    assert found.beaten == {}
    assert found.leads["b"] == (("shop", "blast_radius"),)


# Those whose rollouts do not end --------------------------------------------------------------------


@pytest.mark.parametrize(("runs", "best"), [(9, "slow"), (10, "fast")])
def test_variant_is_best_only_where_half_of_its_rollouts_end_well(runs, best):
    text = prefer("downtime")
    found = rank(
        [
            variant("fast", text=text, downtime=0.0, safe_end=ends_well(runs)),
            variant("slow", text=text, downtime=60.0),
        ]
    )
    assert found.best == (best,)
    assert found.never_best == ({"fast": 0.45} if runs < 10 else {})


def test_variant_that_does_not_end_is_best_in_nothing_either():
    found = rank([variant("drain", downtime=0.0, safe_end=0.0), variant("requeue", downtime=60.0)])
    assert (found.able, found.undominated) == (("requeue",), ("requeue",))


def test_refused_rollout_did_not_end_well():
    refused = variant("refused", text=prefer("downtime"), downtime=0.0)
    refused.measured.rollouts_ended["shop"][:] = False
    found = rank([refused, variant("slow", downtime=60.0, text=prefer("downtime"))])
    assert found.best == ("slow",)


def test_one_that_meets_all_and_does_not_end_is_not_best():
    found = rank([variant("a", text=ASKED, verdict="met", safe_end=0.0)])
    assert (found.meets_all, found.best) == (("a",), ())


# References ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", [IDLE, REBOOTS])
def test_variant_without_a_rollout_is_never_best_where_another_has_one(text):
    asked = prefer("downtime", text=text)
    found = rank(
        [
            variant("reference", text=asked, rollouts=False, downtime=0.0),
            variant("auto", text=prefer("downtime"), downtime=60.0),
        ]
    )
    assert found.best == ("auto",)
    assert found.references == ("reference",)


def test_one_that_does_nothing_is_set_against_nobody():
    idle = variant("idle", text=IDLE, rollouts=False, downtime=0.0)
    found = rank([idle, variant("auto", downtime=60.0)])
    assert found.able == ("auto",)


def test_other_way_to_the_same_end_is_set_against_the_rollouts():
    reboots = variant("reboots", text=REBOOTS, rollouts=False, downtime=0.0)
    found = rank([reboots, variant("auto", downtime=60.0, rollout_duration=600.0)])
    assert found.able == ("reboots", "auto")
    assert found.leads["reboots"] == (("shop", "downtime"),)


def test_without_any_rollout_all_are_ranked_by_what_applies():
    found = rank(
        [
            variant("a", text=prefer("downtime", text=IDLE), rollouts=False, downtime=60.0),
            variant("b", text=prefer("downtime", text=REBOOTS), rollouts=False, downtime=0.0),
        ]
    )
    assert (found.best, found.references) == (("b",), ())


# Those that are rolled back --------------------------------------------------------------------------


@pytest.mark.parametrize("time", ["rollout_duration", "done_at"])
def test_who_turns_back_from_a_bad_build_is_no_slower_than_who_finishes_onto_it(time):
    """Equally fast where both finish; the careful one rolls back in half of the runs."""
    found = rank(late_and_careful(RUNS // 2, slow=600.0, time=time))
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
