"""YAML text, or a Python value, to a tree that remembers where each value stands.

The text is read from libyaml's parse events, so that whatever is forbidden is refused on the way:
anchors, aliases, merge keys, tags, directives, second documents, duplicate keys, more than 1 MiB,
more than 50 levels, more than 50,000 values. Scalars keep their text; the field that receives one
says what it means. Only null is recognised here (YAML 1.2 core schema), because it is nobody's
value, and the mark of a guess: ``{value: 3, assumed: true}`` reads as 3, a distribution with
``assumed: true`` beside its family as without it.
"""

from __future__ import annotations

import json
import numbers
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NoReturn, Self

import yaml

from sim.core.errors import MOST_PROBLEMS, Problem, ScenarioError
from sim.core.units import shorten, shorten_any

LARGEST = 2**20
"""Bytes of UTF-8 in a file."""
DEEPEST = 50
"""Levels of mappings and lists."""

MOST_VALUES = 50_000
"""Values in a file: texts and numbers, mappings and lists. So many are checked within a second;
long series of numbers belong in a CSV file."""

ASSUMED, VALUE = "assumed", "value"
"""The keys by which a user marks a guess."""

_LARGEST_INTEGER = 10**40  # Python's own may be too long to print
_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_UNPRINTABLE = re.compile("[^\t\n\r -~\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


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


def _mapping(entries: dict[str, Node], where: str, key_where: str = "") -> Node:
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


def read(text: bytes | str, origin: str) -> Node:
    """Read one YAML document. `origin`, a file's name, begins every place.

    Raises
    ------
    ScenarioError
        With all that is wrong with the syntax, in file order.
    """
    return _Reader(_characters(text, origin), origin).document()


def _characters(text: bytes | str, origin: str) -> str:
    """Decode, having made sure that it is small enough and text at all."""
    try:
        octets = text.encode() if isinstance(text, str) else text
        if len(octets) > LARGEST:
            size = f"{len(octets) / LARGEST:.1f} MiB"
            raise ScenarioError.of(f"must be at most 1 MiB, got {size}", where=origin)
        characters = octets.decode("utf-8-sig")
    except UnicodeError as error:
        where = f"{origin}:{_line(error)}"
        raise ScenarioError.of("not valid UTF-8", where=where) from None
    strange = _UNPRINTABLE.search(characters)
    if strange:
        line = characters.count("\n", 0, strange.start()) + 1
        column = strange.start() - characters.rfind("\n", 0, strange.start())
        rule = f"must be text, got the control character U+{ord(strange[0]):04X}"
        raise ScenarioError.of(rule, where=f"{origin}:{line}:{column}")
    return characters


def _line(error: UnicodeError) -> int:
    """The line of what could not be decoded, or encoded."""
    assert isinstance(error, UnicodeDecodeError | UnicodeEncodeError)
    before = error.object[: error.start]
    return 1 + (before.count(b"\n") if isinstance(before, bytes) else before.count("\n"))


class _Reader:
    """Builds the tree from parse events and gathers what is wrong on the way."""

    def __init__(self, text: str, origin: str) -> None:
        # libyaml takes a minute for 200,000 unclosed brackets; pulled event by event, it is
        # stopped by the limit on levels within milliseconds.
        self._events: Iterator[Any] = iter(yaml.parse(text, Loader=yaml.CLoader))
        self._origin = origin
        self._problems: list[Problem] = []
        self._path: list[str | int] = []
        self._depth = 0
        self._values = 0

    def document(self) -> Node:
        """Read the only document."""
        root = Node(None)
        try:
            root = self._stream()
        except yaml.MarkedYAMLError as error:
            self._refuse_syntax(error)
        if not self._problems and root.value is None:
            self._problems.append(Problem(self._origin, "", "the file is empty"))
        if self._problems:
            raise ScenarioError(self._problems)
        return root

    def _stream(self) -> Node:
        next(self._events)
        root = Node(None)
        for count, start in enumerate(self._events):
            if isinstance(start, yaml.StreamEndEvent):
                break
            if start.version or start.tags:
                self._refuse(start, "directives (%) are not allowed")
            if count:
                self._refuse(start, "must be the only document of its file: use variants")
                break
            root = self._node(next(self._events), "")
            next(self._events)
        return root

    def _node(self, event: yaml.NodeEvent, key_where: str) -> Node:
        self._check_properties(event)
        where = self._where(event)
        self._values += 1
        if self._values > MOST_VALUES:
            self._stop(event, _too_many())
        if isinstance(event, yaml.ScalarEvent):
            return Node(_scalar(event), where, key_where)
        if isinstance(event, yaml.AliasEvent):
            return Node(None, where, key_where)
        if self._depth >= DEEPEST:
            self._stop(event, f"must be at most {DEEPEST} levels deep")
        self._depth += 1
        if isinstance(event, yaml.SequenceStartEvent):
            node = Node(self._items(), where, key_where)
        else:
            node = _mapping(self._entries(), where, key_where)
        self._depth -= 1
        return node

    def _items(self) -> list[Node]:
        items: list[Node] = []
        for event in self._events:
            if isinstance(event, yaml.SequenceEndEvent):
                break
            self._path.append(len(items))
            items.append(self._node(event, ""))
            self._path.pop()
        return items

    def _entries(self) -> dict[str, Node]:
        entries: dict[str, Node] = {}
        for event in self._events:
            if isinstance(event, yaml.MappingEndEvent):
                break
            key = self._key(event)
            if key is None:
                self._node(next(self._events), "")
                continue
            if key in entries:
                line = entries[key].key_where.rsplit(":", 2)[1]
                self._refuse(event, f"duplicate key, first in line {line}", key)
            self._path.append(key)
            value = self._node(next(self._events), self._where(event))
            entries.setdefault(key, value)
            self._path.pop()
        return entries

    def _key(self, event: yaml.NodeEvent) -> str | None:
        """Give the text of a key, or None for what cannot be one."""
        if not isinstance(event, yaml.ScalarEvent):
            if not isinstance(event, yaml.AliasEvent):
                self._refuse(event, "a key must be text, got a list or a mapping")
            self._node(event, "")
            return None
        self._check_properties(event)
        if event.value == "<<" and not event.style:
            self._refuse(event, "merge keys (<<) are not allowed: use variants")
        elif not event.value:
            self._refuse(event, "a key must be text, got nothing")
            return None
        return str(event.value)

    def _check_properties(self, event: Any) -> None:
        if isinstance(event, yaml.AliasEvent):
            self._refuse(event, _forbidden("aliases", "*", str(event.anchor)))
            return
        if event.anchor:
            self._refuse(event, _forbidden("anchors", "&", event.anchor))
        if event.tag:
            tag = shorten(event.tag.replace("tag:yaml.org,2002:", "!!"))
            rule = f"tags are not allowed (quote text that begins with !), got {tag}"
            self._refuse(event, rule)

    def _where(self, event: yaml.Event) -> str:
        mark: Any = event.start_mark
        return f"{self._origin}:{mark.line + 1}:{mark.column + 1}"

    def _refuse(self, event: yaml.Event, rule: str, *key: str) -> None:
        self._problems.append(Problem(self._where(event), dotted([*self._path, *key]), rule))
        if len(self._problems) > MOST_PROBLEMS:
            raise ScenarioError(self._problems)

    def _stop(self, event: yaml.Event, rule: str) -> NoReturn:
        # The path would be as long as the nesting is deep, and the place says it all.
        raise ScenarioError([*self._problems, Problem(self._where(event), "", rule)])

    def _refuse_syntax(self, error: yaml.MarkedYAMLError) -> None:
        mark = error.problem_mark or error.context_mark
        where = f"{self._origin}:{mark.line + 1}:{mark.column + 1}" if mark else self._origin
        self._problems.append(Problem(where, "", _syntax_rule(error)))


def _too_many() -> str:
    return f"must hold at most {MOST_VALUES:,} values, got more (series belong in a CSV file)"


def _forbidden(what: str, sign: str, name: str) -> str:
    hint = f"use variants (or quote text that begins with {sign})"
    return f"{what} are not allowed: {hint}, got {sign}{shorten(name)}"


def _scalar(event: yaml.ScalarEvent) -> Scalar | None:
    plain = not event.style
    return None if plain and event.value in _NULLS else Scalar(event.value, plain=plain)


_HINTS = {
    "mapping values are not allowed in this context": "a second ': ' in one line, or a wrong "
    "indentation; quote text that holds ': '",
    "found character that cannot start any token": "a tab cannot indent, and text that starts "
    "with @, % or ` needs quotes",
    "did not find expected key": "a wrong indentation, a key left out, or a ':' without a space "
    "after it",
    "did not find expected node content": "a value is missing, or a bracket is not closed",
    "could not find expected ':'": "a key without ':', or a quote that is not closed",
    "found unknown directive name": "directives (%) are not allowed",
    "found unexpected end of stream": "a quote is not closed",
    "did not find expected <document start>": "text after the end of the document",
}


def _syntax_rule(error: yaml.MarkedYAMLError) -> str:
    """Say in one line what libyaml says in four, and what it most often means."""
    problem = error.problem or "unreadable"
    start = error.context_mark
    since = ""
    if start and error.problem_mark and start.line < error.problem_mark.line:
        since = f" ({error.context} that begins in line {start.line + 1})"
    return f"not YAML: {_HINTS.get(problem, problem)}{since}"


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
            raise ScenarioError.of(_too_many(), where=self._where)
        if value is None or isinstance(value, str | bool):
            return Node(value, self._where)
        if isinstance(value, numbers.Integral) and abs(int(value)) <= _LARGEST_INTEGER:
            return Node(int(value), self._where)
        if isinstance(value, numbers.Real) and not isinstance(value, numbers.Integral):
            return Node(float(value), self._where)
        if len(path) >= DEEPEST:
            raise ScenarioError.of(f"must be at most {DEEPEST} levels deep", where=self._where)
        if isinstance(value, Mapping):
            return _mapping(self._entries(value, path), self._where)
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
