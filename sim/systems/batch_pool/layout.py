"""The numbering of a Batch pool: its subjects and their weights, fixed by the scenario."""

from __future__ import annotations

import datetime as dt
import math
import re
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING

import numpy as np

from sim.core.log import UNIT, UPGRADE, Block, States
from sim.core.rounding import at_least
from sim.systems.base.spec import Issue
from sim.systems.batch_pool.rejections import LATEST, OPERATION_STATES, by_version
from sim.systems.batch_pool.requests import Resize, UpgradeImage, UpgradeOs
from sim.systems.batch_pool.states import (
    ACTIVE,
    ACTOR,
    ACTORS,
    ALLOCATION,
    IDLE,
    IN_SERVICE,
    NODE,
    POOL,
    POOL_ACTIVE,
    RUNNING,
    STEADY,
    TASK,
    TASK_WIDTH,
    WIDTH,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from sim.formats.distributions import Distribution
    from sim.systems.base.operation import Operation, Span
    from sim.systems.batch_pool.spec import BatchPool
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
    """The slots that its tasks require, each number once, ascending."""


@dataclass(frozen=True, eq=False)
class Layout:
    """The numbering of a Batch pool: fixed by the scenario, the same in every replication."""

    name: str
    spec: BatchPool
    operations: tuple[str, ...]
    """Names of the file's operations, by number."""
    upgrades: tuple[str, ...]
    """Names of the operations that begin an upgrade, by number: all of them are rollouts."""
    os_versions: tuple[str, ...]
    """Versions by number; 0 is the one that runs at time 0."""
    targets: tuple[int, ...]
    """By upgrade the number of the version that it brings."""
    room: int
    """The most nodes that the scenario's operations can ask for."""
    first: int
    """The system's first subject in the log."""
    span: Span

    @property
    def rollouts(self) -> int:
        """How many upgrades there may be."""
        return len(self.upgrades)

    @cached_property
    def versions(self) -> dict[str, int]:
        """Number of each version."""
        return {version: number for number, version in enumerate(self.os_versions)}

    @property
    def slots(self) -> int:
        """Slots of a node."""
        return self.spec.task_slots_per_node

    @property
    def nominal(self) -> int:
        """Slots at time 0."""
        return self.spec.slots

    @property
    def min_available(self) -> int:
        """Slots in service that the pool needs."""
        return at_least(self.spec.min_available, self.nominal)

    def target(self, operation: str) -> int:
        """Number of the version that the upgrade by an operation brings."""
        return self.targets[self.upgrades.index(operation)]

    # Subjects, in the order of their blocks.
    @property
    def first_operation(self) -> int:
        """Subject of the first operation."""
        return self.first + len(ACTORS)

    @property
    def failures(self) -> int:
        """The actor because of whom nodes fail."""
        return self.first + ACTORS.index("failures")

    @property
    def first_upgrade(self) -> int:
        """Subject of the first upgrade."""
        return self.first_operation + len(self.operations)

    @property
    def pool(self) -> int:
        """Subject of the pool itself."""
        return self.first_upgrade + len(self.upgrades)

    @property
    def allocation(self) -> int:
        """Subject of its allocation of nodes."""
        return self.pool + 1

    @cached_property
    def first_node(self) -> int:
        """Subject of node 0."""
        return self.allocation + 1

    @cached_property
    def jobs(self) -> tuple[JobLayout, ...]:
        """The jobs, in the file's order."""
        first, jobs = self.first_task, []
        for job in self.spec.work:
            sizes, room = _sizes_and_room(job, self.spec, self.span.horizon)
            jobs.append(JobLayout(str(job.name), job, first, room, sizes))
            first += room
        return tuple(jobs)

    @property
    def first_task(self) -> int:
        """Subject of the first task of the first job."""
        return self.first_node + self.room

    @cached_property
    def tasks(self) -> int:
        """How many tasks there may be."""
        return sum(job.room for job in self.jobs)

    def blocks(self) -> list[Block]:
        """The system's subjects, in order of number."""
        blocks = [
            self._block("actor", self.first, ACTOR, ACTORS.__getitem__, [0] * len(ACTORS)),
            self._block(
                "operation",
                self.first_operation,
                OPERATION_STATES,
                self.operations.__getitem__,
                [0] * len(self.operations),
            ),
            self._block(
                "upgrade",
                self.first_upgrade,
                UPGRADE,
                tuple(f"upgrade by {name}" for name in self.upgrades).__getitem__,
                [0] * len(self.upgrades),
            ),
            self._block("pool", self.pool, POOL, (f"pool {self.name}",).__getitem__, [POOL_ACTIVE]),
            self._block(
                "allocation",
                self.allocation,
                ALLOCATION,
                (f"allocation of {self.name}",).__getitem__,
                [STEADY],
            ),
            self._block(
                "node",
                self.first_node,
                States(NODE, self.os_versions),
                node_name,
                [IDLE] * self.spec.nodes + [0] * (self.room - self.spec.nodes),
                weights=self._node_weights(),
            ),
        ]
        return blocks + [self._tasks(job) for job in self.jobs]

    def _tasks(self, job: JobLayout) -> Block:
        sizes = tuple("" if len(job.sizes) == 1 else f"{n} slots" for n in job.sizes)
        queue, slots = np.zeros((2, len(sizes), TASK_WIDTH), np.int64)
        queue[:, ACTIVE] = 1
        slots[:, RUNNING] = job.sizes
        return self._block(
            "task",
            job.first,
            States(TASK, sizes),
            partial(_task_name, job.name),
            np.zeros(job.room, np.int16),
            group=job.name,
            weights={"queue": queue.ravel(), "slots": slots.ravel()},
        )

    def _block(
        self,
        kind: str,
        first: int,
        states: States,
        name: Callable[[int], str],
        initial: Sequence[int] | NDArray[np.int16],
        *,
        group: str = "",
        weights: Mapping[str, NDArray[np.int64]] | None = None,
    ) -> Block:
        codes = np.asarray(initial, np.int16)
        return Block(self.name, kind, group, first, len(codes), states, codes, name, weights or {})

    def _node_weights(self) -> dict[str, NDArray[np.int64]]:
        """What a node weighs by code: slots (in `UNIT` for `capacity`), or 1 in `nodes`."""
        serves, accepts = np.zeros((2, len(self.os_versions), WIDTH), np.int64)
        serves[:, IN_SERVICE] = 1
        accepts[:, IDLE] = 1
        return {
            "capacity": serves.ravel() * self.slots * UNIT,
            "slots": serves.ravel() * self.slots,
            "nodes": serves.ravel(),
            "accepting": accepts.ravel() * self.slots,
        }


def node_name(node: int) -> str:
    """Name of a node."""
    return f"node-{node}"


def _task_name(job: str, task: int) -> str:
    return f"{job}/{task}"


def _sizes_and_room(job: Job, spec: BatchPool, horizon: float) -> tuple[tuple[int, ...], int]:
    """The slots that a job's tasks require, ascending, and the most tasks that it may have."""
    if job.recorded is not None:
        fitting = job.recorded.fitting(spec.task_slots_per_node)
        return tuple(np.unique(fitting.slots).tolist()) or (1,), len(fitting.submit)
    if job.tasks is not None:
        return (job.required_slots,), job.tasks
    return (job.required_slots,), most_arrivals(job.gaps(spec.slots), horizon)


def limits(name: str, spec: BatchPool, span: Span) -> Iterator[Issue]:
    """More tasks than a model has room for; only the horizon tells how many streams bring."""
    tasks = sum(_sizes_and_room(job, spec, span.horizon)[1] for job in spec.work)
    if tasks > MOST_TASKS:
        rule = f"must bring at most {MOST_TASKS:,} tasks within the horizon, got {tasks:,}"
        yield Issue(("systems", name, "work"), rule)


def most_arrivals(gaps: Distribution, horizon: float) -> int:
    """So many arrivals within `horizon` seconds that more are next to impossible (`NEVER`).

    Chernoff's bound on a renewal process: n gaps fit into T with a probability of at most
    exp(t T) E[exp(-t gap)]^n, for every t > 0.
    """
    if not gaps.is_random:
        return math.floor(horizon / gaps.mean) + 1
    times = gaps.quantile((np.arange(4096) + 0.5) / 4096)
    rates = np.logspace(-6, 3, 200) / gaps.mean
    decay = -np.log([np.exp(-rate * times).mean() for rate in rates.tolist()])
    bounds = (rates * horizon - math.log(NEVER)) / np.maximum(decay, 1e-300)
    return math.ceil(float(bounds.min())) + 1


# Assumption: the version * is the newest of the pool's family that is listed or asked for.
def latest(spec: BatchPool, asked: Sequence[str], now: dt.datetime | None) -> str:
    """The newest version of the pool's OS family that there is at the instant `now`.

    It is one of those listed or `asked` for before, or the one that the pool runs at time 0.
    """
    family = f"{spec.current_os_version.partition('.')[0]}."
    named = [*(each.version for each in spec.os_versions), *asked]
    ours = [version for version in named if version.startswith(family)]
    known = [version for version in ours if by_version(version, spec, now) is None]
    return max([spec.current_os_version, *known], key=_parts)


def _instant(operation: Operation, span: Span) -> dt.datetime | None:
    """The wall clock when an operation is asked for; at the mean of a random time, if in time."""
    seconds = min(operation.at.mean, span.horizon)
    return span.start and span.start + dt.timedelta(seconds=seconds)


def _parts(version: str) -> list[int]:
    """The numbers in a version, which compare as numbers: 5.9 is before 5.31."""
    return [int(part) for part in re.findall(r"[0-9]+", version)]


def most_nodes(spec: BatchPool, operations: Sequence[Operation]) -> int:
    """The most nodes that the pool starts with or is ever asked to have."""
    bodies = (operation.body for operation in operations)
    return max([spec.nodes, *(body.nodes for body in bodies if isinstance(body, Resize))])


def number_all(
    name: str, spec: BatchPool, operations: Sequence[Operation], first: int, span: Span
) -> Layout:
    """Number all that can ever be there: nodes, tasks, upgrades, versions."""
    upgrades = [each for each in operations if isinstance(each.body, UpgradeOs | UpgradeImage)]
    versions, targets = _number_versions(spec, upgrades, span)
    return Layout(
        name,
        spec,
        tuple(operation.name for operation in operations),
        tuple(operation.name for operation in upgrades),
        tuple(versions),
        tuple(targets),
        most_nodes(spec, operations),
        first,
        span,
    )


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
