"""The points of a sweep as scenarios, each checked as a whole file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.core.errors import MOST_PROBLEMS, Problem, ScenarioError
from sim.formats.tree import dotted
from sim.scenario.paths import parse
from sim.scenario.variants import variants

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sim.scenario.scenario import Scenario
    from sim.scenario.sweeps import Sweep

MOST_SHOWN = 3
"""Axes of a point that are named in a message."""


def points(scenario: Scenario, sweep: Sweep) -> Iterator[Scenario]:
    """The points of a sweep, made one after the other: whoever keeps none needs little memory.

    Raises
    ------
    ScenarioError
        As `check` says it, where a point is no scenario.
    """
    for number in range(sweep.size):
        yield scenario.point(sweep.changes(number))


def check(scenario: Scenario, sweep: Sweep) -> None:
    """Look at each point as a whole file.

    Raises
    ------
    ScenarioError
        With what is wrong, at the lines of the sweep; what is wrong with a value is told of the
        first point that has it.
    """
    problems: dict[tuple[str, str], Problem] = {}
    for number in range(sweep.size):
        try:
            scenario.point(sweep.changes(number))
        except ScenarioError as error:
            for each in error.problems:
                told = _retold(each, sweep, number)
                problems.setdefault((told.where, told.rule), told)
        if len(problems) > MOST_PROBLEMS:
            break
    if problems:
        raise ScenarioError(problems.values())


def _retold(problem: Problem, sweep: Sweep, number: int) -> Problem:
    """The same problem with the point's name, at a line of the sweep."""
    changed = sweep.changes(number).values()
    own = {at for node in changed for at in (node.where, node.key_where)}
    where = problem.where if problem.where in own else sweep.node.key_where or sweep.node.where
    point = f"sweep: point {number} ({sweep.label(number, MOST_SHOWN)})"
    return Problem(where, ": ".join(filter(None, (point, problem.path))), problem.rule)


def set_by_variants(scenario: Scenario, sweep: Sweep, only: str | None = None) -> list[str]:
    """Of variants that set the path of an axis themselves, so that it changes nothing in them.

    `only` names the variant that is run, where it is the only one.
    """
    told = []
    for name, variant in variants(scenario.written.tree).items():
        if only not in (None, name):
            continue
        own = [parse(path) for path in variant.changes]
        for axis in sweep.axes:
            keys = parse(axis.path)
            if any(keys[: len(each)] == each for each in own):
                where = variant.node.key_where or variant.node.where
                rule = f"sets {axis.path} itself, so the axis {axis.name} changes nothing in it"
                told.append(str(Problem(where, dotted(("variants", name)), rule)))
    return told
