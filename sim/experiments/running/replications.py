"""Replications: a scenario run again and again, each time with its own random numbers.

A scenario whose first replication drew nothing has no other run: it runs once.
"""

from __future__ import annotations

import operator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, SupportsIndex

import numpy as np

from sim.core.errors import ScenarioError
from sim.core.log import Log
from sim.core.units import shorten, shorten_any
from sim.experiments.running.chunks import Chunk, added, concatenated, in_vain, measure
from sim.experiments.running.samples import Samples

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from sim.core.metrics import Key
    from sim.experiments.running.chunks import Part
    from sim.experiments.running.failures import Failure
    from sim.experiments.running.samples import Piece
    from sim.experiments.statistics.averages import Averages
    from sim.simulation import Simulation


@dataclass(frozen=True, eq=False)
class Measured:
    """What the replications of one scenario came to."""

    numbers: NDArray[np.int64]
    """Which replications, shape (n,); none that failed."""
    values: Mapping[Key, NDArray[np.float64]]
    """One value a replication, shape (n,); NaN where it is missing."""
    rollouts_ended: Mapping[str, NDArray[np.bool_]]
    """By system: whether every rollout asked for was accepted and has ended, shape (n,)."""
    random: bool
    """False where nothing was drawn: then there is one replication."""
    first: Log
    """The log of the first replication that did not fail."""
    sampled: Sequence[Piece]
    """What pictures show, of the first replications: enough of them for a picture."""

    outcomes: Mapping[tuple[str, str], NDArray[np.float64]] = field(default_factory=dict)
    """By system and what happened (see `incidents.happened`) when it did, shape (n,), or NaN."""
    failures: Sequence[Failure] = ()
    """The replications that failed, by number."""
    averages: Mapping[str, Averages] = field(default_factory=dict)
    """By system what becomes steady, averaged over even intervals of all replications."""

    @classmethod
    def of(cls, simulation: Simulation, parts: Sequence[Part]) -> Measured:
        """What chunks came to together, in their order.

        Raises
        ------
        Exception
            What the first replication failed by, where all of them did, or the first ten.
        """
        sound = [part for part in parts if len(part.numbers)]
        failures = [failure for part in parts for failure in part.failures]
        if not sound or in_vain(sound[0].numbers, failures):
            raise next(part.error for part in parts if part.error is not None)
        first = sound[0]
        found = cls(
            np.concatenate([part.numbers for part in sound]),
            concatenated([part.values for part in sound]),
            concatenated([part.rollouts_ended for part in sound]),
            first.drew,
            _log(simulation, first),
            Samples(piece for part in sound for piece in part.sampled).pieces,
            concatenated([part.outcomes for part in sound]),
            failures,
            added([part.averages for part in sound]),
        )
        return found if first.drew else found.only(found.numbers == found.numbers[0])

    @property
    def asks_for_rollouts(self) -> bool:
        """Whether the scenario has a rollout operation; without one those metrics do not apply."""
        return any(key.metric == "finished" for key in self.values)

    def joined(self, more: Measured) -> Measured:
        """With the further replications of the same scenario."""
        return Measured(
            np.concatenate([self.numbers, more.numbers]),
            concatenated([self.values, more.values]),
            concatenated([self.rollouts_ended, more.rollouts_ended]),
            self.random,
            self.first,
            Samples([*self.sampled, *more.sampled]).pieces,
            concatenated([self.outcomes, more.outcomes]),
            (*self.failures, *more.failures),
            added([self.averages, more.averages]),
        )

    def only(self, chosen: NDArray[np.bool_]) -> Measured:
        """Those replications that are `chosen`, shape (n,)."""
        return replace(
            self,
            numbers=self.numbers[chosen],
            values={key: values[chosen] for key, values in self.values.items()},
            rollouts_ended={name: ended[chosen] for name, ended in self.rollouts_ended.items()},
            outcomes={key: when[chosen] for key, when in self.outcomes.items()},
        )


LAST_REPLICATION = 2**31 - 1
"""The largest number of a replication; counters hold more, nobody makes as many."""


def replication_number(value: SupportsIndex) -> int:
    """A replication's number, of whatever integer type it is given.

    Raises
    ------
    ScenarioError
        If it is no whole number from 0 to 2^31 - 1.
    """
    try:
        number = -1 if isinstance(value, bool) else operator.index(value)
    except TypeError:
        number = -1
    if 0 <= number <= LAST_REPLICATION:
        return number
    # A text is shown with its quotes: without them '3' would look right.
    shown = repr(shorten(value)) if isinstance(value, str) else shorten_any(value)
    rule = f"must be a whole number from 0 to 2^31 - 1, got {shown}"
    raise ScenarioError.of(f"a replication {rule}")


def replicate(simulation: Simulation, numbers: Sequence[int]) -> Measured:
    """Run, audit and measure replications one after the other, in this process.

    One that fails is told of and left out.

    Raises
    ------
    ModelError
        If every run breaks an invariant of its own model, or the first ten do.
    TooMuchError
        If a run passes a bound, or the first one needs more memory than there is.
    """
    return Measured.of(simulation, [measure(simulation, Chunk(numbers))])


def _log(simulation: Simulation, part: Part) -> Log:
    """The log of a part's first replication: run again where its rows were not kept."""
    number, scenario = int(part.numbers[0]), simulation.scenario
    rows = part.first
    if rows is None:
        rows = measure(simulation, Chunk([number])).first
    assert rows is not None  # it has just run
    return Log(
        simulation.subjects, rows, number, scenario.horizon, drew=part.drew, seed=scenario.seed
    )
