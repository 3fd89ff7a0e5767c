"""Ranks; scipy.stats has all of it, and takes half a second to import."""

from __future__ import annotations

from math import sqrt
from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


def ranks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """From 1 on, equal values the mean of theirs."""
    _, which, counts = np.unique(values, return_inverse=True, return_counts=True)
    return np.asarray((np.cumsum(counts) - (counts - 1) / 2)[which])


def surely_differ(one: ArrayLike, other: ArrayLike, confidence: float) -> bool:
    """Whether values of one kind tend to be larger, or smaller, than those of another kind.

    Two-sided rank sum test of Wilcoxon, Mann and Whitney: normal limits, corrected for ties and for
    continuity, which are too wide rather than too narrow where there are few values. A missing one
    ranks above all others.
    """
    first, second = np.asarray(one, float), np.asarray(other, float)
    both = np.concatenate([first, second])
    both[np.isnan(both)] = np.inf
    n, m = len(first), len(second)
    if not n or not m:
        return False
    ranked = ranks(both)
    _, ties = np.unique(both, return_counts=True)
    size = n + m
    variance = n * m / 12 * (size + 1 - (ties**3 - ties).sum() / (size * (size - 1)))
    off = abs(ranked[:n].sum() - n * (size + 1) / 2) - 0.5
    return bool(off > NormalDist().inv_cdf((1 + confidence) / 2) * sqrt(variance))
