"""What all processes of one replication share: the clock with its ranks, the log, the chances.

At one instant things happen by rank, within a rank by the number of their subject in the log.
SimPy orders equal times by a priority, so a rank and a number are packed into one. Bare timeouts,
AllOf and the ends of processes carry SimPy's own priorities and would come before everything:
processes wait only on events that `World` makes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from simpy import Event

from sim.log import Recorder

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from datetime import datetime

    from simpy import Environment

    from sim.chance import Draws

RETURN = 1
"""Completions and returns to service, and what they complete."""
ACT = 2
"""Operations, failures, removals, the next wave."""
SUBMIT = 3
DISPATCH = 4
LOOK = 5
"""Those who look: gates, operators, health verdicts."""
HORIZON = 9


class Due(Event):
    """Something that is already decided and happens after `delay` seconds, in its rank."""

    def __init__(self, env: Environment, delay: float, priority: int, argument: Any = None) -> None:
        self.env = env
        self.callbacks = []
        self._ok, self._value = True, None
        self.argument = argument
        """What whoever is called needs to know."""
        env.schedule(self, priority, delay)  # type: ignore[arg-type]  # any integer will do


class TooLongError(Exception):
    """A run has more events than it may have."""


class Budget:
    """How many events the parts of a run may have together."""

    def __init__(self, events: int) -> None:
        self._left = events

    def run(self, env: Environment, last: Event) -> None:
        """Let all happen until the event `last`. TooLongError where that is too much."""
        while not last.processed:
            self._left -= 1
            if self._left < 0:
                raise TooLongError
            env.step()


class World:
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
        self.draws = draws
        self.horizon = horizon
        self.start_time = start_time
        # For those who make events by the million: what `env.schedule` adds to, and counts by.
        self.agenda: list[Any] = env._queue  # noqa: SLF001
        self.numbers = env._eid  # noqa: SLF001
        self.recorder = recorder or Recorder()
        self.record = self.recorder.record
        self._budget = budget

    @property
    def now(self) -> float:
        """Seconds since the scenario's start."""
        return float(self.env.now)

    def after(self, delay: float, rank: int, number: int) -> Event:
        """An event to wait for: `delay` seconds from now, in `rank`, by subject `number`."""
        return Due(self.env, delay, rank << 32 | number)

    def moment(self) -> Event:
        """An event to wait for whose time is not known yet; `arm` gives it one."""
        return self.env.event()

    def arm(self, event: Event, delay: float, rank: int, number: int) -> None:
        """Let a `moment` happen `delay` seconds from now, in `rank`, by subject `number`."""
        # What `succeed` does, in a rank of our own.
        event._ok, event._value = True, None  # noqa: SLF001
        self.env.schedule(event, rank << 32 | number, delay)  # type: ignore[arg-type]

    def call(
        self,
        delay: float,
        rank: int,
        number: int,
        function: Callable[[Due], None],
        argument: Any = None,
    ) -> None:
        """Call `function` with an event that has `argument`, when `after` would be due."""
        due = Due(self.env, delay, rank << 32 | number, argument)
        due.callbacks.append(function)

    def happen(self, event: Event) -> None:
        """Let a `moment` happen now, before all else of this instant; it may be armed already."""
        # What is left in the agenda then has nobody to call.
        callbacks, event.callbacks = event.callbacks, []
        event._ok, event._value = True, None  # noqa: SLF001
        for callback in callbacks:
            callback(event)

    def run(self) -> None:
        """Let all happen until the horizon, which is closed."""
        # An event of the last rank ends the run: SimPy itself would stop before those at a number.
        last = self.after(self.horizon, HORIZON, 0)
        if self._budget is None:
            self.env.run(until=last)
        else:
            self._budget.run(self.env, last)

    def apart(self) -> World:
        """A world for members that nothing couples with others, with a clock of its own.

        It may run to the end before other parts begin, so that few events are pending at once. All
        parts have the same chances and write the same log.
        """
        self.recorder.in_parts = True
        env = type(self.env)()
        return World(env, self.draws, self.horizon, self.start_time, self.recorder, self._budget)

    def start(self, process: Generator[Event, Any, None]) -> None:
        """Let a process run from now on; its first part comes before all else of this instant."""
        self.env.process(process)
