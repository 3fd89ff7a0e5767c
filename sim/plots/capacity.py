"""How far does capacity dip, and for how long?

The exact step line of one replication, and around it what the others do.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from matplotlib.colors import to_rgba
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from sim.plots import clock, steps, style
from sim.timelines import TOLERANCE
from sim.units import show_duration, show_share

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from sim.plots.style import Mark, Picture
    from sim.timelines import Timeline

LABEL = "capacity (% of nominal)"
_HEIGHT = 3.6
_DENSE = 500
"""So many corners need a thin line."""
_DARK_VERMILLION = "#8A3C00"  # text on the shade must be darker than the shade's own colour
_DASHES = (0, (3, 1.5))
_DASH_DOTS = (0, (7, 2, 1.5, 2))


@dataclass(frozen=True, eq=False, slots=True)
class Band:
    """What the replications' timelines do together: quantiles at some instants, shape (instants,).

    Each value holds until the next instant.
    """

    times: NDArray[np.float64]
    """Seconds, increasing."""
    low: NDArray[np.float64]
    """p5, a share."""
    mid: NDArray[np.float64]
    """Median, a share."""
    high: NDArray[np.float64]
    """p95, a share."""


def figure(
    line: Timeline,
    *,
    title: str = "",
    subtitle: str = "",
    threshold: float | None = None,
    band: Band | None = None,
    marks: Sequence[Mark] = (),
    start: dt.datetime | None = None,
) -> Picture:
    """Capacity over time, `line` as shares; what lies below `threshold` (a share) is shaded.

    With `start` the x axis is a clock. Without `title` the figure states what `line` shows.
    """
    subject = "Capacity" if band is None else "In replication 0 capacity"
    shown = view([line], [] if band is None else [band], marks)
    with style.look():
        page = style.picture(title or headline(line, threshold, subject), subtitle, _HEIGHT)
        axes = page.subplots()
        if band is not None:
            draw_band(axes, band, line.end)
        draw(axes, line, shown, threshold)
        scale(axes, [line], [] if band is None else [band])
        if threshold is not None:
            name_threshold(axes, threshold)
            _name_breaches(axes, line, shown, threshold)
        style.draw_marks(axes, marks, shown.left, shown.right)
        clock.time_axis(axes, shown, start)
        axes.set_ylabel(LABEL)
        if band is not None:
            explain_band(page, "outside lower center")
    return page


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
        moves = np.diff(np.stack([band.low, band.mid, band.high])).any(axis=0)
        at.extend(band.times[1:][moves])
    begin = min(float(line.times[0]) for line in lines)
    return clock.view(begin, max(line.end for line in lines), at)


def draw(axes: Axes, line: Timeline, shown: clock.View, threshold: float | None) -> None:
    """The step line of `line`, the threshold and the shaded breaches."""
    if threshold is not None:
        breaches = line.intervals_below(threshold)
        _shade(axes, steps.visible(breaches, shown.left, shown.right))
        axes.axhline(threshold, color=style.VERMILLION, linewidth=1.3, linestyle=_DASH_DOTS)
    draw_line(axes, line, shown)


def draw_line(
    axes: Axes, line: Timeline, shown: clock.View, *, colour: str = style.INK, gid: str = "line"
) -> None:
    """The step line of `line`, thin where it is dense."""
    times, values = steps.corners(line, shown.left, shown.right)
    width = 1.8 if len(times) < _DENSE else 0.6
    axes.plot(
        times,
        values,
        color=colour,
        linewidth=width,
        drawstyle="steps-post",
        clip_on=False,  # a line at 0 is seen in its full width
        zorder=3,
        gid=gid,
    )


def draw_band(axes: Axes, band: Band, end: float) -> None:
    """The band between p5 and p95 and the median, each value held until the next."""
    times = np.append(band.times, end)
    low, mid, high = (np.append(part, part[-1]) for part in (band.low, band.mid, band.high))
    axes.fill_between(times, low, high, step="post", color=style.SKY, alpha=0.4, linewidth=0)
    axes.plot(
        times, mid, color=style.BLUE, linewidth=1.6, linestyle=_DASHES, drawstyle="steps-post"
    )


def scale(axes: Axes, lines: Sequence[Timeline], bands: Sequence[Band]) -> None:
    """A y axis from 0 to 100 %, or to the highest value above that."""
    highest = max([1.0, *(line.values.max() for line in lines), *(b.high.max() for b in bands)])
    axes.set_ylim(0.0, 1.06 * highest)
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
        color=style.VERMILLION,
    )


def explain_band(page: Picture, place: Literal["lower center", "outside lower center"]) -> None:
    """The legend of a band and of the line in it, at `place` as matplotlib names it."""
    page.legend(
        handles=[
            Line2D([], [], color=style.INK, linewidth=1.8, label="replication 0"),
            Line2D([], [], color=style.BLUE, linewidth=1.6, linestyle=_DASHES, label="median"),
            Patch(color=style.SKY, alpha=0.4, label="5 % to 95 % of replications"),
        ],
        loc=place,
        ncols=3,
    )


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
        facecolor=to_rgba(style.VERMILLION, 0.18),
        edgecolor=to_rgba(style.VERMILLION, 0.5),
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
            if style.text_width(text, style.SMALL) < room:
                axes.annotate(
                    text,
                    ((left + right) / 2, threshold),
                    (0, 3),
                    textcoords="offset points",
                    ha="center",
                    size=style.SMALL,
                    color=_DARK_VERMILLION,
                    gid="breach",
                )
                break
