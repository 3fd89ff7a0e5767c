"""The report of `run` and `compare`: from results to the content of one page."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any

from sim.experiments.statistics.multiplicity import multiplicity
from sim.forecast.explanation import of_system
from sim.report.content import (
    Folded,
    Page,
    Paragraphs,
    Section,
)
from sim.results.notes import notes, ranked, together
from sim.results.pages import page_parts, report_tables
from sim.results.pages.notebook_page import size
from sim.results.single_run import Run
from sim.results.verdict import verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from sim.report.content import Block
    from sim.results.contents import Contents

_MOST_TOLD = 6
"""Variants of which all is told that is told of each."""
_MOST_NOTES = 40


def report_page(
    results: Contents,
    shown: Section,
    provenance: Mapping[str, Any],
    scenario: str,
    *,
    weights: Iterable[Block] = (),
    without: str = "",
) -> Page:
    """The content of the page.

    `shown` are the figures, `scenario` is as the folder has it resolved, `weights` tell what each
    assumption weighs. `without` says why no run can be made again, where so.
    """
    about = results.about
    warnings = [*_failed(results), *_told(results, is_again=not without)]
    more = len(warnings) - _MOST_NOTES
    told = about.variants[: 0 if without else _MOST_TOLD]
    runs = {one.name: Run.again(results, variant=one.name) for one in told}
    no_run: list[Block] = [Paragraphs([without])] if without else []
    facts = {
        "random seed": ", ".join(dict.fromkeys(str(one.seed) for one in about.variants)),
        "replications": f"{max(one.replications for one in about.variants):,}",
        "time taken": f"{about.wall_time_s:.1f} s",
    }
    return Page(
        name=about.name,
        question=about.question,
        size=size(about),
        verdict=verdict(results),
        warnings=[*warnings[:_MOST_NOTES], *([f"and {more:,} more"] if more > 0 else [])],
        sections=[
            Section("results", "Results", [*_results(results)]),
            shown,
            Section("plan", "What will happen", [*no_run, *_plan(runs, compared=about.compared)]),
            Section(
                "dips",
                "When and why capacity dips",
                [*no_run, *_dips(runs, compared=about.compared)],
            ),
            Section("requests", "Requests and answers", [*_requests(results)]),
            page_parts.assumptions(about.assumptions, weights),
            page_parts.scenarios({page_parts.WITH_DEFAULTS: scenario}),
            page_parts.reproduce(provenance, facts, about.inputs),
        ],
        made_by=page_parts.made_by(provenance),
    )


def _told(results: Contents, *, is_again: bool) -> list[str]:
    """What happened in the runs; who, where and why where one of them can be made again."""
    about = results.about
    if not is_again:
        several = about.compared
        return [f"{e.variant}: {e.sentence}" if several else e.sentence for e in about.outcomes]
    if about.compared:
        return together(ranked(results))
    return [*chain.from_iterable(notes(results).values())]


def _failed(results: Contents) -> Iterator[str]:
    """Replications that a fault of the program ended: why, and how to see one again."""
    about = results.about
    for one in about.variants:
        failed = about.failed(one.name)
        if failed:
            whose = f"{one.name}: " if about.compared else ""
            of = one.replications + len(failed)
            yield (
                f"{whose}{len(failed):,} of {of:,} replications failed and are left out: "
                f"{failed[0].message}; to see it again: rollout-sim run FILE {failed[0].rerun}"
            )


def _results(results: Contents) -> Iterator[Block]:
    about = results.about
    if about.precision:
        yield Paragraphs([about.precision.sentence])
    objectives = report_tables.objectives(results)
    if objectives:
        yield objectives
    systems = list(about.headlines)
    yield from report_tables.metrics(results, systems[: page_parts.MOST_SYSTEMS])
    if len(systems) > page_parts.MOST_SYSTEMS:
        more = f"{len(systems) - page_parts.MOST_SYSTEMS:,} more systems are in summary.csv."
        yield Paragraphs([more])
    references = {one.name for one in about.variants if one.reference}
    judged = [row for row in results.rows("objectives") if row["variant"] not in references]
    many = multiplicity(results.rows("summary"), results.rows("comparison"), judged).sentence
    if many:
        yield Paragraphs([f"{many[:1].upper()}{many[1:]}."])
    differences = report_tables.differences(results)
    if differences:
        yield Folded("Paired differences between variants", [differences])
    yield Folded("Every metric", [report_tables.every_metric(results)], printed=False)


def _plan(runs: Mapping[str, Run], *, compared: bool) -> Iterator[Block]:
    """What is told of the only variant or the first one, and where others differ from that."""
    first: list[str] = []
    for name, run in runs.items():
        lines = [
            line
            for system in list(run.scenario.systems)[: page_parts.MOST_SYSTEMS]
            for line in of_system(run.simulation, system)
        ]
        own = [line for line in lines if line not in first]
        if not first:
            yield Paragraphs([*([f"{name}:"] if compared else []), *page_parts.shortened(lines)])
        elif own:
            told = [f"{name} differs from {next(iter(runs))} in this:", *page_parts.shortened(own)]
            yield Paragraphs([told[0], *(f" {line}" for line in told[1:])])
        first = first or lines


def _dips(runs: Mapping[str, Run], *, compared: bool) -> Iterator[Block]:
    for name, run in runs.items():
        systems = list(run.scenario.systems)[: page_parts.MOST_SYSTEMS]
        found = [report_tables.capacity_dips(run, system) for system in systems]
        which = f" in replication {run.replication}" if run.log.drew else ""
        whose = f"{name}: " if compared else ""
        if not any(found):
            of = (
                f" of the first {len(systems)} systems"
                if len(systems) < len(run.scenario.systems)
                else ""
            )
            yield Paragraphs([f"{whose}capacity{of} never falls below what is nominal{which}."])
            continue
        dipped = [each for each in found if each]
        yield Paragraphs([f"{whose}{'; '.join(told for _, told in dipped)}{which}."])
        tables = [table for table, _ in dipped]
        if compared:
            yield Folded(f"The dips of {name} and their causes", tables)
        else:
            yield from tables


def _requests(results: Contents) -> Iterator[Block]:
    table = report_tables.requests(results)
    if table is None:
        yield Paragraphs(["No request is sent to the service."])
        return
    bad = [row for row in results.rows("operations") if row["status"] in ("Refused", "Failed")]
    if not bad:
        yield Paragraphs(["No request of the first run was refused, and none failed."])
    yield table
