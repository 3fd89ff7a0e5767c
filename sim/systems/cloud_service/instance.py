"""The life of role instances: stop, restart by stages or as a whole, Ready, faults, failures.

Sources: "Workflow of Azure classic VM architecture", "Handle Cloud Service lifecycle events", the
InstanceStatus values of Get Deployment. SimPy cannot take an event out of its queue, so the events
of a restart carry their `Restart` and do nothing once another one has overtaken it.
"""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Protocol

from sim.core.log import PACK
from sim.systems.base.context import ACT, RETURN, EventSequence
from sim.systems.cloud_service.states import (
    CYCLING,
    READY,
    SLOW,
    STAGED,
    STOPPED,
    UNRESPONSIVE,
    WIDTH,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from sim.systems.base.context import Context, ScheduledEvent
    from sim.systems.cloud_service.draws import RestartDraws
    from sim.systems.cloud_service.layout import Layout

AT_RETURN = RETURN << 32
"""The priority of an event of that rank, without the number of its subject."""

LAST = -1
"""Number of a step that no other follows."""


class Taker(Protocol):
    """Who took an instance out and waits for it: a domain's turn."""

    def arrived(self, instance: int) -> None:
        """`instance` is Ready for the first time since, or is gone."""


class Watcher(Protocol):
    """Who wants to know of every instance."""

    def returned(self, instance: int) -> None:
        """`instance` is Ready, or is gone."""


class Restart:
    """Why instances that were taken out together restart, and what is drawn for them.

    It is also by what an event knows that it is overtaken: by then its instance has another one.
    """

    __slots__ = ("attempts", "cause", "restart_draws")

    def __init__(self, restart_draws: Sequence[RestartDraws], cause: int) -> None:
        self.restart_draws = restart_draws
        """By role."""
        self.cause = cause
        """The subject whose doing it is."""
        self.attempts: dict[int, int] = {}
        """Number of the attempt of each instance that is past its first, number 0."""

    def attempt(self, instance: int) -> int:
        """The number of an instance's attempt to start."""
        return self.attempts.get(instance, 0)


class Instances:
    """The role instances of one deployment while they run. Lists are by instance number."""

    def __init__(self, context: Context, layout: Layout, slot: int, bad: list[bool]) -> None:
        self.context, self.layout = context, layout
        self._extend = context.recorder.extend
        self.first = layout.first_instance(slot)
        self.codes: list[int] = layout.initial_codes[slot].copy()
        self.turns: list[Taker | None] = [None] * layout.instances
        """The turn in which each instance is to become Ready."""
        self.restarts: list[Restart | None] = [None] * layout.instances
        """The last restart of each instance."""
        self.watching: list[Watcher] = []
        """Who wants to know of every instance that is Ready or gone."""
        self._role_of = layout.role_of
        self._held_until: dict[int, float] = {}
        """Instances with a recovery, creation or host update that no restart can shorten."""
        self._parked: set[int] = set()
        """Instances whose restart is over and whose hold is not."""
        self._offset = STAGED if slot else 0
        self._swaps = 0
        # Whether a build is bad is drawn once a run; a good one has no faults.
        self._fails = [p if is_bad else 0.0 for p, is_bad in zip(layout.fails, bad, strict=True)]
        self._latent = [f if is_bad else None for f, is_bad in zip(layout.latent, bad, strict=True)]
        self._slow = layout.slow

    # What an instance is.

    def status(self, instance: int) -> int:
        """Its status within its slot's half of the table."""
        return self.codes[instance] % WIDTH - self._offset

    def version(self, instance: int) -> int:
        """The number of its build."""
        return self.codes[instance] // WIDTH

    def exists(self, instance: int) -> bool:
        """Whether it was created and not removed."""
        return self.codes[instance] != 0

    def is_ready(self, instance: int) -> bool:
        """Whether it is ReadyRole."""
        return self.status(instance) in (READY, SLOW)

    def of(self, members: Iterable[int]) -> list[int]:
        """Those of `members` that exist."""
        return [instance for instance in members if self.codes[instance]]

    # What happens to it.

    def take(
        self,
        members: list[int],
        version: int | None,
        restart_draws: Sequence[RestartDraws],
        cause: int,
    ) -> None:
        """Stop `members` for a restart on build `version` (None: each on its own).

        Whatever they were doing is abandoned, except a recovery, a creation or a host update.
        `restart_draws` is by role, `cause` the subject whose doing it is.
        """
        # A hot path: each instance of a service comes by here in each upgrade.
        codes, restarts, now = self.codes, self.restarts, self.context.now
        extend, pack, first, offset = self._extend, PACK, self.first, self._offset
        restart = Restart(restart_draws, cause)
        due = []
        for role, alike in groupby(members, self._role_of.__getitem__):
            draws = restart_draws[role]
            status, seconds = draws.steps[0]
            base = draws.first
            for instance in alike:
                restarts[instance] = restart
                old = codes[instance]
                on = old // WIDTH if version is None else version
                new = codes[instance] = on * WIDTH + status + offset
                subject = first + instance
                extend(pack(now, subject, cause, old, new))
                due.append((now + seconds[instance - base], AT_RETURN | subject, instance))
        if self._parked:
            self._parked.difference_update(members)
        due.sort()  # who is back at the same instant comes in order of number

        def first_step_ends(due: tuple[float, int, int]) -> None:
            instance = due[2]
            if restarts[instance] is restart:
                self.end_step(instance, restart, 0)

        EventSequence(self.context, due, first_step_ends)

    def hold(
        self,
        instance: int,
        version: int,
        status: int,
        seconds: float,
        restart_draws: Sequence[RestartDraws],
        cause: int,
    ) -> None:
        """Put an instance out for `seconds` that no other restart can shorten.

        So it is for a failure's recovery, a creation and a host update: a restart that comes in
        between has its own time, and the instance is back at the later of the two ends.
        """
        draws = restart_draws[self._role_of[instance]]
        restart = self.restarts[instance] = Restart(restart_draws, cause)
        # Failures are one reason for many restarts: each goes on where the last one has ended.
        restart.attempts[instance] = draws.used.get(instance, 0)
        draws.used[instance] = restart.attempts[instance] + 1
        self._parked.discard(instance)
        self._become(instance, version, status, cause)
        until = self.context.now + seconds
        self._held_until[instance] = max(until, self._held_until.get(instance, 0.0))
        self._step_ends(instance, restart, seconds, LAST)
        self.context.call(seconds, RETURN, self.first + instance, self._unpark, instance)

    def remove(self, instance: int, cause: int) -> None:
        """The instance goes for good: the service was scaled in."""
        self.restarts[instance] = None
        self._parked.discard(instance)
        self._held_until.pop(instance, None)
        turn, self.turns[instance] = self.turns[instance], None
        old, self.codes[instance] = self.codes[instance], 0
        self.context.record(self.context.now, self.first + instance, old, 0, cause)
        if turn is not None:
            turn.arrived(instance)
        self._tell(instance)

    def suspend(self, instance: int, cause: int) -> None:
        """Stop an instance until something starts it again."""
        self.restarts[instance] = None
        self._parked.discard(instance)
        self._become(instance, self.version(instance), STOPPED, cause)

    def swap(self, restart_draws: Sequence[RestartDraws], cause: int) -> None:
        """Move all instances to the other slot; what they are doing goes on there.

        `restart_draws` are for instances that have not restarted yet: latent faults start in
        production.
        """
        self._swaps += 1
        self._offset = STAGED - self._offset
        change = STAGED if self._offset else -STAGED
        for instance, old in enumerate(self.codes):
            if old:
                new = self.codes[instance] = old + change
                self.context.record(self.context.now, self.first + instance, old, new, cause)
                self.restarts[instance] = self.restarts[instance] or Restart(restart_draws, cause)
                self._plan_fault(instance)

    # How it comes back.

    def _become(self, instance: int, version: int, status: int, cause: int) -> None:
        old = self.codes[instance]
        new = self.codes[instance] = version * WIDTH + status + self._offset
        self.context.record(self.context.now, self.first + instance, old, new, cause)

    def _step_ends(self, instance: int, restart: Restart, delay: float, step: int) -> None:
        subject = self.first + instance
        self.context.call(delay, RETURN, subject, self._next_step, (instance, restart, step))

    def _next_step(self, event: ScheduledEvent) -> None:
        instance, restart, step = event.argument
        if restart is self.restarts[instance]:
            self.end_step(instance, restart, step)

    def end_step(self, instance: int, restart: Restart, step: int) -> None:
        """A step of its restart is over: the next one begins, or the attempt ends."""
        draws = restart.restart_draws[self._role_of[instance]]
        version = self.codes[instance] // WIDTH
        if LAST < step < draws.last_step:
            status, seconds = draws.steps[step + 1]
            self._become(instance, version, status, restart.cause)
            self._step_ends(instance, restart, seconds[instance - draws.first], step + 1)
            return
        chance = self._fails[version]
        # Every start on a bad build may fail, whatever its reason.
        if chance and draws.fails(instance, restart.attempt(instance), chance):
            self._cycle(instance, version, restart)
        elif self._held_until and self._held_until.get(instance, 0.0) > self.context.now:
            self._parked.add(instance)
        else:
            self._ready(instance, version, restart)

    def _cycle(self, instance: int, version: int, restart: Restart) -> None:
        """It did not start: it recycles, which is another attempt."""
        draws = restart.restart_draws[self._role_of[instance]]
        attempt = restart.attempts[instance] = restart.attempt(instance) + 1
        draws.used[instance] = attempt + 1
        if self.status(instance) != CYCLING:
            self._become(instance, version, CYCLING, self.layout.first_build + version)
        if self._fails[version] < 1.0:  # else it never starts, and each try would be an event
            self._step_ends(instance, restart, draws.retry(instance, attempt), LAST)

    def _unpark(self, event: ScheduledEvent) -> None:
        """A hold ends: an instance whose restart is over is back, unless it is held again."""
        instance = event.argument
        restart = self.restarts[instance]
        if (
            instance in self._parked
            and restart is not None
            and self._held_until[instance] <= self.context.now
        ):
            self._parked.discard(instance)
            self._ready(instance, self.version(instance), restart)

    def _ready(self, instance: int, version: int, restart: Restart) -> None:
        role, codes = self._role_of[instance], self.codes
        slow = self._slow[role]
        old = codes[instance]
        new = codes[instance] = version * WIDTH + (SLOW if slow else READY) + self._offset
        self._extend(PACK(self.context.now, self.first + instance, restart.cause, old, new))
        if slow:
            seconds = restart.restart_draws[role].slow_for(instance, restart.attempt(instance))
            self._later(instance, seconds, RETURN, self._warmed_up)
        if self._latent[version] is not None:
            self._plan_fault(instance)
        turn = self.turns[instance]
        if turn is not None:
            self.turns[instance] = None
            turn.arrived(instance)
        if self.watching:
            self._tell(instance)

    def _tell(self, instance: int) -> None:
        for watcher in tuple(self.watching):  # one that has seen enough leaves the list
            watcher.returned(instance)

    def _later(
        self, instance: int, delay: float, rank: int, then: Callable[[int, Restart], None]
    ) -> None:
        """`then` happens after `delay` seconds, unless a restart takes the instance before."""
        restart = self.restarts[instance]
        assert restart is not None

        def unless_restarted(_: ScheduledEvent) -> None:
            if self.restarts[instance] is restart and self.is_ready(instance):
                then(instance, restart)

        self.context.call(delay, rank, self.first + instance, unless_restarted)

    def _warmed_up(self, instance: int, restart: Restart) -> None:
        self._become(instance, self.version(instance), READY, restart.cause)

    def _plan_fault(self, instance: int) -> None:
        """A latent fault of a bad build shows a while after Ready, in production."""
        latent, restart = self._latent[self.version(instance)], self.restarts[instance]
        # Who runs at time 0 has not started on its build; who is in staging has no users yet.
        if latent is None or restart is None or self._offset or not self.is_ready(instance):
            return
        draws = restart.restart_draws[self._role_of[instance]]
        after = draws.unhealthy_after(instance, restart.attempt(instance), latent)
        if after is not None:
            swaps = self._swaps
            self._later(instance, after, ACT, lambda i, _: self._turn_unhealthy(i, swaps))

    def _turn_unhealthy(self, instance: int, swaps: int) -> None:
        """The fault shows, unless a swap took the instance out of production in between."""
        if swaps == self._swaps:
            version = self.version(instance)
            self._become(instance, version, UNRESPONSIVE, self.layout.first_build + version)
