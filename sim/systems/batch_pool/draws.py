"""What is drawn for a pool: its tasks, and how start tasks of nodes go.

A task's service time is one draw for its life, whatever interrupts it. All is a function of seed
and replication, so that whoever checks a run can have the same tasks again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sim.core.random_streams import draws
from sim.systems.batch_pool.workload import UNFIT_PRIORITY

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from sim.core.random_streams import Draws
    from sim.systems.base.context import Context
    from sim.systems.batch_pool.layout import JobLayout, PoolLayout


@dataclass(frozen=True, eq=False)
class JobTasks:
    """The tasks of one job in order of submission; arrays have shape (tasks,)."""

    submit: NDArray[np.float64]
    """Seconds after the scenario's start."""
    service: NDArray[np.float64]
    """Seconds of work, on the grid."""
    size: NDArray[np.int64]
    """The place of its required slots in the job's sizes."""
    priority: NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Tasks:
    """All tasks of a pool in order of submission (time, then number); arrays (tasks,)."""

    submit: NDArray[np.float64]
    subject: NDArray[np.int64]
    service: NDArray[np.float64]
    base: NDArray[np.int64]
    """The place of its required slots in the sizes of its job."""
    slots: NDArray[np.int64]
    priority: NDArray[np.int64]
    job: NDArray[np.int64]


def draw_tasks(layout: PoolLayout, draws: Draws) -> list[JobTasks]:
    """The tasks of each job that are submitted by the horizon; all of those that are given."""
    return [_draw_job(layout, job, draws) for job in layout.jobs]


def redraw_tasks(layout: PoolLayout, seed: int, replication: int) -> list[JobTasks]:
    """The same of a replication that is over, for whoever checks it."""
    return draw_tasks(layout, draws(seed, replication))


def _draw_job(layout: PoolLayout, job: JobLayout, draws: Draws) -> JobTasks:
    spec, path = job.spec, f"{layout.name}/{job.name}"
    given = spec.given(layout.slots)
    if given is not None:
        size = np.searchsorted(job.sizes, given.slots)
        priority = np.where(given.slots > layout.slots, UNFIT_PRIORITY, given.priority)
        return JobTasks(given.submit, given.service, size, priority)
    if spec.tasks is not None:
        submit = np.zeros(spec.tasks)
    else:
        gaps = draws.times(f"{path}/interarrival", spec.gaps(layout.nominal), job.room)
        passed = np.cumsum(gaps.vector(job.room))
        due = job.rate.by_the_end(passed)
        if len(due) == len(passed):
            raise RuntimeError(f"{path}: more arrivals than there is room for, {job.room}")
        submit = job.rate.instants(due) if spec.has_curve else due
    count = len(submit)
    assert spec.service is not None
    service = draws.times(f"{path}/service", spec.service, count).vector(count)
    rank = spec.priority if spec.required_slots <= layout.slots else UNFIT_PRIORITY
    return JobTasks(submit, service, np.zeros(count, np.int64), np.full(count, rank))


def in_order(layout: PoolLayout, jobs: Sequence[JobTasks]) -> Tasks:
    """The tasks of all jobs in order of submission, at equal times of number."""
    numbers = [len(each.submit) for each in jobs]
    subject = [
        np.arange(job.first, job.first + count)
        for job, count in zip(layout.jobs, numbers, strict=True)
    ]
    slots = [
        np.array(job.sizes, np.int64)[each.size]
        for job, each in zip(layout.jobs, jobs, strict=True)
    ]
    submit = np.concatenate([np.zeros(0), *(each.submit for each in jobs)])
    order = np.argsort(submit, kind="stable")  # the jobs follow each other by number already

    def ordered(columns: Sequence[NDArray[np.int64]]) -> NDArray[np.int64]:
        return np.concatenate([np.zeros(0, np.int64), *columns])[order]

    service = np.concatenate([np.zeros(0), *(each.service for each in jobs)])
    return Tasks(
        submit[order],
        ordered(subject),
        service[order],
        ordered([each.size for each in jobs]),
        ordered(slots),
        ordered([each.priority for each in jobs]),
        np.repeat(np.arange(len(jobs)), numbers)[order],
    )


class Starts:
    """Start tasks of nodes that start for one reason: how long they take and whether they work.

    The reason (an operation by name, or failures) is part of the path of the draws: so a node
    starts alike whatever else happens to it, in every variant of the scenario.
    """

    def __init__(self, context: Context, layout: PoolLayout, reason: str) -> None:
        spec, path, room = layout.spec.start_task, f"{layout.name}/start_task", layout.room
        self._context, self._spec, self._first = context, spec, layout.first_node
        self._seconds = context.draws.times(f"{path}/{reason}", spec.duration, room)
        self._fails = context.draws.happens(f"{path}_fails/{reason}", spec.fails, room)
        self._used: dict[int, int] = {}
        """Node -> attempts so far, where it starts more than once for this reason."""

    def run(self, node: int) -> tuple[float, bool]:
        """Seconds until the start task of a node is through, and whether it succeeded.

        Without `wait_for_success` the node does not wait for it.
        """
        if not self._spec.wait_for_success:
            return 0.0, True
        seconds, attempt = 0.0, self._used.get(node, 0)
        most = self._spec.max_retry_count
        retries = 0
        while True:
            seconds += self._seconds[node, attempt]
            failed = self._fails[node, attempt]
            attempt += 1
            if not failed or retries == most:
                break
            retries += 1
            # Without limit they are all in this one event, which would never end.
            self._context.spend(1, self._first + node)
        self._used[node] = attempt
        return seconds, not failed
