"""A scenario in a notebook: its systems, operations and objectives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sim.core.units import show_duration
from sim.formats import html

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sim.systems.base.operation import Operation
    from sim.systems.base.spec import System

_MOST = 40
"""Rows of a table."""


def scenario_page(
    title: str,
    question: str,
    systems: Mapping[str, System],
    operations: Sequence[Operation],
    objectives: Sequence[Mapping[str, Any]],
    notes: Mapping[str, Sequence[str]],
) -> str:
    """A scenario as HTML.

    `objectives` are as `dump_objective` writes them, `notes` lists of words by what they are.
    """
    written = [each for each in operations if not each.repetition]
    tables = [_table(["system", "kind"], [[name, spec.kind] for name, spec in systems.items()])]
    if written:
        head = ["operation", "of", "at", "what"]
        rows = [[each.name, each.system, _when(each), each.kind] for each in written]
        tables.append(_table(head, rows))
    if objectives:
        head = ["objective", "of", "bound", "in"]
        tables.append(_table(head, [_asked(each) for each in objectives]))
    lines = [f"{what}: {', '.join(words)}" for what, words in notes.items() if words]
    return html.page(title, filter(None, [question, *lines]), tables)


def _when(operation: Operation) -> str:
    every = f", every {show_duration(operation.every)}" if operation.every else ""
    return f"{operation.at}{every}"


def _asked(entry: Mapping[str, Any]) -> list[str]:
    """An entry of the file's `objectives`, with all its defaults."""
    sign, bound = (">=", "at_least") if "at_least" in entry else ("<=", "at_most")
    whose = " ".join(filter(None, [entry["system"], entry.get("group", "")]))
    runs = "on average" if entry["of"] == "mean" else f"{entry['in_runs']} of runs"
    return [entry["metric"], whose, f"{sign} {entry[bound]}", runs]


def _table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    return html.table(headings, _cut(rows, len(headings)))


def _cut(rows: Sequence[Sequence[str]], columns: int) -> Iterator[Sequence[str]]:
    yield from rows[:_MOST]
    if len(rows) > _MOST:
        yield [f"{len(rows) - _MOST:,} more", *[""] * (columns - 1)]
