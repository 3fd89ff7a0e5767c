"""The clock on the wall: its reading at each second of a scenario, and the instant of a reading.

A time zone may change its clock while a scenario runs. One rule covers that: the instant of a
reading is the first at which the clock shows it or a later one. So a reading that a change leaves
out (in spring) is the instant after the gap, and one that a change brings twice (in autumn) is its
first. Readings that fall on one instant are one moment: what is repeated at them is done once.
(Pacific/Apia left out the whole of 30 December 2011: each of its readings is 00:00 of the 31st.)
"""

from __future__ import annotations

import datetime as dt
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

import numpy as np

from sim.core.units import GRID, show_duration
from sim.core.zones import parse_zone

if TYPE_CHECKING:
    from numpy.typing import NDArray

DAY = 86400.0
_MINUTE = 60.0
_BEFORE, _AFTER = 2, 30
"""Days around a scenario in which windows may be open, and a date may be looked for."""


def reading(start: dt.datetime, seconds: float) -> dt.datetime:
    """What the clock shows so many seconds after the start, rounded to microseconds."""
    if start.tzinfo is None:
        return start + dt.timedelta(seconds=seconds)
    return (_utc(start) + dt.timedelta(seconds=seconds)).astimezone(start.tzinfo)


def since(start: dt.datetime, at: dt.datetime) -> float:
    """Seconds from the start to an instant of the same clock."""
    if start.tzinfo is None:
        return (at - start).total_seconds()
    return (_utc(at) - _utc(start)).total_seconds()


def localized(written: dt.datetime, zone: dt.tzinfo) -> dt.datetime:
    """An instant by the clock of a zone, of which it is a reading where it has no offset."""
    if written.tzinfo is not None:
        return written.astimezone(zone)
    first, second = (_utc(written.replace(tzinfo=zone, fold=fold)) for fold in (0, 1))
    if second < first:  # the clock never shows it
        first = _change(zone, second, first)
    return first.astimezone(zone)


def start_of(written: str, zone: str) -> dt.datetime | None:
    """A start as results hold it, in ISO 8601, by the clock of a zone, which may be unnamed; None
    where there is none.
    """
    start = dt.datetime.fromisoformat(written) if written else None
    return start if start is None or not zone else localized(start, parse_zone(zone))


def show_instant(seconds: float, start: dt.datetime | None) -> str:
    """``10min`` after the start, or ``Fri 20 Nov 14:10`` where the scenario has a `start`."""
    if start is None:
        return show_duration(seconds)
    at = reading(start, round(seconds, 3))
    return f"{show_date(at)} {at:%H:%M}"


def show_window(begin: float, end: float, start: dt.datetime | None) -> str:
    """``0..6h``, or by the clock ``Fri 20 Nov 22:00..Sat 21 Nov 04:00 (Europe/Berlin)``."""
    first, last = show_instant(begin, start), show_instant(end, start)
    if start is None:
        return f"{'0' if first == '0s' else first}..{last}"
    day = first.rpartition(" ")[0]
    zone = f" ({start.tzinfo})" if is_zone(start) else ""
    return f"{first}..{last.removeprefix(day).lstrip()}{zone}"


def show_clock(seconds: float, start: dt.datetime, horizon: float) -> str:
    """A short form for tables: ``00:50``, ``Sun 00:50`` or ``29 Nov 00:50``.

    It is as long as it takes to tell the instants up to the horizon apart. A minute that has begun
    counts: what was done after 02:00 is not shown as done at 02:00.
    """
    at = reading(start, round(seconds, 3))
    minute = at.replace(second=0, microsecond=0)
    at = minute if at == minute else reading(start, round(seconds, 3) + _MINUTE)
    if horizon < DAY:
        return f"{at:%H:%M}"
    return f"{at:%a %H:%M}" if horizon < 7 * DAY else f"{at.day} {at:%b %H:%M}"


def is_zone(start: dt.datetime) -> bool:
    """Whether the clock is that of a zone, which may change it."""
    return not isinstance(start.tzinfo, dt.timezone | None)


def show_date(at: dt.datetime) -> str:
    """``Fri 20 Nov``."""
    return f"{at:%a} {at.day} {at:%b}"


def _utc(at: dt.datetime) -> dt.datetime:
    # Within one zone Python subtracts and compares readings, not instants.
    return at.astimezone(dt.UTC)


def _change(zone: dt.tzinfo, before: dt.datetime, after: dt.datetime) -> dt.datetime:
    """The second of the one change of a zone's offset after `before` and up to `after`, in UTC."""
    new = after.astimezone(zone).utcoffset()
    while (after - before) > dt.timedelta(seconds=1):
        middle = before + dt.timedelta(seconds=(after - before).total_seconds() // 2)
        if middle.astimezone(zone).utcoffset() == new:
            after = middle
        else:
            before = middle
    return after.replace(microsecond=0)


@lru_cache(maxsize=32)
def _changes(
    zone: dt.tzinfo, noon: dt.datetime, days: int
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """When a zone changes its offset within so many days after `noon` (UTC), and by how much.

    Both in seconds. No zone ever changed twice within a day.
    """
    times, shifts = [], []
    day = dt.timedelta(days=1)
    before, old = noon, noon.astimezone(zone).utcoffset()
    for _ in range(days):
        after = before + day
        new = after.astimezone(zone).utcoffset()
        if new != old and new is not None and old is not None:
            times.append((_change(zone, before, after) - noon).total_seconds())
            shifts.append((new - old).total_seconds())
        before, old = after, new
    return tuple(times), tuple(shifts)


class WallClock:
    """The wall clock of a scenario. Without a start, time 0 is 00:00 of no particular day."""

    def __init__(self, start: dt.datetime | None, horizon: float) -> None:
        self.start = start
        self.weekday = start.weekday() if start else 0
        """Of the day of the start; Monday is 0."""
        self.second = _second_of_day(start) if start else 0.0
        """What the clock shows at time 0, in seconds after midnight."""
        self.days = np.arange(-_BEFORE, horizon // DAY + _AFTER)
        """The days of the scenario and some more, counted from that of the start."""

    def instants(self, readings: NDArray[np.float64]) -> NDArray[np.float64]:
        """When the clock first shows these readings, in seconds since the start, on the grid.

        A reading is the seconds after 00:00 of the day of the start that it would be without any
        change: 86400 k + 7200 is 02:00 of day k. Of days in `days`.
        """
        begins, ahead, lasts = self._pieces
        # Where the clock was put back, what it shows again was shown in an earlier piece.
        piece = np.searchsorted(lasts, readings, side="right")
        times = np.maximum(begins[piece], readings - ahead[piece])
        # One rounding, as of all times.
        return np.rint(times / GRID) * GRID

    def reading_of(self, at: dt.datetime) -> float:
        """A reading of this clock: of an instant, or as written where that has no offset."""
        if self.start is None:
            raise ValueError("without a start there is no date")
        if at.tzinfo is not None:
            at = at.astimezone(self.start.tzinfo).replace(tzinfo=None)
        return (at - dt.datetime.combine(self.start.date(), dt.time())).total_seconds()

    @cached_property
    def _pieces(self) -> tuple[NDArray[np.float64], ...]:
        """Between changes: from when on, reading minus time, and the highest reading until then.

        There is no highest reading of the last one.
        """
        times = np.array([-np.inf])
        ahead = np.array([self.second])
        zone = self.start.tzinfo if self.start else None
        if self.start is not None and zone is not None and is_zone(self.start):
            utc = _utc(self.start)
            noon = utc.replace(microsecond=0) - dt.timedelta(days=_BEFORE + 1)
            found, shifts = _changes(zone, noon, len(self.days) + 2)
            since = np.array(found) + (noon - utc).total_seconds()
            offsets = np.concatenate([[0.0], np.cumsum(shifts)])
            # The reading at time 0 is right whatever changed before.
            offsets -= offsets[np.searchsorted(since, 0.0, side="right")]
            times, ahead = np.append(times, since), self.second + offsets
        return times, ahead, np.maximum.accumulate(times[1:] + ahead[:-1])


def _second_of_day(start: dt.datetime) -> float:
    return start.hour * 3600 + start.minute * 60 + start.second + start.microsecond / 1e6
