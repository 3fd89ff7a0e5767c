"""Types of fields that are times: how long, at what time of day, on which date, in which zone."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import PlainSerializer, PlainValidator, WithJsonSchema, WrapValidator
from pydantic_core import PydanticCustomError

from sim.core import units, zones
from sim.core.clock_times import CLOCK_TIME_PATTERN, ClockTime, is_likely
from sim.formats.checking import WRONG_SHAPE, show_scalar
from sim.formats.scalars import Plain, scalar_of, takes, text_of, written_as

if TYPE_CHECKING:
    from collections.abc import Callable


def _positive_duration(value: Plain) -> float:
    seconds = units.parse_duration(text_of(value))
    if seconds <= 0:
        raise ValueError(f"must be a duration above 0s, got {show_scalar(value)}")
    return seconds


_DURATION = "must be a duration such as 90s or 5min"
_DURATION_SCHEMA = {
    "type": "string",
    "pattern": units.DURATION_PATTERN,
    "examples": ["90s", "5min", "1h30min"],
}

Duration = Annotated[
    float,
    takes(_DURATION, lambda value: units.parse_duration(text_of(value))),
    written_as(units.format_duration),
    WithJsonSchema(_DURATION_SCHEMA),
]

PositiveDuration = Annotated[
    float,
    takes(_DURATION, _positive_duration),
    written_as(units.format_duration),
    WithJsonSchema(_DURATION_SCHEMA),
]

Clock = Annotated[
    float,
    takes("must be a time of day such as 22:00", lambda value: units.parse_clock(text_of(value))),
    written_as(units.format_clock),
    WithJsonSchema({"type": "string", "pattern": units.CLOCK_PATTERN}),
]


def _each_once(given: Any, read: Callable[[Any], dict[float, Any]]) -> dict[float, Any]:
    found = read(given)
    if len(found) < len(given):
        clocks = [units.parse_clock(clock) for clock in given]
        again = next(key for n, key in enumerate(given) if clocks[n] in clocks[:n])
        raise ValueError(f"must name each time of day once, got {again} again")
    return found


EACH_CLOCK_ONCE = WrapValidator(_each_once)
"""Of a mapping by `Clock`: 09:00 and 09:00:00 are one time of day."""

ClockEnd = Annotated[
    float,
    takes(
        "must be a time of day such as 22:00", lambda value: units.parse_clock_end(text_of(value))
    ),
    written_as(units.format_clock),
    WithJsonSchema({"type": "string", "pattern": units.CLOCK_END_PATTERN}),
]
"""A time of day, or the end of the day."""


def _clock_time(value: object) -> ClockTime:
    """What is no clock time at all is for the other alternatives of a field."""
    text = text_of(value) if isinstance(value, str | int | float) else ""
    if not is_likely(text):
        scalar_of(value, _DURATION)
        raise PydanticCustomError(WRONG_SHAPE, _DURATION)
    return ClockTime.parse(text)


ClockTimeText = Annotated[
    ClockTime,
    PlainValidator(_clock_time),
    PlainSerializer(lambda clock_time: clock_time.text),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "pattern": CLOCK_TIME_PATTERN},
                {"type": "string", "pattern": units.INSTANT_PATTERN},
            ]
        }
    ),
]
"""A time by the clock, as an alternative to a duration."""

Instant = Annotated[
    dt.datetime,
    takes(
        "must be a date and time such as 2026-11-20T14:00",
        lambda value: units.parse_instant(text_of(value)),
    ),
    written_as(dt.datetime.isoformat),
    WithJsonSchema({"type": "string", "pattern": units.INSTANT_PATTERN}),
]


_FIRST_YEAR, _LAST_YEAR = 1000, 9000  # and every instant of a run and its pictures has a date


def _start(value: Plain) -> dt.datetime:
    start = units.parse_instant(text_of(value))
    if not _FIRST_YEAR <= start.year <= _LAST_YEAR:
        rule = f"must be a date in the years {_FIRST_YEAR} to {_LAST_YEAR}"
        raise ValueError(f"{rule}, got {show_scalar(value)}")
    return start


Start = Annotated[
    dt.datetime,
    takes("must be a date and time such as 2026-11-20T14:00", _start),
    written_as(dt.datetime.isoformat),
    WithJsonSchema({"type": "string", "pattern": units.INSTANT_PATTERN}),
]
"""When a scenario begins."""


TimeZone = Annotated[
    ZoneInfo,
    takes(
        "must be a time zone such as Europe/Berlin", lambda value: zones.parse_zone(text_of(value))
    ),
    written_as(str),
    WithJsonSchema(
        {"type": "string", "pattern": zones.ZONE_PATTERN, "examples": ["Europe/Berlin"]}
    ),
]
