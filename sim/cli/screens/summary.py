"""The answer of `run` and `compare` as one screen of text: from tables of results to lines.

Rows are those of the result folder's tables, under the same names. Nothing is computed here: what a
number means, and which variant is best, was decided before.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from sim.cli.screens.console import HEIGHT, WIDTH, Column, Style, fits, paragraph, table
from sim.cli.screens.judged import by_objective, judged_by
from sim.cli.screens.metric_cells import is_rough, metric_columns, spread
from sim.cli.screens.progress_table import progress_table
from sim.cli.screens.sparkline import afterwards, sparkline
from sim.core.formatting import NOTHING, format_compact, show
from sim.core.wall_clock import show_window
from sim.experiments.summaries import BAD
from sim.systems.base.text import pluralize

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sim.cli.screens.judged import Judged
    from sim.cli.screens.setting import First, Setting, System

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
            rest = pluralize(len(told) - place, "more note")
            return [*lines, f"and {rest}: see `run --variant NAME`"]
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
    window = f"window {show_window(setting.warm_up, setting.horizon, setting.start)}"
    parts = filter(None, [*sizes, _replications(setting), window])
    whose = f", {setting.variant}" if setting.variant else ""
    return f"{setting.name}{whose}: {', '.join(parts)}"


def _replications(setting: Setting) -> str:
    if setting.replayed is not None:
        return f"replication {setting.replayed}"
    if not setting.is_random:
        return "deterministic, one run suffices"
    return pluralize(setting.replications, "replication")


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
    cells = [spread(row, system.metrics[row["metric"]], setting) for row in rows]
    heading = ("",) if setting.is_single else ("mean", "95 % interval", "p50", BAD, "worst")
    columns = [
        Column(head, tuple(each[place] for each in cells)) for place, head in enumerate(heading)
    ]
    lines = [*([f"{group}:"] if group else []), *table(names, columns, style)]
    if any(map(is_rough, rows)) and not setting.is_single:
        lines += paragraph(
            "* skewed: n is below 25 x skewness^2, the interval on the mean is rough"
        )
    duration = [row for row in rows if row["metric"] == "rollout_duration"]
    if system.rollouts > 1 and any(row["missing"] < row["n"] for row in duration):
        lines += paragraph(
            "done in: from the start of the first upgrade to the end of the last "
            f"({system.rollouts} requested)"
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
    then = afterwards(first.line, setting.start, first.changes)
    return ["", *paragraph(f"{what}, the lowest in each column{then}:"), *drawing, *below]


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
