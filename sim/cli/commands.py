"""The command line: `rollout-sim new | validate | explain | run | compare | keys | schema`.

The answer goes to stdout, progress and warnings to stderr. Commands import what they need when they
are called: help and wrong options cost nothing.
"""

from __future__ import annotations

import json
import math
import shlex
import signal
import sys
import threading
import traceback
import warnings as python_warnings
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from sim.cli import problems, streams
from sim.cli.options import PROGRAM, parser
from sim.core.errors import LongRunWarning, ModelError, Problem, ScenarioError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from sim.cli.console import Style
    from sim.cli.summary import First, Setting
    from sim.experiments.multiplicity import Multiplicity
    from sim.results import Results, Run
    from sim.scenario import Scenario

MET, MISSED, WRONG_INPUT, INTERNAL_ERROR, UNDECIDED, NOT_SAVED, INTERRUPTED = 0, 1, 2, 3, 4, 5, 130
"""Exit codes, as the help explains them."""

STDIN = "-"
"""Stands for stdin where a scenario file is asked for."""


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
        return _failed(_internal(str(error), words), INTERNAL_ERROR, words)
    except Exception as error:  # noqa: BLE001  (no user can mend it, whatever it is)
        return _failed(_surprise(error, words), INTERNAL_ERROR, words)


def _failed(found: Sequence[Problem], code: int, words: Sequence[str]) -> Answer:
    """No answer but what is wrong, under --json as data too."""
    if "--json" not in words:
        return Answer("", code, tuple(problems.lines(found)))
    told = () if "--quiet" in words else tuple(problems.lines(found))
    valid = {"valid": False} if words[:1] == ["validate"] else {}
    return Answer(_json(valid | {"problems": problems.data(found)}), code, told)


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
    streams.tell(line for each in traceback.format_exception(error) for line in each.splitlines())
    what = f"{type(error).__name__}: {error}; please report it with the scenario file"
    return _internal(what, words)


def _internal(what: str, words: Sequence[str]) -> list[Problem]:
    said = (f"internal error: {what}", f"the command was: {_shell(words)}")
    return [Problem("", "", each) for each in said]


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

    return Answer(_json(json_schema()))


def _validate(options: argparse.Namespace) -> Answer:
    from sim.cli.console import paragraph
    from sim.formats.checking import listed

    scenario = _scenario(options)
    warnings = _warn(scenario, options)
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
        return Answer(_json(found))
    told = [f"{what}: {listed(names) or 'none'}" for what, names in checked.items()]
    told.append(f"warnings: {len(warnings) or 'none'}")
    lines = [line for each in told for line in paragraph(f"  {each}", "    ")]
    return Answer(streams.text([f"{_origin(options)} is valid", *lines]))


def _explain(options: argparse.Namespace) -> Answer:
    from sim.cli.console import paragraph
    from sim.forecast.explanation import describe
    from sim.simulation import Simulation

    scenario = _scenario(options)
    # It tells them itself, in its own words.
    warnings = _warn(scenario, options, silent=True)
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
        return Answer(_json(found))
    lines += ["", f"Variants (--variant NAME explains one): {', '.join(names)}."] if names else []
    return Answer(streams.text(short for line in lines for short in paragraph(line) or [""]))


def _run(options: argparse.Namespace) -> Answer:
    from sim import results
    from sim.cli import summary
    from sim.cli.outcomes import notes

    scenario, warnings = _ready(options)
    with _cost_is_noted(warnings, options):
        found = results.run(
            scenario, replay=options.replay, progress=not options.quiet, force=options.force
        )
    first = found.replay()
    firsts = {name: _first(first, name) for name in scenario.systems}
    setting = _setting(found, options)
    rows, objectives = found.rows("summary"), found.rows("objectives")
    said = notes(found)[found.about.variants[0].name]

    def lines(style: Style) -> list[str]:
        return summary.run(setting, rows, objectives, firsts, style, said)

    return _finished(found, lines, warnings, options)


def _compare(options: argparse.Namespace) -> Answer:
    from sim import results
    from sim.cli import summary
    from sim.cli.outcomes import notes, price, together

    scenario, warnings = _ready(options)
    with _cost_is_noted(warnings, options):
        found = results.compare(scenario, progress=not options.quiet, force=options.force)
    setting = _setting(found, options)
    references = [one.name for one in found.about.variants if one.reference]
    rows, objectives = found.rows("summary"), found.rows("objectives")
    told = notes(found)
    conclusion = ""
    if found.conclusion:
        conclusion = "\n".join([found.conclusion.sentence, *price(told, found.conclusion.best)])
    said = together(told)

    def lines(style: Style) -> list[str]:
        return summary.compare(setting, rows, objectives, references, conclusion, style, said)

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


# The scenario -------------------------------------------------------------------------------------


def _scenario(options: argparse.Namespace) -> Scenario:
    """The file with what the options change in it."""
    from sim.cli.overrides import overrides
    from sim.files import load, load_stream
    from sim.systems.base.spec import unknown_name

    changed = overrides(options.set, "--set")
    for key in ("seed", "replications"):
        if getattr(options, key, None) is not None:
            changed |= overrides([f"{key}={getattr(options, key)}"], f"--{key}")
    if options.file == STDIN:
        scenario = load_stream(streams.stdin(), _origin(options), changed)
    else:
        scenario = load(options.file, changed)
    variant = getattr(options, "variant", None)
    if variant is None:
        return scenario
    known = scenario.variant_names or tuple(scenario.default_variants())
    if variant not in known:
        raise ScenarioError.of(unknown_name("a variant", variant, known), where="--variant")
    return scenario.variant(variant)


def _origin(options: argparse.Namespace) -> str:
    """What the scenario file is called in messages."""
    return "stdin" if options.file == STDIN else str(options.file)


def _ready(options: argparse.Namespace) -> tuple[Scenario, list[str]]:
    """The scenario and its warnings, once it is known that its results have a place to go."""
    from sim.files import check_target

    if options.no_files:
        _refuse_places(options)
    else:
        if options.overwrite and options.out is None:
            raise ScenarioError.of("needs --out, the folder to overwrite", where="--overwrite")
        check_target(options.out, overwrite=options.overwrite)
    scenario = _scenario(options)
    return scenario, _warn(scenario, options)


def _refuse_places(options: argparse.Namespace) -> None:
    """What is asked of a folder that is not to be."""
    for key in ("out", "overwrite", "keep", "figures"):
        if getattr(options, key):
            raise ScenarioError.of(f"must not be given together with --{key}", where="--no-files")


def _warn(scenario: Scenario, options: argparse.Namespace, *, silent: bool = False) -> list[str]:
    """Tell on stderr what is legal and yet hardly meant; with --strict that is an error."""
    warnings = list(dict.fromkeys(_warnings(scenario, options)))
    if options.strict and warnings:
        parts = (warning.partition(": ") for warning in warnings)
        raise ScenarioError(Problem(where, "", rule) for where, _, rule in parts)
    if not (options.quiet or silent):
        streams.tell(f"warning: {warning}" for warning in warnings)
    return warnings


@contextmanager
def _cost_is_noted(notes: list[str], options: argparse.Namespace) -> Iterator[None]:
    """Tell on stderr of a long run before it begins; `told` gets it too.

    It is no error with --strict: nothing is wrong with the file.
    """
    shown = python_warnings.showwarning

    def show(message: Warning | str, category: type[Warning], *rest: Any, **more: Any) -> None:
        if not issubclass(category, LongRunWarning):
            shown(message, category, *rest, **more)
            return
        notes.append(str(message))
        if not options.quiet:
            streams.tell([f"warning: {message}"])

    with python_warnings.catch_warnings():
        python_warnings.simplefilter("always", LongRunWarning)
        python_warnings.showwarning = show
        yield


MOST_FORETOLD = 50
"""Variants that are walked through in advance."""
MOST_REQUESTS_FORETOLD = 1_000
"""Operations of all of them together."""


def _warnings(scenario: Scenario, options: argparse.Namespace) -> Iterator[str]:
    """Of the file, and where they matter of its variants: also refusals that are foretold."""
    from sim.bounds import located
    from sim.forecast.estimate import estimate
    from sim.forecast.explanation import predicted_rejections
    from sim.scenario.issues import as_problems
    from sim.simulation import Simulation
    from sim.systems.base.spec import Issue

    names = scenario.variant_names if options.command in ("validate", "compare") else ()
    most = min(MOST_FORETOLD, MOST_REQUESTS_FORETOLD // max(1, len(scenario.operations)))
    for one in (scenario, *map(scenario.variant, names[:most])):
        yield from one.warnings
        simulation = Simulation(one)
        findings = [Issue(path, sentence) for path, sentence in predicted_rejections(simulation)]
        yield from map(str, as_problems(one.written.tree, findings))
        expected = estimate(simulation, one.replications)
        if expected.is_unbounded and options.command in ("validate", "explain"):
            rule = f"expected are {expected.beyond}: run refuses that without --force"
            yield str(located(one, expected.largest.path, rule))
    if len(names) > most:
        whose = f"the first {most} of {len(names):,} variants" if most else "the file itself"
        yield f"{_origin(options)}: warnings of rejections and likely mistakes cover {whose} only"


# The answer ---------------------------------------------------------------------------------------


def _finished(
    results: Results,
    lines: Callable[[Style], list[str]],
    warnings: list[str],
    options: argparse.Namespace,
) -> Answer:
    """The answer, once its results are saved; it stands where that fails or is interrupted."""
    folder, code, found = None, _code(results), list[Problem]()
    if not options.no_files:
        try:
            folder = _save(results, lines, options)
        except ScenarioError as error:
            code, found = NOT_SAVED, list(error.problems)
        except KeyboardInterrupt:
            told = "interrupted while results were written; nothing is saved"
            code, found = INTERRUPTED, [Problem("", "", told)]
        except MemoryError:
            told = "this machine does not have the memory to save the results; nothing is saved"
            code, found = NOT_SAVED, [Problem("", "", told)]
        except Exception as error:  # noqa: BLE001  (a picture that fails costs no answer)
            code, found = INTERNAL_ERROR, _surprise(error, options.words)
    said = tuple(problems.lines(found))
    if options.json:
        text = _json(_data(results, warnings, folder, found))
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


def _setting(results: Results, options: argparse.Namespace) -> Setting:
    """What the answer says beside its numbers."""
    from sim.cli.outcomes import rare
    from sim.cli.summary import Setting, System

    about = results.about
    firsts = {one.name: results.replay(variant=one.name) for one in about.variants}
    systems = []
    for name, shown in about.headlines.items():
        having = [run for run in firsts.values() if name in run.scenario.systems]
        record = having[0].simulation.kinds[name]
        measured = {row["metric"]: None for row in results.rows("summary") if row["system"] == name}
        more = [each for each in measured if options.all and each not in shown]
        groups = _groups(having, name) if options.all else ()
        size = _common([run.simulation.models[name].size_in(run.log) for run in having])
        judged = _judged_alone(having, name, shown)
        more = [each for each in more if each not in judged]
        systems.append(System(name, size, record.metrics, (*shown, *judged, *more), groups))
    return Setting(
        name=about.name,
        systems=tuple(systems),
        replications=max(one.replications for one in about.variants),
        is_random=any(one.random for one in about.variants),
        warm_up=about.warm_up_s,
        horizon=about.horizon_s,
        start=about.start_time,
        objectives={name: run.scenario.objectives for name, run in firsts.items()},
        rare=rare(results),
        variant=getattr(options, "variant", None) or "",
        replayed=getattr(options, "replay", None),
        is_saved=not options.no_files,
    )


def _judged_alone(runs: Sequence[Run], system: str, shown: Sequence[str]) -> list[str]:
    """The metrics of a system that objectives name beside its headlines: their values are shown."""
    named = dict.fromkeys(
        objective.metric
        for run in runs
        for objective in run.scenario.objectives
        if objective.system == system and not objective.group
    )
    return [metric for metric in named if metric not in shown]


def _groups(runs: Sequence[Run], system: str) -> tuple[str, ...]:
    """The groups of a system's members in any of its variants."""
    found: dict[str, None] = {}
    for run in runs:
        own = [each for each in run.scenario.operations if each.system == system]
        groups = run.simulation.kinds[system].groups(run.scenario.systems[system], own)
        found |= dict.fromkeys(groups)
    return tuple(found)


def _first(run: Run, system: str) -> First:
    """What a system's replication shows beside its numbers."""
    from sim.cli.summary import First
    from sim.results.tables import chosen, to_rows

    series, scenario = run.simulation.kinds[system].main_series, run.scenario
    line = run.timeline(system, series).crop(scenario.warm_up, scenario.horizon)
    days = run.progress_table.filter(chosen(run.progress_table, system=system))
    return First(series, line, to_rows(days), _changes(run, system))


def _changes(run: Run, system: str) -> list[float]:
    """When anything that an answer speaks of happens in a run, seconds."""
    subjects, rows = run.log.subjects, run.log.rows
    changes: list[float] = run.timeline(system, "capacity").simplified().times[1:].tolist()
    for block in (*subjects.of(system, "operation"), *subjects.of(system, "upgrade")):
        own = (rows["subject"] >= block.first) & (rows["subject"] < block.first + block.count)
        changes += rows["time"][own].tolist()
    return changes


def _common(sizes: Sequence[str]) -> str:
    """Those parts that hold for every variant."""
    parts = [size.split(", ") for size in sizes]
    return ", ".join(part for part in parts[0] if all(part in each for each in parts))


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
    """That of the objectives; of a comparison, of the variant that keeps them best."""
    if results.about.objectives_met:
        return MET
    verdicts: dict[str, set[str]] = {}
    for row in results.rows("objectives"):
        if row["objective"]:  # else it is a variant of which nothing is asked
            verdicts.setdefault(row["variant"], set()).add(row["verdict"])
    ranked = (one.name for one in results.about.variants if not one.reference)
    open_ones = [name for name in ranked if verdicts.get(name, set()) <= {"met", "undecided"}]
    return UNDECIDED if open_ones else MISSED


def _json(found: object) -> str:
    text = json.dumps(_without_nan(found), indent=2, ensure_ascii=False, allow_nan=False)
    lines = (line if line.isprintable() else _escaped(line) for line in text.split("\n"))
    return "".join(f"{line}\n" for line in lines)


def _escaped(line: str) -> str:
    """JSON itself escapes only some of what could move a terminal's cursor."""
    return "".join(c if c.isprintable() else json.dumps(c)[1:-1] for c in line)


def _without_nan(found: Any) -> Any:
    """The same with null for what is no number: JSON has none."""
    if isinstance(found, dict):
        return {key: _without_nan(value) for key, value in found.items()}
    if isinstance(found, list | tuple):
        return [_without_nan(value) for value in found]
    return None if isinstance(found, float) and not math.isfinite(found) else found


def _shell(words: Sequence[str]) -> str:
    return shlex.join([PROGRAM, *words])
