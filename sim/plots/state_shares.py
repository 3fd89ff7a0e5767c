"""Of many members, how many do what? The share of them in each state over time, stacked.

Where there are more of them than lanes can be told apart.
"""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING

import numpy as np

from sim.core.units import show_duration, show_share
from sim.plots import capacity, gantt
from sim.plots.parts import clock, legend, steps, style
from sim.plots.parts.readout import Panel, Steps, read_steps
from sim.plots.parts.time_axis import time_axis

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from sim.core.timelines import Timeline
    from sim.plots.parts.style import Mark, Picture
    from sim.systems.base.activity import Category

_HEIGHT = 3.8
_OUT: tuple[Category, ...] = ("other", "updating", "failing")


def figure(
    shares: Mapping[Category, Timeline],
    *,
    title: str = "",
    subtitle: str = "",
    marks: Sequence[Mark] = (),
    start: dt.datetime | None = None,
    what: str = "members",
    failing: str = "failing",
) -> Picture:
    """The share of the members that do each thing, one above the other, over time.

    What is worse lies above what is better. With `start` the x axis is a clock. Without `title` the
    figure states how many are out at once. ValueError without a share.
    """
    if not shares:
        raise ValueError("there must be a share to draw, got none")
    ordered = {each: shares[each] for each in gantt.LOOKS if each in shares}
    lines = list(ordered.values())
    shown = capacity.view(lines, [], marks)
    with style.look():
        page = style.picture(title or headline(shares, what), subtitle, _HEIGHT)
        axes = page.subplots()
        below: NDArray[np.float64] | float = 0.0
        times, values = _together(lines, shown)
        for category, share in zip(ordered, values, strict=True):
            look = gantt.LOOKS[category]
            top = below + share
            axes.fill_between(
                times, below, top, step="post", facecolor=look.colour, hatch=look.hatch,
                edgecolor=look.edge, linewidth=0, gid=category,
            )  # fmt: skip
            below = top
        capacity.scale(axes, lines[:1], [])
        style.draw_marks(axes, marks, shown.left, shown.right)
        time_axis(axes, shown, start)
        axes.set_ylabel(f"{what} (% of those there)")
        legend.explain(page, gantt.handles(ordered, failing))
    names = {category: gantt.LOOKS[category].label for category in ordered}
    read = {names[category]: Steps.of(line) for category, line in ordered.items()}
    page.readout = read_steps({"": Panel([axes], read)}, shown, start)
    return page


def headline(shares: Mapping[Category, Timeline], what: str) -> str:
    """How many are out at once, e.g. ``At most 12 % of the nodes are out at once``."""
    out = [shares[each] for each in _OUT if each in shares]
    moving = [shares[each] for each in ("updating", "replacing") if each in shares]
    most = float(reduce(_sum, out).values.max()) if out else 0.0
    text = f"At most {show_share(most)} of the {what} are out at once"
    if not most:
        text = f"None of the {what} are out at any time"
    failing = shares.get("failing")
    if failing is not None and failing.values.max() > 0:
        last = float(failing.values[-1])
        return f"{text}; {show_share(last)} fail at the end" if last else f"{text}; some fail"
    times = [at for line in moving for at in steps.changes(line).tolist()]
    if not times:
        return text
    if any(line.values[-1] > 0 for line in moving):
        return f"{text}; the updates are not over at the end"
    return f"{text}; the updates take {show_duration(max(times) - min(times))}"


def _sum(one: Timeline, other: Timeline) -> Timeline:
    return one.combine(other, np.add)


def _together(
    lines: Sequence[Timeline], shown: clock.View
) -> tuple[NDArray[np.float64], list[NDArray[np.float64]]]:
    """The instants at which any of the lines is to be drawn again, and what each is there."""
    times = np.unique(
        np.concatenate([steps.corners(line, shown.left, shown.right)[0] for line in lines])
    )
    return times, [line.at(times) for line in lines]
