"""A sweep in a notebook: what it says, and the front."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.core.formatting import format_compact
from sim.formats import html
from sim.systems.base.text import pluralize

if TYPE_CHECKING:
    from sim.results.sweep_contents import SweepContents

MOST_ROWS = 20


def sweep_page(results: SweepContents) -> str:
    """The results as HTML."""
    about = results.about
    keys = results.front_keys(None)
    standings = results.standings(keys)
    rows = [row for row, standing in enumerate(standings) if standing == "yes"]
    columns = [results.column(key, "mean") for key in keys]
    if columns:
        sign = -1 if results.metrics[keys[0].system][keys[0].metric].better == "higher" else 1
        rows.sort(key=lambda row: sign * columns[0][row])
    verdicts = results.arrow("points").column("verdict").to_pylist()
    several = len(about.variants)
    body = [
        [
            *about.texts(row // several),
            *([about.variants[row % several]] if several > 1 else []),
            *(
                format_compact(float(column[row]), results.metrics[key.system][key.metric].unit)
                for key, column in zip(keys, columns, strict=True)
            ),
            verdicts[row],
        ]
        for row in rows[:MOST_ROWS]
    ]
    head = [
        *(axis.name for axis in about.axes),
        *(["variant"] if several > 1 else []),
        *(results.metrics[key.system][key.metric].label for key in keys),
        "objectives",
    ]
    lines = [about.question] if about.question else []
    failed = len(about.failed_replications)
    if failed:
        lines.append(
            f"{pluralize(failed, 'replication')} failed: {about.failed_replications[0].message}"
        )
    lines += about.conclusion.sentences
    more = f" and {len(rows) - MOST_ROWS:,} more" if len(rows) > MOST_ROWS else ""
    lines += [f"on the front{more}:"] if body else []
    runs = "deterministic" if not about.random else pluralize(about.replications, "replication")
    title = f"{about.name}: {pluralize(about.points, 'point')}, {runs} each"
    assumed = [f"assumed: {', '.join(about.assumptions)}"] if about.assumptions else []
    tables = [html.table(head, body)] if body else []
    return html.page(title, lines, [*tables, html.page("", assumed, [])])
