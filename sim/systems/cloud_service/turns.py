"""Whose turn it is: a service has one update domain out at a time, whoever takes it out.

Source: "How to update a cloud service" (one domain at a time, the health gate, the start time-out)
and "Role instance restarts caused by OS upgrades" (the platform respects the same domains).
"""

from __future__ import annotations

from itertools import takewhile
from typing import TYPE_CHECKING

from sim.systems.base.context import ACT, LOOK

if TYPE_CHECKING:
    from collections.abc import Callable

    from simpy import Event

    from sim.systems.base.context import Context
    from sim.systems.cloud_service.instance import Watcher


class Place:
    """A place in the line for a turn, held from when the turn is asked for until it is taken."""

    def __init__(self, context: Context, number: int, may_begin: Callable[[], bool]) -> None:
        self._context, self._number = context, number
        self.may_begin = may_begin
        """Whether nothing but others' turns is in its way: who may not yet is passed over."""
        self._next: Event | None = None

    def next_look(self) -> Event:
        """An event to wait for: something changed, and the turn may be one's own."""
        self._next = self._context.event()
        return self._next

    def look(self, _event: Event | None = None) -> None:
        """Let the one who waits look again."""
        if self._next is not None:
            self._context.trigger(self._next, 0.0, ACT, self._number)
            self._next = None


class Turns:
    """Grants turns one at a time, in order of request, to users' walks and to the platform."""

    def __init__(self, context: Context) -> None:
        self._context = context
        # Several at once only where a takeover or Simultaneous did not wait.
        self._holders: set[object] = set()
        self._line: list[Place] = []

    def enter(self, holder: object) -> None:
        """Take a turn, whoever has one."""
        self._holders.add(holder)

    def enter_if_idle(self, holder: object) -> bool:
        """Take a turn if nobody has one or asks for one; whether it was taken."""
        if self._holders or self._line:
            return False
        self._holders.add(holder)
        return True

    def line_up(self, number: int, may_begin: Callable[[], bool]) -> Place:
        """Ask for a turn as subject `number`."""
        place = Place(self._context, number, may_begin)
        self._line.append(place)
        return place

    def is_free(self, place: Place) -> bool:
        """Whether nobody has a turn, nor is one who asked before `place` about to begin."""
        earlier = takewhile(lambda each: each is not place, self._line)
        return not self._holders and not any(each.may_begin() for each in earlier)

    def step_out(self, place: Place) -> None:
        """Leave the line."""
        self._line.remove(place)

    def leave(self, holder: object) -> None:
        """End a turn, if `holder` has one; all in line look again."""
        self._holders.discard(holder)
        for place in self._line:
            place.look()


class Turn:
    """What a gate waits for: every member that was taken has been Ready once, or is late.

    Whoever waits for the gate yields `next_change()` and looks again. Looking comes last at an
    instant, so that all returns of the instant count. Only a request is judged after it: see
    `Deployment.open_gates`.
    """

    def __init__(
        self,
        context: Context,
        number: int,
        pending: int,
        time_out: float,
        upgraded: dict[int, list[int]],
    ) -> None:
        self._context, self._number = context, number
        self._due = context.now + time_out
        context.call(time_out, LOOK, number, self.time_out)
        self.pending = pending
        """Members that have not been Ready since the turn and still exist."""
        self.upgraded = upgraded
        """By role all that its walk has taken so far, in this turn and before. A rollback begins
        another list; this turn goes by its own."""
        self._changed: Event | None = None
        """What the one who waits for the gate waits for."""
        self.is_done = False
        """Whether the gate has opened."""
        self.awaits_health = False
        """Whether it watches all instances, as only their health is missing."""
        self._looks = False
        self._timed_out = False

    @property
    def late(self) -> bool:
        """Whether the start time-out is over."""
        return self._context.now >= self._due

    def arrived(self, _instance: int) -> None:
        """A member is Ready for the first time since the turn, or is gone."""
        self.pending -= 1
        # Called for every restart. At the very instant of the time-out itself `time_out` looks.
        if not self.pending or self._timed_out:
            self.look_again()

    def returned(self, _instance: int) -> None:
        """Some instance is Ready, or gone: whoever watches all of them hears of it."""
        self.look_again()

    def time_out(self, _event: Event) -> None:
        """The start time-out is over: whoever is missing is late."""
        self._timed_out = True
        if not self.is_done:
            self.look_again()

    def next_change(self) -> Event:
        """An event to wait for: something that the gate may open for."""
        self._looks = False
        self._changed = self._context.event()
        return self._changed

    def look_again(self) -> None:
        """Wake the one who waits for the gate, once an instant."""
        if self._changed is not None and not self._looks:
            self._looks = True
            self._context.trigger(self._changed, 0.0, LOOK, self._number)

    def is_about_to_look(self) -> bool:
        """Whether the gate is looked at at this instant: something changed, or the time is over."""
        return not self.is_done and (self._looks or self._context.now == self._due)

    def look_now(self) -> None:
        """Wake the one who waits for the gate, before all else of this instant."""
        assert self._changed is not None
        self._context.trigger_now(self._changed)


class Return:
    """Calls `then` once the given instances have been Ready or are gone."""

    def __init__(
        self, instances: set[int], watching: list[Watcher], then: Callable[[], None]
    ) -> None:
        self._instances, self._watching, self._then = instances, watching, then
        watching.append(self)

    def returned(self, instance: int) -> None:
        """An instance is Ready or gone."""
        self._instances.discard(instance)
        if not self._instances:
            self._watching.remove(self)
            self._then()
