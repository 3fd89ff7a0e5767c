"""``--over PATH=VALUES`` from the shell, as the `sweep` of a scenario file says it."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from sim.cli.options.overrides import overrides
from sim.core.errors import Problem, ScenarioError
from sim.core.units import shorten
from sim.formats.tree import Node, Scalar
from sim.formats.yaml_reading import AFTER_THE_END

if TYPE_CHECKING:
    from collections.abc import Iterable

WHERE = "--over"
_RANGE = re.compile(r"([^:]+?)\.\.([^:]+)(?::(.+))?")


def over(words: Iterable[str]) -> Node | None:
    """What a file would say under `sweep`, with the option as its place; None without a word.

    VALUES are ``FROM..TO:STEP``, values with commas between them, or YAML as in a file.

    Raises
    ------
    ScenarioError
        With all words that are none of these.
    """
    try:
        given = overrides(words, WHERE)
    except ScenarioError as error:
        raise ScenarioError(map(_as_list, error.problems)) from None
    entries: dict[str, Node] = {}
    problems: list[Problem] = []
    for path, node in given.items():
        value = node.value
        if isinstance(value, Scalar):
            try:
                value = _values(value)
            except ValueError as error:
                problems.append(Problem(WHERE, path, str(error)))
        elif not isinstance(value, dict | list):
            problems.append(Problem(WHERE, path, "must have values, got nothing"))
        entries[path] = Node(value, WHERE, WHERE)
    if problems:
        raise ScenarioError(problems)
    return Node(entries, WHERE, WHERE) if entries else None


def _as_list(problem: Problem) -> Problem:
    """What is wrong with values, and how several that hold commas are written."""
    if not problem.rule.endswith(AFTER_THE_END):
        return problem
    told = f"{problem.rule}; several values that hold commas need brackets: [VALUE, VALUE]"
    return replace(problem, rule=told)


def _values(text: str) -> dict[str, Node] | list[Node]:
    found = _RANGE.fullmatch(text)
    if found is None:
        return [_node(part.strip()) for part in text.split(",") if part.strip()]
    first, last, step = found.groups()
    if step is None:
        rule = "needs a step, such as 0s..1h:5min"
        raise ValueError(f"{rule}, got {shorten(text)}")
    return {"from": _node(first), "to": _node(last), "step": _node(step)}


def _node(text: str) -> Node:
    return Node(Scalar(text), WHERE, WHERE)
