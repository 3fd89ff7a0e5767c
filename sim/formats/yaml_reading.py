"""YAML text to a tree.

The text is read from libyaml's parse events, so that whatever is forbidden is refused on the way:
anchors, aliases, merge keys, tags, directives, second documents, duplicate keys, more than 1 MiB,
more than 50 levels, more than 50,000 values. Only null is recognised here (YAML 1.2 core schema),
because it is nobody's value.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NoReturn

import yaml

from sim.core.errors import MOST_PROBLEMS, Problem, ScenarioError
from sim.core.units import shorten
from sim.formats.tree import DEEPEST, LARGEST, MOST_VALUES, Node, Scalar, dotted, mapping, too_many

if TYPE_CHECKING:
    from collections.abc import Iterator

_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_UNPRINTABLE = re.compile("[^\t\n\r -~\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


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
            self._stop(event, too_many())
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
            node = mapping(self._entries(), where, key_where)
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


def _forbidden(what: str, sign: str, name: str) -> str:
    hint = f"use variants (or quote text that begins with {sign})"
    return f"{what} are not allowed: {hint}, got {sign}{shorten(name)}"


def _scalar(event: yaml.ScalarEvent) -> Scalar | None:
    plain = not event.style
    return None if plain and event.value in _NULLS else Scalar(event.value, plain=plain)


AFTER_THE_END = "text after the end of the document"

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
    "did not find expected <document start>": AFTER_THE_END,
}


_TOO_DEEP = "exceeded maximum nesting depth"
"""Of a libyaml that has a limit of its own; it looks ahead, so that it may come before ours."""


def _syntax_rule(error: yaml.MarkedYAMLError) -> str:
    """Say in one line what libyaml says in four, and what it most often means."""
    problem = error.problem or "unreadable"
    if problem == _TOO_DEEP:
        return f"must be at most {DEEPEST} levels deep"
    start = error.context_mark
    since = ""
    if start and error.problem_mark and start.line < error.problem_mark.line:
        since = f" ({error.context} that begins in line {start.line + 1})"
    return f"not YAML: {_HINTS.get(problem, problem)}{since}"
