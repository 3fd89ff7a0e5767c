"""Who is out when, and who does not come back?

A lane for each update domain or each node, or for several of them, coloured by what they do.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING

from matplotlib.collections import PolyCollection
from matplotlib.patches import Patch

from sim.core.units import show_duration
from sim.core.wall_clock import show_instant
from sim.plots.parts import clock, colours, legend, steps, style
from sim.plots.parts.readout import Reading, Readout
from sim.plots.parts.time_axis import time_axis

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Collection, Mapping, Sequence

    from matplotlib.axes import Axes

    from sim.plots.parts.style import Mark, Picture
    from sim.systems.base.activity import Category

MOST = 60
"""So many lanes can be told apart."""
_FRAME = 0.85
_ROW, _THIN_ROW = 0.36, 0.2
_ROOMY = 12
_BAR = 0.74
_HATCHED = 200
"""More bars than this are too thin for a hatch, and hatching them takes seconds."""
_LISTED = 3
"""So many names stand in a title."""


@dataclass(frozen=True, slots=True)
class Interval:
    """What a lane's member does from `start_s` to `end_s`, seconds since the scenario's start."""

    lane: str
    start_s: float
    end_s: float
    category: Category


@dataclass(frozen=True, slots=True)
class Look:
    """How what members do is drawn."""

    label: str
    colour: str
    edge: str = "none"
    hatch: str = ""


# In order of drawing: what is worse hides what is better.
LOOKS: dict[Category, Look] = {
    "ready": Look("in service", colours.SERVING),
    "draining": Look("draining: takes no new tasks", colours.DRAINING, colours.ROLLOUT, "\\\\"),
    "scaling": Look("being created or removed", colours.SCALING, colours.QUIET, "||"),
    "replacing": Look("created or deleted", colours.REPLACING, colours.ROLLOUT, "xxxx"),
    "pausing": Look("pausing before the next one", colours.PAUSING, colours.PAPER, "--"),
    "other": Look("out for another reason", colours.OTHER, colours.QUIET, "...."),
    "updating": Look("updating", colours.ROLLOUT),
    "failing": Look("failing", colours.FAILING, colours.MISSED, "////"),
}
_OUT: tuple[Category, ...] = ("other", "updating", "failing")


def figure(
    intervals: Sequence[Interval],
    *,
    title: str = "",
    subtitle: str = "",
    marks: Sequence[Mark] = (),
    start: dt.datetime | None = None,
    what: str = "update domains",
    failing: str = "cycling or unresponsive",
    window: tuple[float, float] | None = None,
) -> Picture:
    """A lane for each label of `intervals`, in order of first appearance, the first on top.

    The window is what the intervals span together, so the ready ones belong among them.
    Where a lane's intervals overlap, because it holds many members, the worst is seen: failing,
    updating, other, pausing, replacing, scaling, draining, ready. ValueError above 60 lanes.
    Without `title` the figure states how many lanes are out at once, and which ones fail: `what`
    says who has a lane. `failing` is what the legend says of those. `window` is what is shown
    instead.
    """
    lanes = _by_lane(intervals)
    if len(lanes) > MOST:
        raise ValueError(f"at most {MOST} lanes can be distinguished, got {len(lanes)}")
    row = _ROW if len(lanes) <= _ROOMY else _THIN_ROW
    with style.look():
        page = style.picture(
            title or headline(intervals, what),
            subtitle,
            _FRAME + row * max(3, len(lanes)),
        )
        axes = page.subplots()
        if not lanes:
            style.nothing(axes, "no members, so there is nothing to show")
            return page
        shown = _view(intervals, marks, window)
        _draw_bars(axes, list(lanes.values()), shown)
        style.name_rows(axes, list(lanes))
        room = style.room_beside(list(lanes))
        style.draw_marks(axes, marks, shown.left, shown.right, room)
        time_axis(axes, shown, start, most=round(9 * room))
        _explain(page, {one.category for one in intervals}, failing)
    page.readout = _readout(axes, lanes, shown, start, failing)
    return page


def _readout(
    axes: Axes,
    lanes: Mapping[str, Sequence[Interval]],
    shown: clock.View,
    start: dt.datetime | None,
    failing: str,
) -> Readout:
    """What each lane does and how long; being in service is what is left."""
    found = Readout(("lane", "from", "to", "for", "what"))
    for place, (lane, mine) in enumerate(lanes.items()):
        for category, look in LOOKS.items():
            what = failing if category == "failing" else look.label
            for begin, end in _union(mine, [category]) if category != "ready" else []:
                at, until = show_instant(begin, start), show_instant(end, start)
                row = (lane, at, until, show_duration(end - begin), what)
                found.rows.append(row)
                left, right = max(begin, shown.left), min(end, shown.right)
                if left < right:
                    text = f"{lane}, {at} to {until}: {what} for {row[3]}"
                    edges = place - _BAR / 2, place + _BAR / 2
                    found.readings.append(Reading(axes, left, right, text, *edges))
    return found


def headline(intervals: Sequence[Interval], what: str = "update domains") -> str:
    """How many lanes are out at once, and which fail or else how long the updates take.

    E.g. ``At most 1 of 5 update domains is out at once; the updates take 26min``.
    """
    lanes = _by_lane(intervals)
    most = _most_at_once([_union(mine, _OUT) for mine in lanes.values()])
    if not most and any(one.category == "replacing" for one in intervals):
        return f"New {what} come before old ones go{_outcome(lanes)}"
    if not most and any(one.category == "scaling" for one in intervals):
        return f"No {what} are out at any time{_outcome(lanes)}"
    if not most:
        return "Every member is in service throughout"
    return _share_out(lanes, most, what) + _outcome(lanes)


def headline_of_turns(intervals: Sequence[Interval], what: str) -> str:
    """How many take turns and how long each, e.g. ``12 batches of 4min to 6min in 1h12min``."""
    lanes = _by_lane(intervals)
    turns = [_union(mine, ["updating"]) for mine in lanes.values()]
    times = sorted({show_duration(end - begin) for each in turns for begin, end in each[:1]})
    lengths = [each[0][1] - each[0][0] for each in turns if each]
    ends = [show_duration(length) for length in (min(lengths), max(lengths))]
    span = max(one.end_s for one in intervals) - min(one.start_s for one in intervals)
    each = ends[0] if len(times) == 1 else " to ".join(ends)
    if len(lanes) == 1:
        return f"Only one of the {what} begins, and takes {each}"
    return f"{len(lanes)} {what} of {each}, from first to last {show_duration(span)}"


def _share_out(lanes: Mapping[str, Sequence[Interval]], most: int, what: str) -> str:
    if len(lanes) == 1:
        return f"{next(iter(lanes))} is out"
    # Where some come later there never are as many as there are lanes.
    begins = [min(one.start_s for one in mine) for mine in lanes.values()]
    of_all = f" of {len(lanes)}" if min(begins) == max(begins) else ""
    if most == len(lanes):
        return f"All {most} {what} are out at once"
    if not of_all and most == 1:
        return f"Never more than 1 of the {what} is out at once"
    return f"At most {most}{of_all} {what} {'is' if most == 1 else 'are'} out at once"


def _outcome(lanes: Mapping[str, Sequence[Interval]]) -> str:
    failing = [lane for lane, mine in lanes.items() if _union(mine, ["failing"])]
    if failing:
        *before, at_last = failing
        names = " and ".join([*([", ".join(before)] if before else []), at_last])
        names = names if len(failing) <= _LISTED else str(len(failing))
        return f"; {names} {'fails' if len(failing) == 1 else 'fail'}"
    every = [one for mine in lanes.values() for one in mine]
    updates = _union(every, ["updating", "replacing"])
    if not updates:
        return ""
    end, last = updates[-1][1], max(one.end_s for one in every)
    if end >= last:
        return "; the updates are not over at the end"
    drains = _union(every, ["draining"])
    if drains and drains[-1][1] >= last:
        return "; some still drain at the end"
    return f"; the updates take {show_duration(end - updates[0][0])}"


def _by_lane(intervals: Sequence[Interval]) -> dict[str, list[Interval]]:
    lanes: dict[str, list[Interval]] = {}
    for interval in intervals:
        lanes.setdefault(interval.lane, []).append(interval)
    return lanes


def _union(
    intervals: Sequence[Interval], categories: Collection[Category]
) -> list[tuple[float, float]]:
    """When at least one interval of these categories holds; what takes no time does not count."""
    mine = [
        (one.start_s, one.end_s)
        for one in intervals
        if one.category in categories and one.end_s > one.start_s
    ]
    return steps.join(mine)


def _most_at_once(lanes: Sequence[Sequence[tuple[float, float]]]) -> int:
    """Most lanes out at one instant; one that ends as another begins does not meet it."""
    changes = [
        (at, change)
        for lane in lanes
        for pair in lane
        for at, change in zip(pair, (1, -1), strict=True)
    ]
    return max(accumulate((change for _, change in sorted(changes)), initial=0))


def _draw_bars(axes: Axes, lanes: Sequence[Sequence[Interval]], shown: clock.View) -> None:
    """The bars of all lanes, in one collection a category: each costs some milliseconds."""
    for category, look in LOOKS.items():
        plain: list[list[tuple[float, float]]] = []
        hatched: list[list[tuple[float, float]]] = []
        for place, intervals in enumerate(lanes):
            held = steps.visible(_union(intervals, [category]), shown.left, shown.right)
            bars = hatched if look.hatch and len(held) <= _HATCHED else plain
            bars += [
                _corners(begin, width, place)
                for begin, width in steps.bars(held, shown.left, shown.right)
            ]
        for bars, hatch in ((plain, ""), (hatched, look.hatch)):
            if bars:
                axes.add_collection(
                    PolyCollection(
                        bars,
                        facecolor=look.colour,
                        hatch=hatch,
                        edgecolor=look.edge,
                        linewidth=0,
                        gid=category,
                    ),
                    autolim=False,
                )


def _corners(begin: float, width: float, place: int) -> list[tuple[float, float]]:
    """A bar in the middle of its lane."""
    end, top, bottom = begin + width, place - _BAR / 2, place + _BAR / 2
    return [(begin, top), (begin, bottom), (end, bottom), (end, top)]


def _view(
    intervals: Sequence[Interval], marks: Sequence[Mark], window: tuple[float, float] | None
) -> clock.View:
    begin, end = window or (
        min(one.start_s for one in intervals),
        max(one.end_s for one in intervals),
    )
    edges = [at for one in intervals if one.category != "ready" for at in (one.start_s, one.end_s)]
    at = [edge for edge in edges if begin < edge < end] + [mark.at_s for mark in marks]
    return clock.view(begin, end, at)


def _explain(page: Picture, categories: Collection[Category], failing: str) -> None:
    """The legend names only what occurs."""
    legend.explain(page, handles(categories, failing))


def handles(categories: Collection[Category], failing: str) -> list[Patch]:
    """What a legend shows of these; `failing` says what those do that fail."""
    more: dict[Category, str] = {"failing": f": {failing}"}
    return [
        Patch(
            facecolor=look.colour,
            hatch=look.hatch,
            edgecolor=look.edge,
            linewidth=0,
            label=look.label + more.get(category, ""),
        )
        for category, look in LOOKS.items()
        if category in categories
    ]
