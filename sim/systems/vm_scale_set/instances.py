"""The life of instances: created, upgraded, healthy or not, failed, restored, deleted.

SimPy cannot take an event out of its queue, so events carry the `Course` that they belong to and do
nothing once another one has overtaken it.
"""

from __future__ import annotations

from array import array
from itertools import count
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from sim.core.log import PACK, ROW
from sim.systems.base.context import RETURN, EventSequence, ManyAtOnce
from sim.systems.vm_scale_set.batch import Both
from sim.systems.vm_scale_set.states import (
    CREATING,
    DELETING,
    FAILED,
    HEALTHY,
    IN_SERVICE,
    RESTORING,
    UNHEALTHY,
    WIDTH,
)
from sim.systems.vm_scale_set.steps import AFTER, ANSWERS, JUDGED, KEYS, RUNS, plan

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from numpy.typing import NDArray

    from sim.systems.base.context import Context, ScheduledEvent
    from sim.systems.vm_scale_set.batch import Awaits, Batch
    from sim.systems.vm_scale_set.draws import Starts
    from sim.systems.vm_scale_set.layout import SetLayout
    from sim.systems.vm_scale_set.steps import Steps

MANY = 64
"""So many steps in a row are done at once: of fewer each is done by itself sooner."""


class Watcher(Protocol):
    """Who wants to know of every instance."""

    def changed(self, instance: int) -> None:
        """It is healthy, or unhealthy, or gone."""


class Course:
    """What instances go through that were taken together; and by what an event knows that it is
    overtaken: by then its instance has another one.
    """

    __slots__ = ("attempts", "cause", "number", "starts")

    def __init__(self, number: int, starts: Starts | None, cause: int) -> None:
        self.number = number
        """From 1 on, no two alike."""
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
        # Arrays, so that one instance is read as fast as from a list, and many are by NumPy.
        self.codes: array[int] = array("h", layout.instances.initial.tolist())
        self._every = np.frombuffer(self.codes, np.int16)
        """The same, in the same memory."""
        self.watching: list[Watcher] = []
        self.changed_at: dict[int, float] = {}
        """When the last change of an instance was over."""
        self._courses = array("q", bytes(8 * layout.room))
        """By number of its course."""
        self._every_course = np.frombuffer(self._courses, np.int64)
        self._new_course = count(1).__next__
        self._awaiting: list[Awaits | None] = [None] * layout.room
        self._failed_until: dict[int, float] = {}
        self.count = layout.spec.instances
        """How many are present."""
        self.reserved: set[int] = set()
        """Numbers that a replacement is to have."""
        self._sees = layout.spec.health.source != "none"

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
        return self._numbers(self.layout.is_there)

    @property
    def free(self) -> list[int]:
        """Numbers that new instances may have."""
        codes, reserved = self.codes, self.reserved
        return [k for k, code in enumerate(codes) if not code and k not in reserved]

    def have_room(self, more: int) -> bool:
        """Whether the quota allows so many more."""
        # Assumption: those that are created, deleted or replaced count against the quota, too.
        quota = self.layout.spec.quota
        return quota is None or len(self.codes) - len(self.free) + more <= quota

    @property
    def on_their_way(self) -> list[int]:
        """Those with which something is done, so that their version is not reached yet."""
        return self._numbers(self.layout.is_on_its_way)

    @property
    def unhealthy(self) -> list[int]:
        """Those that count as unhealthy where no batch is under way."""
        return self._numbers(self.layout.counts_unhealthy)

    def pending(self, version: int, *passed_over: Collection[int]) -> NDArray[np.int64]:
        """Those that are not at a model, by number."""
        codes = self._every
        which = self.layout.is_there[codes] & (codes // WIDTH != version)
        for each in passed_over:
            which[list(each)] = False
        return np.flatnonzero(which)

    def _numbers(self, by_code: NDArray[np.bool_]) -> list[int]:
        found: list[int] = np.flatnonzero(by_code[self._every]).tolist()
        return found

    def counts_unhealthy(self, instance: int) -> bool:
        """Whether it counts as unhealthy where no batch is under way."""
        return bool(self.layout.counts_unhealthy[self.codes[instance]])

    def is_given_up(self, instance: int) -> bool:
        """Whether it is seen to be unhealthy, and nothing is done about it."""
        return bool(self.layout.is_given_up[self.codes[instance]])

    # What befalls it.

    def start(
        self,
        members: Sequence[int],
        version: int,
        status: int,
        starts: Starts,
        cause: int,
        awaits: Batch,
    ) -> None:
        """Take `members` out for a start on a model; what they were doing is abandoned.

        `status` says what is done with them, `cause` is the subject whose doing it is.
        """
        # A hot path: each instance of a set comes by here in each upgrade.
        codes, every, awaiting = self.codes, self._every, self._awaiting
        numbers = np.array(members, np.int64)
        attempts = starts.next_attempts(numbers)
        course = Course(self._new_course(), starts, cause)
        if starts.is_faulty(version):
            course.attempts = dict(zip(members, attempts.tolist(), strict=True))
        new = version * WIDTH + status
        if status == CREATING:
            self.count += sum(not codes[instance] for instance in members)
        self._write(self.context.now, numbers, every[numbers], new, cause)
        every[numbers] = new
        self._every_course[numbers] = course.number
        is_plain = not self.watching and course.attempts is None
        for instance in members:
            former = awaiting[instance]
            awaiting[instance] = awaits if former is None else Both(former, awaits)
            is_plain = is_plain and former is None
        runs = self.context.now + starts.durations(KEYS[status], numbers, attempts)
        if self._failed_until:  # no start shortens the recovery from a failure
            until = [self._failed_until.get(instance, 0.0) for instance in members]
            runs = np.maximum(runs, until)
        due = plan(self.layout, starts, numbers, attempts, new, runs)
        columns = (column.tolist() for column in due)
        steps = zip(*columns, range(len(due.time)), strict=True)
        if is_plain and len(members) > MANY:
            sweeper = self._sweeper(course, awaits, due)
            ManyAtOnce(self.context, steps, self._stepper(course), sweeper)
        else:
            EventSequence(self.context, steps, self._stepper(course))

    def _write(
        self,
        time: float | NDArray[np.float64],
        instances: NDArray[np.int64],
        old: NDArray[np.int16],
        new: int | NDArray[np.int16],
        cause: int,
    ) -> None:
        rows = np.empty(len(instances), ROW)
        rows["time"], rows["subject"], rows["cause"] = time, self.first + instances, cause
        rows["old"], rows["new"] = old, new
        self._extend(rows.tobytes())

    def _sweeper(
        self, course: Course, awaits: Batch, due: Steps
    ) -> Callable[[tuple[Any, ...], float], int]:
        """What does many steps of a start at once as `_stepper` does one: those that come before
        whatever else happens, nobody is given up by, and that `awaits` is not over by.
        """
        times, _, numbers, steps = due
        # Each settles once: when it runs where no more is seen, else when it is healthy, unless it
        # was given up before.
        late = np.zeros(self.layout.room, bool)
        late[numbers[steps == JUDGED]] = True
        settles = (steps == ANSWERS) & ~late[numbers]
        if not self._sees and RUNS in steps:
            settles = steps == RUNS
        ends = np.append(np.flatnonzero(steps == JUDGED), len(times) - 1)
        codes, courses, awaiting = self._every, self._every_course, self._awaiting

        def at_once(due: tuple[Any, ...], until: float) -> int:
            begin: int = due[-1]
            if begin + MANY >= len(times) or times[begin + MANY] >= until:
                return 0
            end = min(np.searchsorted(times, until), ends[np.searchsorted(ends, begin)])
            mine = courses[numbers[begin:end]] == course.number
            settled = np.cumsum(settles[begin:end] & mine)
            end = begin + int(np.searchsorted(settled, awaits.open))
            if end - begin < MANY:
                return 0
            some: NDArray[np.int64] = begin + np.flatnonzero(mine[: end - begin])
            old, new = np.empty((2, len(some)), np.int16)
            for step in (RUNS, ANSWERS):  # some come by both, in this order
                which = steps[some] == step
                those = numbers[some[which]]
                old[which] = codes[those]
                new[which] = codes[those] = codes[those] // WIDTH * WIDTH + AFTER[step]
            self._write(times[some], numbers[some], old, new, course.cause)
            over = numbers[some[settles[some]]].tolist()
            for instance in over:
                awaiting[instance] = None
            awaits.open -= len(over)
            return end - begin

        return at_once

    def _stepper(self, course: Course) -> Callable[[tuple[Any, ...]], None]:
        """What is called with each step of a start; what it needs is at hand, as steps are many."""
        codes, courses, awaiting, extend = self.codes, self._courses, self._awaiting, self._extend
        first, cause, sees, course_number = self.first, course.cause, self._sees, course.number
        is_plain = not self.watching and course.attempts is None

        def step(due: tuple[Any, ...]) -> None:
            now, _, instance, number, _ = due
            if courses[instance] != course_number:
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
        course = self._take(instance, cause)
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
        course = self._take(instance, cause)
        self._awaiting[instance] = Both.of(self._awaiting[instance], awaits)
        self._become(instance, self.version(instance), DELETING, cause)
        self._later(course, instance, starts.deletion(instance), self._is_gone)

    def fail(self, instance: int, recovery: float, cause: int) -> None:
        """A failure; one that is out of service has nothing to lose."""
        if self.status(instance) not in IN_SERVICE:
            return
        course = self._take(instance, cause)
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
        self._courses[instance] = 0
        self._failed_until.pop(instance, None)
        self._settle(instance, is_healthy=False)

    def _take(self, instance: int, cause: int) -> Course:
        """Something new begins for an instance; what it was doing is overtaken."""
        course = Course(self._new_course(), None, cause)
        self._courses[instance] = course.number
        return course

    def _become(self, instance: int, version: int, status: int, cause: int) -> None:
        old, new = self.codes[instance], version * WIDTH + status
        self.codes[instance] = new
        self.context.record(self.context.now, self.first + instance, old, new, cause)

    def _later(
        self, course: Course, instance: int, delay: float, then: Callable[..., None], *more: int
    ) -> None:
        """`then` happens after `delay` seconds, unless another course overtakes this one."""

        def unless_overtaken(_: ScheduledEvent) -> None:
            if self._courses[instance] == course.number:
                then(instance, course, *more)

        self.context.call(delay, RETURN, self.first + instance, unless_overtaken)

    def _settle(self, instance: int, *, is_healthy: bool) -> None:
        awaits = self._awaiting[instance]
        if awaits is not None:
            self._awaiting[instance] = None
            awaits.settled(instance, is_healthy=is_healthy)
        for watcher in self.watching:
            watcher.changed(instance)
