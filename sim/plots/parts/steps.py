"""Step functions and intervals, thinned to what a figure's pixels can show."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sim.plots.parts import style
from sim.plots.parts.style import COLUMNS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from sim.core.timelines import Timeline


_SEEN = 2
"""Pixels of a page that axes fill. Beside long labels they have more than half of it."""


def changes(line: Timeline) -> NDArray[np.float64]:
    """The first and the last instant (seconds) at which the value changes; empty if never."""
    at = np.flatnonzero(line.values[1:] != line.values[:-1]) + 1
    return line.times[at[[0, -1]] if len(at) else at]


def corners(
    line: Timeline, left: float, right: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Times (seconds) and values of `line` on [left, right], to be joined by post steps.

    Where there are many more steps than pixel columns, each column keeps its first, lowest,
    highest and last: no dip is lost, and what is drawn is the same.
    """
    inside = line.crop(max(left, float(line.times[0])), min(right, line.end))
    times, values = inside.times, inside.values
    if len(times) > 4 * COLUMNS:
        column = ((times - times[0]) * (COLUMNS / (inside.end - times[0]))).astype(np.int64)
        first = np.flatnonzero(np.diff(column, prepend=-1))
        last = np.append(first[1:], len(times)) - 1
        kept = np.zeros(len(times), bool)
        kept[first] = kept[last] = True
        for extreme in (np.minimum, np.maximum):
            best = np.repeat(extreme.reduceat(values, first), last - first + 1)
            at = np.flatnonzero(values == best)
            kept[at[np.flatnonzero(np.diff(column[at], prepend=-1))]] = True
        times, values = times[kept], values[kept]
    return np.append(times, inside.end), np.append(values, values[-1])


def join(intervals: Sequence[tuple[float, float]], gap: float = 0.0) -> list[tuple[float, float]]:
    """The union of `intervals` (start, end), holes of up to `gap` closed."""
    if not intervals:
        return []
    ordered = np.array(sorted(intervals))
    reach = np.maximum.accumulate(ordered[:, 1])
    begins = np.append(True, ordered[1:, 0] > reach[:-1] + gap)
    ends = np.append(begins[1:], True)
    return list(zip(ordered[begins, 0].tolist(), reach[ends].tolist(), strict=True))


def visible(
    intervals: Sequence[tuple[float, float]], left: float, right: float
) -> list[tuple[float, float]]:
    """What is seen of `intervals` in [left, right]: cut at its ends, unseen holes closed."""
    cut = [(max(a, left), min(b, right)) for a, b in intervals if a <= right and b >= left]
    return join(cut, gap=(right - left) / COLUMNS)


def bars(
    intervals: Sequence[tuple[float, float]], left: float, right: float
) -> list[tuple[float, float]]:
    """(start, width) of each interval, wide enough to be seen in [left, right].

    Edges are snapped to pixels: what is narrower than one may be gone.
    """
    least = _SEEN * (right - left) / (style.WIDTH * style.DPI)
    return [(begin, max(end - begin, least)) for begin, end in intervals]
