"""Dotted paths into a scenario, and overrides: the one mechanism of variants, sweeps and --set.

An override sets a value in the file as written, before any default is filled. A parent that the
format names is created; an entry that the user names (a system, a role, a build) is not, so that
a misspelt name is an error and not a new entry. The last key may be new where the user names
entries.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from sim.core.errors import ScenarioError
from sim.formats.checking import nearest, show, suggest
from sim.formats.hints import hint
from sim.formats.schema import Place
from sim.formats.tree import Node, dotted

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sim.formats.hints import Home

APPEND = "+"
"""The last key of a path that adds an item to a list."""

_PART = re.compile(r'("(?:[^"\\]|\\.)*"|[^."]+)(?:\.|$)')


def parse(text: str, where: str = "") -> tuple[str, ...]:
    """Split a path at its dots; a key that holds a dot or a space is in double quotes.

    Raises
    ------
    ScenarioError
        Where a key is empty or a quote is not closed. `where` is the place it gives.
    """
    parts: list[str] = []
    end = 0
    while match := _PART.match(text, end):
        parts.append(_unquoted(match[1], text, where))
        end = match.end()
    if end < len(text) or not text or text.endswith("."):
        rule = f"must be keys joined by dots, like {_EXAMPLE}"
        raise ScenarioError.of(rule, where=where, path=text)
    return tuple(parts)


_EXAMPLE = 'systems.shop.roles."Conference.Web.Admin".instances'


def _unquoted(part: str, text: str, where: str) -> str:
    if not part.startswith('"'):
        return part
    try:
        return str(json.loads(part))
    except ValueError:
        rule = f"must quote as JSON does, got {part}"
        raise ScenarioError.of(rule, where=where, path=text) from None


def find(tree: Node, keys: Sequence[str]) -> tuple[str | int, ...] | None:
    """Where `keys` lead in a tree, items of lists by number; None where nothing stands there."""
    node, found = tree, list[str | int]()
    for key in keys:
        step: str | int | None = key
        if isinstance(node.value, list):
            step = item_number(node.value, key)
        below = None if step is None else node.below(step)
        if below is None or step is None:
            return None
        node = below
        found.append(step)
    return tuple(found)


def item_number(items: Sequence[Node], key: str) -> int | None:
    """The place of an item, by its number or its name; None where there is no such item."""
    if re.fullmatch("[0-9]{1,9}", key) and int(key) < len(items):
        return int(key)
    names = [_item_name(item) for item in items]
    return names.index(key) if key in names else None


def override(
    tree: Node,
    path_text: str,
    value: Node,
    schema: Callable[[], dict[str, Any]],
    homes: Callable[[], Mapping[str, Home]] = dict,
) -> Node:
    """Set one value in a copy of a scenario's tree.

    Parameters
    ----------
    tree
        A scenario as written.
    path_text
        Keys joined by dots; items of a list by number or by their `name`; ``operations.+`` appends.
    value
        What to set; its place is where errors point.
    schema
        Gives the JSON Schema of a scenario, which tells the keys that the format names from those
        that the user does. It is asked for where a key is new.
    homes
        Gives where each key stands (see `hints`), to be told of one that stands elsewhere.

    Raises
    ------
    ScenarioError
        Where the path names nothing, with the nearest name.
    """
    keys = parse(path_text, value.key_where or value.where)
    return _Override(path_text, keys, value, schema, homes).into(tree, ())


def place_of(tree: Node, path_text: str, schema: dict[str, Any]) -> Place:
    """What the format knows of a place that `override` sets."""
    node: Node | None = tree
    place = Place.top(schema).like(tree)
    for key in parse(path_text):
        below: str | int = key
        if node is not None and isinstance(node.value, list):
            names = [_item_name(item) for item in node.value]
            below = names.index(key) if key in names else int(key) if key.isdigit() else 0
        place = place.below(0 if isinstance(below, int) else below)
        node = node.below(below) if node is not None else None
        place = place.like(node) if node is not None else place
    return place


@dataclass(frozen=True)
class _Override:
    """One value on its way down a path."""

    text: str
    keys: tuple[str, ...]
    value: Node
    schema: Callable[[], dict[str, Any]]
    homes: Callable[[], Mapping[str, Home]]

    def into(self, node: Node, above: tuple[Node, ...]) -> Node:
        """Give the node as it is once everything below it is set; `above` are those over it."""
        if len(above) == len(self.keys):
            return self.value
        if isinstance(node.value, list):
            return self._into_list(node, node.value, above)
        if isinstance(node.value, dict):
            return self._into_mapping(node, node.value, above)
        raise self._refused(f"{self._at(len(above))} is {show(node)} and has no keys")

    def _into_list(self, node: Node, items: list[Node], above: tuple[Node, ...]) -> Node:
        depth = len(above)
        if self.keys[depth] == APPEND:
            if depth + 1 < len(self.keys):
                raise self._refused(f"{APPEND} must be the last key")
            return replace(node, value=[*items, self.value])
        index = self._index(items, depth)
        changed = list(items)
        changed[index] = self.into(items[index], (*above, node))
        return replace(node, value=changed)

    def _index(self, items: Sequence[Node], depth: int) -> int:
        found = item_number(items, self.keys[depth])
        if found is None:
            names = [_item_name(item) for item in items]
            raise self._refused(self._no_item_rule(items, names, depth))
        return found

    def _no_item_rule(self, items: Sequence[Node], names: Sequence[str], depth: int) -> str:
        near = nearest(self.keys[depth], filter(None, names))
        if near:
            return f"names no item of {self._at(depth)}, did you mean {near}?"
        place = _called(items, self.keys[depth])
        if place is not None:
            at, name = self._at(depth), self.keys[depth]
            return f"names no item of {at}: {name} is {at}.{place}"
        return f"names no item of {self._at(depth)}, {_numbers(items)}"

    def _into_mapping(self, node: Node, entries: dict[str, Node], above: tuple[Node, ...]) -> Node:
        key = self.keys[len(above)]
        child = entries.get(key)
        if child is None:
            child = self._new_child(entries, (*above, node))
        changed = self.into(child, (*above, node))
        return replace(node, value={**entries, key: changed})

    def _place(self, nodes: Sequence[Node]) -> Place:
        """What the format knows of the last of the nodes, each of which stands below the last."""
        place = Place.top(self.schema()).like(nodes[0])
        for key, above, node in zip(self.keys, nodes, nodes[1:], strict=False):
            place = place.below(0 if isinstance(above.value, list) else key).like(node)
        return place

    def _new_child(self, entries: dict[str, Node], nodes: Sequence[Node]) -> Node:
        """Make what the path needs below the last of `nodes`, if the format knows it."""
        depth, place = len(nodes) - 1, self._place(nodes)
        key, last = self.keys[depth], depth + 1 == len(self.keys)
        if key == APPEND:
            raise self._refused(f"{self._at(depth)} is no list, so nothing can be appended")
        known = key in place.keys
        if not known and not (last and place.takes_names):
            meant = hint(key, place, self.homes()) if place.keys else None
            if depth and key in self._place(nodes[:-1]).keys:
                meant = f"{key} stands beside {self.keys[depth - 1]}, not below it"
            near = meant or suggest(key, list(dict.fromkeys([*entries, *place.keys])))
            raise self._refused(f"names no key of {self._at(depth)}, {near}")
        return Node(self._empty(depth, place.below(key)), self.value.where, self.value.key_where)

    def _empty(self, depth: int, place: Place) -> dict[str, Node] | list[Node]:
        appends = self.keys[depth + 1 :] == (APPEND,)
        return [] if place.is_list and (appends or not place.is_mapping) else {}

    def _at(self, depth: int) -> str:
        return dotted(self.keys[:depth]) or "the scenario"

    def _refused(self, rule: str) -> ScenarioError:
        where = self.value.key_where or self.value.where
        return ScenarioError.of(rule, where=where, path=self.text)


def _called(items: Sequence[Node], name: str) -> int | None:
    """The place of the item that answers call KIND-k, as it has no name of its own."""
    kind, _, number = name.rpartition("-")
    own = [place for place, item in enumerate(items) if item.below(kind) is not None]
    is_one = number.isdecimal() and len(number) < 9 and int(number) < len(own)  # noqa: PLR2004
    return own[int(number)] if is_one else None


def _numbers(items: Sequence[Node]) -> str:
    if not items:
        return "which is empty"
    return f"whose items are 0 to {len(items) - 1}" if len(items) > 1 else "whose only item is 0"


def _item_name(item: Node) -> str:
    name = item.value.get("name") if isinstance(item.value, dict) else None
    return str(name.value) if name and isinstance(name.value, str) else ""
