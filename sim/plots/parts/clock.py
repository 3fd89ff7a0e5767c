"""Time on an axis: which part of the window to show, and ticks as durations or as a wall clock.

Drawings on a terminal use it too: it knows nothing of how an axis is drawn.
"""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sim.core.units import format_duration, show_duration
from sim.core.wall_clock import show_date, show_instant

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0
_LADDER = (
    *(0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 15.0, 30.0),
    *(MINUTE * k for k in (1, 2, 5, 10, 15, 20, 30)),
    *(HOUR * k for k in (1, 2, 3, 4, 6, 12)),
    *(DAY * k for k in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)),
)
"""Round steps between ticks, seconds."""
_UNITS = ((DAY, "d"), (HOUR, "h"), (MINUTE, "min"), (1.0, "s"))
_FAR = 1000
"""Ticks of this many units and more count from a round time near them."""
_WORTH_ZOOMING = 0.6
"""A view is cut only where it would show less than this share of the window."""


@dataclass(frozen=True, slots=True)
class View:
    """The part [left, right] that is shown of the window [begin, end]; seconds."""

    left: float
    right: float
    begin: float
    end: float

    def describe(self, start: dt.datetime | None) -> str:
        """What the parts that are not shown hold; empty where all is shown."""
        before, after = self.left > self.begin, self.right < self.end
        if before and after:
            window = f"{show_instant(self.begin, start)} to {show_instant(self.end, start)}"
            return f"constant before and afterwards; window {window}"
        if after:
            return f"constant afterwards until {show_instant(self.end, start)}"
        return f"constant before, from {show_instant(self.begin, start)}" if before else ""


def view(begin: float, end: float, changes: Iterable[float]) -> View:
    """The part of [begin, end] in which something changes, with some room on both sides.

    `changes` are instants in seconds, in any order; those outside the window do not count.
    """
    inside = [at for at in changes if begin < at <= end]
    if not inside:
        return View(begin, end, begin, end)
    first, last = min(inside), max(inside)
    if first == last:
        # It says nothing of how closely to look: what it leads to has twice the room of what was.
        return _worth_cutting(
            begin, max(3 * last - 2 * begin, last + (end - begin) / 20), begin, end
        )
    room = max(last - first, 1.0, (end - begin) / 1000)
    left = max(begin, first - 0.15 * room)
    if left - begin < 2 * room:  # the start itself is worth showing when it is near
        left = begin
    right = min(end, last + 0.15 * max(room, last - left))
    return _worth_cutting(left, right, begin, end)


def _worth_cutting(left: float, right: float, begin: float, end: float) -> View:
    if right - left > _WORTH_ZOOMING * (end - begin):
        return View(begin, end, begin, end)
    return View(left, right, begin, end)


def nice_step(span: float, most: int) -> float:
    """The shortest round step that cuts `span` into at most `most` parts; all in seconds."""
    return next((step for step in _LADDER if step * most >= span), _LADDER[-1])


def ticks(left: float, right: float, start: dt.datetime | None, most: int) -> list[float]:
    """At most `most` + 1 round durations in [left, right], or round times of the day; seconds."""
    step = nice_step(right - left, most)
    tolerance = 1e-9 * step
    if start is None:
        first = math.ceil((left - tolerance) / step)
        return [step * k for k in range(first, math.floor((right + tolerance) / step) + 1)]
    inside = (left - tolerance, right + tolerance)
    return [at for at in _clock_ticks(left, right, step, start) if inside[0] <= at <= inside[1]]


@dataclass(frozen=True, slots=True)
class Scale:
    """How durations are written on an axis: all in one unit, as counted from `origin` (seconds)."""

    size: float
    """Seconds of the unit."""
    unit: str
    origin: float = 0.0

    @classmethod
    def of(cls, left: float, right: float, most: int) -> Scale:
        """The unit of which the step between ticks is a multiple, or one half."""
        step = nice_step(right - left, most)
        size, unit = next((each for each in _UNITS if step >= each[0] / 2), _UNITS[-1])
        if max(abs(left), abs(right)) < _FAR * size:
            return cls(size, unit)
        longer = min(each for each, _ in _UNITS if each > size) if size < DAY else size
        return cls(size, unit, math.floor(left / longer) * longer)

    def show(self, seconds: float) -> str:
        """The number at a tick."""
        return f"{round((seconds - self.origin) / self.size, 6):,.10g}"

    def label(self, what: str) -> str:
        """``time since start (min)``."""
        since = f" + {format_duration(self.origin)}" if self.origin else ""
        return f"{what}{since} ({self.unit})"


def labels(at: Sequence[float], start: dt.datetime | None) -> list[str]:
    """Durations, or times of the day with the date at the first tick and after each midnight.

    Of all ticks together, so that a date stands only where it changes.
    """
    if start is None:
        return [_show_tick(seconds) for seconds in at]
    instants = [_local(seconds, start) for seconds in at]
    if all(each.time() == dt.time() for each in instants):
        years = [None, *(each.year for each in instants)]
        return [
            f"{show_date(each)}\n" + (str(each.year) if each.year != former else "")
            for each, former in zip(instants, years, strict=False)
        ]
    precision = "auto" if any(each.second or each.microsecond for each in instants) else "minutes"
    clocks = [each.time().isoformat(precision).removesuffix("00000") for each in instants]
    dates = [None, *(each.date() for each in instants)]
    # Every label has two lines, or the times would not stand on one line.
    return [
        f"{clock}\n" + (show_date(each) if each.date() != former else "")
        for clock, each, former in zip(clocks, instants, dates, strict=False)
    ]


def time_label(shown: View, start: dt.datetime | None, most: int = 9) -> str:
    """The label of the x axis."""
    note = shown.describe(start)
    return _axis_name(shown, start, most) + (f"  ({note})" if note else "")


def _axis_name(shown: View, start: dt.datetime | None, most: int) -> str:
    if start is None:
        return Scale.of(shown.left, shown.right, most).label("time since start")
    return clock_name(start)


def clock_name(start: dt.datetime) -> str:
    """Whose clock it is: ``local time, Europe/Berlin``."""
    return "local time" if start.tzinfo is None else f"local time, {start.tzinfo}"


def _show_tick(seconds: float) -> str:
    """Exact, unlike `show_duration`: a tick may be 1h2min30s."""
    whole, rest = divmod(round(abs(seconds), 3), MINUTE)
    text = (format_duration(whole * MINUTE) if whole else "") + (
        show_duration(rest) if rest else ""
    )
    return ("-" if seconds < 0 and text else "") + (text or "0")


def _utc(instant: dt.datetime) -> dt.datetime:
    return instant.replace(tzinfo=dt.UTC) if instant.tzinfo is None else instant.astimezone(dt.UTC)


def _local(seconds: float, start: dt.datetime) -> dt.datetime:
    """The clock's reading, rounded to milliseconds; a change of summer time is seen."""
    instant = _utc(start) + dt.timedelta(milliseconds=round(seconds * 1000))
    return (
        instant.replace(tzinfo=None) if start.tzinfo is None else instant.astimezone(start.tzinfo)
    )


def _clock_ticks(left: float, right: float, step: float, start: dt.datetime) -> list[float]:
    """Round readings of the clock around [left, right], as seconds since `start`."""
    first = _local(left, start)
    midnight = first.replace(hour=0, minute=0, second=0, microsecond=0)
    since = math.floor((first - midnight).total_seconds() / step) * step
    # Within one time zone Python adds to the clock's reading, not to the time that has passed, so
    # ticks stay round when summer time begins or ends.
    readings = (
        midnight + dt.timedelta(seconds=since + step * k)
        for k in range(-1, math.ceil((right - left + HOUR) / step) + 3)
    )
    # When summer time ends an hour comes twice: fold tells which one is meant.
    both = (reading.replace(fold=fold) for reading in readings for fold in (0, 1))
    return sorted({(_utc(reading) - _utc(start)).total_seconds() for reading in both})
