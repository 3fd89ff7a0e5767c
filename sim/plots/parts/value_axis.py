"""An x axis for the values of a metric: shares in percent, times in hours and minutes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.plots.parts import clock, style

if TYPE_CHECKING:
    import datetime as dt

    from matplotlib.axes import Axes

_TICKS = 6


def value_axis(
    axes: Axes,
    what: str,
    unit: str,
    left: float,
    right: float,
    start: dt.datetime | None = None,
) -> None:
    """Ticks and the label `what` for values in `unit` from `left` to `right`.

    `unit` is ``share``, ``s``, or any other, which is written out. With `start` they are instants
    of its clock.
    """
    label = what
    if unit in ("share", "0/1"):
        style.percent_axis(axes.xaxis)
        label = f"{what} (%)"
    elif start is not None:
        instants = clock.ticks(left, right, start, _TICKS)
        axes.set_xticks(instants, clock.labels(instants, start))
        label = f"{what} ({clock.clock_name(start)})"
    elif unit == "s":
        scale = clock.Scale.of(left, right, _TICKS)
        ticks = clock.ticks(left, right, None, _TICKS)
        ticks = [each for each in ticks if left <= each <= right]
        axes.set_xticks(ticks, [scale.show(each) for each in ticks])
        label = scale.label(what)
    elif unit not in ("", "count", "mean"):
        label = f"{what} ({unit})"
    axes.set_xlim(left, right)
    axes.set_xlabel(label)
