"""The smallest (or largest) value of a path for which the objectives are met, with noise.

Each value is judged by the verdicts on its objectives, with common random numbers: replication k
has the same draws at all values. A value that stays undecided gets twice as many replications, up
to the most allowed. Verdicts share the error over all that the bracket rests on (`most_judged`
values, each with its looks and objectives), so that both its ends are as they are said to be at
least as often as the confidence of the objectives says. That more (or less) of the value is better
is taken for granted between the two, and looked at beyond the answer.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import TYPE_CHECKING

from sim.core.errors import ModelError, ScenarioError
from sim.experiments.objectives import describe, enlarged, experiments
from sim.experiments.ranking import ended_well
from sim.experiments.statistics.bisection import bisect, most_judged
from sim.experiments.statistics.stopping import FIRST_LOOK
from sim.formats.tree import Node, Scalar
from sim.scenario.document import changed
from sim.scenario.paths import find, parse
from sim.simulation import Simulation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from sim.experiments.objectives import Experiment
    from sim.experiments.running.execution import Execution
    from sim.experiments.running.failures import Failure
    from sim.experiments.running.replications import Measured
    from sim.experiments.statistics.bisection import Bracket
    from sim.experiments.statistics.verdicts import Outcome, Verdict
    from sim.experiments.studies.candidates import Candidates
    from sim.scenario import Objective, Scenario

WHERE = "find"
"""Begins messages about values that a file does not take."""


@dataclass(frozen=True)
class Trial:
    """One value of one variant, judged."""

    variant: str
    place: int
    """Of the value among the candidates, from the lowest on."""
    value: str
    """As a file would say it."""
    number: float
    outcome: Outcome
    """Of all objectives together: missed if any is, met if all are."""
    replications: int
    random: bool
    asks_for_rollouts: bool
    objectives: tuple[Objective, ...]
    texts: tuple[str, ...]
    """The objectives in words."""
    verdicts: tuple[Verdict, ...]
    failures: tuple[Failure, ...]
    unended: int = 0
    """Replications that meet no objective: a rollout was refused, never began, took nobody or
    did not end."""
    ended_well: float = 1.0
    """Share of the replications in which all that was requested ended well."""
    digest: str = ""
    """Of all that was measured in the replications of the first look."""

    @property
    def decisive(self) -> int:
        """Which objective decides: the first that is missed, else undecided, else the closest."""
        outcomes = [each.verdict for each in self.verdicts]
        if self.outcome != "met":
            return outcomes.index(self.outcome)
        shares = [
            each.low - asked.in_runs if asked.of == "runs" else 1.0
            for asked, each in zip(self.objectives, self.verdicts, strict=True)
        ]
        return shares.index(min(shares))


@dataclass(frozen=True)
class Found:
    """What came of the search in one variant."""

    variant: str
    bracket: Bracket
    """Its places count from the end of the values that should not do."""
    trials: tuple[Trial, ...]
    """In the order in which they were made."""
    scenario: Scenario | None
    """The variant at the answer; None where there is none."""
    parts: int
    """Into how many the error of each verdict is shared."""

    def trial(self, place: int) -> Trial:
        """The trial of a place of the bracket."""
        order = list(self.bracket.judged)
        return self.trials[order.index(place)]


def search(
    name: str,
    scenario_at: Callable[[str], Scenario],
    values: Candidates,
    looks: Sequence[int],
    *,
    largest: bool,
    before_look: Callable[[Simulation, int], None],
    execution: Execution,
) -> Found:
    """The bracket of one variant.

    Parameters
    ----------
    scenario_at
        Gives the variant at a value.
    looks
        After how many replications a value is looked at.
    before_look
        Is told how many replications there will be before each look.

    Raises
    ------
    ScenarioError
        If the file does not take one of the values, which is named.
    ModelError
        If every run at a value breaks an invariant of its own model, or the first ten do.
    """
    last = values.last
    parts = most_judged(last) * len(looks)
    trials: list[Trial] = []
    scenarios: dict[int, Scenario] = {}

    def judge(place: int) -> Outcome:
        at = last - place if largest else place
        scenarios[place] = scenario = scenario_at(values.text(at))
        simulation = Simulation(scenario)
        shares = parts * len(scenario.objectives)
        execution.progress.tell(" ".join(filter(None, [scenario.variant_name, values.text(at)])))
        try:
            for one in _looks(name, simulation, looks, shares, before_look, execution):
                if outcome_of(one.verdicts) != "undecided":
                    break
        except ModelError as error:
            error.add_note(change(values.path, values.text(at)))
            raise
        trials.append(_trial(name, at, values, one, looks[0]))
        return trials[-1].outcome

    bracket = bisect(last, judge)
    answer = None if bracket.met is None else scenarios[bracket.met]
    return Found(name, bracket, tuple(trials), answer, parts * len(trials[0].objectives))


def change(path: str, value: str) -> str:
    """The option of ``rollout-sim run FILE`` that sets the value."""
    return f"--set {shlex.quote(f'{path}={value}')}"


def _looks(
    name: str,
    simulation: Simulation,
    looks: Sequence[int],
    parts: int,
    before_look: Callable[[Simulation, int], None],
    execution: Execution,
) -> Iterator[Experiment]:
    """One value with more and more replications; without chance there is one look."""
    before_look(simulation, looks[0])
    named = [(name, simulation)]
    (one,) = experiments(named, range(looks[0]), looks=parts, execution=execution)
    yield one
    for runs in looks[1:] if one.measured.random else ():
        before_look(simulation, runs)
        (one,) = enlarged([one], runs, execution)
        yield one


def outcome_of(verdicts: Sequence[Verdict]) -> Outcome:
    """Of all objectives together."""
    outcomes = {each.verdict for each in verdicts}
    if "missed" in outcomes:
        return "missed"
    return "undecided" if "undecided" in outcomes else "met"


def looks_of(scenarios: Mapping[str, Scenario], most: int) -> list[int]:
    """After how many replications values are looked at: 30, 60, 120 and so on up to `most`.

    An objective that all runs must meet is judged by as many runs as the file makes: its verdict is
    there at once, and says nothing of further ones.
    """
    first = FIRST_LOOK
    for each in scenarios.values():
        if any(asked.of == "runs" and asked.in_runs >= 1 for asked in each.objectives):
            first = max(first, each.replications)
    looks = [min(first, most)]
    while looks[-1] < most:
        looks.append(min(2 * looks[-1], most))
    return looks


def without_path(variants: Mapping[str, Scenario], path: str, value: str) -> dict[str, str]:
    """The variants that have no such path while others have, with why: there is nothing to be
    searched in them. It names nothing there, or something above it does not go with what is there.
    """
    found = {name: _missing(each, path, value) for name, each in variants.items()}
    return {name: why for name, why in found.items() if why} if not all(found.values()) else {}


def _missing(scenario: Scenario, path: str, value: str) -> str:
    """Why a path is none of a scenario; nothing where only the value may be wrong."""
    tree, changes = scenario.written.tree, {path: Node(Scalar(value), WHERE)}
    try:
        changed(tree, changes)
    except ScenarioError as error:
        return error.problems[0].rule
    try:
        if find(tree, parse(path)) is None:
            scenario.point(changes)
    except ScenarioError as error:
        above = error.problems[0].path
        return f"cannot stand at {above}" if path.startswith(f"{above}.") else ""
    return ""


def at_value(scenario: Scenario, path: str, value: str) -> Scenario:
    """The scenario with one value of a path. ScenarioError, which names the value, if it is wrong.

    It points at the search, as the file itself does not hold the value.
    """
    try:
        return scenario.point({path: Node(Scalar(value), WHERE)})
    except ScenarioError as error:
        whose = f"{scenario.variant_name} at {value}" if scenario.variant_name else f"at {value}"
        told = [replace(each, rule=f"{each.rule} ({whose})") for each in error.problems]
        raise type(error)(told) from None


def _trial(name: str, at: int, values: Candidates, one: Experiment, first: int) -> Trial:
    asked = one.scenario.objectives
    return Trial(
        variant=name,
        place=at,
        value=values.text(at),
        number=values.number(at),
        outcome=outcome_of(one.verdicts),
        replications=len(one.measured.numbers),
        random=one.measured.random,
        asks_for_rollouts=one.measured.asks_for_rollouts,
        objectives=asked,
        texts=tuple(describe(each, one.scenario) for each in asked),
        verdicts=one.verdicts,
        failures=tuple(one.measured.failures),
        unended=_unended(one),
        ended_well=ended_well(one),
        digest=_digest(one.measured, first),
    )


def _digest(measured: Measured, first: int) -> str:
    """Of all values of the replications below `first`: equal where nothing differs."""
    made = measured.only(measured.numbers < first) if measured.random else measured
    found = sha256(made.numbers.tobytes())
    for key in sorted(made.values):
        found.update("\0".join(key).encode() + made.values[key].tobytes())
    return found.hexdigest()


def _unended(one: Experiment) -> int:
    """Of the objective whose system has most of them."""
    ended = (one.measured.rollouts_ended[each.system] for each in one.scenario.objectives)
    return max(int((~each).sum()) for each in ended)
