"""Which variant keeps more capacity, is sooner up to date, lets fewer tasks wait?

A series over time in a panel for each variant, on the same axes.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from sim.core.units import show_share
from sim.core.wall_clock import show_instant
from sim.plots import capacity, up_to_date
from sim.plots.parts import clock, colours, style
from sim.plots.parts.layout import POINTS
from sim.plots.parts.readout import Panel, read_steps
from sim.plots.parts.text import fitted, text_width
from sim.plots.parts.time_axis import time_axis

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping, Sequence, Sized

    from matplotlib.axes import Axes

    from sim.core.timelines import Timeline
    from sim.experiments.statistics.bands import Band
    from sim.plots.parts.style import Picture

MOST = 12
"""So many panels can be read on one page."""
_STACKED = 4
"""So many panels stand one above the other; more stand in two columns."""
_PANEL, _FRAME = 1.3, 0.7
_LEGEND = 0.3
_LEAST_NAME = 110.0
"""Points of a panel's title that its name has at least."""
_IN_TITLE = 170.0
"""Points of a variant's name in a title."""


def capacities(
    lines: Mapping[str, Timeline],
    *,
    title: str = "",
    subtitle: str = "",
    answers: Sequence[Mapping[str, str]] = (),
    threshold: float | None = None,
    bands: Mapping[str, Band] | None = None,
    beside: Mapping[str, Mapping[str, Timeline]] | None = None,
    start: dt.datetime | None = None,
    which: str = capacity.FIRST,
) -> Picture:
    """Capacity over time, a panel for each variant of `lines` (name -> shares), on the same axes.

    Without bands, what lies below `threshold` (a share) is shaded. `bands` may hold a band for any
    variant, `which` replication the lines are of then, `beside` further lines. `answers` say what
    the panels show, the longest ones first: of those the first is taken that fits. ValueError
    without a variant and with more than 12. Without `title` the figure states each variant's lowest
    capacity, and where there are bands that it is of one replication.
    """
    subject = f"Lowest capacity in {which}" if bands else "Lowest capacity"
    full = {name: capacity.course(line, threshold) for name, line in lines.items()}
    short = {name: f"lowest {show_share(line.minimum())}" for name, line in lines.items()}
    return _panels(
        lines,
        answers or (full, short),
        capacity.LABEL,
        title=title or headline(lines, subject),
        subtitle=subtitle,
        threshold=threshold,
        bands=bands or {},
        beside=beside or {},
        start=start,
        which=which,
    )


def shares_up_to_date(
    lines: Mapping[str, Timeline],
    *,
    title: str = "",
    subtitle: str = "",
    answers: Sequence[Mapping[str, str]] = (),
    bands: Mapping[str, Band] | None = None,
    beside: Mapping[str, Mapping[str, Timeline]] | None = None,
    start: dt.datetime | None = None,
    which: str = capacity.FIRST,
) -> Picture:
    """The share up to date over time, a panel for each variant of `lines`, on the same axes.

    As `capacities`. Without `title` the figure states when each variant had 99 % up to date.
    """
    where = f" in {which}" if bands else ""
    full = {name: up_to_date.course(line, start) for name, line in lines.items()}
    short = {name: up_to_date.outcome(line, start) for name, line in lines.items()}
    return _panels(
        lines,
        answers or (full, short),
        up_to_date.LABEL,
        title=title or levels(f"99 % up to date{where}", _nearly_all(lines, start)),
        subtitle=subtitle,
        bands=bands or {},
        beside=beside or {},
        start=start,
        which=which,
    )


def queues(
    lines: Mapping[str, Timeline],
    *,
    title: str,
    subtitle: str = "",
    answers: Sequence[Mapping[str, str]],
    which: str = "",
    start: dt.datetime | None = None,
) -> Picture:
    """How many tasks wait over time, a panel for each variant of `lines`, on the same axes.

    `which` names the replication, where there are others.
    """
    label = "tasks waiting" + (f", {which}" if which else "")
    return _panels(lines, answers, label, title=title, subtitle=subtitle, start=start, counts=True)


def _nearly_all(lines: Mapping[str, Timeline], start: dt.datetime | None) -> dict[str, str]:
    """Since when 99 % are up to date in each variant, the first to get there first."""
    since = {name: up_to_date.since(line, up_to_date.NEARLY_ALL) for name, line in lines.items()}
    reached = sorted((at, name) for name, at in since.items() if at is not None)
    never = [name for name in lines if since[name] is None]
    return {
        **{name: show_instant(at, start) for at, name in reached},
        **dict.fromkeys(never, "not by the end"),
    }


def _panels(
    lines: Mapping[str, Timeline],
    answers: Sequence[Mapping[str, str]],
    label: str,
    *,
    title: str,
    subtitle: str,
    start: dt.datetime | None,
    threshold: float | None = None,
    bands: Mapping[str, Band] | None = None,
    beside: Mapping[str, Mapping[str, Timeline]] | None = None,
    counts: bool = False,
    which: str = capacity.FIRST,
) -> Picture:
    """A panel for each variant, in it what `answers` says of it; the lines are shares or counts."""
    if not 0 < len(lines) <= MOST:
        raise ValueError(f"there must be 1 to {MOST} variants to draw, got {len(lines)}")
    bands, beside = bands or {}, beside or {}
    others = list(dict.fromkeys(name for each in beside.values() for name in each))
    every = [*lines.values(), *(line for each in beside.values() for line in each.values())]
    columns = _columns(lines)
    shown = capacity.view(every, list(bands.values()), [])
    legend = _LEGEND * capacity.legend_rows(len(others)) if bands or others else 0.0
    rows, width = math.ceil(len(lines) / columns), style.WIDTH / columns
    fitting = _fitting(answers, width)
    with style.look():
        page = style.picture(title, subtitle, _PANEL * rows + _FRAME + legend)
        grid = page.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
        panels: list[Axes] = list(grid.flat)
        for place, (axes, (name, line)) in enumerate(zip(panels, lines.items(), strict=False)):
            capacity.draw(axes, line, shown, threshold, bands.get(name))
            capacity.draw_beside(axes, beside.get(name, {}).values(), shown)
            _name_panel(axes, name, fitting.get(name, ""), width)
            if threshold is not None and place % columns == columns - 1:
                capacity.name_threshold(axes, threshold)
            _scale(axes, every, list(bands.values()), counts=counts)
        _share_axes(panels, columns, len(lines))
        most = 9 // columns
        time_axis(panels[0], shown, start, most=most)
        panels[0].set_xlabel("")
        style.label_panels(page, clock.time_label(shown, start, most), label, legend)
        if legend:
            capacity.explain(page, "lower center", others, has_band=bool(bands), which=which)
    one = (which if bands or counts else "in service") or label
    read = {
        name: Panel([axes], capacity.steps_of(line, bands.get(name), beside.get(name, {}), one))
        for axes, (name, line) in zip(panels, lines.items(), strict=False)
    }
    page.readout = read_steps(read, shown, start)
    return page


def headline(lines: Mapping[str, Timeline], subject: str = "Lowest capacity") -> str:
    """Each variant's lowest capacity, e.g. ``Lowest capacity: auto and manual 80 %, none 100 %``.

    Of more than four, only the worst and the best: ``Lowest capacity: from 0 % to 80 %``.
    """
    best_first = sorted(lines, key=lambda name: -lines[name].minimum())
    return levels(subject, {name: show_share(lines[name].minimum()) for name in best_first})


def levels(subject: str, of: Mapping[str, str], each: str = "variant") -> str:
    """What holds for each variant, or what else is `each`, the best first; equal ones together."""
    names: dict[str, list[str]] = {}
    for name, level in of.items():
        names.setdefault(level, []).append(fitted(name, _IN_TITLE, style.LARGE, "bold"))
    every = list(names)
    if len(every) == 1:
        return f"{subject}: {every[0]} in every {each}"
    if len(of) <= _STACKED:
        told = (f"{_listed(n)} {level}" for level, n in names.items())
        return f"{subject}: {', '.join(told)}"
    worst, best = (f"{level} ({_counted(names[level], each)})" for level in (every[-1], every[0]))
    return f"{subject}: from {worst} to {best}"


def _listed(names: Sequence[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def _counted(names: Sequence[str], each: str) -> str:
    return names[0] if len(names) == 1 else f"{len(names)} {each}s"


def _columns(lines: Sized) -> int:
    return 1 if len(lines) <= _STACKED else 2


def _fitting(answers: Sequence[Mapping[str, str]], inches: float) -> Mapping[str, str]:
    """The first of the answers that have room beside the names, else the shortest ones."""
    return next((each for each in answers if _fit(each, inches)), answers[-1] if answers else {})


def _fit(answers: Mapping[str, str], inches: float) -> bool:
    """Whether each answer has room beside its name."""
    needed = (
        min(text_width(name, style.NORMAL, "bold"), _LEAST_NAME) + text_width(answer, style.SMALL)
        for name, answer in answers.items()
    )
    return max(needed, default=0.0) < _titles(inches)


def _titles(inches: float) -> float:
    """Points for the titles of a panel that has so many inches of the page."""
    return 0.74 * inches * POINTS


def _name_panel(axes: Axes, name: str, answer: str, inches: float) -> None:
    """The variant's name over its panel, and right of it the answer."""
    least = min(text_width(name, style.NORMAL, "bold"), _LEAST_NAME)
    answer = fitted(answer, _titles(inches) - least, style.SMALL)
    room = _titles(inches) - text_width(answer, style.SMALL)
    name = fitted(name, room, style.NORMAL, "bold")
    axes.set_title(name, loc="left", size=style.NORMAL, weight="bold")
    axes.set_title(answer, loc="right", size=style.SMALL, color=colours.QUIET)


def _scale(axes: Axes, every: Sequence[Timeline], bands: Sequence[Band], *, counts: bool) -> None:
    """The same y axis in each panel: of counts, or of shares."""
    if counts:
        style.count_axis(axes, max(float(each.values.max()) for each in every))
    else:
        capacity.scale(axes, every, bands)


def _share_axes(panels: Sequence[Axes], columns: int, used: int) -> None:
    """Empty cells go; the time stands below the last panel of each column."""
    for axes in panels[used:]:
        axes.set_axis_off()
    for axes in panels[max(0, used - columns) : used]:
        axes.tick_params(labelbottom=True)
