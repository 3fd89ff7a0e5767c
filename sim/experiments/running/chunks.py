"""Chunks: replications of one scenario that are run, audited and measured in one go.

A chunk comes to the same wherever it is measured, in this process or in a worker's. Its logs are
audited and measured in stacks and then dropped, so that memory does not grow with their number.
"""

from __future__ import annotations

import gc
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from operator import attrgetter
from threading import Lock
from time import perf_counter
from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeVar

import numpy as np

from sim.bounds import STACK
from sim.core.errors import ModelError, NoMemoryError
from sim.core.metrics import Key
from sim.core.stack import Stack
from sim.experiments.running.auditing import audit, exact_arithmetic, fault
from sim.experiments.running.failures import MOST_IN_VAIN, Failure, Failures
from sim.experiments.running.incidents import happened
from sim.experiments.running.samples import Samples, series_of
from sim.experiments.statistics.averages import Averages

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager

    from numpy.typing import NDArray

    from sim.core.log import Log
    from sim.experiments.running.samples import Piece
    from sim.simulation import Simulation

STATES = 20_000_000
"""Subjects times replications that are analysed together: each state takes some bytes."""

_ONE_AT_A_TIME = Lock()
"""Threads gain nothing here, and share the engine of all draws and the state of the collector."""

K = TypeVar("K")
A = TypeVar("A", bound=np.generic)


class Keeping(Protocol):
    """What takes the logs of a chunk while they are there."""

    @property
    def files(self) -> Mapping[str, str | bytes]:
        """In the end: what was kept -> the name of its file, or its content for a folder afar."""

    def add(self, log: Log) -> None:
        """The next sound one."""


class Keeper(Protocol):
    """Keeps something of logs where they are made: they do not leave the process. It pickles."""

    def keeping(
        self, simulation: Simulation, numbers: Sequence[int]
    ) -> AbstractContextManager[Keeping]:
        """What takes those of a chunk."""


@dataclass(frozen=True)
class Chunk:
    """Some replications of one scenario."""

    numbers: Sequence[int]
    is_first: bool = True
    """Whether there are none before them, so that they tell whether anything is drawn at all."""
    is_pictured: bool = True
    """Whether pictures may need them."""
    keeper: Keeper | None = None
    """What is to be kept of their logs."""


@dataclass(frozen=True, eq=False)
class Part:
    """What the replications of a chunk came to, without those that failed. It pickles."""

    numbers: NDArray[np.int64]
    """Shape (n,), as all that follow; see `Measured`."""
    values: Mapping[Key, NDArray[np.float64]]
    rollouts_ended: Mapping[str, NDArray[np.bool_]]
    outcomes: Mapping[tuple[str, str], NDArray[np.float64]]
    averages: Mapping[str, Averages]
    sampled: Sequence[Piece]
    failures: Sequence[Failure]
    error: Exception | None
    """What the first failure was, where all of them failed, or too many before the first sound one.
    """
    drew: bool
    """Whether anything random was drawn in the first one."""
    first: NDArray[np.void] | None
    """The rows of the log of the first one, where there are none before them."""
    seconds: float
    """How long it took."""
    kept: Mapping[str, str | bytes] = field(default_factory=dict)
    """See `Keeping.files`."""


def measure(simulation: Simulation, chunk: Chunk) -> Part:
    """Run, audit and measure a chunk; only its first replication where that drew nothing.

    Raises
    ------
    TooMuchError
        If a run passes a bound.
    """
    first = None
    stacks: list[_Analysis] = []
    failures, samples = Failures(), Samples()
    keeper = chunk.keeper.keeping(simulation, chunk.numbers) if chunk.keeper else nullcontext()
    with _ONE_AT_A_TIME, settled_heap(), keeper as keeping:
        began = perf_counter()
        for logs in _stacks(simulation, chunk, failures):
            gc.collect()  # finished runs hold each other in cycles, large ones hundreds of MB
            stacks += _sound(simulation, logs, failures, samples if chunk.is_pictured else None)
            if stacks and first is None:  # an empty log is false
                first = next(log for log in logs if log.replication == stacks[0].numbers[0])
            if keeping is not None:
                _keep(logs, stacks, keeping)
            logs.clear()  # before the next ones run
    numbers = np.concatenate([np.zeros(0, np.int64), *(each.numbers for each in stacks)])
    return Part(
        numbers,
        concatenated([each.values for each in stacks]),
        concatenated([each.rollouts_ended for each in stacks]),
        concatenated([each.outcomes for each in stacks]),
        added([each.averages for each in stacks]),
        samples.pieces,
        sorted(failures.found, key=attrgetter("replication")),
        failures.first if in_vain(numbers, failures.found) else None,
        first is not None and first.drew,
        first.rows if first is not None and chunk.is_first else None,
        perf_counter() - began,
        keeping.files if keeping is not None else {},
    )


def _keep(logs: Sequence[Log], stacks: Sequence[_Analysis], keeping: Keeping) -> None:
    """Keep those that are sound."""
    sound = {number for each in stacks for number in each.numbers.tolist()}
    for log in logs:
        if log.replication in sound:
            keeping.add(log)


def in_vain(numbers: NDArray[np.int64], failures: Sequence[Failure]) -> bool:
    """Whether none is sound, or so many failed before the first one that there is no answer."""
    before = sum(each.replication < number for each in failures for number in numbers[:1].tolist())
    return not len(numbers) or before >= MOST_IN_VAIN


def lost(simulation: Simulation, number: int) -> Part:
    """What is told of a replication whose worker died again and again."""
    rule = "its process was killed each time, as where the memory does not suffice"
    failure, error = Failure(number, None, rule), fault(simulation, rule, number, 0.0)
    return Part(np.zeros(0, np.int64), {}, {}, {}, {}, (), (failure,), error, False, None, 0.0)


@contextmanager
def settled_heap() -> Iterator[None]:
    """Spare the garbage collector what is there already: a sixth of a replication's time."""
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def _stacks(simulation: Simulation, chunk: Chunk, failures: Failures) -> Iterator[list[Log]]:
    """The logs of the replications, in stacks of about `STACK` rows."""
    logs: list[Log] = []
    rows = ran = 0
    for number in chunk.numbers:
        try:
            logs.append(simulation.run(number))
        except (ModelError, NoMemoryError) as error:
            failures.add(number, error)
            if chunk.is_first and not ran and failures.are_in_vain:
                return
            continue
        ran += 1
        rows += len(logs[-1])
        if chunk.is_first and ran == 1 and not logs[-1].drew:
            break
        if rows >= STACK or len(logs) * simulation.subjects.count >= STATES:
            yield logs
            logs, rows = [], 0
    if logs:
        yield logs


class _Analysis(NamedTuple):
    """What the replications of one stack came to."""

    numbers: NDArray[np.int64]
    values: Mapping[Key, NDArray[np.float64]]
    rollouts_ended: Mapping[str, NDArray[np.bool_]]
    outcomes: Mapping[tuple[str, str], NDArray[np.float64]]
    averages: Mapping[str, Averages]


def _sound(
    simulation: Simulation, logs: Sequence[Log], failures: Failures, samples: Samples | None
) -> list[_Analysis]:
    """The analysis of a stack; where it fails, those of each of its logs that do not."""
    try:
        return [_analysed(simulation, logs, samples)]
    except Exception as error:  # noqa: BLE001  (whatever it is, other logs need not have it)
        together = error
    sound = []
    for log in logs:
        try:
            sound.append(_analysed(simulation, [log], samples))
        except Exception as error:  # noqa: BLE001
            failures.add(log.replication, error)
    if len(sound) == len(logs) and not isinstance(together, NoMemoryError):
        raise together  # no single replication is at fault, so none can be left out
    return sound


def _analysed(simulation: Simulation, logs: Sequence[Log], samples: Samples | None) -> _Analysis:
    """Audit and measure a stack; `samples` gets what pictures show of it."""
    with exact_arithmetic(simulation, logs[0].replication):
        stack = Stack(logs)
        audit(simulation, stack, logs)
        values, ended = _values(simulation, stack)
        happenings = happened(
            stack, {name: model.layout.rollouts for name, model in simulation.models.items()}
        )
        for system, model in simulation.models.items():
            for what, when in model.shortfalls(stack).items():
                happenings[system, f"completed {what}"] = when
        if samples is not None and not samples.are_enough:
            samples.add(series_of(simulation, stack, logs))
        return _Analysis(stack.numbers, values, ended, happenings, _averages(simulation, stack))


def _averages(simulation: Simulation, stack: Stack) -> dict[str, Averages]:
    """By system what becomes steady, averaged over even intervals."""
    found = {}
    for system, model in simulation.models.items():
        parts = simulation.kinds[system].population(model, stack)
        if parts:
            found[system] = Averages.of(parts)
    return found


def _values(
    simulation: Simulation, stack: Stack
) -> tuple[dict[Key, NDArray[np.float64]], dict[str, NDArray[np.bool_]]]:
    values: dict[Key, NDArray[np.float64]] = {}
    ended: dict[str, NDArray[np.bool_]] = {}
    scenario = simulation.scenario
    for system, model in simulation.models.items():
        named = [*scenario.prefer, *(each.metric for each in scenario.objectives)]
        kind = simulation.kinds[system]
        measured, ended[system] = kind.measure(model, stack, scenario.warm_up, named)
        for (group, metric), value in measured.items():
            values[Key(system, group, metric)] = value
    return values, ended


def added(parts: Sequence[Mapping[str, Averages]]) -> dict[str, Averages]:
    """Averages by system, those of all parts together."""
    found: dict[str, Averages] = {}
    for part in parts:
        for system, each in part.items():
            found[system] = found[system] + each if system in found else each
    return found


def concatenated(parts: Sequence[Mapping[K, NDArray[A]]]) -> dict[K, NDArray[A]]:
    """Arrays by name, one part after the other."""
    return {key: np.concatenate([part[key] for part in parts]) for key in (parts or [{}])[0]}
