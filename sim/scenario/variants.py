"""A scenario file and its variants, each looked at as a whole file.

What is wrong with a variant is told at the variant's own line, even where the line that no longer
fits is one of the file's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache, cached_property, partial
from typing import TYPE_CHECKING, Any

from sim.core.errors import MOST_PROBLEMS, Problem, ScenarioError
from sim.core.units import shorten_any
from sim.formats.fields import check, dotted
from sim.formats.hints import homes_of
from sim.formats.python_values import from_python
from sim.formats.tree import Node, walk
from sim.scenario import paths
from sim.scenario.file import File, file_model, json_schema, kinds_of
from sim.scenario.guesses import has_marks, wrong_marks
from sim.scenario.issues import as_problems
from sim.scenario.references import Linked, link
from sim.systems import FOLDERS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sim.formats.hints import Home
    from sim.systems.base.spec import Issue


SHARED = ("prefer", "seed", "sweep")
"""Keys that say how variants are set against each other (with common random numbers), so that none
can have its own."""


MOST_VARIANTS = 1_000
_MOST_CHECKED = 200_000
"""Values of a file and its variants, each of which is checked as a whole file."""


@dataclass(frozen=True)
class Draft:
    """A file, or a variant of it, whose keys and values are right."""

    variant: Variant | None
    tree: Node
    file: File

    def link(self, contents: Mapping[str, bytes], problems: list[Problem]) -> Linked:
        """As `references.link`; what was told of the file is not told of its variants."""
        own: list[Problem] = []
        linked = link(self.tree, self.file, contents, own)
        problems += _news(own, problems, self.variant)
        return linked

    def tell(self, findings: Iterable[Issue], problems: list[Problem]) -> None:
        """Append findings about the file with their places, as `link` does."""
        problems += _news(as_problems(self.tree, findings), problems, self.variant)


@dataclass(frozen=True)
class Variant:
    """What a file says about one of its variants."""

    name: str
    changes: Mapping[str, Node]
    node: Node
    """Where it stands in the file."""

    @cached_property
    def places(self) -> frozenset[str]:
        """The places of all that the variant says."""
        return frozenset(at for each in walk(self.node) for at in (each.where, each.key_where))

    def retold(self, problem: Problem) -> Problem:
        """The same problem with the variant's name, at the variant's own line."""
        own = problem.where in self.places
        where = problem.where if own else self.node.key_where or self.node.where
        path = ": ".join(filter(None, (dotted(("variants", self.name)), problem.path)))
        return Problem(where, path, problem.rule)


def drafts(tree: Node) -> list[Draft]:
    """The file first, then its variants.

    Raises
    ------
    ScenarioError
        With all keys and values that are wrong.
    """
    problems: list[Problem] = []
    found = [_draft(None, tree, problems)]
    rest, varied = without(tree, "variants"), variants(tree)
    crowd = list(_too_many(rest, varied))
    problems += crowd
    for variant in () if crowd else varied.values():
        own = [
            Problem(node.where, path, "must stand in the file itself, as it holds for all variants")
            for path, node in variant.changes.items()
            if path.partition(".")[0].strip('"') in SHARED
        ]
        changed = overridden(rest, variant.changes, own)
        if not own:
            found.append(_draft(variant, changed, own))
        problems += _news(own, problems, variant)
        if len(problems) > MOST_PROBLEMS:
            break
    if problems:
        raise ScenarioError(problems)
    return [draft for draft in found if draft is not None]


def _too_many(rest: Node, varied: Mapping[str, Variant]) -> Iterator[Problem]:
    """More variants than a file of this size may have."""
    if len(varied) > 1:
        most = min(MOST_VARIANTS, _MOST_CHECKED // sum(1 for _ in walk(rest)))
        if len(varied) > most:
            place = list(varied.values())[most].node
            rule = f"must be at most {most:,} in a file of this size, got {len(varied):,}"
            yield Problem(place.key_where or place.where, "variants", rule)


def _draft(variant: Variant | None, tree: Node, problems: list[Problem]) -> Draft | None:
    file = check(file_model(kinds_of(tree)), tree, (), problems, file_model)
    if file is not None and has_marks(tree):
        found = as_problems(tree, wrong_marks(tree, json_schema(kinds_of(tree))))
        problems += found
        file = None if found else file
    return None if file is None else Draft(variant, tree, file)


def _news(
    own: Iterable[Problem], told: Iterable[Problem], variant: Variant | None
) -> list[Problem]:
    """The problems that the file itself does not have; it comes first, so it has told its own."""
    if variant is None:
        return list(own)
    known = set(told)
    return [variant.retold(problem) for problem in own if problem not in known]


def variants(tree: Node) -> dict[str, Variant]:
    """The variants of a file, as far as they have the form of variants."""
    entries = tree.value.get("variants") if isinstance(tree.value, dict) else None
    if entries is None or not isinstance(entries.value, dict):
        return {}
    return {
        name: Variant(name, node.value, node)
        for name, node in entries.value.items()
        if isinstance(node.value, dict)
    }


def without(tree: Node, left_out: str) -> Node:
    """The file as it would be without one of its keys."""
    if not isinstance(tree.value, dict):
        return tree
    rest = {key: node for key, node in tree.value.items() if key != left_out}
    return Node(rest, tree.where, tree.key_where)


@cache
def homes() -> Mapping[str, Home]:
    """Where each key of the format stands."""
    return homes_of(json_schema())


def overridden(tree: Node, changes: Mapping[str, object], problems: list[Problem]) -> Node:
    """The tree with other values (path -> value), as far as the paths name something.

    Values are as in a file, or nodes with a place of their own.
    """
    if not isinstance(changes, Mapping) or not all(isinstance(path, str) for path in changes):
        raise ScenarioError.of(f"changes must be PATH: VALUE, got {shorten_any(changes)}")
    for path, value in changes.items():
        node = value if isinstance(value, Node) else from_python(value)
        try:
            tree = _with_value(tree, path, node)
        except ScenarioError as error:
            problems += error.problems
            if len(problems) > MOST_PROBLEMS:
                break
    return tree


_OF_THE_FILE = {field.alias or name for name, field in File.model_fields.items()} - {"variants"}
"""Keys that need no schema to be known, which takes a tenth of a second to make."""


def _with_value(tree: Node, path: str, value: Node) -> Node:
    if path in _OF_THE_FILE and isinstance(tree.value, dict):
        return replace(tree, value={**tree.value, path: value})
    try:
        return paths.override(tree, path, value, lambda: _format(kinds_of(tree)), homes)
    except ScenarioError:
        # A system of another kind may know the path; if none does, that is told of all of them.
        return paths.override(tree, path, value, partial(_format, FOLDERS), homes)


def format_of(tree: Node) -> dict[str, Any]:
    """The schema of what a path into a file may name."""
    return _format(kinds_of(tree))


@cache
def _format(kinds: tuple[str, ...]) -> dict[str, Any]:
    """The schema of what a path may name: all but the variants."""
    schema = json_schema(kinds)
    known = {key: value for key, value in schema["properties"].items() if key != "variants"}
    return schema | {"properties": known}
