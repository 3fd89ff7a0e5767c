"""A timeline drawn with characters: how low a share falls, for how long, and when.

Each column shows the lowest value within its time, so that no dip is too short to be seen.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from sim.core.formatting import show
from sim.core.timelines import TOLERANCE
from sim.core.wall_clock import show_instant
from sim.plots.parts import clock

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from sim.core.timelines import Timeline

_MARGIN = 8
"""Columns in front of the drawing: ``100 % |``."""
_TICK_WIDTH = 11
"""Columns that a label below needs."""


def sparkline(
    line: Timeline,
    *,
    start: dt.datetime | None,
    width: int,
    rows: int,
    levels: str,
    changes: Sequence[float] = (),
) -> list[str]:
    """Draw a share over that part of its time in which something changes, with both axes.

    `changes` are instants at which something else happens, seconds: they are in the drawing too.
    `width` and `rows` are the size of the drawing in characters, its axis of `width` included;
    `levels` are the characters from empty to full.
    """
    view = _view(line, changes)
    columns = width - _MARGIN
    top = max(1.0, float(line.values.max()))
    edges = np.linspace(view.left, view.right, columns + 1)
    heights = _heights(_lowest(line, edges) / top, rows * (len(levels) - 1))
    drawn = [
        f"{_scale(row, rows, top):>{_MARGIN - 2}} |{_row(heights, row, rows, levels)}".rstrip()
        for row in range(rows)
    ]
    most = max(2, columns // _TICK_WIDTH)
    ticks = clock.ticks(view.left, view.right, start, most)
    labels = clock.labels(ticks, start)
    places = [_place(at, view, columns) for at in ticks]
    axis = _axis(places, columns)
    return [*drawn, f"{'0 %':>{_MARGIN - 2}} {axis}", *_labels(places, labels, width)]


def afterwards(line: Timeline, start: dt.datetime | None, changes: Sequence[float] = ()) -> str:
    """``, then 80 % until 6h``: what the drawing leaves out where it ends other than it began."""
    view = _view(line, changes)
    if view.right >= view.end or abs(line.values[-1] - line.values[0]) < TOLERANCE:
        return ""
    return f", then {show(float(line.values[-1]), 'share')} until {show_instant(view.end, start)}"


def _view(line: Timeline, changes: Sequence[float]) -> clock.View:
    own = line.simplified().times[1:].tolist()
    return clock.view(float(line.times[0]), line.end, [*own, *changes])


def _lowest(line: Timeline, edges: NDArray[np.float64]) -> NDArray[np.float64]:
    """The lowest value in each column; its left edge belongs to it, its right one to the next."""
    first = np.searchsorted(line.times, edges[:-1], side="right") - 1
    last = np.searchsorted(line.times, edges[1:], side="left")
    return np.array(
        [line.values[a : max(b, a + 1)].min() for a, b in zip(first, last, strict=True)]
    )


def _heights(shares: NDArray[np.float64], full: int) -> list[int]:
    """In steps of a drawing `full` steps high: full only for 1, empty only for 0."""
    return [
        full if share > 1 - TOLERANCE else min(full - 1, math.ceil(share * full - TOLERANCE))
        for share in shares.tolist()
    ]


def _row(heights: Sequence[int], row: int, rows: int, levels: str) -> str:
    steps = len(levels) - 1
    below = (rows - 1 - row) * steps
    return "".join(levels[min(max(height - below, 0), steps)] for height in heights)


def _scale(row: int, rows: int, top: float) -> str:
    return f"{100 * top * (rows - row) / rows:.0f} %"


def _place(at: float, view: clock.View, columns: int) -> int:
    span = view.right - view.left
    return min(columns - 1, int((at - view.left) / span * columns)) if span else 0


def _axis(places: Sequence[int], columns: int) -> str:
    return "+" + "".join("+" if place in places else "-" for place in range(columns))


def _labels(places: Sequence[int], labels: Sequence[str], width: int) -> list[str]:
    """Labels under their ticks, a second line where there are dates; none runs over the edge."""
    lines = []
    for parts in zip(*(label.split("\n") for label in labels), strict=False):
        line = ""
        for place, part in zip(places, parts, strict=True):
            column = min(_MARGIN + place, width - len(part))
            if part and (not line or column > len(line)):
                line = line.ljust(column) + part
        lines.append(line)
    return [line for line in lines if line]
