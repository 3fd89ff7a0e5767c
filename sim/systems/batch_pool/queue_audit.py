"""Whether tasks of one priority start in the order in which the queue has them.

Those that never ran start in order of submission. One that is back in the queue, because its node
was taken away or its run failed, starts before them, in order of submission too; or, where the pool
sends it to the back, behind all that were submitted by then (and, of those that no submission
separates, in order of their own).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sim.systems.batch_pool.recorded import LOWEST_PRIORITY
from sim.systems.batch_pool.states import ACTIVE, TASK_WIDTH
from sim.systems.batch_pool.work_done import task_rows

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sim.log import Stack
    from sim.systems.batch_pool.layout import Layout

LINE = 32
"""The bits of a row's number; above them stands its line: replication and priority in one number.
Rows so marked are in order of line and row, and only those of one line lie near each other."""


def served_in_order(layout: Layout, stack: Stack, priority: NDArray[np.int16]) -> bool:
    """Whether all tasks start in order; `priority` has shape (replications, tasks)."""
    rows = task_rows(layout, stack)
    places = np.flatnonzero(stack.new[rows] % TASK_WIDTH == ACTIVE)
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
    layout: Layout, stack: Stack, joined: NDArray[np.int64], priority: NDArray[np.int16]
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
    starts = np.sort(others) if len(joined) else others
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
