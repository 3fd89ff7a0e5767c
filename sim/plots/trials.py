"""Which values of a setting meet the objectives? Each value that was tried, with its interval.

A panel an objective: the share of the runs that meet it (or the mean) over the value, what is asked
for as a line, and the bracket between the last value that is missed and the first one met.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from sim.core.formatting import NOTHING, show, show_range
from sim.core.wall_clock import show_instant
from sim.plots.parts import clock, colours, legend, style
from sim.plots.parts.clock import Scale
from sim.plots.parts.readout import Reading, Readout
from sim.plots.parts.text import fitted
from sim.plots.parts.value_axis import value_axis

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping, Sequence

    from matplotlib.axes import Axes

    from sim.plots.parts.style import Picture

MOST = 4
"""Panels that there is room for."""
_HEIGHT, _LEGEND = 2.7, 0.45
_MARGIN = 0.05
_LOOKS: dict[str, dict[str, Any]] = {
    "met": {"marker": "o", "color": colours.MET, "markerfacecolor": colours.MET},
    "missed": {"marker": "X", "color": colours.MISSED, "markerfacecolor": colours.MISSED},
    "undecided": {"marker": "s", "color": colours.UNDECIDED, "markerfacecolor": colours.PAPER},
}
_DASHES: dict[str, Any] = {"met": "-", "missed": (0, (4, 1.5)), "undecided": (0, (1.5, 1.5))}
_ROOM = 560.0
"""Points of a panel's title."""


@dataclass(frozen=True, slots=True)
class Point:
    """What is known of an objective at one value; nan where there is no number."""

    value: float
    estimate: float
    low: float
    high: float
    verdict: str


@dataclass(frozen=True)
class Panel:
    """One objective."""

    title: str
    unit: str
    """Of the estimates: ``share`` of the runs, or the metric's where a mean is asked for."""
    asked: float
    """What the estimate must be at least, or at most."""
    points: Sequence[Point]
    start: dt.datetime | None = None
    """Of estimates that are instants, the scenario's start: their axis is a clock."""

    def show(self, estimate: float) -> str:
        """An estimate in words."""
        if self.start is None:
            return show(estimate, self.unit)
        return show_instant(estimate, self.start) if math.isfinite(estimate) else NOTHING

    def limits(self, low: float, high: float) -> str:
        """Both ends of its interval."""
        if self.start is None:
            return show_range(low, high, self.unit)
        return f"{self.show(low)} to {self.show(high)}"


def figure(
    panels: Sequence[Panel],
    what: str,
    unit: str,
    *,
    title: str,
    subtitle: str = "",
    bracket: tuple[float, float] | None = None,
) -> Picture:
    """Panels one below the other over the same values; `what`, in `unit`, names the x axis.

    ValueError without a panel; those after the fourth are left out.
    """
    if not panels or not panels[0].points:
        raise ValueError("there must be an objective and a value to draw")
    panels = panels[:MOST]
    values = [point.value for panel in panels for point in panel.points]
    room = _MARGIN * ((max(values) - min(values)) or 1.0)
    left, right = min(values) - room, max(values) + room
    with style.look():
        page = style.picture(title, subtitle, _HEIGHT * len(panels) + _LEGEND)
        rows = page.subplots(len(panels), 1, squeeze=False)[:, 0]
        for axes, panel in zip(rows, panels, strict=True):
            _draw(axes, panel, bracket)
            axes.set_xlim(left, right)
            if unit == "count":
                axes.xaxis.set_major_locator(MaxNLocator(8, integer=True))
            value_axis(axes, what, unit, left, right)
        _explain(page, panels, has_bracket=bracket is not None)
    page.readout = _readout(dict(zip(rows, panels, strict=True)), what, unit)
    return page


def _readout(panels: Mapping[Axes, Panel], what: str, unit: str) -> Readout:
    """The estimate at each value, with its limits and its verdict."""
    found = Readout(("objective", what, "estimate", "limits", "verdict"))
    for axes, panel in panels.items():
        for point in panel.points:
            at, estimate = show(point.value, unit), panel.show(point.estimate)
            limits = panel.limits(point.low, point.high)
            found.rows.append((panel.title, at, estimate, limits, point.verdict))
            text = f"{what} {at}: {estimate} ({limits}), {point.verdict}"
            reading = Reading(axes, point.value, point.value, text, value=repr(point.estimate))
            found.readings.append(reading)
    return found


def _draw(axes: Axes, panel: Panel, bracket: tuple[float, float] | None) -> None:
    if bracket is not None:
        axes.axvspan(*bracket, color=colours.SPREAD, alpha=0.3, linewidth=0, gid="bracket")
    axes.axhline(panel.asked, gid="asked", **style.OBJECTIVE)
    for point in panel.points:
        if math.isnan(point.estimate):
            continue
        look = _LOOKS[point.verdict]
        if math.isfinite(point.low) and math.isfinite(point.high):
            ends = [point.low, point.high]
            whisker = {"color": look["color"], "linestyle": _DASHES[point.verdict]}
            axes.plot([point.value] * 2, ends, linewidth=1.6, gid="limits", **whisker)
        axes.plot(
            [point.value], [point.estimate], linestyle="none", markersize=7, gid="trial", **look
        )
    axes.set_title(fitted(panel.title, _ROOM, style.NORMAL), loc="left", size=style.NORMAL)
    if panel.unit == "share":
        style.percent_axis(axes.yaxis)
        axes.set_ylabel("share of the runs")
    elif panel.start is not None:
        instants = clock.ticks(*axes.get_ylim(), panel.start, 5)
        axes.set_yticks(instants, clock.labels(instants, panel.start))
        axes.set_ylabel(f"mean ({clock.clock_name(panel.start)})")
    elif panel.unit == "s":
        _times(axes)
    else:
        axes.set_ylabel("mean")
    axes.grid(axis="y")


def _times(axes: Axes) -> None:
    low, high = axes.get_ylim()
    scale = Scale.of(low, high, 5)
    ticks = [each for each in clock.ticks(low, high, None, 5) if low <= each <= high]
    axes.set_yticks(ticks, [scale.show(each) for each in ticks])
    axes.set_ylabel(scale.label("mean"))


def _explain(page: Picture, panels: Sequence[Panel], *, has_bracket: bool) -> None:
    there = {point.verdict for panel in panels for point in panel.points}
    handles: list[Any] = [
        Line2D([], [], linestyle="none", markersize=7, label=name, **look)
        for name, look in _LOOKS.items()
        if name in there
    ]
    handles.append(Line2D([], [], label="objective", **style.OBJECTIVE))
    if has_bracket:
        handles.append(Patch(color=colours.SPREAD, alpha=0.3, label="the answer lies here"))
    legend.explain(page, handles)
