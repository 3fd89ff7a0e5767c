"""A guess times a factor: which values of the file become which."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from sim.core.errors import ScenarioError
from sim.formats.python_values import from_python
from sim.formats.scaling import has_number, scaled
from sim.formats.tree import dotted
from sim.scenario.document import changed
from sim.scenario.file import json_schema, kinds_of
from sim.scenario.guesses import PARTS, Guess, of_value, place_of, shown
from sim.scenario.paths import find, parse

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sim.formats.tree import Node
    from sim.scenario.guesses import Path
    from sim.scenario.scenario import Scenario


NOT_HERE = "is not in this variant"


class Change(NamedTuple):
    """What a factor makes of a guess."""

    values: Mapping[str, Node]
    """Path -> value; empty where nothing can change."""
    shown: str
    """The values in short."""
    note: str
    """Why nothing can change, or what of the factor is left."""


class Factors:
    """The guesses of a scenario, or of a variant of it, and what factors make of them."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self._tree = scenario.written.tree

    def named(self, paths: Iterable[str]) -> list[Guess]:
        """The values at these paths as guesses, written or default.

        Raises
        ------
        ScenarioError
            Where there is no such value.
        """
        several = len(self.scenario.systems) > 1
        return [self._named(text, several=several) for text in paths]

    def _named(self, text: str, *, several: bool) -> Guess:
        path = find(self._tree, parse(text)) or tuple(parse(text))
        if path[0] not in PARTS:
            # What names nothing at all is told with where it stands.
            changed(self._tree, {text: from_python("0")})
            raise ScenarioError.of("must be a value of a system or an operation", path=text)
        node = self.value(path)
        if node is None or not has_number(node, place_of(self._tree, path, self._schema)):
            changed(self._tree, {text: from_python("0")})
            raise ScenarioError.of("must have a number in this file, got none", path=text)
        return of_value(path, node, "named", several=several)

    def assumes(self, guess: Guess) -> bool:
        """Whether a guess is one here: another variant may give the value for certain."""
        own = {each.paths for each in self.scenario.guesses}
        return guess.origin == "named" or guess.paths in own

    def value(self, path: Path) -> Node | None:
        """What stands at a path, or is its default; None where nothing is."""
        node: Node | None = self._tree
        for key in path:
            node = node.below(key) if node else None
        return node or self._default(path)

    def _default(self, path: Path) -> Node | None:
        value: Any = self._in_force
        for key in self.scenario.place_in_force(path):
            is_number = isinstance(value, list) and str(key).isdigit()
            try:
                value = value[int(key) if is_number else key]
            except (KeyError, IndexError, TypeError):
                return None
        return None if value is None else from_python(value)

    def times(self, guess: Guess, factor: float) -> Change:
        """What becomes of a guess: each of its values times a factor, as far as the file allows."""
        found = self.scaled(guess, factor)
        refused = self._refused(found.values)
        return Change({}, "", f"is refused: {refused}") if refused else found

    def scaled(self, guess: Guess, factor: float) -> Change:
        """The same, whatever the file's checks say of it."""
        values: dict[str, Node] = {}
        notes: dict[str, None] = {}
        for path in guess.paths:
            node = self.value(path)
            if node is None:
                notes[NOT_HERE] = None
                continue
            found = scaled(node, place_of(self._tree, path, self._schema), factor)
            notes |= {found.note: None} if found.note else {}
            if found.node is not None:
                values[dotted(path)] = found.node
        texts = dict.fromkeys(shown(node) for node in values.values())
        return Change(values, ", ".join(texts), "; ".join(notes))

    def with_(self, values: Mapping[str, Node]) -> Scenario:
        """The scenario with other values. ScenarioError where they are refused."""
        return self.scenario.override(values)

    def _refused(self, values: Mapping[str, Node]) -> str:
        try:
            self.with_(values)
        except ScenarioError as error:
            return error.problems[0].rule
        return ""

    @cached_property
    def _in_force(self) -> dict[str, Any]:
        return self.scenario.in_force()

    @cached_property
    def _schema(self) -> dict[str, Any]:
        return json_schema(kinds_of(self._tree))


def guesses_of(scenarios: Mapping[str, Factors], of: Sequence[str] | None) -> list[Guess]:
    """All that is assumed in any variant, or what is named; what has several numbers once.

    Raises
    ------
    ScenarioError
        Where no variant has what is named.
    """
    own = (guess for each in scenarios.values() for guess in each.scenario.guesses)
    named = own if of is None else (one for text in of for one in _named(scenarios, text))
    found: dict[object, Guess] = {}
    for guess in named:
        found.setdefault(guess.paths or guess.text, guess)
    return list(found.values())


def _named(scenarios: Mapping[str, Factors], text: str) -> list[Guess]:
    """The value at a path, of each variant that has it."""
    found: list[Guess] = []
    wrong: list[ScenarioError] = []
    for each in scenarios.values():
        try:
            found += each.named([text])
        except ScenarioError as error:
            wrong.append(error)
    if not found:
        raise wrong[0]
    return found
