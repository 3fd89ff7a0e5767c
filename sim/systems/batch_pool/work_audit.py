"""What the log alone cannot know of a pool: its slots hold, and its tasks are served as they asked.

Each rule reads the rows of a stack anew and is told in words when it is broken.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sim.systems.batch_pool.occupancy import occupancy
from sim.systems.batch_pool.states import (
    ACTIVE,
    COMPLETED,
    FAILED,
    IDLE,
    IN_SERVICE,
    RUNNING,
    TASK_WIDTH,
    WIDTH,
)
from sim.systems.batch_pool.work_done import (
    DONE,
    INTERRUPTIONS,
    TERMINATE,
    UNEXPLAINED,
    carried,
    checkpoints_within,
    executions,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from sim.log import Stack
    from sim.systems.batch_pool.layout import Layout
    from sim.systems.batch_pool.model import Model
    from sim.systems.batch_pool.work_done import Executions

MOVES = (
    (0, ACTIVE),
    (ACTIVE, RUNNING),
    (RUNNING, ACTIVE),
    (RUNNING, COMPLETED),
    (RUNNING, FAILED),
)
"""From status to status: all that a task can do."""


def broken_rule(model: Model, stack: Stack) -> str | None:
    """The first rule that a stack of histories breaks, if any."""
    if not model.layout.jobs:
        return None
    return next(_broken_rules(model, stack), None)


def _broken_rules(model: Model, stack: Stack) -> Iterator[str]:
    layout = model.layout
    if not _moves_hold(layout, stack):
        yield "a task is in two states at once"
        return  # its runs cannot be told
    runs = executions(model, stack)
    yield from _wrong_endings(runs)
    yield from _wrong_slots(layout, runs)
    yield from _wrong_work(model, runs)


def _moves_hold(layout: Layout, stack: Stack) -> bool:
    """Whether tasks go from state to state as they may, and never change their required slots."""
    codes = TASK_WIDTH * max(len(job.sizes) for job in layout.jobs)
    may = np.zeros((codes, codes), bool)
    for old, new in MOVES:
        sizes = np.arange(0, codes, TASK_WIDTH)
        may[sizes + old if old else 0, sizes + new] = True
    mine = _of_tasks(layout, stack)
    return bool(may[stack.old[mine], stack.new[mine]].all())


def _of_tasks(layout: Layout, stack: Stack) -> NDArray[np.bool_]:
    mine: NDArray[np.bool_] = stack.subject >= layout.first_task
    mine &= stack.subject < layout.first_task + layout.tasks
    return mine


def _wrong_endings(runs: Executions) -> Iterator[str]:
    stack, ending = runs.stack, runs.ending
    if (ending == UNEXPLAINED).any():
        yield "a task was interrupted though nothing took its node at that instant"
    cut = np.flatnonzero(np.isin(ending, INTERRUPTIONS))
    rows = runs.ended[cut]
    failed = stack.new[rows] % TASK_WIDTH == FAILED
    if (failed != (ending[cut] == TERMINATE)).any():
        yield "an interrupted task went elsewhere than what took its node says"
    ended = np.flatnonzero(runs.ended >= 0)
    on = stack.cause[runs.ended[ended]]
    if ((on != runs.node[ended]) & (on != runs.task[ended])).any():
        yield "a task ended on another node than it ran on"


def _wrong_slots(layout: Layout, runs: Executions) -> Iterator[str]:
    stack, nodes = runs.stack, occupancy(layout, runs)
    if (nodes.used > layout.slots).any():
        yield "a node runs more than it has slots"
    status = nodes.code % WIDTH
    if (status[nodes.change > 0] != IDLE).any():
        yield "a task started on a node that takes none"
    time = stack.time[nodes.row]
    last = np.append((time[1:] != time[:-1]) | nodes.opens[1:], True)[: len(time)]
    if (last & (nodes.used > 0) & ~np.isin(status, IN_SERVICE)).any():
        yield "a task runs on a node that is out of service"


def _wrong_work(model: Model, runs: Executions) -> Iterator[str]:
    """Tasks are submitted as they are drawn, and completed after their whole service time."""
    stack, layout = runs.stack, model.layout
    shape = (stack.replications, layout.tasks)
    submit, service = np.full((2, *shape), np.inf)
    state = np.zeros(shape, np.int16)
    for place, number in enumerate(stack.numbers.tolist()):
        for job, tasks in zip(layout.jobs, model.tasks(stack.seed, number), strict=True):
            first = job.first - layout.first_task
            mine = slice(first, first + len(tasks.submit))
            submit[place, mine], service[place, mine] = tasks.submit, tasks.service
            state[place, mine] = tasks.size * TASK_WIDTH + ACTIVE
    if not _as_drawn(layout, stack, submit, state):
        yield "a task was not submitted when and as it was due"
    done = np.flatnonzero(runs.ending == DONE)
    left = service[runs.replication[done], runs.task[done] - layout.first_task]
    left -= carried(layout, runs)[done]
    left += checkpoints_within(layout, left) * layout.spec.checkpoint.cost
    if (left != runs.elapsed[done]).any():
        yield "a completed task was not given the time that it needs"


def _as_drawn(
    layout: Layout, stack: Stack, submit: NDArray[np.float64], state: NDArray[np.int16]
) -> bool:
    """Whether just the tasks that are due by the horizon are submitted, each when it is due."""
    rows = np.flatnonzero(_of_tasks(layout, stack) & (stack.old == 0))
    place, task = stack.replication[rows], stack.subject[rows] - layout.first_task
    right = (submit[place, task] == stack.time[rows]) & (state[place, task] == stack.new[rows])
    return bool(right.all()) and len(rows) == int((submit <= stack.horizon).sum())
