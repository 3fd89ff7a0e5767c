"""What became of the work of a pool: every run of a task, what ended it, what was lost, who waited.

A task's rows tell its runs: active -> running because of a node, then on to completed, or, because
of that node, back to active, to active from a checkpoint or to failed (an interruption), or the
same because of the task itself (it failed by itself). Source: "Upgrade the operating system of
compute nodes in a pool", "Reboot a node".
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sim.core.log import first_of_each
from sim.systems.batch_pool.history import history, in_statuses
from sim.systems.batch_pool.states import (
    ACTIVE,
    CHECKPOINTED,
    COMPLETED,
    FAILED,
    RUNNING,
    TASK_WIDTH,
    WAITING,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sim.core.log import Stack
    from sim.systems.batch_pool.layout import PoolLayout

ENDINGS = ("unfinished", "completed", "failed by itself", "requeue", "terminate", "checkpoint")
UNFINISHED, DONE, FAILED_BY_ITSELF, REQUEUE, TERMINATE, CHECKPOINT = range(len(ENDINGS))
INTERRUPTIONS = (REQUEUE, TERMINATE, CHECKPOINT)
"""How a run ends; the interruptions are called as a scenario calls them."""

_ENDING = np.full(TASK_WIDTH, UNFINISHED, np.int8)
_ENDING[[ACTIVE, CHECKPOINTED, COMPLETED, FAILED]] = REQUEUE, CHECKPOINT, DONE, TERMINATE
"""Status that follows a run -> how the run ended, where it was not the task's own doing."""


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

    @cached_property
    def replication(self) -> NDArray[np.intp]:
        """Its place in the stack."""
        return self.stack.replication[self.begun]

    @cached_property
    def task(self) -> NDArray[np.int32]:
        """Subject of the task."""
        return self.stack.subject[self.begun]

    @cached_property
    def node(self) -> NDArray[np.int32]:
        """Subject of the node."""
        return self.stack.cause[self.begun]

    @property
    def elapsed(self) -> NDArray[np.float64]:
        """Seconds that it took, or has taken by the horizon."""
        until = np.where(self.ended < 0, self.stack.horizon, self.stack.time[self.ended])
        until -= self.stack.time[self.begun]
        return until

    @cached_property
    def is_first(self) -> NDArray[np.bool_]:
        """Whether it is its task's first run."""
        return first_of_each(self.stack.key[self.begun])


def executions(layout: PoolLayout, stack: Stack) -> Executions:
    """Every run of a task."""
    found: Executions | None = stack.made.get((layout.name, "executions"))
    if found is None:
        found = stack.made[(layout.name, "executions")] = _executions(layout, stack)
    return found


def _executions(layout: PoolLayout, stack: Stack) -> Executions:
    rows = history(layout, stack).of_tasks
    begins = np.flatnonzero(in_statuses(stack.new[rows], (RUNNING,), TASK_WIDTH))
    following = np.append(rows, -1)[begins + 1]
    # A task is absent before its first row, and never after: a row from there is another task's.
    ended = np.where((following >= 0) & (stack.old[following] != 0), following, -1)
    over = np.flatnonzero(ended >= 0)
    by, ending = ended[over], np.full(len(ended), UNFINISHED, np.int8)
    ending[over] = _ENDING[stack.new[by] % TASK_WIDTH]
    by_itself = (stack.cause[by] == stack.subject[by]) & (ending[over] != DONE)
    ending[over[by_itself]] = FAILED_BY_ITSELF
    return Executions(stack, rows[begins], ended, ending)


def requeued(runs: Executions) -> NDArray[np.bool_]:
    """Which runs sent their task back to the queue because the node was taken away."""
    back: NDArray[np.bool_] = (runs.ending == REQUEUE) | (runs.ending == CHECKPOINT)
    return back


# Work ---------------------------------------------------------------------------------------------


def lost(layout: PoolLayout, runs: Executions) -> NDArray[np.float64]:
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


def carried(layout: PoolLayout, runs: Executions) -> NDArray[np.float64]:
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


def _kept(layout: PoolLayout, runs: Executions) -> _Kept:
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
    anew = runs.is_first.copy()
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


def waits(layout: PoolLayout, stack: Stack) -> Waits:
    """How long each task that was submitted waited."""
    rows = history(layout, stack).of_tasks
    places = np.flatnonzero(stack.old[rows] == 0)
    submitted = rows[places]
    following = np.append(rows, -1)[places + 1]
    started = (following >= 0) & in_statuses(stack.old[following], WAITING, TASK_WIDTH)
    until = np.where(started, stack.time[following], stack.horizon)
    until -= stack.time[submitted]
    return Waits(submitted, until, started)
