"""Unplanned failures: a Poisson process in absolute time for each member of a system.

They fall at the same moments whatever else happens, so that every mode of an upgrade sees the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sim.chance import Distribution
from sim.formats.fields import NonNegativeNumber, Spec
from sim.systems.world import ACT
from sim.units import YEAR

if TYPE_CHECKING:
    from collections.abc import Callable

    from sim.systems.world import Due, World


class Failures(Spec):
    """Unplanned failures, a Poisson process for each member."""

    per_year: NonNegativeNumber
    """Mean number of failures a member has in a year of 365 days."""
    recovery: Distribution
    """Time from the failure until the member is back."""


class Strikes:
    """The failures of some members: gap k of a member is its attempt k, and so is its recovery."""

    def __init__(
        self,
        world: World,
        path: str,
        failures: Failures,
        subjects: list[int],
        strike: Callable[[int, float], None],
    ) -> None:
        self._world, self._subjects, self._strike = world, subjects, strike
        """`strike(member, recovery)` is called at each failure; `subjects` are the members' own."""
        draws, count = world.draws, len(subjects)
        gaps = Distribution.memoryless(YEAR / failures.per_year)
        self._gaps = draws.times(f"{path}/failure", gaps, count)
        self._recoveries = draws.times(f"{path}/recovery", failures.recovery, count)

    def begin(self) -> None:
        """Plan the first failure of each member; each plans the one after it."""
        if not self._world.draws.failures_come():
            return
        first = self._gaps.vector(len(self._subjects))
        for member in np.flatnonzero(first <= self._world.horizon):
            self._plan(int(member), 0, float(first[member]))

    def _plan(self, member: int, number: int, delay: float) -> None:
        self._world.call(delay, ACT, self._subjects[member], self._fail, (member, number))

    def _fail(self, event: Due) -> None:
        member, number = event.argument
        self._strike(member, self._recoveries[member, number])
        gap = self._gaps[member, number + 1]
        if self._world.now + gap <= self._world.horizon:
            self._plan(member, number + 1, gap)
