"""A Python value to a tree, as if it had been read of a file."""

from __future__ import annotations

import numbers
from collections.abc import Mapping, Sequence
from typing import Any

from sim.core.errors import ScenarioError
from sim.core.units import shorten_any
from sim.formats.tree import DEEPEST, LARGEST, MOST_VALUES, Node, dotted, mapping, too_many

_LARGEST_INTEGER = 10**40  # Python's own may be too long to print


def from_python(value: object, where: str = "") -> Node:
    """Make a tree of a Python value: mappings, sequences, text, numbers, booleans, None.

    Raises
    ------
    ScenarioError
        Where a value is none of these, a key is not text, more than 50 levels are nested, there are
        more than 50,000 values, or a file that held it would have more than 1 MiB.
    """
    return _Maker(where).node(value, ())


class _Maker:
    """Builds the tree, and stops when a file that held it would be too large."""

    def __init__(self, where: str) -> None:
        self._where = where
        self._room = LARGEST
        self._values = 0

    def node(self, value: object, path: tuple[str | int, ...]) -> Node:
        self._take(len(value) if isinstance(value, str) else 1)
        self._values += 1
        if self._values > MOST_VALUES:
            raise ScenarioError.of(too_many(), where=self._where)
        if value is None or isinstance(value, str | bool):
            return Node(value, self._where)
        if isinstance(value, numbers.Integral) and abs(int(value)) <= _LARGEST_INTEGER:
            return Node(int(value), self._where)
        if isinstance(value, numbers.Real) and not isinstance(value, numbers.Integral):
            return Node(float(value), self._where)
        if len(path) >= DEEPEST:
            raise ScenarioError.of(f"must be at most {DEEPEST} levels deep", where=self._where)
        if isinstance(value, Mapping):
            return mapping(self._entries(value, path), self._where)
        if isinstance(value, Sequence) and not isinstance(value, bytes | bytearray):
            items = [self.node(item, (*path, i)) for i, item in enumerate(value)]
            return Node(items, self._where)
        got = "a huge number" if isinstance(value, numbers.Integral) else _type_name(value)
        rule = f"must be a mapping, a list, text, a number or a boolean, got {got}"
        raise ScenarioError.of(rule, where=self._where, path=dotted(path))

    def _entries(self, value: Mapping[Any, object], path: tuple[str | int, ...]) -> dict[str, Node]:
        entries = {}
        for key, item in value.items():
            if not isinstance(key, str):
                rule = f"a key must be text, got {shorten_any(key)}"
                raise ScenarioError.of(rule, where=self._where, path=dotted(path))
            self._take(len(key) + 1)  # and a colon
            entries[str(key)] = self.node(item, (*path, key))
        return entries

    def _take(self, characters: int) -> None:
        self._room -= characters + 1  # and a line break or a comma
        if self._room < 0:
            raise ScenarioError.of("must be at most 1 MiB, got more", where=self._where)


def _type_name(value: object) -> str:
    return f"{type(value).__module__}.{type(value).__qualname__}".removeprefix("builtins.")
