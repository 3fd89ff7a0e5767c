"""The command that looks for the smallest or the largest value that meets the objectives."""

from __future__ import annotations

import math
import re
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from sim.cli import inputs
from sim.cli.answers import problems, streams
from sim.cli.answers.answer import (
    INTERNAL_ERROR,
    MET,
    MISSED,
    UNDECIDED,
    Answer,
    command_line,
)
from sim.cli.answers.failed import rerun, why
from sim.cli.answers.forms import Forms, in_form
from sim.cli.answers.junit import Case, Suite, judged, unsaved
from sim.cli.finishing import let_go, saved
from sim.cli.keeping import execution, keeping
from sim.cli.options.precision import named_as_options
from sim.cli.screens.console import Column, Style, paragraph, table
from sim.cli.screens.summary import footer
from sim.core.errors import Problem, ScenarioError
from sim.core.formatting import NOTHING, TOLERANCE, show, show_range
from sim.core.units import shorten, show_share
from sim.core.wall_clock import show_instant
from sim.results import finding
from sim.results.find_about import NO_ANSWER, NOT_SEARCHED
from sim.systems import SYSTEM_TYPES
from sim.systems.base.text import in_common, pluralize

if TYPE_CHECKING:
    import argparse
    import datetime as dt
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from sim.experiments.statistics.verdicts import Verdict
    from sim.experiments.studies.search import Trial
    from sim.files.partial_folder import PartialFolder
    from sim.results.finding import FindResults

_RANGE = re.compile(r'((?:"(?:[^"\\]|\\.)*"|[^="])+)=(.*?)\.\.(.*)', re.DOTALL)
"""A key that holds "=" is quoted, as one that holds a dot is."""

_WHERE = "find"


def find(options: argparse.Namespace) -> Answer:
    match = _RANGE.fullmatch(options.range)
    if match is None:
        rule = "must be PATH=LOW..HIGH, such as systems.shop.update_domains=2..20"
        raise ScenarioError.of(f"{rule}, got {shorten(options.range)}", where=_WHERE)
    scenario, warnings = inputs.ready(options)
    with keeping(options, scenario) as kept:
        with inputs.cost_is_noted(warnings, options), named_as_options():
            found = finding.find(
                scenario,
                *match.groups(),
                largest=options.largest,
                tolerance=options.tolerance,
                max_replications=options.max_replications,
                **execution(options, kept),
            )
        return _finished(found, warnings, options, kept)


def _finished(
    found: FindResults,
    warnings: list[str],
    options: argparse.Namespace,
    kept: PartialFolder | None,
) -> Answer:
    """The answer, once its results are saved."""
    failed = list(_failed(found, options))
    report = "please report it with the scenario file"
    wrong = [Problem("", "", f"internal error: {each}; {report}") for each in failed]

    def lines(style: Style) -> list[str]:
        return _lines(found, failed, style)

    def save() -> Path:
        return found.save(
            options.out,
            overwrite=options.overwrite,
            figures=options.figures or "main",
            answer=streams.text([*lines(Style(blocks=True)), *footer(found.about.assumptions, [])]),
            command=command_line(options.words),
        )

    folder, code, not_saved = saved(save, _code(found), options, lines)
    wrong += [*not_saved, *let_go(kept, options, saved=folder is not None)]
    forms = Forms(
        lines=lines,
        end=footer(found.about.assumptions, []),
        end_with_places=footer(found.about.assumptions, _places(folder)),
        data=lambda: _data(found, warnings, folder, wrong),
        suites=lambda: [
            *_suites(found, code),
            *unsaved(found.about.name, problems.lines(not_saved)),
        ],
    )
    return in_form(options, code, problems.lines(wrong), forms)


def _suites(found: FindResults, code: int) -> Iterator[Suite]:
    """A suite for each variant: whether a value was found, each objective at each value that was
    tried, and whether replications failed.
    """
    about = found.about
    name = f"{'largest' if about.largest else 'smallest'} {about.path}"
    for lost in about.lost:
        case = Case("replications", "error", f"{NO_ANSWER}: {lost.message}")
        yield Suite(f"{about.name}.{lost.variant}", [case])
    for variant, reason in about.passed_over.items():
        yield Suite(f"{about.name}.{variant}", [Case(name, "skipped", NOT_SEARCHED + reason)])
    for each in found.answers:
        whose = f"{about.name}.{each.variant}" if len(about.asked) > 1 else about.name
        verdict = _VERDICTS.get(each.outcome, "undecided")
        cases = [judged(name, verdict, each.sentence, passes=code == MET)]
        if each.reference:
            cases = [Case(name, "skipped", f"reference, not ranked; {verdict}: {each.sentence}")]
        cases += _cases(found.tried(each.variant), code)
        if each.failed:
            failed = f"{pluralize(each.failed, 'replication')} failed"
            cases.append(Case("replications", "error", failed))
        yield Suite(whose, cases)


def _cases(tried: Sequence[Trial], code: int) -> Iterator[Case]:
    """Named ``10: min_capacity >= 90 % in all runs``, the lowest value first."""
    for trial in tried:
        for text, seen in zip(trial.texts, trial.verdicts, strict=True):
            name = f"{trial.value}: {text}"
            yield judged(name, seen.verdict, seen.sentence, passes=code == MET, other="value")


_VERDICTS = {"found": "met", "at the end": "met", "none": "missed"}
"""How a search ended -> what that says of the objectives; else it is undecided."""

_CODES = {"met": MET, "undecided": UNDECIDED, "missed": MISSED}
"""The best one first."""


def _code(found: FindResults) -> int:
    """That of the best answer that is no reference; where a replication failed, of the failure."""
    if found.failed_replications:
        return INTERNAL_ERROR
    verdicts = {
        _VERDICTS.get(each.outcome, "undecided") for each in found.answers if not each.reference
    }
    return next(code for verdict, code in _CODES.items() if verdict in verdicts)


def _failed(found: FindResults, options: argparse.Namespace) -> Iterator[str]:
    """How many replications of each variant failed, why, and what runs the first one again."""
    for lost in found.about.lost:
        again = rerun(options, lost.rerun)
        yield f"{lost.variant}: {NO_ANSWER}: {why([lost])}; to see it again: {again}"
    for each in found.answers:
        own = [one for one in found.failed_replications if one.variant == each.variant]
        if own:
            whose = f"{each.variant}: " if len(found.about.asked) > 1 else ""
            of = each.replications + each.failed
            rule = f"{whose}{each.failed:,} of {of:,} replications failed: {why(own[:1])}"
            yield f"{rule}; to see it again: {rerun(options, own[0].rerun)}"


def _lines(found: FindResults, failed: Sequence[str], style: Style) -> list[str]:
    about = found.about
    lines = [line for said in failed for line in paragraph(said)]
    best = "largest" if about.largest else "smallest"
    head = f"{about.name}: {best} {about.path} from {about.low} to {about.high} for which the "
    head += f"objectives are met, tolerance {about.tolerance}"
    lines += [style.title(line) for line in paragraph(head)]
    several = len(about.asked) > 1
    for name, reason in about.passed_over.items():
        lines += paragraph(f"{name}: {NOT_SEARCHED}{reason}")
    for each in found.answers:
        lines += paragraph(f"{each.variant}: {each.sentence}" if several else each.sentence)
    for each in found.answers:
        tried = found.tried(each.variant)
        asked = _asked(tried) if len(tried[0].texts) > 1 else ()
        lines += ["", *([f"{each.variant}:"] if several else [])]
        lines += [line for k, text in enumerate(asked, 1) for line in paragraph(f"({k}) {text}")]
        lines += table([one.value for one in tried], _columns(tried, about.start_time), style)
        if each.confidence < 1:
            lines += paragraph(
                f"each limit at {show_share(each.level)} confidence: verdicts share the error"
            )
    return [*lines, ""]


def _columns(tried: Sequence[Trial], start: dt.datetime | None) -> list[Column]:
    asked = _asked(tried)
    columns = [
        Column("runs", tuple(f"{each.replications:,}" for each in tried)),
        Column("verdict", tuple(each.outcome for each in tried)),
    ]
    for place, text in enumerate(asked):
        heading = text if len(asked) == 1 else f"({place + 1})"
        columns.append(Column(heading, tuple(_seen(each, place, start) for each in tried)))
    return columns


def _asked(tried: Sequence[Trial]) -> list[str]:
    """The objectives, of which the values may change what is asked."""
    return [in_common(texts) for texts in zip(*(each.texts for each in tried), strict=True)]


def _seen(trial: Trial, place: int, start: dt.datetime | None) -> str:
    """``96.7 % (93.1..98.9 %)``: of the runs, or the mean, an instant by the clock."""
    asked, verdict = trial.objectives[place], trial.verdicts[place]
    unit = "share"
    if asked.of == "mean":
        kinds = [kind.metrics for kind in SYSTEM_TYPES.values() if asked.metric in kind.metrics]
        metric = kinds[0][asked.metric]
        if metric.is_instant and start is not None:
            return _by_the_clock(verdict, start, with_limits=trial.random)
        unit = metric.unit
    within = ""
    if trial.random:
        ends = _outwards(verdict.low, verdict.high) if unit == "share" else ""
        within = f" ({ends or show_range(verdict.low, verdict.high, unit)})"
    return f"{show(verdict.share, unit)}{within}"


def _by_the_clock(verdict: Verdict, start: dt.datetime, *, with_limits: bool) -> str:
    """``Fri 20 Nov 22:58 (22:57..23:00)``: the day of a limit is told where it is another one."""
    mean = show_instant(verdict.share, start)
    if not with_limits or math.isnan(verdict.share):
        return mean if math.isfinite(verdict.share) else NOTHING
    day = f"{mean.rpartition(' ')[0]} "
    ends = [
        show_instant(end, start).removeprefix(day) if math.isfinite(end) else NOTHING
        for end in (verdict.low, verdict.high)
    ]
    return f"{mean} ({'..'.join(ends)})"


def _outwards(low: float, high: float) -> str:
    """``93.1..98.9 %``: an interval of shares that is rounded holds the exact one."""
    ends = math.floor(1000 * low + TOLERANCE) / 10, math.ceil(1000 * high - TOLERANCE) / 10
    return f"{ends[0]:g}..{ends[1]:g} %"


def _places(folder: Path | None) -> list[str]:
    if folder is None:
        return []
    pictures = sorted((folder / "figures").glob("*.png"))
    return [f"picture: {pictures[0]}"] if pictures else [f"results: {folder}"]


def _data(
    found: FindResults, warnings: list[str], folder: Path | None, wrong: Sequence[Problem]
) -> dict[str, Any]:
    return {
        **asdict(found.about),
        "trials": found.rows(),
        "warnings": warnings,
        "problems": problems.data(wrong),
        "results": folder and str(folder),
    }
