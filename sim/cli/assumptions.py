"""``rollout-sim assumptions FILE``: which assumption decides."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from sim.cli import inputs, problems, streams
from sim.cli.answer import INTERNAL_ERROR, MET, UNDECIDED, Answer, command_line
from sim.cli.assumptions_screen import lines
from sim.cli.console import Style
from sim.cli.failed import rerun
from sim.cli.finishing import let_go, saved
from sim.cli.forms import Forms, in_form
from sim.cli.junit import Case, Suite, unsaved
from sim.cli.keeping import execution, keeping
from sim.core.errors import Problem
from sim.results import sensitivity

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from sim.files.partial_folder import PartialFolder
    from sim.results.sensitivity import Assumptions


def assumptions(options: argparse.Namespace) -> Answer:
    scenario, warnings = inputs.ready(options)
    with keeping(options, scenario) as kept:
        with inputs.cost_is_noted(warnings, options):
            found = sensitivity.assumptions(
                scenario,
                options.of,
                **execution(options, kept),
            )
        return _finished(found, warnings, options, kept)


def _finished(
    found: Assumptions,
    warnings: list[str],
    options: argparse.Namespace,
    kept: PartialFolder | None,
) -> Answer:
    """The answer, once its results are saved."""
    failed = [*_failed(found, options)]
    code = INTERNAL_ERROR if failed else UNDECIDED if found.found.flips else MET

    def told(style: Style) -> list[str]:
        return lines(found, style, whole=options.all)

    folder, code, not_saved = saved(lambda: _save(found, options), code, options, told)
    failed += [*not_saved, *let_go(kept, options, saved=folder is not None)]
    forms = Forms(
        lines=told,
        end=(),
        end_with_places=[f"results: {folder}"] if folder else (),
        data=lambda: _data(found, warnings, folder, failed),
        suites=lambda: [*_suites(found, failed)],
    )
    return in_form(options, code, problems.lines(failed), forms)


def _suites(found: Assumptions, failed: Sequence[Problem]) -> Iterator[Suite]:
    """A case for each guess, which fails where what is concluded turns over with it."""
    turned: dict[int, list[str]] = {}
    several = len(found.found.variants) > 1
    for flip in found.found.flips:
        whose = f"{flip.variant}: " if flip.variant and several else ""
        said = f"x {flip.factor:g}: {whose}{flip.what}: from {flip.before} to {flip.after}"
        turned.setdefault(flip.number, []).append(said)
    cases = [
        Case(each.text, "failure", "\n".join(turned[number]), "undecided")
        if number in turned
        else Case(each.text)
        for number, each in enumerate(found.found.guesses, 1)
    ]
    yield Suite(found.name, cases)
    yield from unsaved(found.name, problems.lines(failed))


def _save(found: Assumptions, options: argparse.Namespace) -> Path:
    return found.save(
        options.out,
        overwrite=options.overwrite,
        figures=options.figures or "main",
        answer=streams.text(lines(found, Style(blocks=True), whole=options.all)),
        command=command_line(options.words),
    )


def _failed(found: Assumptions, options: argparse.Namespace) -> Iterator[Problem]:
    for each in found.failed_replications:
        what = f"internal error: {each.variant}: replication {each.replication}: {each.message}"
        yield Problem("", "", f"{what}; to see it again: {rerun(options, each.rerun)}")


def _data(
    found: Assumptions, warnings: list[str], folder: Path | None, failed: Sequence[Problem]
) -> dict[str, Any]:
    return {
        **found.about(),
        "changes": found.rows(),
        "flips": [asdict(each) for each in found.found.flips],
        "warnings": warnings,
        "problems": problems.data(failed),
        "results": folder and str(folder),
    }
