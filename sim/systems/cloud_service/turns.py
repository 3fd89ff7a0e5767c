"""Whose turn it is: a service has one update domain out at a time, whoever takes it out.

Source: "How to update a cloud service" (one domain at a time, the health gate, the start time-out)
and "Role instance restarts caused by OS upgrades" (the platform respects the same domains).
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from sim.systems.world import ACT, LOOK

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from simpy import Event

    from sim.systems.cloud_service.instance import Watcher
    from sim.systems.world import World


class Turns:
    """Grants turns one at a time, in order of request, to users' walks and to the platform."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._holders: set[object] = set()
        self._waiting: deque[tuple[object, int, Event]] = deque()

    def enter(self, holder: object) -> None:
        """Take a turn without waiting."""
        self._holders.add(holder)

    @property
    def is_free(self) -> bool:
        """Whether nobody has a turn or waits for one."""
        return not self._holders and not self._waiting

    def wait(self, holder: object, number: int) -> Generator[Event, None, None]:
        """Wait in line until the turn is granted."""
        event = self._world.moment()
        self._waiting.append((holder, number, event))
        yield event
        # Between the grant and now, at one instant, someone who waits for nobody may have come in.
        while len(self._holders) > 1:
            self._holders.discard(holder)
            event = self._world.moment()
            self._waiting.appendleft((holder, number, event))
            yield event

    def leave(self, holder: object) -> None:
        """End a turn; the one that waits longest is granted."""
        self._holders.discard(holder)
        if not self._holders and self._waiting:
            granted, number, event = self._waiting.popleft()
            self._holders.add(granted)
            self._world.arm(event, 0.0, ACT, number)


class Turn:
    """What a gate waits for: every member that was taken has been Ready once, or is late.

    Whoever waits for the gate yields `changed` and looks again; looking comes last at an instant,
    so that all returns of the instant count.
    """

    def __init__(self, world: World, number: int, pending: int) -> None:
        self._world, self._number = world, number
        self.pending = pending
        """Members that have not been Ready since the turn and still exist."""
        self.late = False
        """Whether the start time-out is over."""
        self.changed = world.moment()
        self.is_done = False
        """Whether the gate has opened."""
        self.awaits_health = False
        """Whether it watches all instances, as only their health is missing."""
        self._looks = False

    def arrived(self, _instance: int) -> None:
        """A member is Ready for the first time since the turn, or is gone."""
        self.pending -= 1
        if self.late or not self.pending:
            self.look_again()

    def returned(self, _instance: int) -> None:
        """Some instance is Ready, or gone: told to those who watch all of them."""
        self.look_again()

    def time_out(self, _event: Event) -> None:
        """The start time-out is over: whoever is missing is late."""
        self.late = True
        if not self.is_done:
            self.look_again()

    def look_again(self) -> None:
        """Wake the one who waits for the gate, once an instant."""
        if not self._looks:
            self._looks = True
            self._world.arm(self.changed, 0.0, LOOK, self._number)

    def looked(self) -> None:
        """Make ready for the next change."""
        self.changed = self._world.moment()
        self._looks = False


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
