"""Whether runs of tasks fail as drawn, are tried again as allowed, and start as soon as they can.

A pool gives a task to the node that its `node_fill_type` says, and none waits beside a free node.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sim.core.random_streams import Again
from sim.systems.batch_pool.executions import DONE, FAILED_BY_ITSELF, executions
from sim.systems.batch_pool.history import in_statuses
from sim.systems.batch_pool.occupancy import occupancy
from sim.systems.batch_pool.states import FAILED, IDLE, TASK_WIDTH, WAITING, WIDTH

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from sim.core.log import Stack
    from sim.systems.batch_pool.executions import Executions
    from sim.systems.batch_pool.layout import JobLayout, PoolLayout

MOST_LEVELS = 16
"""Slots of a node up to which it is checked which of the free nodes takes a task: each number of
slots in use costs a look at all rows."""


def broken_rules(layout: PoolLayout, stack: Stack) -> Iterator[str]:
    """The rules that runs break."""
    runs = executions(layout, stack)
    for job in layout.jobs:
        if job.spec.fails:
            yield from _wrong_failures(layout, job, runs)
    free = _Free(layout, stack)
    if free.waits_in_vain():
        yield "a task waited although a node was free"
    if layout.slots > 1 and free.fills_the_wrong_node():
        how = "most" if layout.spec.node_fill_type == "pack" else "fewest"
        yield f"a task did not go to the node that uses the {how} slots"


def _wrong_failures(layout: PoolLayout, job: JobLayout, runs: Executions) -> Iterator[str]:
    stack = runs.stack
    task = runs.task - job.first
    mine = np.flatnonzero((task >= 0) & (task < job.room))
    failed = (runs.ending == FAILED_BY_ITSELF)[mine]
    # How often each task has failed before: the sum over its own runs.
    before = np.cumsum(failed) - failed
    opens = runs.is_first[mine]
    before -= before[np.maximum.accumulate(np.where(opens, np.arange(len(mine)), 0))]
    over = failed | (runs.ending[mine] == DONE)
    rows = runs.replication[mine][over], task[mine][over], before[over]
    path = f"{layout.name}/{job.name}/fails"
    drawn = Again(stack.seed, stack.numbers).happens(path, job.spec.fails, rows)
    if (drawn != failed[over]).any():
        yield "a run of a task did not fail or succeed as was drawn"
    ended = stack.new[runs.ended[mine[failed]]] % TASK_WIDTH
    most = job.spec.max_task_retry_count
    last = (before[failed] >= most) if most >= 0 else np.zeros(len(ended), bool)
    if ((ended == FAILED) != last).any():
        yield "a task was not tried again as often as it may be"


class _Free:
    """Which nodes are free while tasks wait and start, row after row of a stack."""

    def __init__(self, layout: PoolLayout, stack: Stack) -> None:
        self._layout, self._stack = layout, stack
        nodes = self._nodes = occupancy(layout, stack)
        self._enabled = in_statuses(nodes.code, (IDLE,), WIDTH)
        self._opens = nodes.opens

    def _numbers(self, lowest: int, highest: int) -> NDArray[np.int32]:
        """After each row of the stack, how many enabled nodes use so many slots."""
        nodes, stack, layout = self._nodes, self._stack, self._layout
        here = self._enabled & (nodes.used >= lowest) & (nodes.used <= highest)
        was = np.empty(len(here), bool)
        was[1:] = here[:-1]
        # A node without any row so far is as at the start.
        was[self._opens] = (lowest == 0) & (stack.subjects.initial[nodes.subject] % WIDTH == IDLE)
        moved = np.flatnonzero(here != was)
        change = np.zeros(len(stack.time), np.int8)
        change[nodes.row[moved]] = np.where(here[moved], 1, -1)
        initial = layout.spec.nodes if lowest == 0 else 0
        numbers: NDArray[np.int32] = self._sums(change) + np.int32(initial)
        return numbers

    def _sums(self, change: NDArray[np.signedinteger[Any]]) -> NDArray[np.int32]:
        """Cumulative sums that begin anew with each replication."""
        stack = self._stack
        sums = np.cumsum(change, dtype=np.int32)
        if stack.replications > 1:
            before = np.concatenate([[0], sums])[stack.start[:-1]].astype(np.int32)
            sums -= np.repeat(before, np.diff(stack.start))
        return sums

    def waits_in_vain(self) -> bool:
        """Whether a task waits at the end of an instant beside a node that has room for any."""
        layout, stack = self._layout, self._stack
        largest = max(max(job.sizes) for job in layout.jobs)
        if largest > layout.slots:
            return False  # it waits for ever, and the others behind it
        change = in_statuses(stack.new, WAITING, TASK_WIDTH).astype(np.int8)
        change -= in_statuses(stack.old, WAITING, TASK_WIDTH)
        change[~stack.about(layout.first_task, layout.tasks)] = 0
        waiting = self._sums(change)
        free = self._numbers(0, layout.slots - largest)
        last = np.ones(len(stack.time), bool)
        np.not_equal(stack.time[1:], stack.time[:-1], out=last[:-1])
        last[stack.start[1:][np.diff(stack.start) > 0] - 1] = True
        return bool((last & (waiting > 0) & (free > 0)).any())

    def fills_the_wrong_node(self) -> bool:
        """Whether a task starts while a node that goes before its own is free."""
        layout, nodes = self._layout, self._nodes
        if layout.slots > MOST_LEVELS:
            return False
        starts = np.flatnonzero(nodes.change > 0)
        size = nodes.change[starts]
        before = nodes.used[starts] - size
        row = nodes.row[starts]
        pack = layout.spec.node_fill_type == "pack"
        for level in range(layout.slots):
            better = (before < level) & (level + size <= layout.slots) if pack else before > level
            if not better.any():
                continue
            # The row itself changes its own node only, which is on another level before it; after
            # it that node may be on this one.
            after = self._numbers(level, level)[row[better]]
            own = nodes.used[starts[better]] == level
            if (after - (own & self._enabled[starts[better]]) > 0).any():
                return True
        return False
