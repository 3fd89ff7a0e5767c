"""Ranks; scipy.stats has all of it, and takes half a second to import."""

from __future__ import annotations

from math import comb, sqrt
from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

_TOO_FEW = 2
"""Whose rank sum is never far enough from its mean for normal limits at 99 %."""


def ranks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """From 1 on, equal values the mean of theirs."""
    _, which, counts = np.unique(values, return_inverse=True, return_counts=True)
    return np.asarray((np.cumsum(counts) - (counts - 1) / 2)[which])


def surely_differ(one: ArrayLike, other: ArrayLike, confidence: float) -> bool:
    """Whether values of one kind tend to be larger, or smaller, than those of another kind.

    Two-sided rank sum test of Wilcoxon, Mann and Whitney: normal limits, corrected for ties and for
    continuity. One or two values they can never tell from any number of others; there it is the
    exact chance that those lie, all on one side, as far out as they do. A missing value ranks above
    all others.
    """
    first, second = (_missing_above(each) for each in (one, other))
    few, many = sorted((first, second), key=len)
    if not len(few):
        return False
    if len(few) <= _TOO_FEW:
        return _chance_to_be_so_far_out(few, many) < 1 - confidence
    both = np.concatenate([few, many])
    n, size = len(few), len(both)
    _, ties = np.unique(both, return_counts=True)
    freedom = size + 1 - (ties**3 - ties).sum() / (size * (size - 1))
    off = abs(ranks(both)[:n].sum() - n * (size + 1) / 2) - 0.5
    limit = NormalDist().inv_cdf((1 + confidence) / 2) * sqrt(n * (size - n) / 12 * freedom)
    return bool(off > limit)


def _chance_to_be_so_far_out(few: NDArray[np.float64], many: NDArray[np.float64]) -> float:
    """Of as many as `few` of all, drawn at random, two-sided; equal ones count against it."""
    beyond = int(min((many >= few.min()).sum(), (many <= few.max()).sum()))
    return 2 * comb(len(few) + beyond, len(few)) / comb(len(few) + len(many), len(few))


def _missing_above(values: ArrayLike) -> NDArray[np.float64]:
    found = np.asarray(values, float)
    return np.where(np.isnan(found), np.inf, found)
