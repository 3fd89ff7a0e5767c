"""The report of `run` and `compare`: from results to the content of one page."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any

from sim.experiments.multiplicity import multiplicity
from sim.forecast.explanation import of_system
from sim.plots.svg import svg
from sim.report.content import (
    Cell,
    Code,
    Drawing,
    Folded,
    Listing,
    Page,
    Paragraphs,
    Section,
    Table,
)
from sim.results import report_tables
from sim.results.notebook_page import size
from sim.results.notes import notes, together
from sim.results.provenance import RESOLVED
from sim.results.single_run import Run
from sim.results.verdict import verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from sim.plots.style import Picture
    from sim.report.content import Block
    from sim.results.contents import Contents

MOST_DRAWN = 1_200_000
"""Bytes of all figures: a page stays below 2 MB whatever the scenario."""
_MOST_TOLD = 6
"""Variants of which all is told that is told of each."""
_MOST_TEXT = 60_000
"""Characters of a text that may be as long as a file."""
_MOST_NOTES = 40


def report_page(
    results: Contents,
    figures: Iterable[tuple[str, Picture]],
    provenance: Mapping[str, Any],
    scenario: str,
) -> Page:
    """The content of the page: `figures` by name, `scenario` as the folder has it resolved."""
    about = results.about
    told = notes(results)
    every = together(told) if about.compared else [*chain.from_iterable(told.values())]
    warnings = [*_failed(results), *every]
    more = len(warnings) - _MOST_NOTES
    runs = {one.name: Run.again(results, variant=one.name) for one in about.variants[:_MOST_TOLD]}
    return Page(
        name=about.name,
        question=about.question,
        size=size(about),
        verdict=verdict(results),
        warnings=[*warnings[:_MOST_NOTES], *([f"and {more:,} more"] if more > 0 else [])],
        sections=[
            Section("results", "Results", [*_results(results)]),
            Section("figures", "Figures", [*_drawings(figures)]),
            Section("plan", "What will happen", [*_plan(runs, compared=about.compared)]),
            Section("dips", "When and why capacity dips", [*_dips(runs, compared=about.compared)]),
            Section("requests", "Requests and answers", [*_requests(results)]),
            Section("assumptions", "Assumptions", [*_assumptions(results)]),
            Section("scenario", "Scenario", [*_scenario(scenario)]),
            Section("reproduce", "How to reproduce", [*_reproduce(results, provenance)]),
        ],
        made_by=f"Made by {provenance['made_by']}, {provenance['made_at']}",
    )


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
    for system in about.headlines:
        yield report_tables.metrics(results, system)
    references = {one.name for one in about.variants if one.reference}
    judged = [row for row in results.rows("objectives") if row["variant"] not in references]
    many = multiplicity(results.rows("summary"), results.rows("comparison"), judged).sentence
    if many:
        yield Paragraphs([f"{many[:1].upper()}{many[1:]}."])
    differences = report_tables.differences(results)
    if differences:
        yield Folded("Paired differences between variants", [differences])
    yield Folded("Every metric", [report_tables.every_metric(results)], printed=False)


def _drawings(figures: Iterable[tuple[str, Picture]]) -> Iterator[Drawing]:
    """The figures in order, as long as there is room; the others are named."""
    room = MOST_DRAWN
    for place, (name, picture) in enumerate(figures):
        drawn = svg(picture, f"f{place}")
        note = ""
        if len(drawn) > room:
            drawn, note = "", f"This figure is too large for this page: see figures/{name}.png."
        room -= len(drawn)
        yield Drawing(picture.title, picture.subtitle, drawn, behind(picture), note)


def behind(picture: Picture) -> Table | None:
    """The numbers of a figure as a table."""
    readout = picture.readout
    if readout is None or not readout.rows:
        return None
    more = len(readout.rows) - report_tables.MOST
    note = f"{more:,} more rows are left out" if more > 0 else ""
    rows = readout.rows[: report_tables.MOST]
    return Table(picture.title, readout.headings, rows, note)


def _plan(runs: Mapping[str, Run], *, compared: bool) -> Iterator[Block]:
    """What is told of the only variant or the first one, and where others differ from that."""
    first: list[str] = []
    for name, run in runs.items():
        lines = [
            line for system in run.scenario.systems for line in of_system(run.simulation, system)
        ]
        own = [line for line in lines if line not in first]
        if not first:
            yield Paragraphs([*([f"{name}:"] if compared else []), *_shortened(lines)])
        elif own:
            told = [f"{name} differs from {next(iter(runs))} in this:", *_shortened(own)]
            yield Paragraphs([told[0], *(f" {line}" for line in told[1:])])
        first = first or lines


def _dips(runs: Mapping[str, Run], *, compared: bool) -> Iterator[Block]:
    for name, run in runs.items():
        found = [report_tables.capacity_dips(run, system) for system in run.scenario.systems]
        which = f" in replication {run.replication}" if run.log.drew else ""
        whose = f"{name}: " if compared else ""
        if not any(found):
            yield Paragraphs([f"{whose}capacity never falls below what is nominal{which}."])
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
        yield Paragraphs(["Nothing is asked of the service."])
        return
    bad = [row for row in results.rows("operations") if row["status"] in ("Refused", "Failed")]
    if not bad:
        yield Paragraphs(["No request of the first run was refused, and none failed."])
    yield table


def _assumptions(results: Contents) -> Iterator[Block]:
    assumed = results.about.assumptions
    if assumed:
        yield Paragraphs(["Azure publishes no value of these; each can be changed in the file:"])
        yield Listing(list(assumed))
    else:
        yield Paragraphs(["Nothing that Azure does not publish is assumed in this scenario."])


def _scenario(scenario: str) -> Iterator[Block]:
    text = scenario
    if len(text) > _MOST_TEXT:
        text = f"{text[:_MOST_TEXT]}\n# ... the rest stands in {RESOLVED}"
    what = "The scenario with every default filled in"
    yield Folded(what, [Code(text, what)])


def _reproduce(results: Contents, provenance: Mapping[str, Any]) -> Iterator[Block]:
    about = results.about
    command = str(provenance["command"])
    yield Code(_shortened([command])[0], "The command that made these results")
    seeds = dict.fromkeys(one.seed for one in about.variants)
    runs = max(one.replications for one in about.variants)
    versions = provenance["versions"]
    facts = [
        ["made by", str(provenance["made_by"])],
        ["random seed", ", ".join(map(str, seeds))],
        ["replications", f"{runs:,}"],
        ["time taken", f"{about.wall_time_s:.1f} s"],
        ["versions", ", ".join(f"{name} {version}" for name, version in versions.items())],
        *([f"SHA-256 of {name}", digest] for name, digest in about.inputs.items()),
    ]
    rows: list[list[Cell | str]] = [[Cell(name), value] for name, value in facts]
    yield Table("Where these results come from", ["what", "value"], rows[: report_tables.MOST])


def _shortened(lines: Sequence[str]) -> list[str]:
    """As many lines as there is room for."""
    kept, room = [], _MOST_TEXT // _MOST_TOLD
    for line in lines:
        if len(line) > room:
            kept.append(f"{line[:room]} ... (the rest is told by `rollout-sim explain`)")
            break
        kept.append(line)
        room -= len(line)
    return kept
