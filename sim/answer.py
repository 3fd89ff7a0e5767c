"""The answer of `run` and `compare` as one screen of text: from tables of results to lines.

Rows are those of the result folder's tables, under the same names. Nothing is computed here: what a
number means, and which variant is best, was decided before.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sim.plots import clock
from sim.screen import WIDTH, Column, Style, fits, paragraph, table
from sim.showing import NOTHING, show, show_range
from sim.sketch import sketch
from sim.units import show_duration

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping, Sequence

    from sim.metrics import Metric
    from sim.scenario import Objective
    from sim.timelines import Timeline

    Row = Mapping[str, Any]

SKETCH_ROWS = 4
"""Lines of the drawing of capacity, one for each quarter."""


@dataclass(frozen=True)
class System:
    """A modelled system, as far as an answer speaks of it."""

    name: str
    size: str
    """How large it is: ``30 instances, 5 update domains``."""
    metrics: Mapping[str, Metric]
    headlines: tuple[str, ...]
    """The metrics to show, in order."""
    groups: tuple[str, ...] = ()
    """The groups that are shown beside the whole system."""


@dataclass(frozen=True)
class Setting:
    """What was simulated: all that an answer says beside its numbers. Times are seconds."""

    name: str
    systems: tuple[System, ...]
    replications: int
    is_random: bool
    warm_up: float
    horizon: float
    start: dt.datetime | None
    objectives: tuple[Objective, ...]
    assumptions: tuple[str, ...]
    replayed: int | None = None
    """The only replication that was run, where one was asked for."""

    @property
    def is_single(self) -> bool:
        """Whether there is one value of each metric, so that nothing is spread."""
        return self.replications == 1 or not self.is_random


def run(
    setting: Setting,
    summary: Sequence[Row],
    objectives: Sequence[Row],
    capacity: Mapping[str, Timeline],
    style: Style,
) -> list[str]:
    """The answer of `run`: `summary` and `objectives` are of its one variant.

    `capacity` gives each system's capacity over the window in the first replication.
    """
    lines = [style.title(line) for line in paragraph(_head(setting))]
    for system in setting.systems:
        if len(setting.systems) > 1:
            lines += ["", f"{system.name}:"]
        for group in ("", *system.groups):
            lines += _values(setting, system, group, summary, style)
        lines += _drawing(setting, capacity[system.name], style)
    lines += _verdicts(setting, objectives, style)
    return lines


def compare(
    setting: Setting,
    summary: Sequence[Row],
    objectives: Sequence[Row],
    references: Sequence[str],
    style: Style,
) -> list[str]:
    """The answer of `compare`, one row a variant, in the order of `summary`.

    `references` are the variants that are shown and not ranked.
    """
    lines = [style.title(line) for line in paragraph(_head(setting))]
    variants = list(dict.fromkeys(row["variant"] for row in summary))
    for system in setting.systems:
        if len(setting.systems) > 1:
            lines += [f"{system.name}:"]
        columns = _columns(setting, system, "", variants, summary)
        asked = _asked(setting, system, variants, objectives, references)
        if fits(variants, [*columns, *asked]):
            columns += asked
        lines += table(variants, columns, style)
        for group in system.groups:
            lines += [f"{group}:"]
            lines += table(variants, _columns(setting, system, group, variants, summary), style)
    return lines + _unkept(setting, objectives, references, style)


def footer(assumptions: Sequence[str], places: Sequence[str]) -> list[str]:
    """What is assumed, and where things are, on one line where they fit."""
    assumed = f"assumed: {', '.join(assumptions)}" if assumptions else ""
    together = "      ".join(filter(None, [assumed, *places]))
    if len(together) <= WIDTH:
        return [together] if together else []
    return [*paragraph(assumed), *places]


def _head(setting: Setting) -> str:
    sizes = [system.size for system in setting.systems]
    if len(sizes) > 1:
        sizes = [f"{system.name} ({system.size})" for system in setting.systems]
    parts = [*sizes, _replications(setting), f"window {_window(setting)}"]
    return f"{setting.name}: {', '.join(parts)}"


def _replications(setting: Setting) -> str:
    if setting.replayed is not None:
        return f"replication {setting.replayed}"
    if not setting.is_random:
        return "nothing here is random"
    return f"{setting.replications:,} replication{'s'[: setting.replications != 1]}"


def _window(setting: Setting) -> str:
    begin = clock.show_instant(setting.warm_up, setting.start)
    end = clock.show_instant(setting.horizon, setting.start)
    if setting.start is None:
        return f"{'0' if begin == '0s' else begin}..{end}"
    day = begin.rpartition(" ")[0]
    return f"{begin}..{end.removeprefix(day).lstrip()}"


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
    names = [system.metrics[row["metric"]].label.replace("\n", " ") for row in rows]
    spread = [_spread(row, system.metrics[row["metric"]], setting) for row in rows]
    heading = ("",) if setting.is_single else ("mean", "95 % interval", "p50", "p95", "worst")
    columns = [
        Column(head, tuple(cells[place] for cells in spread)) for place, head in enumerate(heading)
    ]
    return [*([f"{group}:"] if group else []), *table(names, columns, style)]


def _spread(row: Row, metric: Metric, setting: Setting) -> tuple[str, str, str, str, str]:
    """The cells mean, interval, p50, p95, worst. What never varies says so, once."""
    if row["missing"] == row["n"]:
        return ("never", "", "", "", "")
    mean = show(row["mean"], metric.unit)
    if row["min"] == row["max"] and not row["missing"]:
        return (mean, "in every run", "", "", "")
    middle, high = (_quantile(row, p, metric, setting) for p in ("p50", "p95"))
    interval = show_range(row["ci95_low"], row["ci95_high"], metric.unit)
    if row["missing"]:
        interval = f"never in {row['missing']:,} runs"
    return (mean, interval, middle, high, _worst(row, metric))


def _worst(row: Row, metric: Metric) -> str:
    value = row["min"] if metric.better == "higher" else row["max"]
    missing = row["missing"] and metric.better == "lower"
    shown = "never" if missing else show(value, metric.unit)
    return f"{shown} (run {row['worst_replication']})"


def _quantile(row: Row, p: str, metric: Metric, setting: Setting) -> str:
    """What is missing ranks above all: it has not come by the horizon."""
    if math.isnan(row[p]):
        return f"> {show_duration(setting.horizon)}" if metric.unit == "s" else NOTHING
    return show(row[p], metric.unit)


def _drawing(setting: Setting, capacity: Timeline, style: Style) -> list[str]:
    which = "" if setting.is_single else " in replication 0"
    if capacity.simplified().times.size == 1:
        return [f"capacity{which}: {show(float(capacity.values[0]), 'share')} all the time"]
    rows = SKETCH_ROWS if len(setting.systems) == 1 else SKETCH_ROWS // 2
    drawing = sketch(capacity, start=setting.start, width=WIDTH, rows=rows, levels=style.levels)
    return [f"capacity{which}, the lowest in each column:", *drawing]


def _verdicts(setting: Setting, objectives: Sequence[Row], style: Style) -> list[str]:
    lines = []
    for objective, row in zip(setting.objectives, objectives, strict=True):
        text = f"{row['verdict']}: {_asks(setting, objective)}; {row['sentence']}"
        first, *rest = paragraph(text)
        word, colon, said = first.partition(":")
        lines += [style.paint(word) + colon + said, *rest]
    return lines


# Variants ----------------------------------------------------------------------------------------


def _columns(
    setting: Setting, system: System, group: str, variants: Sequence[str], summary: Sequence[Row]
) -> list[Column]:
    """One column a metric, as the form of the answer wants it."""
    found = {
        (row["metric"], row["variant"]): row
        for row in summary
        if (row["system"], row["group"]) == (system.name, group)
    }
    columns = []
    for name in system.headlines:
        if not any((name, variant) in found for variant in variants):
            continue
        metric = system.metrics[name]
        cells = (_cell(found.get((name, variant)), metric, setting) for variant in variants)
        columns.append(Column(_heading(metric, setting), tuple(cells)))
    return columns


def _heading(metric: Metric, setting: Setting) -> str:
    if setting.is_single:
        return metric.label
    if metric.extreme:
        return f"{metric.label}\n(p95)"
    return f"{metric.label}\np50 / p95" if metric.unit == "s" else metric.label


def _cell(row: Row | None, metric: Metric, setting: Setting) -> str:
    if row is None:
        return NOTHING
    if row["missing"] == row["n"]:
        return "never"
    if setting.is_single:
        return show(row["mean"], metric.unit)
    if metric.extreme:
        return _quantile(row, "p95", metric, setting)
    if metric.unit == "s":
        return " / ".join(_quantile(row, p, metric, setting) for p in ("p50", "p95"))
    return show(row["mean"], metric.unit)


def _asked(
    setting: Setting,
    system: System,
    variants: Sequence[str],
    objectives: Sequence[Row],
    references: Sequence[str],
) -> list[Column]:
    """One column an objective of the system, with its verdict on each variant."""
    columns = []
    for place, objective in enumerate(setting.objectives):
        if objective.system != system.name:
            continue
        verdicts = _by_variant(setting, objectives, place)
        cells = ("reference" if v in references else verdicts[v]["verdict"] for v in variants)
        bound, runs = _bound(setting, objective), _in_runs(objective)
        columns.append(Column(f"{bound}\n{runs}", tuple(cells)))
    return columns


def _by_variant(setting: Setting, objectives: Sequence[Row], place: int) -> dict[str, Row]:
    """The verdicts on one objective; the table holds each variant's objectives in their order."""
    return {row["variant"]: row for row in objectives[place :: len(setting.objectives)]}


def _unkept(
    setting: Setting, objectives: Sequence[Row], references: Sequence[str], style: Style
) -> list[str]:
    """A sentence on each objective that a variant does not keep for certain."""
    lines = []
    for place, objective in enumerate(setting.objectives):
        for variant, row in _by_variant(setting, objectives, place).items():
            if row["verdict"] == "met" or variant in references:
                continue
            asks = _asks(setting, objective)
            lines += paragraph(f"{variant}: {row['verdict']}, {asks}; {row['sentence']}")
    return [style.title(line) if False else line for line in lines]


# Objectives --------------------------------------------------------------------------------------


def _asks(setting: Setting, objective: Objective) -> str:
    return f"{_bound(setting, objective)} {_in_runs(objective)}"


def _bound(setting: Setting, objective: Objective) -> str:
    """``capacity >= 80 %``: a bound below the lowest capacity is one below capacity."""
    system = next(each for each in setting.systems if each.name == objective.system)
    metric = system.metrics[objective.metric]
    label = metric.label.replace("\n", " ")
    if objective.at_least is not None:
        sign, bound = ">=", objective.at_least
        label = label.removeprefix("lowest ")
    else:
        sign, bound = "<=", objective.at_most or 0.0
    whose = f"{objective.group} " if objective.group else ""
    return f"{whose}{label} {sign} {show(bound, metric.unit)}"


def _in_runs(objective: Objective) -> str:
    if objective.of == "mean":
        return "on average"
    if objective.in_runs >= 1:
        return "in all runs"
    return f"in {show(objective.in_runs, 'share')} of runs"
