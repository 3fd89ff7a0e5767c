"""Metrics of a Batch pool, for a whole stack of replications at once."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from sim.core.log import UNIT
from sim.core.metrics import (
    HOUR,
    NO_ROLLBACKS,
    Metric,
    availability,
    capacity,
    earliest,
    in_service,
    latest,
)
from sim.core.stack import first_of_each
from sim.core.timelines import Members
from sim.systems.base.metrics import at_least, rollouts_of_one_group, taken_by_upgrades
from sim.systems.batch_pool.history import (
    executions,
    history,
    in_statuses,
    lost,
    requeued,
    waits,
)
from sim.systems.batch_pool.requests import drains
from sim.systems.batch_pool.states import COMPLETED, FAILED, TASK_WIDTH
from sim.systems.batch_pool.status import updated_share

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sim.core.metrics import Measured, Values
    from sim.core.stack import Stack
    from sim.systems.batch_pool.layout import PoolLayout

OWN_METRICS = (
    Metric(
        "min_accepting",
        "share",
        "higher",
        "lowest\naccepting",
        "The lowest share of the nominal slots that take new tasks, at any instant of the window: "
        "those of nodes in service that do not drain.",
        extreme=True,
    ),
    Metric(
        "requeues",
        "count",
        "lower",
        "requeues",
        "How many times a task went back to the queue because its node was taken away.",
    ),
    Metric(
        "tasks_requeued",
        "count",
        "lower",
        "tasks\nrequeued",
        "Distinct tasks that went back to the queue because their node was taken away.",
    ),
    Metric(
        "lost_task_hours",
        "task-hours",
        "lower",
        "task-hours\nlost",
        "Execution thrown away by interruptions, whatever slots the tasks take.",
    ),
    Metric(
        "makespan",
        "s",
        "lower",
        "all done\nin",
        "From the first submission to the end of the last task; missing while one is not done.",
    ),
    Metric(
        "wait_mean",
        "s",
        "lower",
        "mean\nwait",
        "Mean time from submission to the first start, of tasks submitted in the window; one that "
        "has not started counts its wait so far.",
        bounded_by="tasks_waiting",
    ),
    Metric(
        "wait_p95",
        "s",
        "lower",
        "wait\n(p95)",
        "The wait that 95 % of the tasks submitted in the window do not exceed.",
        bounded_by="tasks_waiting",
    ),
    Metric(
        "tasks_waiting",
        "count",
        "lower",
        "tasks\nwaiting",
        "Tasks submitted in the window that have not started by the horizon.",
    ),
    Metric(
        "tasks_completed",
        "count",
        "higher",
        "tasks\ncompleted",
        "Tasks completed in the window, those that failed not among them.",
    ),
)

BATCH_METRICS = NO_ROLLBACKS | {metric.name: metric for metric in OWN_METRICS}


def headlines(layout: PoolLayout) -> tuple[str, ...]:
    """Those that say most."""
    spec = layout.spec
    names = ["min_capacity", *(["min_accepting"] if _drains(layout) else [])]
    if spec.work:
        names += ["lost_task_hours", "tasks_requeued", "wait_p95"]
    else:
        names += ["capacity_hours_lost"]
    names += ["rollout_duration"] if layout.rollouts else []
    finite = spec.work and not any(job.is_open for job in spec.work)
    return (*names, "makespan") if finite else tuple(names)


def _drains(layout: PoolLayout) -> bool:
    """Whether nodes may be left to end their tasks before they are taken."""
    if not layout.spec.work:
        return False
    if layout.rollouts and layout.spec.walk_rules.mode == "taskcompletion":
        return True
    return any(drains(each.body, layout.room) for each in layout.requests)


def measure(layout: PoolLayout, stack: Stack, warm_up: float) -> tuple[Measured, NDArray[np.bool_]]:
    """All metrics of one pool over [warm_up, horizon], and in which replications rollouts ended."""
    nodes = Members(stack, [layout.nodes])
    values = capacity(nodes.series("capacity").crop(warm_up), nodes.initial("capacity"), UNIT)
    slots = nodes.series("slots").crop(warm_up)
    values |= in_service(slots) | availability(at_least(slots, layout.min_available))
    # What draining costs: a node that drains is in service and takes no new tasks.
    accepting = nodes.series("accepting").crop(warm_up).minimum()
    values |= {"min_accepting": accepting / nodes.initial("accepting")}
    taken = taken_by_upgrades(layout, stack, [layout.nodes])
    of_rollouts, ended = rollouts_of_one_group(layout, stack, updated_share, taken)
    values |= of_rollouts
    if layout.jobs:
        values |= _interrupted(layout, stack) | _waited(layout, stack, warm_up)
        values |= _ended(layout, stack, warm_up)
    return {("", name): value for name, value in values.items()}, ended


def _interrupted(layout: PoolLayout, stack: Stack) -> Values:
    """What was put back and thrown away, all through the run."""
    runs = executions(layout, stack)
    back = requeued(runs)
    place, task = runs.replication[back], stack.key[runs.begun[back]]
    seconds = np.bincount(runs.replication, lost(layout, runs), stack.replications)
    return {
        "requeues": _count(place, stack),
        "tasks_requeued": _count(place[first_of_each(task)], stack),
        "lost_task_hours": seconds / HOUR,
    }


def _waited(layout: PoolLayout, stack: Stack, warm_up: float) -> Values:
    """Waits of the tasks that were submitted in the window; of none there is no wait."""
    all_waits = waits(layout, stack)
    inside = stack.time[all_waits.submitted] >= warm_up
    place = stack.replication[all_waits.submitted[inside]]
    seconds = all_waits.seconds[inside]
    counts = np.bincount(place, minlength=stack.replications)
    sums = np.bincount(place, seconds, stack.replications)
    mean, p95 = np.full((2, stack.replications), np.nan)
    np.divide(sums, counts, out=mean, where=counts > 0)
    for number, mine in enumerate(np.split(seconds, np.cumsum(counts)[:-1])):
        if len(mine):
            # The ceil(p n)-th smallest, as everywhere.
            nth = math.ceil(0.95 * len(mine) - 1e-9) - 1
            p95[number] = np.partition(mine, nth)[nth]
    return {
        "wait_mean": mean,
        "wait_p95": p95,
        "tasks_waiting": _count(place[~all_waits.started[inside]], stack),
    }


def _ended(layout: PoolLayout, stack: Stack, warm_up: float) -> Values:
    """Makespan, and how many tasks were completed."""
    is_of_task, submitted = history(layout, stack).is_of_task, history(layout, stack).submissions
    ended = np.flatnonzero(is_of_task & in_statuses(stack.new, (COMPLETED, FAILED), TASK_WIDTH))
    completed = ended[in_statuses(stack.new[ended], (COMPLETED,), TASK_WIDTH)]
    completed = completed[stack.time[completed] >= warm_up]
    all_done = _count(stack.replication[ended], stack) == _to_be_done(layout, stack, submitted)
    makespan = latest(stack, ended) - earliest(stack, submitted)
    return {
        "makespan": np.where(all_done, makespan, np.nan),
        "tasks_completed": _count(stack.replication[completed], stack),
    }


def _to_be_done(
    layout: PoolLayout, stack: Stack, submitted: NDArray[np.intp]
) -> NDArray[np.float64]:
    """How many tasks there are: of finite work all, of a stream those submitted by the horizon."""
    count = np.zeros(stack.replications)
    for job in layout.jobs:
        if not job.spec.is_open:
            count += job.room
            continue
        subject = stack.subject[submitted]
        mine = (subject >= job.first) & (subject < job.first + job.room)
        count += _count(stack.replication[submitted[mine]], stack)
    return count


def _count(replication: NDArray[np.intp], stack: Stack) -> NDArray[np.float64]:
    return np.bincount(replication, minlength=stack.replications).astype(float)
