"""What the nodes of a pool are busy with: slots in use and state of each, row after row.

Whether a node is idle or running follows from its tasks' rows and is not written in its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
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
    node: NDArray[np.int64]
    """Replication and node in one number, as in the stack's `key`."""
    used: NDArray[np.int32]
    """Slots in use after it."""
    code: NDArray[np.int16]
    """State of the node after it."""
    change: NDArray[np.int16]
    """Slots that it took (above 0) or gave back (below)."""

    @cached_property
    def opens(self) -> NDArray[np.bool_]:
        """Which rows are the first of their node."""
        return first_of_each(self.node)


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
    # By row its node, counted through the replications; -1 where it is about none.
    number = np.full(len(stack.time), -1)
    number[runs.begun] = runs.replication * layout.room + runs.node - layout.first_node
    number[runs.ended[over]] = number[runs.begun[over]]
    number[nodes.row] = nodes.replication * layout.room + nodes.node
    row = np.flatnonzero(number >= 0)
    number = number[row]
    few = stack.replications * layout.room < np.iinfo(np.uint16).max
    # Small numbers are sorted several times faster.
    order = np.argsort(number.astype(np.uint16) if few else number, kind="stable")
    row, number = row[order], number[order]
    node = number // layout.room * stack.subjects.count + number % layout.room + layout.first_node
    slots = slots_of(layout, stack, runs.begun)
    by_row = np.zeros(len(stack.time), np.int16)
    by_row[runs.begun] = slots
    by_row[runs.ended[over]] = -slots[over]
    change = by_row[row]
    return Occupancy(
        row, node, sums_of_each(change, node), _codes(layout, stack, row, node), change
    )


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


def sums_of_each(change: NDArray[np.int16], member: NDArray[np.int64]) -> NDArray[np.int32]:
    """Cumulative sums that begin anew with each member, whose rows stand together."""
    sums = np.cumsum(change, dtype=np.int32)
    begin = np.flatnonzero(first_of_each(member))
    before = np.concatenate([[0], sums])[begin]
    sums -= np.repeat(before, np.diff(np.append(begin, len(member)))).astype(np.int32)
    return sums


def _codes(
    layout: PoolLayout, stack: Stack, row: NDArray[np.int64], node: NDArray[np.int64]
) -> NDArray[np.int16]:
    """The state of the node after each row."""
    is_own = stack.subject[row] < layout.first_task
    code = np.where(is_own, stack.new[row], 0).astype(np.int16)
    opens = first_of_each(node)
    began = opens & ~is_own
    code[began] = stack.subjects.initial[node[began] % stack.subjects.count]
    tells = np.where(is_own | opens, np.arange(len(row)), 0)
    filled: NDArray[np.int16] = code[np.maximum.accumulate(tells)]
    return filled
