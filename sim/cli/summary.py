"""The answer of `run` and `compare` as one screen of text: from tables of results to lines.

Rows are those of the result folder's tables, under the same names. Nothing is computed here: what a
number means, and which variant is best, was decided before.
"""

from __future__ import annotations

import math
import sys
from functools import partial
from typing import TYPE_CHECKING, Any

from sim.cli.console import HEIGHT, WIDTH, Column, Style, fits, paragraph, table
from sim.cli.judged import by_objective, judged_by
from sim.cli.progress_table import progress_table
from sim.cli.sparkline import sparkline
from sim.core.formatting import NOTHING, format_compact, show, show_of, show_range
from sim.core.units import show_duration
from sim.core.wall_clock import is_zone, show_clock, show_instant
from sim.experiments.summaries import BAD, NEVER_IS_BEST, bad_tail, is_skewed
from sim.systems.base.text import pluralize

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sim.cli.judged import Judged
    from sim.cli.setting import First, Setting, System
    from sim.core.metrics import Metric
    from sim.results.notes import Rare

    Row = Mapping[str, Any]

ROOM_BELOW = 6
"""Lines kept for the conclusion, the assumptions and the places of results."""
MOST_LINES = 27
"""Lines of a comparison with all that it tells, its assumptions and places left out."""
SPARKLINE_ROWS = 4
"""Lines of the drawing, one for each quarter; half of them where more is told."""


def run(
    setting: Setting,
    summary: Sequence[Row],
    objectives: Sequence[Row],
    firsts: Mapping[str, First],
    style: Style,
    told: Sequence[str] = (),
    failed: Sequence[str] = (),
) -> list[str]:
    """The answer of `run`: `summary` and `objectives` are of its one variant.

    `firsts` gives what each system's first replication shows, `told` what must not be overlooked,
    `failed` what is said before all else.
    """
    lines = [line for said in failed for line in paragraph(said)]
    lines += [style.title(line) for line in paragraph(_head(setting))]
    lines += paragraph(setting.precision)
    lines += [line for said in told for line in paragraph(said)]
    for system in setting.systems:
        if len(setting.systems) > 1:
            lines += ["", f"{system.name}:"]
        for group in ("", *system.groups):
            lines += _values(setting, system, group, summary, style)
        lines += _drawing(setting, firsts[system.name], style)
    verdicts = _verdicts(setting, objectives, style)
    return [*lines, "", *verdicts] if verdicts else lines


def compare(
    setting: Setting,
    summary: Sequence[Row],
    objectives: Sequence[Row],
    references: Sequence[str],
    conclusion: str,
    style: Style,
    told: Sequence[str] = (),
    failed: Sequence[str] = (),
) -> list[str]:
    """The answer of `compare`, one row a variant, in the order of `summary`.

    `references` are the variants that are shown and not ranked, `conclusion` says which is best,
    `told` what must not be overlooked, `failed` what is said before all else.
    """
    lines = [line for said in failed for line in paragraph(said)]
    lines += [style.title(line) for line in paragraph(_head(setting))]
    lines += paragraph(setting.precision)
    variants = list(dict.fromkeys(row["variant"] for row in summary))
    judged = judged_by(setting, objectives, references)
    for system in setting.systems:
        if len(setting.systems) > 1:
            lines += [f"{system.name}:"]
        own = [each for each in judged if each.objective.system == system.name]
        lines += _system(setting, system, variants, summary, own, style)
        for group in system.groups:
            lines += [f"{group}:"]
            lines += table(
                variants, metric_columns(setting, system, group, variants, summary), style
            )
    why = _unkept(judged, setting) if setting.is_random else []
    count = sum(each.verdict != "reference" for each in judged)
    if count and len(lines) + len(why) > HEIGHT - ROOM_BELOW and not style.markdown:
        where = "in objectives.csv" if setting.is_saved else "under --json"
        why = paragraph(f"{pluralize(count, 'verdict')} on objectives: explained {where}")
    ends = [line for said in conclusion.splitlines() for line in paragraph(said, "    ")]
    room = sys.maxsize if style.markdown else MOST_LINES - len([*lines, *why, *ends])
    return [*lines, *_as_room_allows(told, room), *why, *ends]


def _as_room_allows(told: Sequence[str], room: int) -> list[str]:
    """As many of the sentences as there is room for, in lines; at least one of them."""
    lines: list[str] = []
    for place, said in enumerate(told):
        more = paragraph(said)
        if place and len(lines) + len(more) > room:
            rest = f"{len(told) - place:,} more notes: see `run --variant NAME`"
            return [*lines, f"and {rest}"]
        lines += more
    return lines


def footer(assumptions: Sequence[str], places: Sequence[str], level: str = "") -> list[str]:
    """What is assumed, and where things are, on one line where they fit; before it `level`.

    `level` says what is to be borne in mind of many intervals and verdicts.
    """
    return [*paragraph(level), *_assumed(assumptions, places)]


def _assumed(assumptions: Sequence[str], places: Sequence[str]) -> list[str]:
    assumed = f"assumed: {', '.join(assumptions)}" if assumptions else ""
    together = "      ".join(filter(None, [assumed, *places]))
    if len(together) <= WIDTH:
        return [together] if together else []
    return [*paragraph(assumed), *places]


def _head(setting: Setting) -> str:
    sizes = [system.size for system in setting.systems]
    if len(sizes) > 1:
        named = ((system.name, system.size) for system in setting.systems)
        sizes = [f"{name} ({size})" if size else name for name, size in named]
    parts = filter(None, [*sizes, _replications(setting), f"window {_window(setting)}"])
    whose = f", {setting.variant}" if setting.variant else ""
    return f"{setting.name}{whose}: {', '.join(parts)}"


def _replications(setting: Setting) -> str:
    if setting.replayed is not None:
        return f"replication {setting.replayed}"
    if not setting.is_random:
        return "deterministic, one run suffices"
    return pluralize(setting.replications, "replication")


def _window(setting: Setting) -> str:
    begin = show_instant(setting.warm_up, setting.start)
    end = show_instant(setting.horizon, setting.start)
    if setting.start is None:
        return f"{'0' if begin == '0s' else begin}..{end}"
    day = begin.rpartition(" ")[0]
    zone = f" ({setting.start.tzinfo})" if is_zone(setting.start) else ""
    return f"{begin}..{end.removeprefix(day).lstrip()}{zone}"


# One variant -------------------------------------------------------------------------------------


def _values(
    setting: Setting, system: System, group: str, summary: Sequence[Row], style: Style
) -> list[str]:
    """One row a metric: its mean, and how it is spread over the replications."""
    rows = [
        row
        for metric in system.headlines
        for row in summary
        if (row["system"], row["group"], row["metric"]) == (system.name, group, metric)
    ]
    if not rows:
        return []
    names = [system.metrics[row["metric"]].title for row in rows]
    spread = [_spread(row, system.metrics[row["metric"]], setting) for row in rows]
    heading = ("",) if setting.is_single else ("mean", "95 % interval", "p50", BAD, "worst")
    columns = [
        Column(head, tuple(cells[place] for cells in spread)) for place, head in enumerate(heading)
    ]
    lines = [*([f"{group}:"] if group else []), *table(names, columns, style)]
    if any(map(_is_rough, rows)) and not setting.is_single:
        lines += paragraph(
            "* skewed: n is below 25 x skewness^2, the interval on the mean is rough"
        )
    duration = [row for row in rows if row["metric"] == "rollout_duration"]
    if system.rollouts > 1 and any(row["missing"] < row["n"] for row in duration):
        lines += paragraph(
            f"done in: from the beginning of the first of {system.rollouts} upgrades to the end of "
            "the last"
        )
    for name, row in zip(names, rows, strict=True):
        rare = setting.rare.get((row["variant"], system.name, group, row["metric"]))
        if rare is not None:
            when = (
                "when bad" if name.startswith(("bad build", "hours on bad")) else "when it occurs"
            )
            value = format_compact(rare.median, row["unit"])
            share = show(rare.share, "share")
            lines += paragraph(f"{name} {value} ({when}, median; {share} of runs)")
    return lines


def _spread(row: Row, metric: Metric, setting: Setting) -> tuple[str, str, str, str, str]:
    """The cells mean, interval, p50, bad 5 %, worst. What never varies says so, once."""
    if row["missing"] == row["n"]:
        return ("never", "", "", "", "")
    mean = _mean(row, metric, setting)
    if row["min"] == row["max"] and not row["missing"]:
        return (mean, "in every run", "", "", "")
    middle, bad = (_quantile(row, p, metric, setting) for p in ("p50", bad_tail(metric)))
    return (mean, _interval(row, metric, setting), middle, bad, _worst(row, metric, setting))


def _mean(row: Row, metric: Metric, setting: Setting) -> str:
    """The mean; a point in time with its date where no spread stands beside it."""
    if metric.is_instant and setting.is_single:
        return show_of(row["mean"], metric, setting.start)
    return _shown(row["mean"], metric, setting)


def _shown(value: float, metric: Metric, setting: Setting) -> str:
    """A value in the short form of tables; a point in time by the clock where there is one."""
    if metric.is_instant and setting.start is not None and not math.isnan(value):
        return show_clock(value, setting.start, setting.horizon)
    return format_compact(value, metric.unit)


def _interval(row: Row, metric: Metric, setting: Setting) -> str:
    """Cut at what the metric cannot exceed: no share of runs is below 0 % or above 100 %."""
    if row["missing"]:
        return f"never in {pluralize(row['missing'], 'run')}"
    low, high = max(0.0, row["ci95_low"]), row["ci95_high"]
    if metric.unit in ("share", "0/1"):
        high = min(high, max(1.0, row["max"]))
    rough = "*" if _is_rough(row) else ""
    if metric.is_instant and setting.start is not None:
        return f"{_shown(low, metric, setting)}..{_shown(high, metric, setting)}{rough}"
    return show_range(low, high, metric.unit) + rough


def _is_rough(row: Row) -> bool:
    """Whether the interval on the mean is more skewed than its correction can mend."""
    return not row["missing"] and is_skewed(row["skewness"], row["n"])


def _worst(row: Row, metric: Metric, setting: Setting) -> str:
    if not metric.better:
        return ""
    value = row["min"] if metric.better == "higher" else row["max"]
    run = f"run {row['worst_replication']}"
    if not row["missing"]:
        return f"{_shown(value, metric, setting)} ({run})"
    return run if metric.name in NEVER_IS_BEST else f"never ({run})"


def _quantile(row: Row, p: str, metric: Metric, setting: Setting) -> str:
    """What is missing ranks above all: it has not come by the horizon."""
    if not math.isnan(row[p]):
        return _shown(row[p], metric, setting)
    if metric.name in NEVER_IS_BEST:
        return "never"
    if metric.is_instant:
        return f"> {_shown(setting.horizon, metric, setting)}"
    return f"> {show_duration(setting.horizon)}"


def _drawing(setting: Setting, first: First, style: Style) -> list[str]:
    whose = f" of {setting.variant}" if setting.variant else ""
    which = whose + ("" if setting.is_single else f" in replication {first.replication}")
    below = progress_table(first.days, which, style)
    if style.markdown:
        return below  # what is drawn here the figures show
    what = f"{first.series.replace('_', ' ')}{which}"
    if first.line.simplified().times.size == 1:
        return [f"{what} is {show(float(first.line.values[0]), 'share')} all the time", *below]
    rows = SPARKLINE_ROWS if len(setting.systems) == 1 and not below else SPARKLINE_ROWS // 2
    drawing = sparkline(
        first.line,
        start=setting.start,
        width=WIDTH,
        rows=rows,
        levels=style.levels,
        changes=first.changes,
    )
    return ["", f"{what}, the lowest in each column:", *drawing, *below]


def _verdicts(setting: Setting, objectives: Sequence[Row], style: Style) -> list[str]:
    every = judged_by(setting, objectives)
    if style.markdown and every:
        asked = [judged.asks(setting) for judged in every]
        columns = [
            Column("verdict", tuple(judged.verdict for judged in every)),
            Column("seen", tuple(judged.row["sentence"] for judged in every)),
        ]
        return table(asked, columns, style)
    lines = []
    for judged in every:
        text = f"{judged.verdict}: {judged.asks(setting)}; {judged.row['sentence']}"
        first, *rest = paragraph(text)
        word, colon, said = first.partition(":")
        lines += [style.paint(word) + colon + said, *rest]
    return lines


# Variants ----------------------------------------------------------------------------------------


def _system(
    setting: Setting,
    system: System,
    variants: Sequence[str],
    summary: Sequence[Row],
    judged: Sequence[Judged],
    style: Style,
) -> list[str]:
    """A system's metrics with its verdicts beside them, or below where the screen is too narrow."""
    wide, narrow = (
        metric_columns(setting, system, "", variants, summary, is_narrow=is_narrow)
        for is_narrow in (False, True)
    )
    asked = _asked(judged, setting, variants)
    forms = ([*wide, *asked], [*narrow, *asked], wide, narrow)
    columns = next((each for each in forms if fits(variants, each, style)), wide)
    below = [] if len(columns) > len(wide) else _listed(judged, setting)
    return [*table(variants, columns, style), *below]


def metric_columns(
    setting: Setting,
    system: System,
    group: str,
    variants: Sequence[str],
    summary: Sequence[Row],
    *,
    is_narrow: bool = False,
) -> list[Column]:
    """One column a metric, as the form of the answer wants it."""
    found = {
        (row["metric"], row["variant"]): row
        for row in summary
        if (row["system"], row["group"]) == (system.name, group)
    }
    columns = []
    for name in system.headlines:
        rows = [found.get((name, variant)) for variant in variants]
        if not any(rows):
            continue
        metric = system.metrics[name]
        rare = [setting.rare.get((variant, system.name, group, name)) for variant in variants]
        cells = map(partial(_cell, metric, setting), rows, rare)
        kinds = {bool(each) for row, each in zip(rows, rare, strict=True) if row and row["max"]}
        heading = _heading(metric, setting, is_rare=kinds == {True}, is_narrow=is_narrow)
        columns.append(Column(heading, tuple(cells)))
    return columns


def _heading(metric: Metric, setting: Setting, *, is_rare: bool, is_narrow: bool) -> str:
    if setting.is_single:
        return metric.label
    if is_rare:
        return f"{metric.label}\nin % of runs"
    if metric.extreme:
        return f"{metric.label}\n{BAD if is_narrow else f'({BAD})'}"
    both = f"p50 /\n{BAD}" if is_narrow else f"p50 / {BAD}"
    return f"{metric.label}\n{both}" if metric.unit == "s" else metric.label


def _cell(metric: Metric, setting: Setting, row: Row | None, rare: Rare | None) -> str:
    if row is None:
        return NOTHING
    if row["missing"] == row["n"]:
        return "never"
    if setting.is_single or not metric.has_quantiles:
        return _mean(row, metric, setting)
    if rare is not None:
        return f"{format_compact(rare.median, metric.unit)} in {show(rare.share, 'share')}"
    bad = _quantile(row, bad_tail(metric), metric, setting)
    return bad if metric.extreme else f"{_quantile(row, 'p50', metric, setting)} / {bad}"


def _asked(judged: Sequence[Judged], setting: Setting, variants: Sequence[str]) -> list[Column]:
    """One column an objective, with its verdict on each variant."""
    columns = []
    for _, same in by_objective(judged):
        verdicts = {each.row["variant"]: each.verdict for each in same}
        heading = f"{same[0].bound(setting)}\n{same[0].in_runs}"
        columns.append(Column(heading, tuple(verdicts.get(name, NOTHING) for name in variants)))
    return columns


def _listed(judged: Sequence[Judged], setting: Setting) -> list[str]:
    """The same where the table has no room for it: who meets an objective, and who does not."""
    lines = []
    for _, same in by_objective(judged):
        names: dict[str, list[str]] = {}
        for each in same:
            names.setdefault(each.verdict, []).append(each.row["variant"])
        told = (f"{verdict}: {', '.join(which)}" for verdict, which in names.items())
        lines += paragraph(f"{same[0].asks(setting)}; {'; '.join(told)}")
    return lines


def _unkept(judged: Sequence[Judged], setting: Setting) -> list[str]:
    """A sentence on each objective that a variant does not keep for certain."""
    lines = []
    for each in judged:
        if each.verdict in ("missed", "undecided"):
            asks = f"{each.row['variant']}: {each.verdict}, {each.asks(setting)}"
            lines += paragraph(f"{asks}; {each.row['sentence']}")
    return lines
