"""One scalar on its way into a field: what may be one, and how its text or number is read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import PlainSerializer, PlainValidator
from pydantic_core import PydanticCustomError

from sim.formats.checking import WRONG_SHAPE
from sim.formats.tree import Scalar

if TYPE_CHECKING:
    import re
    from collections.abc import Callable

Plain = str | int | float | bool


def takes(expected: str, convert: Callable[[Plain], Any]) -> PlainValidator:
    """Refuse mappings, lists and null, then convert or raise ValueError("rule, got value")."""
    return PlainValidator(lambda value: convert(scalar_of(value, expected)))


def scalar_of(value: object, expected: str) -> Plain:
    """Refuse what is no scalar, saying what is `expected`."""
    if isinstance(value, str | int | float):
        return value
    shape = "a list" if isinstance(value, list) else "a mapping"
    raise PydanticCustomError(WRONG_SHAPE, "{rule}", {"rule": f"{expected}, got {shape}"})


def written_as(convert: Callable[[Any], Any]) -> PlainSerializer:
    """Dump a value by `convert`, which gives what reads back to it."""
    return PlainSerializer(convert, when_used="unless-none")


def text_of(value: Plain) -> str:
    """Give a scalar's own text, as YAML would spell what came from Python."""
    if isinstance(value, str):
        return str(value)
    return str(value).lower() if isinstance(value, bool) else repr(value)


def number_of(value: Plain, form: re.Pattern[str]) -> int | float | None:
    """Read an unquoted number, or give None. Quoted text is no number, nor is a boolean."""
    if isinstance(value, str):
        fits = isinstance(value, Scalar) and value.plain and form.fullmatch(value)
        return float(value) if fits else None
    return None if isinstance(value, bool) else value
