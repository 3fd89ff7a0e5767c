"""Results of a metric in the cells of a table: from rows of `summary.csv` to short texts.

A point in time is told by the clock where there is one; what never came says so, and a quantile
among what is missing lies beyond the horizon.
"""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING, Any

from sim.cli.screens.console import Column
from sim.core.formatting import NOTHING, format_compact, show, show_of, show_range
from sim.core.units import show_duration
from sim.core.wall_clock import show_clock
from sim.experiments.summaries import BAD, NEVER_IS_BEST, bad_tail, is_skewed
from sim.systems.base.text import pluralize

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sim.cli.screens.setting import Setting, System
    from sim.core.metrics import Metric
    from sim.results.notes import Rare

    Row = Mapping[str, Any]


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


def spread(row: Row, metric: Metric, setting: Setting) -> tuple[str, str, str, str, str]:
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
    rough = "*" if is_rough(row) else ""
    if metric.is_instant and setting.start is not None:
        return f"{_shown(low, metric, setting)}..{_shown(high, metric, setting)}{rough}"
    return show_range(low, high, metric.unit) + rough


def is_rough(row: Row) -> bool:
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
