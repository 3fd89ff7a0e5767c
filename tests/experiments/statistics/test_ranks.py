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
    one = draws.integers(0, 6, draws.integers(3, 30)).astype(float)
    other = draws.integers(seed % 4, 7, draws.integers(3, 80)).astype(float)
    p = mannwhitneyu(one, other, method="asymptotic").pvalue
    for confidence in (0.5, 0.9, 0.95, 0.99):
        assert surely_differ(one, other, confidence) == (p < 1 - confidence)


@pytest.mark.parametrize("confidence", [0.95, 0.99, 1 - 0.05 / 6])
@pytest.mark.parametrize("n", [1, 2, 3, 4])
def test_of_few_values_it_is_not_wrong_more_often_than_it_says(n, confidence):
    every = np.arange(30.0)
    wrong = [
        surely_differ(chosen, np.delete(every, np.array(chosen, int)), confidence)
        for chosen in combinations(every, n)
    ]
    assert np.mean(wrong) <= 1 - confidence
    assert any(wrong) == (n > 1)


def test_two_of_sixty_that_lie_beyond_all_others_differ():
    """As where a bad build is rare: at 1 - 0.05/6 normal limits would never say so."""
    others = np.arange(58.0)
    level = 1 - 0.05 / 6
    for kind in ([70.0, 99.0], [-1.0, -5.0], [np.nan, 57.5], [56.0, 99.0]):
        assert surely_differ(kind, others, level)
        assert surely_differ(others, kind, level)
    for kind in ([-1.0, 99.0], [30.0, 99.0], [99.0], [54.0, 54.0]):
        assert not surely_differ(kind, others, level)


def test_what_is_missing_is_above_all_others():
    assert surely_differ([np.nan] * 8, range(8), 0.95)
    assert not surely_differ([np.nan] * 8, [np.nan] * 8, 0.95)
    assert surely_differ([np.nan] * 8, [1e9] * 8, 0.95)


def test_nothing_differs_from_nothing():
    assert not surely_differ([], [1.0, 2.0], 0.95)
    assert not surely_differ([1.0, 2.0], [], 0.95)
    assert not surely_differ([2.0] * 50, [2.0] * 50, 0.95)
