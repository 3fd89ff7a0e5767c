"""Which points of a sweep are worth a look? Two metrics against each other, the front marked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from matplotlib.lines import Line2D

from sim.core.formatting import format_compact
from sim.plots import colours, style
from sim.plots.readout import Reading, Readout
from sim.plots.sweep_axes import metric_axis
from sim.plots.text import fitted, text_width

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from sim.plots.style import Picture

_HEIGHT = 4.8
_LABEL = 230.0
"""Points of a label."""
_MOST_LABELS = 9
_ROOM = 0.08
_STANDINGS = {
    "no": "behind",
    "not told apart": "not told apart from the front",
    "": "left out: too seldom well ended",
}
_LOOKS: dict[str, dict[str, Any]] = {
    "behind": {"marker": ".", "color": colours.BEHIND, "markersize": 7},
    "not told apart from the front": {
        "marker": "D",
        "color": colours.ROLLOUT,
        "markerfacecolor": colours.PAPER,
        "markersize": 5,
    },
    "left out: too seldom well ended": {
        "marker": "x",
        "color": colours.QUIET,
        "markersize": 5,
    },
}
_KNEE: dict[str, Any] = {
    "marker": "o",
    "markerfacecolor": "none",
    "markeredgecolor": colours.INK,
    "markeredgewidth": 1.8,
}
_BEHIND_LABEL: dict[str, Any] = {
    "facecolor": colours.PAPER,
    "alpha": 0.75,
    "edgecolor": "none",
    "pad": 0.8,
}
_WIDE, _HIGH = 560.0, 270.0
"""Points of the axes, about: labels that would meet are left out."""


@dataclass(frozen=True, eq=False)
class Side:
    """One of the two metrics: means and limits of their intervals, shape (n,)."""

    what: str
    unit: str
    better: str
    """higher or lower."""
    means: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]


def figure(
    x: Side,
    y: Side,
    labels: Sequence[str],
    standings: Sequence[str],
    *,
    knee: int | None = None,
    title: str,
    subtitle: str = "",
) -> Picture:
    """A dot for each alternative; those on the front with their intervals, a line and labels.

    `labels` and `standings` (``yes``, ``not told apart``, ``no`` or empty) are of the same
    alternatives as the sides; `knee` is the place of the one at which the front turns.
    """
    standing = np.array(standings)
    there = ~(np.isnan(x.means) | np.isnan(y.means))
    front = np.flatnonzero((standing == "yes") & there)
    front = front[np.argsort(x.means[front], kind="stable")]
    with style.look():
        page = style.picture(title, subtitle, _HEIGHT)
        axes = page.subplots()
        groups = {name: there & (standing == own) for own, name in _STANDINGS.items()}
        for name, chosen in groups.items():
            axes.plot(x.means[chosen], y.means[chosen], linestyle="", gid=name, **_LOOKS[name])
        _draw_front(axes, x, y, front)
        if knee is not None:
            axes.plot(
                x.means[[knee]], y.means[[knee]], markersize=15, linestyle="", gid="knee", **_KNEE
            )
        ends = [_scale(axes, name, side, there) for name, side in (("x", x), ("y", y))]
        _label(axes, x, y, _chosen(front, knee), labels, ends)
        axes.grid()
        shown = [name for name, chosen in groups.items() if chosen.any()]
        _explain(page, shown, has_front=front.size > 0, has_knee=knee is not None)
    page.readout = _readout(axes, x, y, labels, standing)
    return page


def _readout(
    axes: Axes, x: Side, y: Side, labels: Sequence[str], standing: NDArray[np.str_]
) -> Readout:
    """Each alternative with both means, those on the front first."""
    found = Readout(("alternative", x.what, y.what, "on the front"))
    order = np.argsort(standing != "yes", kind="stable")
    for place in order.tolist():
        across, up = float(x.means[place]), float(y.means[place])
        shown = format_compact(across, x.unit), format_compact(up, y.unit)
        found.rows.append((labels[place], *shown, str(standing[place]) or "left out"))
        if not np.isnan([across, up]).any():
            text = f"{labels[place]}: {x.what} {shown[0]}, {y.what} {shown[1]}"
            found.readings.append(Reading(axes, across, across, text, up, up, repr(across)))
    return found


def _draw_front(axes: Axes, x: Side, y: Side, front: NDArray[np.intp]) -> None:
    """A staircase: between two points of the front nothing is as good in either as both."""
    if not front.size:
        return
    where: Literal["post", "pre"] = "post" if x.better == "lower" else "pre"
    axes.step(
        x.means[front], y.means[front], where=where, color=colours.ROLLOUT, linewidth=0.8,
        gid="front line",
    )  # fmt: skip
    spread = [
        np.nan_to_num(np.abs(np.array([side.means - side.low, side.high - side.means])[:, front]))
        for side in (x, y)
    ]
    axes.errorbar(
        x.means[front], y.means[front], xerr=spread[0], yerr=spread[1], linestyle="", marker="o",
        markersize=6, color=colours.ROLLOUT, elinewidth=1.0, zorder=3, gid="front",
    )  # fmt: skip


def _scale(axes: Axes, which: str, side: Side, there: NDArray[np.bool_]) -> tuple[float, float]:
    """Limits, ticks and the name of an axis, with which end is better."""
    known = side.means[there]
    low, high = (float(known.min()), float(known.max())) if known.size else (0.0, 1.0)
    room = _ROOM * ((high - low) or abs(high) or 1.0)
    low, high = low - room, high + room
    axis = axes.xaxis if which == "x" else axes.yaxis
    (axes.set_xlim if which == "x" else axes.set_ylim)(low, high)
    unit = metric_axis(axis, low, high, side.unit)
    axis.set_label_text(f"{side.what}{unit}, mean: {side.better} is better")
    return low, high


def _chosen(front: NDArray[np.intp], knee: int | None) -> list[int]:
    """Whose labels are wanted most: the knee, the ends, then others at equal distances."""
    if not front.size:
        return []
    spread = np.unique(np.linspace(0, len(front) - 1, _MOST_LABELS).round().astype(int))
    wanted = [int(front[0]), int(front[-1]), *front[spread].tolist()]
    return list(dict.fromkeys(([] if knee is None else [knee]) + wanted))


def _label(
    axes: Axes,
    x: Side,
    y: Side,
    wanted: Sequence[int],
    labels: Sequence[str],
    ends: Sequence[tuple[float, float]],
) -> None:
    """Labels beside their dots, where there is room; one that would meet another is left out."""
    boxes: list[tuple[float, float, float, float]] = []
    (left, right), (bottom, top) = ends
    for place in wanted:
        text = fitted(labels[place], _LABEL, style.SMALL)
        wide = text_width(text, style.SMALL)
        at_x = (x.means[place] - left) / (right - left) * _WIDE
        at_y = (y.means[place] - bottom) / (top - bottom) * _HIGH
        to_right = at_x + wide + 14 < _WIDE
        for up in (8.0, -16.0):
            begin = at_x + 9 if to_right else at_x - 9 - wide
            box = (begin, at_y + up, begin + wide, at_y + up + 12)
            if all(_apart(box, other) for other in boxes):
                boxes.append(box)
                axes.annotate(
                    text, (x.means[place], y.means[place]), (9 if to_right else -9, up),
                    textcoords="offset points", ha="left" if to_right else "right", va="bottom",
                    size=style.SMALL, gid="label",
                    bbox=_BEHIND_LABEL,
                )  # fmt: skip
                break


def _apart(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    return one[2] < other[0] or other[2] < one[0] or one[3] < other[1] or other[3] < one[1]


def _explain(page: Picture, shown: Sequence[str], *, has_front: bool, has_knee: bool) -> None:
    handles: list[Any] = []
    if has_front:
        label = "front, with 95 % intervals of the means"
        handles.append(Line2D([], [], color=colours.ROLLOUT, marker="o", markersize=6, label=label))
    handles += [Line2D([], [], linestyle="", label=name, **_LOOKS[name]) for name in shown]
    if has_knee:
        handles.append(Line2D([], [], linestyle="", markersize=11, label="knee", **_KNEE))
    if handles:
        page.legend(handles=handles, loc="outside lower center", ncols=min(4, len(handles)))
