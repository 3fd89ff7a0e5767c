"""Machines that apply their extensions one at a time, in order of due time, then of their list.

While nothing couples machines they run in parts of about 1,000, one part after the other, so that
few events are pending at once. Where at most so many may be busy at one instant, all are one part.
"""

from __future__ import annotations

from heapq import heappop, heappush
from itertools import count
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sim.core.random_streams import BLOCK
from sim.core.rounding import at_most
from sim.systems.arc_fleet.connections import Connections
from sim.systems.arc_fleet.draws import InstallDraws
from sim.systems.arc_fleet.machine import Installed, Wait
from sim.systems.arc_fleet.states import WAITING, WIDTH
from sim.systems.base.context import ACT, DISPATCH, SUBMIT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from sim.systems.arc_fleet.draws import Faults
    from sim.systems.arc_fleet.layout import ExtensionLayout, FleetLayout, GroupLayout
    from sim.systems.arc_fleet.machine import Removal, Target
    from sim.systems.base.context import Context, ScheduledEvent

TOGETHER = BLOCK
"""Machines in a part: as many as are drawn for at once."""

_LAST = 2**32 - 1
"""After everyone else of a rank."""


class Action(NamedTuple):
    """What an operation does to machines."""

    at: float
    """Seconds."""
    subject: int
    """The operation."""
    extension: ExtensionLayout
    order: Callable[[Section, Installed], None]
    """What it does to an extension on the machines of a section."""


class Section:
    """The machines of one group that run in the same part, numbered from 0."""

    def __init__(
        self,
        context: Context,
        layout: FleetLayout,
        group: GroupLayout,
        members: range,
        limit: Limit | None,
    ) -> None:
        self.context, self.layout, self.group, self.members = context, layout, group, members
        """`members` are the machines' numbers in the group."""
        self.most_attempts = layout.spec.max_attempts
        own = [each for each in layout.extensions if each.group == group.name]
        self.extensions = [Installed(self, each, place) for place, each in enumerate(own)]
        self._first = group.first + members.start
        self._busy = bytearray(len(members))
        self._waiting: dict[int, list[Wait]] = {}
        self._limit = limit
        self._connections = self._connect()

    def _connect(self) -> Connections | None:
        group, context = self.group, self.context
        if group.connections is None or group.spec.disconnected is None:
            return None
        path = f"{self.layout.name}/{group.name}"
        away = group.spec.disconnected
        first = group.connections + self.members.start

        def afford(changes: int) -> None:
            context.afford(changes, first)

        windows = self.layout.connected(group)
        connections = Connections(
            context.draws, path, away, self.members, context.horizon, afford, windows
        )
        connections.tell(context.record, first, self.layout.network, context.horizon)
        return connections

    def install_draws(self, extension: Installed, reason: str, faults: Faults) -> InstallDraws:
        """What is drawn for these machines when they install an extension for a reason."""
        return InstallDraws(
            self.context.draws, self.layout, extension.layout, reason, faults, self.members
        )

    def discover(self, extension: Installed, reason: str, machine: int | None = None) -> None:
        """Each machine, or one, finds out what is newest: one draw a machine, whatever the type."""
        machines = range(len(self.members)) if machine is None else range(machine, machine + 1)
        news = np.array([each for each in machines if extension.has_news(each)], np.intp)
        if len(news):
            # Without the type: all that is published at one instant is one batch on a machine.
            path = f"{self.layout.name}/{self.group.name}/discovery/{reason}"
            discovery = self.layout.on[self.group.name].discovery
            times = self.context.draws.times(path, discovery)
            delays = times.vector(len(machines), 0, self.members.start + machines.start)
            of_news = delays[news - machines.start]
            Discoveries(self.context, extension, news, of_news).begin()

    # Who goes next on a machine.

    def join(self, machine: int, extension: Installed, target: Target | Removal) -> None:
        """An extension is due: it starts at once or waits."""
        code = extension.codes[machine]
        wait = Wait(self.context.now, extension.place, code, target.cause)
        extension.codes[machine] = code - code % WIDTH + WAITING
        self._waiting.setdefault(machine, []).append(wait)
        self.look(machine)

    def leave(self, machine: int, extension: Installed) -> Wait:
        """An extension waits no more; the wait that it had."""
        waits = self._waiting[machine]
        (wait,) = (each for each in waits if each.place == extension.place)
        waits.remove(wait)
        if not waits:
            del self._waiting[machine]
        return wait

    def look(self, machine: int) -> None:
        """See what can start on a machine, once all of this instant has fallen due.

        Who goes first follows from due times and lists, never from which event came first.
        """
        if machine in self._waiting and not self._busy[machine]:
            # Where nothing else can fall due now that saves an event.
            if self.context.env.peek() > self.context.now:
                self._dispatch(machine)
            else:
                self._plan(0.0, machine)

    def _plan(self, delay: float, machine: int) -> None:
        self.context.call(delay, DISPATCH, self._first + machine, self._turn, machine)

    def _turn(self, event: ScheduledEvent) -> None:
        machine = event.argument
        if machine in self._waiting and not self._busy[machine]:
            self._dispatch(machine)

    def _dispatch(self, machine: int) -> None:
        """Start what is due first, of what may start; else look again when something may."""
        delays = []
        for wait in sorted(self._waiting[machine]):
            delay = self._delay(machine, wait.place)
            if not delay:
                if self._limit is None:
                    self.start(machine, wait.place)
                else:
                    self._limit.enter(wait.due, self._first + machine, wait.place, self, machine)
                return
            delays.append(delay)
        self._plan(min(delays), machine)

    def _delay(self, machine: int, place: int) -> float:
        """Seconds until an extension may start, as far as connection and windows go."""
        now = self.context.now
        if self._connections is not None:
            delay = self._connections.wait(machine, now)
            if delay:
                return delay
        target = self.extensions[place].wanted(machine)
        assert target is not None
        return target.windows.wait(now) if target.windows is not None else 0.0

    def may_start(self, machine: int, place: int, due: float) -> bool:
        """Whether an extension that could start, and stood in line since, still can."""
        if self._busy[machine] or machine not in self._waiting:
            return False
        waits = [(wait.place, wait.due) for wait in self._waiting[machine]]
        if (place, due) in waits and not self._delay(machine, place):
            return True
        self._plan(0.0, machine)
        return False

    def start(self, machine: int, place: int) -> None:
        """Let an extension begin that has waited, if only for this instant."""
        extension = self.extensions[place]
        self._busy[machine] = 1
        extension.end_wait(machine, self.leave(machine, extension), self.context.now)
        extension.install(machine)

    def free(self, machine: int) -> None:
        """A machine has done with an extension."""
        self._busy[machine] = 0
        if self._limit is not None:
            self._limit.leave()

    def close(self) -> None:
        """Write the waits that the horizon cuts."""
        for machine, waits in self._waiting.items():
            for wait in waits:
                self.extensions[wait.place].end_wait(machine, wait, np.inf)


class Discoveries:
    """When some machines of a section find out about a release, in order of time.

    Only the next discovery is ever pending, so what is under way is all that is in memory.
    """

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
        delay = self._times[self._place] - context.now
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


class Limit:
    """At most so many machines are busy at one instant; the others stand in line.

    They go by due time, then by machine, then by its list.
    """

    def __init__(self, context: Context, most: int) -> None:
        self._context, self._free = context, most
        self._line: list[tuple[float, int, int, int, Section, int]] = []
        self._serial = count()
        self._is_planned = False

    def enter(self, due: float, number: int, place: int, section: Section, machine: int) -> None:
        """Stand in line, machine `number` of the fleet, with an extension due since `due`."""
        heappush(self._line, (due, number, place, next(self._serial), section, machine))
        self._plan()

    def leave(self) -> None:
        """A machine is no longer busy."""
        self._free += 1
        self._plan()

    def _plan(self) -> None:
        """Let the next ones go when all that can start at this instant stands in line."""
        if not self._is_planned:
            self._is_planned = True
            self._context.call(0.0, DISPATCH, _LAST, self._go)

    def _go(self, _: ScheduledEvent) -> None:
        self._is_planned = False
        while self._free and self._line:
            due, _number, place, _serial, section, machine = heappop(self._line)
            if section.may_start(machine, place, due):
                self._free -= 1
                section.start(machine, place)


def run(context: Context, layout: FleetLayout, actions: Sequence[Action]) -> None:
    """Let the whole fleet run to the horizon, in parts where nothing couples its machines."""
    for part in _parts(layout):
        apart = context.apart()
        limit = _limit(apart, layout)
        sections = [Section(apart, layout, group, members, limit) for group, members in part]
        for action in actions:
            apart.call(action.at, ACT, action.subject, _act, (action, sections))
        apart.run()
        for section in sections:
            section.close()


def _parts(layout: FleetLayout) -> Iterator[list[tuple[GroupLayout, range]]]:
    if layout.spec.max_concurrent is not None:
        yield [(group, range(group.count)) for group in layout.groups]
        return
    for group in layout.groups:
        for first in range(0, group.count, TOGETHER):
            yield [(group, range(first, min(first + TOGETHER, group.count)))]


def _limit(context: Context, layout: FleetLayout) -> Limit | None:
    most = layout.spec.max_concurrent
    if most is None:
        return None
    return Limit(context, at_most(most, sum(group.count for group in layout.groups)))


def _act(event: ScheduledEvent) -> None:
    action, sections = event.argument
    for section in sections:
        for installed in section.extensions:
            if installed.layout is action.extension:
                action.order(section, installed)
