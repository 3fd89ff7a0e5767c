"""Values and where each of them stands: what is read of a file, or made of Python values.

Scalars keep their text; the field that receives one says what it means. The mark of a guess is
folded in: ``{value: 3, assumed: true}`` is 3, a distribution with ``assumed: true`` beside its
family is as without it.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

LARGEST = 2**20
"""Bytes of UTF-8 in a file."""
DEEPEST = 50
"""Levels of mappings and lists."""

MOST_VALUES = 50_000
"""Values in a file: texts and numbers, mappings and lists. So many are checked within a second;
long series of numbers belong in a CSV file."""

ASSUMED, VALUE = "assumed", "value"
"""The keys by which a user marks a guess."""


class Scalar(str):
    """The text of a YAML scalar as written. `plain` is False where it was quoted or a block."""

    __slots__ = ("plain",)
    plain: bool

    def __new__(cls, text: str, *, plain: bool = True) -> Self:
        scalar = super().__new__(cls, text)
        scalar.plain = plain
        return scalar


@dataclass(frozen=True, slots=True)
class Node:
    """A value and where it stands: ``file:line:column``, "" from Python, or the shell's words.

    `key_where` is the place of its key; "" in a list and at the root. `assumed` says that the user
    marked the value as a guess.
    """

    value: Scalar | str | int | float | bool | dict[str, Node] | list[Node] | None
    where: str = ""
    key_where: str = ""
    assumed: bool = False

    def below(self, key: str | int) -> Node | None:
        """What stands under a key or, in a list, at a place that it has; None where nothing is."""
        if isinstance(self.value, dict) and isinstance(key, str):
            return self.value.get(key)
        if not isinstance(self.value, list) or not isinstance(key, int) or key >= len(self.value):
            return None
        return self.value[key]


def mapping(entries: dict[str, Node], where: str, key_where: str = "") -> Node:
    """A mapping, or what one with the mark of a guess stands for."""
    mark = _flag(entries[ASSUMED].value) if ASSUMED in entries else None
    if mark is None:
        return Node(entries, where, key_where)
    rest = {key: node for key, node in entries.items() if key != ASSUMED}
    if rest.keys() == {VALUE}:
        return replace(rest[VALUE], key_where=key_where, assumed=mark)
    return Node(rest, where, key_where, assumed=mark)


def _flag(value: object) -> bool | None:
    if isinstance(value, Scalar) and value.plain:
        return {"true": True, "false": False}.get(value)
    return value if isinstance(value, bool) else None


def too_many() -> str:
    """What is told of a tree with more."""
    return f"must hold at most {MOST_VALUES:,} values, got more (series belong in a CSV file)"


def walk(node: Node) -> Iterator[Node]:
    """A node and all below it, in the order of the file."""
    yield node
    children: Iterable[Node] = ()
    if isinstance(node.value, dict):
        children = node.value.values()
    elif isinstance(node.value, list):
        children = node.value
    for child in children:
        yield from walk(child)


def dotted(path: Sequence[str | int]) -> str:
    """Join keys by dots. A key that holds a dot, a space or a quote is written as in JSON."""
    return ".".join(_quoted(str(part)) for part in path)


def _quoted(key: str) -> str:
    if re.fullmatch(r'[^\s."\\]+', key) and key.isprintable():
        return key
    return json.dumps(key, ensure_ascii=not key.isprintable())


def plain(node: Node) -> Any:
    """Give the values without their places: dict, list, Scalar, or what Python gave.

    The mark of a guess is written out.
    """
    value: Any = node.value
    if isinstance(value, dict):
        value = {key: plain(child) for key, child in value.items()}
    elif isinstance(value, list):
        value = [plain(child) for child in value]
    return marked(value) if node.assumed else value


def marked(value: Any) -> Any:
    """A plain value as a guess: what reads back to it with its mark."""
    return {**value, ASSUMED: True} if isinstance(value, dict) else {VALUE: value, ASSUMED: True}
