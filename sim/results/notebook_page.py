"""Results in a notebook: the metrics that say most, the verdicts, what is assumed."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from sim.core.formatting import NOTHING, show
from sim.core.units import show_duration
from sim.core.wall_clock import show_instant
from sim.experiments.summaries import BAD, bad_tail
from sim.results import html
from sim.systems import SYSTEM_TYPES

if TYPE_CHECKING:
    from sim.core.metrics import Metric
    from sim.results.contents import Contents
    from sim.results.provenance import About

Row = dict[str, Any]


def result_page(results: Contents) -> str:
    """The results as HTML."""
    about = results.about
    parts = [_headlines(results, system) for system in about.headlines]
    verdicts = [
        [row["variant"], row["objective"], row["verdict"], row["sentence"]]
        for row in results.rows("objectives")
        if row["objective"]
    ]
    if verdicts:
        parts.append(html.table(["variant", "objective", "verdict", ""], verdicts))
    lines = [about.question] if about.question else []
    for one in about.variants:
        failed = about.failed(one.name)
        if failed:
            of = one.replications + len(failed)
            told = f"{len(failed):,} of {of:,} replications failed: {failed[0].message}"
            lines.append(f"{one.name}: {told}" if about.compared else told)
    lines += about.conclusion.sentence.splitlines() if about.conclusion else []
    assumed = [f"assumed: {', '.join(about.assumptions)}"] if about.assumptions else []
    parts.append(html.page("", assumed, []))
    return html.page(f"{about.name}: {_size(about)}", lines, parts)


def _size(about: About) -> str:
    begin, end = (show_instant(at, about.start_time) for at in (about.warm_up_s, about.horizon_s))
    span = f"window {begin} to {end}"
    if not any(one.random for one in about.variants):
        return f"deterministic, one run suffices, {span}"
    return f"{max(one.replications for one in about.variants):,} replications, {span}"


def _headlines(results: Contents, system: str) -> str:
    about = results.about
    metrics = SYSTEM_TYPES[about.kinds[system]].metrics
    found = {
        (row["variant"], row["metric"]): row
        for row in results.rows("summary")
        if row["system"] == system and not row["group"]
    }
    shown = [metrics[name] for name in about.headlines[system]]
    rows = [
        [one.name, *(_cell(found.get((one.name, metric.name)), metric, about) for metric in shown)]
        for one in about.variants
    ]
    headings = [f"{metric.label}{_which(metric)}" for metric in shown]
    return html.table([system, *headings], rows)


def _which(metric: Metric) -> str:
    """What of its distribution is shown, where that is not the mean."""
    if metric.extreme:
        return f"\n({BAD})"
    return f"\np50 / {BAD}" if metric.unit == "s" else ""


def _cell(row: Row | None, metric: Metric, about: About) -> str:
    if row is None:
        return NOTHING
    if metric.extreme:
        return _quantile(row[bad_tail(metric)], metric, about)
    if metric.unit == "s":
        return " / ".join(_quantile(row[p], metric, about) for p in ("p50", bad_tail(metric)))
    return show(row["mean"], metric.unit)


def _quantile(value: float, metric: Metric, about: About) -> str:
    """What is missing has not come by the horizon."""
    missing = math.isnan(value) and metric.unit == "s"
    return f"> {show_duration(about.horizon_s)}" if missing else show(value, metric.unit)
