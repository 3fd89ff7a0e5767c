"""What a share does in many replications together: quantiles at chosen instants."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from sim.core.timelines import Steps

INSTANTS = 256
"""So many even instants, and as many quantiles of the instants at which something changes."""


@dataclass(frozen=True, eq=False)
class Band:
    """Quantiles over replications; each value holds until the next instant. Shape (instants,)."""

    times: NDArray[np.float64]
    """Seconds, increasing."""
    p5: NDArray[np.float64]
    p50: NDArray[np.float64]
    p95: NDArray[np.float64]
    runs: int
    """How many replications it is of."""


def band(pieces: Sequence[Steps], nominal: float) -> Band:
    """The band of the replications in `pieces`, as shares of `nominal`, the weight at time 0.

    It is in the pieces' own unit. The share of members that weigh nothing is 1.
    """
    times = instants(pieces)
    weights = np.concatenate([_values_at(piece, times) for piece in pieces])
    values = weights / nominal if nominal else np.ones(weights.shape)
    # The ceil(p n)-th smallest, as everywhere.
    p5, p50, p95 = np.quantile(values, [0.05, 0.5, 0.95], axis=0, method="inverted_cdf")
    return Band(times, p5, p50, p95, len(values))


def instants(pieces: Sequence[Steps]) -> NDArray[np.float64]:
    """Even instants, and more where there are changes: a short dip in a long window is not lost.

    Where most replications change at one instant, such as that of a request, it is among them.
    """
    begin, end = float(pieces[0].times[0]), pieces[0].end
    changes = np.sort(np.concatenate([piece.times for piece in pieces]))
    ranks = np.linspace(0, len(changes) - 1, INSTANTS).astype(np.intp)
    runs = sum(len(piece.start) - 1 for piece in pieces)
    moments, counts = np.unique(changes, return_counts=True)
    common = moments[2 * counts > runs][:INSTANTS]
    return np.unique(np.concatenate([np.linspace(begin, end, INSTANTS), changes[ranks], common]))


def _values_at(steps: Steps, times: NDArray[np.float64]) -> NDArray[np.int64]:
    """Values at `times`, shape (replications, instants)."""
    bounds = zip(steps.start[:-1], steps.start[1:], strict=True)
    return np.stack(
        [
            steps.values[a:b][np.searchsorted(steps.times[a:b], times, side="right") - 1]
            for a, b in bounds
        ]
    )
