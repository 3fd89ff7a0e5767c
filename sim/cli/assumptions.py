"""``rollout-sim assumptions FILE``: which assumption decides."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from sim.cli import inputs
from sim.cli.answers import problems, streams
from sim.cli.answers.answer import INTERNAL_ERROR, MET, UNDECIDED, Answer, command_line
from sim.cli.answers.failed import rerun, why
from sim.cli.answers.forms import Forms, in_form
from sim.cli.answers.junit import Case, Suite, unsaved
from sim.cli.finishing import let_go, saved
from sim.cli.keeping import execution, keeping
from sim.cli.screens.assumptions_screen import lines
from sim.cli.screens.console import Style
from sim.core.errors import Problem
from sim.experiments.studies.assumptions import UNKNOWN
from sim.results import sensitivity
from sim.systems.base.text import pluralize

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from sim.experiments.running.failures import FailedChange
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
    before = [*_failed(found, options)]
    code = INTERNAL_ERROR if before else UNDECIDED if found.found.flips else MET
    before += ["failed replications are left out below"] if before else []

    def told(style: Style) -> list[str]:
        return lines(found, style, before, whole=options.all)

    def save() -> Path:
        return found.save(
            options.out,
            overwrite=options.overwrite,
            figures=options.figures or "main",
            answer=streams.text(told(Style(blocks=True))),
            command=command_line(options.words),
        )

    folder, code, not_saved = saved(save, code, options, told)
    failed = [Problem("", "", f"internal error: {each}") for each in before[:-1]]
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
    """A case for each guess, which fails where a conclusion changes with it, or is an error where
    nothing is known of a change.
    """
    turned: dict[int, list[str]] = {}
    several = len(found.found.variants) > 1
    for flip in found.found.flips:
        whose = f"{flip.variant}: " if flip.variant and several else ""
        said = f"x {flip.factor:g}: {whose}{flip.what}: from {flip.before} to {flip.after}"
        turned.setdefault(flip.number, []).append(said)
    unknown = {each.number for each in found.found.effects if each.is_unknown}
    cases = list[Case]()
    for number, each in enumerate(found.found.guesses, 1):
        if number in unknown:
            why_not = [f"nothing is known of a change, as {UNKNOWN}", *turned.get(number, [])]
            cases.append(Case(each.text, "error", "\n".join(why_not)))
        elif number in turned:
            cases.append(Case(each.text, "failure", "\n".join(turned[number]), "undecided"))
        else:
            cases.append(Case(each.text))
    yield Suite(found.name, cases)
    yield from unsaved(found.name, problems.lines(failed))


def _failed(found: Assumptions, options: argparse.Namespace) -> Iterator[str]:
    """How many replications failed as the scenario is and with a change, why, and what runs the
    first one again.
    """
    runs = {one.variant: len(one.measured.numbers) for one in found.found.variants}
    as_it_is: dict[str, list[FailedChange]] = {}
    lost: list[FailedChange] = []
    failed: list[FailedChange] = []
    for each in found.failed_replications:
        if not each.change:
            as_it_is.setdefault(each.variant, []).append(each)
        else:
            (lost if each.nothing_known else failed).append(each)
    several = len(as_it_is.keys() | runs.keys()) > 1
    for variant, own in as_it_is.items():
        whose = f"{variant}: " if several else ""
        of = runs.get(variant, 0) + len(own)
        how = f"{whose}{len(own):,} of {of:,} replications failed"
        if own[0].nothing_known:
            how = f"{whose}every replication failed, so nothing is known of it"
        yield f"{how}: {why(own)}; to see it again: {rerun(options, own[0].rerun)}"
    if lost:
        them = "it" if len(lost) == 1 else "them"
        how = f"every replication failed with {pluralize(len(lost), 'change')}"
        yield f"{how}, so nothing is known of {them}: {_first(lost, options, several=several)}"
    if failed:
        changes = pluralize(len({(each.variant, each.change) for each in failed}), "change")
        how = f"{pluralize(len(failed), 'replication')} failed with {changes}"
        yield f"{how}: {_first(failed, options, several=several)}"


def _first(failed: Sequence[FailedChange], options: argparse.Namespace, *, several: bool) -> str:
    first = failed[0]
    whose = f"{first.variant}, " if several else ""
    return f"{whose}{first.change}: {why([first])}; to see it again: {rerun(options, first.rerun)}"


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
