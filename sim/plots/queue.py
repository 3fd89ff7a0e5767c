"""How many tasks wait, and were there slots for them?

Slots in use beneath slots in service, and under them the tasks that wait: step lines of one
replication.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from matplotlib.colors import to_rgba
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from sim.plots import capacity
from sim.plots.parts import clock, colours, legend, steps, style
from sim.plots.parts.readout import Panel, Steps, read_steps
from sim.plots.parts.time_axis import time_axis

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.typing import ColorType

    from sim.core.timelines import Timeline
    from sim.plots.parts.style import Mark, Picture

_HEIGHT = 4.4
_SHARES = (3, 2)
"""How the two panels divide the height."""
_PALE = 0.16  # a thin line alone is hardly seen
_WHOLE = 10
"""An average from here on is told without decimals."""
_LEAST = 0.01
"""A smaller average is told as such."""


def figure(
    waiting: Timeline,
    *,
    used: Timeline,
    slots: Timeline,
    title: str = "",
    subtitle: str = "",
    marks: Sequence[Mark] = (),
    start: dt.datetime | None = None,
) -> Picture:
    """Slots `used` of those in service (`slots`) over time, and the tasks `waiting`; all counts.

    With `start` the x axis is a clock. Without `title` the figure states how many tasks wait.
    """
    shown = capacity.view([waiting, used, slots], [], marks)
    with style.look():
        page = style.picture(title or headline(waiting), subtitle, _HEIGHT)
        above, below = page.subplots(2, 1, sharex=True, height_ratios=_SHARES)
        _fill(above, used, shown, colours.RUNNING, gid="used")
        capacity.draw_line(above, slots, shown, gid="slots")
        _fill(below, waiting, shown, to_rgba(colours.WAITING, _PALE), gid="tasks")
        capacity.draw_line(below, waiting, shown, colour=colours.WAITING, gid="waiting")
        style.count_axis(above, max(used.values.max(), slots.values.max()))
        style.count_axis(below, waiting.values.max())
        above.set_ylabel("capacity (slots)")
        below.set_ylabel("tasks waiting")
        style.draw_marks(above, marks, shown.left, shown.right)
        style.draw_instants(below, marks, shown.left, shown.right)
        time_axis(below, shown, start)
        handles = [
            Line2D([], [], color=colours.INK, linewidth=style.THICK, label="slots in service"),
            Patch(color=colours.RUNNING, label="of them in use"),
        ]
        legend.explain(page, handles)
    read = {"tasks waiting": waiting, "slots in use": used, "slots in service": slots}
    panel = Panel([above, below], {name: Steps.of(line) for name, line in read.items()})
    page.readout = read_steps({"": panel}, shown, start)
    return page


def headline(waiting: Timeline) -> str:
    """How many tasks wait, e.g. ``At most 31 tasks wait, 4.2 on average``."""
    most = float(waiting.values.max())
    if not most:
        return "No task waits"
    many = "1 task waits" if most == 1 else f"{most:,.0f} tasks wait"
    if waiting.minimum() == most:
        return f"{many} throughout"
    return f"At most {many}, {_show(waiting.mean())} on average"


def _show(mean: float) -> str:
    if mean < _LEAST:
        return f"less than {_LEAST:g}"
    return f"{round(mean, 2):.2g}" if mean < _WHOLE else f"{mean:,.0f}"


def _fill(axes: Axes, line: Timeline, shown: clock.View, colour: ColorType, gid: str) -> None:
    """The area under a step line."""
    times, values = steps.corners(line, shown.left, shown.right)
    axes.fill_between(times, values, step="post", color=colour, linewidth=0, gid=gid)
