"""What a run of a Batch pool is expected to cost."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sim.systems.base.cost import Part, expected_failures, tries
from sim.systems.batch_pool.requests import OfNodes, Resize, UpgradeImage, UpgradeOs
from sim.systems.batch_pool.selection import ALL, numbers_of
from sim.systems.batch_pool.states import BUSY, IDLE, NODE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sim.systems.base.cost import Path
    from sim.systems.batch_pool.layout import JobLayout, PoolLayout

OPERATION_ROWS = 8
"""Of an operation itself: asked, ended, an upgrade and a pool that begins and ends."""


class _Runs(NamedTuple):
    """The runs of a job's tasks, were there nodes enough for all."""

    tasks: float
    """Tasks that are submitted."""
    runs: float
    seconds: float
    """Mean time of a run."""
    slots: float

    @property
    def work(self) -> float:
        """Slots times seconds."""
        return self.runs * self.seconds * self.slots


def parts(layout: PoolLayout) -> list[Part]:
    """What makes the rows and events of a replication."""
    jobs = [_runs(layout, job) for job in layout.jobs]
    work, room = sum(job.work for job in jobs), layout.nominal * layout.span.horizon
    load = min(1.0, work / room) if work and room else 0.0
    share = 1.0 if work <= room else room / work
    return [
        *(_of_job(layout, place, job, share) for place, job in enumerate(jobs)),
        *_of_nodes(layout, load * layout.slots),
    ]


def _runs(layout: PoolLayout, job: JobLayout) -> _Runs:
    spec, horizon, slots = job.spec, layout.span.horizon, float(job.spec.required_slots)
    given = spec.given(layout.slots)
    if given is not None:
        came = given.submit <= horizon
        tasks = float(np.count_nonzero(came))
        runs = came & (given.slots <= layout.slots)
        fit = float(np.count_nonzero(runs))
        seconds = float(given.service[runs].mean()) if fit else 0.0
        slots = float(given.slots[runs].mean()) if fit else 0.0
    else:
        assert spec.service
        seconds = spec.service.mean
        tasks = float(spec.tasks or 0)
        if spec.tasks is None:
            tasks = min(job.room, job.rate.total / spec.gaps(layout.nominal).mean)
        fit = tasks if slots <= layout.slots else 0.0
    endless = spec.max_task_retry_count < 0
    most = math.inf if endless else spec.max_task_retry_count + 1.0
    if seconds:
        most = min(most, 1 + horizon / seconds)
    return _Runs(tasks, fit * tries(spec.fails, most), seconds, slots)


def _of_job(layout: PoolLayout, place: int, runs: _Runs, share: float) -> Part:
    """A task is submitted, and begins and ends each run."""
    name = layout.jobs[place].name
    path: Path = ("systems", layout.name, "work", place)
    count = share * runs.runs
    what = f"tasks of {name}"
    if count > 2 * runs.tasks:
        path, what = (*path, "max_task_retry_count"), f"{what}, which fail and run again"
    return Part(path, what, "task", name, runs.tasks + 2 * count, runs.tasks + count)


def _of_nodes(layout: PoolLayout, busy: float) -> Iterator[Part]:
    """Nodes that are taken, and their tasks, of which each runs so many."""
    horizon = layout.span.horizon
    starts = layout.spec.start_task
    # Out and back, and through with its start task; a task that is requeued runs again.
    taken = 3.0 + 2.0 * busy
    nodes = 0.0
    for operation in layout.requests:
        if operation.at.mean > horizon:
            continue
        count = 1.0
        if isinstance(operation.body, UpgradeOs | UpgradeImage):
            count = layout.spec.nodes
        elif isinstance(operation.body, Resize):
            count = max(1.0, abs(operation.body.nodes - layout.spec.nodes))
        elif isinstance(operation.body, OfNodes):
            count = _chosen(layout, operation.body.node)
        nodes += count
        rows = count * taken + OPERATION_ROWS
        what = f"nodes that {operation.name} takes"
        yield Part(operation.path, what, "node", "", rows, rows)
    coming, finding = expected_failures(layout.spec.failures, layout.spec.nodes, horizon)
    nodes += finding
    path: Path = ("systems", layout.name, "failures", "per_year")
    yield Part(path, "nodes that fail", "node", "", finding * taken, coming + finding * taken)
    coming, finding = _preempted(layout)
    nodes += finding
    path = ("systems", layout.name, "preemptions", "per_hour")
    what = "nodes that are preempted"
    yield Part(path, what, "node", "", finding * taken, coming + finding * taken)
    most = math.inf if starts.max_retry_count < 0 else starts.max_retry_count + 1.0
    again = tries(starts.fails, most) - 1 if starts.wait_for_success else 0.0
    path = ("systems", layout.name, "start_task", "max_retry_count")
    what = "start tasks, which fail and run again"
    yield Part(path, what, "node", "", 0.0, nodes * again if again else 0.0)


def _chosen(layout: PoolLayout, choice: str | tuple[str, ...]) -> float:
    """About how many nodes a choice means: few are in another state than idle or running."""
    numbers = numbers_of(choice)
    if numbers is not None:
        return len(numbers)
    return layout.spec.nodes if choice in (ALL, NODE[IDLE], BUSY) else 1.0


def _preempted(layout: PoolLayout) -> tuple[float, float]:
    """How many preemptions come, and how many of them find a node in service."""
    preemptions, nodes, horizon = layout.spec.preemptions, layout.spec.nodes, layout.span.horizon
    if preemptions is None:
        return 0.0, 0.0
    coming, finding = expected_failures(preemptions.process, nodes, horizon)
    if preemptions.are_final:
        finding = nodes * (1 - preemptions.share_there(horizon))
    return coming, finding
