"""Which variant is best, in words."""

from __future__ import annotations

import numpy as np
import pytest
from made_variants import (
    ASKED,
    IDLE,
    NAN,
    RUNS,
    ends_well,
    late_and_careful,
    prefer,
    preferring,
    spread,
    variant,
)
from screens import assert_screen

from sim.experiments.conclusion import conclude
from sim.files import loads
from sim.results.runs import compare


def sentence(variants, *metrics):
    made = preferring(variants, *metrics) if metrics else variants
    return conclude(made).sentence


def test_conclusion_gives_both_values_and_the_interval_on_the_difference():
    made = {
        "manual": {"rollout_duration": spread(7800.0), "blast_radius": 0.2},
        "auto": {"rollout_duration": spread(600.0) * 1.01, "blast_radius": 1.0},
    }
    assert_screen("conclusion", sentence(made, "rollout_duration"))


def test_conclusion_shows_the_level_that_all_pairs_share():
    made = {name: {"downtime": spread(k) * (1 + k)} for k, name in enumerate("abc", 5)}
    label = "best: a, downtime 30s, against 42s with b (difference -12s, 97.5 % interval"
    assert sentence(made, "downtime").startswith(label)


def test_conclusion_says_that_objectives_are_met():
    text = prefer("rollout_duration", text=ASKED)
    made = [
        variant("slow", text=text, verdict="met", rollout_duration=900.0),
        variant("fast", text=text, verdict="met", rollout_duration=600.0),
    ]
    assert sentence(made) == (
        "best: fast, which meets every objective; done in 10min, against 15min with slow "
        "(difference -5min in every run)"
    )


def test_conclusion_tells_how_often_a_time_is_missing():
    late = np.where(np.arange(RUNS) < 2, NAN, 900.0)
    made = {"slow": {"rollout_duration": late}, "fast": {"rollout_duration": 600.0}}
    assert sentence(made, "rollout_duration") == (
        "best: fast, done in 10min, against 15min (median; never in 2 of 20 runs) with slow"
    )


def test_conclusion_tells_a_time_of_those_that_are_not_rolled_back():
    assert sentence(late_and_careful(3, slow=900.0)).startswith(
        "best: auto, done in 10min, against 15min with careful where neither is rolled back "
        "(difference -5min in every run)"
    )


def test_conclusion_of_a_rollout_that_mostly_never_ends_has_no_median():
    late = np.where(np.arange(RUNS) < 15, NAN, 900.0)
    made = {"slow": {"rollout_duration": late}, "fast": {"rollout_duration": 600.0}}
    assert sentence(made, "rollout_duration") == (
        "best: fast, done in 10min, against never in 15 of 20 runs with slow"
    )


def test_conclusion_without_chance_has_no_interval():
    text = prefer("rollout_duration")
    made = [
        variant("slow", text=text, rollout_duration=900.0, random=False),
        variant("fast", text=text, rollout_duration=600.0, random=False),
    ]
    assert sentence(made) == "best: fast, done in 10min, against 15min with slow"


ALIKE = {"downtime": 0.0}


PREFERS = prefer("downtime")


MEETS = {"verdict": "met", "text": ASKED}


MISSES = {"verdict": "missed", "text": ASKED}


@pytest.mark.parametrize(
    ("variants", "text"),
    [
        ([MISSES, MISSES], "best: none, as no variant meets every objective"),
        ([MEETS, MISSES], "best: a, the only one that meets every objective"),
        (
            [MEETS, MEETS],
            "best: a or b, which meet every objective; `prefer: [METRIC, ...]` would decide; no "
            "headline metric separates them",
        ),
        (
            [MEETS | {"safe_end": ends_well(3)}, MISSES],
            "never best, as what was requested ended well in fewer than half of the runs: "
            "a (3 of 20 runs)\n"
            "best: none, as no variant that meets every objective ended its rollouts well often "
            "enough",
        ),
        (
            [{"text": PREFERS}, {"text": PREFERS}],
            "best: a or b; the preferred metrics do not separate them; no headline metric "
            "separates them",
        ),
        (
            [{"text": PREFERS}, {"rollouts": False, "text": prefer("downtime", text=IDLE)}],
            "best: a, no other variant qualifies\nreference (no rollout): b",
        ),
        (
            [{}, {}],
            "best: none is named, without objectives or `prefer: [METRIC, ...]`; no headline "
            "metric separates them",
        ),
        (
            [{"safe_end": 0.0, "random": False}, {"random": False}],
            "never best, as what was requested did not end well: a\n"
            "best: none is named, without objectives or `prefer: [METRIC, ...]`\n"
            "  b: the only one left",
        ),
        (
            [{"safe_end": 0.0, "random": False}, {"safe_end": 0.0, "random": False}],
            "never best, as what was requested did not end well: a, b\n"
            "best: none, as no variant ended its rollouts well often enough",
        ),
        (
            [{"blast_radius": 1.0}, {"blast_radius": 0.5, "downtime": 60.0}],
            "best: none is named, without objectives or `prefer: [METRIC, ...]`\n"
            "  a: best in downtime\n  b: best in bad build reaches",
        ),
        (
            [{}, {"downtime": 60.0}],
            "best: none is named, without objectives or `prefer: [METRIC, ...]`\n"
            "  a: best in downtime\n  beaten in every headline that differs: b (by a)",
        ),
    ],
)
def test_conclusion_in_words(variants, text):
    made = [variant(name, **(ALIKE | each)) for name, each in zip("ab", variants, strict=True)]
    assert conclude(made).sentence == text


def test_of_more_than_six_the_rest_is_counted_whatever_is_saved():
    made = [
        variant(f"v{k}", text=ASKED, verdict="met", min_capacity=0.9 + k / 100, downtime=1.0 * k)
        for k in range(8)
    ]
    assert sentence(made).splitlines()[-1] == "  and 2 more: `best_in` of the objectives has all"


def test_conclusion_is_data_too():
    found = conclude(
        [
            variant("a", text=ASKED, verdict="met", downtime=0.0, blast_radius=1.0),
            variant("b", text=ASKED, verdict="met", downtime=60.0, blast_radius=0.5),
            variant("c", text=ASKED, verdict="missed", safe_end=0.0),
        ]
    )
    assert (found.asked, found.best, found.meets_all) == (True, ("a", "b"), ("a", "b"))
    assert found.undominated == {"a": ("downtime",), "b": ("blast_radius",)}
    assert (found.never_best, found.references) == ({"c": 0.0}, ())


def test_variants_that_may_yet_meet_all_are_not_said_to_miss_it():
    text = """\
replications: 10
systems: {shop: {kind: cloud_service, roles: {Web: {instances: 10}}}}
operations: [{at: 10min, upgrade_deployment: {}}]
objectives: [{metric: rollout_duration, at_most: 1h, in_runs: 95%}]
variants:
  auto: {}
  slow: {operations.0.upgrade_deployment: {mode: Manual, operator: {bake: 1h}}}
"""
    (said,) = compare(loads(text)).conclusion.sentence.splitlines()
    assert said == ("best: none, as no variant meets every objective for certain; undecided: auto")
