"""How much better is a variant than the one it is set against? Paired differences, a forest plot.

A panel for each metric, and in it a dot for each variant: the mean difference of the pairs with its
interval. Where the interval holds 0 the two are not told apart, and the dot is hollow.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, MaxNLocator

from sim.plots import variants
from sim.plots.parts import clock, colours, legend, style
from sim.plots.parts.layout import POINTS
from sim.plots.parts.readout import Reading, Readout
from sim.plots.parts.text import fitted, text_width

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.axes import Axes

    from sim.plots.parts.style import Picture

MOST = 32
"""Variants that there is room for."""
_ABREAST = 2
_ROW, _FRAME, _LEGEND = 0.3, 0.95, 0.3
_DOT, _THICK = 6.0, 2.2
_GAP = 7.0
"""Points between an interval and its number."""
_TICKS = 3
_ROOM = 0.08
_AGAINST = 150.0
"""Points of the name of the variant that others are set against."""
_NO_DIFFERENCE: dict[str, Any] = {"color": colours.INK, "linewidth": 1.0, "linestyle": (0, (4, 2))}
_LOOK: dict[str, Any] = {"color": colours.ROLLOUT, "marker": "o", "markersize": _DOT}


@dataclass(frozen=True, slots=True)
class Difference:
    """Of one variant: its mean minus that of the one it is set against; nan where there is none."""

    variant: str
    value: float
    low: float = math.nan
    high: float = math.nan
    """The ends of its interval; nan where nothing is random."""
    text: str = ""
    """What is written beside it."""
    is_apart: bool = False
    """Whether the two are told apart: beyond chance one is better, or just another."""


@dataclass(frozen=True, slots=True)
class Panel:
    """One metric in all variants but the one that they are set against."""

    label: str
    unit: str
    """``share``, ``s``, or any other, which is then written out."""
    better: str
    """higher or lower, or empty."""
    differences: Sequence[Difference]


def figure(panels: Sequence[Panel], against: str, *, title: str, subtitle: str = "") -> Picture:
    """A panel for each metric, and in it a row for each variant; `against` is the one at 0.

    ValueError without a difference, and with more than 32 variants.
    """
    names = list(dict.fromkeys(one.variant for panel in panels for one in panel.differences))
    if not 0 < len(names) <= MOST:
        raise ValueError(f"there must be 1 to {MOST} variants to draw, got {len(names)}")
    columns = min(_ABREAST, len(panels))
    rows = math.ceil(len(panels) / columns)
    inches = rows * (_FRAME + _ROW * max(2, len(names))) + _LEGEND
    with style.look():
        page = style.picture(title, subtitle, inches)
        grid = page.subplots(rows, columns, sharey=True, squeeze=False)
        for axes, panel in zip(grid.flat, panels, strict=False):
            _draw(axes, panel, names, style.WIDTH / columns)
            style.name_rows(axes, names)
        for axes in grid.flat[len(panels) :]:
            axes.set_axis_off()
        _explain(page, panels, against)
    page.readout = _readout(dict(zip(grid.flat, panels, strict=False)), names, against)
    return page


def headline(panels: Sequence[Panel], against: str) -> str:
    """The first metric in which any is told apart from the one it is set against."""
    telling = (each for each in panels if any(one.is_apart for one in each.differences))
    panel = next(telling, None)
    if panel is None:
        return f"No variant is told apart from {against}"
    sign = -1.0 if panel.better == "higher" else 1.0
    known = [one for one in panel.differences if math.isfinite(one.value)]
    ordered = sorted(known, key=lambda one: sign * one.value)
    label = f"{panel.label[:1].upper()}{panel.label[1:]} against {against}"
    if len(ordered) == 1:
        return f"{label}: {ordered[0].variant} {_told(ordered[0])}"
    return variants.levels(label, {one.variant: _told(one) for one in ordered})


def _told(one: Difference) -> str:
    if one.is_apart:
        return one.text
    return "not told apart" if one.value or one.low < one.high else "identical"


def _readout(panels: Mapping[Axes, Panel], names: Sequence[str], against: str) -> Readout:
    """Each difference in words, and the number that it stands for."""
    found = Readout(("metric", "variant", "against", "mean difference", "told apart from 0"))
    for axes, panel in panels.items():
        for one in panel.differences:
            apart = "yes" if one.is_apart else "no"
            found.rows.append((panel.label, one.variant, against, one.text, apart))
            if math.isfinite(one.value):
                ends = [end for end in (one.low, one.value, one.high) if math.isfinite(end)]
                place = names.index(one.variant)
                text = f"{one.variant} against {against}, {panel.label}: {one.text}"
                box = min(ends), max(ends), text, place - 0.4, place + 0.4
                found.readings.append(Reading(axes, *box, repr(float(one.value))))
    return found


def _draw(axes: Axes, panel: Panel, names: Sequence[str], inches: float) -> None:
    _scale(axes, panel, inches)
    axes.axvline(0.0, gid="zero", **_NO_DIFFERENCE)
    for one in panel.differences:
        place = names.index(one.variant)
        if not math.isfinite(one.value):
            axes.text(
                0.98, place, one.text, transform=axes.get_yaxis_transform(), ha="right",
                va="center_baseline", size=style.SMALL, color=colours.QUIET, gid="none",
            )  # fmt: skip
            continue
        if one.low < one.high:
            ends = [one.low, one.high]
            axes.plot(ends, [place] * 2, color=colours.ROLLOUT, linewidth=_THICK, gid="interval")
        face = colours.ROLLOUT if one.is_apart else colours.PAPER
        axes.plot([one.value], [place], markerfacecolor=face, linestyle="", gid="value", **_LOOK)
        reach = max(end for end in (one.value, one.high) if math.isfinite(end))
        axes.annotate(
            one.text, (reach, place), (_GAP, 0), textcoords="offset points", size=style.SMALL,
            va="center_baseline", gid="number",
            bbox={"facecolor": colours.PAPER, "edgecolor": "none", "pad": 0.8},
        )  # fmt: skip
    axes.set_title(panel.label, loc="left", size=style.NORMAL, weight="bold")
    axes.grid(axis="x")


def _scale(axes: Axes, panel: Panel, inches: float) -> None:
    """From the lowest end to the highest, 0 among them, and beyond it room for the numbers."""
    ends = [end for one in panel.differences for end in (one.low, one.value, one.high)]
    ends = [0.0, *(end for end in ends if math.isfinite(end))]
    low, high = min(ends), max(ends)
    room = _ROOM * ((high - low) or 1.0)
    low, high = low - room, high + room
    widest = max((text_width(one.text, style.SMALL) for one in panel.differences), default=0.0)
    share = min(0.5, (widest + _GAP) / (0.75 * inches * POINTS))
    axes.set_xlim(low, high + (high - low) * share / (1 - share))
    axes.spines["bottom"].set_bounds(low, high)
    unit = _ticks(axes, panel.unit, low, high)
    better = f"{panel.better} is better" if panel.better else ""
    words = f"difference{f' ({unit})' if unit else ''}"
    axes.set_xlabel(", ".join(filter(None, [words, better])), size=style.SMALL)


def _ticks(axes: Axes, unit: str, low: float, high: float) -> str:
    """Put ticks on the scale, and give the unit of their numbers."""
    if unit == "s":
        scale = clock.Scale.of(low, high, _TICKS)
        ticks = clock.ticks(low, high, None, _TICKS)
        axes.set_xticks(ticks, [scale.show(tick) for tick in ticks])
        return scale.unit
    found = MaxNLocator(_TICKS, steps=[1, 2, 5, 10]).tick_values(low, high)
    axes.set_xticks([tick for tick in found if low <= tick <= high])
    by = 100 if unit in ("share", "0/1") else 1
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{by * value:,.10g}"))
    if by == 1:
        return "" if unit in ("count", "mean") else unit
    return "percentage points"


def _explain(page: Picture, panels: Sequence[Panel], against: str) -> None:
    """The legend names what occurs."""
    every = [one for panel in panels for one in panel.differences if math.isfinite(one.value)]
    handles: list[Any] = []
    width = _THICK if any(one.low < one.high for one in every) else 0.0
    what = "mean difference, simultaneous 95 % interval" if width else "difference"
    if any(one.is_apart for one in every):
        handles.append(Line2D([], [], linewidth=width, label=what, **_LOOK))
    if not all(one.is_apart for one in every):
        hollow = {**_LOOK, "markerfacecolor": colours.PAPER, "linewidth": width}
        handles.append(Line2D([], [], label="not told apart from 0", **hollow))
    base = fitted(f"as {against}", _AGAINST, style.SMALL)
    handles.append(Line2D([], [], label=base, **_NO_DIFFERENCE))
    legend.explain(page, handles)
