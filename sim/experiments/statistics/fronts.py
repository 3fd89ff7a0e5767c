"""Which of many alternatives are worth a look: those that no other one beats in every metric.

Everything is by means over the replications, one column a metric, the lower the better. NaN stands
for a mean that does not exist (an upgrade that never finished in some run): it is on no front and
beats nobody.

The front is Pareto's. Means are estimates, so what stands just behind it may belong on it: an
alternative is only said to be behind where one that beats it is surely better in some metric, by
the 95 % interval of their difference over replications with common random numbers.
"""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Literal

import numpy as np

from sim.experiments.statistics.intervals import student_factor
from sim.experiments.statistics.ranks import ranks

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping, Sequence
    from typing import TypeVar

    from numpy.typing import NDArray

    K = TypeVar("K", bound=Hashable)

Standing = Literal["yes", "not told apart", "no", ""]
"""Whether an alternative is on the front; empty for one without a value."""

LEVEL = 0.95
"""Of each interval on a difference; they are not adjusted for their number."""

LEAST_KNEE = 0.1
"""How far a knee lies beyond the straight line between the ends of a front, at least: a share of
the front's extent in each of the two metrics."""


def undominated(means: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which rows of shape (n, metrics) no other row beats: lower somewhere, higher nowhere."""
    found = np.zeros(len(means), bool)
    there = np.flatnonzero(~np.isnan(means).any(axis=1))
    # In this order nothing beats what stands before it, and what beats a row at all, or beats what
    # does, is on the front already.
    order = there[np.lexsort(means[there].T[::-1])]
    front = np.empty((0, means.shape[1]))
    for place in order:
        row = means[place]
        no_worse = (front <= row).all(axis=1)
        if not (no_worse & (front < row).any(axis=1)).any():
            found[place] = True
            front = np.vstack([front, row])
    return found


def standings(
    means: NDArray[np.float64],
    values: Sequence[NDArray[np.float64]] | None,
    spread: NDArray[np.float64],
) -> list[Standing]:
    """Whether each row of `means`, shape (n, metrics), is on the front.

    `values` holds of each metric what the means are of, shape (n, replications), the same
    replications in every row; None where they were not kept. Then `spread`, half the widths of the
    means' intervals, shape (n, metrics), tells what is apart, which takes more.
    """
    on_front = undominated(means)
    members = np.flatnonzero(on_front)
    found: list[Standing] = []
    for place, row in enumerate(means):
        if np.isnan(row).any():
            found.append("")
        elif on_front[place]:
            found.append("yes")
        else:
            above = members[(means[members] <= row).all(axis=1)]
            if values is None:
                sure = (row - means[above]) > np.hypot(spread[place], spread[above])
            else:
                sure = np.array([_surely_above(each[place], each[above]) for each in values]).T
            found.append("no" if sure.any() else "not told apart")
    return found


def _surely_above(one: NDArray[np.float64], others: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Of which others, shape (k, replications), the mean is surely below that of one."""
    apart = one - others
    n = apart.shape[1]
    mean = apart.mean(axis=1)
    if n == 1:  # nothing is random
        return np.asarray(mean > 0)
    half = student_factor(n, (1 + LEVEL) / 2) * apart.std(axis=1, ddof=1)
    return np.asarray(mean - half > 0)


def disagreeing(means: Mapping[K, NDArray[np.float64]]) -> tuple[tuple[K, ...], float]:
    """The two metrics that disagree most about what is good, and their rank correlation.

    `means` holds of each metric the means of all alternatives, shape (n,), the lower the better.
    Spearman's correlation is that over the alternatives that have both. Fewer than two metrics,
    with NaN, where no more differ between alternatives.
    """
    varying = [key for key, each in means.items() if len(np.unique(each[~np.isnan(each)])) > 1]
    found: tuple[tuple[K, ...], float] = (tuple(varying[:1]), np.nan)
    for pair in combinations(varying, 2):
        correlation = _rank_correlation(means[pair[0]], means[pair[1]])
        if not np.isnan(correlation) and not correlation >= found[1]:
            found = pair, correlation
    return found


def _rank_correlation(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    both = ~(np.isnan(a) | np.isnan(b))
    ranked = ranks(a[both]), ranks(b[both])
    if any(len(np.unique(each)) < 2 for each in ranked):  # noqa: PLR2004  (nothing varies)
        return np.nan
    return float(np.corrcoef(*ranked)[0, 1])


def knee(front: NDArray[np.float64]) -> int | None:
    """The row of a front of two metrics, shape (n, 2), where it bends most; None without one.

    The front is scaled to 1 in both; the knee is farthest on the better side of the straight line
    between its ends, as by Kneedle (Satopaa and others, ICDCS workshops 2011), and at least
    `LEAST_KNEE` of the way to the corner that is best in both.
    """
    low, high = front.min(axis=0), front.max(axis=0)
    if len(front) < 3 or not (high > low).all():  # noqa: PLR2004  (two ends and one between)
        return None
    gained = 1 - ((front - low) / (high - low)).sum(axis=1)
    best = int(np.argmax(gained))
    return best if gained[best] >= LEAST_KNEE else None
