"""The design, and rank correlations against scipy and against residuals by hand."""

from __future__ import annotations

import numpy as np
from scipy import stats

from sim.experiments.statistics.latin_hypercube import POINTS, factors, rank_correlations


def test_each_guess_has_one_point_in_each_slice():
    found = factors(3, seed=5)
    assert found.shape == (POINTS, 3)
    slices = np.sort(np.floor((np.log2(found) + 1) / 2 * POINTS).astype(int), axis=0)
    assert (slices == np.arange(POINTS)[:, None]).all()
    assert (found == factors(3, seed=5)).all()
    assert (found != factors(3, seed=6)).any()


def test_correlations_are_scipys_and_the_partial_one_is_that_of_residuals():
    rng = np.random.default_rng(1)
    given = rng.random((40, 3))
    results = 3 * given[:, 0] - given[:, 1] ** 3 + 0.3 * rng.random(40)
    simple, partial = rank_correlations(given, results)
    for place in range(3):
        assert np.isclose(simple[place], stats.spearmanr(given[:, place], results).statistic)
        ranks = [stats.rankdata(each) for each in (*given.T, results)]
        others = np.column_stack([np.ones(40), *(ranks[k] for k in range(3) if k != place)])
        left = [
            each - others @ np.linalg.lstsq(others, each)[0] for each in (ranks[place], ranks[3])
        ]
        assert np.isclose(partial[place], stats.pearsonr(*left).statistic)


def test_what_one_guess_explains_wholly_leaves_nothing_to_the_others():
    given = factors(2, seed=1)
    simple, partial = rank_correlations(given, 3 * given[:, 1])
    assert np.isclose(simple[1], 1.0)
    assert np.allclose(partial, [0.0, 1.0])


def test_no_difference_has_no_correlation_and_what_is_missing_ranks_last():
    given = factors(2, seed=1)
    assert np.isnan(rank_correlations(given, np.ones(POINTS))).all()
    assert np.isnan(rank_correlations(given, np.full(POINTS, np.nan))).all()
    late = np.where(given[:, 0] > 1.5, np.nan, given[:, 0])
    high = np.where(given[:, 0] > 1.5, 99.0, given[:, 0])
    assert np.allclose(rank_correlations(given, late), rank_correlations(given, high))
    assert np.isnan(rank_correlations(given[:3], given[:3, 0])).all()
