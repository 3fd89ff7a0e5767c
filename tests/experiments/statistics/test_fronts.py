"""Fronts: which of many alternatives no other one beats, against a slow look at all pairs."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from sim.experiments.statistics.fronts import disagreeing, knee, standings, undominated

NAN = np.nan


def tables(fewest=1, most=3):
    values = st.one_of(st.integers(0, 5).map(float), st.just(NAN))
    shape = st.tuples(st.integers(0, 12), st.integers(fewest, most))
    return shape.flatmap(lambda shape: arrays(float, shape, elements=values))


def beats(one, other):
    """By the definition, value by value."""
    return all(a <= b for a, b in zip(one, other, strict=True)) and any(
        a < b for a, b in zip(one, other, strict=True)
    )


def slowly(means):
    whole = [row for row in means if not np.isnan(row).any()]
    return [
        not np.isnan(row).any() and not any(beats(other, row) for other in whole) for row in means
    ]


@given(tables())
def test_the_front_is_what_no_other_one_beats(means):
    assert undominated(means).tolist() == slowly(means)


def test_a_thousand_alternatives_have_the_front_of_a_slow_look():
    means = np.random.default_rng(1).normal(size=(300, 2)).round(1)
    assert undominated(means).tolist() == slowly(means)


def test_what_never_came_is_on_no_front_and_beats_nobody():
    means = np.array([[1.0, NAN], [2.0, 2.0]])
    assert undominated(means).tolist() == [False, True]
    assert standings(means, None, np.zeros((2, 2))) == ["", "yes"]


def test_what_is_not_surely_worse_is_not_told_apart_from_the_front():
    rng = np.random.default_rng(2)
    luck = rng.normal(size=200)
    noise = 0.01 * rng.normal(size=(3, 200))
    # The same luck everywhere: a difference of 0.02 is seen although each value varies by 1.
    first = np.array([luck, luck + 0.02 + noise[0], luck + 0.0001 + noise[1]])
    second = np.array([luck, luck + noise[2] + 0.001, luck + 0.0001])
    means = np.column_stack([first.mean(axis=1), second.mean(axis=1)])
    assert standings(means, [first, second], np.zeros((3, 2)))[:2] == ["yes", "no"]
    spread = np.full((3, 2), stats.sem(luck) * 1.97)
    assert standings(means, None, spread)[1] == "not told apart"


def test_one_is_apart_where_the_paired_interval_of_scipy_is():
    rng = np.random.default_rng(3)
    for shift in (0.0, 0.05, 0.1, 0.2, 0.4):
        a = rng.normal(size=30)
        b = a + shift + 0.3 * rng.normal(size=30)
        if b.mean() <= a.mean():
            continue
        found = standings(np.array([[a.mean()], [b.mean()]]), [np.array([a, b])], np.zeros((2, 1)))
        low = stats.ttest_rel(b, a).confidence_interval(0.95).low
        assert found == ["yes", "no" if low > 0 else "not told apart"]


def test_where_nothing_is_random_every_difference_counts():
    values = np.array([[1.0], [1.001]])
    assert standings(values, [values], np.zeros((2, 1))) == ["yes", "no"]


@given(tables(fewest=3))
def test_the_metrics_that_disagree_most_are_those_of_the_lowest_rank_correlation(means):
    found, correlation = disagreeing(dict(zip("abc", means.T, strict=True)))
    known = {}
    for one, other in ((0, 1), (0, 2), (1, 2)):
        both = ~np.isnan(means[:, [one, other]]).any(axis=1)
        columns = means[both][:, [one, other]]
        if len(columns) > 1 and (np.ptp(columns, axis=0) > 0).all():
            known["abc"[one], "abc"[other]] = stats.spearmanr(*columns.T).statistic
    if known:
        assert correlation == pytest.approx(min(known.values()))
        assert known[found] == pytest.approx(correlation)
    else:
        assert np.isnan(correlation)
        assert len(found) < 2


def test_a_knee_is_where_little_of_one_costs_much_of_the_other():
    curve = np.array([[x, 1 / (1 + 10 * x)] for x in np.linspace(0, 1, 21)])
    assert knee(curve) == 5
    assert knee(curve * [1000, 0.001]) == 5
    assert knee(curve[::-1]) == 15


def test_a_straight_front_has_no_knee_and_nor_has_one_that_bends_away():
    line = np.column_stack([np.linspace(0, 1, 11), np.linspace(1, 0, 11)])
    assert knee(line) is None
    bulge = line + 0.2 * (1 - np.abs(np.linspace(-1, 1, 11)))[:, np.newaxis]
    assert knee(bulge) is None
    assert knee(line[[0, -1]]) is None
    assert knee(np.array([[1.0, 2.0]] * 4)) is None
