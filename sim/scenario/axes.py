"""The axes of a sweep as a file gives them: which values a path takes, one after the other.

Ranges step in the units in which they are written, exactly: ten steps of 10 % are 100 %. How many
values there are is known before any is made.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, WithJsonSchema
from pydantic.json_schema import SkipJsonSchema

from sim.core.units import (
    DURATION_PATTERN,
    SHARE_PATTERN,
    format_duration,
    format_share,
    parse_exactly,
    shorten,
)
from sim.formats.fields import Flag, Name, PositiveCount, Spec, Text
from sim.formats.tree import Node, Scalar, plain

Unit = Literal["s", "share", ""]

_BOUND = {
    "anyOf": [
        {"type": "string", "pattern": DURATION_PATTERN},
        {"type": "string", "pattern": SHARE_PATTERN},
        {"type": "number"},
    ]
}
Bound = Annotated[Any, WithJsonSchema(_BOUND)]
Anything = Annotated[Any, WithJsonSchema({})]
Values = Annotated[tuple[Anything, ...], Field(min_length=1)]


class AxisEntry(Spec):
    """The values of a path: all of them, or from where to where, in steps or by their number."""

    as_: Name | SkipJsonSchema[None] = Field(default=None, alias="as")
    """What the axis is called in tables and pictures. Default: the last key of its path."""
    values: Values | SkipJsonSchema[None] = None
    """All values, in the order in which they are taken. Default: those of `from` and `to`."""
    from_: Bound | SkipJsonSchema[None] = Field(default=None, alias="from")
    """The first value, such as 0s, 10% or 3. Default: `values` are given."""
    to: Bound | SkipJsonSchema[None] = None
    """The last value, in the same unit; with a `step`, the highest that may be reached."""
    step: Bound | SkipJsonSchema[None] = None
    """From each value to the next, in the same unit. Default: `points` are given."""
    points: PositiveCount | SkipJsonSchema[None] = None
    """How many values there are, 2 or more. Default: a `step` is given."""
    scale: Literal["linear", "log"] | SkipJsonSchema[None] = None
    """Whether `points` have equal distances or equal ratios. Default: linear."""


class SweepEntry(Spec):
    """Values of one or more paths: all combinations of them, or a list of points.

    PATH: [VALUE, ...] or PATH: {from, to, step} or PATH: {from, to, points}.
    """

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, AxisEntry | Values]

    zip: Flag = False
    """Whether the paths take their values in step, the first with the first, not in all
    combinations. Default: false."""
    points: (
        Annotated[tuple[dict[Text, Anything], ...], Field(min_length=1)] | SkipJsonSchema[None]
    ) = None
    """The points one by one, each PATH: VALUE, instead of paths. Default: none."""


@dataclass(frozen=True)
class Range:
    """Values from `first` on, in steps or in ratios, in one unit."""

    first: Fraction
    last: Fraction
    count: int
    step: Fraction | None
    """None where they are spread by their number."""
    logarithmic: bool
    whole: bool
    """Whether only whole numbers are meant, each once."""
    unit: Unit

    def texts(self) -> list[str]:
        """The values as a file would say them."""
        values = [self._value(place) for place in range(self.count)]
        if self.whole:
            values = list(dict.fromkeys(Fraction(round(value)) for value in values))
        return [_written(value, self.unit) for value in values]

    def _value(self, place: int) -> Fraction:
        if self.step is not None:
            return self.first + place * self.step
        if place == self.count - 1:
            return self.last
        part = Fraction(place, self.count - 1)
        if not self.logarithmic:
            return self.first + part * (self.last - self.first)
        value = self.first * Fraction(math.exp(float(part) * math.log(self.last / self.first)))
        return Fraction(f"{float(value):.{_DIGITS}g}")


_DIGITS = 12
"""Of values with equal ratios: the last digits of a float are no ratio, and differ by machine."""


def _written(value: Fraction, unit: Unit) -> str:
    if unit == "s":
        return format_duration(float(value))
    if unit == "share":
        return format_share(float(value))
    return str(int(value)) if value.denominator == 1 else repr(float(value))


def range_of(entry: AxisEntry) -> Range:
    """What an entry with `from` and `to` means. ValueError(key, rule) where that is nothing."""
    given = {"from": entry.from_, "to": entry.to}
    given |= {} if entry.step is None else {"step": entry.step}
    known: dict[str, Fraction] = {}
    units: dict[str, Unit] = {}
    for key, value in given.items():
        try:
            known[key], units[key] = parse_exactly(_text(value))
        except ValueError as error:
            raise ValueError(key, str(error)) from None
    for key, unit in units.items():
        if unit != units["from"]:
            rule = f"must be {_NAMES[units['from']]}, as `from` is, got {_shown(given[key])}"
            raise ValueError(key, rule)
    first, last = known["from"], known["to"]
    if last < first:
        rule = f"must not be below `from`, {_shown(entry.from_)}, got {_shown(entry.to)}"
        raise ValueError("to", rule)
    whole = units["from"] == "" and all(_is_whole(value) for value in given.values())
    step = known.get("step")
    if step is not None:
        if step <= 0:
            raise ValueError("step", f"must be above 0, got {_shown(entry.step)}")
        count = int((last - first) // step) + 1
        return Range(first, last, count, step, logarithmic=False, whole=False, unit=units["from"])
    points = entry.points or 0
    if points < 2 or first == last:  # noqa: PLR2004  (both ends)
        rule = "must be 2 or more" if points < 2 else "needs two ends that differ"  # noqa: PLR2004
        raise ValueError("points", f"{rule}, got {points if points < 2 else _shown(entry.to)}")  # noqa: PLR2004
    if entry.scale == "log" and first <= 0:
        raise ValueError(
            "from", f"must be above 0 where the scale is log, got {_shown(given['from'])}"
        )
    log = entry.scale == "log"
    return Range(first, last, points, None, logarithmic=log, whole=whole, unit=units["from"])


_NAMES: dict[Unit, str] = {"s": "a duration", "share": "a share in percent", "": "a number"}


def _text(value: object) -> str:
    return value if isinstance(value, str) else repr(value)


def _shown(value: object) -> str:
    return shorten(_text(value))


def _is_whole(value: object) -> bool:
    return re.fullmatch("-?[0-9]+", _text(value)) is not None


@dataclass(frozen=True)
class Axis:
    """A path and the values that it takes along a sweep."""

    name: str
    path: str
    is_text: bool
    """Whether the path takes a name or a text, also where that looks like a number."""
    values: tuple[Node | None, ...]
    """As in a file, each with its place; None where a point leaves it as the file has it."""

    @cached_property
    def texts(self) -> tuple[str, ...]:
        """The values as they are shown, empty where there is none."""
        return tuple("" if each is None else _told(each) for each in self.values)

    @cached_property
    def _measured(self) -> tuple[Unit, tuple[float, ...]] | None:
        if self.is_text:
            return None
        units: set[Unit] = set()
        numbers: list[float] = []
        for each in self.values:
            if each is None:
                numbers.append(math.nan)
                continue
            found = _number(each.value)
            if found is None:
                return None
            numbers.append(float(found[0]))
            units.add(found[1])
        return (units.pop(), tuple(numbers)) if len(units) == 1 else None

    @property
    def is_number(self) -> bool:
        """Whether its values are numbers of one unit."""
        return self._measured is not None

    @property
    def unit(self) -> Unit:
        """The unit of `numbers`: seconds, a share of 1, or none."""
        return self._measured[0] if self._measured else ""

    @property
    def numbers(self) -> tuple[float, ...]:
        """The values in that unit, NaN where there is none; empty where they are no numbers."""
        return self._measured[1] if self._measured else ()


def _number(value: object) -> tuple[Fraction, Unit] | None:
    """What a value is as a number; a quoted number is text, and a boolean is none."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        number, unit = parse_exactly(_text(value))
    except ValueError:
        return None
    quoted = isinstance(value, str) and not (isinstance(value, Scalar) and value.plain)
    return None if quoted and not unit else (number, unit)


def _told(node: Node) -> str:
    """A value in a table: what is no scalar as YAML would say it on one line."""
    return _flow(plain(node))


def _flow(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_flow(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_flow, value)) + "]"
    if isinstance(value, bool):
        return str(value).lower()
    return "null" if value is None else _text(value)
