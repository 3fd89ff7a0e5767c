"""What became of the work of a pool: every run of a task, what ended it, what was lost, who waited.

A task's rows tell its runs: active -> running because of a node, then on to completed, or, because
of that node, back to active or to failed (an interruption), or the same because of the task itself
(it failed by itself). What has interrupted it, and so what becomes of its work, tells the node's
own row before. Source: "Upgrade the operating system of compute nodes in a pool", "Reboot a node".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sim.core.log import first_of_each
from sim.systems.batch_pool.requests import DisableScheduling, RebootNode, ReimageNode, Resize
from sim.systems.batch_pool.states import (
    ACTIVE,
    COMPLETED,
    RUNNING,
    TASK_WIDTH,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sim.core.log import Stack
    from sim.systems.batch_pool.layout import Layout
    from sim.systems.batch_pool.model import Model

ENDINGS = (
    "unfinished",
    "completed",
    "failed by itself",
    "requeue",
    "terminate",
    "checkpoint",
    "unexplained",
)
UNFINISHED, DONE, FAILED_BY_ITSELF, REQUEUE, TERMINATE, CHECKPOINT, UNEXPLAINED = range(
    len(ENDINGS)
)
INTERRUPTIONS = (REQUEUE, TERMINATE, CHECKPOINT)
"""How a run ends; the interruptions are called as a scenario calls them. An unexplained one breaks
the model: nothing has taken the node, or something that waits for its tasks."""


@dataclass(frozen=True, eq=False)
class Executions:
    """Every run of a task; arrays have shape (runs,), in order of replication, task and time."""

    stack: Stack
    begun: NDArray[np.int64]
    """The row of the stack by which the run began."""
    ended: NDArray[np.int64]
    """The row by which it ended; -1 where the horizon cuts it."""
    ending: NDArray[np.int8]
    """How it ended: the place in `ENDINGS`."""

    @property
    def replication(self) -> NDArray[np.intp]:
        """Its place in the stack."""
        return self.stack.replication[self.begun]

    @property
    def task(self) -> NDArray[np.int32]:
        """Subject of the task."""
        return self.stack.subject[self.begun]

    @property
    def node(self) -> NDArray[np.int32]:
        """Subject of the node."""
        return self.stack.cause[self.begun]

    @property
    def elapsed(self) -> NDArray[np.float64]:
        """Seconds that it took, or has taken by the horizon."""
        until = np.where(self.ended < 0, self.stack.horizon, self.stack.time[self.ended])
        until -= self.stack.time[self.begun]
        return until

    @property
    def is_first(self) -> NDArray[np.bool_]:
        """Whether it is its task's first run."""
        return first_of_each(self.stack.key[self.begun])


def task_rows(layout: Layout, stack: Stack) -> NDArray[np.int64]:
    """The rows of the pool's tasks, in order of replication, task and time."""
    return stack.histories(layout.first_task, layout.tasks)


def node_rows(layout: Layout, stack: Stack) -> NDArray[np.int64]:
    """The rows of the pool's nodes, in order of replication, node and time."""
    return stack.histories(layout.first_node, layout.room)


def executions(model: Model, stack: Stack) -> Executions:
    """Every run of a task."""
    made, which = stack.made, (model.name, "executions")
    if which not in made:
        made[which] = _executions(model, stack)
    found: Executions = made[which]
    return found


def _executions(model: Model, stack: Stack) -> Executions:
    rows = task_rows(model.layout, stack)
    begins = np.flatnonzero(stack.new[rows] % TASK_WIDTH == RUNNING)
    following = np.append(rows, -1)[begins + 1]
    # A task is absent before its first row, and never after: a row from there is another task's.
    ended = np.where((following >= 0) & (stack.old[following] != 0), following, -1)
    return Executions(stack, rows[begins], ended, _endings(model, stack, ended))


def _endings(model: Model, stack: Stack, ended: NDArray[np.int64]) -> NDArray[np.int8]:
    """How runs ended that did so by the rows `ended`, -1 where the horizon cuts them."""
    ending = np.full(len(ended), UNFINISHED, np.int8)
    over = ended >= 0
    ending[over & (stack.new[ended] % TASK_WIDTH == COMPLETED)] = DONE
    rest = np.flatnonzero(over & (ending == UNFINISHED))
    rows = ended[rest]
    by_itself = stack.cause[rows] == stack.subject[rows]
    ending[rest[by_itself]] = FAILED_BY_ITSELF
    cut = rest[~by_itself]
    ending[cut] = _interruptions(model, stack, ended[cut])
    return ending


def _interruptions(model: Model, stack: Stack, rows: NDArray[np.int64]) -> NDArray[np.int8]:
    """How `rows` interrupt tasks: as their node's last row before says."""
    own = node_rows(model.layout, stack)
    if not len(own):
        return np.full(len(rows), UNEXPLAINED, np.int8)
    asked = stack.replication[rows] * stack.subjects.count + stack.cause[rows]
    place = np.searchsorted(stack.key[own] << 32 | own, asked << 32 | rows)
    taken = own[np.maximum(place - 1, 0)]
    now = (stack.key[taken] == asked) & (stack.time[taken] == stack.time[rows])
    return np.where(now, _modes(model, stack)[stack.cause[taken]], UNEXPLAINED).astype(np.int8)


def _modes(model: Model, stack: Stack) -> NDArray[np.int8]:
    """For each subject how it interrupts the tasks of a node that it takes."""
    layout, spec = model.layout, model.spec
    modes = np.full(stack.subjects.count, UNEXPLAINED, np.int8)

    def interrupts(subject: int, count: int, mode: str | None) -> None:
        if mode in ENDINGS:  # taskcompletion and retaineddata interrupt nothing
            modes[subject : subject + count] = ENDINGS.index(mode)

    interrupts(layout.failures, 1, spec.interruptions.on_failure)
    interrupts(layout.first_upgrade, layout.rollouts, spec.walk_rules.mode)
    for number, operation in enumerate(model.operations):
        body = operation.body
        if isinstance(body, Resize):
            interrupts(layout.first_operation + number, 1, body.node_deallocation_option)
        elif isinstance(body, RebootNode | ReimageNode | DisableScheduling):
            interrupts(layout.first_operation + number, 1, body.option)
    return modes


def requeued(runs: Executions) -> NDArray[np.bool_]:
    """Which runs sent their task back to the queue because the node was taken away."""
    back: NDArray[np.bool_] = (runs.ending == REQUEUE) | (runs.ending == CHECKPOINT)
    return back


# Work ---------------------------------------------------------------------------------------------


def lost(layout: Layout, runs: Executions) -> NDArray[np.float64]:
    """Seconds of execution that the end of each run throws away, shape (runs,).

    A requeue and a terminate throw away all that the task has done, its checkpoints too; a
    checkpoint what was done since the last finished one.
    """
    # Assumption: what a run that failed by itself has done is not counted as lost.
    kept = _kept(layout, runs).execution
    seconds = runs.elapsed - kept
    seconds[runs.ending != CHECKPOINT] += _carried(runs, kept)[runs.ending != CHECKPOINT]
    seconds[~np.isin(runs.ending, INTERRUPTIONS)] = 0.0
    return seconds


def carried(layout: Layout, runs: Executions) -> NDArray[np.float64]:
    """Seconds of its task's work that each run finds done, shape (runs,)."""
    if not layout.spec.saves:
        return np.zeros(len(runs.ending))
    return _carried(runs, _kept(layout, runs).work)


class _Kept(NamedTuple):
    """What the checkpoints of each run keep for the next one, shape (runs,)."""

    execution: NDArray[np.float64]
    """Seconds, those that the checkpoints took included."""
    work: NDArray[np.float64]
    """Seconds of work."""


def _kept(layout: Layout, runs: Executions) -> _Kept:
    checkpoint = layout.spec.checkpoint
    keeps = np.flatnonzero(runs.ending == CHECKPOINT)
    execution, work = np.zeros((2, len(runs.ending)))
    elapsed = runs.stack.time[runs.ended[keeps]] - runs.stack.time[runs.begun[keeps]]
    work[keeps] = kept = checkpoint.work_kept(elapsed)
    execution[keeps] = checkpoint.time_of(kept)
    return _Kept(execution, work)


def _carried(runs: Executions, kept: NDArray[np.float64]) -> NDArray[np.float64]:
    """The sum of what a task's runs before each one have kept, since one that kept nothing."""
    before = np.cumsum(kept) - kept  # exact: all are multiples of the time grid
    anew = runs.is_first
    anew[1:] |= runs.ending[:-1] != CHECKPOINT
    begin = np.maximum.accumulate(np.where(anew, np.arange(len(anew)), 0))
    before -= before[begin]
    return before


# Waits --------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Waits:
    """From submission to the first start; arrays (tasks submitted,), by replication and task."""

    submitted: NDArray[np.int64]
    """The row of the stack."""
    seconds: NDArray[np.float64]
    """What a task has waited by the horizon where it has not started."""
    started: NDArray[np.bool_]


def waits(layout: Layout, stack: Stack) -> Waits:
    """How long each task that was submitted waited."""
    rows = task_rows(layout, stack)
    places = np.flatnonzero(stack.old[rows] == 0)
    submitted = rows[places]
    following = np.append(rows, -1)[places + 1]
    started = (following >= 0) & (stack.old[following] % TASK_WIDTH == ACTIVE)
    until = np.where(started, stack.time[following], stack.horizon)
    until -= stack.time[submitted]
    return Waits(submitted, until, started)
