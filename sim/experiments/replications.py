"""Replications: a scenario run again and again, each time with its own random numbers.

Logs are audited and measured in stacks and then dropped, so that memory does not grow with their
number. A scenario whose first replication drew nothing has no other run: it runs once.
"""

from __future__ import annotations

import gc
import operator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from operator import attrgetter
from typing import TYPE_CHECKING, NamedTuple, SupportsIndex, TypeVar

import numpy as np
from tqdm import tqdm

from sim import bounds
from sim.bounds import STACK
from sim.core.errors import ModelError, NoMemoryError, ScenarioError
from sim.core.log import Stack
from sim.core.metrics import Key
from sim.core.timelines import Members, stacked
from sim.core.units import shorten, shorten_any
from sim.experiments.failures import Failures
from sim.experiments.incidents import happened

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from sim.core.log import Log
    from sim.core.timelines import Steps
    from sim.experiments.failures import Failure
    from sim.simulation import Simulation

STATES = 20_000_000
"""Subjects times replications that are analysed together: each state takes some bytes."""

SAMPLE_RUNS, SAMPLE_STEPS = 2_000, 2_000_000
"""When that many replications, or steps, of series over time are remembered, it is enough."""

K = TypeVar("K")
A = TypeVar("A", bound=np.generic)


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
    sampled: Sequence[Mapping[tuple[str, str], Steps]]
    """By system and series what pictures show, in the units of the systems' weights, of the first
    replications: enough of them for a picture, one piece a stack."""

    outcomes: Mapping[tuple[str, str], NDArray[np.float64]] = field(default_factory=dict)
    """By system and what happened (see `incidents.happened`) when it did, shape (n,), or NaN."""
    failures: Sequence[Failure] = ()
    """The replications that failed, by number."""

    @property
    def asks_for_rollouts(self) -> bool:
        """Whether the scenario has a rollout operation; without one those metrics do not apply."""
        return any(key.metric == "finished" for key in self.values)

    def joined(self, more: Measured) -> Measured:
        """With the further replications of the same scenario."""
        return Measured(
            np.concatenate([self.numbers, more.numbers]),
            _concatenated([self.values, more.values]),
            _concatenated([self.rollouts_ended, more.rollouts_ended]),
            self.random,
            self.first,
            (*self.sampled, *more.sampled),
            _concatenated([self.outcomes, more.outcomes]),
            (*self.failures, *more.failures),
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


def replicate(
    simulation: Simulation,
    numbers: Sequence[int],
    *,
    sampled: Sequence[Mapping[tuple[str, str], Steps]] = (),
    progress: bool = False,
    label: str = "",
) -> Measured:
    """Run, audit and measure replications; only the first one where that drew nothing.

    One that fails is told of and left out.

    Parameters
    ----------
    numbers
        Which replications, at least one.
    sampled
        What is remembered for pictures of replications before these (see `Measured`).
    progress
        Whether to show a bar, named `label`, on stderr where that is a terminal.

    Raises
    ------
    ModelError
        If every run breaks an invariant of its own model, or the first ten do.
    TooMuchError
        If a run passes a bound, or the first one needs more memory than there is.
    """
    first: Log | None = None
    ran: list[int] = []
    stacks: list[_Analysis] = []
    failures = Failures()
    with settled_heap(), _told_if_interrupted(ran, numbers, label):
        for logs in _stacks(simulation, numbers, ran, failures, progress, label):
            gc.collect()  # finished runs hold each other in cycles, large ones hundreds of MB
            seen = [*sampled, *(each.sampled for each in stacks)]
            stacks += _sound(simulation, logs, failures, seen)
            if stacks and first is None:  # an empty log is false
                first = next(log for log in logs if log.replication == stacks[0].numbers[0])
                failures.forget()
            logs.clear()  # before the next ones run
    if first is None:
        failures.raise_first()
        raise ValueError("there must be a replication to run, got none")
    return Measured(
        np.concatenate([each.numbers for each in stacks]),
        _concatenated([each.values for each in stacks]),
        _concatenated([each.rollouts_ended for each in stacks]),
        first.drew,
        first,
        tuple(each.sampled for each in stacks if each.sampled),
        _concatenated([each.outcomes for each in stacks]),
        sorted(failures.found, key=attrgetter("replication")),
    )


@contextmanager
def _told_if_interrupted(ran: Sequence[int], numbers: Sequence[int], label: str) -> Iterator[None]:
    """Note on an interruption how many of the replications had run."""
    try:
        yield
    except KeyboardInterrupt as interruption:
        of_what = f" of {label}" if label else ""
        interruption.add_note(f"{len(ran):,} of {len(numbers):,} replications{of_what}")
        raise


@contextmanager
def settled_heap() -> Iterator[None]:
    """Spare the garbage collector what is there already: a sixth of a replication's time."""
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


@contextmanager
def exact_arithmetic(simulation: Simulation, replication: int) -> Iterator[None]:
    """See that no number overflows or has no value unasked: what came of it would be no answer.

    Raises
    ------
    ModelError
        With scenario, seed and replication, if one does.
    TooMuchError
        If the memory does not suffice.
    """
    try:
        with np.errstate(over="raise", divide="raise", invalid="raise"):
            yield
    except MemoryError:
        raise bounds.no_memory(simulation, replication) from None
    except ArithmeticError as error:
        rule = f"{type(error).__name__}: {error}"
        raise _fault(simulation, rule, replication, simulation.scenario.horizon) from error


def audit(simulation: Simulation, stack: Stack, logs: Sequence[Log]) -> None:
    """Check that every log of a stack is a history that its model allows.

    Raises
    ------
    ModelError
        With scenario, seed, replication and time of the first fault.
    """
    broken = stack.audit()
    if broken:
        row, rule = broken
        number = int(stack.numbers[stack.replication[row]])
        raise _fault(simulation, rule, number, float(stack.time[row]))
    for model in simulation.models.values():
        rule = model.audit(stack)
        if rule:
            # A model tells the rule only: the stack's logs are asked one by one whose fault it is.
            guilty = [log for log in logs if model.audit(Stack([log]))] or logs[:1]
            raise _fault(simulation, rule, guilty[0].replication, guilty[0].horizon)


def _fault(simulation: Simulation, rule: str, replication: int, time: float) -> ModelError:
    scenario = simulation.scenario
    return ModelError(
        rule,
        scenario=scenario.name,
        seed=scenario.seed,
        replication=replication,
        time=time,
        variant=scenario.variant_name,
    )


def _stacks(
    simulation: Simulation,
    numbers: Sequence[int],
    ran: list[int],
    failures: Failures,
    progress: bool,
    label: str,
) -> Iterator[list[Log]]:
    """The logs of the replications, in stacks of about `STACK` rows; `ran` gets their numbers."""
    logs: list[Log] = []
    rows = 0
    hidden = None if progress else True  # None lets the bar hide where stderr is no terminal
    with tqdm(numbers, label, disable=hidden, leave=False, unit="run") as bar:
        for number in bar:
            try:
                logs.append(simulation.run(number))
            except (ModelError, NoMemoryError) as error:
                failures.add(number, error, ran)
                continue
            ran.append(number)
            rows += len(logs[-1])
            if not logs[-1].drew and len(ran) == 1:
                break
            if rows >= STACK or len(logs) * simulation.subjects.count >= STATES:
                yield logs
                logs, rows = [], 0
    if logs:
        yield logs


class _Analysis(NamedTuple):
    """What the replications of one stack came to: the parts of a `Measured`."""

    numbers: NDArray[np.int64]
    values: Mapping[Key, NDArray[np.float64]]
    rollouts_ended: Mapping[str, NDArray[np.bool_]]
    outcomes: Mapping[tuple[str, str], NDArray[np.float64]]
    sampled: Mapping[tuple[str, str], Steps]
    """Empty where stacks before it are enough for a picture."""


def _sound(
    simulation: Simulation,
    logs: Sequence[Log],
    failures: Failures,
    seen: Sequence[Mapping[tuple[str, str], Steps]],
) -> list[_Analysis]:
    """The analysis of a stack; where it fails, those of each of its logs that do not."""
    try:
        return [_analysed(simulation, logs, seen)]
    except Exception as error:  # noqa: BLE001  (whatever it is, other logs need not have it)
        together = error
    sound = []
    for log in logs:
        try:
            sound.append(_analysed(simulation, [log], seen))
        except Exception as error:  # noqa: BLE001
            failures.add(log.replication, error, logs)
    if len(sound) == len(logs) and not isinstance(together, NoMemoryError):
        raise together  # no single replication is at fault, so none can be left out
    return sound


def _analysed(
    simulation: Simulation, logs: Sequence[Log], seen: Sequence[Mapping[tuple[str, str], Steps]]
) -> _Analysis:
    """Audit and measure a stack; `seen` is what pictures show of those before it."""
    with exact_arithmetic(simulation, logs[0].replication):
        stack = Stack(logs)
        audit(simulation, stack, logs)
        values, ended = _values(simulation, stack)
        sampled = _sampled(simulation, stack, logs, seen)
        happenings = happened(stack, simulation.models)
        return _Analysis(stack.numbers, values, ended, happenings, sampled)


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


def _sampled(
    simulation: Simulation,
    stack: Stack,
    logs: Sequence[Log],
    seen: Sequence[Mapping[tuple[str, str], Steps]],
) -> Mapping[tuple[str, str], Steps]:
    """By system and series what pictures show, of as many replications as they still need.

    Which those are does not depend on where a stack, or a look, ends.
    """
    pieces = [steps for each in seen for steps in each.values()]
    runs = SAMPLE_RUNS - sum(len(steps.start) - 1 for steps in pieces)
    room = SAMPLE_STEPS - sum(len(steps.times) for steps in pieces)
    if runs <= 0 or room <= 0:
        return {}
    found = _series(simulation, stack, logs)
    lengths = np.sum([np.diff(steps.start) for steps in found.values()], axis=0)
    needed = np.arange(len(logs)) * len(found) < runs
    count = int(np.sum(needed & (np.cumsum(lengths) - lengths < room)))
    return found if count == len(logs) else _series(simulation, Stack(logs[:count]), logs[:count])


def _series(
    simulation: Simulation, stack: Stack, logs: Sequence[Log]
) -> dict[tuple[str, str], Steps]:
    """By system and series what pictures show of a stack."""
    found = {}
    for system, model in simulation.models.items():
        own = [block for block in stack.subjects.blocks if block.system == system]
        weighed = [block for block in own if "capacity" in block.weights]
        found[system, "capacity"] = Members(stack, weighed).series("capacity")
        series = simulation.kinds[system].main_series
        if series != "capacity":
            lines = [model.timeline(log, series) for log in logs]
            found[system, series] = stacked(lines, model.unit * model.nominal)
    return found


def _concatenated(parts: Sequence[Mapping[K, NDArray[A]]]) -> dict[K, NDArray[A]]:
    return {key: np.concatenate([part[key] for part in parts]) for key in parts[0]}
