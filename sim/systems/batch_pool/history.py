"""What the log tells of a pool: rows in order, runs of tasks, waits, and what nodes are busy with.

A task's rows tell its runs: active -> running because of a node, then on to completed, or, because
of that node, back to active, to active from a checkpoint or to failed (an interruption), or the
same because of the task itself (it failed by itself). Source: "Upgrade the operating system of
compute nodes in a pool", "Reboot a node". Whether a node is idle or running follows from its tasks'
rows and is not written in its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sim.core.stack import first_of_each, next_of_each
from sim.systems.batch_pool.states import (
    ACTIVE,
    CHECKPOINTED,
    COMPLETED,
    FAILED,
    RUNNING,
    TASK_WIDTH,
    WAITING,
    WIDTH,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from sim.core.stack import Stack
    from sim.systems.batch_pool.layout import PoolLayout


def in_statuses(codes: NDArray[np.int16], statuses: Sequence[int], width: int) -> NDArray[np.bool_]:
    """Which states have one of some statuses. A table is faster than a division of each."""
    table = np.isin(np.arange(int(codes.max(initial=0)) + 1) % width, statuses)
    found: NDArray[np.bool_] = table[codes]
    return found


def next_of(rows: NDArray[np.int64], places: NDArray[np.intp]) -> NDArray[np.int64]:
    """What follows each of some ascending places in `rows`; -1 where nothing does."""
    following: NDArray[np.int64] = rows[np.minimum(places + 1, len(rows) - 1)]
    following[places == len(rows) - 1] = -1
    return following


class History:
    """The rows of one pool; each table is made when it is first asked for."""

    def __init__(self, layout: PoolLayout, stack: Stack) -> None:
        self._layout, self._stack = layout, stack

    @cached_property
    def of_tasks(self) -> NDArray[np.int64]:
        """The rows of tasks, in order of replication, task and time."""
        return self._stack.histories(self._layout.first_task, self._layout.tasks)

    @cached_property
    def is_of_task(self) -> NDArray[np.bool_]:
        """Which rows of the stack are about tasks."""
        return self._stack.about(self._layout.first_task, self._layout.tasks)

    @cached_property
    def submissions(self) -> NDArray[np.intp]:
        """The rows by which a task is submitted, in order of replication and time."""
        return np.flatnonzero(self.is_of_task & (self._stack.old == 0))

    @cached_property
    def nodes(self) -> NodeRows:
        """The rows of nodes."""
        layout, stack = self._layout, self._stack
        row = stack.histories(layout.first_node, layout.room)
        return NodeRows(
            row,
            stack.key[row],
            stack.replication[row],
            stack.subject[row] - layout.first_node,
            stack.time[row],
            stack.cause[row],
            stack.old[row] % WIDTH,
            stack.new[row] % WIDTH,
            stack.new[row] // WIDTH,
        )


def history(layout: PoolLayout, stack: Stack) -> History:
    """That of a pool in a stack, the same one whoever asks."""
    found: History | None = stack.made.get((layout.name, "history"))
    if found is None:
        found = stack.made[(layout.name, "history")] = History(layout, stack)
    return found


@dataclass(frozen=True, eq=False)
class NodeRows:
    """The rows of a pool's nodes, by replication, node and time; columns of shape (rows,)."""

    row: NDArray[np.int64]
    """The place in the stack."""
    key: NDArray[np.int64]
    """Replication and node in one number."""
    replication: NDArray[np.intp]
    node: NDArray[np.int64]
    """Its number."""
    time: NDArray[np.float64]
    cause: NDArray[np.int32]
    old: NDArray[np.int16]
    """Statuses, not states."""
    new: NDArray[np.int16]
    version: NDArray[np.int16]
    """After the row."""

    @cached_property
    def follows(self) -> NDArray[np.bool_]:
        """Which rows are about the same node as the row before them."""
        return ~first_of_each(self.key)

    @cached_property
    def until(self) -> NDArray[np.float64]:
        """When the node changes next; infinite where it does not."""
        return next_of_each(self.key, self.time, np.inf)

    @cached_property
    def next_cause(self) -> NDArray[np.int32]:
        """Because of whom it changes next; -1 where it does not."""
        return next_of_each(self.key, self.cause, -1)


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
    following = next_of(rows, begins)
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
    saved = _saved(layout, runs).execution
    seconds = runs.elapsed - saved
    seconds[runs.ending != CHECKPOINT] += _carried(runs, saved)[runs.ending != CHECKPOINT]
    seconds[~np.isin(runs.ending, INTERRUPTIONS)] = 0.0
    return seconds


def carried(layout: PoolLayout, runs: Executions) -> NDArray[np.float64]:
    """Seconds of its task's work that each run finds done, shape (runs,)."""
    if not layout.spec.saves:
        return np.zeros(len(runs.ending))
    return _carried(runs, _saved(layout, runs).work)


class _Saved(NamedTuple):
    """What the checkpoints of each run save for the next one, shape (runs,)."""

    execution: NDArray[np.float64]
    """Seconds, those that the checkpoints took included."""
    work: NDArray[np.float64]
    """Seconds of work."""


def _saved(layout: PoolLayout, runs: Executions) -> _Saved:
    checkpoint = layout.spec.checkpoint
    keeps = np.flatnonzero(runs.ending == CHECKPOINT)
    execution, work = np.zeros((2, len(runs.ending)))
    elapsed = runs.stack.time[runs.ended[keeps]] - runs.stack.time[runs.begun[keeps]]
    work[keeps] = saved = checkpoint.work_saved(elapsed)
    execution[keeps] = checkpoint.time_of(saved)
    return _Saved(execution, work)


def _carried(runs: Executions, saved: NDArray[np.float64]) -> NDArray[np.float64]:
    """The sum of what a task's runs before each one have saved, since one that saved nothing."""
    before = np.cumsum(saved) - saved  # exact: all are multiples of the time grid
    again = runs.is_first.copy()
    again[1:] |= runs.ending[:-1] != CHECKPOINT
    begin = np.maximum.accumulate(np.where(again, np.arange(len(again)), 0))
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
    following = next_of(rows, places)
    started = (following >= 0) & in_statuses(stack.old[following], WAITING, TASK_WIDTH)
    until = np.where(started, stack.time[following], stack.horizon)
    until -= stack.time[submitted]
    return Waits(submitted, until, started)


@dataclass(frozen=True, eq=False)
class Occupancy:
    """Nodes after each row that is theirs or a run's on them; arrays have shape (rows,).

    In order of replication, node and row; a node without any row is not there.
    """

    row: NDArray[np.int64]
    """The row of the stack."""
    subject: NDArray[np.int64]
    """Subject of the node of each row that opens one; shape (nodes with rows,)."""
    used: NDArray[np.int32]
    """Slots in use after it."""
    code: NDArray[np.int16]
    """State of the node after it."""
    change: NDArray[np.int16]
    """Slots that it took (above 0) or gave back (below)."""
    opens: NDArray[np.bool_]
    """Whether it is the first row of its node."""


def occupancy(layout: PoolLayout, stack: Stack) -> Occupancy:
    """What runs and the nodes' own rows make of each node."""
    found: Occupancy | None = stack.made.get((layout.name, "occupancy"))
    if found is None:
        found = _occupancy(layout, executions(layout, stack))
        stack.made[(layout.name, "occupancy")] = found
    return found


def _occupancy(layout: PoolLayout, runs: Executions) -> Occupancy:
    stack = runs.stack
    over = runs.ended >= 0
    nodes = history(layout, stack).nodes
    # By row its node, counted through the replications; the highest number is none. Small numbers
    # are sorted several times faster.
    few = stack.replications * layout.room < np.iinfo(np.uint16).max
    kind = np.uint16 if few else np.int64
    nobody = np.iinfo(kind).max
    number = np.full(len(stack.time), nobody, kind)
    number[runs.begun] = runs.replication * layout.room + runs.node - layout.first_node
    number[runs.ended[over]] = number[runs.begun[over]]
    number[nodes.row] = nodes.replication * layout.room + nodes.node
    row = np.flatnonzero(number != nobody)
    number = number[row]
    order = np.argsort(number, kind="stable")
    row, number = row[order], number[order]
    opens = first_of_each(number)
    subject = layout.first_node + number[opens].astype(np.int64) % layout.room
    slots = slots_of(layout, stack, runs.begun)
    by_row = np.zeros(len(stack.time), np.int16)
    by_row[runs.begun] = slots
    by_row[runs.ended[over]] = -slots[over]
    change = by_row[row]
    by_row[:] = 0
    by_row[nodes.row] = 1
    is_own = by_row[row] > 0
    tells = np.flatnonzero(is_own | opens)
    codes = np.zeros(len(tells), np.int16)
    codes[opens[tells]] = stack.subjects.initial[subject]
    codes[is_own[tells]] = stack.new[row[tells[is_own[tells]]]]
    code = np.repeat(codes, np.diff(np.append(tells, len(row))))
    return Occupancy(row, subject, sums_of_each(change, opens), code, change, opens)


def slots_of(layout: PoolLayout, stack: Stack, rows: NDArray[np.int64]) -> NDArray[np.int16]:
    """The slots that the tasks of some rows require."""
    firsts = np.array([job.first for job in layout.jobs])
    sizes = np.array([size for job in layout.jobs for size in job.sizes], np.int16)
    before = np.cumsum([0, *(len(job.sizes) for job in layout.jobs)])
    if len(sizes) == 1:
        return np.full(len(rows), sizes[0])
    job = np.searchsorted(firsts, stack.subject[rows], side="right") - 1
    slots: NDArray[np.int16] = sizes[before[job] + stack.new[rows] // TASK_WIDTH]
    return slots


def sums_of_each(change: NDArray[np.int16], opens: NDArray[np.bool_]) -> NDArray[np.int32]:
    """Cumulative sums that begin again with each member: `opens` tells where its rows begin."""
    sums = np.cumsum(change, dtype=np.int32)
    begin = np.flatnonzero(opens)
    before = np.concatenate([[0], sums])[begin].astype(np.int32)
    sums -= np.repeat(before, np.diff(np.append(begin, len(change))))
    return sums
