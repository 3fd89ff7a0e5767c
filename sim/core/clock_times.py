"""Instants as people say them: 22:00, sat 22:00, or a date and time."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass

import numpy as np

from sim.core.units import parse_clock, parse_instant, shorten, to_grid
from sim.core.wall_clock import DAY, WallClock, localized, since

WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

_CLOCK = r"(?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9])?"
CLOCK_TIME_PATTERN = f"^(?:(?:{'|'.join(WEEK)}) )?{_CLOCK}$"
"""A time of day, of the next day of a name where there is one."""

FIRST_YEAR, LAST_YEAR = 1000, 9200
"""Dates in these years exist by the clock of any zone."""

_TWELVE_HOURS = r"([0-9]{1,2})(?::([0-9]{2}))? ?([ap])m"
_LIKELY = re.compile(
    rf"\s*(?:[a-z]+\s+)?(?:[0-9]{{1,2}}:|{_TWELVE_HOURS}$)"
    rf"|\s*[0-9]{{4}}-|\s*(?:{'|'.join(WEEK)})"
)
_RULE = "must be a clock time such as 22:00, sat 22:00 or 2026-11-20T22:00"


def is_likely(text: str) -> bool:
    """Whether a text was rather meant as a clock time than as a duration."""
    return _LIKELY.match(text[:100].lower()) is not None


@dataclass(frozen=True)
class ClockTime:
    """The first time, at or after the start, at which the clock shows what is written."""

    text: str
    """As written."""
    day: str
    """Of the week, or empty for any."""
    second: float
    """After midnight."""
    date: dt.datetime | None
    """The only instant that is meant, where a date is written."""

    @classmethod
    def parse(cls, text: str) -> ClockTime:
        """Read a clock time. ValueError with the rule, how to write it, and what was got."""
        if re.match(r"[0-9]{4}-", text):
            date = parse_instant(text)
            if not FIRST_YEAR <= date.year <= LAST_YEAR:
                rule = f"must be a date in the years {FIRST_YEAR} to {LAST_YEAR}"
                raise ValueError(f"{rule}, got {text}")
            return cls(text, "", 0.0, date)
        if not re.fullmatch(CLOCK_TIME_PATTERN, text):
            raise ValueError(f"{_RULE}, got {shorten(text)}{_hint(text)}")
        day, _, clock = text.rpartition(" ")
        return cls(text, day, parse_clock(clock), None)

    def after(self, start: dt.datetime | None) -> float:
        """Seconds after the start of a scenario. ValueError with the rule, and what was got."""
        date = self.dated(start).date
        assert start is not None
        assert date is not None
        return self._of_date(date, start)

    def dated(self, start: dt.datetime | None) -> ClockTime:
        """The same with the date that is meant. ValueError where there is no start."""
        if start is None:
            raise ValueError(f"a clock time needs a `start` in the file, got {self.text}")
        if self.date is not None:
            return self
        clock = WallClock(start, 0.0)
        days = clock.days
        if self.day:
            days = days[(clock.weekday + days) % 7 == WEEK.index(self.day)]
        readings = days * DAY + self.second
        first = float(readings[np.argmax(clock.instants(readings) >= 0)])
        midnight = dt.datetime.combine(start.date(), dt.time())
        date = midnight + dt.timedelta(seconds=first)
        return ClockTime(date.isoformat(), "", 0.0, date)

    def _of_date(self, date: dt.datetime, start: dt.datetime) -> float:
        if start.tzinfo is None and date.tzinfo is not None:
            rule = "must have no offset from UTC, as `start` has none"
            raise ValueError(f"{rule}, got {self.text}")
        at = date if start.tzinfo is None else localized(date, start.tzinfo)
        seconds = since(start, at)
        if seconds < 0:
            begin = start.isoformat(timespec="minutes")
            raise ValueError(f"must not be before the start, {begin}, got {self.text}")
        return to_grid(seconds)


def _hint(text: str) -> str:
    """How the same is written right, where that is plain."""
    text = re.sub(_TWELVE_HOURS, _in_24_hours, text[:100].strip().lower())
    day, _, clock = text.rpartition(" ")
    if clock == "24:00":
        return " (write 00:00 of the next day)"
    near = f"{day[:3]} {clock.zfill(5)}".strip()
    return f" (write {near})" if re.fullmatch(CLOCK_TIME_PATTERN, near) else ""


def _in_24_hours(clock: re.Match[str]) -> str:
    """10pm is 22:00, and 12am is 00:00."""
    hour, minute, half = int(clock[1]), clock[2] or "00", clock[3]
    return f"{hour % 12 + (12 if half == 'p' else 0):02}:{minute}"
