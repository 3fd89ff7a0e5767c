"""From when on is a run steady? The mean over replications, and where MSER-5 cuts it.

Means of five intervals each are drawn; below them the marginal standard error that is left when the
run is cut there, whose least value is the cut.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.lines import Line2D

from sim.core.wall_clock import show_instant
from sim.plots.parts import clock, colours, legend, style
from sim.plots.parts.readout import Panel, Steps, read_steps
from sim.plots.parts.time_axis import time_axis

if TYPE_CHECKING:
    import datetime as dt

    from numpy.typing import NDArray

    from sim.plots.parts.style import Picture

_HEIGHT = 4.4
_SHARES = (3, 2)
_CUT: dict[str, Any] = {"color": colours.INK, "linewidth": 1.4, "linestyle": (0, (6, 2))}
_GIVEN: dict[str, Any] = {"color": colours.INK, "linewidth": 1.2, "linestyle": (0, (1, 2))}


def figure(
    means: NDArray[np.float64],
    errors: NDArray[np.float64],
    horizon: float,
    *,
    what: str,
    warm_up: float,
    subtitle: str = "",
    start: dt.datetime | None = None,
) -> Picture:
    """The `means` of even batches of [0, horizon] and the error that is left by the cut before
    each, of as many as were looked at. Seconds. `what` names the y axis.
    """
    first = int(np.argmin(errors))
    is_too_short = 0 < first == len(errors) - 1
    steady_from = math.nan if is_too_short else first * horizon / len(means)
    if is_too_short:
        title = "No steady state within half of the horizon (MSER-5)"
    else:
        title = (
            f"Steady from {show_instant(steady_from, start) if first else 'the start'} on (MSER-5)"
        )
    shown = clock.View(0.0, horizon, 0.0, horizon)
    edges = np.linspace(0.0, horizon, len(means) + 1)
    with style.look():
        page = style.picture(title, subtitle, _HEIGHT)
        above, below = page.subplots(2, 1, sharex=True, height_ratios=_SHARES)
        above.stairs(means, edges, baseline=None, color=colours.ROLLOUT, gid="mean")
        below.plot(edges[: len(errors)], errors, color=colours.ROLLOUT, gid="error")
        for axes in (above, below):
            if math.isfinite(steady_from):
                axes.axvline(steady_from, gid="cut", **_CUT)
            if warm_up:
                axes.axvline(warm_up, gid="warm_up", **_GIVEN)
            axes.grid(axis="y")
        above.set_ylim(bottom=0.0)
        below.set_ylim(bottom=0.0)
        above.set_ylabel(what)
        below.set_ylabel("error left")
        time_axis(below, shown, start)
        _explain(page, steady_from, warm_up)
    lines = {
        what: Steps(edges[:-1], means, ""),
        "error left": Steps(edges[: len(errors)], errors, ""),
    }
    page.readout = read_steps({"": Panel([above, below], lines)}, shown, start)
    return page


def _explain(page: Picture, steady_from: float, warm_up: float) -> None:
    handles = [Line2D([], [], color=colours.ROLLOUT, label="mean over the runs")]
    if math.isfinite(steady_from):
        handles.append(Line2D([], [], label="steady from here on (MSER-5)", **_CUT))
    if warm_up:
        handles.append(Line2D([], [], label="warm_up", **_GIVEN))
    legend.explain(page, handles)
