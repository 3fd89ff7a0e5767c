"""What an answer rests on that may be otherwise: defaults that Azure does not publish, and values
that the user marked as guesses (``assumed: true``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from sim.formats.distributions import Distribution
from sim.formats.scaling import has_number, is_distribution
from sim.formats.schema import Place
from sim.formats.tree import Node, dotted, plain
from sim.systems.base.spec import Issue

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from typing import Any

    from sim.systems.base.assumptions import Assumption

    Path = tuple[str | int, ...]

PARTS = ("systems", "operations")
"""Whose values may be guesses: all else is what the user wants to know."""


@dataclass(frozen=True)
class Guess:
    """Something assumed."""

    text: str
    """What is assumed."""
    paths: tuple[Path, ...]
    """Where it is written, or would be; none where it is no number."""
    origin: Literal["default", "marked", "named"]
    """Whether it is a default, marked in the file, or named by who asks."""
    no_number: str = ""
    """Why there is nothing to halve or to double."""

    @property
    def places(self) -> list[str]:
        """The paths as `--set` takes them."""
        return [dotted(path) for path in self.paths]


def of_default(assumption: Assumption, system: str, *, several: bool) -> Guess:
    """An assumption of a system, named where there are `several`."""
    text = f"{system}: {assumption.text}" if several else assumption.text
    paths = tuple(("systems", system, *path) for path in assumption.paths)
    return Guess(text, paths, "default", assumption.no_number)


def short_names(guesses: Sequence[Guess]) -> list[str]:
    """Without values, and of paths the last two keys, as far as that tells them apart."""
    names = [each.text.partition(" (")[0] for each in guesses]
    short = [
        dotted(each.paths[0][-2:]) if each.origin != "default" else name
        for each, name in zip(guesses, names, strict=True)
    ]
    return short if len(set(short)) == len(short) else [each.text for each in guesses]


def marks(tree: Node) -> Iterator[Guess]:
    """The values that the user marked, in the file's order."""
    several = len(_entries(tree, "systems")) > 1
    for path, node in _marked(tree, ()):
        if path[0] in PARTS:
            yield of_value(path, node, "marked", several=several)


def of_value(path: Path, node: Node, origin: Literal["marked", "named"], *, several: bool) -> Guess:
    """A value of the file as a guess: ``roles.WebRole.restart (4min)``."""
    name = dotted(path if several or path[0] != "systems" else path[2:])
    return Guess(f"{name} ({shown(node)})", (path,), origin)


def shown(node: Node) -> str:
    """A number, a time or a distribution in short."""
    if not is_distribution(node):
        return str(node.value)
    try:
        return Distribution.model_validate(plain(Node(node.value))).short
    except ValueError:  # its times are in a file that is not read here
        return "a distribution"


def wrong_marks(tree: Node, schema: Mapping[str, Any]) -> Iterator[Issue]:
    """Marks beside what is no number, or neither of a system nor of an operation."""
    for path, node in _marked(tree, ()):
        if path[:1] == ("variants",):
            continue  # each variant is looked at as a whole file
        if path[:1] not in {(part,) for part in PARTS}:
            rule = "`assumed: true` must stand beside a value of a system or an operation"
        elif not has_number(node, place_of(tree, path, schema)):
            rule = "`assumed: true` must stand beside a number, a share, a time or a distribution: "
            rule += "{value: 3, assumed: true}"
        else:
            continue
        yield Issue(path, rule)


def place_of(tree: Node, path: Iterable[str | int], schema: Mapping[str, Any]) -> Place:
    """What the format knows of a path, which the tree need not have."""
    node: Node | None = tree
    place = Place.top(dict(schema)).like(tree)
    for key in path:
        node = node.below(key) if node else None
        place = place.below(key)
        place = place.like(node) if node else place
    return place


def has_marks(tree: Node) -> bool:
    """Whether any value is marked."""
    return next(_marked(tree, ()), None) is not None


def _marked(node: Node, path: Path) -> Iterator[tuple[Path, Node]]:
    if node.assumed:
        yield path, node
    if isinstance(node.value, dict):
        for key, child in node.value.items():
            yield from _marked(child, (*path, key))
    elif isinstance(node.value, list):
        for number, child in enumerate(node.value):
            yield from _marked(child, (*path, number))


def _entries(tree: Node, key: str) -> Mapping[str, Node]:
    child = tree.below(key)
    return child.value if child and isinstance(child.value, dict) else {}
