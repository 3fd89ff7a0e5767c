"""Where do several lines part? One series of several variants, or a single one, over time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from matplotlib.lines import Line2D

from sim.plots import capacity
from sim.plots.parts import colours, legend, style
from sim.plots.parts.readout import Panel, Steps, read_steps
from sim.plots.parts.text import fitted
from sim.plots.parts.time_axis import time_axis

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping, Sequence

    from sim.core.timelines import Timeline
    from sim.plots.parts.style import Picture

MOST = len(style.LINES)
"""So many lines can be told apart."""
_HEIGHT = 3.6


def figure(
    lines: Mapping[str, Timeline],
    what: str,
    *,
    title: str = "",
    subtitle: str = "",
    start: dt.datetime | None = None,
) -> Picture:
    """A step line for each of `lines` (name -> timeline), all of one unit; `what` names the axis.

    With `start` the x axis is a clock. ValueError without a line and with more than 8.
    """
    if not 0 < len(lines) <= MOST:
        raise ValueError(f"there must be 1 to {MOST} lines to draw, got {len(lines)}")
    every = list(lines.values())
    shown = capacity.view(every, [], [])
    looks = style.LINES if len(lines) > 1 else ((colours.INK, "-"),)
    with style.look():
        page = style.picture(title, subtitle, _HEIGHT)
        axes = page.subplots()
        for line, (colour, dashes) in zip(every, looks, strict=False):
            capacity.draw_line(axes, line, shown, colour=colour, dashes=dashes)
        unit = every[0].unit
        if unit == "share":
            capacity.scale(axes, every, [])
        else:
            style.count_axis(axes, max(float(line.values.max()) for line in every))
        words = "%" if unit == "share" else unit
        what = fitted(what, style.LEGEND_NAME, style.NORMAL)
        axes.set_ylabel(f"{what} ({words})" if words else what)
        time_axis(axes, shown, start)
        if len(lines) > 1:
            _name_lines(page, list(lines))
    panel = Panel([axes], {name: Steps.of(line) for name, line in lines.items()})
    page.readout = read_steps({"": panel}, shown, start)
    return page


def _name_lines(page: Picture, names: Sequence[str]) -> None:
    """The legend."""
    handles = [
        Line2D(
            [],
            [],
            color=colour,
            linestyle=dashes,
            linewidth=style.THICK,
            label=fitted(name, style.LEGEND_NAME, style.SMALL),
        )
        for name, (colour, dashes) in zip(names, style.LINES, strict=False)
    ]
    legend.explain(page, handles)
