"""What is wrong with the parts of a file, and where: by its path, and by its place in the text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.core.clock_times import ClockTime
from sim.core.errors import Problem
from sim.formats.tree import Node, dotted, walk
from sim.systems.base.spec import Issue, System, unknown_name

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Mapping, Sequence

Path = tuple[str | int, ...]


def as_problems(tree: Node, findings: Iterable[Issue]) -> list[Problem]:
    """Findings with their places, in the order of the file."""
    located = [(locate(tree, finding.path), finding) for finding in findings]
    if located:
        order = {id(node): number for number, node in enumerate(walk(tree))}
        located.sort(key=lambda pair: order[id(pair[0])])
    return [
        Problem(
            node.key_where if finding.about_key and node.key_where else node.where,
            dotted(finding.path),
            finding.rule,
        )
        for node, finding in located
    ]


def locate(tree: Node, path: Path) -> Node:
    """The node at `path`, or the deepest one above it: a missing key has no place."""
    node = tree
    for key in path:
        below = node.below(key)
        if below is None:
            break
        node = below
    return node


def seconds_of(
    written: float | ClockTime, start: dt.datetime | None, path: Path, findings: list[Issue]
) -> float:
    """Seconds after the start; a clock time that means none is told, and counts as 0."""
    if not isinstance(written, ClockTime):
        return written
    try:
        return written.after(start)
    except ValueError as error:
        findings.append(Issue(path, str(error)))
        return 0.0


def system_meant(
    what: str, system: str | None, path: Path, able: Sequence[str], systems: Mapping[str, System]
) -> tuple[str, list[Issue]]:
    """Which of the systems that are `able` is meant, "" where none."""
    if system is None and len(able) == 1:
        return able[0], []
    if system is None:
        several = f"missing key system, as several have the {what}: {', '.join(able)}"
        return "", [Issue(path, several if able else f"no system of this file has the {what}")]
    if system in able:
        return system, []
    if system in systems:
        rule = f"{system} is a {systems[system].kind}, which has no {what}"
    else:
        rule = unknown_name("a system of this file", system, systems)
    return "", [Issue((*path, "system"), rule)]
