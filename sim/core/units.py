"""Durations, shares, instants and times of day: how they are spelled, and what number they are.

Nothing else in the package knows a spelling. Times are float seconds on a grid of 2**-10 s, so
that sums are exact and equal instants are equal on every machine.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Literal

from sim.core.errors import printable

if TYPE_CHECKING:
    from collections.abc import Iterable

GRID = 2.0**-10
"""Seconds. Every duration is a multiple of it."""

YEAR = 365 * 86400.0
"""Seconds."""

LONGEST = 10_000 * YEAR
"""Seconds of a duration; sums of grid times stay exact up to 2**43 s, some 278,000 years."""

_HEAVIEST = 100.0  # a load; nobody means more
_LONGEST_TEXT = 400  # characters; endless digits would cost endless time

_SIZES = {"w": 604_800.0, "d": 86_400.0, "h": 3_600.0, "min": 60.0, "s": 1.0, "ms": 0.001}
_WORDS = {
    "w": "w week weeks wk wks",
    "d": "d day days",
    "h": "h hour hours hr hrs",
    "min": "min mins minute minutes",
    "s": "s sec secs second seconds",
    "ms": "ms msec msecs millisecond milliseconds",
}
_UNIT_OF = {word: unit for unit, words in _WORDS.items() for word in words.split()}

# The patterns are also given to editors (JSON Schema), so they use only what JavaScript has too.
_NUMBER = r"\d+(?:\.\d+)?"
_WRITTEN = "".join(f"(?:({_NUMBER}{unit})(?: (?=\\d))?)?" for unit in _SIZES)
_SHOWN = r"(?:(\d+d) ?)?(\d+h)([0-5]\d)"  # 2h05, as answers print it
_ISO_TIME = f"(?:T(?=\\d)({_NUMBER}H)?({_NUMBER}M)?({_NUMBER}S)?)?"
_ISO = f"P(?=[\\dT])({_NUMBER}W)?({_NUMBER}D)?{_ISO_TIME}"
DURATION_PATTERN = f"^(?=\\d){_WRITTEN}$|^{_SHOWN}$|^{_ISO}$"
_DURATION = re.compile(DURATION_PATTERN, re.ASCII)
_LETTERS = "".join(_SIZES) + "WDHMS"
_GROUPS = (*_SIZES, "d", "h", "min", "w", "d", "h", "min", "s")
_GROUP_SIZES = tuple(_SIZES[unit] for unit in _GROUPS)

_PERCENT = r"[0-9]+(?:\.[0-9]+)?%"
_PLAIN_SHARE = r"(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?"
SHARE_PATTERN = f"^{_PERCENT}$"
CLOCK_PATTERN = r"^([01][0-9]|2[0-3]):([0-5][0-9])(?::([0-5][0-9]))?$"
CLOCK_END_PATTERN = CLOCK_PATTERN.removesuffix("$") + "|^24:00(?::00)?$"
INSTANT_PATTERN = (
    r"^[0-9]{4}-[0-9]{2}-[0-9]{2}"
    r"(?:[T ](?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:\.[0-9]{1,6})?)?"
    r"(?:Z|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])?)?$"
)


def shorten(text: str) -> str:
    """Text fit for a message: one printable line of at most 60 characters, "" where empty."""
    line = printable(text[:100])
    if len(line) > 60:  # noqa: PLR2004  (most of a screen's width)
        line = line[:57] + "..."
    return line or '""'


def shorten_any(value: object) -> str:
    """The same of any value that Python may have given."""
    if isinstance(value, str):
        return shorten(value)
    # Python refuses to write very long numbers.
    huge = isinstance(value, int) and value.bit_length() > 99  # noqa: PLR2004  (30 digits)
    return "a huge number" if huge else shorten(repr(value))


def to_grid(seconds: float) -> float:
    """Give the nearest multiple of the grid, in seconds."""
    return round(seconds / GRID) * GRID


def parse_duration(text: str) -> float:
    """Read ``90s``, ``1h30min``, ISO 8601's ``PT5M`` or what `show_duration` writes, as ``2h05``.

    Gives seconds on the grid.

    Raises
    ------
    ValueError
        With the rule, how to write it, and what was got.
    """
    match = _DURATION.fullmatch(text) if len(text) <= _LONGEST_TEXT else None
    if match is None:
        raise ValueError(_duration_rule(text))
    parts = zip(match.groups(), _GROUP_SIZES, strict=True)
    return _total(((part.rstrip(_LETTERS), size) for part, size in parts if part), text)


def _total(parts: Iterable[tuple[str, float]], text: str) -> float:
    seconds = math.fsum(float(number) * size for number, size in parts)
    if seconds > LONGEST:
        raise ValueError(f"must be a duration of at most 10,000 years, got {shorten(text)}")
    return to_grid(seconds)


def _duration_rule(text: str) -> str:
    """Say how the text should have been written."""
    got = f"got {shorten(text)}"
    expected = "must be a duration such as 90s or 5min"
    bare = text[:_LONGEST_TEXT].strip().lower()
    if re.fullmatch(r"[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)(e[-+]?[0-9]+)?", bare):
        return f"{expected}, {got} (a number without a unit)"
    if bare.startswith("-"):
        return f"{expected}, never negative, {got}"
    if re.search(r"[0-9]\s*(mo|mon|months?|y|yr|yrs|years?)\b", bare) or _iso_calendar(bare):
        return f"{expected} (months and years differ in length: write days, 30d or 365d), {got}"
    if re.search(r"[0-9]m(?![a-z])", bare):
        minutes = re.sub(r"(?<=[0-9])m(?![a-z])", "min", bare)
        return f"min or months? write {shorten(minutes)}, {got}"
    better = _respelled(bare)
    return f"write {better}, {got}" if better else f"{expected}, {got}"


def _iso_calendar(text: str) -> bool:
    return re.match(r"p([0-9.]+y|[0-9.]+m)", text) is not None


def _respelled(text: str) -> str | None:
    """Spell out what was most likely meant: ``5 minutes``, ``30min1h``; None where unclear."""
    compact = re.sub(r"\s+|,|\band\b", "", text)
    parts = re.findall(r"([0-9]{1,9}(?:\.[0-9]{1,9})?)([a-z]+)", compact)
    known = all(word in _UNIT_OF for _, word in parts)
    if not parts or not known or "".join(map("".join, parts)) != compact:
        return None
    return format_duration(_total(((n, _SIZES[_UNIT_OF[word]]) for n, word in parts), text))


def format_duration(seconds: float) -> str:
    """Write a duration exactly: `parse_duration` gives the same number back."""
    rest = to_grid(seconds)
    text = ""
    for unit in ("d", "h", "min"):
        count, rest = divmod(rest, _SIZES[unit])
        text += f"{count:.0f}{unit}" if count else ""
    if rest:
        text += f"{_decimals(rest * 1000, 7)}ms" if rest < 1 else f"{_decimals(rest, 10)}s"
    return text or "0s"


def _decimals(value: float, most: int) -> str:
    return without_zeros(f"{value:.{most}f}")


def without_zeros(number: str) -> str:
    """A number without the zeros that end its decimals, and without the sign of a 0."""
    text = number.rstrip("0").rstrip(".") if "." in number else number
    return "0" if text == "-0" else text


def show_duration(seconds: float) -> str:
    """Write a duration for people, rounded to two parts: ``9.5s``, ``4min30s``, ``2h10``."""
    if seconds < 0:
        shown = show_duration(-seconds)
        return shown if shown == "0s" else f"-{shown}"
    if seconds < 0.9995:  # noqa: PLR2004  (rounds to 1 s)
        milliseconds = round(seconds * 1000)
        return f"{milliseconds}ms" if milliseconds else "0s"
    if round(seconds) < _SIZES["min"]:
        return _decimals(seconds, 1 if seconds < 9.95 else 0) + "s"  # noqa: PLR2004  (one decimal)
    return _two_parts(seconds)


def _two_parts(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:  # noqa: PLR2004  (minutes)
        return f"{minutes}min{rest}s" if rest else f"{minutes}min"
    hours, rest = divmod(round(seconds / 60), 60)
    if hours < 24:  # noqa: PLR2004  (hours)
        return f"{hours}h{rest:02d}" if rest else f"{hours}h"
    days, rest = divmod(round(seconds / 3600), 24)
    return f"{days}d{rest}h" if rest else f"{days}d"


def parse_share(text: str) -> float:
    """Read ``80%`` or ``0.8`` as a number from 0 to 1.

    Raises
    ------
    ValueError
        With the rule, how to write it, and what was got. The number 1 may be a count: refused.
    """
    value, got = _ratio(text, "a share such as 80% or 0.8")
    if value > 1:
        better = f" (write {text}% if that is meant)" if text.isdigit() else ""
        raise ValueError(f"must be a share from 0% to 100%, {got}{better}")
    if value == 1 and not text.endswith("%"):
        raise ValueError(f"100%, or a count? write a share as 100% or 0.8, {got}")
    return value


def parse_load(text: str) -> float:
    """Read ``80%``, ``120%`` or ``0.8`` as a number above 0: a share that may exceed the whole.

    Raises
    ------
    ValueError
        With the rule, how to write it, and what was got. Whole numbers may be percent: refused.
    """
    value, got = _percent(text, "a load such as 80% or 0.8")
    if not 0 < value <= _HEAVIEST:
        raise ValueError(f"must be a load above 0%, at most {format_share(_HEAVIEST)}, {got}")
    return value


def parse_level(text: str) -> float:
    """Read a share that may be ``0%`` or exceed the whole. ValueError as for `parse_load`."""
    value, got = _percent(text, "a share such as 0%, 80% or 120%")
    if not value and not text.endswith("%"):
        raise ValueError(f"must be a share such as 0%, 80% or 120%, {got} (write 0%)")
    if not 0 <= value <= _HEAVIEST:
        raise ValueError(f"must be a share from 0% to {format_share(_HEAVIEST)}, {got}")
    return value


def _percent(text: str, expected: str) -> tuple[float, str]:
    """The same as `_ratio` of what is no whole number, which may be percent."""
    value, got = _ratio(text, expected)
    if text.isdigit():
        # 1 is rather the whole than a hundredth of it, 80 rather 80 % than 80 times as much.
        whole = f"{format_share(value)}, or " if 0 < value < 10 else ""  # noqa: PLR2004
        raise ValueError(f"must be {expected}, {got} (write {whole}{text}% if that is meant)")
    return value, got


def _ratio(text: str, expected: str) -> tuple[float, str]:
    """A number or percentage, and how to say in a message what was got. ValueError(rule)."""
    got = f"got {shorten(text)}"
    if len(text) > _LONGEST_TEXT or not re.fullmatch(f"{_PERCENT}|{_PLAIN_SHARE}", text):
        meant = re.fullmatch(_PERCENT, re.sub(r"\s", "", text[:_LONGEST_TEXT]))
        better = f" (write {meant[0]})" if meant else ""
        raise ValueError(f"must be {expected}, {got}{better}")
    number = Decimal(text[:-1]).scaleb(-2) if text.endswith("%") else Decimal(text)
    return float(number), got


def format_share(value: float) -> str:
    """Write a share exactly: `parse_share` gives the same number back."""
    percent = format(Decimal(repr(float(value))).scaleb(2), "f")
    return without_zeros(percent) + "%"


def show_share(value: float) -> str:
    """Write a share for people, with at most two decimals: ``80 %``, ``99.95 %``."""
    return _decimals(100 * value, 2) + " %"


def parse_exactly(text: str) -> tuple[Fraction, Literal["s", "share", ""]]:
    """Read a duration, a share in percent or a plain number: its value, not rounded, and its unit.

    Seconds, a share of 1, or the number itself: steps of such values add up exactly.

    Raises
    ------
    ValueError
        With the rule and what was got.
    """
    if len(text) <= _LONGEST_TEXT:
        if re.fullmatch(_PERCENT, text):
            return Fraction(text[:-1]) / 100, "share"
        if re.fullmatch(f"-?(?:{_PLAIN_SHARE})", text):
            return Fraction(text), ""
        match = _DURATION.fullmatch(text)
        if match is not None:
            parse_duration(text)  # refuses what is too long
            parts = zip(match.groups(), _GROUP_SIZES, strict=True)
            exact = (
                Fraction(part.rstrip(_LETTERS)) * _exactly(size) for part, size in parts if part
            )
            return sum(exact, Fraction(0)), "s"
    rule = "must be a duration such as 5min, a share such as 80% or a number"
    raise ValueError(f"{rule}, got {shorten(text)}")


def _exactly(size: float) -> Fraction:
    """The size of a unit; a millisecond is no binary fraction."""
    return Fraction(str(size))


def parse_clock(text: str) -> float:
    """Read a time of day such as ``22:00`` or ``22:00:30``: seconds since midnight.

    Raises
    ------
    ValueError
        With the rule and what was got.
    """
    match = re.fullmatch(CLOCK_PATTERN, text)
    if match is None:
        raise ValueError(f"must be a time of day from 00:00 to 23:59, got {shorten(text)}")
    hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return 3600.0 * hours + 60.0 * minutes + seconds


def parse_clock_end(text: str) -> float:
    """The same of the end of something: ``24:00`` is the end of a day."""
    return 86400.0 if text in ("24:00", "24:00:00") else parse_clock(text)


def format_clock(seconds: float) -> str:
    """Write seconds since midnight as ``HH:MM``, or ``HH:MM:SS`` where seconds count."""
    minutes, rest = divmod(round(seconds), 60)
    text = f"{minutes // 60:02d}:{minutes % 60:02d}"
    return f"{text}:{rest:02d}" if rest else text


def parse_instant(text: str) -> dt.datetime:
    """Read an ISO 8601 date, with or without time and offset: aware only where one is written.

    Raises
    ------
    ValueError
        With the rule and what was got.
    """
    expected = "must be a date and time such as 2026-11-20T14:00 or 2026-11-20T14:00+01:00"
    if not re.fullmatch(INSTANT_PATTERN, text):
        raise ValueError(f"{expected}, got {shorten(text)}")
    try:
        return dt.datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{expected}, got {text} (no such date)") from None
