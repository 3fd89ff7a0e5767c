"""A sweep run: every point with all variants, on the same random numbers, and what is kept of each.

Replications are summed up point by point, so that ten thousand points fit into memory. Only of the
metrics that a front may be asked of are the values of all replications kept, as long as they fit
too: they tell which points are apart.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sim.core.errors import ModelError
from sim.core.metrics import Key
from sim.experiments.objectives import bound_of, describe, experiments
from sim.experiments.outcomes import outcomes
from sim.experiments.ranking import LEAST_ENDED_WELL, ended_well
from sim.experiments.running.failures import options_of
from sim.experiments.studies.search import change
from sim.experiments.studies.unseen import Chances
from sim.experiments.summaries import Summary, summarise
from sim.scenario.points import points
from sim.simulation import Simulation

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from sim.experiments.objectives import Experiment
    from sim.experiments.running.execution import Execution
    from sim.experiments.running.failures import Failure
    from sim.experiments.statistics.verdicts import Outcome as Verdict
    from sim.experiments.studies.unseen import Unseen
    from sim.scenario import Scenario
    from sim.scenario.sweeps import Sweep

MOST_VALUES = 25_000_000
"""Values of single replications that are kept, 8 bytes each."""

FLOATS = tuple(each.name for each in fields(Summary) if each.type == "float")
"""The columns of a summary that hold numbers, in order."""
WHOLES = tuple(each.name for each in fields(Summary) if each.type == "int")
"""Those that hold whole numbers."""


class Alternative(NamedTuple):
    """One variant at one point; its name is empty where the file has no variants."""

    point: int
    variant: str


@dataclass(frozen=True)
class Judged:
    """An objective at an alternative."""

    objective: str
    bound: float
    share: float
    low: float
    high: float
    verdict: Verdict
    sentence: str


@dataclass(frozen=True)
class Happening:
    """What happened to rollouts or requests of a variant at some points: see `outcomes.Outcome`."""

    variant: str
    system: str
    what: str
    points: int
    """At how many points it happened in any replication."""
    most: float
    """In which share of the replications at the point where it happened most."""
    at: int
    """That point."""


@dataclass(frozen=True)
class FailedAt:
    """A replication of an alternative that a fault of the program ended."""

    point: int
    variant: str
    replication: int
    seed: int
    time_s: float | None
    message: str
    rerun: str
    """Options of ``rollout-sim run FILE`` beside those that make the point."""
    nothing_known: bool = False
    """Whether all others of the alternative failed too."""


@dataclass(frozen=True, eq=False)
class Swept:
    """What a sweep came to, alternative by alternative and metric by metric."""

    alternatives: Sequence[Alternative]
    """All of them, in the order of the points."""
    keys: Sequence[Key]
    """Every metric that any alternative has, with its unit in `units`."""
    units: Sequence[str]
    rows: NDArray[np.int64]
    """Of each row of the summaries the alternative and the key, shape (rows, 2)."""
    floats: NDArray[np.float64]
    """Its `FLOATS`, shape (rows, len(FLOATS)), NaN where there is no such number."""
    wholes: NDArray[np.int64]
    """Its `WHOLES`."""
    judged: Sequence[Sequence[Judged]]
    """Of each alternative, in the order of its objectives."""
    ended_well: NDArray[np.float64]
    """In which share of the replications the rollouts ended well, shape (alternatives,); NaN where
    every replication failed, so that nothing is known."""
    asks: NDArray[np.bool_]
    """Whether it asks for a rollout."""
    headlines: Mapping[str, Sequence[str]]
    """By system the metrics that say most."""
    values: Mapping[Key, NDArray[np.float64]]
    """Of some metrics all replications, shape (alternatives, replications); NaN where missing."""
    kinds: Mapping[str, str]
    """By system what it is."""
    random: bool
    happenings: Sequence[Happening]
    unseen: Sequence[Unseen]
    failed: Sequence[FailedAt]

    @property
    def references(self) -> NDArray[np.bool_]:
        """Which ask for no rollout while others do: they are shown, and set against nobody."""
        return ~self.asks if self.asks.any() else np.zeros(len(self.asks), bool)

    @property
    def lost(self) -> NDArray[np.bool_]:
        """Of which nothing is known, as every replication failed."""
        return np.isnan(self.ended_well)

    @property
    def able(self) -> NDArray[np.bool_]:
        """Which may be on a front: no reference, rollouts that ended well in half of the runs."""
        return ~self.references & (self.ended_well >= LEAST_ENDED_WELL)

    def column(self, key: Key, name: str) -> NDArray[np.float64]:
        """One number of a metric's summary for each alternative, NaN where there is none."""
        found = np.full(len(self.alternatives), np.nan)
        own = self.rows[:, 1] == self.keys.index(key)
        source = (
            self.floats[:, FLOATS.index(name)]
            if name in FLOATS
            else self.wholes[:, WHOLES.index(name)]
        )
        found[self.rows[own, 0]] = source[own]
        return found


def run(
    scenario: Scenario,
    sweep: Sweep,
    variants: Sequence[str],
    wanted: Collection[Key] = (),
    *,
    execution: Execution,
) -> Swept:
    """Run each point with each of the `variants` of its file, or as it is where there are none.

    `wanted` are metrics whose replications are kept beside those of the headlines.

    Raises
    ------
    ModelError
        If every replication of every alternative fails.
    """
    gathered = _Gathered(sweep, wanted, len(variants or [""]))
    named = _Named(gathered.named(scenario, sweep, variants), sweep.size * len(variants or [""]))
    numbers, lost = range(scenario.replications), dict[str, ModelError]()
    for one in experiments(named, numbers, execution=execution, lost=lost):
        gathered.miss(lost)
        gathered.add(one)
    gathered.miss(lost)
    return gathered.swept()


class _Named:
    """Simulations by name, made as they are asked for; how many there will be is known."""

    def __init__(self, made: Iterator[tuple[str, Simulation]], length: int) -> None:
        self._made, self._length = made, length

    def __iter__(self) -> Iterator[tuple[str, Simulation]]:
        return self._made

    def __length_hint__(self) -> int:
        return self._length


class _Gathered:
    """What is kept of the experiments so far."""

    def __init__(self, sweep: Sweep, wanted: Collection[Key], variants: int) -> None:
        self._wanted = frozenset(wanted)
        self._sweep, self._size = sweep, sweep.size * variants
        self._begun: dict[str, Alternative] = {}
        self._alternatives: list[Alternative] = []
        self._keys: dict[Key, int] = {}
        self._units: list[str] = []
        self._rows: list[NDArray[np.int64]] = []
        self._floats: list[NDArray[np.float64]] = []
        self._wholes: list[NDArray[np.int64]] = []
        self._judged: list[Sequence[Judged]] = []
        self._ended_well: list[float] = []
        self._asks: list[bool] = []
        self._headlines: dict[str, dict[str, None]] = {}
        self._kinds: dict[str, str] = {}
        self._numbers: list[NDArray[np.int64]] = []
        self._values: list[dict[Key, NDArray[np.float64]]] | None = []
        self._random = False
        self._happened: dict[tuple[str, str, str], list[tuple[float, int]]] = {}
        self._chances = Chances()
        self._failed: list[FailedAt] = []
        self._first_fault: ModelError | None = None

    def named(
        self, scenario: Scenario, sweep: Sweep, variants: Sequence[str]
    ) -> Iterator[tuple[str, Simulation]]:
        """The alternatives, ready to run, with a name for messages."""
        for number, point in enumerate(points(scenario, sweep)):
            for variant in variants or [""]:
                label = f"point {number + 1:,} of {sweep.size:,}"
                name = f"{label}, {variant}" if variant else label
                self._begun[name] = Alternative(number, variant)
                yield name, Simulation(point.variant(variant) if variant else point)

    def add(self, one: Experiment) -> None:
        """Sum up the next experiment; they come in the order in which they were named."""
        place = len(self._alternatives)
        alternative = self._begun.pop(one.variant)
        self._alternatives.append(alternative)
        summaries = summarise(one)
        keys = [self._key(row) for row in summaries]
        self._rows.append(np.array([(place, key) for key in keys], np.int64).reshape(-1, 2))
        self._floats.append(np.array([[getattr(row, n) for n in FLOATS] for row in summaries]))
        self._wholes.append(
            np.array([[getattr(row, n) for n in WHOLES] for row in summaries], np.int64)
        )
        self._judged.append(_judged(one))
        self._ended_well.append(ended_well(one))
        self._asks.append(one.measured.asks_for_rollouts)
        self._random |= one.measured.random
        for system, model in one.simulation.models.items():
            self._headlines.setdefault(system, {}).update(dict.fromkeys(model.headlines))
            self._kinds[system] = one.scenario.systems[system].kind
        self._chances.add(one, alternative.point)
        for each in outcomes(one):
            kind = (alternative.variant, each.system, each.what)
            self._happened.setdefault(kind, []).append((each.runs / each.of, alternative.point))
        self._failed += [_failed(one, alternative, each) for each in one.measured.failures]
        self._keep(one)

    def miss(self, lost: dict[str, ModelError]) -> None:
        """Note the alternatives of which every replication failed; they are taken out of `lost`."""
        for name, error in lost.items():
            alternative = self._begun.pop(name)
            self._alternatives.append(alternative)
            self._judged.append(())
            self._ended_well.append(np.nan)
            self._asks.append(True)
            self._failed.append(_lost(alternative, error))
            if self._values is not None:
                self._numbers.append(np.empty(0, np.int64))
                self._values.append({})
            self._first_fault = self._first_fault or error
        lost.clear()

    def _key(self, row: Summary) -> int:
        key = Key(row.system, row.group, row.metric)
        if key not in self._keys:
            self._keys[key] = len(self._keys)
            self._units.append(row.unit)
        return self._keys[key]

    def _keep(self, one: Experiment) -> None:
        """The values of single replications, while all of them would fit."""
        if self._values is None:
            return
        measured = one.measured
        headlines = {
            Key(system, "", metric)
            for system, model in one.simulation.models.items()
            for metric in model.headlines
        }
        kept = {
            key: values
            for key, values in measured.values.items()
            if key in headlines | self._wanted
        }
        if len(kept) * len(measured.numbers) * self._size > MOST_VALUES:
            self._values = None
            return
        self._numbers.append(measured.numbers if measured.random else np.empty(0, np.int64))
        self._values.append(kept)

    def swept(self) -> Swept:
        """All that was kept.

        Raises
        ------
        ModelError
            If nothing was.
        """
        if not self._rows and self._first_fault is not None:
            for axis, place in self._sweep.at(self._failed[0].point):
                if axis.texts[place]:  # else the point leaves it as it is
                    self._first_fault.add_note(change(axis.path, axis.texts[place]))
            raise self._first_fault
        return Swept(
            self._alternatives,
            list(self._keys),
            self._units,
            np.concatenate(self._rows),
            np.concatenate(self._floats),
            np.concatenate(self._wholes),
            self._judged,
            np.array(self._ended_well),
            np.array(self._asks, bool),
            {system: tuple(metrics) for system, metrics in self._headlines.items()},
            self._matrices(),
            self._kinds,
            self._random,
            [
                Happening(*kind, len(seen), *max(seen, key=lambda each: each[0]))
                for kind, seen in self._happened.items()
            ],
            self._chances.unseen(),
            self._failed,
        )

    def _matrices(self) -> dict[Key, NDArray[np.float64]]:
        """Replications that failed at some alternative are left out of all, which stay paired."""
        if self._values is None:
            return {}
        drawn = [each for each in self._numbers if each.size]
        common = drawn[0] if drawn else np.zeros(1, np.int64)
        for each in drawn[1:]:
            common = np.intersect1d(common, each, assume_unique=True)
        found: dict[Key, NDArray[np.float64]] = {}
        for key in dict.fromkeys(key for each in self._values for key in each):
            found[key] = np.full((len(self._values), len(common)), np.nan)
            for place, (numbers, values) in enumerate(
                zip(self._numbers, self._values, strict=True)
            ):
                if key in values:
                    own = values[key]
                    found[key][place] = own[np.isin(numbers, common)] if numbers.size else own[0]
        return found


def _judged(one: Experiment) -> list[Judged]:
    return [
        Judged(
            describe(objective, one.scenario),
            bound_of(objective)[0],
            verdict.share,
            verdict.low,
            verdict.high,
            verdict.verdict,
            verdict.sentence,
        )
        for objective, verdict in zip(one.scenario.objectives, one.verdicts, strict=True)
    ]


def _failed(one: Experiment, alternative: Alternative, failure: Failure) -> FailedAt:
    seed = one.scenario.seed
    return FailedAt(
        *alternative,
        failure.replication,
        seed,
        failure.time_s,
        failure.message,
        options_of(failure.replication, seed, alternative.variant),
    )


def _lost(alternative: Alternative, error: ModelError) -> FailedAt:
    """The first replication of an alternative of which every one failed."""
    again = options_of(error.replication, error.seed, alternative.variant)
    return FailedAt(
        *alternative,
        error.replication,
        error.seed,
        error.time,
        error.rule,
        again,
        nothing_known=True,
    )
