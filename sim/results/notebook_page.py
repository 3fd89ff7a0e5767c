"""Results in a notebook: the metrics that say most, the verdicts, what is assumed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sim.core.wall_clock import show_instant
from sim.results import html
from sim.results.cells import cell, heading
from sim.systems import SYSTEM_TYPES

if TYPE_CHECKING:
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
    return html.page(f"{about.name}: {size(about)}", lines, parts)


def size(about: About) -> str:
    """How often which span of time was simulated."""
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
        [one.name, *(cell(found.get((one.name, metric.name)), metric, about) for metric in shown)]
        for one in about.variants
    ]
    return html.table([system, *map(heading, shown)], rows)
