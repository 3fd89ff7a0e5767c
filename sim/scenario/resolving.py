"""What only the whole of a file tells: defaults that depend on others, assumptions, warnings."""

from __future__ import annotations

from dataclasses import replace
from operator import attrgetter
from typing import TYPE_CHECKING

from sim.scenario.guesses import of_default
from sim.scenario.issues import as_problems
from sim.scenario.operations import by_system
from sim.systems import SYSTEM_TYPES
from sim.systems.base.operation import Operation, Span, without_a_window
from sim.systems.base.spec import Issue, System

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from sim.formats.tree import Node
    from sim.scenario.guesses import Guess
    from sim.scenario.references import Linked

MOST_REPEATED = 200_000
"""Operations of a file and its variants, with their repetitions, each of which is made."""


def too_many(linked: Iterable[Linked]) -> Iterator[Issue]:
    """More operations than a file and its variants may have together."""
    total = sum(each.times for one in linked for each in one.operations)
    if total > MOST_REPEATED:
        rule = f"must make at most {MOST_REPEATED:,} operations in all, with their repetitions"
        yield Issue(("variants",), f"{rule}, got {total:,}")


def resolved_operations(
    systems: Mapping[str, System], operations: Iterable[Operation]
) -> list[Operation]:
    """Fill in what their bodies leave open, each for its system; in the order of the file."""
    resolved = []
    for name, spec, own in _by_system(systems, operations):
        bodies = SYSTEM_TYPES[spec.kind].resolve_bodies(spec, [each.body for each in own])
        for operation, body in zip(own, bodies, strict=True):
            resolved.append(replace(operation, body=body.model_copy(update={"system": name})))
    return sorted(resolved, key=attrgetter("index"))


def _by_system(
    systems: Mapping[str, System], operations: Iterable[Operation]
) -> Iterator[tuple[str, System, list[Operation]]]:
    for name, own in by_system(systems, operations).items():
        yield name, systems[name], own


def assumptions_of(linked: Linked) -> Iterator[Guess]:
    """Each assumption once."""
    several = len(linked.systems) > 1
    for name, spec, operations in _by_system(linked.systems, linked.operations):
        for assumption in SYSTEM_TYPES[spec.kind].active_assumptions(spec, operations):
            yield of_default(assumption, name, several=several)


def warnings_of(
    tree: Node, systems: Mapping[str, System], operations: Iterable[Operation], span: Span
) -> Iterator[str]:
    for name, spec, own in _by_system(systems, operations):
        found = [*SYSTEM_TYPES[spec.kind].warnings(name, spec, own, span)]
        for operation in own:
            found += without_a_window(operation, span)
        yield from map(str, as_problems(tree, found))
