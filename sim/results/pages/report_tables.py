"""The tables of a report: metrics with their intervals, objectives, differences, dips, requests."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from sim.core.formatting import NOTHING, format_compact, show, show_difference, show_range
from sim.core.units import show_duration, show_share
from sim.core.wall_clock import show_instant
from sim.experiments.summaries import BAD, NEVER_IS_BEST, bad_tail
from sim.forecast.explanation import dips
from sim.report.content import Cell, Table
from sim.results import cells
from sim.results.pages.page_parts import MOST_ROWS, left_out
from sim.systems import SYSTEM_TYPES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sim.core.metrics import Metric
    from sim.forecast.explanation import Dip
    from sim.report.content import Tone
    from sim.results.contents import Contents
    from sim.results.replication import Replication

    Row = Mapping[str, Any]

_MOST_CAUSES = 5
_TONES: dict[str, Tone] = {"met": "met", "missed": "missed", "undecided": "undecided"}


def metrics(results: Contents, systems: Sequence[str]) -> list[Table]:
    """The metrics that say most, a table a system: a row a metric, or a row a variant."""
    own: dict[str, list[Row]] = {system: [] for system in systems}
    for row in results.rows("summary"):
        if row["system"] in own and not row["group"]:
            own[row["system"]].append(row)
    made = _variants if results.about.compared else _alone
    return [made(results, system, rows) for system, rows in own.items()]


def _alone(results: Contents, system: str, summary: Sequence[Row]) -> Table:
    about = results.about
    one, known = about.variants[0], SYSTEM_TYPES[about.kinds[system]].metrics
    found = {row["metric"]: row for row in summary}
    judged = one.bounds.get(system, {}), one.mean_bounds.get(system, {})
    names = dict.fromkeys([*about.headlines[system], *judged[0], *judged[1]])
    rows = [_spread(found[name], known[name], results) for name in names if name in found]
    if not one.is_spread:
        return Table(f"Results of {system}", ["metric", "value"], [row[:2] for row in rows])
    headings = ["metric", "mean", "95 % interval of the mean", "p50", BAD, "worst run"]
    return Table(f"Results of {system} in {one.replications:,} runs", headings, rows)


def _spread(row: Row, metric: Metric, results: Contents) -> list[Cell | str]:
    """A metric's mean, and how it is spread over the runs."""
    name, unit = metric.title, metric.unit
    if row["missing"] == row["n"]:
        return [name, "never", NOTHING, NOTHING, NOTHING, NOTHING]
    tail = bad_tail(metric)
    worst = row["min"] if metric.better == "higher" else row["max"]
    whose = f"run {row['worst_replication']}" if metric.better else ""
    if row["missing"]:
        interval = f"never in {row['missing']:,} of {row['n']:,} runs"
        shown = whose if metric.name in NEVER_IS_BEST else "never"
    else:
        # Cut at what no share exceeds.
        low, high = max(0.0, row["ci95_low"]), row["ci95_high"]
        high = min(high, max(1.0, row["max"])) if unit in ("share", "0/1") else high
        interval = "in every run" if row["min"] == row["max"] else show_range(low, high, unit)
        shown = format_compact(worst, unit)
    return [
        name,
        Cell(format_compact(row["mean"], unit), _exact(row["mean"])),
        interval,
        Cell(cells.quantile(row["p50"], metric, results.about), _exact(row["p50"])),
        Cell(cells.quantile(row[tail], metric, results.about), _exact(row[tail])),
        Cell(shown, _exact(worst), whose if shown != whose else ""),
    ]


def _variants(results: Contents, system: str, summary: Sequence[Row]) -> Table:
    about = results.about
    known = SYSTEM_TYPES[about.kinds[system]].metrics
    shown = [known[name] for name in about.headlines[system]]
    found = {(row["variant"], row["metric"]): row for row in summary}
    rows: list[list[Cell | str]] = []
    for one in about.variants:
        best = bool(about.conclusion) and one.name in about.conclusion.best  # type: ignore[union-attr]
        note = "best" if best else "reference, not ranked" if one.reference else ""
        own = [_headline(found.get((one.name, each.name)), each, results) for each in shown]
        rows.append([Cell(one.name, below=note, tone="met" if best else ""), *own])
    headings = ["variant", *map(cells.heading, shown)]
    note = left_out(len(rows), "variants", "summary.csv")
    return Table(f"Results of {system} in each variant", headings, rows[:MOST_ROWS], note)


def _headline(row: Row | None, metric: Metric, results: Contents) -> Cell:
    text = cells.cell(row, metric, results.about)
    if row is None:
        return Cell(text)
    mean = ""
    if row["ci95_low"] < row["ci95_high"]:
        interval = show_range(max(0.0, row["ci95_low"]), row["ci95_high"], metric.unit)
        mean = f"mean {format_compact(row['mean'], metric.unit)} ({interval})"
    return Cell(text, _exact(cells.number(row, metric)), mean)


def objectives(results: Contents) -> Table | None:
    """Each objective and its verdict, those that are not met first; None without any."""
    about = results.about
    references = {one.name for one in about.variants if one.reference}
    judged = [row for row in results.rows("objectives") if row["objective"]]
    order = ["missed", "undecided", "met"]
    judged.sort(key=lambda row: (row["variant"] in references, order.index(row["verdict"])))
    rows: list[list[Cell | str]] = []
    for row in judged:
        is_ranked = row["variant"] not in references
        word = row["verdict"] if is_ranked else "reference"
        verdict = Cell(word, tone=_TONES[row["verdict"]] if is_ranked else "")
        named = [row["variant"]] if about.compared else []
        rows.append(
            [*named, cells.asked(row["objective"], about.kinds.values()), verdict, row["sentence"]]
        )
    headings = [*(["variant"] if about.compared else []), "objective", "verdict", "why"]
    note = left_out(len(rows), "verdicts", "objectives.csv")
    return Table("Objectives", headings, rows[:MOST_ROWS], note) if rows else None


def differences(results: Contents) -> Table | None:
    """Each headline of a variant against the first one; None where nothing is compared."""
    about = results.about
    wanted = {(system, name) for system, names in about.headlines.items() for name in names}
    rows: list[list[Cell | str]] = []
    for row in results.rows("comparison"):
        if row["group"] or (row["system"], row["metric"]) not in wanted:
            continue
        metric = SYSTEM_TYPES[about.kinds[row["system"]]].metrics[row["metric"]]
        whose = f"{row['system']} " if len(about.headlines) > 1 else ""
        difference = Cell(
            show_difference(row["difference"], metric.unit), _exact(row["difference"])
        )
        interval = NOTHING
        if row["ci_low"] < row["ci_high"]:
            ends = (show_difference(row[end], metric.unit) for end in ("ci_low", "ci_high"))
            interval = " to ".join(ends)
        rows.append(
            [
                f"{row['variant']} against {row['baseline']}",
                f"{whose}{metric.title}",
                difference,
                interval,
                row["better"],
            ]
        )
    headings = ["variants", "metric", "mean difference", "simultaneous 95 % interval", "better"]
    note = left_out(len(rows), "differences", "comparison.csv")
    return Table("Paired differences", headings, rows[:MOST_ROWS], note) if rows else None


def every_metric(results: Contents) -> Table:
    """All of the summary, groups too, as far as there is room."""
    about, rows = results.about, results.rows("summary")
    made: list[list[Cell | str]] = []
    for row in rows[:MOST_ROWS]:
        metric = SYSTEM_TYPES[about.kinds[row["system"]]].metrics[row["metric"]]
        numbers = [
            Cell(show(row[name], metric.unit), _exact(row[name]))
            for name in ("mean", "p5", "p50", "p95")
        ]
        whose = " ".join(filter(None, [row["system"], row["group"]]))
        named = [row["variant"]] if about.compared else []
        made.append([*named, whose, row["metric"], *numbers, f"{row['missing']:,}"])
    headings = ["of", "metric", "mean", "p5", "p50", "p95", "runs without it"]
    headings = ["variant", *headings] if about.compared else headings
    return Table("Every metric", headings, made, left_out(len(rows), "rows", "summary.csv"))


def capacity_dips(run: Replication, system: str) -> tuple[Table, str] | None:
    """When and why capacity was below what is nominal in one run, and the deepest in a sentence."""
    start = run.scenario.start
    found = dips(run.simulation, run.log, system)
    if not found:
        return None
    rows: list[list[Cell | str]] = [
        [
            show_instant(dip.start_s, start),
            show_duration(dip.end_s - dip.start_s),
            Cell(show_share(1.0 - dip.depth), _exact(1.0 - dip.depth)),
            Cell(show(dip.lost_hours, "member-hours"), _exact(dip.lost_hours)),
            _because(dip),
        ]
        for dip in found
    ]
    headings = ["from", "for", "falls to", "member-hours lost", "because of"]
    deepest = max(found, key=lambda dip: (dip.depth, dip.lost_hours))
    told = (
        f"{system} falls to {show_share(1.0 - deepest.depth)} at "
        f"{show_instant(deepest.start_s, start)}, for "
        f"{show_duration(deepest.end_s - deepest.start_s)}"
    )
    return Table(f"The deepest dips of {system}", headings, rows), told


def _because(dip: Dip) -> str:
    """Chains of causes, a line each: ``update domain 0, because of upgrade by upgrade_os-0``."""
    named = [_in_words(cause.split(", ")) for cause in dip.causes[:_MOST_CAUSES]]
    more = len(dip.causes) - _MOST_CAUSES
    return "\n".join([*named, *([f"and {more:,} more"] if more > 0 else [])]) or "the scenario"


def _in_words(chain: list[str]) -> str:
    """A chain of causes; what an upgrade was asked for by stands in its own name."""
    last = len(chain) - 1
    told = [
        name for k, name in enumerate(chain) if k < last or not last or name not in chain[k - 1]
    ]
    return ", because of ".join(told)


def requests(results: Contents) -> Table | None:
    """What was asked of the service and what it answered, refusals and failures first."""
    about = results.about
    rows = results.rows("operations")
    bad = {"Refused": 0, "Failed": 1}
    ordered = sorted(rows, key=lambda row: bad.get(row["status"], len(bad)))
    made: list[list[Cell | str]] = []
    for row in ordered[:MOST_ROWS]:
        sent = not math.isnan(row["at_s"])
        at = show_instant(row["at_s"], about.start_time) if sent else "not sent"
        code = " ".join(str(each) for each in (row["http_status"], row["code"]) if each)
        answer = ": ".join(filter(None, [code, row["message"]]))
        tone: Tone = "missed" if row["status"] in bad else ""
        named = [row["variant"]] if about.compared else []
        made.append([*named, row["name"], at, Cell(row["status"], tone=tone), answer or NOTHING])
    headings = ["request", "at", "status", "what the service answered"]
    headings = ["variant", *headings] if about.compared else headings
    note = left_out(len(rows), "requests", "operations.csv")
    return Table("Requests of the first run", headings, made, note) if made else None


def _exact(value: float) -> str:
    return repr(float(value)) if math.isfinite(value) else ""
