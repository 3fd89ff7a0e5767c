"""Whether tasks start in the order in which the queue has them.

A task starts only while none of a higher priority waits: nobody passes the head of the queue, nor
does a task that needs fewer slots. Of one priority, those that never ran start in order of
submission. One that is back in the queue, because its node was taken away or its run failed, starts
before them, in order of submission too; or, where the pool sends it to the back, behind all that
were submitted by then (and, of those that no submission separates, in order of their own).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sim.core.log import first_of_each
from sim.systems.batch_pool.history import history, in_statuses
from sim.systems.batch_pool.occupancy import sums_of_each
from sim.systems.batch_pool.states import TASK_WIDTH, WAITING
from sim.systems.batch_pool.trace import LOWEST_PRIORITY

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sim.core.log import Stack
    from sim.systems.batch_pool.layout import PoolLayout

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
    places = priority - LOWEST_PRIORITY
    there = np.bincount(places.ravel()) > 0
    digits = (max(1, int(there.sum())) - 1).bit_length()
    if not digits:
        return True
    rank = np.cumsum(there) - 1
    rows = history(layout, stack).of_tasks_in_time
    joins = in_statuses(stack.new[rows], WAITING, TASK_WIDTH)
    starts = in_statuses(stack.old[rows], WAITING, TASK_WIDTH)
    rows, joins = rows[joins | starts], joins[joins | starts]
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
    rows = history(layout, stack).of_tasks
    places = np.flatnonzero(in_statuses(stack.new[rows], WAITING, TASK_WIDTH))
    joined, started = rows[places], np.append(rows, -1)[places + 1]
    is_back = stack.old[joined] != 0
    waits = (started < 0) | (stack.old[started] == 0)
    started[waits] = len(stack.time)
    back = np.flatnonzero(is_back)
    # A task's rows stand together: the last submission before is its own.
    submissions = np.flatnonzero(~is_back)
    submitted = joined[submissions[np.searchsorted(submissions, back) - 1]]
    line = _lines(layout, stack, joined, priority)
    joined |= line
    started |= line
    fresh = started[submissions]
    if layout.spec.requeue_to == "back":
        row = joined & (1 << LINE) - 1
        behind = np.searchsorted(np.sort(row[submissions]), row, side="right")
        order = np.lexsort((started, is_back, behind, line))
        together = behind[back] << LINE | submitted
        return bool((np.diff(started[order]) >= 0).all()) and _by_submission(
            together, joined[back], started[back]
        )
    return (
        _first_come(joined[submissions], fresh)
        and _none_between(joined[back], started[back], fresh)
        and _by_submission(submitted, joined[back], started[back])
    )


def _lines(
    layout: PoolLayout, stack: Stack, joined: NDArray[np.int64], priority: NDArray[np.int16]
) -> NDArray[np.int64]:
    place, task = stack.replication[joined], stack.subject[joined] - layout.first_task
    lines: NDArray[np.int64] = place * (1 - 2 * LOWEST_PRIORITY)
    lines += priority[place, task] - LOWEST_PRIORITY
    return lines << LINE


def _first_come(joined: NDArray[np.int64], started: NDArray[np.int64]) -> bool:
    """Whether who joined first starts first."""
    order = np.argsort(joined, kind="stable")  # nearly in order: a stable sort runs through
    return bool((np.diff(started[order]) >= 0).all())


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
