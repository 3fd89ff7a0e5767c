from __future__ import annotations

import math
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from sim.experiments.statistics.intervals import (
    Interval,
    OrderStatistics,
    clopper_pearson,
    dkw_half_width,
    ecdf,
    least_for_quantile,
    median_difference,
    paired,
    quantile,
    skewness,
    student,
    student_factor,
    surely_above,
)

NAN = math.nan
NOTHING = [NAN, NAN, NAN]


def bounds(interval):
    return [interval.mean, interval.low, interval.high]


# Student


def test_darwins_maize_gives_the_published_interval():
    # Fisher, The Design of Experiments (1935): 15 pairs, in eighths of an inch; t = 2.148
    crossed_less_selfed = [49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48]
    found = student(crossed_less_selfed)
    assert found.mean == pytest.approx(20.93, abs=0.005)
    assert found.low == pytest.approx(0.03, abs=0.01)
    assert found.high == pytest.approx(41.84, abs=0.01)


@pytest.mark.parametrize("level", [0.5, 0.9, 0.95, 0.99, 1 - 0.05 / 7])
@pytest.mark.parametrize("n", [2, 3, 10, 2000])
def test_student_agrees_with_scipy_stats(n, level):
    x = np.random.default_rng(n).lognormal(size=n)
    low, high = stats.t.interval(level, n - 1, loc=x.mean(), scale=stats.sem(x))
    assert bounds(student(x, level)) == pytest.approx([x.mean(), low, high], rel=1e-9)


def test_student_covers_the_mean_as_often_as_it_says():
    samples = np.random.default_rng(1).normal(3.0, 2.0, size=(4000, 8))
    intervals = [student(sample, 0.9) for sample in samples]
    covered = sum(interval.low <= 3.0 <= interval.high for interval in intervals)
    assert stats.binomtest(covered, 4000, 0.9).pvalue > 0.001


def test_one_value_has_a_mean_and_no_interval():
    assert bounds(student([0.8])) == pytest.approx([0.8, NAN, NAN], nan_ok=True)


@pytest.mark.parametrize("values", [[], [NAN], [1.0, NAN, 2.0]])
def test_no_mean_where_a_value_is_missing_or_there_is_none(values):
    assert bounds(student(values)) == pytest.approx(NOTHING, nan_ok=True)


def test_equal_values_have_an_interval_of_no_width():
    # the mean of three times 0.8 is not 0.8 in floats
    assert np.full(3, 0.8).mean() != 0.8
    assert student(np.full(3, 0.8)) == Interval(0.8, 0.8, 0.8)


def test_student_factor_is_that_of_one_side():
    assert student_factor(10, 0.95) == pytest.approx(1.833 / math.sqrt(10), abs=1e-4)


# Clopper-Pearson


@pytest.mark.parametrize(
    ("k", "n", "confidence", "low", "high"),
    [
        # Clopper and Pearson's two-sided 95 % limits, as tables give them
        (0, 10, 0.975, 0.0, 0.3085),
        (2, 10, 0.975, 0.0252, 0.5561),
        (5, 10, 0.975, 0.1871, 0.8129),
        (10, 10, 0.975, 0.6915, 1.0),
        # no failure in 59: the nonparametric tolerance limit 95 % at 95 %
        (59, 59, 0.95, 0.05 ** (1 / 59), 1.0),
        (0, 59, 0.95, 0.0, 1 - 0.05 ** (1 / 59)),
    ],
)
def test_clopper_pearson_gives_the_tabled_limits(k, n, confidence, low, high):
    assert clopper_pearson(k, n, confidence) == pytest.approx((low, high), abs=5e-5)


@given(st.integers(1, 400), st.data(), st.floats(0.5, 0.999))
def test_clopper_pearson_agrees_with_scipy_stats(n, data, confidence):
    k = data.draw(st.integers(0, n))
    greater = stats.binomtest(k, n, alternative="greater").proportion_ci(confidence)
    less = stats.binomtest(k, n, alternative="less").proportion_ci(confidence)
    assert clopper_pearson(k, n, confidence) == pytest.approx((greater.low, less.high), abs=1e-9)


@pytest.mark.parametrize("p", [0.5, 0.9, 0.99])
def test_each_clopper_pearson_limit_fails_at_most_as_often_as_it_says(p):
    n = 60
    chance = stats.binom(n, p).pmf(np.arange(n + 1))
    limits = [clopper_pearson(k, n, 0.95) for k in range(n + 1)]
    too_high = sum(chance[k] for k, (low, _) in enumerate(limits) if low > p)
    too_low = sum(chance[k] for k, (_, high) in enumerate(limits) if high < p)
    assert too_high <= 0.05
    assert too_low <= 0.05


# Quantiles


@pytest.mark.parametrize(
    ("p", "expected"),
    [(0.0, 1), (0.05, 5), (0.07, 7), (0.5, 50), (0.95, 95), (0.951, 96), (1, 100)],
)
def test_quantile_is_the_smallest_that_a_share_p_does_not_exceed(p, expected):
    assert quantile(np.arange(100, 0, -1), p) == expected


def test_median_of_two_is_the_smaller():
    assert quantile([7.0, 3.0], 0.5) == 3.0


def test_quantile_ranks_what_is_missing_above_all():
    values = [NAN, 5.0, NAN, 1.0]
    assert quantile(values, 0.5) == 5.0
    assert math.isnan(quantile(values, 0.75))


def test_no_values_have_no_quantile():
    assert math.isnan(quantile([], 0.5))


# Limits on quantiles


@pytest.mark.parametrize(
    ("p", "confidence", "fewest"),
    [
        (0.95, 0.95, 59),  # the sample size of a nonparametric 95 % / 95 % tolerance limit
        (0.05, 0.95, 59),
        (0.5, 0.95, 5),
        (0.95, 0.975, 72),
        (0.99, 0.95, 299),
        (0.5, 0.75, 2),
    ],
)
def test_fewest_values_that_give_a_quantile_its_limits(p, confidence, fewest):
    assert least_for_quantile(p, confidence) == fewest
    enough = OrderStatistics(np.arange(fewest)).limits(p, confidence)
    assert not np.isnan(enough).any()
    assert np.isnan(OrderStatistics(np.arange(fewest - 1)).limits(p, confidence)).any()


@pytest.mark.parametrize(
    ("n", "confidence", "low", "high"),
    [
        # Conover, Practical Nonparametric Statistics: signs of 10 and 20, two-sided 95 %
        (10, 0.975, 2, 9),
        (20, 0.975, 6, 15),
        (20, 0.95, 6, 15),
        (100, 0.975, 40, 61),
    ],
)
def test_limits_on_a_median_have_the_tabled_ranks(n, confidence, low, high):
    assert OrderStatistics(np.arange(1, n + 1)).limits(0.5, confidence) == (low, high)


@given(st.integers(1, 300), st.sampled_from([0.05, 0.3, 0.5, 0.9, 0.95]), st.data())
def test_limits_on_a_quantile_are_the_verdicts_on_its_bound(n, p, data):
    values = np.sort(data.draw(st.lists(st.integers(0, 50), min_size=n, max_size=n)))
    bound = data.draw(st.integers(0, 50))
    low, high = OrderStatistics(values).limits(p)
    share_low, share_high = clopper_pearson(int((values <= bound).sum()), n)
    assert (high <= bound) == (share_low >= p)
    assert (low > bound) == (share_high < p)


def test_limits_on_a_quantile_rank_what_is_missing_above_all():
    values = [*range(1, 98), NAN, NAN, NAN]
    assert OrderStatistics(values).limits(0.5) == (42.0, 59.0)
    assert OrderStatistics(values).limits(0.95) == pytest.approx((91.0, NAN), nan_ok=True)


@pytest.mark.parametrize("p", [0.05, 0.5, 0.95])
@pytest.mark.parametrize("n", [60, 100, 200])
def test_each_limit_on_a_quantile_fails_at_most_as_often_as_it_says(n, p):
    low, high = OrderStatistics(np.arange(1, n + 1)).limits(p)
    assert stats.binom(n, p).cdf(low - 1) <= 0.05 < stats.binom(n, p).cdf(low)
    assert stats.binom(n, p).sf(high - 1) <= 0.05 < stats.binom(n, p).sf(high - 2)


def test_no_values_have_no_limits():
    assert np.isnan(OrderStatistics([]).limits(0.5)).all()


def test_skewness_is_that_of_the_moments():
    x = np.random.default_rng(3).exponential(size=200)
    assert skewness(x) == pytest.approx(stats.skew(x))
    assert [math.isnan(skewness(v)) for v in ([], [1.0], [0.8] * 3, [1.0, NAN])] == [True] * 4


# Paired differences


def test_a_paired_difference_is_variant_minus_baseline():
    found = paired([3.0, 5.0, 10.0], [1.0, 2.0, 4.0])
    alone = student([2.0, 3.0, 6.0])
    assert (found.difference, found.low, found.high) == (alone.mean, alone.low, alone.high)
    assert found.difference > 0
    assert not found.identical


def test_a_paired_interval_agrees_with_the_paired_t_test():
    a, b = np.random.default_rng(5).normal(size=(2, 30))
    level = 1 - 0.05 / 3
    low, high = stats.ttest_rel(a, b).confidence_interval(level)
    found = paired(a, b, level)
    assert (found.low, found.high) == pytest.approx((low, high), rel=1e-9)


def test_pairing_saves_what_the_two_sides_share():
    rng = np.random.default_rng(2)
    shared, own = rng.normal(size=100_000), rng.normal(size=(2, 100_000))
    # var(a) + var(b) = 2 (9 + 1), var(a - b) = 2: nine tenths are gone
    assert paired(3 * shared + own[0], 3 * shared + own[1]).saved == pytest.approx(0.9, abs=0.005)
    assert paired(own[0], own[1]).saved == pytest.approx(0.0, abs=0.02)
    assert paired(shared, -shared).saved == pytest.approx(-1.0)


def test_equal_pairs_are_identical_and_save_everything():
    found = paired([1.0, 2.0, 4.0], [1.0, 2.0, 4.0])
    assert (found.difference, found.low, found.high, found.saved) == (0.0, 0.0, 0.0, 1.0)
    assert found.identical


def test_pairs_that_miss_together_are_equal_pairs():
    assert paired([1.0, NAN], [1.0, NAN]).identical
    assert not paired([1.0, NAN], [1.0, 2.0]).identical
    assert not paired([], []).identical


def test_a_pair_that_misses_one_side_leaves_no_difference():
    found = paired([1.0, NAN, 2.0], [1.0, 2.0, 3.0])
    assert [found.difference, found.low, found.high, found.saved] == pytest.approx(
        [NAN] * 4, nan_ok=True
    )


def test_one_pair_has_a_difference_and_no_interval():
    found = paired([3.0], [1.0])
    assert found.difference == 2.0
    assert [found.low, found.high, found.saved] == pytest.approx(NOTHING, nan_ok=True)


def test_sides_that_never_vary_leave_nothing_to_save():
    found = paired(np.full(3, 0.8), np.full(3, 0.1))
    assert found.difference == found.low == found.high == 0.8 - 0.1
    assert math.isnan(found.saved)


def test_sides_of_two_lengths_are_no_pairs():
    with pytest.raises(ValueError, match="equally many values, got 2 and 1"):
        paired([1.0, 2.0], [1.0])


# Median difference


@pytest.mark.parametrize(
    ("variant", "baseline", "expected"),
    [
        ([5.0, 9.0, 4.0], [4.0, 4.0, 4.0], 1.0),
        ([5.0, 9.0], [4.0, 4.0], 1.0),
        ([NAN, 9.0, 4.0], [4.0, 4.0, 4.0], 5.0),
        ([NAN, NAN, 4.0], [4.0, 4.0, 4.0], math.inf),
        ([4.0, 4.0, 4.0], [NAN, NAN, 4.0], -math.inf),
        ([NAN, NAN, 4.0], [NAN, NAN, 3.0], 0.0),
        ([], [], NAN),
    ],
)
def test_median_difference_ranks_what_is_missing_above_all(variant, baseline, expected):
    assert median_difference(variant, baseline) == pytest.approx(expected, nan_ok=True)


# All together

maybe_missing = st.lists(st.one_of(st.just(NAN), st.floats(-1e6, 1e6)), max_size=6)


@given(maybe_missing, st.data())
def test_no_values_make_numpy_warn(values, data):
    other = data.draw(
        st.lists(st.just(NAN) | st.floats(-1e6, 1e6), min_size=len(values), max_size=len(values))
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        measured = student(values)
        quantile(values, 0.95)
        paired(values, other)
        median_difference(values, other)
    assert math.isnan(measured.mean) == (not values or any(map(math.isnan, values)))


def test_all_pairs_at_once_agree_with_each_pair():
    noise = np.random.default_rng(3).normal(size=(6, 12))
    values = np.arange(6)[:, None] * 0.4 + noise
    values[5] = values[4] + 1.0  # the same difference in every replication
    above = surely_above(values, 0.95)
    assert 0 < above.sum() < 15
    for i, j in np.ndindex(6, 6):
        assert above[i, j] == (paired(values[i], values[j]).low > 0)


def test_every_difference_counts_where_nothing_is_random():
    assert surely_above(np.array([[2.0], [1.0]]), 0.95, certain=True).tolist() == [
        [False, True],
        [False, False],
    ]
    assert not surely_above(np.array([[2.0], [1.0]]), 0.95).any()


def test_ecdf_is_scipys_and_what_is_missing_is_above_all():
    values = np.random.default_rng(5).poisson(4.0, 60).astype(float)
    own = stats.ecdf(values).cdf
    points, shares = ecdf(values)
    assert np.array_equal(points, own.quantiles)
    assert shares == pytest.approx(own.probabilities)
    points, shares = ecdf([2.0, math.nan, 1.0, 2.0])
    assert (points.tolist(), shares.tolist()) == ([1.0, 2.0], [0.25, 0.75])


@pytest.mark.parametrize("n", [5, 30, 200, 2000])
def test_band_around_an_ecdf_is_no_narrower_than_kolmogorovs_exact_one(n):
    exact = stats.kstwo.ppf(0.95, n)
    assert exact <= dkw_half_width(n) <= 1.1 * exact
    assert dkw_half_width(n) == pytest.approx(stats.kstwobign.ppf(0.95) / math.sqrt(n), rel=1e-4)
