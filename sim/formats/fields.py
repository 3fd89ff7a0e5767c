"""The field types of a scenario file: what a scalar means is decided by the field that gets it.

A value arrives as a `Scalar` from YAML (YAML 1.2's core rules, and only where it was not quoted)
or as a value from Python. Each type validates, tells editors by JSON Schema what it takes, and
dumps as what reads back to the same value.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Annotated

from pydantic import PlainSerializer, PlainValidator, WithJsonSchema

from sim.core import units
from sim.core.rounding import Amount
from sim.formats.checking import Null, check, show_scalar
from sim.formats.scalars import Plain, number_of, scalar_of, takes, text_of, written_as
from sim.formats.specs import OneOf, Spec
from sim.formats.time_fields import (
    Clock,
    ClockEnd,
    ClockTimeText,
    Duration,
    Instant,
    PositiveDuration,
    Start,
    TimeZone,
)
from sim.formats.tree import Scalar, dotted

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = [
    "Amount",
    "Clock",
    "ClockEnd",
    "ClockTimeText",
    "Count",
    "CountOrShare",
    "Duration",
    "Flag",
    "Instant",
    "Integer",
    "Level",
    "Load",
    "Name",
    "NonNegativeNumber",
    "Null",
    "Number",
    "OneOf",
    "PositiveCount",
    "PositiveDuration",
    "PositiveNumber",
    "Seed",
    "Share",
    "Spec",
    "Start",
    "Text",
    "TextOrNull",
    "TimeZone",
    "check",
    "dotted",
]

_INTEGER = re.compile(r"[-+]?[0-9]+")
_NUMBER = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
LONGEST_NAME = 80
"""Characters, as many as a screen has columns: names stand in tables, titles and file names."""
_LONGEST_TEXT = 2_000  # a URL; nobody writes more in a line
_MOST_DIGITS = 15  # a float still tells such whole numbers apart
_LEAST, _MOST = 1e-6, 1e9


def _whole_number(value: Plain, most_digits: int = _MOST_DIGITS) -> int | None:
    if isinstance(value, float) or _has_too_many_digits(value, most_digits):
        return None
    return None if number_of(value, _INTEGER) is None else int(value)


def _has_too_many_digits(value: Plain, most: int) -> bool:
    return len(text_of(value).lstrip("+-")) > most


def _refuse(expected: str, value: Plain, most_digits: int = _MOST_DIGITS) -> ValueError:
    return ValueError(f"{expected}, got {show_scalar(value)}{_hint(value, most_digits)}")


def _hint(value: Plain, most_digits: int) -> str:
    unquoted = isinstance(value, Scalar) and value.plain
    if isinstance(value, str) and not unquoted and _NUMBER.fullmatch(value):
        return " (text, not a number: leave the quotes out)"
    whole = _INTEGER.fullmatch(text_of(value))
    too_many = whole and _has_too_many_digits(value, most_digits)
    return f" (more than {most_digits} digits)" if too_many else ""


# Whole numbers and numbers ----------------------------------------------------------------------


def _whole(
    expected: str,
    lowest: float = -math.inf,
    highest: float = math.inf,
    most_digits: int = _MOST_DIGITS,
) -> PlainValidator:
    def convert(value: Plain) -> int:
        number = _whole_number(value, most_digits)
        if number is None or not lowest <= number <= highest:
            raise _refuse(expected, value, most_digits)
        return number

    return takes(expected, convert)


def _real(
    expected: str, allows: Callable[[float], bool], size: str, fits: Callable[[float], bool]
) -> PlainValidator:
    """A number that is `expected` in kind and of a `size` with which arithmetic is exact."""

    def convert(value: Plain) -> float:
        number = number_of(value, _NUMBER)
        if number is None or not math.isfinite(number) or not allows(number):
            raise _refuse(expected, value)
        if not fits(number):
            raise _refuse(f"must be {size}", value)
        return float(number)

    return takes(expected, convert)


SIZES = "from 0.000001 to 1e9"
"""How large what is weighed, counted or asked for may be."""


def is_usual(number: float) -> bool:
    """Whether a number is of such a size, or 0."""
    return number == 0 or _LEAST <= number <= _MOST


def _short_number(value: float) -> int | float:
    return int(value) if value.is_integer() and abs(value) < 10**_MOST_DIGITS else value


Integer = Annotated[int, _whole("must be a whole number"), WithJsonSchema({"type": "integer"})]

Count = Annotated[
    int,
    _whole("must be a whole number, 0 or more", 0),
    WithJsonSchema({"type": "integer", "minimum": 0}),
]

PositiveCount = Annotated[
    int,
    _whole("must be a whole number, 1 or more", 1),
    WithJsonSchema({"type": "integer", "minimum": 1}),
]

_LAST_SEED = 2**63 - 1  # of 19 digits; nothing is calculated with a seed

Seed = Annotated[
    int,
    _whole("must be a whole number from 0 to 2^63 - 1", 0, _LAST_SEED, most_digits=19),
    WithJsonSchema({"type": "integer", "minimum": 0, "maximum": _LAST_SEED}),
]

Number = Annotated[
    float,
    _real(
        "must be a number",
        lambda _: True,
        "from -1e15 to 1e15",
        lambda number: abs(number) <= 10**_MOST_DIGITS,
    ),
    written_as(_short_number),
    WithJsonSchema({"type": "number", "minimum": -(10**_MOST_DIGITS), "maximum": 10**_MOST_DIGITS}),
]

PositiveNumber = Annotated[
    float,
    _real("must be a number above 0", lambda number: number > 0, SIZES, is_usual),
    written_as(_short_number),
    WithJsonSchema({"type": "number", "minimum": _LEAST, "maximum": _MOST}),
]

NonNegativeNumber = Annotated[
    float,
    _real("must be a number, 0 or more", lambda number: number >= 0, f"0 or {SIZES}", is_usual),
    written_as(_short_number),
    WithJsonSchema({"type": "number", "minimum": 0, "maximum": _MOST}),
]


# Shares -------------------------------------------------------------------------------------------


def _ratio(expected: str, parse: Callable[[str], float]) -> PlainValidator:
    def convert(value: Plain) -> float:
        if isinstance(value, str) and not value.endswith("%") and number_of(value, _NUMBER) is None:
            raise _refuse(expected, value)
        return parse(text_of(value))

    return takes(expected, convert)


_PERCENT_SCHEMA = {"type": "string", "pattern": units.SHARE_PATTERN, "examples": ["80%"]}
_BEYOND_A_WHOLE = {
    "anyOf": [
        _PERCENT_SCHEMA,
        {"type": "number", "exclusiveMinimum": 0, "not": {"type": "integer"}},
    ]
}


def share_schema(least: float = 0) -> WithJsonSchema:
    """How a share from `least` to a whole may be written."""
    number = {"type": "number", "minimum": least, "exclusiveMaximum": 1}
    return WithJsonSchema({"anyOf": [_PERCENT_SCHEMA, number]})


Share = Annotated[
    float,
    _ratio("must be a share such as 80% or 0.8", units.parse_share),
    written_as(units.format_share),
    share_schema(),
]


Load = Annotated[
    float,
    _ratio("must be a load such as 80% or 0.8", units.parse_load),
    written_as(units.format_share),
    WithJsonSchema(_BEYOND_A_WHOLE),
]
"""A share that may be above 100%, never 0."""


Level = Annotated[
    float,
    _ratio("must be a share such as 0%, 80% or 120%", units.parse_level),
    written_as(units.format_share),
    WithJsonSchema(_BEYOND_A_WHOLE),
]
"""A share from 0% on that may be above 100%."""


def _amount(value: Plain) -> Amount:
    if isinstance(value, str) and value.endswith("%"):
        return Amount(share=units.parse_share(text_of(value)))
    whole = _whole_number(value)
    if whole is None or whole < 0:
        raise _refuse("must be a count such as 14 or a share such as 80%", value)
    return Amount(count=whole)


def _amount_as_written(amount: Amount) -> int | str | None:
    return amount.count if amount.share is None else units.format_share(amount.share)


CountOrShare = Annotated[
    Amount,
    takes("must be a count such as 14 or a share such as 80%", _amount),
    written_as(_amount_as_written),
    WithJsonSchema({"anyOf": [{"type": "integer", "minimum": 0}, _PERCENT_SCHEMA]}),
]


# Words --------------------------------------------------------------------------------------------


def _flag(value: Plain) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, Scalar) and value.plain and value in ("true", "false"):
        return value == "true"
    raise _refuse("must be true or false", value)


def _own_text(value: Plain) -> str:
    """Keep the text as written. A float from Python has lost it: 9.10 came as 9.1."""
    if isinstance(value, float | bool):
        raise ValueError(f"must be text: quote it, got {show_scalar(value)}")  # noqa: TRY004
    text = text_of(value)
    if len(text) > _LONGEST_TEXT:
        rule = f"must be text of at most {_LONGEST_TEXT:,} characters"
        raise ValueError(f"{rule}, got {len(text):,}: {show_scalar(value)}")
    return text


def _name(value: Plain) -> str:
    text = _own_text(value)
    if not text or text != text.strip() or not text.isprintable() or re.search(r"[/\\]", text):
        rule = "must be a name, without slashes, control characters or spaces around it"
        raise ValueError(f"{rule}, got {show_scalar(value)}")
    if len(text) > LONGEST_NAME:
        rule = f"must be a name of at most {LONGEST_NAME} characters"
        raise ValueError(f"{rule}, got {len(text):,}: {show_scalar(value)}")
    return text


_TEXT_SCHEMA = {"anyOf": [{"type": "string"}, {"type": "number"}, {"type": "boolean"}]}

Flag = Annotated[bool, takes("must be true or false", _flag), WithJsonSchema({"type": "boolean"})]

Text = Annotated[str, takes("must be text", _own_text), WithJsonSchema(_TEXT_SCHEMA)]

Name = Annotated[
    str,
    takes("must be a name", _name),
    WithJsonSchema({"anyOf": [{"type": "string", "minLength": 1}, {"type": "number"}]}),
]


def _text_or_null(value: object) -> str | Null:
    if value is None or value is Null.NULL:
        return Null.NULL
    return _own_text(scalar_of(value, "must be text or null"))


TextOrNull = Annotated[
    str | Null,
    PlainValidator(_text_or_null),
    PlainSerializer(lambda value: None if value is Null.NULL else value),
    WithJsonSchema({"anyOf": [*_TEXT_SCHEMA["anyOf"], {"type": "null"}]}),
]
"""The only type that takes null, kept as `Null.NULL` so that dumps without None keep it."""
