"""Which assumption decides: each guess halved and doubled, one at a time, and several at once.

All points see common random numbers, so that a change is a mean of paired differences; where a
guess matters to nothing, a metric is identical in all replications.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from itertools import chain
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sim.core.errors import ScenarioError
from sim.core.metrics import Key
from sim.experiments.comparison import difference
from sim.experiments.conclusion import conclude
from sim.experiments.latin_hypercube import factors, rank_correlations
from sim.experiments.objectives import describe, experiments
from sim.formats.tree import plain
from sim.scenario.factors import Change, Factors
from sim.simulation import Simulation

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from sim.experiments.comparison import Difference
    from sim.experiments.execution import Execution
    from sim.experiments.objectives import Experiment
    from sim.formats.tree import Node
    from sim.scenario import Scenario
    from sim.scenario.guesses import Guess

HALF, DOUBLE = 0.5, 2.0
LEVEL = 0.95
"""Of each interval by itself."""
MOST_RUNS_TOGETHER = 20
"""Replications of each point at which all guesses move: they see the same random numbers."""
NO_VALUES: Mapping[str, Node] = MappingProxyType({})
NOT_ASSUMED = Change({}, "", "is not assumed in this variant")
ENDED = "rollouts ended well"
BEST = "best"


@dataclass(frozen=True)
class Effect:
    """What a factor on one guess does to one metric of a variant, in the metric's unit.

    Without a metric it says why the guess cannot change so.
    """

    number: int
    """Of the guess, from 1 on, in the order of the scenario."""
    assumption: str
    factor: float
    changed_to: str
    variant: str
    note: str
    """Why nothing changes, or what of the factor is left."""
    row: Difference | None
    """The variant with the other value, set against itself."""

    @property
    def key(self) -> Key | None:
        """The metric."""
        row = self.row
        return None if row is None else Key(row.system, row.group, row.metric)

    @property
    def weight(self) -> float:
        """The change as a share of the larger value; 1 where a value is missing in one of them."""
        row = self.row
        return 0.0 if row is None else weight(row.mean, row.baseline_mean, row.better)


def weight(mean: float, baseline_mean: float, better: str) -> float:
    """A change as a share of the larger mean; 1 where one of both is missing."""
    if better == "identical":
        return 0.0
    if np.isnan(mean) or np.isnan(baseline_mean):
        return 1.0
    return abs(mean - baseline_mean) / (max(abs(mean), abs(baseline_mean)) or 1.0)


@dataclass(frozen=True)
class Flip:
    """What a factor on one guess turns over: a verdict, what is best, how many runs end well."""

    number: int
    assumption: str
    factor: float
    variant: str
    """Empty where it is about the variants together."""
    what: str
    before: str
    after: str


class Point(NamedTuple):
    """One point of the Latin hypercube: the factor of each guess, a mean of each headline."""

    variant: str
    point: int
    factors: NDArray[np.float64]
    means: Mapping[Key, float]
    """NaN where a value is missing in any replication."""


@dataclass(frozen=True, eq=False)
class Sensitivity:
    """How an answer depends on what is assumed."""

    scenario: Scenario
    variants: Sequence[Experiment]
    """As the scenario is."""
    guesses: Sequence[Guess]
    """All that is assumed."""
    moved: Sequence[int]
    """The numbers of those that the Latin hypercube moves."""
    effects: Sequence[Effect]
    flips: Sequence[Flip]
    points: Sequence[Point]
    refused: int
    """Points of the Latin hypercube that the file's checks refuse."""
    failing: Sequence[tuple[Experiment, Sequence[str]]]
    """Those of which a replication failed, with the values that they differ by, each PATH=VALUE."""

    def correlations(self) -> dict[tuple[int, str, Key], tuple[float, float]]:
        """By guess, variant and metric: Spearman's rank correlation and the partial one."""
        found = {}
        for one in self.variants:
            own = [each for each in self.points if each.variant == one.variant]
            given = np.array([each.factors for each in own])
            for key in own[0].means if own else ():
                results = np.array([each.means[key] for each in own])
                simple, partial = rank_correlations(given, results)
                for place, number in enumerate(self.moved):
                    found[number, one.variant, key] = float(simple[place]), float(partial[place])
        return found


def guesses_of(scenarios: Mapping[str, Factors], of: Sequence[str] | None) -> list[Guess]:
    """All that is assumed in any variant, or what is named; what has several numbers once."""
    found: dict[object, Guess] = {}
    for each in scenarios.values():
        own = each.scenario.guesses if of is None else each.named(of)
        for guess in own:
            found.setdefault(guess.paths or guess.text, guess)
    return list(found.values())


def sensitivity(
    scenario: Scenario,
    variants: Mapping[str, Scenario],
    of: Sequence[str] | None = None,
    *,
    execution: Execution,
) -> Sensitivity:
    """Halve and double each guess in each of the `variants`, then move all of them at once.

    Raises
    ------
    ScenarioError
        Where `of` names no value, or nothing is assumed.
    ModelError
        If every replication of a point fails.
    """
    known = {name: Factors(each) for name, each in variants.items()}
    guesses = guesses_of(known, of)
    if not any(guess.paths for guess in guesses):
        rule = "must have a number that is assumed: a default that Azure does not publish, "
        raise ScenarioError.of(rule + "`assumed: true` beside a value, or --of PATH; got none")
    study = _Study(scenario, known, guesses, execution)
    study.one_at_a_time()
    study.together()
    return study.found()


class _Study:
    """What was found so far."""

    def __init__(
        self,
        scenario: Scenario,
        known: Mapping[str, Factors],
        guesses: Sequence[Guess],
        execution: Execution,
    ) -> None:
        self._scenario, self._known, self._guesses = scenario, known, guesses
        self._execution = execution
        self._runs = range(scenario.replications)
        self._variants: list[Experiment] = []
        self._effects: list[Effect] = []
        self._flips: list[Flip] = []
        self._points: list[Point] = []
        self._moved: list[int] = []
        self._refused = 0
        self._failing: list[tuple[Experiment, Sequence[str]]] = []

    def found(self) -> Sensitivity:
        return Sensitivity(
            self._scenario, self._variants, self._guesses, self._moved, self._effects,
            self._flips, self._points, self._refused, self._failing,
        )  # fmt: skip

    def one_at_a_time(self) -> None:
        """Each guess, each factor: all variants, so that they can be ranked anew."""
        changes = list(self._changes())
        named = [(name, Simulation(each.scenario)) for name, each in self._known.items()]
        changed = sum(bool(each.values) for _, _, by in changes for each in by.values())
        points = Lazy(chain(named, self._simulations(changes)), len(named) + changed)
        made = experiments(points, self._runs, execution=self._execution)
        self._variants = [self._seen(next(made)) for _ in named]
        standing = _Standing(self._variants)
        for number, factor, by_variant in changes:
            moved = dict.fromkeys(name for name, change in by_variant.items() if change.values)
            varied = {
                name: self._seen(replace(next(made), variant=name), by_variant[name].values)
                for name in moved
            }
            self._effects += self._told(number, factor, by_variant, varied)
            guess = self._guesses[number - 1].text
            for variant, what, before, after in standing.turned(varied):
                self._flips.append(Flip(number, guess, factor, variant, what, before, after))

    def _changes(self) -> Iterator[tuple[int, float, dict[str, Change]]]:
        for number, guess in enumerate(self._guesses, 1):
            for factor in (HALF, DOUBLE) if guess.paths else ():
                by_variant = {
                    name: each.times(guess, factor) if each.assumes(guess) else NOT_ASSUMED
                    for name, each in self._known.items()
                }
                if any(change.values for change in by_variant.values()):
                    self._moved += [] if number in self._moved else [number]
                yield number, factor, by_variant

    def _simulations(
        self, changes: Sequence[tuple[int, float, dict[str, Change]]]
    ) -> Iterator[tuple[str, Simulation]]:
        """Made as they are run: there may be hundreds."""
        for number, factor, by_variant in changes:
            for name, change in by_variant.items():
                if change.values:
                    scenario = self._known[name].with_(change.values)
                    yield f"{name}, guess {number} x {factor:g}", Simulation(scenario)

    def _told(
        self,
        number: int,
        factor: float,
        by_variant: Mapping[str, Change],
        varied: Mapping[str, Experiment],
    ) -> Iterator[Effect]:
        for base in self._variants:
            change = by_variant[base.variant]
            head = (number, self._guesses[number - 1].text, factor, change.shown, base.variant)
            if base.variant not in varied:
                yield Effect(*head, change.note, None)
                continue
            one = varied[base.variant]
            for key in headlines(base):
                if key in one.measured.values:
                    yield Effect(*head, change.note, difference(one, base, key, LEVEL))

    def together(self) -> None:
        """A Latin hypercube over the guesses that can move, where there are two or more."""
        if len(self._moved) < 2:  # noqa: PLR2004  (one cannot interact)
            return
        design = factors(len(self._moved), self._scenario.seed)
        scenarios = [
            (name, point, *self._moved_by(each, design[point]))
            for point in range(len(design))
            for name, each in self._known.items()
        ]
        kept = [(name, point, one, by) for name, point, one, by in scenarios if one is not None]
        self._refused = len(scenarios) - len(kept)
        named = ((f"{name}, all at once {p}", Simulation(one)) for name, p, one, _ in kept)
        runs = self._runs[:MOST_RUNS_TOGETHER]
        made = experiments(Lazy(named, len(kept)), runs, execution=self._execution)
        for (name, point, _, values), one in zip(kept, made, strict=True):
            self._seen(replace(one, variant=name), values)
            means = {key: float(one.measured.values[key].mean()) for key in headlines(one)}
            self._points.append(Point(name, point, design[point], means))

    def _seen(self, one: Experiment, values: Mapping[str, Node] = NO_VALUES) -> Experiment:
        """The same; if a replication of it failed, that is noted."""
        if one.measured.failures:
            words = [f"{path}={json.dumps(plain(node))}" for path, node in values.items()]
            self._failing.append((one, words))
        return one

    def _moved_by(
        self, known: Factors, design: NDArray[np.float64]
    ) -> tuple[Scenario | None, Mapping[str, Node]]:
        """A scenario with all guesses moved, and how; None where the file's checks refuse it."""
        values: dict[str, Node] = {}
        for number, factor in zip(self._moved, design, strict=True):
            guess = self._guesses[number - 1]
            values |= known.scaled(guess, float(factor)).values if known.assumes(guess) else {}
        try:
            return known.with_(values), values
        except ScenarioError:
            return None, values


def headlines(one: Experiment) -> list[Key]:
    """The headline metrics that a variant has values of."""
    keys = (
        Key(system, "", metric)
        for system, model in one.simulation.models.items()
        for metric in model.headlines
    )
    return [key for key in keys if key in one.measured.values]


@dataclass(frozen=True)
class Lazy:
    """Simulations that are made as they are asked for, and how many there are."""

    named: Iterator[tuple[str, Simulation]]
    count: int

    def __iter__(self) -> Iterator[tuple[str, Simulation]]:
        return self.named

    def __length_hint__(self) -> int:
        return self.count


class _Standing:
    """How the variants stand as the scenario is, to see what turns over."""

    def __init__(self, variants: Sequence[Experiment]) -> None:
        self._variants = variants
        self._best = _best(variants)

    def turned(self, varied: Mapping[str, Experiment]) -> Iterator[tuple[str, str, str, str]]:
        """Variant, what, before and after: of the variants that were `varied`."""
        for base in self._variants:
            if base.variant in varied:
                yield from _turned(base, varied[base.variant])
        if self._best is not None and varied:
            best = _best([varied.get(one.variant, one) for one in self._variants])
            if best is not None and best != self._best:
                yield "", BEST, self._best, best


def _turned(base: Experiment, one: Experiment) -> Iterator[tuple[str, str, str, str]]:
    before, after = _ended(base), _ended(one)
    if before != after:
        yield base.variant, ENDED, before, after
    asked = zip(base.scenario.objectives, base.verdicts, one.verdicts, strict=True)
    for objective, judged, again in asked:
        if judged.verdict != again.verdict:
            what = describe(objective, base.scenario)
            yield base.variant, what, judged.verdict, again.verdict


def _ended(one: Experiment) -> str:
    """In how many replications every rollout was accepted and came to its end."""
    measured = one.measured
    whole = np.ones(len(measured.numbers), dtype=bool)
    for each in measured.rollouts_ended.values():
        whole &= each
    return f"in {int(whole.sum()):,} of {len(whole):,} runs"


def _best(variants: Sequence[Experiment]) -> str | None:
    """Which variants are best; None where nothing may be called so."""
    if len(variants) < 2:  # noqa: PLR2004  (there is nothing to compare)
        return None
    found = conclude(variants)
    return (" or ".join(found.best) or "none") if found.asked else None
