"""Which variant is better, and by how much?

A panel for each metric, and in it a dot for each variant: the mean with its interval, or the median
with a line to the bad 5 % of the runs. What has not come by the horizon stands at the right edge.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from sim.plots import variants
from sim.plots.parts import clock, colours, legend, style
from sim.plots.parts.layout import POINTS
from sim.plots.parts.readout import Reading, Readout
from sim.plots.parts.text import text_width

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Collection, Mapping, Sequence

    from matplotlib.axes import Axes

    from sim.plots.parts.style import Picture

_ABREAST, _SQUARE = 3, 4
_NEAR_ONE = 0.9
_DOT, _SMALL_DOT, _THICK = 5.0, 2.5, 2.2
"""Points: a dot's diameter, with and without a name beside it, a line's width."""
_GAP = 7.0
"""Points between a dot and its number."""
_ROW, _FRAME, _LEGEND = 0.3, 0.95, 0.3
_DENSE_ROW = 0.2
"""Inches of a row where there are many."""
_MANY, _NAMED = 32, 8
"""Of more variants than this so many are named at each end."""
_NAMELESS, _MOST_BETWEEN = 0.1, 12.0
"""The height of a row between them, and of all those rows together, in rows with a name."""
_EDGE = 0.07
"""How far beyond the scale the right edge is, as a share of the scale."""
_TICKS, _MOST_TICKS = 3, 4


@dataclass(frozen=True, slots=True)
class Estimate:
    """A metric of one variant: where its dot stands, and the line through it or from it."""

    variant: str
    value: float
    """Infinite where it has not come by the horizon."""
    low: float = math.nan
    high: float = math.nan
    """The ends of the line; nan where there is none, infinite beyond the horizon."""
    text: str = ""
    """What is written beside the dot."""


@dataclass(frozen=True, slots=True)
class Panel:
    """One metric in all variants. It does not apply to a variant without an estimate."""

    label: str
    """E.g. ``lowest capacity``."""
    unit: str
    """``share``, ``s``, or any other, which is then written out."""
    better: Literal["higher", "lower", ""]
    estimates: Sequence[Estimate]
    quantiles: bool = False
    """Whether dots are medians and lines lead to the bad 5 %, or means and their intervals."""
    bound: float | None = None
    """What an objective asks for."""
    start: dt.datetime | None = None
    """Of instants, the scenario's start: their axis is a clock."""


def figure(
    panels: Sequence[Panel], *, title: str = "", subtitle: str = "", each: str = "variant"
) -> Picture:
    """A panel for each metric, and in it a row for each variant, or what else `each` row is.

    Variants stand in order of first appearance; more than 12 in the order of the first metric that
    tells them apart, the best on top, and of more than 32 the best and the worst are named.
    ValueError without an estimate. Without `title` the figure states that metric.
    """
    names = list(dict.fromkeys(one.variant for panel in panels for one in panel.estimates))
    if not names:
        raise ValueError("there must be an estimate to draw, got none")
    columns = 2 if len(panels) == _SQUARE else min(_ABREAST, len(panels))
    rows = math.ceil(len(panels) / columns)
    places, named = _places(names, panels)
    row = _ROW if len(names) <= variants.MOST else _DENSE_ROW
    inches = rows * (_FRAME + row * (max(places.values()) + 1)) + _LEGEND
    if len(names) > variants.MOST:
        subtitle += f"; {len(names)} {each}s by {_telling(panels).label}, the best on top"
    with style.look():
        page = style.picture(title or headline(panels, each), subtitle, inches)
        grid = page.subplots(rows, columns, sharey=True, squeeze=False)
        for axes, panel in zip(grid.flat, panels, strict=False):
            _draw_panel(axes, panel, places, named, style.WIDTH / columns)
            style.name_rows(axes, named, [places[name] for name in named])
        for axes in grid.flat[len(panels) :]:
            axes.set_axis_off()
        _explain(page, panels)
    page.readout = _readout(dict(zip(grid.flat, panels, strict=False)), places, set(named), each)
    return page


def _readout(
    panels: Mapping[Axes, Panel], places: Mapping[str, float], named: Collection[str], each: str
) -> Readout:
    """Each dot in words, and the number that it stands for."""
    found = Readout(("metric", each, "value", "what"))
    for axes, panel in panels.items():
        what = "median / bad 5 %" if panel.quantiles else "mean"
        right = axes.get_xlim()[1]
        for one in panel.estimates:
            found.rows.append((panel.label, one.variant, one.text, what))
            reach = [end for end in (one.value, one.low, one.high) if math.isfinite(end)]
            if not reach:
                reach = [right]
            text = f"{one.variant}, {panel.label}, {what}: {one.text}"
            row, half = places[one.variant], 0.4 if one.variant in named else 0.05
            box = min(reach), max(reach), text, row - half, row + half
            value = repr(float(one.value)) if math.isfinite(one.value) else ""
            found.readings.append(Reading(axes, *box, value))
    return found


def headline(panels: Sequence[Panel], each: str = "variant") -> str:
    """The first metric that tells them apart, e.g. ``Lowest capacity: manual 90 %, auto 80 %``."""
    panel = _telling(panels)
    label = f"{panel.label[:1].upper()}{panel.label[1:]}"
    if any(map(_has_line, panel.estimates)):
        label += ", median / bad 5 %" if panel.quantiles else ", mean"
    return variants.levels(label, {one.variant: one.text for one in _best_first(panel)}, each)


def _telling(panels: Sequence[Panel]) -> Panel:
    differ = (one for one in panels if len({each.text for each in one.estimates}) > 1)
    return next(differ, panels[0])


def _best_first(panel: Panel) -> list[Estimate]:
    """By the end of the line that is bad, then by the dot; what is missing is worst."""
    sign = -1.0 if panel.better == "higher" else 1.0

    def badness(one: Estimate) -> tuple[float, float]:
        end = one.low if panel.better == "higher" else one.high
        bad = end if panel.quantiles and not math.isnan(end) else one.value
        return sign * bad, sign * one.value

    return sorted(panel.estimates, key=badness)


def _places(names: Sequence[str], panels: Sequence[Panel]) -> tuple[dict[str, float], list[str]]:
    """The height of each variant's row, counted in rows from the first on top, and who is named."""
    if len(names) <= variants.MOST:
        return {name: float(place) for place, name in enumerate(names)}, list(names)
    ranked = [one.variant for one in _best_first(_telling(panels))]
    known = set(ranked)
    ranked += [name for name in names if name not in known]
    named = {*ranked[:_NAMED], *ranked[-_NAMED:], names[0]} if len(names) > _MANY else {*ranked}
    places: dict[str, float] = {}
    bottom, low = -0.5, min(_NAMELESS, _MOST_BETWEEN / len(names))
    for name in ranked:
        height = 1.0 if name in named else low
        places[name] = bottom + height / 2
        bottom += height
    return places, [name for name in ranked if name in named]


def _draw_panel(
    axes: Axes, panel: Panel, places: Mapping[str, float], named: Sequence[str], inches: float
) -> None:
    edge = _scale(axes, panel, inches)
    with_name = set(named)
    estimates = [one for one in panel.estimates if not math.isnan(one.value)]
    for small in (False, True):
        mine = [one for one in estimates if (one.variant not in with_name) is small]
        _draw_dots(axes, panel, mine, places, edge, _SMALL_DOT if small else _DOT)
    for one in panel.estimates:
        if one.variant in with_name:
            _write(axes, one, places[one.variant], edge)
    applies = {one.variant for one in panel.estimates}
    for name in with_name - applies:
        _write_at_edge(axes, places[name], "does not apply")
    if panel.bound is not None:
        axes.axvline(panel.bound, gid="objective", **style.OBJECTIVE)
    axes.set_title(panel.label, loc="left", size=style.NORMAL, weight="bold")
    axes.grid(axis="x")


def _draw_dots(
    axes: Axes,
    panel: Panel,
    estimates: Sequence[Estimate],
    places: Mapping[str, float],
    edge: float,
    size: float,
) -> None:
    lines = [one for one in estimates if _has_line(one)]
    axes.hlines(
        [places[one.variant] for one in lines],
        [min(one.low, edge) for one in lines],
        [min(one.high, edge) for one in lines],
        color=colours.ROLLOUT,
        linewidth=_THICK * size / _DOT,
        gid="interval",
    )
    face = colours.PAPER if panel.quantiles else colours.ROLLOUT
    dots: dict[str, Any] = {
        "color": colours.ROLLOUT,
        "linestyle": "",
        "markersize": size,
        "zorder": 3,
    }
    inside = [one for one in estimates if math.isfinite(one.value)]
    heights = [places[one.variant] for one in inside]
    values = [one.value for one in inside]
    axes.plot(values, heights, marker="o", markerfacecolor=face, gid="value", **dots)
    beyond = [places[one.variant] for one in estimates if _is_beyond(one)]
    if beyond:
        axes.plot([edge] * len(beyond), beyond, marker=">", gid="beyond", clip_on=False, **dots)


_BEHIND = {"facecolor": colours.PAPER, "edgecolor": "none", "pad": 0.8}
"""Of a number: no objective's line goes through it."""


def _write(axes: Axes, one: Estimate, place: float, edge: float) -> None:
    """The number right of the dot and its line."""
    if math.isnan(one.value):
        _write_at_edge(axes, place, one.text)
        return
    reach = max(one.value, one.high) if _has_line(one) else one.value
    axes.annotate(
        one.text,
        (min(reach, edge), place),
        (_GAP, 0),
        textcoords="offset points",
        va="center_baseline",
        size=style.SMALL,
        bbox=_BEHIND,
        gid="number",
    )


def _write_at_edge(axes: Axes, place: float, text: str) -> None:
    axes.text(
        0.98,
        place,
        text,
        transform=axes.get_yaxis_transform(),
        ha="right",
        va="center_baseline",
        size=style.SMALL,
        style="italic",
        color=colours.QUIET,
        bbox=_BEHIND,
    )


def _has_line(one: Estimate) -> bool:
    return one.low < one.high  # false for nan


def _is_beyond(one: Estimate) -> bool:
    return math.isinf(one.value) or math.isinf(one.high)


def _explain(page: Picture, panels: Sequence[Panel]) -> None:
    """The legend names what occurs; where one kind of dot has lines, the other is named too."""
    dot: dict[str, Any] = {"color": colours.ROLLOUT, "marker": "o", "markersize": _DOT}
    lines = {each.quantiles for each in panels if any(map(_has_line, each.estimates))}
    kinds = {each.quantiles for each in panels} if lines else lines
    handles = []
    if False in kinds:
        handles.append(Line2D([], [], linewidth=_THICK, label="mean, its 95 % interval", **dot))
    if True in kinds:
        label = "median, and to the bad 5 % of the runs"
        line = Line2D([], [], linewidth=_THICK, label=label, markerfacecolor=colours.PAPER, **dot)
        handles.append(line)
    if any(_is_beyond(one) for each in panels for one in each.estimates):
        beyond = {**dot, "marker": ">", "linestyle": ""}
        handles.append(Line2D([], [], label="not by the horizon", **beyond))
    if any(each.bound is not None for each in panels):
        line = Line2D([], [], label="objective", **style.OBJECTIVE)
        handles.append(line)
    legend.explain(page, handles)


def _scale(axes: Axes, panel: Panel, inches: float) -> float:
    """From 0 to the highest value, and beyond it room for the number at the dot.

    Shares that are all near 1 are spread out: between 99.9 % and 99.99 % zero says nothing. Gives
    where that stands which is beyond the horizon.
    """
    ends = [end for one in panel.estimates for end in (one.low, one.value, one.high)]
    ends = [end for end in ends if math.isfinite(end)]
    ends += [] if panel.bound is None else [panel.bound]
    low, high = min([0.0, *ends]), max([0.0, *ends]) or 1.0
    if panel.unit == "share":
        high = max(high, 1.0)
        if ends and _NEAR_ONE < min(ends) < high:
            low = min(ends) - 0.1 * (high - min(ends))
    edge = high + _EDGE * (high - low) if any(map(_is_beyond, panel.estimates)) else high
    numbers = [text_width(one.text, style.SMALL) for one in panel.estimates]
    room = (max(numbers, default=0.0) + 2 * _GAP) / (0.75 * inches * POINTS)
    room = min(room, 0.5)
    axes.set_xlim(low - 0.04 * (high - low), edge + (edge - low) * room / (1 - room))
    axes.spines["bottom"].set_bounds(low, edge)
    width = 0.75 * inches * POINTS * (1 - room)
    _mark_values(axes, panel, (low, high if any(ends) else 0.0), width)
    return edge


def _mark_values(axes: Axes, panel: Panel, ends: tuple[float, float], points: float) -> None:
    """Ticks on the scale only, the room beyond is no part of it; and the label."""
    low, high = ends
    if panel.start is not None:
        ticks = clock.ticks(low, high, panel.start, _TICKS)
        axes.set_xticks(ticks, clock.labels(ticks, panel.start))
        axes.set_xlabel(_axis_label(clock.clock_name(panel.start), panel), size=style.SMALL)
        return
    if panel.unit == "s":
        scale = clock.Scale.of(low, high, _TICKS)
        ticks = clock.ticks(low, high, None, _TICKS) if high else [0.0]
        axes.set_xticks(ticks, [scale.show(tick) for tick in ticks])
        axes.set_xlabel(_axis_label(scale.label("duration"), panel), size=style.SMALL)
        return
    for most in range(_MOST_TICKS, 0, -1):
        around = MaxNLocator(most, steps=[1, 2, 5, 10]).tick_values(low, high) if high else [0.0]
        ticks = [tick for tick in around if low <= tick <= high * (1 + 1e-9)]
        labels = [f"{100 * t:.8g} %" if panel.unit == "share" else f"{t:,.10g}" for t in ticks]
        if sum(text_width(label, style.SMALL) + _GAP for label in labels) < points:
            break
    axes.set_xticks(ticks, labels)
    words = {"share": "", "count": "number", "mean": "number"}
    axes.set_xlabel(_axis_label(words.get(panel.unit, panel.unit), panel), size=style.SMALL)


def _axis_label(unit: str, panel: Panel) -> str:
    return ", ".join(filter(None, [unit, f"{panel.better} is better" if panel.better else ""]))
