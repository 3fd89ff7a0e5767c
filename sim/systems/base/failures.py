"""Unplanned failures: a Poisson process in absolute time for each member of a system.

They fall at the same moments whatever else happens, so that every mode of an upgrade sees the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sim.core.units import YEAR
from sim.formats.distributions import Distribution
from sim.formats.fields import NonNegativeNumber, Spec
from sim.systems.base.context import ACT

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from sim.core.random_streams import Again
    from sim.systems.base.context import Context, ScheduledEvent


class Failures(Spec):
    """Unplanned failures, a Poisson process for each member."""

    per_year: NonNegativeNumber
    """Mean number of failures a member has in a year of 365 days."""
    recovery: Distribution
    """Time from the failure until the member is back."""


class DrawnFailures(NamedTuple):
    """The failures that are drawn for some members, by place, member, time; shape (failures,)."""

    place: NDArray[np.int64]
    """Of the replication, as given."""
    member: NDArray[np.int64]
    time: NDArray[np.float64]
    """Seconds; up to the horizon, which is in."""
    recovery: NDArray[np.float64]
    """Seconds."""


def redraw_failures(
    again: Again,
    path: str,
    failures: Failures,
    places: NDArray[np.int64],
    count: int,
    horizon: float,
) -> DrawnFailures:
    """The failures of `count` members as `FailureProcess` plans them, whatever becomes of them."""
    gaps = Distribution.memoryless(YEAR / failures.per_year)
    place, member = np.repeat(places, count), np.tile(np.arange(count), len(places))
    time, number, found = np.zeros(len(place)), 0, []
    while len(place):
        rows = place, member, np.full(len(place), number)
        time = time + again.times(f"{path}/failure", gaps, rows)
        near = time <= horizon
        place, member, time = place[near], member[near], time[near]
        rows = place, member, np.full(len(place), number)
        recovery = again.times(f"{path}/recovery", failures.recovery, rows)
        found.append((place, member, time, recovery))
        number += 1
    if not found:
        return DrawnFailures(*np.zeros((2, 0), np.int64), *np.zeros((2, 0)))
    columns = [np.concatenate(each) for each in zip(*found, strict=True)]
    order = np.lexsort((columns[2], columns[1], columns[0]))
    return DrawnFailures(*(column[order] for column in columns))


class FailureProcess:
    """The failures of some members: gap k of a member is its attempt k, and so is its recovery."""

    def __init__(
        self,
        context: Context,
        path: str,
        failures: Failures,
        subjects: list[int],
        fail: Callable[[int, float], None],
    ) -> None:
        """`fail(member, recovery)` is called at each failure; `subjects` are the members' own."""
        self._context, self._subjects, self._fail = context, subjects, fail
        draws, count = context.draws, len(subjects)
        gaps = Distribution.memoryless(YEAR / failures.per_year)
        self._gaps = draws.times(f"{path}/failure", gaps, count)
        self._recoveries = draws.times(f"{path}/recovery", failures.recovery, count)

    def begin(self) -> None:
        """Plan the first failure of each member; each plans the one after it."""
        if not self._context.draws.failures_come():
            return
        first = self._gaps.vector(len(self._subjects))
        for member in np.flatnonzero(first <= self._context.horizon):
            self._plan(int(member), 0, float(first[member]))

    def _plan(self, member: int, number: int, delay: float) -> None:
        self._context.call(delay, ACT, self._subjects[member], self._next, (member, number))

    def _next(self, event: ScheduledEvent) -> None:
        member, number = event.argument
        self._fail(member, self._recoveries[member, number])
        gap = self._gaps[member, number + 1]
        if self._context.now + gap <= self._context.horizon:
            self._plan(member, number + 1, gap)
