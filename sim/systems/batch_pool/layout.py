"""The numbering of a Batch pool: its subjects and their weights, fixed by the scenario."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import cached_property, lru_cache, partial
from typing import TYPE_CHECKING

import numpy as np

from sim.core.log import UNIT, States
from sim.core.rounding import at_least
from sim.core.wall_clock import reading
from sim.systems.base.layout import Layout
from sim.systems.base.spec import Issue
from sim.systems.base.targets import INITIAL, target_states
from sim.systems.batch_pool.arrivals import Rate
from sim.systems.batch_pool.rejections import ANSWERS, LATEST, by_listing, by_version
from sim.systems.batch_pool.requests import Resize, UpgradeImage, UpgradeOs
from sim.systems.batch_pool.spec import BatchPool
from sim.systems.batch_pool.states import (
    ACTORS,
    ALLOCATION,
    ASKED_FOR,
    IDLE,
    IN_SERVICE,
    NODE,
    POOL,
    POOL_ACTIVE,
    PREEMPTIONS,
    RUNNING,
    SIZE,
    STEADY,
    TASK,
    TASK_WIDTH,
    WAITING,
    WIDTH,
)

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from sim.core.log import Block
    from sim.formats.distributions import Distribution
    from sim.systems.base.operation import Operation, Span
    from sim.systems.batch_pool.workload import Job

FIRST_IMAGE = "image 1"
"""What a virtual_machine pool runs at time 0; each upgrade of its image brings the next one."""

MOST_TASKS = 20_000_000
"""More would need more memory than most machines have: a task takes some 400 bytes."""

NEVER = 1e-15
"""A pool has room for so many tasks that more come in fewer than this share of replications."""


@dataclass(frozen=True)
class JobLayout:
    """Where a job's tasks stand in the log."""

    name: str
    spec: Job
    first: int
    """Subject of its first task; tasks are numbered in order of submission."""
    room: int
    """The most tasks that the job may have."""
    sizes: tuple[int, ...]
    """The slots that its tasks require, each number once, ascending; one more than a node has where
    it has not so many."""
    rate: Rate
    """How fast its tasks come over the time, if it is a stream."""


class PoolLayout(Layout[BatchPool]):
    """The numbering of a Batch pool: fixed by the scenario, the same in every replication."""

    def __init__(
        self,
        name: str,
        spec: BatchPool,
        requests: Sequence[Operation],
        first: int,
        span: Span,
    ) -> None:
        upgrades = [each for each in requests if isinstance(each.body, UpgradeOs | UpgradeImage)]
        named = [each.name for each in upgrades]
        actors = (*ACTORS, PREEMPTIONS) if spec.preemptions else ACTORS
        super().__init__(
            name, spec, requests, first, span, actors=actors, rules=ANSWERS, rollouts=named
        )
        versions, targets = _number_versions(spec, upgrades, span)
        self.os_versions = tuple(versions)
        """Versions by number; 0 is the one that runs at time 0."""
        self._brings = dict(zip(named, targets, strict=True))
        self.target = self._add_one("target", target_states(versions), INITIAL)
        """Which version its nodes are to have."""
        sizes = tuple(map(str, self.sizes))
        self.size = self._add_one("size", States(SIZE, sizes), ASKED_FOR)
        """How many nodes it is to have: the number stands as a version, as one of few."""
        self.pool = self.add("pool", POOL, [f"pool {name}"], [POOL_ACTIVE]).first
        """Subject of the pool itself."""
        self.allocation = self._add_one("allocation", ALLOCATION, STEADY).first
        """Subject of its allocation of nodes."""
        self.nodes = self._add_nodes()
        self.jobs = tuple(self._add_job(job) for job in spec.work)
        """The jobs, in the file's order."""

    @cached_property
    def versions(self) -> dict[str, int]:
        """Number of each version."""
        return {version: number for number, version in enumerate(self.os_versions)}

    @cached_property
    def slots(self) -> int:
        """Slots of a node."""
        return self.spec.task_slots_per_node

    @cached_property
    def nominal(self) -> int:
        """Slots at time 0."""
        return self.spec.slots

    @cached_property
    def min_available(self) -> int:
        """Slots in service that the pool needs."""
        return at_least(self.spec.min_available, self.nominal)

    @cached_property
    def sizes(self) -> tuple[int, ...]:
        """Numbers of nodes that the pool may be asked to have, the first one at time 0."""
        return sizes_asked(self.spec, self.requests)

    @cached_property
    def room(self) -> int:
        """The most nodes that the scenario's operations can ask for."""
        return max(self.sizes)

    @cached_property
    def first_node(self) -> int:
        """Subject of node 0."""
        return self.nodes.first

    @cached_property
    def first_task(self) -> int:
        """Subject of the first task of the first job."""
        return self.nodes.first + self.nodes.count

    @cached_property
    def tasks(self) -> int:
        """How many tasks there may be."""
        return sum(job.room for job in self.jobs)

    def brings(self, operation: str) -> int:
        """Number of the version that the upgrade by an operation brings."""
        return self._brings[operation]

    def _add_one(self, kind: str, states: States, initial: int) -> Block:
        return self.add(kind, states, [f"{kind} of {self.name}"], [initial])

    def _add_nodes(self) -> Block:
        here = self.spec.nodes
        initial = [IDLE] * here + [0] * (self.room - here)
        states, weights = States(NODE, self.os_versions), self._node_weights()
        return self.add("node", states, node_name, initial, weights=weights)

    def _add_job(self, job: Job) -> JobLayout:
        rate = Rate.of(job, self.span)
        sizes, room = _sizes_and_room(job, self.spec, rate)
        queue, slots = np.zeros((2, len(sizes), TASK_WIDTH), np.int64)
        queue[:, WAITING] = 1
        slots[:, RUNNING] = np.array(sizes)
        block = self.add(
            "task",
            States(TASK, tuple("" if len(sizes) == 1 else self._slots_text(n) for n in sizes)),
            partial(_task_name, str(job.name)),
            np.zeros(room, np.int16),
            group=str(job.name),
            weights={"queue": queue.ravel(), "slots": slots.ravel()},
        )
        return JobLayout(str(job.name), job, block.first, room, sizes, rate)

    def _slots_text(self, required: int) -> str:
        fits = required <= self.slots
        return f"{required} slots" if fits else f"more than {self.slots} slots"

    def _node_weights(self) -> dict[str, NDArray[np.int64]]:
        """What a node weighs by code: slots (in `UNIT` for `capacity`), or 1 in `ready`."""
        serves, accepts = np.zeros((2, len(self.os_versions), WIDTH), np.int64)
        serves[:, IN_SERVICE] = 1
        accepts[:, IDLE] = 1
        return {
            "capacity": serves.ravel() * self.slots * UNIT,
            "slots": serves.ravel() * self.slots,
            "ready": serves.ravel(),
            "accepting": accepts.ravel() * self.slots,
        }


def node_name(node: int) -> str:
    """Name of a node."""
    return f"node-{node}"


def _task_name(job: str, task: int) -> str:
    return f"{job}/{task}"


def _sizes_and_room(job: Job, spec: BatchPool, rate: Rate) -> tuple[tuple[int, ...], int]:
    """The slots that a job's tasks require, ascending, and the most tasks that it may have."""
    given = job.given(spec.task_slots_per_node)
    if given is not None:
        return tuple(np.unique(given.slots).tolist()) or (1,), len(given.submit)
    size = min(job.required_slots, spec.task_slots_per_node + 1)
    if job.tasks is not None:
        return (size,), job.tasks
    return (size,), most_arrivals(job.gaps(spec.slots), rate.total)


def limits(name: str, spec: BatchPool, span: Span) -> Iterator[Issue]:
    """More tasks than a model has room for; only the horizon tells how many streams bring."""
    tasks = sum(_sizes_and_room(job, spec, Rate.of(job, span))[1] for job in spec.work)
    if tasks > MOST_TASKS:
        rule = f"must bring at most {MOST_TASKS:,} tasks within the horizon, got {tasks:,}"
        yield Issue(("systems", name, "work"), rule)


@lru_cache(maxsize=10_000)  # what is checked first is then built
def most_arrivals(gaps: Distribution, horizon: float) -> int:
    """So many arrivals within `horizon` seconds that more are next to impossible (`NEVER`).

    Chernoff's bound on a renewal process: n gaps fit into T with a probability of at most
    exp(t T) E[exp(-t gap)]^n, for every t > 0.
    """
    if not gaps.is_random:
        return math.floor(horizon / gaps.mean) + 1
    times = gaps.quantile((np.arange(4096) + 0.5) / 4096)
    rates = np.logspace(-6, 3, 200) / gaps.mean
    least = float(times.min())
    late = times - least

    def bound(place: int) -> float:
        # Relative to the shortest gap: where all gaps are long, e to the minus them is 0 by itself.
        rate = float(rates[place])
        decay = rate * least - math.log(np.exp(-rate * late).mean())
        return (rate * horizon - math.log(NEVER)) / max(decay, 1e-300)

    # An affine function by a concave one has one valley, so that halves tell where it is lowest.
    low, high = 0, len(rates) - 1
    while low < high:
        middle = (low + high) // 2
        if bound(middle) <= bound(middle + 1):
            high = middle
        else:
            low = middle + 1
    return math.ceil(bound(low)) + 1


# Assumption: the version * is the newest of the pool's family that is listed or asked for.
def latest(spec: BatchPool, asked: Sequence[str], now: dt.datetime | None) -> str:
    """The newest version of the pool's OS family that there is at the instant `now`.

    It is one of those listed or `asked` for before, or the one that the pool runs at time 0.
    """
    family = f"{spec.current_os_version.partition('.')[0]}."
    known = [each.version for each in spec.os_versions if by_listing(each, now) is None]
    if not spec.os_versions:
        known = [version for version in asked if by_version(version, spec, now) is None]
    ours = [version for version in known if version.startswith(family)]
    return max([spec.current_os_version, *ours], key=_parts)


def _instant(operation: Operation, span: Span) -> dt.datetime | None:
    """The wall clock when an operation is asked for; at the mean of a random time, if in time."""
    seconds = min(operation.at.mean, span.horizon)
    return span.start and reading(span.start, seconds)


@lru_cache(maxsize=10_000)
def _parts(version: str) -> list[int]:
    """The numbers in a version, which compare as numbers: 5.9 is before 5.31."""
    return [int(part) for part in re.findall(r"[0-9]+", version)]


def sizes_asked(spec: BatchPool, operations: Sequence[Operation]) -> tuple[int, ...]:
    """The numbers of nodes that the pool starts with and is asked to have, each once."""
    asked = (each.body.nodes for each in operations if isinstance(each.body, Resize))
    return tuple(dict.fromkeys((spec.nodes, *asked)))


def most_nodes(spec: BatchPool, operations: Sequence[Operation]) -> int:
    """The most nodes that the pool starts with or is ever asked to have."""
    return max(sizes_asked(spec, operations))


def _number_versions(
    spec: BatchPool, upgrades: Sequence[Operation], span: Span
) -> tuple[list[str], list[int]]:
    """The versions by number, and by upgrade the number of the one that it brings."""
    virtual_machines = spec.configuration == "virtual_machine"
    versions = [FIRST_IMAGE if virtual_machines else spec.current_os_version]
    targets: list[int] = []
    for operation in upgrades:
        if isinstance(operation.body, UpgradeOs):
            target = operation.body.target_os_version
            if target == LATEST:
                target = latest(spec, versions, _instant(operation, span))
        else:
            target = f"image {len(targets) + 2}"
        if target not in versions:
            versions.append(target)
        targets.append(versions.index(target))
    return versions, targets
