"""How is an outcome spread over the runs? The share of them that are at most each value.

Around each step line the band in which the whole curve of the law lies at 95 %, and on it three
quantiles with their limits.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from sim.core.formatting import show, show_range
from sim.core.wall_clock import show_instant
from sim.plots.parts import colours, legend, style
from sim.plots.parts.readout import Reading, Readout
from sim.plots.parts.text import fitted
from sim.plots.parts.value_axis import value_axis

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping, Sequence

    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from sim.plots.parts.style import Picture

MOST = len(style.LINES)
"""So many curves can be told apart."""
_HEIGHT = 4.2
_SHADE = 0.16
_BAND: dict[str, Any] = {"color": colours.LINES[0], "alpha": _SHADE}
"""Around the only curve; around several each has its colour."""
_MARGIN = 0.04
"""Room beside the values, as a share of their range."""


@dataclass(frozen=True, slots=True)
class Quantile:
    """A quantile of a curve and its limits; nan where there is none."""

    share: float
    value: float
    low: float
    high: float


@dataclass(frozen=True, eq=False)
class Curve:
    """The distribution of one variant: at each of `values`, shape (k,), the share at most that."""

    values: NDArray[np.float64]
    shares: NDArray[np.float64]
    half_width: float = 0.0
    """Of the band around the shares; 0 where nothing is random."""
    quantiles: Sequence[Quantile] = ()


def figure(
    curves: Mapping[str, Curve],
    what: str,
    unit: str,
    *,
    title: str,
    subtitle: str = "",
    bound: float | None = None,
    start: dt.datetime | None = None,
) -> Picture:
    """A step line for each of `curves` (variant -> curve); `what`, in `unit`, names the x axis.

    `unit` is ``share``, ``s``, or any other, which is written out; `bound` is what an objective
    asks for. With `start` the values are instants of its clock. ValueError without a curve and with
    more than 8.
    """
    if not 0 < len(curves) <= MOST:
        raise ValueError(f"there must be 1 to {MOST} curves to draw, got {len(curves)}")
    ends = [end for one in curves.values() for end in _ends(one)]
    ends += [] if bound is None else [bound]
    low, high = (min(ends), max(ends)) if ends else (0.0, 1.0)
    room = _MARGIN * ((high - low) or abs(high) or 1.0)
    left, right = low - room, high + room
    with style.look():
        page = style.picture(title, subtitle, _HEIGHT)
        axes = page.subplots()
        for one, (colour, dashes) in zip(curves.values(), style.LINES, strict=False):
            _draw(axes, one, (left, right), colour, dashes)
        if bound is not None:
            axes.axvline(bound, gid="objective", **style.OBJECTIVE)
        axes.set_ylim(-0.02, 1.02)
        style.percent_axis(axes.yaxis)
        axes.set_ylabel("share of the runs at most that")
        axes.grid()
        value_axis(axes, what, unit, left, right, start)
        _explain(page, curves, has_bound=bound is not None)
    page.readout = _readout(axes, curves, what, unit, start)
    return page


def _readout(
    axes: Axes, curves: Mapping[str, Curve], what: str, unit: str, start: dt.datetime | None
) -> Readout:
    """The quantiles of each curve; without them its values."""
    found = Readout(("variant", "share of the runs", f"{what} at most", "limits at 95 %"))
    left, right = axes.get_xlim()
    for name, one in curves.items():
        points = [(each.share, each.value, each.low, each.high) for each in one.quantiles]
        own = zip(one.shares.tolist(), one.values.tolist(), strict=True)
        points = points or [(share, value, math.nan, math.nan) for share, value in own]
        for share, value, low, high in points:
            shown = _shown(value, unit, start) if math.isfinite(value) else "none"
            limits = show_range(low, high, unit) if math.isfinite(high - low) else "-"
            if start is not None and math.isfinite(high - low):
                limits = " to ".join(show_instant(end, start) for end in (low, high))
            found.rows.append((name, show(share, "share"), shown, limits))
            if left <= value <= right:
                text = f"{name}, {what} at most {shown} in {show(share, 'share')} of the runs"
                edges = share - 0.02, share + 0.02
                found.readings.append(Reading(axes, value, value, text, *edges, repr(value)))
    return found


def _shown(value: float, unit: str, start: dt.datetime | None) -> str:
    return show(value, unit) if start is None else show_instant(value, start)


def _ends(one: Curve) -> list[float]:
    found = [*one.values, *(end for each in one.quantiles for end in (each.low, each.high))]
    return [float(end) for end in found if math.isfinite(end)]


def _draw(axes: Axes, one: Curve, ends: tuple[float, float], colour: str, dashes: Any) -> None:
    at = np.array([ends[0], *one.values, ends[1]])
    share = np.array([0.0, *one.shares, one.shares[-1] if one.shares.size else 0.0])
    if one.half_width:
        below, above = (np.clip(share + sign * one.half_width, 0.0, 1.0) for sign in (-1, 1))
        axes.fill_between(
            at, below, above, step="post", color=colour, alpha=_SHADE, linewidth=0, gid="band"
        )
    axes.step(
        at, share, where="post", color=colour, linestyle=dashes, linewidth=style.THICK, gid="curve"
    )
    for each in one.quantiles:
        if math.isnan(each.value):
            continue
        limits = [each.low if math.isfinite(each.low) else each.value]
        limits.append(each.high if math.isfinite(each.high) else each.value)
        axes.plot(limits, [each.share] * 2, color=colour, linewidth=3, gid="limits")
        axes.plot(
            [each.value], [each.share], color=colour, marker="o", markerfacecolor=colours.PAPER,
            markersize=6, gid="quantile",
        )  # fmt: skip


def _explain(page: Picture, curves: Mapping[str, Curve], *, has_bound: bool) -> None:
    handles: list[Any] = []
    if len(curves) > 1:
        for name, (colour, dashes) in zip(curves, style.LINES, strict=False):
            label = fitted(name, style.LEGEND_NAME, style.SMALL)
            line = Line2D([], [], color=colour, linestyle=dashes, linewidth=style.THICK)
            line.set_label(label)
            handles.append(line)
    if any(one.half_width for one in curves.values()):
        shade = {"color": colours.QUIET, "alpha": 0.3} if len(curves) > 1 else _BAND
        handles.append(Patch(label="the whole curve at 95 % (DKW)", **shade))
    if any(one.quantiles for one in curves.values()):
        dot: dict[str, Any] = {"marker": "o", "markersize": 6, "markerfacecolor": colours.PAPER}
        label = "p5, p50, p95 with limits, each one-sided at 95 %"
        handles.append(Line2D([], [], color=colours.ROLLOUT, linewidth=3, label=label, **dot))
    if has_bound:
        handles.append(Line2D([], [], label="objective", **style.OBJECTIVE))
    legend.explain(page, handles)
