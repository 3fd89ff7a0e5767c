"""A first scenario to start from: valid, and each key explained by the format's own words."""

from __future__ import annotations

import re
from textwrap import wrap
from typing import TYPE_CHECKING

from sim.core.errors import ScenarioError
from sim.formats.schema import Place
from sim.formats.tree import Node, plain
from sim.formats.writing import write
from sim.formats.yaml_reading import read
from sim.scenario import Scenario
from sim.scenario.file import json_schema
from sim.systems import SYSTEM_TYPES
from sim.systems.base.spec import unknown_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

WIDTH = 100
"""Columns of a scenario file."""


def starter(kind: str, overrides: Mapping[str, object] | None = None) -> str:
    """A commented scenario file with one system of `kind`, with `overrides` (path -> value).

    Raises
    ------
    ScenarioError
        Where the kind is unknown or the overrides do not fit.
    """
    if kind not in SYSTEM_TYPES:
        raise ScenarioError.of(unknown_name("a kind of system", kind, SYSTEM_TYPES))
    scenario = Scenario.from_text(SYSTEM_TYPES[kind].starter).override(overrides or {})
    text = write(plain(scenario.written.tree))
    comments = dict(_comments(read(text, ""), Place.top(json_schema())))
    lines = (_commented(line, comments.get(n)) for n, line in enumerate(text.splitlines(), 1))
    return "\n".join([f"# Question: {scenario.question}", *lines, ""])


def _comments(node: Node, place: Place) -> Iterator[tuple[int, str]]:
    """(line, what the format says about the key that stands there)."""
    if isinstance(node.value, list):
        for number, item in enumerate(node.value):
            yield from _comments(item, place.below(number))
    elif isinstance(node.value, dict):
        here = place.like(node)
        for key, child in node.value.items():
            if key in here.keys:
                yield int(child.key_where.split(":")[-2]), _first_sentence(_meaning(here, key))
            yield from _comments(child, here.below(key))


def _meaning(place: Place, key: str) -> str:
    """What the format says about a key, or else about what stands under it."""
    of_key = (form.get("properties", {}).get(key, {}) for form in place.forms)
    described = [each for each in (*of_key, *place.below(key).forms) if "description" in each]
    return str(described[0]["description"])


def _first_sentence(text: str) -> str:
    return re.split(r"(?<=\.)\s", " ".join(text.split()))[0]


def _commented(line: str, comment: str | None) -> str:
    """The comment behind its line, or above where it would not fit."""
    if comment is None:
        return line
    if len(line) + len(comment) + 4 <= WIDTH:
        return f"{line}  # {comment}"
    indent = " " * (len(line) - len(line.lstrip())) + "# "
    above = wrap(comment, WIDTH, initial_indent=indent, subsequent_indent=indent)
    return "\n".join([*above, line])
