"""Which guess decides? What each one, halved and doubled, makes of a metric; the weightiest on top.

A bar leads from the mean as the scenario is to the mean with the other value, and on its end stands
the interval of the paired difference. A guess that changes nothing has no bar.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from sim.core.formatting import show, show_range
from sim.plots.parts import colours, legend, style
from sim.plots.parts.readout import Reading, Readout
from sim.plots.parts.value_axis import value_axis

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

    from sim.plots.parts.style import Picture

MOST = 15
"""Rows of a picture."""
_ROW, _FRAME, _LEGEND = 0.36, 0.9, 0.3
_BAR, _MARGIN = 0.36, 0.06
_LOOKS: dict[str, dict[str, Any]] = {
    "halved": {"facecolor": colours.PAPER, "hatch": "/////"},
    "doubled": {"facecolor": colours.ROLLOUT},
}
_EDGE: dict[str, Any] = {"edgecolor": colours.ROLLOUT, "linewidth": 0.8}
_BASE: dict[str, Any] = {"color": colours.INK, "linewidth": 1.0, "linestyle": (0, (4, 2))}
_BESIDE = 4.0
"""Points between a bar and what is written beside it."""


@dataclass(frozen=True, slots=True)
class Bar:
    """The metric with a guess halved or doubled; nan where it has no mean, or median."""

    value: float
    low: float
    high: float
    note: str = ""
    """What is written beside the bar: ``no value in 3 of 100 runs``, ``is rounded to 1``."""


@dataclass(frozen=True, slots=True)
class Row:
    """One guess."""

    name: str
    halved: Bar
    doubled: Bar


def figure(
    rows: Sequence[Row],
    base: float,
    what: str,
    unit: str,
    *,
    title: str,
    subtitle: str = "",
    middle: str = "mean",
) -> Picture:
    """Two bars for each of `rows` from `base`, the mean (or median: `middle`) as the scenario is;
    `what`, in `unit`, names the x axis.

    ValueError without a row.
    """
    if not rows:
        raise ValueError("there must be a guess to draw, got none")
    shown = rows[:MOST]
    if len(rows) > MOST:
        subtitle += f"; the weightiest {MOST} of {len(rows)} guesses"
    ends = [base, *(end for row in shown for end in (*_ends(row.halved), *_ends(row.doubled)))]
    ends = [each for each in ends if math.isfinite(each)] or [0.0]
    room = _MARGIN * ((max(ends) - min(ends)) or abs(max(ends)) or 1.0)
    left, right = min(ends) - room, max(ends) + room
    with style.look():
        page = style.picture(title, subtitle, len(shown) * _ROW + _FRAME + _LEGEND)
        axes = page.subplots()
        if math.isfinite(base):
            axes.axvline(base, gid="base", **_BASE)
        for place, row in enumerate(shown):
            _draw(axes, place - _BAR / 2, row.halved, base, "halved")
            _draw(axes, place + _BAR / 2, row.doubled, base, "doubled")
        style.name_rows(axes, [row.name for row in shown])
        axes.grid(axis="x")
        value_axis(axes, f"{middle} {what}", unit, left, right)
        _explain(page)
    page.readout = _readout(axes, shown, base, f"{middle} {what}", unit)
    return page


def _readout(axes: Axes, rows: Sequence[Row], base: float, what: str, unit: str) -> Readout:
    """The mean with each value of a guess, and what it is as the scenario is."""
    found = Readout(("guess", "value", what, "interval", "as it is"))
    is_there = math.isfinite(base)
    for place, row in enumerate(rows):
        for side, (name, bar) in enumerate((("halved", row.halved), ("doubled", row.doubled))):
            mean = show(bar.value, unit) if math.isfinite(bar.value) else bar.note or "none"
            limits = show_range(bar.low, bar.high, unit)
            found.rows.append((row.name, name, mean, limits, show(base, unit)))
            if is_there and math.isfinite(bar.value):
                now = show(base, unit)
                text = f"{row.name}, {name}: {what} {mean} ({limits}), as it is {now}"
                edges = place + (side - 1) * _BAR, place + side * _BAR
                reading = Reading(axes, base, bar.value, text, *edges, repr(bar.value))
                found.readings.append(reading)
    return found


def _ends(bar: Bar) -> tuple[float, float, float]:
    return bar.value, bar.low, bar.high


def _draw(axes: Axes, at: float, bar: Bar, base: float, what: str) -> None:
    has_bar = math.isfinite(bar.value) and math.isfinite(base)
    if has_bar and bar.value != base:
        axes.barh(at, bar.value - base, _BAR, left=base, gid=what, **_LOOKS[what], **_EDGE)
    if has_bar and bar.low < bar.high:
        axes.plot([bar.low, bar.high], [at, at], color=colours.INK, linewidth=1.4, gid="interval")
    note = bar.note or ("identical" if has_bar and bar.value == base else "")
    if note:  # on the side of the base to which no bar leads
        side = -1 if has_bar and bar.value > base else 1
        axes.annotate(
            note, (base if math.isfinite(base) else 0.5, at), (side * _BESIDE, 0),
            xycoords="data" if math.isfinite(base) else ("axes fraction", "data"),
            textcoords="offset points", ha="left" if side > 0 else "right", va="center",
            size=style.SMALL - 1, color=colours.QUIET, gid="note",
        )  # fmt: skip


def _explain(page: Picture) -> None:
    handles: list[Any] = [Patch(label=what, **look, **_EDGE) for what, look in _LOOKS.items()]
    handles.append(
        Line2D([], [], color=colours.INK, linewidth=1.4, label="95 % interval of the change")
    )
    handles.append(Line2D([], [], label="as the scenario is", **_BASE))
    legend.explain(page, handles)
