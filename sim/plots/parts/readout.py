"""What a figure shows as numbers: the table behind it, and what is read at each place of it.

A page shows a reading where the pointer rests, and the table to who cannot see the picture.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from sim.core.formatting import show
from sim.core.wall_clock import show_instant

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping, Sequence

    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from sim.core.timelines import Timeline
    from sim.plots.parts.clock import View

MOST_ROWS = 240
"""Rows of a table behind a figure: the panels of a figure share them."""
_MOST_SPANS, _FEWEST_SPANS = 60, 12
"""Spans into which a time axis is cut, of one panel and of many."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What is read from `left` to `right` of some axes, in their own units."""

    axes: Axes
    left: float
    right: float
    text: str
    bottom: float | None = None
    """None for the whole height."""
    top: float | None = None
    value: str = ""
    """The number itself, as a table of results has it."""


@dataclass(frozen=True, slots=True)
class Readout:
    """The table behind a figure, and its readings."""

    headings: tuple[str, ...]
    rows: list[tuple[str, ...]] = field(default_factory=list)
    readings: list[Reading] = field(default_factory=list)


@dataclass(frozen=True, eq=False, slots=True)
class Steps:
    """A step function: each value holds until the next instant."""

    times: NDArray[np.float64]
    values: NDArray[np.float64]
    unit: str = "share"

    @classmethod
    def of(cls, line: Timeline) -> Steps:
        """Those of a timeline."""
        return cls(line.times, line.values, line.unit)

    def changes(self) -> NDArray[np.float64]:
        """The instants at which the value changes."""
        moved: NDArray[np.bool_] = self.values[1:] != self.values[:-1]
        return self.times[1:][moved]

    def within(self, edges: NDArray[np.float64]) -> list[str]:
        """What it is from each edge to the next: one value, or the lowest and the highest."""
        first = np.maximum(np.searchsorted(self.times, edges[:-1], side="right") - 1, 0)
        last = np.maximum(np.searchsorted(self.times, edges[1:], side="left"), first + 1)
        return [
            self._range(self.values[begin:end])
            for begin, end in zip(first.tolist(), last.tolist(), strict=True)
        ]

    def _range(self, values: NDArray[np.float64]) -> str:
        low, high = (show(float(end), self.unit) for end in (values.min(), values.max()))
        return low if low == high else f"{low} to {high}"


@dataclass(frozen=True, slots=True)
class Panel:
    """The step lines of some axes by their names, the one that is cut at its steps first."""

    axes: Sequence[Axes]
    lines: Mapping[str, Steps]


def read_steps(
    panels: Mapping[str, Panel], shown: View, start: dt.datetime | None, what: str = "variant"
) -> Readout:
    """What is read of step lines over time: the name of each panel (one of `what`) -> its lines.

    A time axis is cut where anything steps if that is seldom, else where the first line does, and
    evenly: each span tells the lowest and the highest value in it.
    """
    names = list(dict.fromkeys(name for each in panels.values() for name in each.lines))
    several = len(panels) > 1
    found = Readout((*([what] if several else []), "from", "to", *names))
    most = max(_FEWEST_SPANS, min(_MOST_SPANS, MOST_ROWS // max(1, len(panels))))
    for panel, own in panels.items():
        edges = _edges([*own.lines.values()], shown, most)
        columns = {name: steps.within(edges) for name, steps in own.lines.items()}
        for place, (begin, end) in enumerate(pairwise(edges.tolist())):
            span = show_instant(begin, start), show_instant(end, start)
            cells = [columns[name][place] if name in columns else "-" for name in names]
            found.rows.append((*([panel] if several else []), *span, *cells))
            told = "; ".join(f"{name} {columns[name][place]}" for name in columns)
            text = f"{f'{panel}, ' if several else ''}{span[0]} to {span[1]}: {told}"
            found.readings.extend(Reading(axes, begin, end, text) for axes in own.axes)
    return found


def _edges(lines: Sequence[Steps], shown: View, most: int) -> NDArray[np.float64]:
    """Where the readings of a panel begin and end."""

    def inside(times: NDArray[np.float64]) -> NDArray[np.float64]:
        return times[(times > shown.left) & (times < shown.right)]

    first = inside(lines[0].changes())
    parts = [inside(each.changes()) for each in lines]
    is_seldom = max(map(len, parts)) <= most
    every = np.unique(np.concatenate(parts)) if is_seldom else np.array([])
    even = np.linspace(shown.left, shown.right, most + 1)
    if is_seldom and len(every) <= most:
        cuts = every
    elif len(first) <= most // 2:
        cuts = np.concatenate([first, even[::2]])
    else:
        cuts = even
    return np.unique(np.concatenate([[shown.left], cuts, [shown.right]]))
