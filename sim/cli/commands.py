"""The command line: `rollout-sim new | validate | explain | run | compare | schema`.

The answer goes to stdout, progress and warnings to stderr. Exit codes: 0 every objective met, or
none given; 1 one missed or undecided; 2 the input is wrong; 3 our fault; 130 interrupted. Commands
import what they need when they are called: help and wrong options cost nothing.
"""

from __future__ import annotations

import io
import json
import math
import os
import shlex
import sys
import traceback
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from sim.cli.options import PROGRAM, parser
from sim.errors import ModelError, Problem, ScenarioError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path
    from typing import TextIO

    from sim.cli.answer import First, Setting
    from sim.cli.screen import Style
    from sim.results import Results, Run
    from sim.scenario import Scenario

MET, NOT_MET, WRONG_INPUT, OUR_FAULT, INTERRUPTED = 0, 1, 2, 3, 130
"""Exit codes."""


@dataclass(frozen=True)
class Answer:
    """What a command says on stdout, and its exit code."""

    text: str
    code: int = MET


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command, by default that of the shell, and give its exit code."""
    words = sys.argv[1:] if arguments is None else list(arguments)
    _let_encode(sys.stdout)
    _let_encode(sys.stderr)
    try:
        options = parser().parse_args(words)
        options.words = words
        answer = COMMANDS[options.command](options)
    except SystemExit:  # argparse has shown help or the version
        answer = Answer("")
    except ScenarioError as error:
        return _fail(map(_line, error.problems), WRONG_INPUT)
    except KeyboardInterrupt:
        return _fail([f"{PROGRAM}: interrupted"], INTERRUPTED)
    except ModelError as error:
        return _fail([f"{PROGRAM}: our fault: {error}", _repeat(words)], OUR_FAULT)
    except Exception as error:  # noqa: BLE001  (no user can mend it, whatever it is)
        traceback.print_exc()
        what = f"{type(error).__name__}: {error}; please report it with the scenario file"
        return _fail([f"{PROGRAM}: our fault: {what}", _repeat(words)], OUR_FAULT)
    return _say(answer)


# Commands -----------------------------------------------------------------------------------------


def _new(options: argparse.Namespace) -> Answer:
    from sim.cli.changes import changes
    from sim.scenario.starter import starter

    return Answer(starter(options.kind, changes(options.changes, "PATH=VALUE")))


def _schema(_: argparse.Namespace) -> Answer:
    from sim.scenario import json_schema

    return Answer(_json(json_schema()))


def _validate(options: argparse.Namespace) -> Answer:
    from sim.cli.screen import paragraph

    scenario = _scenario(options)
    warnings = _warn(scenario, options)
    checked = {
        "systems": [f"{name} ({spec.kind})" for name, spec in scenario.systems.items()],
        "operations": [each.name for each in scenario.operations],
        "objectives": [each.metric for each in scenario.objectives],
        "variants": list(scenario.variant_names),
        "other files": [each.path for each in scenario.inputs],
    }
    if options.json:
        return Answer(_json({"valid": True, "checked": checked, "warnings": warnings}))
    told = [f"{what}: {', '.join(names) or 'none'}" for what, names in checked.items()]
    told.append(f"warnings: {len(warnings) or 'none'}")
    lines = [line for each in told for line in paragraph(f"  {each}", "    ")]
    return Answer(_text([f"{options.file} is valid", *lines]))


def _explain(options: argparse.Namespace) -> Answer:
    from sim.cli.screen import paragraph
    from sim.explanation import before
    from sim.simulation import Simulation

    scenario = _scenario(options)
    if options.strict:
        _warn(scenario, options)
    lines = before(Simulation(scenario)).splitlines()
    names = ", ".join(scenario.variant_names)
    lines += ["", f"Variants (--variant NAME explains one): {names}."] if names else []
    return Answer(_text(short for line in lines for short in paragraph(line) or [""]))


def _run(options: argparse.Namespace) -> Answer:
    from sim import results
    from sim.cli import answer

    scenario, warnings = _ready(options)
    found = results.run(scenario, replay=options.replay, progress=not options.quiet)
    folder = _save(found, options)
    if options.json:
        return _as_json(found, warnings, folder)
    first = found.replay()
    firsts = {name: _first(first, name) for name in scenario.systems}
    setting, style = _setting(found, options), _style(sys.stdout)
    summary, objectives = found.rows("summary"), found.rows("objectives")
    lines = answer.run(setting, summary, objectives, firsts, style)
    return _ended(lines, found, folder)


def _compare(options: argparse.Namespace) -> Answer:
    from sim import results
    from sim.cli import answer

    scenario, warnings = _ready(options)
    found = results.compare(scenario, progress=not options.quiet)
    folder = _save(found, options)
    if options.json:
        return _as_json(found, warnings, folder)
    setting, style = _setting(found, options), _style(sys.stdout)
    references = [one.name for one in found.about.variants if one.reference]
    summary, objectives = found.rows("summary"), found.rows("objectives")
    conclusion = found.conclusion.sentence if found.conclusion else ""
    lines = answer.compare(setting, summary, objectives, references, conclusion, style)
    return _ended(lines, found, folder)


COMMANDS = {
    "new": _new,
    "validate": _validate,
    "explain": _explain,
    "run": _run,
    "compare": _compare,
    "schema": _schema,
}


# The scenario -------------------------------------------------------------------------------------


def _scenario(options: argparse.Namespace) -> Scenario:
    """The file with what the options change in it."""
    from sim.cli.changes import changes
    from sim.files import load
    from sim.systems.kind import unknown_name

    changed = changes(options.set, "--set")
    for key in ("seed", "replications"):
        if getattr(options, key, None) is not None:
            changed |= changes([f"{key}={getattr(options, key)}"], f"--{key}")
    scenario = load(options.file, changed)
    variant = getattr(options, "variant", None)
    if variant is None:
        return scenario
    known = scenario.variant_names or tuple(scenario.default_variants())
    if variant not in known:
        raise ScenarioError.of(unknown_name("a variant", variant, known), where="--variant")
    return scenario.variant(variant)


def _ready(options: argparse.Namespace) -> tuple[Scenario, list[str]]:
    """The scenario and its warnings, once it is known that its results have a place to go."""
    from sim.files import check_target

    if options.overwrite and options.out is None:
        raise ScenarioError.of("needs --out, the folder to overwrite", where="--overwrite")
    check_target(options.out, overwrite=options.overwrite)
    scenario = _scenario(options)
    return scenario, _warn(scenario, options)


def _warn(scenario: Scenario, options: argparse.Namespace) -> list[str]:
    """Tell on stderr what is legal and yet hardly meant; with --strict that is an error."""
    warnings = list(dict.fromkeys(_warnings(scenario, options)))
    if options.strict and warnings:
        parts = (warning.partition(": ") for warning in warnings)
        raise ScenarioError(Problem(where, "", rule) for where, _, rule in parts)
    if not options.quiet:
        for warning in warnings:
            print(f"warning: {warning}", file=sys.stderr)
    return warnings


def _warnings(scenario: Scenario, options: argparse.Namespace) -> Iterator[str]:
    """Of the file, and where they matter of its variants: also refusals that are foretold."""
    from sim.explanation import foretold
    from sim.scenario.references import told
    from sim.simulation import Simulation
    from sim.systems.kind import Finding

    names = scenario.variant_names if options.command in ("validate", "compare") else ()
    for one in (scenario, *map(scenario.variant, names)):
        yield from one.warnings
        findings = [Finding(path, sentence) for path, sentence in foretold(Simulation(one))]
        yield from map(str, told(one.written.tree, findings))


# The answer ---------------------------------------------------------------------------------------


def _save(results: Results, options: argparse.Namespace) -> Path:
    return results.save(
        options.out, overwrite=options.overwrite, keep=options.keep, command=_shell(options.words)
    )


def _setting(results: Results, options: argparse.Namespace) -> Setting:
    """What the answer says beside its numbers."""
    from sim.cli.answer import Setting, System

    about = results.about
    firsts = {one.name: results.replay(variant=one.name) for one in about.variants}
    systems = []
    for name, shown in about.headlines.items():
        having = [run for run in firsts.values() if name in run.scenario.systems]
        record = having[0].simulation.kinds[name]
        more = [each for each in record.metrics if options.all and each not in shown]
        groups = _groups(having, name) if options.all else ()
        size = _common([run.simulation.models[name].size for run in having])
        systems.append(System(name, size, record.metrics, (*shown, *more), groups))
    return Setting(
        name=about.name,
        systems=tuple(systems),
        replications=max(one.replications for one in about.variants),
        is_random=any(one.random for one in about.variants),
        warm_up=about.warm_up_s,
        horizon=about.horizon_s,
        start=about.start_time,
        objectives={name: run.scenario.objectives for name, run in firsts.items()},
        replayed=getattr(options, "replay", None),
    )


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
    from sim.cli.answer import First
    from sim.results.tables import chosen, to_rows

    series, scenario = run.simulation.kinds[system].main_series, run.scenario
    line = run.timeline(system, series).crop(scenario.warm_up, scenario.horizon)
    days = run.progress_table.filter(chosen(run.progress_table, system=system))
    return First(series, line, to_rows(days), run.told(system))


def _common(sizes: Sequence[str]) -> str:
    """Those parts that hold for every variant."""
    parts = [size.split(", ") for size in sizes]
    return ", ".join(part for part in parts[0] if all(part in each for each in parts))


def _ended(lines: list[str], results: Results, folder: Path) -> Answer:
    """The answer with what it rests on and where the rest is."""
    from sim.cli.answer import footer
    from sim.systems import KINDS

    pictures = sorted((folder / "figures").glob("*.png"))
    series = KINDS[next(iter(results.about.kinds.values()))].main_series
    picture = next((each for each in pictures if series in each.name), None)
    places = [f"picture: {picture}"] if picture else [f"results: {folder}"]
    return Answer(_text([*lines, *footer(results.about.assumptions, places)]), _code(results))


def _as_json(results: Results, warnings: list[str], folder: Path) -> Answer:
    tables = ("summary", "objectives", "comparison", "operations", "progress")
    found = {
        **asdict(results.about),
        "warnings": warnings,
        "results": str(folder),
        **{name: results.rows(name) for name in tables},
    }
    return Answer(_json(found), _code(results))


def _code(results: Results) -> int:
    return MET if results.about.objectives_met else NOT_MET


def _text(lines: Iterable[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


def _json(found: object) -> str:
    return json.dumps(_without_nan(found), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _without_nan(found: Any) -> Any:
    """The same with null for what is no number: JSON has none."""
    if isinstance(found, dict):
        return {key: _without_nan(value) for key, value in found.items()}
    if isinstance(found, list | tuple):
        return [_without_nan(value) for value in found]
    return None if isinstance(found, float) and not math.isfinite(found) else found


# Streams ------------------------------------------------------------------------------------------


def _let_encode(stream: TextIO) -> None:
    """A name that the stream cannot show is escaped; it must not end the program."""
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors="backslashreplace")


def _style(stream: TextIO) -> Style:
    """Plain when piped, and no more than the stream can show."""
    from sim.cli.screen import BLOCKS, Style

    plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb" or os.name == "nt"
    try:
        BLOCKS.encode(stream.encoding or "ascii")
        shows_blocks = True
    except UnicodeEncodeError:
        shows_blocks = False
    return Style(colour=stream.isatty() and not plain, blocks=shows_blocks)


def _say(answer: Answer) -> int:
    try:
        sys.stdout.write(answer.text)
        sys.stdout.flush()
    except OSError as error:
        # Python would complain once more when it closes stdout in the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if not isinstance(error, BrokenPipeError):  # who reads may have had enough
            return _fail([f"{PROGRAM}: the answer cannot be written: {error.strerror}"], OUR_FAULT)
    return answer.code


def _fail(lines: Iterable[str], code: int) -> int:
    sys.stderr.write(_text(lines))
    return code


def _line(problem: Problem) -> str:
    """Whatever has no place is about the command itself."""
    return str(problem) if problem.where or problem.path else f"{PROGRAM}: {problem}"


def _shell(words: Sequence[str]) -> str:
    return shlex.join([PROGRAM, *words])


def _repeat(words: Sequence[str]) -> str:
    return f"the command was: {_shell(words)}"
