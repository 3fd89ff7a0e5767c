"""How do metrics go along an axis of a sweep? A panel a metric, a line a variant, with bands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from sim.core.formatting import show, show_range
from sim.plots.parts import colours, legend, style
from sim.plots.parts.readout import Reading, Readout
from sim.plots.parts.sweep_axes import metric_axis
from sim.plots.parts.text import fitted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from sim.plots.parts.style import Picture
    from sim.plots.parts.sweep_axes import Along

MOST_LINES = len(style.LINES)
"""So many can be told apart."""
MOST_PANELS = 6
_PANEL = 1.85
_FRAME = 0.85
"""Inches of a panel, and of what stands around all of them."""
_SHADE = 0.18
_BAND: dict[str, Any] = {"color": colours.LINES[0], "alpha": _SHADE}
"""Around the only line; around several each has its colour."""
_MOST_MARKERS = 40
"""Of more points a line has no markers."""
_ROOM = 0.06


@dataclass(frozen=True, eq=False)
class Curve:
    """The means of one variant at the values of the axis, shape (n,), NaN where there is none."""

    means: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    """The limits of their intervals, NaN where there are none."""


@dataclass(frozen=True, eq=False)
class Panel:
    """One metric."""

    title: str
    unit: str
    curves: Mapping[str, Curve]
    bound: float | None = None
    """What an objective asks of it."""


def figure(
    panels: Sequence[Panel], along: Along, *, title: str, subtitle: str = "", missing: str = ""
) -> Picture:
    """A panel for each metric, below each other, over the same axis.

    `missing` says what a gap in a line means, where there is one. ValueError without a panel or a
    curve, and with more than 6 panels or 8 lines.
    """
    names = list(dict.fromkeys(name for panel in panels for name in panel.curves))
    if not 0 < len(panels) <= MOST_PANELS:
        raise ValueError(f"there must be 1 to {MOST_PANELS} metrics to draw, got {len(panels)}")
    if not 0 < len(names) <= MOST_LINES:
        raise ValueError(f"there must be 1 to {MOST_LINES} lines to draw, got {len(names)}")
    looks = dict(zip(names, style.LINES, strict=False))
    with style.look():
        page = style.picture(title, subtitle, _PANEL * len(panels) + _FRAME)
        grid = page.subplots(len(panels), 1, sharex=True, squeeze=False)
        for panel, axes in zip(panels, grid.flat, strict=True):
            _draw(axes, panel, along, looks)
        last = grid.flat[len(panels) - 1]
        along.put(last.xaxis)
        for axes in grid.flat[:-1]:
            axes.tick_params(labelbottom=False)
        _explain(page, panels, looks, missing)
    page.readout = _readout(dict(zip(grid.flat, panels, strict=False)), along)
    return page


def _readout(panels: Mapping[Axes, Panel], along: Along) -> Readout:
    """The means of each variant at each value, with their intervals."""
    found = Readout(("metric", along.name, "variant", "mean", "95 % interval"))
    for axes, panel in panels.items():
        for name, curve in panel.curves.items():
            for place, at in enumerate(along.positions.tolist()):
                mean = float(curve.means[place])
                shown = show(mean, panel.unit)
                limits = show_range(float(curve.low[place]), float(curve.high[place]), panel.unit)
                found.rows.append((panel.title, along.texts[place], name, shown, limits))
                if np.isfinite(mean):
                    text = f"{along.name} {along.texts[place]}, {name}: {panel.title} {shown}"
                    found.readings.append(Reading(axes, at, at, text, mean, mean, repr(mean)))
    return found


def _draw(axes: Axes, panel: Panel, along: Along, looks: Mapping[str, Any]) -> None:
    at = along.positions
    order = np.argsort(at, kind="stable")
    for name, curve in panel.curves.items():
        colour, dashes = looks[name]
        banded = order[~np.isnan(curve.low[order])]
        if banded.size:
            axes.fill_between(
                at[banded], curve.low[banded], curve.high[banded],
                color=colour, alpha=_SHADE, linewidth=0, gid="band",
            )  # fmt: skip
        marker = "o" if len(at) <= _MOST_MARKERS else ""
        axes.plot(
            at[order], curve.means[order], color=colour, linestyle=dashes, marker=marker,
            markersize=3.5, linewidth=style.THICK, gid="line",
        )  # fmt: skip
    if panel.bound is not None:
        axes.axhline(panel.bound, gid="objective", **style.OBJECTIVE)
    low, high = _limits(panel)
    axes.set_ylim(low, high)
    unit = metric_axis(axes.yaxis, low, high, panel.unit, most=4)
    axes.set_title(f"{panel.title}{unit}", loc="left", size=style.NORMAL, weight="bold")
    axes.grid()


def _limits(panel: Panel) -> tuple[float, float]:
    ends = [each for one in panel.curves.values() for each in (one.means, one.low, one.high)]
    every = np.concatenate([*ends, [] if panel.bound is None else [panel.bound]])
    every = every[np.isfinite(every)]
    if not every.size:
        return 0.0, 1.0
    low, high = float(every.min()), float(every.max())
    room = _ROOM * ((high - low) or abs(high) or 1.0)
    return low - room, high + room


def _explain(
    page: Picture, panels: Sequence[Panel], looks: Mapping[str, Any], missing: str
) -> None:
    handles: list[Any] = []
    if len(looks) > 1:
        for name, (colour, dashes) in looks.items():
            label = fitted(name, style.LEGEND_NAME, style.SMALL)
            line = Line2D([], [], color=colour, linestyle=dashes, linewidth=style.THICK)
            line.set_label(label)
            handles.append(line)
    curves = [curve for panel in panels for curve in panel.curves.values()]
    if any((~np.isnan(curve.low)).any() for curve in curves):
        shade = {"color": colours.QUIET, "alpha": 0.3} if len(looks) > 1 else _BAND
        handles.append(Patch(label="mean with its 95 % interval", **shade))
    if any(panel.bound is not None for panel in panels):
        handles.append(Line2D([], [], label="objective", **style.OBJECTIVE))
    if missing:
        handles.append(Line2D([], [], linestyle="", label=missing))
    legend.explain(page, handles)
