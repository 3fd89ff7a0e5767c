"""How many are up to date, and since when?

What the replications do together, and as one thin line the exact steps of one of them; beside it
the groups of members that differ.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.core.units import show_share
from sim.core.wall_clock import show_instant
from sim.plots import capacity
from sim.plots.parts import style
from sim.plots.parts.readout import Panel, read_steps
from sim.plots.parts.time_axis import time_axis

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping, Sequence

    from sim.core.timelines import Timeline
    from sim.experiments.statistics.bands import Band
    from sim.plots.parts.style import Mark, Picture

LABEL = "up to date (% of those in scope)"
_HEIGHT = 3.6
NEARLY_ALL = 0.99
_TOLD = (0.5, 0.9, NEARLY_ALL, 1.0)
"""The shares whose time is told."""


def figure(
    line: Timeline,
    *,
    title: str = "",
    subtitle: str = "",
    band: Band | None = None,
    beside: Mapping[str, Timeline] | None = None,
    marks: Sequence[Mark] = (),
    start: dt.datetime | None = None,
    which: str = capacity.FIRST,
) -> Picture:
    """The share up to date over time. With `start` the x axis is a clock.

    `beside` holds the lines of groups, of the same replication as `line`. Without `title` the
    figure states when `line` reached which share. With a `band`, `line` is of `which` replication.
    """
    beside = beside or {}
    lines, bands = [line, *beside.values()], [] if band is None else [band]
    shown = capacity.view(lines, bands, marks)
    where = "" if band is None else f" in {which}"
    with style.look():
        title = title or f"Up to date{where}: {course(line, start)}"
        page = style.picture(title, subtitle, _HEIGHT)
        axes = page.subplots()
        capacity.draw(axes, line, shown, None, band)
        capacity.draw_beside(axes, beside.values(), shown)
        capacity.scale(axes, lines, bands)
        style.draw_marks(axes, marks, shown.left, shown.right)
        time_axis(axes, shown, start)
        axes.set_ylabel(LABEL)
        capacity.explain(
            page,
            "outside lower center",
            beside,
            has_band=band is not None,
            one="all together",
            which=which,
        )
    lines_read = capacity.steps_of(line, band, beside, which if band else "all together")
    page.readout = read_steps({"": Panel([axes], lines_read)}, shown, start)
    return page


def course(line: Timeline, start: dt.datetime | None = None) -> str:
    """When `line` reached which share for good, e.g. ``50 % by 28d, 90 % by 50d, 95 % at the end``.

    With `start` the times are those of a clock.
    """
    if line.values.min() == line.values.max():
        return f"{show_share(float(line.values[0]))} throughout"
    reached = [(share, since(line, share)) for share in _TOLD]
    told = [
        f"{show_share(share)} by {show_instant(at, start)}"
        for share, at in reached
        if at is not None
    ]
    end = float(line.values[-1])
    return ", ".join(told if end == 1 else [*told, f"{show_share(end)} at the end"])


def outcome(line: Timeline, start: dt.datetime | None = None) -> str:
    """Since when nearly all are up to date, or how many are at the end."""
    at = since(line, NEARLY_ALL)
    if at is None:
        return f"{show_share(float(line.values[-1]))} at the end"
    return f"{show_share(NEARLY_ALL)} by {show_instant(at, start)}"


def since(line: Timeline, share: float) -> float | None:
    """Since when at least `share` are up to date, seconds; None where fewer are at the end."""
    below = line.intervals_below(share)
    if not below:
        return float(line.times[0])
    end = below[-1][1]
    return end if end < line.end or line.values[-1] >= share else None
