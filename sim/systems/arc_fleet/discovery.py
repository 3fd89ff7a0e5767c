"""How machines find out about releases: each at a time of its own, walked in order of time.

Only the next discovery of a release is ever pending, so what is under way is all that is in memory.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sim.systems.base.context import SUBMIT

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sim.systems.arc_fleet.machine import Installed
    from sim.systems.base.context import Context, ScheduledEvent


class Discoveries:
    """The discoveries of one release, or after one request, by some machines of a section."""

    def __init__(
        self,
        context: Context,
        extension: Installed,
        members: NDArray[np.intp],
        delays: NDArray[np.float64],
    ) -> None:
        self._context, self._extension = context, extension
        self._enrolment = extension.enrolment
        order = np.argsort(delays, kind="stable")
        self._members = members[order].tolist()
        self._times = (context.now + delays[order]).tolist()
        self._since = context.now
        self._place = 0

    def begin(self) -> None:
        """Plan the first; each plans the one after it."""
        context = self._context
        delay = self._times[self._place] - context.env.now
        subject = self._extension.first + self._members[self._place]
        context.call(delay, SUBMIT, subject, self._discover)

    def _discover(self, _: ScheduledEvent) -> None:
        if self._enrolment != self._extension.enrolment:
            return  # it was opted out meanwhile: another discovery begins when it is opted in
        machine = self._members[self._place]
        self._place += 1
        if self._place < len(self._times):
            self.begin()
        self._extension.discover(machine, self._since)
