"""Which assumption decides: each guess halved and doubled, one at a time, and several at once.

All points see common random numbers, so that a change is a mean of paired differences; where a
guess matters to nothing, a metric is identical in all replications.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sim.core.errors import ModelError, ScenarioError
from sim.core.metrics import Key
from sim.experiments.comparison import difference, paired_up, pairs
from sim.experiments.objectives import experiments
from sim.experiments.statistics.latin_hypercube import factors, rank_correlations
from sim.experiments.studies.standing import Standing
from sim.formats.tree import plain
from sim.scenario.factors import Change, Factors, guesses_of
from sim.simulation import Simulation

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from sim.experiments.comparison import Difference
    from sim.experiments.objectives import Experiment
    from sim.experiments.running.execution import Execution
    from sim.formats.tree import Node
    from sim.scenario import Scenario
    from sim.scenario.guesses import Guess

HALF, DOUBLE = 0.5, 2.0
WORDS = {HALF: "halved", DOUBLE: "doubled"}
LEVEL = 0.95
"""Of each interval by itself."""
MOST_RUNS_TOGETHER = 20
"""Replications of each point at which all guesses move: they see the same random numbers."""
NO_VALUES: Mapping[str, Node] = MappingProxyType({})
NOT_ASSUMED = Change({}, "", "is not assumed in this variant")
UNKNOWN = "every replication failed"
"""The note of a change of which nothing is known, and of every change of a variant that failed as
it is."""


@dataclass(frozen=True)
class Effect:
    """What a factor on one guess does to one metric of a variant, in the metric's unit.

    Without a metric it says why the guess cannot change so, or that nothing is known of it.
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
    weight: float = 0.0
    """The change as a share of the larger value, see `weight`."""

    @property
    def key(self) -> Key | None:
        """The metric."""
        row = self.row
        return None if row is None else Key(row.system, row.group, row.metric)

    @property
    def is_unknown(self) -> bool:
        """Whether every replication failed with it."""
        return self.row is None and self.note == UNKNOWN


def lacks_median(difference: float, missing: int, n: int) -> bool:
    """Whether so many of the `n` pairs lack a value that nothing is known of a median."""
    return np.isnan(difference) or 2 * missing >= n


def weight(one: Experiment, base: Experiment, row: Difference) -> float:
    """A change as a share of the larger mean.

    Where runs lack a value there is no mean: then that of the median, or the share of the runs that
    lack one with the change alone, or without it, whichever is larger; 1 where there is none.
    """
    if row.better == "identical":
        return 0.0
    if not row.missing:
        return abs(row.difference) / (max(abs(row.mean), abs(row.baseline_mean)) or 1.0)
    if lacks_median(row.difference, row.missing, row.n):
        return 1.0
    a, b = pairs(*paired_up(one, base), Key(row.system, row.group, row.metric))
    apart = abs(float(np.isnan(a).mean() - np.isnan(b).mean()))
    larger = max(abs(float(np.nanmedian(a))), abs(float(np.nanmedian(b))))
    return max(apart, abs(row.difference) / (larger or 1.0))


@dataclass(frozen=True)
class Flip:
    """A conclusion that changes with one guess: a verdict, what is best, how many runs end well."""

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


class Altered(NamedTuple):
    """A variant with some guesses moved, or as it is."""

    variant: str
    label: str = ""
    """What is moved, such as ``restart (4min) halved``; empty where nothing is."""
    values: Mapping[str, Node] = NO_VALUES

    @property
    def changed(self) -> list[str]:
        """The values, each PATH=VALUE."""
        return [f"{path}={json.dumps(plain(node))}" for path, node in self.values.items()]


@dataclass(frozen=True, eq=False)
class Sensitivity:
    """How an answer depends on what is assumed."""

    scenario: Scenario
    variants: Sequence[Experiment]
    """As the scenario is; without those of which every replication failed."""
    guesses: Sequence[Guess]
    """All that is assumed."""
    moved: Sequence[int]
    """The numbers of those that the Latin hypercube moves."""
    effects: Sequence[Effect]
    flips: Sequence[Flip]
    points: Sequence[Point]
    refused: int
    """Points of the Latin hypercube that the file's checks refuse."""
    unknown: int
    """Those of which every replication failed."""
    failing: Sequence[tuple[Altered, Experiment]]
    """Those of which a replication failed."""
    lost: Sequence[tuple[Altered, ModelError]]
    """Those of which every replication failed, each with its first fault."""

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
        If every replication of every variant fails as it is.
    """
    known = {name: Factors(each) for name, each in variants.items()}
    study = _Study(scenario, known, guesses_with_numbers(known, of), execution)
    study.one_at_a_time()
    study.together()
    return study.found()


def guesses_with_numbers(known: Mapping[str, Factors], of: Sequence[str] | None) -> list[Guess]:
    """All that is assumed in any variant, or what is named.

    Raises
    ------
    ScenarioError
        Where `of` names no value, or none of them has a number.
    """
    guesses = guesses_of(known, of)
    if not any(guess.paths for guess in guesses):
        rule = "needs a number that is assumed, of which this file has none: name values by --of "
        rule += "PATH, or mark them by `assumed: true` beside them"
        raise ScenarioError.of(rule, where="assumptions")
    return guesses


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
        self._refused = self._unknown = 0
        self._failing: list[tuple[Altered, Experiment]] = []
        self._lost: list[tuple[Altered, ModelError]] = []

    def found(self) -> Sensitivity:
        return Sensitivity(
            self._scenario, self._variants, self._guesses, self._moved, self._effects,
            self._flips, self._points, self._refused, self._unknown,
            self._failing, self._lost,
        )  # fmt: skip

    def one_at_a_time(self) -> None:
        """Each guess, each factor: all variants, so that they can be ranked again."""
        as_it_is = [Altered(name) for name in self._known]
        known = self._made(as_it_is, self._runs)
        self._variants = [one for one in known if one is not None]
        if not self._variants:
            raise self._lost[0][1]
        standing = Standing(self._variants)
        changes = list(self._changes())
        made = self._made([*self._altered(changes)], self._runs)
        for number, factor, by_variant in changes:
            moved = [name for name, change in by_variant.items() if change.values]
            found = {name: next(made) for name in moved}
            varied = {name: one for name, one in found.items() if one is not None}
            self._effects += self._told(number, factor, by_variant, varied)
            guess = self._guesses[number - 1].text
            whole = len(varied) == len(moved)
            for variant, what, before, after in standing.turned(varied, whole=whole):
                self._flips.append(Flip(number, guess, factor, variant, what, before, after))

    def _changes(self) -> Iterator[tuple[int, float, dict[str, Change]]]:
        for number, guess in enumerate(self._guesses, 1):
            for factor in (HALF, DOUBLE) if guess.paths else ():
                by_variant = {
                    one.variant: self._change(self._known[one.variant], guess, factor)
                    for one in self._variants
                }
                if any(change.values for change in by_variant.values()):
                    self._moved += [] if number in self._moved else [number]
                yield number, factor, by_variant

    @staticmethod
    def _change(known: Factors, guess: Guess, factor: float) -> Change:
        return known.times(guess, factor) if known.assumes(guess) else NOT_ASSUMED

    def _altered(
        self, changes: Sequence[tuple[int, float, dict[str, Change]]]
    ) -> Iterator[Altered]:
        for number, factor, by_variant in changes:
            label = f"{self._guesses[number - 1].text} {WORDS[factor]}"
            for name, change in by_variant.items():
                if change.values:
                    yield Altered(name, label, change.values)

    def _made(self, asked: Sequence[Altered], runs: range) -> Iterator[Experiment | None]:
        """What each comes to; None where every replication failed, which is noted."""
        lost = dict[str, ModelError]()
        # Simulations are made as they are run: there may be hundreds.
        named = (
            (str(place), Simulation(self._scenario_of(each))) for place, each in enumerate(asked)
        )
        made = experiments(Lazy(named, len(asked)), runs, execution=self._execution, lost=lost)
        waiting: Experiment | None = None
        for place, each in enumerate(asked):
            waiting = waiting or next(made, None)
            if str(place) in lost:
                self._lost.append((each, lost[str(place)]))
                yield None
                continue
            assert waiting is not None  # what is neither lost nor made is raised
            one, waiting = replace(waiting, variant=each.variant), None
            if one.measured.failures:
                self._failing.append((each, one))
            yield one

    def _scenario_of(self, altered: Altered) -> Scenario:
        known = self._known[altered.variant]
        return known.with_(altered.values) if altered.values else known.scenario

    def _told(
        self,
        number: int,
        factor: float,
        by_variant: Mapping[str, Change],
        varied: Mapping[str, Experiment],
    ) -> Iterator[Effect]:
        guess = self._guesses[number - 1]
        known = {one.variant: one for one in self._variants}
        for name, each in self._known.items():
            change = by_variant.get(name) or self._change(each, guess, factor)
            head = (number, guess.text, factor, change.shown, name)
            if change.values and name not in varied:
                yield Effect(*head, UNKNOWN, None)
                continue
            if name not in varied:
                yield Effect(*head, change.note, None)
                continue
            one, base = varied[name], known[name]
            for key in headlines(base):
                if key in one.measured.values:
                    row = difference(one, base, key, LEVEL)
                    yield Effect(*head, change.note, row, weight(one, base, row))

    def together(self) -> None:
        """A Latin hypercube over the guesses that can move, where there are two or more."""
        if len(self._moved) < 2:  # noqa: PLR2004  (one cannot interact)
            return
        design = factors(len(self._moved), self._scenario.seed)
        tried = [
            (point, one.variant, self._moved_by(self._known[one.variant], design[point]))
            for point in range(len(design))
            for one in self._variants
        ]
        kept = [
            (point, Altered(name, f"all at once, point {point}", values))
            for point, name, values in tried
            if values is not None
        ]
        self._refused = len(tried) - len(kept)
        made = self._made([each for _, each in kept], self._runs[:MOST_RUNS_TOGETHER])
        for (point, each), one in zip(kept, made, strict=True):
            if one is None:
                self._unknown += 1
                continue
            means = {key: float(one.measured.values[key].mean()) for key in headlines(one)}
            self._points.append(Point(each.variant, point, design[point], means))

    def _moved_by(self, known: Factors, design: NDArray[np.float64]) -> Mapping[str, Node] | None:
        """The values of all guesses moved; None where the file's checks refuse them."""
        values: dict[str, Node] = {}
        for number, factor in zip(self._moved, design, strict=True):
            guess = self._guesses[number - 1]
            values |= known.scaled(guess, float(factor)).values if known.assumes(guess) else {}
        try:
            known.with_(values)
        except ScenarioError:
            return None
        return values


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
