"""The life of instances: created, upgraded, healthy or not, failed, restored, deleted.

SimPy cannot take an event out of its queue, so events carry the `Course` that they belong to and do
nothing once another one has overtaken it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np

from sim.core.log import PACK, ROW
from sim.systems.base.context import LOOK, RETURN, EventSequence
from sim.systems.vm_scale_set.draws import seen_healthy
from sim.systems.vm_scale_set.states import (
    COUNTS_UNHEALTHY,
    CREATING,
    DELETING,
    EXTENSIONS_UPDATING,
    FAILED,
    GIVEN_UP,
    HEALTHY,
    IN_SERVICE,
    INITIALIZING,
    ON_ITS_WAY,
    REIMAGING,
    RESTARTING,
    RESTORING,
    UNHEALTHY,
    UPDATING,
    WIDTH,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence

    from numpy.typing import NDArray

    from sim.systems.base.context import Context, ScheduledEvent
    from sim.systems.vm_scale_set.draws import Starts
    from sim.systems.vm_scale_set.layout import SetLayout

KEYS = {
    EXTENSIONS_UPDATING: "upgrade",
    UPDATING: "upgrade",
    REIMAGING: "reimage",
    RESTARTING: "restart",
    CREATING: "create",
}
"""Status in which an instance starts -> the key of the set that says how long it takes."""

RUNS, ANSWERS, JUDGED = range(3)
"""Steps of a start: the instance runs, is seen to be healthy, is given up."""
AFTER = (INITIALIZING, HEALTHY, UNHEALTHY)
"""Its status after each of them."""


class Awaits(Protocol):
    """Who took instances out and waits for them."""

    def settled(self, instance: int, *, is_healthy: bool) -> None:
        """An instance is healthy, or given up, or gone."""


class Both:
    """Two who wait for the same instance: it was taken again before it had settled."""

    def __init__(self, first: Awaits, second: Awaits) -> None:
        self._first, self._second = first, second

    @classmethod
    def of(cls, first: Awaits | None, second: Awaits) -> Awaits:
        """Those of the two who are there."""
        return second if first is None else cls(first, second)

    def settled(self, instance: int, *, is_healthy: bool) -> None:
        """Tell both, in the order in which they took it."""
        self._first.settled(instance, is_healthy=is_healthy)
        self._second.settled(instance, is_healthy=is_healthy)


class Watcher(Protocol):
    """Who wants to know of every instance."""

    def changed(self, instance: int) -> None:
        """It is healthy, or unhealthy, or gone."""


class Course:
    """What instances go through that were taken together; and by what an event knows that it is
    overtaken: by then its instance has another one.
    """

    __slots__ = ("attempts", "cause", "starts")

    def __init__(self, starts: Starts | None, cause: int) -> None:
        self.starts = starts
        self.cause = cause
        """The subject whose doing it is."""
        self.attempts: dict[int, int] | None = None
        """Number of each instance's start, where its version is bad."""


class Instances:
    """The instances of one set while they run. Lists are by number."""

    def __init__(self, context: Context, layout: SetLayout) -> None:
        self.context, self.layout = context, layout
        self._extend = context.recorder.extend
        self.first = layout.first_instance
        self.codes: list[int] = layout.instances.initial.tolist()
        self.watching: list[Watcher] = []
        self.changed_at: dict[int, float] = {}
        """When the last change of an instance was over."""
        self._courses: list[Course | None] = [None] * layout.room
        self._awaiting: list[Awaits | None] = [None] * layout.room
        self._failed_until: dict[int, float] = {}
        self.count = layout.spec.instances
        """How many are present."""
        self.reserved: set[int] = set()
        """Numbers that a replacement is to have."""
        status = np.arange(len(layout.instances.states)) % WIDTH
        self._is_there = (status > 0) & (status != DELETING)
        # Without a source of health Azure sees power states only.
        self._sees = layout.spec.health.source != "none"
        unseen = () if self._sees else (INITIALIZING, UNHEALTHY)
        self._is_on_its_way = np.isin(status, ON_ITS_WAY) & ~np.isin(status, unseen)
        self._counts_unhealthy = np.isin(status, COUNTS_UNHEALTHY) & ~np.isin(status, unseen)

    # What an instance is.

    def status(self, instance: int) -> int:
        """Its status."""
        return self.codes[instance] % WIDTH

    def version(self, instance: int) -> int:
        """The number of its model."""
        return self.codes[instance] // WIDTH

    @property
    def present(self) -> list[int]:
        """Those that are there, and not about to be deleted."""
        return self._numbers(self._is_there)

    @property
    def free(self) -> list[int]:
        """Numbers that new instances may have."""
        codes, reserved = self.codes, self.reserved
        return [k for k, code in enumerate(codes) if not code and k not in reserved]

    @property
    def on_their_way(self) -> list[int]:
        """Those with which something is done, so that their version is not reached yet."""
        return self._numbers(self._is_on_its_way)

    @property
    def unhealthy(self) -> list[int]:
        """Those that count as unhealthy where no batch is under way."""
        return self._numbers(self._counts_unhealthy)

    def pending(self, version: int, *passed_over: Collection[int]) -> list[int]:
        """Those that are not at a model, by number."""
        codes = np.array(self.codes)
        which = self._is_there[codes] & (codes // WIDTH != version)
        for each in passed_over:
            which[list(each)] = False
        found: list[int] = np.flatnonzero(which).tolist()
        return found

    def _numbers(self, by_code: NDArray[np.bool_]) -> list[int]:
        found: list[int] = np.flatnonzero(by_code[self.codes]).tolist()
        return found

    def counts_unhealthy(self, instance: int) -> bool:
        """Whether it counts as unhealthy where no batch is under way."""
        return bool(self._counts_unhealthy[self.codes[instance]])

    def is_given_up(self, instance: int) -> bool:
        """Whether it is seen to be unhealthy, and nothing is done about it."""
        return self.status(instance) in GIVEN_UP and self.counts_unhealthy(instance)

    # What befalls it.

    def start(
        self,
        members: Sequence[int],
        version: int,
        status: int,
        starts: Starts,
        cause: int,
        awaits: Awaits,
    ) -> None:
        """Take `members` out for a start on a model; what they were doing is abandoned.

        `status` says what is done with them, `cause` is the subject whose doing it is.
        """
        # A hot path: each instance of a set comes by here in each upgrade.
        codes, courses, awaiting = self.codes, self._courses, self._awaiting
        now, first = self.context.now, self.first
        numbers = np.array(members, np.int64)
        attempts = starts.next_attempts(numbers)
        course = Course(starts, cause)
        if starts.is_faulty(version):
            course.attempts = dict(zip(members, attempts.tolist(), strict=True))
        new = version * WIDTH + status
        if status == CREATING:
            self.count += sum(not codes[instance] for instance in members)
        rows = np.empty(len(members), ROW)
        rows["time"], rows["subject"], rows["cause"] = now, first + numbers, cause
        rows["old"], rows["new"] = [codes[instance] for instance in members], new
        self._extend(rows.tobytes())
        for instance in members:
            courses[instance] = course
            former = awaiting[instance]
            awaiting[instance] = awaits if former is None else Both(former, awaits)
            codes[instance] = new
        due = self._plan(numbers, attempts, version, status, starts)
        EventSequence(self.context, due, self._stepper(course))

    def _plan(
        self,
        members: NDArray[np.int64],
        attempts: NDArray[np.int64],
        version: int,
        status: int,
        starts: Starts,
    ) -> Iterable[tuple[float, int, int, int]]:
        """The steps of a start that begins now, in order: time, priority, instance, step."""
        health = self.layout.spec.health
        runs = self.context.now + starts.durations(KEYS[status], members, attempts)
        if self._failed_until:  # no start shortens the recovery from a failure
            until = [self._failed_until.get(instance, 0.0) for instance in members.tolist()]
            runs = np.maximum(runs, until)
        answers = starts.durations("healthy_after", members, attempts)
        healthy = runs + seen_healthy(answers, health)
        judged = runs + health.wait + (health.grace_period if health.grace_extends_wait else 0.0)
        gets_healthy = starts.get_healthy(members, attempts, version)
        stops = np.ones(len(members), bool)
        if status == EXTENSIONS_UPDATING:  # it serves on where all is well
            healthy[gets_healthy], stops = runs[gets_healthy], ~gets_healthy
        is_late = ~gets_healthy | (healthy > judged)
        place = np.arange(len(members))
        steps = (
            (RUNS, RETURN, runs, place[stops]),
            (ANSWERS, RETURN, healthy, place[gets_healthy]),
            (JUDGED, LOOK, judged, place[is_late]),
        )
        times = np.concatenate([when[which] for _, _, when, which in steps])
        number = np.concatenate([members[which] for _, _, _, which in steps])
        rank = np.repeat([rank for _, rank, _, _ in steps], [len(each[3]) for each in steps])
        step = np.repeat([step for step, _, _, _ in steps], [len(each[3]) for each in steps])
        priority = rank << 32 | (self.first + number)
        order = np.lexsort((step, priority, times))
        columns = (times, priority, number, step)
        return zip(*(column[order].tolist() for column in columns), strict=True)

    def _stepper(self, course: Course) -> Callable[[tuple[float, int, int, int]], None]:
        """What is called with each step of a start; what it needs is at hand, as steps are many."""
        codes, courses, awaiting, extend = self.codes, self._courses, self._awaiting, self._extend
        first, cause, sees = self.first, course.cause, self._sees
        is_plain = not self.watching and course.attempts is None

        def step(due: tuple[float, int, int, int]) -> None:
            now, _, instance, number = due
            if courses[instance] is not course:
                return
            old = codes[instance]
            new = codes[instance] = old - old % WIDTH + AFTER[number]
            extend(PACK(now, first + instance, cause, old, new))
            if number == ANSWERS:
                awaits = awaiting[instance]
                if is_plain and awaits is not None:
                    awaiting[instance] = None
                    awaits.settled(instance, is_healthy=True)
                else:
                    self._is_healthy(instance, course)
            elif number == JUDGED:
                self._settle(instance, is_healthy=False)
            elif not sees:
                self._settle(instance, is_healthy=True)

        return step

    def restore(
        self, instance: int, version: int, starts: Starts, cause: int, awaits: Awaits
    ) -> None:
        """Give an instance its former OS disk back."""
        # Assumption: that succeeds, and the instance is healthy as soon as it is done.
        course = self._courses[instance] = Course(None, cause)
        self._awaiting[instance] = Both.of(self._awaiting[instance], awaits)
        self._become(instance, version, RESTORING, cause)
        seconds = starts.times("restore")[instance, 0]
        recovery = self._failed_until.get(instance, 0.0) - self.context.now
        seconds = max(seconds, recovery)
        self._later(course, instance, seconds, self._is_back)

    def delete(self, instance: int, starts: Starts, cause: int, awaits: Awaits) -> None:
        """Delete an instance; its number is free then."""
        # Assumption: an instance stops serving when its deletion begins.
        self.count -= 1
        course = self._courses[instance] = Course(None, cause)
        self._awaiting[instance] = Both.of(self._awaiting[instance], awaits)
        self._become(instance, self.version(instance), DELETING, cause)
        self._later(course, instance, starts.deletion(instance), self._is_gone)

    def fail(self, instance: int, recovery: float, cause: int) -> None:
        """A failure; one that is out of service has nothing to lose."""
        if self.status(instance) not in IN_SERVICE:
            return
        course = self._courses[instance] = Course(None, cause)
        self._failed_until[instance] = self.context.now + recovery
        self._become(instance, self.version(instance), FAILED, cause)
        # An upgrade of its extensions under way is over: there is nothing left to wait for.
        self._settle(instance, is_healthy=False)
        self._later(course, instance, recovery, self._is_back)

    # How it comes back.

    def _is_back(self, instance: int, course: Course) -> None:
        self._become(instance, self.version(instance), HEALTHY, course.cause)
        self._is_healthy(instance, course)

    def _is_healthy(self, instance: int, course: Course) -> None:
        if self.watching:
            self.changed_at[instance] = self.context.now
        self._settle(instance, is_healthy=True)
        if course.attempts is None or course.starts is None:
            return
        version, attempt = self.version(instance), course.attempts[instance]
        for seconds, place in course.starts.unhealthy_after(instance, attempt, version):
            self._later(course, instance, seconds, self._fault, self.layout.first_fault + place)

    def _fault(self, instance: int, _: Course, cause: int) -> None:
        if self.status(instance) == HEALTHY:
            self._become(instance, self.version(instance), UNHEALTHY, cause)
            self._settle(instance, is_healthy=False)

    def _is_gone(self, instance: int, course: Course) -> None:
        self.context.record(
            self.context.now, self.first + instance, self.codes[instance], 0, course.cause
        )
        self.codes[instance] = 0
        self._courses[instance] = None
        self._failed_until.pop(instance, None)
        self._settle(instance, is_healthy=False)

    def _become(self, instance: int, version: int, status: int, cause: int) -> None:
        old, new = self.codes[instance], version * WIDTH + status
        self.codes[instance] = new
        self.context.record(self.context.now, self.first + instance, old, new, cause)

    def _later(
        self, course: Course, instance: int, delay: float, then: Callable[..., None], *more: int
    ) -> None:
        """`then` happens after `delay` seconds, unless another course overtakes this one."""

        def unless_overtaken(_: ScheduledEvent) -> None:
            if self._courses[instance] is course:
                then(instance, course, *more)

        self.context.call(delay, RETURN, self.first + instance, unless_overtaken)

    def _settle(self, instance: int, *, is_healthy: bool) -> None:
        awaits = self._awaiting[instance]
        if awaits is not None:
            self._awaiting[instance] = None
            awaits.settled(instance, is_healthy=is_healthy)
        for watcher in self.watching:
            watcher.changed(instance)


class Batch:
    """Instances that were taken together, until each of them is healthy, or given up, or gone."""

    def __init__(self, context: Context, subject: int, members: Sequence[int]) -> None:
        """`subject` is whose event it is when all are."""
        self._context, self._subject = context, subject
        self._open = len(members)
        self.failed: list[int] = []
        """Those that are not healthy."""
        self.over = context.event()
        """Happens when all have settled."""
        if not self._open:
            self._end()

    def settled(self, instance: int, *, is_healthy: bool) -> None:
        """An instance is healthy, or given up, or gone."""
        self._open -= 1
        if not is_healthy:
            self.failed.append(instance)
        if not self._open:
            self._end()

    def _end(self) -> None:
        self._context.trigger(self.over, 0.0, LOOK, self._subject)
