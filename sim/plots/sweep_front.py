"""Which points of a sweep are worth a look? Two metrics against each other, the front marked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from matplotlib.lines import Line2D

from sim.core.formatting import format_compact
from sim.plots.parts import colours, legend, style
from sim.plots.parts.readout import Reading, Readout
from sim.plots.parts.sweep_axes import metric_axis
from sim.plots.parts.text import fitted, text_width

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from sim.plots.parts.style import Picture

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
_DOT, _LINE = 4.0, 6.0
"""Points: half a dot, half a line of text."""
_PLACES = [
    (side, up) for up in (0.0, 13.0, -13.0, 26.0, -26.0, 40.0, -40.0) for side in (11.0, -11.0)
]
"""How far from its dot a label may stand, in points."""
_FIRST = 3
"""So many labels are there in any case: of the knee and of both ends."""
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
        ends = [_scale(axes, name, side, there, front) for name, side in (("x", x), ("y", y))]
        view = _View(*ends)
        _label(axes, view, x, y, labels, _chosen(front, knee), view.obstacles(x, y, there, front))
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


def _scale(
    axes: Axes, which: str, side: Side, there: NDArray[np.bool_], front: NDArray[np.intp]
) -> tuple[float, float]:
    """Limits, ticks and the name of an axis, with which end is better; no interval is cut off."""
    known = np.concatenate([side.means[there], side.low[front], side.high[front]])
    known = known[np.isfinite(known)]
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


class _View:
    """Where data stand in the axes, in points from their lower left corner, about."""

    def __init__(self, x: tuple[float, float], y: tuple[float, float]) -> None:
        self._x, self._y = x, y

    def place(
        self, x: NDArray[np.float64], y: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Of values on both axes."""
        (left, right), (bottom, top) = self._x, self._y
        return (x - left) / (right - left) * _WIDE, (y - bottom) / (top - bottom) * _HIGH

    def obstacles(
        self, x: Side, y: Side, there: NDArray[np.bool_], front: NDArray[np.intp]
    ) -> NDArray[np.float64]:
        """What no label should hide: dots and intervals; left, bottom, right, top of each."""
        means = self.place(x.means[there], y.means[there])
        dots = np.stack([means[0] - _DOT, means[1] - _DOT, means[0] + _DOT, means[1] + _DOT])
        low = self.place(_known(x.low, x.means)[front], _known(y.low, y.means)[front])
        high = self.place(_known(x.high, x.means)[front], _known(y.high, y.means)[front])
        middle = self.place(x.means[front], y.means[front])
        across = np.stack([low[0], middle[1] - 1, high[0], middle[1] + 1])
        up = np.stack([middle[0] - 1, low[1], middle[0] + 1, high[1]])
        return np.concatenate([dots, across, up], axis=1).T


def _known(ends: NDArray[np.float64], means: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(np.isfinite(ends), ends, means)


def _label(
    axes: Axes,
    view: _View,
    x: Side,
    y: Side,
    labels: Sequence[str],
    wanted: Sequence[int],
    obstacles: NDArray[np.float64],
) -> None:
    """Labels near their dots where they hide nothing; the first ones, else, where they hide least.

    One that would meet another is left out.
    """
    taken = np.empty((0, 4))
    for rank, place in enumerate(wanted):
        text = fitted(labels[place], _LABEL, style.SMALL)
        at = [float(part) for part in view.place(x.means[place], y.means[place])]
        boxes = [(*each, _box(at, each, text_width(text, style.SMALL))) for each in _PLACES]
        inside = [
            (int(_meet(box, obstacles).sum()), right, up, box)
            for right, up, box in boxes
            if box[0] > 0 and box[2] < _WIDE and box[1] > 0 and box[3] < _HIGH
            if not _meet(box, taken).any()
        ]
        hidden, right, up, box = min(inside, default=(_FIRST, 0.0, 0.0, np.zeros(4)), key=_hides)
        if hidden and (rank >= _FIRST or not inside):
            continue
        taken = np.vstack([taken, box])
        axes.annotate(
            text, (x.means[place], y.means[place]), (right, up), textcoords="offset points",
            ha="left" if right > 0 else "right", va="center_baseline", size=style.SMALL,
            gid="label", bbox=_BEHIND_LABEL,
        )  # fmt: skip


def _hides(candidate: tuple[int, float, float, NDArray[np.float64]]) -> tuple[int, float]:
    """How much it hides, and how far from its dot it is."""
    return candidate[0], abs(candidate[2])


def _box(at: Sequence[float], offset: tuple[float, float], wide: float) -> NDArray[np.float64]:
    """Left, bottom, right, top of a label that stands so far from its dot."""
    begin = at[0] + offset[0] - (wide if offset[0] < 0 else 0.0)
    middle = at[1] + offset[1]
    return np.array([begin, middle - _LINE, begin + wide, middle + _LINE])


def _meet(box: NDArray[np.float64], others: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which of `others`, shape (n, 4), a box overlaps."""
    met: NDArray[np.bool_] = (
        (box[0] < others[:, 2])
        & (others[:, 0] < box[2])
        & (box[1] < others[:, 3])
        & (others[:, 1] < box[3])
    )
    return met


def _explain(page: Picture, shown: Sequence[str], *, has_front: bool, has_knee: bool) -> None:
    handles: list[Any] = []
    if has_front:
        label = "front, with 95 % intervals of the means"
        handles.append(Line2D([], [], color=colours.ROLLOUT, marker="o", markersize=6, label=label))
    handles += [Line2D([], [], linestyle="", label=name, **_LOOKS[name]) for name in shown]
    if has_knee:
        handles.append(Line2D([], [], linestyle="", markersize=11, label="knee", **_KNEE))
    legend.explain(page, handles)
