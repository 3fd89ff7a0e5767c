"""How many tasks a stream brings over the day and the week: its rate by the clock.

Gaps are drawn as of a stream that always comes at its full rate. A task comes when the integral of
the rate has reached the sum of the gaps up to it (time-rescaling; Lewis and Shedler 1979 for the
Poisson process). So what is drawn is the same whatever the curve, and variants see the same tasks.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sim.core.clock_times import WEEK
from sim.core.units import GRID
from sim.core.wall_clock import DAY

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sim.systems.base.operation import Span
    from sim.systems.batch_pool.workload import Job

    Floats = NDArray[np.float64]


_NEARLY = GRID / 4
"""Sums of gaps lie on the grid; by less than this a sum of shares may miss them."""


@dataclass(frozen=True, eq=False)
class Rate:
    """A rate over [0, horizon], as a share of the full one; columns of shape (pieces,).

    A piece is a stretch of time with one rate above 0, in order.
    """

    begins: Floats
    """Seconds since the start."""
    ends: Floats
    levels: Floats
    passed: Floats
    """The integral of the rate at the end of each piece, in seconds at the full rate."""

    @classmethod
    def of(cls, job: Job, span: Span) -> Rate:
        """The rate of a stream: by the local clock, whatever its changes."""
        if not job.has_curve:
            edges, levels = np.array([0.0, span.horizon]), np.ones(1)
        else:
            clock, (clocks, shares) = span.clock, _daily(job)
            on = np.isin((clock.weekday + clock.days) % 7, _weekdays(job))
            readings = np.add.outer(clock.days * DAY, clocks).ravel()
            edges = np.clip(clock.instants(readings), 0.0, span.horizon)
            edges, levels = np.append(edges, span.horizon), np.outer(on, shares).ravel()
        seconds = np.diff(edges)
        some = (seconds > 0) & (levels > 0)
        passed = np.cumsum(levels[some] * seconds[some])
        return cls(edges[:-1][some], edges[1:][some], levels[some], passed)

    @property
    def total(self) -> float:
        """The integral over all the time: the last instant of the grid that it reaches."""
        last = float(self.passed[-1]) if len(self.passed) else 0.0
        return math.floor((last + _NEARLY) / GRID) * GRID

    def instants(self, passed: Floats) -> Floats:
        """When the integral first reaches such values, each up to `total`: seconds on the grid."""
        piece = np.searchsorted(self.passed + _NEARLY, passed)
        before = (self.passed[piece] - passed) / self.levels[piece]
        times = np.clip(self.ends[piece] - before, self.begins[piece], self.ends[piece])
        return np.rint(times / GRID) * GRID

    def levels_at(self, times: Floats) -> Floats:
        """The rate at such instants, in seconds since the start; 0 at the end of the last piece."""
        if not len(self.begins):
            return np.zeros(len(times))
        piece = np.maximum(np.searchsorted(self.begins, times, side="right") - 1, 0)
        here = (self.begins[piece] <= times) & (times < self.ends[piece])
        return np.where(here, self.levels[piece], 0.0)

    def by_the_end(self, passed: Floats) -> Floats:
        """Those of some ascending values that the integral reaches; the horizon is closed."""
        return passed[: np.searchsorted(passed, self.total, side="right")]


def _daily(job: Job) -> tuple[Floats, Floats]:
    """From which second of a day on which share of the full rate holds; the first is 0."""
    curve = sorted((job.curve or {0.0: 1.0}).items())
    if curve[0][0] > 0:  # the last one holds over midnight
        curve.insert(0, (0.0, curve[-1][1]))
    clocks, shares = zip(*curve, strict=True)
    return np.array(clocks), np.array(shares)


def _weekdays(job: Job) -> list[int]:
    return [WEEK.index(day) for day in job.days or WEEK]
