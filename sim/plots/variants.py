"""Which variant keeps more capacity, and which is better by how much?

Capacity over time in a panel for each variant, on the same axes; and a panel for each metric, in it
a dot with its interval for each variant.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from sim.plots import capacity, clock, style, up_to_date
from sim.units import show_duration, show_share

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping, Sequence, Sized

    from matplotlib.axes import Axes

    from sim.plots.capacity import Band
    from sim.plots.style import Picture
    from sim.timelines import Timeline

_STACKED = 4
"""So many panels stand one above the other; more stand in two columns."""
_PANEL, _FRAME = 1.3, 0.7
_ABREAST, _SQUARE = 3, 4
_TIME_LABEL, _LEGEND = 0.28, 0.3
_NEAR_ONE = 0.9
_DOT, _THICK = 5.0, 2.2
"""Points: a dot's diameter, an interval's width."""
_GAP = 7.0
"""Points between a dot and its number."""
_METRIC_ROW, _METRIC_FRAME = 0.3, 0.95


@dataclass(frozen=True, slots=True)
class Estimate:
    """A metric's mean in one variant and the ends of its 95 % interval; nan where there is none."""

    variant: str
    mean: float
    low: float = math.nan
    high: float = math.nan
    missing: str = "> horizon"
    """What stands in place of a mean that is nan."""


@dataclass(frozen=True, slots=True)
class Panel:
    """One metric in all variants. It does not apply to a variant without an estimate."""

    label: str
    """E.g. ``lowest capacity``."""
    unit: str
    """``share``, ``s``, or any other, which is then written out."""
    better: Literal["higher", "lower", ""]
    estimates: Sequence[Estimate]


def capacities(
    lines: Mapping[str, Timeline],
    *,
    title: str = "",
    subtitle: str = "",
    threshold: float | None = None,
    bands: Mapping[str, Band] | None = None,
    start: dt.datetime | None = None,
) -> Picture:
    """Capacity over time, a panel for each variant of `lines` (name -> shares), on the same axes.

    What lies below `threshold` (a share) is shaded. `bands` may hold a band for any variant.
    ValueError without a variant. Without `title` the figure states each variant's lowest capacity,
    and where there are bands that it is of one replication.
    """
    bands = bands or {}
    subject = "Lowest capacity in replication 0" if bands else "Lowest capacity"
    full = {name: capacity.course(line, threshold) for name, line in lines.items()}
    short = {name: f"lowest {show_share(line.minimum())}" for name, line in lines.items()}
    return _panels(
        lines,
        full if _fit(full, style.WIDTH / _columns(lines)) else short,
        capacity.LABEL,
        title=title or headline(lines, subject),
        subtitle=subtitle,
        threshold=threshold,
        bands=bands,
        start=start,
    )


def shares_up_to_date(
    lines: Mapping[str, Timeline],
    *,
    title: str = "",
    subtitle: str = "",
    bands: Mapping[str, Band] | None = None,
    start: dt.datetime | None = None,
) -> Picture:
    """The share up to date over time, a panel for each variant of `lines`, on the same axes.

    As `capacities`. Without `title` the figure states when each variant had 99 % up to date.
    """
    where = " in replication 0" if bands else ""
    full = {name: up_to_date.course(line, start) for name, line in lines.items()}
    short = {name: up_to_date.outcome(line, start) for name, line in lines.items()}
    return _panels(
        lines,
        full if _fit(full, style.WIDTH / _columns(lines)) else short,
        up_to_date.LABEL,
        title=title or _levels(f"99 % up to date{where}", _nearly_all(lines, start)),
        subtitle=subtitle,
        threshold=None,
        bands=bands or {},
        start=start,
    )


def _nearly_all(lines: Mapping[str, Timeline], start: dt.datetime | None) -> dict[str, str]:
    """Since when 99 % are up to date in each variant, the first to get there first."""
    since = {name: up_to_date.since(line, up_to_date.NEARLY_ALL) for name, line in lines.items()}
    reached = sorted((at, name) for name, at in since.items() if at is not None)
    never = [name for name in lines if since[name] is None]
    return {
        **{name: clock.show_instant(at, start) for at, name in reached},
        **dict.fromkeys(never, "not by the end"),
    }


def _panels(
    lines: Mapping[str, Timeline],
    answers: Mapping[str, str],
    label: str,
    *,
    title: str,
    subtitle: str,
    threshold: float | None,
    bands: Mapping[str, Band],
    start: dt.datetime | None,
) -> Picture:
    """A panel for each variant, in it what `answers` says of it."""
    if not lines:
        raise ValueError("there must be a variant to draw, got none")
    columns = _columns(lines)
    rows = math.ceil(len(lines) / columns)
    shown = capacity.view(list(lines.values()), list(bands.values()), [])
    inches = _PANEL * rows + _FRAME + (_LEGEND if bands else 0.0)
    with style.look():
        page = style.picture(title, subtitle, inches)
        grid = page.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
        panels: list[Axes] = list(grid.flat)
        for place, (name, line) in enumerate(lines.items()):
            axes = panels[place]
            if name in bands:
                capacity.draw_band(axes, bands[name], line.end)
            capacity.draw(axes, line, shown, threshold)
            capacity.scale(axes, list(lines.values()), list(bands.values()))
            axes.set_title(name, loc="left", size=style.NORMAL, weight="bold")
            axes.set_title(answers[name], loc="right", size=style.SMALL, color=style.GREY)
            if threshold is not None and place % columns == columns - 1:
                capacity.name_threshold(axes, threshold)
        _share_axes(panels, columns, len(lines))
        clock.time_axis(panels[0], shown, start, most=9 // columns)
        panels[0].set_xlabel("")
        _label_axes(page, label, clock.time_label(shown, start), with_legend=bool(bands))
    return page


def headline(lines: Mapping[str, Timeline], subject: str = "Lowest capacity") -> str:
    """Each variant's lowest capacity, e.g. ``Lowest capacity: auto and manual 80 %, none 100 %``.

    Of more than four, only the worst and the best: ``Lowest capacity: from 0 % to 80 %``.
    """
    best_first = sorted(lines, key=lambda name: -lines[name].minimum())
    return _levels(subject, {name: show_share(lines[name].minimum()) for name in best_first})


def _levels(subject: str, levels: Mapping[str, str]) -> str:
    """What holds for each variant, the best first; equal ones together."""
    names: dict[str, list[str]] = {}
    for name, level in levels.items():
        names.setdefault(level, []).append(name)
    every = list(names)
    if len(every) == 1:
        return f"{subject}: {every[0]} in every variant"
    if len(levels) <= _STACKED:
        told = (f"{_listed(n)} {level}" for level, n in names.items())
        return f"{subject}: {', '.join(told)}"
    worst, best = (f"{level} ({_counted(names[level])})" for level in (every[-1], every[0]))
    return f"{subject}: from {worst} to {best}"


def metrics(panels: Sequence[Panel], *, title: str = "", subtitle: str = "") -> Picture:
    """A panel for each metric, and in it a row for each variant: dot and interval.

    Variants stand in order of first appearance. ValueError without an estimate. Without `title` the
    figure states the first metric in which they differ.
    """
    names = list(dict.fromkeys(one.variant for panel in panels for one in panel.estimates))
    if not names:
        raise ValueError("there must be an estimate to draw, got none")
    columns = 2 if len(panels) == _SQUARE else min(_ABREAST, len(panels))
    rows = math.ceil(len(panels) / columns)
    inches = rows * (_METRIC_FRAME + _METRIC_ROW * len(names)) + _LEGEND
    with style.look():
        page = style.picture(title or metrics_headline(panels), subtitle, inches)
        grid = page.subplots(rows, columns, sharey=True, squeeze=False)
        for axes, panel in zip(grid.flat, panels, strict=False):
            _draw_panel(axes, panel, names, style.WIDTH / columns)
            style.name_rows(axes, names)
        for axes in grid.flat[len(panels) :]:
            axes.set_axis_off()
        if any(_has_interval(one) for panel in panels for one in panel.estimates):
            _explain_intervals(page)
    return page


def metrics_headline(panels: Sequence[Panel]) -> str:
    """The first metric that tells them apart, e.g. ``Lowest capacity: auto 80 %, manual 90 %``."""
    differ = (one for one in panels if len({_show(each, one.unit) for each in one.estimates}) > 1)
    panel = next(differ, panels[0])
    values = ", ".join(f"{one.variant} {_show(one, panel.unit)}" for one in panel.estimates)
    return f"{panel.label[:1].upper()}{panel.label[1:]}: {values}"


def _listed(names: Sequence[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def _counted(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{len(names)} variants"


def _columns(lines: Sized) -> int:
    return 1 if len(lines) <= _STACKED else 2


def _fit(answers: Mapping[str, str], inches: float) -> bool:
    """Whether each answer has room beside its name."""
    needed = (
        style.text_width(name, style.NORMAL, "bold") + style.text_width(answer, style.SMALL)
        for name, answer in answers.items()
    )
    return max(needed, default=0.0) < 0.74 * inches * style.POINTS


def _label_axes(page: Picture, label: str, time_label: str, *, with_legend: bool) -> None:
    """One label for all x axes and one for all y axes; below them the legend of the bands."""
    below = _LEGEND if with_legend else 0.0
    style.reserve_below(page, below + _TIME_LABEL)
    height = page.get_figheight()
    page.text(0.5, (below + 0.5 * _TIME_LABEL) / height, time_label, ha="center", va="center")
    page.supylabel(label, size=style.NORMAL)
    if with_legend:
        capacity.explain_band(page, "lower center")


def _share_axes(panels: Sequence[Axes], columns: int, used: int) -> None:
    """Empty cells go; the time stands below the last panel of each column."""
    for axes in panels[used:]:
        axes.set_axis_off()
    for axes in panels[max(0, used - columns) : used]:
        axes.tick_params(labelbottom=True)


def _show(one: Estimate, unit: str) -> str:
    if math.isnan(one.mean):
        return one.missing
    if unit == "share":
        return show_share(one.mean)
    return show_duration(one.mean) if unit == "s" else _number(one.mean)


def _number(value: float) -> str:
    """Three digits, or all before the point."""
    if value == round(value) or abs(value) >= 100:  # noqa: PLR2004  (three digits)
        return f"{value:.0f}"
    return f"{value:#.3g}"


def _draw_panel(axes: Axes, panel: Panel, names: Sequence[str], inches: float) -> None:
    _scale_metric(axes, panel, inches)
    estimates = {one.variant: one for one in panel.estimates}
    for place, name in enumerate(names):
        if name in estimates:
            _draw_estimate(axes, place, estimates[name], panel.unit)
        else:
            _write(axes, place, "does not apply")
    axes.set_title(panel.label, loc="left", size=style.NORMAL, weight="bold")
    axes.set_xlabel(_axis_label(panel), size=style.SMALL)
    axes.grid(axis="x")


def _axis_label(panel: Panel) -> str:
    words = {"share": "in %", "s": "duration", "count": "number"}
    unit = words.get(panel.unit, f"in {panel.unit}")
    return f"{unit}, {panel.better} is better" if panel.better else unit


def _draw_estimate(axes: Axes, place: int, one: Estimate, unit: str) -> None:
    if math.isnan(one.mean):
        _write(axes, place, one.missing)
        return
    reach = one.mean
    if _has_interval(one):
        axes.plot(
            [one.low, one.high], [place, place], color=style.BLUE, linewidth=_THICK, gid="interval"
        )
        reach = one.high
    axes.plot([one.mean], [place], "o", color=style.BLUE, markersize=_DOT, gid="mean")
    axes.annotate(
        _show(one, unit),
        (reach, place),
        (_GAP, 0),
        textcoords="offset points",
        va="center_baseline",
        size=style.SMALL,
    )


def _has_interval(one: Estimate) -> bool:
    return one.low < one.high  # false for nan


def _explain_intervals(page: Picture) -> None:
    page.legend(
        handles=[
            Line2D(
                [],
                [],
                color=style.BLUE,
                linewidth=_THICK,
                marker="o",
                markersize=_DOT,
                label="mean with its 95 % interval",
            )
        ],
        loc="outside lower center",
    )


def _write(axes: Axes, place: int, text: str) -> None:
    """At the right end, where a value beyond the axis would be."""
    axes.text(
        0.98,
        place,
        text,
        transform=axes.get_yaxis_transform(),
        ha="right",
        va="center_baseline",
        size=style.SMALL,
        style="italic",
        color=style.GREY,
    )


def _scale_metric(axes: Axes, panel: Panel, inches: float) -> None:
    """From 0 to the highest value, and beyond it room for the number at the dot.

    Shares that are all near 1 are spread out: between 99.9 % and 99.99 % zero says nothing.
    """
    ends = [end for one in panel.estimates for end in (one.low, one.mean, one.high)]
    ends = [end for end in ends if not math.isnan(end)]
    low, high = min([0.0, *ends]), max([0.0, *ends]) or 1.0
    if panel.unit == "share":
        high = max(high, 1.0)
        if ends and _NEAR_ONE < min(ends) < high:
            low = min(ends) - 0.1 * (high - min(ends))
    means = [one for one in panel.estimates if not math.isnan(one.mean)]
    numbers = [style.text_width(_show(one, panel.unit), style.SMALL) for one in means]
    room = (max(numbers, default=0.0) + 2 * _GAP) / (0.75 * inches * style.POINTS)
    axes.set_xlim(low - 0.04 * (high - low), high + (high - low) * room / (1 - room))
    _mark_values(axes, panel.unit, low, high if any(ends) else 0.0)


def _mark_values(axes: Axes, unit: str, low: float, high: float) -> None:
    """Ticks from `low` to `high` only: the room beyond is no part of the scale."""
    if unit == "s":
        ticks = list(clock.TimeTicks(None, 3).tick_values(low, high))
        axes.set_xticks(ticks, clock.TimeLabels(None).format_ticks(ticks))
        return
    around = MaxNLocator(4, steps=[1, 2, 5, 10]).tick_values(low, high) if high else [0.0]
    ticks = [tick for tick in around if low <= tick <= high * (1 + 1e-9)]
    axes.set_xticks(ticks, [f"{100 * t:.8g} %" if unit == "share" else f"{t:g}" for t in ticks])
