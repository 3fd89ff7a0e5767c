"""The scenario that a command is about, as its options change it, and what it is warned of."""

from __future__ import annotations

import warnings as python_warnings
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.bounds import located
from sim.cli.answers import streams
from sim.cli.options.overrides import overrides
from sim.core.errors import LongRunWarning, Problem, ScenarioError
from sim.files import check_target, load, load_stream
from sim.forecast.dry_runs import idle_safeguards
from sim.forecast.estimate import estimate
from sim.forecast.explanation import predicted_rejections
from sim.forecast.warm_up import rollouts_in_warm_up
from sim.scenario.issues import as_problems
from sim.simulation import Simulation
from sim.systems.base.spec import Issue, unknown_name

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from sim.scenario import Scenario

STDIN = "-"
"""Stands for stdin where a scenario file is asked for."""

MOST_FORETOLD = 50
"""Variants that are walked through in advance."""
MOST_REQUESTS_FORETOLD = 1_000
"""Operations of all of them together."""


def read(options: argparse.Namespace) -> Scenario:
    """The file with what the options change in it."""
    changed = overrides(options.set, "--set")
    for key in ("seed", "replications"):
        if getattr(options, key, None) is not None:
            changed |= overrides([f"{key}={getattr(options, key)}"], f"--{key}")
    if options.file == STDIN:
        scenario = load_stream(streams.stdin(), origin(options), changed)
    else:
        scenario = load(options.file, changed)
    variant = getattr(options, "variant", None)
    if variant is None:
        return scenario
    known = scenario.variant_names or tuple(scenario.default_variants())
    if variant not in known:
        raise ScenarioError.of(unknown_name("a variant", variant, known), where="--variant")
    return scenario.variant(variant)


def origin(options: argparse.Namespace) -> str:
    """What the scenario file is called in messages."""
    return "stdin" if options.file == STDIN else str(options.file)


def ready(options: argparse.Namespace) -> tuple[Scenario, list[str]]:
    """The scenario and its warnings, once it is known that its results have a place to go."""
    if options.no_files:
        _refuse_places(options)
    else:
        if options.overwrite and options.out is None:
            raise ScenarioError.of("needs --out, the folder to overwrite", where="--overwrite")
        try:
            check_target(options.out, overwrite=options.overwrite)
        except ScenarioError as error:
            # It may have been killed when its results had their name and before it had tidied up.
            if options.resume and options.out is not None and Path(options.out).is_dir():
                error.add_note(f"if the interrupted run had saved {options.out}, all is done")
            raise
    scenario = read(options)
    return scenario, warn(scenario, options)


def _refuse_places(options: argparse.Namespace) -> None:
    """What is asked of a folder that is not to be."""
    for key in ("out", "overwrite", "keep", "figures", "resume"):
        if getattr(options, key):
            raise ScenarioError.of(f"must not be given together with --{key}", where="--no-files")


def warn(scenario: Scenario, options: argparse.Namespace, *, silent: bool = False) -> list[str]:
    """Tell on stderr what is legal and yet hardly meant; with --strict that is an error."""
    warnings = list(dict.fromkeys(_warnings(scenario, options)))
    if options.strict and warnings:
        parts = (warning.partition(": ") for warning in warnings)
        raise ScenarioError(Problem(where, "", rule) for where, _, rule in parts)
    if not (options.quiet or silent):
        streams.tell(f"warning: {warning}" for warning in warnings)
    return warnings


@contextmanager
def cost_is_noted(notes: list[str], options: argparse.Namespace) -> Iterator[None]:
    """Tell on stderr of a long run before it begins; `notes` gets it too.

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


def _warnings(scenario: Scenario, options: argparse.Namespace) -> Iterator[str]:
    """Of the file, and where they matter of its variants: also refusals that are foretold."""
    several = ("validate", "compare", "sweep", "find")
    names = scenario.variant_names if options.command in several else ()
    most = min(MOST_FORETOLD, MOST_REQUESTS_FORETOLD // max(1, len(scenario.operations)))
    for one in (scenario, *map(scenario.variant, names[:most])):
        yield from one.warnings
        simulation = Simulation(one)
        foretold = [
            *predicted_rejections(simulation),
            *idle_safeguards(simulation),
            *rollouts_in_warm_up(simulation),
        ]
        findings = [Issue(path, sentence) for path, sentence in foretold]
        yield from map(str, as_problems(one.written.tree, findings))
        expected = estimate(simulation, one.replications)
        if expected.is_unbounded and options.command in ("validate", "explain"):
            rule = f"expected are {expected.beyond}: run refuses that without --force"
            yield str(located(one, expected.largest.path, rule))
    if len(names) > most:
        whose = f"the first {most} of {len(names):,} variants" if most else "the file itself"
        yield f"{origin(options)}: warnings of rejections and likely mistakes cover {whose} only"
