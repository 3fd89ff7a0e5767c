"""Paired comparisons of variants, on numbers made for the purpose."""

import dataclasses
import math

import numpy as np
import pytest
from looking import experiment
from scipy import stats

from sim.core.metrics import Key
from sim.experiments.comparison import Difference, difference, differences, references
from sim.experiments.objectives import Experiment
from sim.experiments.running.replications import Measured
from sim.files import loads
from sim.simulation import Simulation

SCENARIO = """\
name: shop
horizon: 1h
systems:
  shop:
    kind: cloud_service
    roles: {WebRole: {instances: 4}}
operations:
  - at: 1min
    upgrade_deployment: {build: "42"}
"""
NAN = math.nan


@pytest.fixture(scope="module")
def simulation():
    return Simulation(loads(SCENARIO))


@pytest.fixture
def variant(simulation):
    """A variant whose replications came to these values, by metric."""

    def make(name, *, random=True, rollouts=True, asks=True, **metrics):
        metrics = {"finished": [1.0] * len(next(iter(metrics.values())))} | metrics
        if not rollouts:
            del metrics["finished"]
        values = {Key("shop", "", key): np.array(each, float) for key, each in metrics.items()}
        n = len(next(iter(values.values())))
        kept = {"shop": np.ones(n, bool)}
        measured = Measured(np.arange(n), values, kept, random, None, ())
        ran = simulation if asks else Simulation(loads(SCENARIO.partition("operations")[0]))
        return Experiment(name, ran, measured, (), open_ended=False)

    return make


def row(rows, metric, name="b"):
    (found,) = [r for r in rows if (r.metric, r.variant, r.group) == (metric, name, "")]
    return found


def test_columns_are_those_of_the_table():
    assert [field.name for field in dataclasses.fields(Difference)] == [
        *("variant", "baseline", "system", "group", "metric", "unit", "mean", "baseline_mean"),
        *("difference", "ci_low", "ci_high", "level", "better", "saved", "n", "missing"),
    ]


def test_difference_is_variant_minus_baseline_with_its_paired_student_interval(variant):
    a, b = [3.0, 5.0, 4.0, 8.0], [2.0, 3.5, 3.5, 6.0]
    found = row(differences([variant("a", downtime=a), variant("b", downtime=b)]), "downtime")
    known = stats.ttest_rel(b, a).confidence_interval(0.95)
    assert (found.baseline, found.system, found.unit, found.n) == ("a", "shop", "s", 4)
    assert (found.mean, found.baseline_mean, found.difference) == (3.75, 5.0, -1.25)
    assert (found.ci_low, found.ci_high) == pytest.approx((known.low, known.high))
    assert found.better == "yes"
    assert found.saved == pytest.approx(
        1 - np.var(np.subtract(a, b), ddof=1) / (np.var(a, ddof=1) + np.var(b, ddof=1))
    )


def test_better_follows_the_metric_s_direction(variant):
    more, less = [0.8, 0.9, 0.85], [0.5, 0.6, 0.56]
    rows = differences(
        [
            variant("a", min_capacity=less, downtime=less),
            variant("b", min_capacity=more, downtime=more),
        ]
    )
    assert row(rows, "min_capacity").better == "yes"
    assert row(rows, "downtime").better == "no"


def test_interval_around_zero_tells_nothing_apart(variant):
    rows = differences([variant("a", downtime=[1.0, 2.0]), variant("b", downtime=[2.0, 1.5])])
    assert row(rows, "downtime").better == "inconclusive"


def test_equal_pairs_are_identical(variant):
    rows = differences([variant("a", downtime=[1.0, 2.0]), variant("b", downtime=[1.0, 2.0])])
    found = row(rows, "downtime")
    assert (found.better, found.difference, found.ci_low, found.ci_high) == ("identical", 0, 0, 0)


def test_level_shares_the_error_among_the_differences_of_a_metric(variant):
    names = "abcd"
    every = [variant(name, downtime=[1.0, 2.0], outages=[1.0, 2.0]) for name in names]
    del every[3].measured.values[Key("shop", "", "outages")]
    rows = differences(every)
    assert row(rows, "downtime", "d").level == pytest.approx(1 - 0.05 / 3)
    assert row(rows, "outages", "c").level == pytest.approx(1 - 0.05 / 2)
    assert [each.metric for each in rows if each.variant == "d"] == ["downtime", "finished"]


def test_missing_times_have_a_median_difference_and_no_interval(variant):
    rows = differences(
        [
            variant("a", rollout_duration=[5.0, NAN, 7.0], finished=[1, 0, 1]),
            variant("b", rollout_duration=[3.0, 4.0, 9.0], finished=[1, 1, 1]),
        ]
    )
    found = row(rows, "rollout_duration")
    assert (found.mean, found.difference, found.missing) == (16 / 3, -2.0, 1)
    assert math.isnan(found.baseline_mean)
    assert math.isnan(found.ci_low)
    assert math.isnan(found.ci_high)


def test_median_of_pairs_that_lack_one_side_is_no_number(variant):
    rows = differences(
        [
            variant("a", rollout_duration=[5.0, 5.0, 7.0], finished=[1, 1, 1]),
            variant("b", rollout_duration=[NAN, NAN, 9.0], finished=[0, 0, 1]),
        ]
    )
    assert math.isnan(row(rows, "rollout_duration").difference)


def test_finished_stands_before_the_duration(variant):
    rows = differences(
        [variant(name, rollout_duration=[1.0, 2.0], downtime=[0, 0]) for name in "ab"]
    )
    assert [each.metric for each in rows] == ["downtime", "finished", "rollout_duration"]


def test_variant_that_finishes_more_often_is_better_in_time_too(variant):
    often, seldom = [1.0] * 20, [1.0] * 8 + [0.0] * 12
    rows = differences(
        [
            variant("a", finished=seldom, rollout_duration=np.where(seldom, 1.0, NAN)),
            variant("b", finished=often, rollout_duration=[50.0] * 20),
        ]
    )
    assert row(rows, "finished").better == ""
    assert row(rows, "rollout_duration").better == "yes"


def test_where_the_same_runs_miss_a_time_the_one_ahead_in_more_pairs_is_better(variant):
    fast, slow = [NAN] + [10.0] * 19, [NAN] + [11.0] * 19
    first = differences([variant("a", rollout_duration=slow), variant("b", rollout_duration=fast)])
    other = differences([variant("a", rollout_duration=fast), variant("b", rollout_duration=slow)])
    assert row(first, "rollout_duration").better == "yes"
    assert row(other, "rollout_duration").better == "no"
    even = [NAN, 9.0, 12.0, 9.0, 12.0] + [10.0] * 15
    rows = differences([variant("a", rollout_duration=fast), variant("b", rollout_duration=even)])
    assert row(rows, "rollout_duration").better == "inconclusive"


def test_pairs_are_not_counted_where_the_means_can_speak(variant):
    base, ahead_but_once = [50.0] * 20, [49.0] * 19 + [90.0]
    rows = differences([variant("a", downtime=base), variant("b", downtime=ahead_but_once)])
    assert row(rows, "downtime").better == "inconclusive"


def test_missing_times_tell_variants_of_one_law_apart_no_more_often_than_an_interval(variant):
    # Each tenth time is censored; two tests at the full error would be wrong in 8.4 % of trials.
    rng, trials = np.random.default_rng(4), 4000
    key = Key("shop", "", "rollout_duration")
    baseline, other = variant("a", rollout_duration=[1.0]), variant("b", rollout_duration=[1.0])

    def with_times(one, times):
        times = np.where(times > 2.3, NAN, times)
        measured = dataclasses.replace(one.measured, numbers=np.arange(200), values={key: times})
        return dataclasses.replace(one, measured=measured)

    wrong = 0
    for _ in range(trials):
        a, b = rng.exponential(size=(2, 200))
        found = difference(with_times(other, a), with_times(baseline, b), key, 0.95)
        wrong += found.better in ("yes", "no")
    assert stats.binomtest(wrong, trials, 0.05, alternative="greater").pvalue > 0.001
    assert wrong > 0.02 * trials


@pytest.mark.parametrize(("both", "told"), [(5, "inconclusive"), (6, "inconclusive"), (7, "yes")])
def test_each_of_two_tests_of_missing_times_has_half_the_error(variant, both, told):
    # Seven of seven against a fair coin: 2 / 2^7 is 1.6 %, of six 3.1 %, over half of 5 %.
    late, early = [NAN] * both + [10.0] * 9, [10.0] * (both + 9)
    rows = differences([variant("a", rollout_duration=late), variant("b", rollout_duration=early)])
    assert row(rows, "rollout_duration").better == told


def test_without_chance_the_one_that_ends_is_better(variant):
    ends = variant("a", rollout_duration=[9.0], random=False)
    never = variant("b", rollout_duration=[NAN], finished=[0.0], random=False)
    assert row(differences([ends, never]), "rollout_duration").better == "no"
    assert row(differences([never, ends]), "rollout_duration", "a").better == "yes"


def test_to_have_rolled_back_is_neither_better_nor_worse(variant):
    """One that never did may have let the bad build through."""
    rolled, never = [60.0] * 20, [NAN] * 20
    rows = differences(
        [
            variant("a", rollback_duration=rolled, rolled_back=[1.0] * 20),
            variant("b", rollback_duration=never, rolled_back=[0.0] * 20),
        ]
    )
    assert row(rows, "rollback_duration").better == ""
    assert (row(rows, "rolled_back").difference, row(rows, "rolled_back").better) == (-1, "")


def test_run_without_chance_is_paired_with_every_replication(variant):
    rows = differences(
        [variant("a", downtime=[2.0], random=False), variant("b", downtime=[3.0, 4.0, 5.0])]
    )
    found = row(rows, "downtime")
    assert (found.n, found.difference, found.baseline_mean) == (3, 2.0, 2.0)
    other = row(
        differences(
            [variant("a", downtime=[3.0, 4.0, 5.0]), variant("b", downtime=[2.0], random=False)]
        ),
        "downtime",
    )
    assert (other.n, other.difference, other.better) == (3, -2.0, "inconclusive")


def test_without_chance_a_difference_is_exact(variant):
    rows = differences(
        [
            variant("a", downtime=[2.0], outages=[1.0], random=False),
            variant("b", downtime=[1.5], outages=[1.0], random=False),
        ]
    )
    found = row(rows, "downtime")
    assert (found.difference, found.ci_low, found.ci_high) == (-0.5, -0.5, -0.5)
    assert found.better == "yes"
    assert row(rows, "outages").better == "identical"


def test_one_replication_of_chance_tells_nothing_apart(variant):
    rows = differences([variant("a", downtime=[2.0]), variant("b", downtime=[1.5])])
    assert row(rows, "downtime").better == "inconclusive"


def test_reference_is_shown_and_not_ranked(variant):
    manual = variant("a", downtime=[2.0, 2.5])
    nothing = variant("b", downtime=[0.0, 0.0], rollouts=False, asks=False)
    assert references([manual, nothing]) == {"b"}
    found = row(differences([manual, nothing]), "downtime")
    assert (found.difference, found.better) == (-2.25, "")
    assert row(differences([nothing, manual]), "downtime", "a").better == ""
    assert {each.metric for each in differences([manual, nothing])} == {"downtime"}


def test_reference_that_asks_for_something_else_is_set_against_the_rollouts(variant):
    rows = [variant("a", downtime=[2.0, 2.5]), variant("b", downtime=[1.0, 1.5], rollouts=False)]
    assert references(rows) == {"b"}
    assert row(differences(rows), "downtime").better == "yes"


def test_without_any_rollout_there_is_no_reference(variant):
    every = [variant(name, downtime=[1.0, 2.0], rollouts=False) for name in "ab"]
    assert references(every) == frozenset()
    assert row(differences(every), "downtime").better == "identical"


def test_groups_come_after_the_whole_system(variant):
    every = [variant(name, downtime=[1.0, 2.0]) for name in "ab"]
    for one in every:
        one.measured.values[Key("shop", "WebRole", "downtime")] = np.array([1.0, 2.0])
    assert [(each.group, each.metric) for each in differences(every)] == [
        ("", "downtime"),
        ("", "finished"),
        ("WebRole", "downtime"),
    ]


def test_simulated_variants_share_their_random_numbers():
    scenario = loads(SCENARIO)
    made = [
        experiment(name, Simulation(scenario.variant(name)), range(30))
        for name in ("auto", "simultaneous")
    ]
    found = row(differences(made), "capacity_hours_lost", "simultaneous")
    # The same restarts, only at other times: each instance is out as long in both.
    assert found.better == "identical"
    assert row(differences(made), "rollout_duration", "simultaneous").better == "yes"
