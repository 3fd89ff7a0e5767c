"""The command that runs every point of a sweep: sweep."""

from __future__ import annotations

import argparse
import shlex
from contextlib import contextmanager
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from sim.cli import inputs
from sim.cli.answers import problems, streams
from sim.cli.answers.answer import INTERNAL_ERROR, MET, MISSED, UNDECIDED, Answer, command_line
from sim.cli.answers.failed import rerun
from sim.cli.answers.forms import Forms, in_form
from sim.cli.answers.junit import Case, Suite, judged, unsaved
from sim.cli.finishing import let_go, saved
from sim.cli.keeping import execution, keeping
from sim.cli.options.over import over
from sim.cli.screens import sweep_summary
from sim.cli.screens.console import Style
from sim.cli.screens.summary import footer
from sim.core.errors import Problem, ScenarioError
from sim.core.units import show_duration
from sim.results.sweeps import sweep_results
from sim.results.sweeps.sweep_about import SWEEP
from sim.scenario.points import set_by_variants
from sim.systems.base.text import pluralize

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from sim.experiments.studies.sweeps import FailedAt
    from sim.files.partial_folder import PartialFolder
    from sim.results.sweeps.sweep_results import SweepResults

MOST_CASES = 10_000
"""Objectives of points that are test cases; of more of them there is the one that sums them up."""

MOST_ROWS = 100_000
"""Rows of the long table that --json prints; of a longer one the result folder has it alone."""


def sweep(options: argparse.Namespace) -> Answer:
    varied = over(options.over)
    front = options.front.split(",") if options.front else []
    # The variant is run at each point; the file is read with all of them.
    scenario, warnings = inputs.ready(argparse.Namespace(**{**vars(options), "variant": None}))
    if varied is not None:
        scenario = scenario.with_sweep(varied)
    if scenario.sweep is not None:
        warnings += _unmoved(set_by_variants(scenario, scenario.sweep, options.variant), options)
    with keeping(options, scenario) as kept:
        with inputs.cost_is_noted(warnings, options), _named_as_options():
            found = sweep_results.sweep(
                scenario,
                variant=options.variant,
                front=front,
                **execution(options, kept),
            )
        return _finished(found, warnings, options, kept)


def _finished(
    found: SweepResults,
    warnings: list[str],
    options: argparse.Namespace,
    kept: PartialFolder | None,
) -> Answer:
    """The answer, once its results are saved."""
    before = _failed(found, options)

    def lines(style: Style) -> list[str]:
        return sweep_summary.lines(found, style, before)

    def save() -> Path:
        return found.save(
            options.out,
            overwrite=options.overwrite,
            figures=options.figures or "main",
            answer=streams.text([*lines(Style(blocks=True)), *_end(found, [])]),
            command=command_line(options.words),
        )

    told = [Problem("", "", f"internal error: {each}") for each in before[:-1]]
    folder, code, wrong = saved(save, _code(found), options, lines)
    wrong = [*told, *wrong, *let_go(kept, options, saved=folder is not None)]
    forms = Forms(
        lines=lines,
        end=_end(found, []),
        end_with_places=_end(found, _places(found, folder) if folder else []),
        data=lambda: _data(found, warnings, folder, wrong),
        suites=lambda: _suites(found, code, problems.lines(wrong)),
    )
    return in_form(options, code, problems.lines(wrong), forms)


def _suites(found: SweepResults, code: int, wrong: Sequence[str]) -> list[Suite]:
    """Whether every objective is met somewhere, then each objective of each point; what failed, or
    could not be saved, is an error.
    """
    conclusion = found.about.conclusion
    verdict = "undecided" if conclusion.undecided else "missed"
    verdict = "met" if code == MET or conclusion.met else verdict
    name = f"every objective at one of {pluralize(found.about.points, 'point')}"
    case = judged(name, verdict, next(iter(conclusion.sentences), ""), passes=False)
    at_points = _cases(found, code) if found.arrow("objectives").num_rows <= MOST_CASES else ()
    return [Suite(found.about.name, [case, *at_points]), *unsaved(found.about.name, wrong)]


def _cases(found: SweepResults, code: int) -> Iterator[Case]:
    """Named ``update_domains 10, restart 3min: min_capacity >= 85 % in all runs``."""
    several = len(found.about.variants) > 1
    for row in found.rows("objectives"):
        whose = [found.about.label(row["point"]), *([row["variant"]] if several else [])]
        name = f"{', '.join(whose)}: {row['objective']}"
        yield judged(name, row["verdict"], row["sentence"], passes=code == MET, other="point")


def _unmoved(found: list[str], options: argparse.Namespace) -> list[str]:
    """Tell of variants in which an axis moves nothing; with --strict that is an error."""
    if options.strict and found:
        raise ScenarioError.of(found[0], where="sweep")
    if not options.quiet:
        streams.tell(f"warning: {each}" for each in found)
    return found


@contextmanager
def _named_as_options() -> Iterator[None]:
    """Tell of what is wrong with a front by the name of the option."""
    try:
        yield
    except ScenarioError as error:
        found = [replace(p, where="--front") if p.where == "front" else p for p in error.problems]
        raise type(error)(found) from None


def _code(found: SweepResults) -> int:
    """That of the point and variant that keeps the objectives best; of a failure, whatever else."""
    conclusion = found.about.conclusion
    if found.failed_replications:
        return INTERNAL_ERROR
    if conclusion.met or not (conclusion.undecided or conclusion.missed):
        return MET
    return UNDECIDED if conclusion.undecided else MISSED


def _failed(found: SweepResults, options: argparse.Namespace) -> list[str]:
    """How many replications failed, and the first one with the command that runs it again."""
    lost = [each for each in found.failed_replications if each.nothing_known]
    failed = [each for each in found.failed_replications if not each.nothing_known]
    told = []
    if lost:
        nothing = f"every replication failed at {_points(lost)}, so nothing is known there"
        told.append(f"{nothing}: {_first(found, lost[0], options)}")
    if failed:
        some = f"{pluralize(len(failed), 'replication')} failed at {_points(failed)}"
        told.append(f"{some}: {_first(found, failed[0], options)}")
    return [*told, "failed replications are left out below"] if told else []


def _points(failed: Sequence[FailedAt]) -> str:
    return pluralize(len({each.point for each in failed}), "point")


def _first(found: SweepResults, first: FailedAt, options: argparse.Namespace) -> str:
    """What was wrong, and the command that runs it again."""
    about = found.about
    at = "" if first.time_s is None else f" at {show_duration(first.time_s)} of the run"
    named = zip(about.axes, about.texts(first.point), strict=True)
    changes = [f"{axis.path}={text}" for axis, text in named if text]
    words = " ".join([*(f"--set {shlex.quote(each)}" for each in changes), first.rerun])
    return (
        f"{first.message} (point {first.point}, replication {first.replication}{at}); to see it "
        f"again: {rerun(options, words)}"
    )


def _end(found: SweepResults, places: Sequence[str]) -> list[str]:
    return footer(found.about.assumptions, places, sweep_summary.level(found))


def _places(found: SweepResults, folder: Path) -> list[str]:
    pictures = sorted((folder / "figures").glob("*.png"))
    first = next((each for each in pictures if each.stem == "front"), None)
    table = f"all {found.about.points:,} points: {folder / 'sweep.csv'}"
    return [table, *([f"picture: {first or pictures[0]}"] if pictures else [])]


def _data(
    found: SweepResults, warnings: list[str], folder: Path | None, wrong: Sequence[Problem]
) -> dict[str, Any]:
    small = found.arrow(SWEEP).num_rows <= MOST_ROWS
    return {
        **asdict(found.about),
        "warnings": warnings,
        "problems": problems.data(wrong),
        "results": folder and str(folder),
        "points_judged": found.rows("points"),
        "objectives": found.rows("objectives"),
        "sweep": found.rows(SWEEP) if small else None,
    }
