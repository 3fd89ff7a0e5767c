"""How far a rollout that takes days had come: a table of some of the days."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sim.cli.console import Column, fits, table
from sim.core.formatting import show
from sim.core.units import show_duration
from sim.core.wall_clock import DAY

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sim.cli.console import Style

    Row = Mapping[str, Any]

_STEPS = (1, 2, 7, 14, 28, 91, 182, 364)
"""Days from one column to the next, whole weeks where there are many."""
_MOST, _LEAST = 8, 2
"""Columns."""


def progress_table(days: Sequence[Row], which: str, style: Style) -> list[str]:
    """Lines on one system: rows of `days` have group, day and up_to_date, `which` names the run."""
    shares: dict[str, dict[int, float]] = {}
    for row in days:
        shares.setdefault(row["group"], {})[row["day"]] = row["up_to_date"]
    whole = shares.get("")
    shares = {group: own for group, own in shares.items() if not group or own != whole}
    if not any(map(max, shares.values())):
        return []  # all was over within a day: the sentences and metrics tell it
    names = [group or "all" for group in shares]
    caption = f"up to date{which}, by time since it was first requested:"
    return [caption, *table(names, _columns(names, list(shares.values())), style)]


def _columns(names: Sequence[str], shares: Sequence[Mapping[int, float]]) -> list[Column]:
    """As many of the days as there is room for, the last one among them."""
    last = max(max(each) for each in shares)
    for most in range(_MOST, _LEAST, -1):
        columns = [_column(day, shares) for day in _chosen(last, most)]
        if fits(names, columns):
            break
    return columns


def _chosen(last: int, most: int) -> list[int]:
    step = next((step for step in _STEPS if step * most >= last), last)
    return [*range(step, last, step), last]


def _column(day: int, shares: Sequence[Mapping[int, float]]) -> Column:
    """Whatever has ended before that day stays as it is."""
    cells = (show(each[min(day, max(each))], "share") for each in shares)
    return Column(show_duration(day * DAY), tuple(cells))
