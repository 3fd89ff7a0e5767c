"""``PATH=VALUE`` from the shell: values are YAML, as in a scenario file."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from sim.core.errors import Problem, ScenarioError
from sim.formats.tree import Node
from sim.formats.yaml_reading import read

if TYPE_CHECKING:
    from collections.abc import Iterable

_CHANGE = re.compile(r'((?:"(?:[^"\\]|\\.)*"|[^="])+)=(.*)', re.DOTALL)
"""A key that holds "=" is quoted, as one that holds a dot is."""


def overrides(words: Iterable[str], origin: str) -> dict[str, Node]:
    """Path -> value, each with `origin` as its place.

    Raises
    ------
    ScenarioError
        With all that is wrong, unless only the scenario can tell.
    """
    problems: list[Problem] = []
    found: dict[str, Node] = {}
    for word in words:
        match = _CHANGE.fullmatch(word)
        if match is None:
            rule = f"must be PATH=VALUE, such as systems.shop.update_domains=10, got {word}"
            problems.append(Problem(origin, "", rule))
        elif match[1] in found:
            problems.append(Problem(origin, match[1], "is given twice"))
        else:
            found[match[1]] = _value(match[1], match[2], origin, problems)
    if problems:
        raise ScenarioError(problems)
    return found


def _value(path: str, text: str, origin: str, problems: list[Problem]) -> Node:
    if not text.strip():
        return Node(None, origin)
    try:
        return _placed(read(text, origin), origin)
    except ScenarioError as error:
        problems += [Problem(origin, path, each.rule) for each in error.problems]
        return Node(None, origin)


def _placed(node: Node, origin: str) -> Node:
    """The same tree; a place within a word of the shell would help nobody."""
    value = node.value
    if isinstance(value, dict):
        value = {key: _placed(child, origin) for key, child in value.items()}
    elif isinstance(value, list):
        value = [_placed(child, origin) for child in value]
    return replace(node, value=value, where=origin, key_where=origin if node.key_where else "")
