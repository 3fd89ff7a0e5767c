"""The command line: `rollout-sim new | validate | explain | run | compare | schema`.

The answer goes to stdout, progress and warnings to stderr. Exit codes: 0 every objective met, or
none given; 1 one missed or undecided; 2 the input is wrong; 3 our fault; 130 interrupted. Commands
import what they need when they are called: help and wrong options cost nothing.
"""

from __future__ import annotations

import json
import os
import shlex
import sys
import traceback
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from sim.cli_options import PROGRAM, parser
from sim.errors import ModelError, Problem, ScenarioError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Iterator, Sequence
    from typing import TextIO

    from sim.answer import Setting
    from sim.results import Results
    from sim.scenario import Scenario
    from sim.screen import Style

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
        answer: Answer = COMMANDS[options.command](options)
    except SystemExit as done:  # argparse has shown help or the version
        answer = Answer("", int(done.code or MET))
    except ScenarioError as error:
        return _fail([_line(problem) for problem in error.problems], WRONG_INPUT)
    except KeyboardInterrupt:
        return _fail([f"{PROGRAM}: interrupted"], INTERRUPTED)
    except ModelError as error:
        return _fail([f"{PROGRAM}: our fault: {error}", _reproduce(words)], OUR_FAULT)
    except Exception as error:  # noqa: BLE001  (whatever it is, no user can mend it)
        traceback.print_exc()
        what = f"{PROGRAM}: our fault: {type(error).__name__}: {error}"
        return _fail([what, _reproduce(words)], OUR_FAULT)
    return _say(answer)


# Commands -----------------------------------------------------------------------------------------


def _new(options: argparse.Namespace) -> Answer:
    from sim.scenario_starter import starter

    return Answer(starter(options.kind, _changes(options.changes)))


def _schema(_: argparse.Namespace) -> Answer:
    from sim.scenario import json_schema

    return Answer(json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n")


def _validate(options: argparse.Namespace) -> Answer:
    scenario = _scenario(options)
    warnings = _warned(scenario, options)
    if options.json:
        found = {"valid": True, "name": scenario.name, "warnings": warnings}
        return Answer(_json(found))
    return Answer("\n".join(_checked(options.file, scenario, warnings)) + "\n")


def _explain(options: argparse.Namespace) -> Answer:
    from sim.explanation import before
    from sim.screen import paragraph
    from sim.simulation import Simulation

    scenario = _scenario(options)
    _warned(scenario, options, say=False)
    lines = before(Simulation(scenario)).splitlines()
    if scenario.variant_names:
        names = ", ".join(scenario.variant_names)
        lines += ["", f"Variants: {names}. Explain one with --variant NAME."]
    return Answer("\n".join(wrapped for line in lines for wrapped in paragraph(line) or [""]) + "\n")


def _run(options: argparse.Namespace) -> Answer:
    from sim import answer
    from sim.results import run

    scenario = _ready(options)
    results = run(scenario, replay=options.replay, progress=not options.quiet)
    folder, style = _save(results, options), _style(sys.stdout)
    if options.json:
        return _as_json(results, folder)
    setting, first = _setting(scenario, results, options), results.replay()
    capacity = {
        name: first.timeline(name, "capacity").crop(scenario.warm_up, scenario.horizon)
        for name in scenario.systems
    }
    lines = answer.run(setting, results.rows("summary"), results.rows("objectives"), capacity, style)
    return _with_footer(lines, setting, folder, results)


def _compare(options: argparse.Namespace) -> Answer:
    from sim import answer
    from sim.results import compare

    scenario = _ready(options)
    results = compare(scenario, progress=not options.quiet)
    folder, style = _save(results, options), _style(sys.stdout)
    if options.json:
        return _as_json(results, folder)
    setting = _setting(scenario, results, options)
    references = [one.name for one in results.about.variants if one.reference]
    lines = answer.compare(
        setting, results.rows("summary"), results.rows("objectives"), references, style
    )
    lines += answer.conclusion(results.about.conclusion)
    return _with_footer(lines, setting, folder, results)


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
    from sim.files import load

    scenario = load(options.file)
    changes = _changes(options.set)
    changes |= {key: value for key in ("seed", "replications") if (value := _given(options, key))}
    if changes:
        scenario = scenario.override(changes)
    return scenario.variant(options.variant) if _given(options, "variant") else scenario


def _given(options: argparse.Namespace, name: str) -> object:
    """An option's value; None where it was not given, or the command does not have it."""
    return getattr(options, name, None)


def _changes(words: Iterable[str]) -> dict[str, object]:
    from sim.cli_changes import changes

    return changes(words)


def _ready(options: argparse.Namespace) -> Scenario:
    """The scenario, once all that is foretold is told and the results have a place to go."""
    from sim.files import check_target

    if options.overwrite and not options.out:
        raise ScenarioError.of("--overwrite needs --out, the folder to overwrite", where=PROGRAM)
    check_target(options.out, overwrite=options.overwrite)
    scenario = _scenario(options)
    _warned(scenario, options)
    return scenario


def _warned(scenario: Scenario, options: argparse.Namespace, *, say: bool = True) -> list[str]:
    """Tell on stderr what is legal and yet hardly meant; with --strict that is an error."""
    warnings = list(dict.fromkeys(_warnings(scenario)))
    if options.strict and warnings:
        raise ScenarioError(Problem("", "", warning) for warning in warnings)
    if say and not _given(options, "quiet"):
        for warning in warnings:
            print(f"warning: {warning}", file=sys.stderr)
    return warnings


def _warnings(scenario: Scenario) -> Iterator[str]:
    """Of the file, then of each of its variants."""
    from sim.scenario_references import told
    from sim.simulation import Simulation
    from sim.systems.kind import Finding

    for one in (scenario, *(scenario.variant(name) for name in scenario.variant_names)):
        yield from one.warnings
        for model in Simulation(one).models.values():
            findings = [Finding(path, sentence) for path, sentence in model.foretold()]
            yield from map(str, told(one.written.tree, findings))
