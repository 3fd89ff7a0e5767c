"""What the operations of all systems have in common: whom they ask, when, and in which windows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Literal

import numpy as np
from pydantic import Field, ValidationInfo, field_validator
from pydantic.json_schema import SkipJsonSchema

from sim.core import windows as daily
from sim.core.clock_times import WEEK
from sim.core.units import format_clock, parse_instant, to_grid
from sim.core.wall_clock import DAY, WallClock, show_instant
from sim.formats.distributions import Distribution
from sim.formats.fields import Clock, ClockEnd, Name, Spec
from sim.systems.base.spec import Issue

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator

    from sim.core.random_streams import Draws

_LONG = 9 * DAY
"""In so much time any window opens: it does so once a week."""

Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


class Window(Spec):
    """A daily time in which an upgrade may begin something new."""

    days: tuple[Day, ...] | SkipJsonSchema[None] = Field(default=None, min_length=1)
    """Days on which the window opens: mon, tue, wed, thu, fri, sat, sun. Default: every day. Naming
    days needs a `start` in the file."""
    from_: Clock = Field(alias="from")
    """Time of day at which the window opens, such as "22:00"."""
    to: ClockEnd
    """Time of day at which it closes, itself not included; the next day's unless after `from`.
    "24:00" is the end of the day."""

    @field_validator("to")
    @classmethod
    def _takes_time(cls, to: float, given: ValidationInfo) -> float:
        if to == given.data.get("from_"):
            rule = "must not be as `from` (a whole day is from 00:00 to 24:00)"
            raise ValueError(f"{rule}, got {format_clock(to)}")
        return to


def windows_of(windows: tuple[Window, ...], span: Span) -> daily.Windows:
    """The same as a rule over the time of a scenario."""
    return _windows_of(windows, span.clock)


@lru_cache(maxsize=64)  # many operations may have the same ones
def _windows_of(windows: tuple[Window, ...], clock: WallClock) -> daily.Windows:
    return daily.Windows(
        tuple(
            daily.Window(each.from_, each.to, frozenset(map(WEEK.index, each.days or WEEK)))
            for each in windows
        ),
        clock,
    )


def never_open(
    path: tuple[str | int, ...], windows: tuple[Window, ...], span: Span, since: float = 0.0
) -> Iterator[Issue]:
    """Those of the windows at `path` that do not open from `since` (seconds) to the horizon."""
    if span.horizon - since > _LONG:
        return
    for place, window in enumerate(windows):
        opens, closes = windows_of((window,), span).intervals
        if not ((opens <= span.horizon) & (closes > since)).any():
            yield Issue((*path, place), f"is never open {span.told_from(since)}")


def without_a_window(operation: Operation, span: Span) -> Iterator[Issue]:
    """The windows of an operation in which it cannot begin anything any more."""
    windows = getattr(operation.body, "windows", ())
    if not operation.at.is_random:
        path = (*operation.path, "windows")
        yield from never_open(path, windows, span, operation.at.highest)


class Request(Spec):
    """Body of an operation; each system derives its own."""

    system: Name | SkipJsonSchema[None] = None
    """The system that receives it. Default: the only one that has this operation."""


@dataclass(frozen=True)
class Span:
    """The time that a scenario takes."""

    horizon: float
    """Seconds."""
    start: dt.datetime | None
    """The wall clock at time 0."""

    @cached_property
    def clock(self) -> WallClock:
        """The wall clock over this time."""
        return WallClock(self.start, self.horizon)

    def told_from(self, since: float) -> str:
        """``from 2h to 1d``: `since` is in seconds, and a clock is followed where there is one."""
        begin, end = (show_instant(each, self.start) for each in (since, self.horizon))
        return f"from {begin} to {end}"


@dataclass(frozen=True)
class Operation:
    """One entry of the file's `operations`."""

    index: int
    """Its place in the file's list, from 0."""
    name: str
    """As given, else KIND-k, k counting the operations of that kind in the file from 0."""
    named: bool
    """Whether the file gives the name."""
    kind: str
    """The operation's key, such as upgrade_deployment."""
    system: str
    at: Distribution
    """Seconds after the scenario's start."""
    body: Request
    clock: str = ""
    """When it is, as a date and time, where the file says that by the clock."""
    every: float = 0.0
    """Seconds after which the file repeats it, or 0."""
    repetition: int = 0
    """Which repetition it is: 0 is what the file has, 1 comes next."""
    times: int = 1
    """How often it is asked for, repetitions included."""

    @property
    def path(self) -> tuple[str | int, ...]:
        """Where the body stands in the file."""
        return ("operations", self.index, self.kind)

    def drawn_at(self, draws: Draws) -> float:
        """When it is asked for in one replication, seconds after the scenario's start."""
        if self._fixed_at is not None:
            return self._fixed_at
        return draws.times(f"{self.system}/operation/at/{self.name}", self.at, 1)[0, 0]

    @cached_property
    def _fixed_at(self) -> float | None:
        """When it is asked for in every replication, if it is at one time."""
        return None if self.at.is_random else to_grid(self.at.highest)

    def repetitions(self, span: Span) -> list[Operation]:
        """What the file repeats, up to the horizon: NAME-2, NAME-3, ..."""
        return [
            replace(self, name=self.name_of(place), at=Distribution.fixed(at), repetition=place)
            for place, at in enumerate(self.repeated_at(span), 1)
        ]

    def name_of(self, repetition: int) -> str:
        """The name of a repetition of what the file has: NAME-2 is the first."""
        return f"{self.name}-{repetition + 1}"

    def repeated_at(self, span: Span) -> list[float]:
        """When it is repeated after the first time, seconds after the start, up to the horizon.

        Where the file says by the clock when it is, and that it is every so many days, each is at
        that time of day, whatever changes the clock, and once where two fall on one instant; else
        every so many seconds.
        """
        if not self.every:
            return []
        first = self.at.highest
        steps = self.every * np.arange(1, (span.horizon - first) // self.every + 2)
        if self.clock and self.every % DAY == 0:
            reading = span.clock.reading_of(parse_instant(self.clock))
            times = np.unique(span.clock.instants(reading + steps))
        else:
            times = first + steps
        found: list[float] = times[(times > first) & (times <= span.horizon)].tolist()
        return found
