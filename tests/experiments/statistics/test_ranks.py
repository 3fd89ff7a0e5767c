"""Ranks, and whether values of two kinds differ by more than chance would have them."""

from itertools import combinations

import numpy as np
import pytest
from scipy.stats import mannwhitneyu, rankdata

from sim.experiments.statistics.ranks import ranks, surely_differ


def test_equal_values_share_their_ranks():
    values = np.array([3.0, 1.0, 3.0, np.inf, 2.0, 3.0])
    assert ranks(values).tolist() == [4, 1, 4, 6, 2, 4]
    many = np.random.default_rng(1).integers(0, 9, 200).astype(float)
    assert (ranks(many) == rankdata(many)).all()


@pytest.mark.parametrize("seed", range(40))
def test_it_is_the_test_of_mann_and_whitney(seed):
    draws = np.random.default_rng(seed)
    one = draws.integers(0, 6, draws.integers(1, 30)).astype(float)
    other = draws.integers(seed % 4, 7, draws.integers(1, 80)).astype(float)
    p = mannwhitneyu(one, other, method="asymptotic").pvalue
    for confidence in (0.5, 0.9, 0.95, 0.99):
        assert surely_differ(one, other, confidence) == (p < 1 - confidence)


@pytest.mark.parametrize("n", [1, 2, 3, 4])
def test_of_few_values_it_is_not_wrong_more_often_than_it_says(n):
    every = np.arange(30.0)
    wrong = [
        surely_differ(chosen, np.delete(every, np.array(chosen, int)), 0.95)
        for chosen in combinations(every, n)
    ]
    assert 0 < np.mean(wrong) <= 0.05 or n == 1


def test_what_is_missing_is_above_all_others():
    assert surely_differ([np.nan] * 8, range(8), 0.95)
    assert not surely_differ([np.nan] * 8, [np.nan] * 8, 0.95)
    assert surely_differ([np.nan] * 8, [1e9] * 8, 0.95)


def test_nothing_differs_from_nothing():
    assert not surely_differ([], [1.0, 2.0], 0.95)
    assert not surely_differ([1.0, 2.0], [], 0.95)
    assert not surely_differ([2.0] * 50, [2.0] * 50, 0.95)
