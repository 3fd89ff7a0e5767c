"""A series over time averaged over even intervals, and over replications."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from sim.core.timelines import Steps

INTERVALS = 2_000
"""So many even intervals a run is cut into."""

FINE = 1024
"""Parts of a weight's unit to which an average is rounded: sums of whole numbers are the same in
whatever order replications are added."""


@dataclass(frozen=True, eq=False)
class Averages:
    """A series averaged over `INTERVALS` even intervals of the run, over replications together."""

    total: NDArray[np.int64]
    """Shape (INTERVALS,): the sum over replications, in 1 / `FINE` of the series' unit."""
    runs: int

    @classmethod
    def of(cls, parts: Sequence[Steps]) -> Averages:
        """Of the sum of some series, each of the same replications."""
        total = np.zeros(INTERVALS, np.int64)
        for steps in parts:
            edges = np.linspace(0.0, steps.end, INTERVALS + 1)
            for a, b in zip(steps.start[:-1], steps.start[1:], strict=True):
                times, values = np.append(steps.times[a:b], steps.end), steps.values[a:b]
                passed = np.append(0.0, np.cumsum(values * np.diff(times)))
                mean = np.diff(np.interp(edges, times, passed)) / np.diff(edges)
                total += np.rint(FINE * mean).astype(np.int64)
        return cls(total, len(parts[0].start) - 1)

    def __add__(self, other: Averages) -> Averages:
        return Averages(self.total + other.total, self.runs + other.runs)

    @property
    def mean(self) -> NDArray[np.float64]:
        """Over the replications, shape (INTERVALS,)."""
        return self.total / (FINE * self.runs)
