"""The command line: `rollout-sim new | validate | explain | run | compare | keys | schema`.

The answer goes to stdout, progress and warnings to stderr. Commands import what they need when they
are called: help and wrong options cost nothing.
"""

from __future__ import annotations

import shlex
import signal
import sys
import threading
import traceback
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from sim.cli import problems, streams
from sim.cli.json_text import json_text
from sim.cli.options import PROGRAM, parser
from sim.core.errors import ModelError, Problem, ScenarioError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from sim.cli.console import Style
    from sim.experiments.multiplicity import Multiplicity
    from sim.results import Results

MET, MISSED, WRONG_INPUT, INTERNAL_ERROR, UNDECIDED, NOT_SAVED, INTERRUPTED = 0, 1, 2, 3, 4, 5, 130
"""Exit codes, as the help explains them."""


@dataclass(frozen=True)
class Answer:
    """What a command says on stdout and on stderr, and its exit code."""

    text: str = ""
    code: int = MET
    notes: tuple[str, ...] = ()
    """Lines for stderr: why the code is not that of the answer."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command, by default that of the shell, and give its exit code."""
    words = sys.argv[1:] if arguments is None else list(arguments)
    streams.prepare()
    with _stoppable(), streams.without_warnings("--quiet" in words):
        answer = _answer(words)
        streams.tell(answer.notes)
        failed = streams.write(sys.stdout, answer.text)
        if failed:
            streams.tell([f"{PROGRAM}: the answer cannot be written: {failed}"])
            return NOT_SAVED
        return answer.code


@contextmanager
def _stoppable() -> Iterator[None]:
    """Let SIGTERM end a command as Ctrl-C does: nothing half written stays."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _answer(words: list[str]) -> Answer:
    try:
        options = parser().parse_args(words)
        options.words = words
        return COMMANDS[options.command](options)
    except SystemExit:  # argparse has shown help or the version
        return Answer()
    except (ScenarioError, MemoryError) as error:
        found = error.problems if isinstance(error, ScenarioError) else [_no_memory(words)]
        return _failed(found, WRONG_INPUT, words)
    except KeyboardInterrupt as interruption:
        return _failed([_interrupted(interruption, words)], INTERRUPTED, words)
    except ModelError as error:
        found = _internal(str(error), words)
        if options.command in ("run", "compare"):
            found.append(Problem("", "", f"to see it again: {_rerun(options, error)}"))
        return _failed(found, INTERNAL_ERROR, words)
    except Exception as error:  # noqa: BLE001  (no user can mend it, whatever it is)
        return _failed(_surprise(error, words), INTERNAL_ERROR, words)


def _failed(found: Sequence[Problem], code: int, words: Sequence[str]) -> Answer:
    """No answer but what is wrong, under --json as data too."""
    if "--json" not in words:
        return Answer("", code, tuple(problems.lines(found)))
    told = () if "--quiet" in words else tuple(problems.lines(found))
    valid = {"valid": False} if words[:1] == ["validate"] else {}
    return Answer(json_text(valid | {"problems": problems.data(found)}), code, told)


def _interrupted(interruption: KeyboardInterrupt, words: Sequence[str]) -> Problem:
    """How far it came is noted on the way."""
    if not {"run", "compare"}.intersection(words[:1]):
        return Problem("", "", "interrupted")
    # The only variant has a name in tables that nobody gave it.
    reached = "".join(getattr(interruption, "__notes__", [])).removesuffix(" of baseline")
    how_far = f"after {reached}" if reached else "before the first replication"
    return Problem("", "", f"interrupted {how_far}; nothing is saved")


def _no_memory(words: Sequence[str]) -> Problem:
    """Whatever can say which part of the file asks for it has said so itself."""
    rule = "asks for too much: this machine does not have the memory for it"
    return Problem(f"{PROGRAM} {words[0]}", "", rule)


def _surprise(error: Exception, words: Sequence[str]) -> list[Problem]:
    """Whatever form the answer has, stderr gets the traceback: a report needs it."""
    streams.tell(line for each in traceback.format_exception(error) for line in each.splitlines())
    what = f"{type(error).__name__}: {error}; please report it with the scenario file"
    return _internal(what, words)


def _internal(what: str, words: Sequence[str]) -> list[Problem]:
    said = (f"internal error: {what}", f"the command was: {_shell(words)}")
    return [Problem("", "", each) for each in said]


def _rerun(options: argparse.Namespace, error: ModelError) -> str:
    from sim.cli.failed import rerun
    from sim.experiments.failures import options_of

    return rerun(options, options_of(error.replication, error.seed, error.variant))


# Commands -----------------------------------------------------------------------------------------


def _new(options: argparse.Namespace) -> Answer:
    from sim.cli.overrides import overrides
    from sim.scenario.reference import kinds
    from sim.scenario.starter import starter

    if options.kind is None:
        return Answer(streams.text(kinds()))
    return Answer(starter(options.kind, overrides(options.changes, "PATH=VALUE")))


def _keys(options: argparse.Namespace) -> Answer:
    from sim.scenario.reference import reference

    return Answer(streams.text(reference(options.path)))


def _schema(_: argparse.Namespace) -> Answer:
    from sim.scenario import json_schema

    return Answer(json_text(json_schema()))


def _validate(options: argparse.Namespace) -> Answer:
    from sim.cli import inputs
    from sim.cli.console import paragraph
    from sim.formats.checking import listed

    scenario = inputs.read(options)
    warnings = inputs.warn(scenario, options)
    checked = {
        "systems": [f"{name} ({spec.kind})" for name, spec in scenario.systems.items()],
        "operations": [
            f"{each.name} ({each.times:,} times)" if each.times > 1 else each.name
            for each in scenario.operations
            if not each.repetition
        ],
        "objectives": [each.metric for each in scenario.objectives],
        "variants": list(scenario.variant_names),
        "other files": [each.path for each in scenario.inputs],
    }
    if options.json:
        found = {"valid": True, "checked": checked, "warnings": warnings, "problems": []}
        return Answer(json_text(found))
    told = [f"{what}: {listed(names) or 'none'}" for what, names in checked.items()]
    told.append(f"warnings: {len(warnings) or 'none'}")
    lines = [line for each in told for line in paragraph(f"  {each}", "    ")]
    return Answer(streams.text([f"{inputs.origin(options)} is valid", *lines]))


def _explain(options: argparse.Namespace) -> Answer:
    from sim.cli import inputs
    from sim.cli.console import paragraph
    from sim.forecast.explanation import describe
    from sim.simulation import Simulation

    scenario = inputs.read(options)
    # It tells them itself, in its own words.
    warnings = inputs.warn(scenario, options, silent=True)
    lines = describe(Simulation(scenario)).splitlines()
    names = scenario.variant_names
    if options.json:
        found = {
            "name": scenario.name,
            "question": scenario.question,
            "variant": scenario.variant_name,
            "variants": list(names),
            "explanation": list(filter(None, lines)),
            "assumptions": list(scenario.assumptions),
            "warnings": warnings,
            "problems": [],
        }
        return Answer(json_text(found))
    lines += ["", f"Variants (--variant NAME explains one): {', '.join(names)}."] if names else []
    return Answer(streams.text(short for line in lines for short in paragraph(line) or [""]))


def _run(options: argparse.Namespace) -> Answer:
    from sim import results
    from sim.cli import inputs, summary
    from sim.cli.failed import failed
    from sim.cli.from_results import first_of, setting_of
    from sim.cli.outcomes import notes
    from sim.cli.precision import named_as_options, precision

    asked = precision(options)
    scenario, warnings = inputs.ready(options)
    with inputs.cost_is_noted(warnings, options), named_as_options():
        found = results.run(
            scenario,
            replay=options.replay,
            progress=not options.quiet,
            force=options.force,
            precision=asked,
            max_replications=options.max_replications,
        )
    first = found.replay()
    firsts = {name: first_of(first, name) for name in scenario.systems}
    setting = setting_of(found, options)
    rows, objectives = found.rows("summary"), found.rows("objectives")
    said, before = notes(found)[found.about.variants[0].name], failed(found, options)

    def lines(style: Style) -> list[str]:
        return summary.run(setting, rows, objectives, firsts, style, said, before)

    return _finished(found, lines, warnings, options)


def _compare(options: argparse.Namespace) -> Answer:
    from sim import results
    from sim.cli import inputs, summary
    from sim.cli.failed import failed
    from sim.cli.from_results import setting_of
    from sim.cli.outcomes import killing, notes, together
    from sim.cli.precision import named_as_options, precision

    asked = precision(options)
    scenario, warnings = inputs.ready(options)
    with inputs.cost_is_noted(warnings, options), named_as_options():
        found = results.compare(
            scenario,
            progress=not options.quiet,
            force=options.force,
            precision=asked,
            max_replications=options.max_replications,
        )
    setting = setting_of(found, options)
    references = [one.name for one in found.about.variants if one.reference]
    rows, objectives = found.rows("summary"), found.rows("objectives")
    told = notes(found)
    conclusion = ""
    if found.conclusion:
        conclusion = "\n".join([found.conclusion.sentence, *killing(told, found.conclusion.best)])
    said, before = together(told), failed(found, options)

    def lines(style: Style) -> list[str]:
        return summary.compare(
            setting, rows, objectives, references, conclusion, style, said, before
        )

    return _finished(found, lines, warnings, options)


COMMANDS = {
    "new": _new,
    "validate": _validate,
    "explain": _explain,
    "run": _run,
    "compare": _compare,
    "keys": _keys,
    "schema": _schema,
}


# The answer ---------------------------------------------------------------------------------------


def _finished(
    results: Results,
    lines: Callable[[Style], list[str]],
    warnings: list[str],
    options: argparse.Namespace,
) -> Answer:
    """The answer, once its results are saved; it stands where that fails or is interrupted."""
    from sim.cli import failed

    folder, code, found = None, _code(results), failed.problems(results, options)
    if not options.no_files:
        try:
            folder = _save(results, lines, options)
        except ScenarioError as error:
            code, found = NOT_SAVED, [*found, *error.problems]
        except KeyboardInterrupt:
            told = "interrupted while results were written; nothing is saved"
            code, found = INTERRUPTED, [*found, Problem("", "", told)]
        except MemoryError:
            told = "this machine does not have the memory to save the results; nothing is saved"
            code, found = NOT_SAVED, [*found, Problem("", "", told)]
        except Exception as error:  # noqa: BLE001  (a picture that fails costs no answer)
            code, found = INTERNAL_ERROR, [*found, *_surprise(error, options.words)]
    said = tuple(problems.lines(found))
    if options.json:
        text = json_text(_data(results, warnings, folder, found))
        return Answer(text, code, () if options.quiet else said)
    end = _end(results, _places(results, folder) if folder else [])
    return Answer(streams.text([*lines(streams.style(sys.stdout)), *end]), code, said)


def _save(
    results: Results, lines: Callable[[Style], list[str]], options: argparse.Namespace
) -> Path:
    from sim.cli.console import Style

    return results.save(
        options.out,
        overwrite=options.overwrite,
        keep=options.keep,
        figures=options.figures or "all",
        answer=streams.text([*lines(Style(blocks=True)), *_end(results, [])]),
        command=_shell(options.words),
    )


def _end(results: Results, places: list[str]) -> list[str]:
    """What the answer rests on and where the rest is."""
    from sim.cli.summary import footer

    return footer(results.about.assumptions, places, _multiplicity(results).sentence)


def _multiplicity(results: Results) -> Multiplicity:
    from sim.experiments.multiplicity import multiplicity

    references = {one.name for one in results.about.variants if one.reference}
    judged = [row for row in results.rows("objectives") if row["variant"] not in references]
    return multiplicity(results.rows("summary"), results.rows("comparison"), judged)


def _places(results: Results, folder: Path) -> list[str]:
    from sim.systems import SYSTEM_TYPES

    pictures = sorted((folder / "figures").glob("*.png"))
    series = SYSTEM_TYPES[next(iter(results.about.kinds.values()))].main_series
    last = pictures[-1] if pictures else None
    picture = next((each for each in pictures if series in each.name), last)
    return [f"picture: {picture}"] if picture else [f"results: {folder}"]


def _data(
    results: Results, warnings: list[str], folder: Path | None, found: Sequence[Problem]
) -> dict[str, Any]:
    tables = ("summary", "objectives", "comparison", "operations", "progress")
    return {
        **asdict(results.about),
        "multiplicity": asdict(_multiplicity(results)),
        "warnings": warnings,
        "problems": problems.data(found),
        "results": folder and str(folder),
        **{name: results.rows(name) for name in tables},
    }


def _code(results: Results) -> int:
    """That of the objectives; of a comparison, of the variant that keeps them best.

    Where a replication failed it is that of the failure, whatever the others say.
    """
    if results.failed_replications:
        return INTERNAL_ERROR
    if results.about.objectives_met:
        return MET
    verdicts: dict[str, set[str]] = {}
    for row in results.rows("objectives"):
        if row["objective"]:  # else it is a variant of which nothing is asked
            verdicts.setdefault(row["variant"], set()).add(row["verdict"])
    ranked = (one.name for one in results.about.variants if not one.reference)
    open_ones = [name for name in ranked if verdicts.get(name, set()) <= {"met", "undecided"}]
    return UNDECIDED if open_ones else MISSED


def _shell(words: Sequence[str]) -> str:
    return shlex.join([PROGRAM, *words])
