"""What the nodes of a pool are busy with: slots in use and state of each, row after row.

Whether a node is idle or running follows from its tasks' rows and is not written in its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sim.core.log import first_of_each
from sim.systems.batch_pool.executions import executions
from sim.systems.batch_pool.history import history
from sim.systems.batch_pool.states import DRAINING, IDLE, NODE, TASK_WIDTH, WIDTH

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sim.core.log import Stack
    from sim.systems.batch_pool.executions import Executions
    from sim.systems.batch_pool.layout import PoolLayout

RUNNING = "running"
"""What a node in service is while tasks run on it; no row says so."""

SHOWN = (
    NODE[IDLE],
    RUNNING,
    *(NODE[status] for status in range(1, WIDTH) if status not in (IDLE, DRAINING)),
)
"""What a node may be seen to be in."""


def shown(code: int, *, busy: bool) -> str:
    """What a node is seen to be in; one that drains is running to its end."""
    status = code % WIDTH
    return RUNNING if status == DRAINING or (status == IDLE and busy) else NODE[status]


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
    """Cumulative sums that begin anew with each member: `opens` tells where its rows begin."""
    sums = np.cumsum(change, dtype=np.int32)
    begin = np.flatnonzero(opens)
    before = np.concatenate([[0], sums])[begin].astype(np.int32)
    sums -= np.repeat(before, np.diff(np.append(begin, len(change))))
    return sums
