"""Whether tasks start in order, as soon as they can, on the right node, and again as allowed.

A task starts only while none of a higher priority waits: nobody passes the head of the queue, nor
does a task that needs fewer slots. Of one priority, those that never ran start in order of
submission. One that is back in the queue, because its node was taken away or its run failed, starts
before them, in order of submission too; or, where the pool sends it to the back, behind all that
were submitted by then (and, of those that no submission separates, in order of their own).

A pool gives a task to the node that its `node_fill_type` says, and none waits beside a free node.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sim.core.random_streams import Again
from sim.core.stack import first_of_each
from sim.systems.batch_pool.history import (
    DONE,
    FAILED_BY_ITSELF,
    executions,
    history,
    in_statuses,
    next_of,
    occupancy,
    sums_of_each,
)
from sim.systems.batch_pool.states import FAILED, IDLE, TASK_WIDTH, WAITING, WIDTH
from sim.systems.batch_pool.workload import HIGHEST_PRIORITY, UNFIT_PRIORITY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from sim.core.stack import Stack
    from sim.systems.batch_pool.history import Executions
    from sim.systems.batch_pool.layout import JobLayout, PoolLayout


LINE = 32
"""The bits of a row's number; above them stands its line: replication and priority in one number.
Rows so marked are in order of line and row, and only those of one line lie near each other."""


def served_in_order(layout: PoolLayout, stack: Stack, priority: NDArray[np.int16]) -> bool:
    """Whether all tasks start in order; `priority` has shape (replications, tasks)."""
    return _higher_first(layout, stack, priority) and _in_line(layout, stack, priority)


def _higher_first(layout: PoolLayout, stack: Stack, priority: NDArray[np.int16]) -> bool:
    """Whether no task starts while one of a higher priority waits.

    Priorities are compared digit by digit, as binary numbers: among those that agree in all higher
    digits, whoever has a 0 starts only while nobody with a 1 waits. So many priorities cost no more
    than a few looks at all rows, and a single one costs none.
    """
    places = priority - UNFIT_PRIORITY
    there = np.bincount(places.ravel()) > 0
    digits = (max(1, int(there.sum())) - 1).bit_length()
    if not digits:
        return True
    rank = np.cumsum(there) - 1
    joins = in_statuses(stack.new, WAITING, TASK_WIDTH)
    starts = in_statuses(stack.old, WAITING, TASK_WIDTH)
    rows = np.flatnonzero(history(layout, stack).is_of_task & (joins | starts))
    joins = joins[rows]
    place = stack.replication[rows]
    line = place << digits | rank[places[place, stack.subject[rows] - layout.first_task]]
    return all(_ones_first(line >> digit, joins) for digit in range(digits))


def _ones_first(line: NDArray[np.int64], joins: NDArray[np.bool_]) -> bool:
    """Whether, of lines that differ in the last digit only, a 0 starts while no 1 waits.

    By row, in order of time: the line of the task, and whether it joins the queue or starts.
    """
    order = np.argsort(line >> 1, kind="stable")
    pair, one, joins = line[order] >> 1, line[order] & 1 == 1, joins[order]
    waiting = sums_of_each(np.where(joins, one, -one.astype(np.int16)), first_of_each(pair))
    return not (waiting[~one & ~joins] > 0).any()


def _in_line(layout: PoolLayout, stack: Stack, priority: NDArray[np.int16]) -> bool:
    """Whether tasks of one priority start in order."""
    joined, started = _waits_in_queue(layout, stack)
    is_back = stack.old[joined] != 0
    fresh, back = np.flatnonzero(~is_back), np.flatnonzero(is_back)
    # A task's rows stand together: the last submission before is its own.
    submitted = joined[fresh[np.searchsorted(fresh, back) - 1]]
    line = _lines(layout, stack, joined, priority)
    if layout.spec.requeue_to == "back":
        behind = np.searchsorted(np.sort(joined[fresh]), joined, side="right")
    joined |= line
    started |= line
    joined_again, started_again = joined[back], started[back]
    if layout.spec.requeue_to == "back":
        order = np.lexsort((started, is_back, behind, line))
        together = behind[back] << LINE | submitted
        return _ascend(started[order]) and _by_submission(together, joined_again, started_again)
    # Large runs are audited where their logs lie: what is not needed any more goes.
    joined, started = joined[fresh], started[fresh]
    return (
        # Nearly in order: a stable sort runs through.
        _ascend(started[np.argsort(joined, kind="stable")])
        and _none_between(joined_again, started_again, started)
        and _by_submission(submitted, joined_again, started_again)
    )


def _waits_in_queue(
    layout: PoolLayout, stack: Stack
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The rows by which tasks join the queue, by replication, task and time, and those by which
    they start then; where one waits for ever a number above that of all rows.
    """
    rows = history(layout, stack).of_tasks
    places = np.flatnonzero(in_statuses(stack.new[rows], WAITING, TASK_WIDTH))
    joined, started = rows[places], next_of(rows, places)
    started[(started < 0) | (stack.old[started] == 0)] = len(stack.time)
    return joined, started


def _lines(
    layout: PoolLayout, stack: Stack, joined: NDArray[np.int64], priority: NDArray[np.int16]
) -> NDArray[np.int64]:
    place, task = stack.replication[joined], stack.subject[joined] - layout.first_task
    lines: NDArray[np.int64] = place * (HIGHEST_PRIORITY - UNFIT_PRIORITY + 1)
    lines += priority[place, task] - UNFIT_PRIORITY
    lines <<= LINE
    return lines


def _ascend(numbers: NDArray[np.int64]) -> bool:
    return bool((numbers[1:] >= numbers[:-1]).all())


def _none_between(
    joined: NDArray[np.int64], started: NDArray[np.int64], others: NDArray[np.int64]
) -> bool:
    """Whether none of the others starts while one of these waits."""
    # A stable sort runs through what is nearly in order.
    starts = np.sort(others, kind="stable") if len(joined) else others
    return bool((np.searchsorted(starts, joined) == np.searchsorted(starts, started)).all())


def _by_submission(
    submitted: NDArray[np.int64], joined: NDArray[np.int64], started: NDArray[np.int64]
) -> bool:
    """Whether those that wait together start in order of submission."""
    order = np.lexsort((submitted, started))
    columns = (column[order].tolist() for column in (submitted, joined, started))
    later: list[tuple[int, int]] = []
    for submission, begin, start in zip(*columns, strict=True):
        # Who was submitted later and started last before this one: did this one wait by then?
        while later and later[-1][0] < submission:
            later.pop()
        if later and later[-1][1] > begin:
            return False
        later.append((submission, start))
    return True


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
        numbers = self._sums(change)
        numbers += np.int32(initial)
        return numbers

    def _sums(self, change: NDArray[np.signedinteger[Any]]) -> NDArray[np.int32]:
        """Cumulative sums that begin again with each replication."""
        stack = self._stack
        sums = np.cumsum(change, dtype=np.int32)
        if stack.replications > 1:
            before = np.concatenate([[0], sums])[stack.start[:-1]].astype(np.int32)
            sums -= np.repeat(before, np.diff(stack.start))
        return sums

    def waits_in_vain(self) -> bool:
        """Whether a task waits at the end of an instant beside a node that has room for any."""
        layout, stack = self._layout, self._stack
        fitting = [size for job in layout.jobs for size in job.sizes if size <= layout.slots]
        if not fitting:
            return False
        change = in_statuses(stack.new, WAITING, TASK_WIDTH).astype(np.int8)
        change -= in_statuses(stack.old, WAITING, TASK_WIDTH)
        change[~history(layout, stack).is_of_task] = 0
        change[self._is_of_unfit()] = 0
        in_vain = self._sums(change) > 0
        in_vain &= self._numbers(0, layout.slots - max(fitting)) > 0
        last = np.ones(len(stack.time), bool)
        np.not_equal(stack.time[1:], stack.time[:-1], out=last[:-1])
        last[stack.start[1:][np.diff(stack.start) > 0] - 1] = True
        return bool((last & in_vain).any())

    def _is_of_unfit(self) -> NDArray[np.bool_]:
        """Which rows are of tasks that require more slots than a node has."""
        layout, stack = self._layout, self._stack
        found = np.zeros(len(stack.time), bool)
        for job in layout.jobs:
            unfit = [place for place, size in enumerate(job.sizes) if size > layout.slots]
            if unfit:
                size = np.maximum(stack.old, stack.new) // TASK_WIDTH
                found |= stack.about(job.first, job.room) & np.isin(size, unfit)
        return found

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
