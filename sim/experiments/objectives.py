"""A scenario or a variant of it, replicated, and its objectives judged.

Where the file does not say how many replications to make, objectives that are undecided after the
first look get a further one with more of them. Each look is then judged at half the error, so that
a verdict is wrong as seldom as with one look (Bonferroni's inequality); so it is with more looks.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
from operator import length_hint
from typing import TYPE_CHECKING

import numpy as np

from sim.core.errors import ModelError
from sim.core.formatting import show, show_of
from sim.core.metrics import Key
from sim.experiments.running.jobs import Job
from sim.experiments.statistics.verdicts import judge, judge_mean, meets
from sim.systems import SYSTEM_TYPES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from sim.core.metrics import Metric
    from sim.experiments.running.execution import Execution
    from sim.experiments.running.replications import Measured
    from sim.experiments.statistics.verdicts import Verdict
    from sim.scenario import Objective, Scenario
    from sim.simulation import Simulation

FURTHER = 2_000
"""Replications in all at the further look."""

NOT_ENDED = "a rollout was refused, never began, took nobody or had not ended"
"""Why a replication meets no objective, whatever its values."""


@dataclass(frozen=True, eq=False)
class Experiment:
    """One variant of a scenario with all that its replications told."""

    variant: str
    simulation: Simulation
    measured: Measured
    verdicts: tuple[Verdict, ...]
    """In the order of the scenario's objectives."""
    open_ended: bool
    """Whether a further look may follow."""
    looks: int = 1
    """How many looks there may be at verdicts: they share the error evenly."""

    @property
    def scenario(self) -> Scenario:
        """The variant as a scenario of its own."""
        return self.simulation.scenario

    @property
    def undecided(self) -> bool:
        """Whether more replications might decide something."""
        return any(verdict.verdict == "undecided" for verdict in self.verdicts)

    @property
    def meets_all(self) -> bool:
        """Whether every objective is met, which it is where there is none."""
        return all(verdict.verdict == "met" for verdict in self.verdicts)


def experiments(
    named: Iterable[tuple[str, Simulation]],
    numbers: range,
    *,
    execution: Execution,
    open_ended: bool = False,
    looks: int = 1,
    lost: dict[str, ModelError] | None = None,
) -> Iterator[Experiment]:
    """The first look at each of several variants, in their order, made as they are asked for.

    `open_ended` they may get one more by `look_further`, of `looks` more by `enlarged`. Many are
    under way at once, as far as `execution` has workers.

    A variant of which every replication fails is left out and put into `lost`, by name with its
    first fault, where that is given; otherwise that fault is raised.
    """
    begun: deque[tuple[str, Simulation]] = deque()

    def jobs() -> Iterator[Job]:
        for name, simulation in named:
            begun.append((name, simulation))
            yield Job(simulation, numbers)

    for job in execution.completed(jobs(), len(numbers) * length_hint(named)):
        name, simulation = begun.popleft()
        try:
            measured = job.measured()
        except ModelError as error:
            if lost is None:
                raise
            lost[name] = error
            continue
        is_open = open_ended and measured.random
        parts = 2 if is_open else looks
        yield _judged(Experiment(name, simulation, measured, (), is_open, parts))


def look_further(made: Sequence[Experiment], execution: Execution) -> list[Experiment]:
    """Make the replications up to `FURTHER` too and judge them all, where that is open."""
    is_open = any(one.open_ended for one in made)
    return enlarged(made, FURTHER, execution) if is_open else list(made)


def enlarged(made: Sequence[Experiment], runs: int, execution: Execution) -> list[Experiment]:
    """With the replications up to so many in all, judged again; without chance there is one."""
    more = [
        range(len(one.measured.numbers) + len(one.measured.failures), runs * one.measured.random)
        for one in made
    ]
    jobs = [
        Job(one.simulation, numbers, one.measured.sampled)
        for one, numbers in zip(made, more, strict=True)
        if numbers
    ]
    further = execution.measured(jobs, sum(map(len, more)))
    return [
        _judged(replace(one, measured=one.measured.joined(next(further)))) if numbers else one
        for one, numbers in zip(made, more, strict=True)
    ]


def metrics_of(scenario: Scenario, system: str) -> Mapping[str, Metric]:
    """The metrics that a system has, in the order in which they are listed."""
    return SYSTEM_TYPES[scenario.systems[system].kind].metrics


def metric_of(scenario: Scenario, system: str, metric: str) -> Metric:
    """What a system's metric means."""
    return metrics_of(scenario, system)[metric]


def describe(objective: Objective, scenario: Scenario) -> str:
    """An objective in words, e.g. ``min_capacity >= 80 % in 95 % of runs``."""
    system = objective.system if len(scenario.systems) > 1 else ""
    name = " ".join(filter(None, [system, objective.group, objective.metric]))
    bound, at_least = bound_of(objective)
    in_service = objective.in_service(" ".join(filter(None, [system, objective.group])))
    if in_service:
        return f"{in_service} {in_how_many(objective)}"
    metric = metric_of(scenario, objective.system, objective.metric)
    if asks_whether(objective, metric):
        return f"{name} {in_how_many(objective)}"
    how = f"{'>=' if at_least else '<='} {show_of(bound, metric, scenario.start)}"
    if objective.of == "mean":
        return f"mean {name} {how}"
    return f"{name} {how} {in_how_many(objective)}"


def asks_whether(objective: Objective, metric: Metric) -> bool:
    """Whether something is to be so in a run (``safe_end``): no bound says more of that."""
    return metric.unit == "0/1" and objective.of == "runs" and (objective.at_least or 0.0) > 0


def in_how_many(objective: Objective) -> str:
    """``in 95 % of runs``, ``in all runs``, ``on average``."""
    if objective.of == "mean":
        return "on average"
    share = "all" if objective.in_runs >= 1 else f"{show(objective.in_runs, 'share')} of"
    return f"in {share} runs"


def bound_of(objective: Objective) -> tuple[float, bool]:
    """The objective's bound, and whether it is the lowest value that will do."""
    if objective.at_least is not None:
        return objective.at_least, True
    assert objective.at_most is not None  # the file's reader sees to it
    return objective.at_most, False


def _judged(one: Experiment) -> Experiment:
    verdicts = (_verdict(objective, one) for objective in one.scenario.objectives)
    return replace(one, verdicts=tuple(verdicts))


def _may_still_grow(key: Key, one: Experiment) -> str:
    """Of a metric that counts what is not over yet as far as it has come, in how many runs."""
    counting = metric_of(one.scenario, key.system, key.metric).bounded_by
    if not counting:
        return ""
    open_ones = one.measured.values[key._replace(metric=counting)]
    runs = int((open_ones > 0).sum())
    label = metric_of(one.scenario, key.system, counting).title
    which = f"in {runs} of {len(open_ones)} runs" if one.measured.random else "here"
    most = f"up to {open_ones.max():,.0f} {label} at the end"
    return f"; a lower bound {which}: {most}" if runs else ""


def _verdict(objective: Objective, one: Experiment) -> Verdict:
    """The verdict on what was measured; its sentence says too what was not."""
    measured = one.measured
    ended = measured.rollouts_ended[objective.system]
    key = Key(objective.system, objective.group, objective.metric)
    # A metric that does not apply is a value that never came.
    values = measured.values.get(key, np.full(len(ended), np.nan))
    verdict = _judge(objective, one, values, ended)
    if key not in measured.values:
        excuse = f"; {objective.metric} does not apply here, so it has no value in any run"
        return replace(verdict, sentence=verdict.sentence + excuse)
    broken = int((~ended).sum())
    if not broken:
        return replace(verdict, sentence=verdict.sentence + _may_still_grow(key, one))
    # An upgrade that never happened keeps every promise, so such a run meets no objective.
    what = NOT_ENDED
    if not measured.random:
        sentence = f"deterministic: {what}, so that no value meets it"
        return replace(verdict, sentence=sentence)
    excuse = f"; in {broken} of {len(ended)} runs {what}"
    return replace(verdict, sentence=verdict.sentence + excuse)


def _judge(
    objective: Objective, one: Experiment, values: NDArray[np.float64], ended: NDArray[np.bool_]
) -> Verdict:
    """The verdict on values, shape (replications,), that count where every rollout has `ended`."""
    bound, at_least = bound_of(objective)
    random = one.measured.random
    metric = metric_of(one.scenario, objective.system, objective.metric)
    start = one.scenario.start
    if objective.of == "mean":
        return judge_mean(
            np.where(ended, values, np.nan),
            bound,
            at_least=at_least,
            confidence=objective.confidence,
            looks=one.looks,
            random=random,
            rarest=rarest(one.scenario),
            binary=metric.unit == "0/1",
            # No metric is below 0; a limit on its mean may be.
            show=lambda value: show_of(max(value, 0.0), metric, start),
        )
    return judge(
        meets(values, bound, at_least=at_least) & ended,
        objective.in_runs,
        objective.confidence,
        looks=one.looks,
        random=random,
        value="it" if np.isnan(values[0]) else show_of(float(values[0]), metric, start),
    )


def how_to_ask(scenario: Scenario) -> str:
    """That a scenario without objectives needs some, and how one is written."""
    name, *others = scenario.systems
    whose = f"system: {name}, " if others else ""
    example = f"{{{whose}metric: min_capacity, at_least: 80%, in_runs: 95%}}"
    return f"needs objectives in the file, such as `objectives: [{example}]`"


def rarest(scenario: Scenario) -> float:
    """The chance of what happens to a replication as a whole most seldom; 1 where nothing does."""
    specs = scenario.systems.values()
    chances = (p for spec in specs for p in SYSTEM_TYPES[spec.kind].chances(spec).values())
    return min(chances, default=1.0)
