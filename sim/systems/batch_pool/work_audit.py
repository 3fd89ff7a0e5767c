"""What the log alone cannot know of a pool: its slots hold, and its tasks are served as they asked.

Each rule reads the rows of a stack anew and is told in words when it is broken.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np

from sim.systems.batch_pool import runs_audit, stays_audit, walk_audit
from sim.systems.batch_pool.executions import (
    DONE,
    INTERRUPTIONS,
    TERMINATE,
    UNEXPLAINED,
    carried,
    executions,
    node_rows,
    requeued,
)
from sim.systems.batch_pool.occupancy import occupancy
from sim.systems.batch_pool.queue_audit import served_in_order
from sim.systems.batch_pool.states import (
    ACTIVE,
    COMPLETED,
    FAILED,
    IDLE,
    IN_SERVICE,
    LEAVING,
    RUNNING,
    TASK_WIDTH,
    WIDTH,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from sim.core.log import Stack
    from sim.systems.batch_pool.executions import Executions
    from sim.systems.batch_pool.layout import Layout
    from sim.systems.batch_pool.model import Model
    from sim.systems.batch_pool.occupancy import Occupancy

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
    return next(chain(broken_rules(model, stack), _more_broken_rules(model, stack)), None)


def _more_broken_rules(model: Model, stack: Stack) -> Iterator[str]:
    """Those that hold for a run only, whose draws are known and which shows all that happened."""
    rows = stays_audit.rows_of_nodes(model.layout, stack)
    yield from walk_audit.broken_rules(model, stack, rows)
    yield from stays_audit.broken_rules(model, stack, rows)
    if model.layout.jobs:
        runs = executions(model, stack)
        yield from runs_audit.broken_rules(model.layout, runs, occupancy(model.layout, runs))


def broken_rules(model: Model, stack: Stack) -> Iterator[str]:
    """Those that tasks break by what they did, and nodes that leave."""
    layout = model.layout
    if _comes_back(layout, stack):
        yield "a node that was leaving came back"
    if not layout.jobs:
        return
    if not _moves_hold(layout, stack):
        yield "a task is in two states at once"
        return  # its runs cannot be told
    runs = executions(model, stack)
    nodes = occupancy(layout, runs)
    yield from _wrong_endings(layout, runs)
    yield from _wrong_slots(layout, runs, nodes)
    yield from _wrong_work(model, runs)


def _comes_back(layout: Layout, stack: Stack) -> bool:
    """Whether a node that leaves the pool becomes anything but absent."""
    rows = node_rows(layout, stack)
    return bool((stack.new[rows[stack.old[rows] % WIDTH == LEAVING]] != 0).any())


def _moves_hold(layout: Layout, stack: Stack) -> bool:
    """Whether tasks go from state to state as they may, and never change their required slots."""
    codes = TASK_WIDTH * max(len(job.sizes) for job in layout.jobs)
    may = np.zeros((codes, codes), bool)
    for old, new in MOVES:
        sizes = np.arange(0, codes, TASK_WIDTH)
        may[sizes + old if old else 0, sizes + new] = True
    mine = stack.about(layout.first_task, layout.tasks)
    return bool(may[stack.old[mine], stack.new[mine]].all())


def _wrong_endings(layout: Layout, runs: Executions) -> Iterator[str]:
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
    if requeued(runs).sum() != _returned(layout, stack).sum():
        yield "the requeues counted are not those in the log"


def _returned(layout: Layout, stack: Stack) -> NDArray[np.bool_]:
    """The rows by which a node gives a task back to the queue."""
    back = stack.about(layout.first_task, layout.tasks) & (stack.cause >= layout.first_node)
    back &= stack.cause < layout.first_task
    back &= stack.old != 0
    back &= stack.new % TASK_WIDTH == ACTIVE
    return back


def _wrong_slots(layout: Layout, runs: Executions, nodes: Occupancy) -> Iterator[str]:
    stack = runs.stack
    if (nodes.used > layout.slots).any():
        yield "a node runs more than it has slots"
    status = nodes.code % WIDTH
    if (status[nodes.change > 0] != IDLE).any():
        yield "a task started on a node that takes none"
    time = stack.time[nodes.row]
    last = np.append((time[1:] != time[:-1]) | nodes.opens[1:], True)[: len(time)]
    if (last & (nodes.used > 0) & ~np.isin(status, IN_SERVICE)).any():
        yield "a task runs on a node that is out of service"


@dataclass(frozen=True, eq=False)
class _Drawn:
    """The tasks of all replications as they are drawn, shape (replications, tasks)."""

    submit: NDArray[np.float64]
    """Seconds; infinite where there is no such task."""
    service: NDArray[np.float64]
    state: NDArray[np.int16]
    """The code of a task that is submitted."""
    priority: NDArray[np.int16]


def _draw(model: Model, stack: Stack) -> _Drawn:
    layout = model.layout
    shape = (stack.replications, layout.tasks)
    submit, service = np.full((2, *shape), np.inf)
    state, priority = np.zeros((2, *shape), np.int16)
    for place, number in enumerate(stack.numbers.tolist()):
        for job, tasks in zip(layout.jobs, model.tasks(stack.seed, number), strict=True):
            first = job.first - layout.first_task
            mine = place, slice(first, first + len(tasks.submit))
            submit[mine], service[mine] = tasks.submit, tasks.service
            state[mine] = tasks.size * TASK_WIDTH + ACTIVE
            priority[mine] = tasks.priority
    return _Drawn(submit, service, state, priority)


def _wrong_work(model: Model, runs: Executions) -> Iterator[str]:
    """Tasks are submitted as they are drawn, and completed after their whole service time."""
    stack, layout = runs.stack, model.layout
    drawn = _draw(model, stack)
    if not _as_drawn(layout, stack, drawn):
        yield "a task was not submitted when and as it was due"
    if not served_in_order(layout, stack, drawn.priority):
        yield "a task started before another one whose turn it was"
    done = np.flatnonzero(runs.ending == DONE)
    left = drawn.service[runs.replication[done], runs.task[done] - layout.first_task]
    left -= carried(layout, runs)[done]
    if layout.spec.saves:
        left += layout.spec.checkpoint.cost_of(left)
    if (left != runs.elapsed[done]).any():
        yield "a completed task was not given the time that it needs"


def _as_drawn(layout: Layout, stack: Stack, drawn: _Drawn) -> bool:
    """Whether just the tasks that are due by the horizon are submitted, each when it is due."""
    rows = np.flatnonzero(stack.about(layout.first_task, layout.tasks) & (stack.old == 0))
    task = stack.replication[rows], stack.subject[rows] - layout.first_task
    right = (drawn.submit[task] == stack.time[rows]) & (drawn.state[task] == stack.new[rows])
    return bool(right.all()) and len(rows) == int((drawn.submit <= stack.horizon).sum())
