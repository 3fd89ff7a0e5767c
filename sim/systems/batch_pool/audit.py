"""What the log alone cannot know of a pool: its slots hold, and its tasks are served as they asked.

Each rule reads the rows of a stack again; where it is broken, that is said in a sentence.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np

from sim.systems.batch_pool import choice_audit, nodes_audit, scheduling_audit
from sim.systems.batch_pool.draws import redraw_tasks
from sim.systems.batch_pool.history import (
    DONE,
    ENDINGS,
    INTERRUPTIONS,
    carried,
    executions,
    history,
    in_statuses,
    occupancy,
    requeued,
)
from sim.systems.batch_pool.requests import DisableScheduling, RebootNode, ReimageNode, Resize
from sim.systems.batch_pool.scheduling_audit import served_in_order
from sim.systems.batch_pool.states import (
    ACTIVE,
    CHECKPOINTED,
    COMPLETED,
    FAILED,
    IDLE,
    IN_SERVICE,
    LEAVING,
    PREEMPTIONS,
    RUNNING,
    TASK_WIDTH,
    WAITING,
    WIDTH,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from sim.core.stack import Stack
    from sim.systems.batch_pool.history import Executions
    from sim.systems.batch_pool.layout import PoolLayout

MOVES = (
    (0, ACTIVE),
    (ACTIVE, RUNNING),
    (CHECKPOINTED, RUNNING),
    (RUNNING, ACTIVE),
    (RUNNING, CHECKPOINTED),
    (RUNNING, COMPLETED),
    (RUNNING, FAILED),
)
"""From status to status: all that a task can do."""


def broken_rule(layout: PoolLayout, stack: Stack) -> str | None:
    """The first rule that a stack of histories breaks, if any."""
    rule = next(chain(broken_rules(layout, stack), _more_broken_rules(layout, stack)), None)
    # A tenth of the memory of a large run: no metric asks what nodes are busy with.
    stack.made.pop((layout.name, "occupancy"), None)
    return rule


def _more_broken_rules(layout: PoolLayout, stack: Stack) -> Iterator[str]:
    """Those that hold for a run only, whose draws are known and which shows all that happened."""
    yield from nodes_audit.broken_rules(layout, stack)
    yield from choice_audit.broken_rules(layout, stack)
    if layout.jobs:
        yield from scheduling_audit.broken_rules(layout, stack)


def broken_rules(layout: PoolLayout, stack: Stack) -> Iterator[str]:
    """Those that tasks break by what they did, and nodes that leave."""
    nodes = history(layout, stack).nodes
    if (nodes.new[nodes.old == LEAVING] != 0).any():
        yield "a node that was leaving came back"
    if not layout.jobs:
        return
    if not _moves_hold(layout, stack):
        yield "a task is in two states at once"
        return  # its rows do not pair into runs
    runs = executions(layout, stack)
    yield from _wrong_endings(layout, runs)
    yield from _wrong_slots(layout, stack)
    yield from _wrong_work(layout, runs)


def _moves_hold(layout: PoolLayout, stack: Stack) -> bool:
    """Whether tasks go from state to state as they may, and never change their required slots."""
    codes = TASK_WIDTH * max(len(job.sizes) for job in layout.jobs)
    may = np.zeros((codes, codes), bool)
    for old, new in MOVES:
        sizes = np.arange(0, codes, TASK_WIDTH)
        may[sizes + old if old else 0, sizes + new] = True
    mine = history(layout, stack).of_tasks
    moves = stack.old[mine].astype(np.intp) * codes + stack.new[mine]
    return bool(may.ravel()[moves].all())


def _wrong_endings(layout: PoolLayout, runs: Executions) -> Iterator[str]:
    stack, ending = runs.stack, runs.ending
    cut = np.flatnonzero(np.isin(ending, INTERRUPTIONS))
    asked = _asked(layout, stack, runs.ended[cut])
    if (asked < 0).any():
        yield "a task was interrupted though nothing took its node at that instant"
    if (ending[cut] != asked).any():
        yield "an interrupted task went elsewhere than what took its node says"
    ended = np.flatnonzero(runs.ended >= 0)
    on = stack.cause[runs.ended[ended]]
    if ((on != runs.node[ended]) & (on != runs.task[ended])).any():
        yield "a task ended on another node than it ran on"
    if requeued(runs).sum() != _returned(layout, stack):
        yield "the requeues counted are not those in the log"


def _asked(layout: PoolLayout, stack: Stack, rows: NDArray[np.int64]) -> NDArray[np.int8]:
    """How `rows` that interrupt tasks should: as what their node's last row before it was because
    of was to; -1 where nothing took the node at that instant, or what waits for its tasks.
    """
    nodes = history(layout, stack).nodes
    if not len(nodes.row):
        return np.full(len(rows), -1, np.int8)
    node = stack.replication[rows] * stack.subjects.count + stack.cause[rows]
    last = np.searchsorted(nodes.key << 32 | nodes.row, node << 32 | rows) - 1
    before = (nodes.key[last] == node) & (nodes.row[last] < rows)
    now = before & (nodes.time[last] == stack.time[rows])
    return np.where(now, _modes(layout, stack)[nodes.cause[last]], -1).astype(np.int8)


def _modes(layout: PoolLayout, stack: Stack) -> NDArray[np.int8]:
    """For each subject how the file wants it to interrupt the tasks of a node that it takes: a rule
    of the model that is held against what the service did.
    """
    modes = np.full(stack.subjects.count, -1, np.int8)
    spec, operation = layout.spec, layout.first_operation
    wanted: dict[int, str] = {layout.actor("failures"): spec.interruptions.on_failure}
    if spec.preemptions is not None:
        wanted[layout.actor(PREEMPTIONS)] = "requeue"
    wanted |= {layout.upgrade(name): spec.walk_rules.mode for name in layout.upgrades}
    for subject, request in enumerate(layout.requests, operation):
        body = request.body
        if isinstance(body, Resize):
            wanted[subject] = str(body.node_deallocation_option)
        elif isinstance(body, RebootNode | ReimageNode | DisableScheduling):
            wanted[subject] = body.option
    for subject, mode in wanted.items():
        if mode in ENDINGS:  # taskcompletion and retaineddata interrupt nothing
            modes[subject] = ENDINGS.index(mode)
    return modes


def _returned(layout: PoolLayout, stack: Stack) -> int:
    """How often a node gives a task back to the queue."""
    is_back = in_statuses(stack.new, WAITING, TASK_WIDTH) & (stack.old != 0)
    cause = stack.cause[is_back & history(layout, stack).is_of_task]
    return int(((cause >= layout.first_node) & (cause < layout.first_task)).sum())


def _wrong_slots(layout: PoolLayout, stack: Stack) -> Iterator[str]:
    nodes = occupancy(layout, stack)
    if (nodes.used > layout.slots).any():
        yield "a node runs more than it has slots"
    if ((nodes.change > 0) & ~in_statuses(nodes.code, (IDLE,), WIDTH)).any():
        yield "a task started on a node that takes none"
    out = np.flatnonzero((nodes.used > 0) & ~in_statuses(nodes.code, IN_SERVICE, WIDTH))
    following = np.minimum(out + 1, len(nodes.row) - 1)
    at_once = stack.time[nodes.row[following]] == stack.time[nodes.row[out]]
    # What happens to its tasks stands in the next rows of the same instant.
    if (~at_once | nodes.opens[following] | (following == out)).any():
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


def _draw(layout: PoolLayout, stack: Stack) -> _Drawn:
    shape = (stack.replications, layout.tasks)
    submit, service = np.full((2, *shape), np.inf)
    state, priority = np.zeros((2, *shape), np.int16)
    for place, number in enumerate(stack.numbers.tolist()):
        for job, tasks in zip(layout.jobs, redraw_tasks(layout, stack.seed, number), strict=True):
            first = job.first - layout.first_task
            mine = place, slice(first, first + len(tasks.submit))
            submit[mine], service[mine] = tasks.submit, tasks.service
            state[mine] = tasks.size * TASK_WIDTH + ACTIVE
            priority[mine] = tasks.priority
    return _Drawn(submit, service, state, priority)


def _wrong_work(layout: PoolLayout, runs: Executions) -> Iterator[str]:
    """Tasks are submitted as they are drawn, and completed after their whole service time."""
    stack = runs.stack
    drawn = _draw(layout, stack)
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


def _as_drawn(layout: PoolLayout, stack: Stack, drawn: _Drawn) -> bool:
    """Whether just the tasks that are due by the horizon are submitted, each when it is due."""
    rows = history(layout, stack).submissions
    task = stack.replication[rows] * layout.tasks + stack.subject[rows] - layout.first_task
    right = drawn.submit.ravel()[task] == stack.time[rows]
    right &= drawn.state.ravel()[task] == stack.new[rows]
    return bool(right.all()) and len(rows) == int((drawn.submit <= stack.horizon).sum())
