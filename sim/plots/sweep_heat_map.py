"""How does a metric go over two axes of a sweep? A cell a point; the colour and a number say it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import numpy as np
from matplotlib.collections import PolyCollection
from matplotlib.colors import to_rgba
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from sim.core.formatting import format_compact
from sim.plots.parts import colours, legend, style
from sim.plots.parts.readout import Reading, Readout
from sim.plots.parts.sweep_axes import metric_axis
from sim.plots.parts.text import text_width

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from sim.plots.parts.style import Picture
    from sim.plots.parts.sweep_axes import Along

COLOURS = "cividis"
"""From dark to bright in every colour vision, and in print."""
_WIDE = 7.4
"""Inches of the cells together, about."""
_HIGHEST, _LOWEST = 0.5, 0.16
"""Inches of a row."""
_MOST_HEIGHT = 6.0
_BAR, _FRAME = 0.16, 1.7
"""Inches of the colour scale, and of what stands around the cells."""
_DARK = 0.55
"""Below this share of the colours white reads best on a cell."""
_HATCHES = {"missed": "\\\\\\\\", "undecided": "..."}
_HATCHING = to_rgba(colours.ON_DARK, 0.6)


@dataclass(frozen=True, eq=False)
class Cells:
    """A metric at each pair of values: shape (values of y, of x), NaN where it is missing."""

    means: NDArray[np.float64]
    verdicts: NDArray[np.str_]
    """met, missed, undecided or empty, of the same shape."""
    unit: str


def figure(
    cells: Cells, x: Along, y: Along, what: str, *, title: str, subtitle: str = "", none: str = ""
) -> Picture:
    """A cell for each pair of values, the first ones at the lower left.

    `what` names the metric beside its colours, `none` says what a cell without a value means.
    Cells that miss an objective, or are undecided, are hatched.
    """
    rows, columns = cells.means.shape
    high = float(np.clip(_MOST_HEIGHT / rows, _LOWEST / 4, _HIGHEST)) * rows
    with style.look():
        page = style.picture(title, subtitle, high + _BAR + _FRAME)
        grid = page.subplots(2, 1, height_ratios=[high, _BAR])
        axes, bar = grid.flat
        low, top = _range(cells.means)
        shades = mpl.colormaps[COLOURS].with_extremes(bad=colours.NO_VALUE)
        axes.imshow(
            np.ma.masked_invalid(cells.means), origin="lower", aspect="auto", cmap=shades,
            vmin=low, vmax=top, interpolation="nearest", gid="cells",
        )  # fmt: skip
        _hatch(axes, cells.verdicts)
        _write(axes, cells, (low, top), (_WIDE / columns, high / rows))
        _ticks(axes, x, y)
        _colour_bar(bar, (low, top), cells.unit, what)
        _explain(page, cells, none)
    page.readout = _readout(axes, cells, x, y, what, none)
    return page


def _readout(axes: Axes, cells: Cells, x: Along, y: Along, what: str, none: str) -> Readout:
    """The mean of each cell, and whether it meets the objectives."""
    found = Readout((x.name, y.name, what, "objectives"))
    for (up, across), mean in np.ndenumerate(cells.means):
        shown = format_compact(mean, cells.unit) if np.isfinite(mean) else none
        verdict = str(cells.verdicts[up, across])
        found.rows.append((x.texts[across], y.texts[up], shown, verdict or "-"))
        text = f"{x.name} {x.texts[across]}, {y.name} {y.texts[up]}: {what} {shown}"
        text += f", objectives {verdict}" if verdict else ""
        value = repr(float(mean)) if np.isfinite(mean) else ""
        box = across - 0.5, across + 0.5, text, up - 0.5, up + 0.5
        found.readings.append(Reading(axes, *box, value))
    return found


def _range(means: NDArray[np.float64]) -> tuple[float, float]:
    known = means[np.isfinite(means)]
    if not known.size:
        return 0.0, 1.0
    low, high = float(known.min()), float(known.max())
    return (low, high) if high > low else (low - 0.5, low + 0.5)


def _ticks(axes: Axes, x: Along, y: Along) -> None:
    for axis, along in ((axes.xaxis, x), (axes.yaxis, y)):
        places = along.ticks(12)
        axis.set_ticks(places, [along.short(k) for k in places])
        axis.set_label_text(along.label)
        axis.set_tick_params(length=0)
    for side in axes.spines.values():
        side.set_visible(False)


def _hatch(axes: Axes, verdicts: NDArray[np.str_]) -> None:
    """Patterns over whole cells, all of a kind in one artist: there may be thousands."""
    corner = np.array([(-0.5, -0.5), (0.5, -0.5), (0.5, 0.5), (-0.5, 0.5)])
    for verdict, hatch in _HATCHES.items():
        places = np.argwhere(verdicts == verdict)[:, ::-1]
        if places.size:
            cells = PolyCollection(
                list(places[:, np.newaxis] + corner), facecolor="none", edgecolor=_HATCHING,
                linewidth=0, hatch=hatch,
            )  # fmt: skip
            cells.set_gid(verdict)
            axes.add_collection(cells)


def _write(
    axes: Axes, cells: Cells, ends: tuple[float, float], inches: tuple[float, float]
) -> None:
    """The number in each cell, where the longest of them fits."""
    known = [(at, float(value)) for at, value in np.ndenumerate(cells.means) if np.isfinite(value)]
    texts = [format_compact(value, cells.unit) for _, value in known]
    room, high = 72 * 0.92 * inches[0], 72 * inches[1]
    longest = sorted(set(texts), key=len)[-5:]
    if high < 1.2 * style.SMALL or any(text_width(t, style.SMALL) > room for t in longest):
        return
    low, top = ends
    for (at, value), text in zip(known, texts, strict=True):
        bright = (value - low) / (top - low) > _DARK
        behind: dict[str, Any] = {}
        if cells.verdicts[at] in ("missed", "undecided"):
            shade = mpl.colormaps[COLOURS]((value - low) / (top - low))
            behind = {"bbox": {"facecolor": shade, "edgecolor": "none", "pad": 1.0}}
        axes.text(
            at[1], at[0], text, ha="center", va="center_baseline", size=style.SMALL,
            color=colours.ON_BRIGHT if bright else colours.ON_DARK, gid="number", **behind,
        )  # fmt: skip


def _colour_bar(bar: Axes, ends: tuple[float, float], unit: str, what: str) -> None:
    low, high = ends
    shades = np.linspace(low, high, 256)[np.newaxis]
    bar.imshow(shades, aspect="auto", cmap=COLOURS, extent=(low, high, 0.0, 1.0))
    bar.set_yticks([])
    suffix = metric_axis(bar.xaxis, low, high, unit)
    bar.set_xlim(low, high)
    bar.set_xlabel(f"{what}{suffix}, mean")


def _explain(page: Picture, cells: Cells, none: str) -> None:
    handles: list[Any] = []
    for verdict, hatch in _HATCHES.items():
        if (cells.verdicts == verdict).any():
            label = f"an objective is {verdict}"
            handles.append(
                Patch(facecolor=colours.QUIET, edgecolor=colours.ON_DARK, hatch=hatch, label=label)
            )
    if np.isnan(cells.means).any():
        handles.append(Patch(facecolor=colours.NO_VALUE, label=none))
    if not handles and (cells.verdicts == "met").any():
        handles.append(Line2D([], [], linestyle="", label="every objective is met in every cell"))
    legend.explain(page, handles)
