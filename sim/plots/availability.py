"""When is the system down, and which role's fault is it?

A bar for each role and for the whole system: pale where available, dark where not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from matplotlib.patches import Patch

from sim.core.units import show_duration
from sim.core.wall_clock import show_instant
from sim.plots.parts import clock, colours, legend, steps, style
from sim.plots.parts.readout import MOST_ROWS, Reading, Readout
from sim.plots.parts.text import text_width
from sim.plots.parts.time_axis import time_axis

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping, Sequence

    from matplotlib.axes import Axes

    from sim.core.timelines import Timeline
    from sim.plots.parts.style import Mark, Picture

_UP, _DOWN = colours.SERVING, colours.MISSED
_ROW, _FRAME = 0.46, 0.75
"""Inches of a row, and of what stands around the rows."""
_BAR = 0.62
"""Share of a row that its bar takes."""
_BESIDE = 0.8
"""The axes' width as a share of the usual one: a sentence stands right of them."""
_HALF = 0.5


def figure(
    rows: Mapping[str, Timeline],
    *,
    title: str = "",
    subtitle: str = "",
    notes: Mapping[str, str] | None = None,
    which: str = "",
    marks: Sequence[Mark] = (),
    start: dt.datetime | None = None,
) -> Picture:
    """A bar for each of `rows` (label -> timeline of 0 and 1), the first one on top.

    The first row is the whole system; without `title` the figure states how long it was down.
    `notes` says at the right end of each row what holds for all replications, where the bars show
    only one of them; `which` names that one in the legend.
    """
    with style.look():
        page = style.picture(title or headline(rows), subtitle, _FRAME + _ROW * max(2, len(rows)))
        axes = page.subplots()
        shown = _view(rows, marks)
        for place, (name, line) in enumerate(rows.items()):
            _draw_row(axes, place, line, shown)
            _tell(axes, place, (notes or {}).get(name) or _downtime(line))
        style.name_rows(axes, list(rows))
        style.draw_marks(axes, marks, shown.left, shown.right, _BESIDE)
        time_axis(axes, shown, start)
        suffix = f" ({which})" if which else ""
        handles = [
            Patch(facecolor=_UP, label=f"available{suffix}"),
            Patch(facecolor=_DOWN, label=f"down: fewer in service than needed{suffix}"),
        ]
        legend.explain(page, handles)
    page.readout = _readout(axes, rows, shown, start)
    return page


def _readout(
    axes: Axes, rows: Mapping[str, Timeline], shown: clock.View, start: dt.datetime | None
) -> Readout:
    """When each row is down and how long."""
    found = Readout(("what", "down from", "to", "for"))
    for place, (name, line) in enumerate(rows.items()):
        outages = line.intervals_below(_HALF)
        if not outages:
            found.rows.append((name, "never", "-", "-"))
        for begin, end in outages[:MOST_ROWS]:
            at, until = show_instant(begin, start), show_instant(end, start)
            row = (name, at, until, show_duration(end - begin))
            found.rows.append(row)
            left, right = max(begin, shown.left), min(end, shown.right)
            text = f"{name}, {at} to {until}: down for {row[3]}"
            edges = place - _BAR / 2, place + _BAR / 2
            found.readings.append(Reading(axes, left, right, text, *edges))
        more = outages[MOST_ROWS:]
        if more:
            lasted = show_duration(sum(end - begin for begin, end in more))
            found.rows.append((name, f"{len(more):,} more times", "-", lasted))
    return found


def headline(rows: Mapping[str, Timeline]) -> str:
    """How long the first row was down, e.g. ``shop is down for 9min, in one outage``."""
    name, line = next(iter(rows.items()))
    outages = line.intervals_below(_HALF)
    if not outages:
        return f"{name} is available throughout"
    longest = max(end - begin for begin, end in outages)
    down = f"{name} is down for {show_duration(line.time_below(_HALF))}"
    if len(outages) == 1:
        return f"{down}, in one outage"
    return f"{down}, in {len(outages)} outages; the longest {show_duration(longest)}"


def _draw_row(axes: Axes, place: int, line: Timeline, shown: clock.View) -> None:
    """The bar of one row: pale all along, dark on top where down."""
    begin, end = max(float(line.times[0]), shown.left), min(line.end, shown.right)
    axes.broken_barh([(begin, end - begin)], (place - _BAR / 2, _BAR), facecolor=_UP)
    outages = line.intervals_below(_HALF)
    seen = steps.visible(outages, begin, end)
    axes.broken_barh(
        steps.bars(seen, shown.left, shown.right),
        (place - _BAR / 2, _BAR),
        facecolor=_DOWN,
        gid="down",
    )
    _name_outages(axes, place, outages, shown)


def _name_outages(
    axes: Axes, place: int, down: Sequence[tuple[float, float]], shown: clock.View
) -> None:
    """How long each is, inside it or after it, where there is room."""
    scale = style.points_a_second(shown.right - shown.left)
    following = [*down[1:], (shown.right, shown.right)]
    for (since, until), (after, _) in zip(down, following, strict=False):
        left, right = max(since, shown.left), min(until, shown.right)
        inside, behind = (right - left) * scale - 8, (after - right) * scale - 8
        if max(inside, behind) < style.LEAST_TEXT:
            continue
        text = show_duration(until - since)
        needed = text_width(text, style.SMALL)
        if needed < inside:
            _write(axes, (left + right) / 2, place, text, align="center", colour=colours.PAPER)
        elif needed < behind:
            _write(axes, right + 4 / scale, place, text, align="left", colour=colours.INK)


def _write(
    axes: Axes, at: float, place: int, text: str, *, align: Literal["center", "left"], colour: str
) -> None:
    axes.text(
        at,
        place,
        text,
        ha=align,
        va="center_baseline",
        size=style.SMALL,
        color=colour,
        gid="outage",
    )


def _tell(axes: Axes, place: int, text: str) -> None:
    """At the right end of a row."""
    axes.text(
        1.01,
        place,
        text,
        transform=axes.get_yaxis_transform(),
        va="center_baseline",
        size=style.SMALL,
    )


def _downtime(line: Timeline) -> str:
    """How long a row is down in all."""
    down = line.time_below(_HALF)
    return f"down {show_duration(down)}" if line.intervals_below(_HALF) else "never down"


def _view(rows: Mapping[str, Timeline], marks: Sequence[Mark]) -> clock.View:
    """Where something changes; the whole window where nothing is ever down."""
    at = [change for line in rows.values() for change in steps.changes(line)]
    at += [mark.at_s for mark in marks] if at else []
    begin = min(float(line.times[0]) for line in rows.values())
    return clock.view(begin, max(line.end for line in rows.values()), at)
