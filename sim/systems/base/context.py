"""What all processes of one replication share: the clock with its ranks, the log, the chances.

At one instant things happen by rank, within a rank by the number of their subject in the log.
SimPy orders equal times by a priority, so a rank and a number are packed into one. Bare timeouts,
AllOf and the ends of processes carry SimPy's own priorities and would come before everything:
processes wait only on events that `Context` makes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from heapq import heappop, heappush
from itertools import islice
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from simpy import Event

from sim.core.log import ROW, Recorder

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable
    from datetime import datetime

    from simpy import Environment

    from sim.core.random_streams import Draws

Entry: TypeAlias = tuple[float, int, int, Event]
"""What stands in the event queue: when, rank and number, a number that no other has, and what."""

RETURN = 1
"""Completions and returns to service, and what they complete."""
ACT = 2
"""Operations, failures, removals, the next wave."""
SUBMIT = 3
DISPATCH = 4
LOOK = 5
"""Those who look: gates, operators, health verdicts."""
APART = 8
"""Parts of a system that run apart from all others, once these are over."""
HORIZON = 9


class ScheduledEvent(Event):
    """Something that is already decided, and who is called when it happens."""

    def __init__(
        self,
        env: Environment,
        callbacks: list[Callable[[ScheduledEvent], None]],
        argument: Any = None,
    ) -> None:
        self.env = env
        self.callbacks = callbacks
        self._ok, self._value = True, None
        self.argument = argument
        """What whoever is called needs to know."""


class EventSequence(Event):
    """Things that are known in advance: only the next of them is in the event queue, which so stays
    short, and only if something else comes before it.
    """

    def __init__(
        self,
        context: Context,
        due: Iterable[tuple[Any, ...]],
        then: Callable[[Any], None],
    ) -> None:
        """`due` are tuples, in order: the time (seconds), a priority (rank << 32 | subject), and
        whatever `then` needs to know when it is called with one.
        """
        super().__init__(context.env)
        self._ok, self._value = True, None
        self._context, self._due, self._then = context, iter(due), then
        self._next: Any = next(self._due, None)
        if self._next is not None:
            self._put((self._next[0], self._next[1], next(context.numbers), self))

    def _put(self, entry: Entry) -> None:
        self.callbacks = [self]
        heappush(self._context.event_queue, entry)

    def __call__(self, _: Event) -> None:
        """The next of them happens, and so do those right after it."""
        context, due, then = self._context, self._due, self._then
        queue, budget, env = context.event_queue, context.budget, self.env
        happens = self._next
        while True:
            following = self._next = next(due, None)
            if following is None:
                then(happens)
                break
            # It has its place in the queue before all that this one brings about.
            number = next(context.numbers)
            then(happens)
            # Most come before anything else: those need no entry.
            if following[0] >= queue[0][0]:
                entry = following[0], following[1], number, self
                if not context.advance_to(entry):
                    self._put(entry)
                    break
            else:
                context.now = env._now = following[0]  # noqa: SLF001  (as `advance_to`)
                budget.spent += 1
            happens = following
        context.spend(0, happens[1] & 0xFFFFFFFF)


class ManyAtOnce(EventSequence):
    """Things that are known in advance and bring nothing else about, so that many of them may be
    done by one call.
    """

    def __init__(
        self,
        context: Context,
        due: Iterable[tuple[Any, ...]],
        then: Callable[[Any], None],
        at_once: Callable[[Any, float], int],
    ) -> None:
        """`at_once` is called with one of them and the time of what else happens next: it may do
        that one and those after it which come before, but never the last of all, and says how many
        it did.
        """
        self._at_once = at_once
        super().__init__(context, due, then)

    def __call__(self, event: Event) -> None:
        """Many of them happen, if they may, and then the next ones."""
        context, happens = self._context, self._next
        done = self._at_once(happens, context.event_queue[0][0])
        if done:
            context.spend(done - 1, happens[1] & 0xFFFFFFFF)
            happens = self._next = next(islice(self._due, done - 1, None))
            entry = happens[0], happens[1], next(context.numbers), self
            if not context.advance_to(entry):
                self._put(entry)
                return
        super().__call__(event)


class TooLongError(Exception):
    """A run has more events, or rows of the log, than it may have."""

    def __init__(self, now: float, what: Literal["events", "rows"], subjects: list[int]) -> None:
        super().__init__()
        self.now = now
        """Seconds."""
        self.what = what
        """What there are too many of."""
        self.subjects = subjects
        """What they are about: some of the last events, or the rows that were not written; nobody
        where the log itself tells."""


@dataclass
class Budget:
    """How much the parts of a run may do together."""

    events: float = math.inf
    rows: float = math.inf
    """Of the log."""
    spent: int = 0
    """Events so far, and what was done within one that takes as long as one."""


PIECE = 10_000
"""So many events are run between two looks at how many there were."""

SAMPLE = 1_000
"""So many of the events that are too many are looked at, to tell what they are about."""


class Context:
    """One replication while it runs. It dies with the run."""

    def __init__(
        self,
        env: Environment,
        draws: Draws,
        horizon: float,
        start_time: datetime | None,
        recorder: Recorder | None = None,
        budget: Budget | None = None,
    ) -> None:
        self.env = env
        self.now = 0.0
        """Seconds since the scenario's start."""
        self.draws = draws
        self.horizon = horizon
        self.start_time = start_time
        # For those who make events by the million: what `env.schedule` adds to, and counts by.
        self.event_queue: list[Any] = env._queue  # noqa: SLF001
        self.numbers = env._eid  # noqa: SLF001
        self.recorder = recorder or Recorder()
        self.record = self.recorder.record
        self.budget = budget or Budget()
        self._part: Context | None = None
        """What ran apart last, from time 0 on."""

    @property
    def reached(self) -> float:
        """How far the run has come, seconds: the part that ran last, once parts run apart."""
        return self.now if self._part is None else self._part.now

    def after(self, delay: float, rank: int, number: int) -> Event:
        """An event to wait for: `delay` seconds from now, in `rank`, by subject `number`."""
        due = ScheduledEvent(self.env, [])
        self._put(due, delay, rank << 32 | number)
        return due

    def event(self) -> Event:
        """An event to wait for whose time is not known yet; `trigger` gives it one."""
        return Event(self.env)

    def trigger(self, event: Event, delay: float, rank: int, number: int) -> None:
        """Let an `event` happen `delay` seconds from now, in `rank`, by subject `number`."""
        # What `succeed` does, in a rank of our own.
        event._ok, event._value = True, None  # noqa: SLF001
        self._put(event, delay, rank << 32 | number)

    def call(
        self,
        delay: float,
        rank: int,
        number: int,
        function: Callable[[ScheduledEvent], None],
        argument: Any = None,
    ) -> None:
        """Call `function` with an event that has `argument`, when `after` would be due."""
        self._put(ScheduledEvent(self.env, [function], argument), delay, rank << 32 | number)

    def _put(self, event: Event, delay: float, priority: int) -> None:
        # What `Environment.schedule` does.
        entry = (self.now + delay, priority, next(self.numbers), event)
        heappush(self.event_queue, entry)

    def trigger_now(self, event: Event) -> None:
        """Let an `event` happen now, before all else of this instant; it may be due already."""
        # What is left in the event queue then has nobody to call.
        callbacks, event.callbacks = event.callbacks, []
        event._ok, event._value = True, None  # noqa: SLF001
        for callback in callbacks:
            callback(event)

    def advance_to(self, entry: Entry) -> bool:
        """Go on to what would stand in the queue as `entry`, if nothing there comes before it.

        Whether it did. It spares the way through the queue, and counts as an event all the same.
        """
        if self.event_queue[0] < entry:
            return False
        self.now = self.env._now = entry[0]  # noqa: SLF001
        self.budget.spent += 1
        return True

    def run(self) -> None:
        """Let all happen until the horizon, which is closed.

        Raises
        ------
        TooLongError
            If that takes more events, or rows, than there may be.
        """
        # An event of the last rank ends the run: SimPy itself would stop before those at a number.
        last = self.after(self.horizon, HORIZON, 0)
        budget = self.budget
        while not last.processed:
            piece = min(PIECE, budget.events - budget.spent)
            if piece <= 0:
                raise TooLongError(self.now, "events", self._sample(last))
            # What happens may itself spend: it is added to what is spent then.
            count = self._happens(last, int(piece))
            budget.spent += count

    def _happens(self, last: Event, most: int) -> int:
        """Let at most so many events happen, none after `last`; how many did.

        What `Environment.run` does, and as fast, though it looks at the rows after each event: one
        event may make any number of them.
        """
        env, event_queue = self.env, self.event_queue
        rows, most_bytes = self.recorder.buffer, self.budget.rows * ROW.itemsize
        for count in range(most):  # noqa: B007  (it is how many there were)
            now, _, _, event = heappop(event_queue)
            self.now = env._now = now  # noqa: SLF001  (ours is read far more often than SimPy's)
            callbacks, event.callbacks = event.callbacks, None
            for callback in callbacks:
                callback(event)
            if len(rows) > most_bytes:
                raise TooLongError(self.now, "rows", [])
            if not event._ok:  # noqa: SLF001  (a process failed: nothing else of ours can)
                raise event._value  # noqa: SLF001
            if event is last:
                break
        return count + 1

    def _sample(self, last: Event) -> list[int]:
        """The subjects of some more events."""
        subjects = []
        for _ in range(SAMPLE):
            if last.processed:
                break
            priority = self.event_queue[0][1]
            self._happens(last, 1)
            if priority >> 32:  # else it is SimPy's own, of the beginning of a process
                subjects.append(priority & 0xFFFFFFFF)
        return subjects

    def spend(self, events: int, subject: int) -> None:
        """Something that is about `subject` takes as long as so many events. TooLongError."""
        self.budget.spent += events
        if self.budget.spent > self.budget.events:
            raise TooLongError(self.now, "events", [subject])

    def afford(self, rows: int, subject: int) -> None:
        """So many rows more, which are about `subject`, are to be written. TooLongError."""
        if self.recorder.count + rows > self.budget.rows:
            raise TooLongError(self.now, "rows", [subject])

    def apart(self) -> Context:
        """A context for members that nothing couples with others, with a clock of its own.

        It may run to the end before other parts begin, so that few events are pending at once. All
        parts have the same chances and write the same log.
        """
        self.recorder.in_parts = True
        env = type(self.env)()
        self._part = Context(
            env, self.draws, self.horizon, self.start_time, self.recorder, self.budget
        )
        return self._part

    def start(self, process: Generator[Event, Any, None]) -> None:
        """Let a process run from now on; its first part comes before all else of this instant."""
        self.env.process(process)
