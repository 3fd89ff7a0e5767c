"""Several guesses moved at once: a Latin hypercube of factors, and rank correlations.

McKay, Beckman and Conover (1979) for the design; Saltelli et al., "Sensitivity Analysis" (2000),
chapter 6, for the partial rank correlation: that of the residuals of both ranks once the ranks of
all other factors are regressed out. scipy.stats is imported where it is used: it takes 0.5 s, and a
result folder is opened without it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

POINTS = 64
_NOTHING_LEFT = 1e-6
"""A share of what ranks vary by: what rounding leaves."""


def factors(guesses: int, seed: int, points: int = POINTS) -> NDArray[np.float64]:
    """Factors from 1/2 to 2, even on a logarithmic scale, shape (points, guesses)."""
    from scipy.stats import qmc  # noqa: PLC0415  (see the module)

    design = qmc.LatinHypercube(d=guesses, seed=np.random.default_rng(seed)).random(points)
    return np.exp2(2.0 * design - 1.0)


def rank_correlations(
    given: NDArray[np.float64], results: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Of each column of `given`, shape (points, guesses), with `results`, shape (points,).

    Spearman's, and the partial one, 0 where the other factors leave nothing to explain. A missing
    result ranks above all others. NaN where none differs, and where there are too few points.
    """
    from scipy.stats import rankdata  # noqa: PLC0415  (see the module)

    guesses = given.shape[1]
    results = np.where(np.isnan(results), np.inf, results)
    if len(results) <= guesses + 1 or (results == results[0]).all():
        nothing = np.full(guesses, np.nan)
        return nothing, nothing
    ranks = rankdata(np.column_stack([given, results]), axis=0)
    ranks -= ranks.mean(axis=0)
    result = ranks[:, -1]
    simple = np.array([_correlation(ranks[:, each], result) for each in range(guesses)])
    return simple, np.array([_partial(ranks, each) for each in range(guesses)])


def _partial(ranks: NDArray[np.float64], guess: int) -> float:
    """Of centred ranks, the results' in the last column: what no other guess explains."""
    others = np.delete(ranks[:, :-1], guess, axis=1)
    both = ranks[:, [guess, -1]]
    left = both - others @ np.linalg.lstsq(others, both)[0]
    if (np.linalg.norm(left, axis=0) < _NOTHING_LEFT * np.linalg.norm(both, axis=0)).any():
        return 0.0
    return _correlation(left[:, 0], left[:, 1])


def _correlation(x: NDArray[np.float64], y: NDArray[np.float64]) -> float:
    return float(x @ y / (np.linalg.norm(x) * np.linalg.norm(y)))
