"""How far a rollout that takes days had come: a table of some of the days."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sim.cli.screens.console import Column, fits, paragraph, table
from sim.core.formatting import show
from sim.core.units import show_duration
from sim.core.wall_clock import DAY
from sim.formats.checking import listed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sim.cli.screens.console import Style

    Row = Mapping[str, Any]

_STEPS = (1, 2, 7, 14, 28, 91, 182, 364)
"""Days from one column to the next, whole weeks where there are many."""
_MOST, _LEAST = 8, 2
"""Columns."""


def progress_table(days: Sequence[Row], which: str, style: Style) -> list[str]:
    """Lines on one system, `which` names the run.

    Rows of `days` have group, day and up_to_date, the last one of a group what the others are
    `held_by`: that is told where there are several groups.
    """
    shares: dict[str, dict[int, float]] = {}
    rest: dict[str, str] = {}
    for row in days:
        shares.setdefault(row["group"], {})[row["day"]] = row["up_to_date"]
        rest[row["group"]] = row["held_by"]
    whole = shares.get("")
    shares = {group: own for group, own in shares.items() if not group or own != whole}
    if not any(map(max, shares.values())):
        return []  # all was over within a day: the sentences and metrics tell it
    names = [group or "all" for group in shares]
    caption = f"up to date{which}, by time since it was first requested:"
    held = [rest[group] for group in shares] if len(shares) > 1 else []
    columns = _columns(names, list(shares.values()), held)
    counted = _counted_from({row["group"]: row["at_s"] for row in days if row["day"] == 0}, shares)
    return [caption, *table(names, columns, style), *counted]


def _counted_from(since: Mapping[str, float], shown: Iterable[str]) -> list[str]:
    """When the days of each row begin, where not all do at once: such rows do not add up."""
    by_time: dict[float, list[str]] = {}
    for group in shown:
        by_time.setdefault(since[group], []).append(group or "all")
    if len(by_time) == 1:
        return []
    each = (f"{show_duration(at)} of {listed(names)}" for at, names in sorted(by_time.items()))
    return paragraph(f"requested first at {', at '.join(each)}")


def _columns(
    names: Sequence[str], shares: Sequence[Mapping[int, float]], held: Sequence[str]
) -> list[Column]:
    """As many days as there is room for, the last one among them, and what holds the rest."""
    last = max(max(each) for each in shares)
    for ends in _ends(held):
        for most in range(_MOST, _LEAST, -1):
            columns = [*(_column(day, shares) for day in _chosen(last, most)), *ends]
            if fits(names, columns):
                return columns
    return columns


def _ends(held: Sequence[str]) -> list[list[Column]]:
    """The column behind the days: every reason, or the first ones where that is too long."""
    if not any(held):
        return [[]]
    first = [each.split(", ")[0] for each in held]
    short = (one if one == each else f"{one}, ..." for one, each in zip(first, held, strict=True))
    return [[Column("the rest", tuple(cells))] for cells in (held, short)]


def _chosen(last: int, most: int) -> list[int]:
    step = next((step for step in _STEPS if step * most >= last), last)
    return [*range(step, last, step), last]


def _column(day: int, shares: Sequence[Mapping[int, float]]) -> Column:
    """Whatever has ended before that day stays as it is."""
    cells = (show(each[min(day, max(each))], "share") for each in shares)
    return Column(show_duration(day * DAY), tuple(cells))
