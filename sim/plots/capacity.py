"""How far does capacity dip, and for how long?

What the replications do together, and as one thin line the exact steps of one of them.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from matplotlib.colors import to_rgba
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from sim.core.timelines import TOLERANCE
from sim.core.units import show_duration, show_share
from sim.plots.parts import clock, colours, steps, style
from sim.plots.parts.readout import Panel, Steps, read_steps
from sim.plots.parts.text import fitted, text_width
from sim.plots.parts.time_axis import time_axis

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Mapping, Sequence

    from matplotlib.artist import Artist
    from matplotlib.axes import Axes

    from sim.core.timelines import Timeline
    from sim.experiments.statistics.bands import Band
    from sim.plots.parts.style import Mark, Picture

LABEL = "capacity (% of nominal)"
FIRST = "replication 0"
"""The one that is drawn among others, unless it failed."""
_HEIGHT = 3.6
_LEGEND_COLUMNS = (4, 3)
"""Without and with several long names."""
_DENSE = 500
"""So many corners need a thin line."""
_THIN, _FINE = 0.9, 0.6
"""Points: what stands beside what is to be looked at, and a dense line."""
_HIGH, _DEEP = 0.9, 1.3
"""Where all is above this share, the axis begins near it: so many times as far down."""


def figure(
    line: Timeline,
    *,
    title: str = "",
    subtitle: str = "",
    threshold: float | None = None,
    band: Band | None = None,
    beside: Mapping[str, Timeline] | None = None,
    marks: Sequence[Mark] = (),
    start: dt.datetime | None = None,
    which: str = FIRST,
) -> Picture:
    """Capacity over time, `line` as shares; with a `band` it is `which` replication among others.

    What lies below `threshold` (a share) is shaded where there is no band. `beside` holds further
    lines of that replication, by what they are. With `start` the x axis is a clock. Without `title`
    the figure states what `line` shows.
    """
    beside = beside or {}
    subject = "Capacity" if band is None else f"In {which} capacity"
    lines, bands = [line, *beside.values()], [] if band is None else [band]
    shown = view(lines, bands, marks)
    with style.look():
        page = style.picture(title or headline(line, threshold, subject), subtitle, _HEIGHT)
        axes = page.subplots()
        draw(axes, line, shown, threshold, band)
        draw_beside(axes, beside.values(), shown)
        scale(axes, lines, bands)
        if threshold is not None:
            name_threshold(axes, threshold)
        if threshold is not None and band is None:
            _name_breaches(axes, line, shown, threshold)
        style.draw_marks(axes, marks, shown.left, shown.right)
        time_axis(axes, shown, start)
        axes.set_ylabel(LABEL)
        explain(page, "outside lower center", beside, has_band=band is not None, which=which)
    one = which if band else "in service"
    page.readout = read_steps({"": Panel([axes], steps_of(line, band, beside, one))}, shown, start)
    return page


def steps_of(
    line: Timeline, band: Band | None, beside: Mapping[str, Timeline], name: str
) -> dict[str, Steps]:
    """What is read of a line called `name`, of the band around it and of the lines beside it."""
    found = {name: Steps.of(line)}
    if band is not None:
        parts = {"median of all runs": band.p50, "5 % of them": band.p5, "95 %": band.p95}
        found |= {part: Steps(band.times, values) for part, values in parts.items()}
    return found | {other: Steps.of(each) for other, each in beside.items()}


def headline(line: Timeline, threshold: float | None = None, subject: str = "Capacity") -> str:
    """What `line` shows, e.g. ``Capacity falls to 80 % for 10min; never below 80 %``."""
    return f"{subject} {course(line, threshold)}"


def course(line: Timeline, threshold: float | None) -> str:
    """What `line` does, as the rest of a sentence."""
    return _extremes(line) + _below(line, threshold)


def view(lines: Sequence[Timeline], bands: Sequence[Band], marks: Sequence[Mark]) -> clock.View:
    """The part of the window in which any of these changes."""
    at = [mark.at_s for mark in marks]
    for line in lines:
        at.extend(steps.changes(line))
    for band in bands:
        moves = np.diff(np.stack([band.p5, band.p50, band.p95])).any(axis=0)
        at.extend(band.times[1:][moves])
    begin = min(float(line.times[0]) for line in lines)
    return clock.view(begin, max(line.end for line in lines), at)


def draw(
    axes: Axes, line: Timeline, shown: clock.View, threshold: float | None, band: Band | None
) -> None:
    """The band and in it a thin line, or without one a thick line and the shaded breaches."""
    if threshold is not None:
        breaches = line.intervals_below(threshold) if band is None else []
        _shade(axes, steps.visible(breaches, shown.left, shown.right))
        axes.axhline(threshold, gid="objective", **style.OBJECTIVE)
    if band is not None:
        _draw_band(axes, band, shown)
    draw_line(axes, line, shown, width=style.THICK if band is None else _THIN)


def draw_line(
    axes: Axes,
    line: Timeline,
    shown: clock.View,
    *,
    colour: str = colours.INK,
    dashes: object = "-",
    width: float = style.THICK,
    height: float = 3.0,
    gid: str = "line",
) -> None:
    """The step line of `line`, fine where it is dense; the higher, the more it covers."""
    times, values = steps.corners(line, shown.left, shown.right)
    axes.plot(
        times,
        values,
        color=colour,
        linestyle=dashes,
        linewidth=width if len(times) < _DENSE else _FINE,
        drawstyle="steps-post",
        clip_on=False,  # a line at 0 or at the top is seen in its full width
        zorder=height,
        gid=gid,
    )


def draw_beside(axes: Axes, lines: Iterable[Timeline], shown: clock.View) -> None:
    """Further lines, each in its own colour and dashes, seen where they leave the others."""
    for line, (colour, dashes) in zip(lines, style.LINES[1:], strict=False):
        look: dict[str, Any] = {"colour": colour, "dashes": dashes, "width": 1.4, "height": 2.2}
        draw_line(axes, line, shown, gid="beside", **look)


def _draw_band(axes: Axes, band: Band, shown: clock.View) -> None:
    """The band between p5 and p95 and the median, each value held until the next."""
    first = max(0, int(np.searchsorted(band.times, shown.left, side="right")) - 1)
    inside = slice(first, int(np.searchsorted(band.times, shown.right, side="right")))
    times = np.append(np.maximum(band.times[inside], shown.left), shown.right)
    low, mid, high = (
        np.append(part[inside], part[inside][-1]) for part in (band.p5, band.p50, band.p95)
    )
    axes.fill_between(times, low, high, step="post", color=colours.SPREAD, alpha=0.4, linewidth=0)
    axes.plot(
        times,
        mid,
        color=colours.ROLLOUT,
        linewidth=style.THICK,
        drawstyle="steps-post",
        clip_on=False,  # as the line
        zorder=2.5,
        gid="median",
    )


def scale(axes: Axes, lines: Sequence[Timeline], bands: Sequence[Band]) -> None:
    """A y axis from 0 to 100 %, or to the highest value above that.

    Where all stay near 100 % it begins near them: between 98 % and 100 % zero says nothing.
    """
    highest = max([1.0, *(line.values.max() for line in lines), *(b.p95.max() for b in bands)])
    lowest = min([*(line.minimum() for line in lines), *(float(b.p5.min()) for b in bands)])
    least = 1.0 - _DEEP * (1.0 - lowest) if _HIGH < lowest < 1.0 - TOLERANCE else 0.0
    axes.set_ylim(least, highest)
    axes.yaxis.set_major_locator(MaxNLocator(7, steps=[1, 2, 5, 10]))
    style.percent_axis(axes.yaxis)
    axes.grid(axis="y")


def name_threshold(axes: Axes, threshold: float) -> None:
    """The objective in words, right of the axes, at its height."""
    axes.text(
        1.01,
        threshold,
        f"objective\n{show_share(threshold)}",
        transform=axes.get_yaxis_transform(),
        va="center",
        size=style.SMALL,
        color=colours.MISSED,
    )


def explain(
    page: Picture,
    place: Literal["lower center", "outside lower center"],
    beside: Iterable[str],
    *,
    has_band: bool,
    one: str = "in service",
    which: str = FIRST,
) -> None:
    """The legend of what stands in the axes, at `place` as matplotlib names it.

    Without a band or lines `beside` there is one line, which the axis names.
    """
    names = list(beside)
    one = which if has_band else one
    handles: list[Artist] = [
        Line2D([], [], color=colours.INK, linewidth=_THIN if has_band else style.THICK, label=one)
    ]
    if has_band:
        handles = [
            Line2D(
                [], [], color=colours.ROLLOUT, linewidth=style.THICK, label="median of all runs"
            ),
            Patch(color=colours.SPREAD, alpha=0.4, label="5 % to 95 % of the runs"),
            *handles,
        ]
    for name, (colour, dashes) in zip(names, style.LINES[1:], strict=False):
        label = fitted(f"{name}, {which}" if has_band else name, style.LEGEND_NAME, style.SMALL)
        handles.append(Line2D([], [], color=colour, linestyle=dashes, linewidth=1.4, label=label))
    if has_band or names:
        page.legend(handles=handles, loc=place, ncols=_LEGEND_COLUMNS[len(names) > 1])


def legend_rows(beside: int) -> int:
    """How many rows that legend has, of a band and so many lines beside it."""
    return math.ceil((3 + beside) / _LEGEND_COLUMNS[beside > 1])


def _extremes(line: Timeline) -> str:
    first, lowest, highest = line.values[0], line.minimum(), line.values.max()
    if highest - lowest <= TOLERANCE:
        return f"stays at {show_share(first)}"
    if lowest >= first - TOLERANCE:
        return f"rises to {show_share(highest)} and is never below {show_share(lowest)}"
    if line.values[-1] <= lowest + TOLERANCE:
        return f"falls to {show_share(lowest)} and is still there at the end"
    return f"falls to {show_share(lowest)} for {show_duration(_time_at_lowest(line))}"


def _time_at_lowest(line: Timeline) -> float:
    return line.time_below(line.minimum() + 2 * TOLERANCE)


def _below(line: Timeline, threshold: float | None) -> str:
    if threshold is None:
        first = float(line.values[0])
        below = line.time_below(first)
        if below <= _time_at_lowest(line):
            return ""
        return f"; below {show_share(first)} for {show_duration(below)}"
    if line.intervals_below(threshold):
        return f"; below {show_share(threshold)} for {show_duration(line.time_below(threshold))}"
    return f"; never below {show_share(threshold)}"


def _shade(axes: Axes, breaches: Sequence[tuple[float, float]]) -> None:
    """Full height, each with an edge, so that a breach of a second is still seen in a day."""
    axes.broken_barh(
        [(begin, end - begin) for begin, end in breaches],
        (0.0, 1.0),
        transform=axes.get_xaxis_transform(),
        facecolor=to_rgba(colours.MISSED, 0.18),
        edgecolor=to_rgba(colours.MISSED, 0.5),
        linewidth=0.8,
        gid="breaches",
    )


def _name_breaches(axes: Axes, line: Timeline, shown: clock.View, threshold: float) -> None:
    """How long each breach is, where there is room: over the threshold, where the line is not."""
    scale = style.points_a_second(shown.right - shown.left)
    for begin, end in line.intervals_below(threshold):
        left, right = max(begin, shown.left), min(end, shown.right)
        room = (right - left) * scale - 6
        if room < style.LEAST_TEXT:
            continue
        length = show_duration(end - begin)
        for text in (f"below {show_share(threshold)} for {length}", length):
            if text_width(text, style.SMALL) < room:
                axes.annotate(
                    text,
                    ((left + right) / 2, threshold),
                    (0, 3),
                    textcoords="offset points",
                    ha="center",
                    size=style.SMALL,
                    color=colours.MISSED,
                    gid="breach",
                )
                break
