"""A value of a scenario file times a factor: what a guess is halved and doubled by.

A duration, count, rate or load is multiplied, a distribution with all its times, so that its spread
stays in proportion. A share ends at 100 %, and a whole number is rounded.
"""

from __future__ import annotations

import math
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from sim.core import units
from sim.formats.distributions import OneFamily
from sim.formats.scalars import text_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sim.formats.schema import Place
    from sim.formats.tree import Node

_NUMBER = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")


_PATTERNS = {units.DURATION_PATTERN: "duration", units.SHARE_PATTERN: "share"}


class Scaled(NamedTuple):
    """A value times a factor."""

    node: Node | None
    """None where it cannot change."""
    note: str = ""
    """Why it cannot, or what of the factor is left: ``100 % at most``."""


def has_number(node: Node, place: Place) -> bool:
    """Whether a value is a number, a share, a time or a distribution, as it may be there."""
    if isinstance(node.value, dict):
        return is_distribution(node)
    return takes_number(place)


def takes_number(place: Place) -> bool:
    """Whether nothing but a number, a share, a time or a distribution may stand at a place."""
    return any(_takes(place, kind) for kind in ("duration", "share", "number"))


def is_distribution(node: Node) -> bool:
    """Whether it is a family of distributions with its parameters."""
    return isinstance(node.value, dict) and bool(OneFamily.choices().keys() & node.value.keys())


def scaled(node: Node, place: Place, factor: float) -> Scaled:
    """A value times a factor; `place` is what the format knows of where it stands."""
    if isinstance(node.value, dict):
        return _distribution(node, place, factor)
    if node.value is None or isinstance(node.value, list | bool):
        return Scaled(None, "is no number")
    return _scalar(node, node.value, place, factor)


def _scalar(node: Node, value: str | float, place: Place, factor: float) -> Scaled:
    text = text_of(value)
    if _takes(place, "duration") and not _NUMBER.fullmatch(text):
        return _duration(node, text, factor)
    if _takes(place, "share") and (text.endswith("%") or not _takes(place, "integer")):
        return _share(node, text, place, factor)
    if not (_takes(place, "number") and _NUMBER.fullmatch(text)):
        return Scaled(None, "is no number")
    if float(text) == 0:
        return Scaled(None, "is 0")
    if _takes(place, "integer"):
        return _whole(node, float(text), factor)
    return Scaled(replace(node, value=float(text) * factor))


def _whole(node: Node, number: float, factor: float) -> Scaled:
    whole = math.floor(number * factor + 0.5)
    if whole == number:
        return Scaled(None, f"is a whole number, rounded to {whole} again")
    return Scaled(replace(node, value=whole), "" if whole == number * factor else "rounded")


def _duration(node: Node, text: str, factor: float) -> Scaled:
    try:
        seconds = units.parse_duration(text)
    except ValueError:
        return Scaled(None, "is a time of day")
    if units.to_grid(seconds * factor) == seconds:
        return Scaled(None, "is 0" if seconds == 0 else "is too short to change")
    return Scaled(replace(node, value=units.format_duration(seconds * factor)))


def _share(node: Node, text: str, place: Place, factor: float) -> Scaled:
    share = units.parse_level(text)
    if share == 0:
        return Scaled(None, "is 0")
    most = math.inf if _takes(place, "load") else 1.0
    wanted = min(share * factor, most)
    if wanted == share:
        return Scaled(None, "is 100 % already")
    note = "100 % at most" if wanted < share * factor else ""
    return Scaled(replace(node, value=units.format_share(wanted)), note)


def _distribution(node: Node, place: Place, factor: float) -> Scaled:
    """With all its times; the numbers beside them, such as a shape, stay."""
    found = _scaled_times(node, place, factor)
    if found is None or found == node:
        return Scaled(None, "has no times in the file")
    return Scaled(found)


def _scaled_times(node: Node, place: Place, factor: float) -> Node:
    value: Any = node.value
    if isinstance(value, dict):
        below = {key: _scaled_times(each, place.below(key), factor) for key, each in value.items()}
        return replace(node, value=below)
    if isinstance(value, list):
        return replace(node, value=[_scaled_times(each, place.below(0), factor) for each in value])
    times = _takes(place, "duration") and isinstance(value, str)
    return (_duration(node, value, factor).node or node) if times else node


def _takes(place: Place, kind: str) -> bool:
    """Whether a kind of scalar may stand at a place, which takes no other text."""
    kinds = set(_kinds(place))
    return kind in kinds and "text" not in kinds


def _kinds(place: Place) -> Iterator[str]:
    """What scalars may stand at a place: any of duration, share, load, number, integer, text
    and word, one of a few.

    It takes an ``integer`` where it takes no other number.
    """
    for form in place.forms:
        pattern = form.get("pattern", "")
        if form.get("type") == "string":
            is_text = not (pattern or "enum" in form or "const" in form)
            yield _PATTERNS.get(pattern, "text" if is_text else "word")
        if form.get("type") in ("integer", "number"):
            yield "number"
    types = {form.get("type") for form in place.forms}
    if "integer" in types and "number" not in types:
        yield "integer"
    if any("exclusiveMinimum" in form for form in place.forms):
        yield "load"
