"""The rows of a pool in a stack, in the orders in which its metrics and its audit read them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from sim.core.log import first_of_each
from sim.systems.batch_pool.states import WIDTH

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from sim.core.log import Stack
    from sim.systems.batch_pool.layout import PoolLayout


def in_statuses(codes: NDArray[np.int16], statuses: Sequence[int], width: int) -> NDArray[np.bool_]:
    """Which states have one of some statuses. A table is faster than a division of each."""
    table = np.isin(np.arange(int(codes.max(initial=0)) + 1) % width, statuses)
    found: NDArray[np.bool_] = table[codes]
    return found


class History:
    """The rows of one pool; each table is made when it is first asked for."""

    def __init__(self, layout: PoolLayout, stack: Stack) -> None:
        self._layout, self._stack = layout, stack

    @cached_property
    def of_tasks(self) -> NDArray[np.int64]:
        """The rows of tasks, in order of replication, task and time."""
        return self._stack.histories(self._layout.first_task, self._layout.tasks)

    @cached_property
    def of_tasks_in_time(self) -> NDArray[np.intp]:
        """The same in order of replication and time."""
        return np.flatnonzero(self._stack.about(self._layout.first_task, self._layout.tasks))

    @cached_property
    def submissions(self) -> NDArray[np.intp]:
        """Those of them by which a task is submitted."""
        rows = self.of_tasks_in_time
        submits: NDArray[np.intp] = rows[self._stack.old[rows] == 0]
        return submits

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
        until = np.full(len(self.key), np.inf)
        until[:-1][self.follows[1:]] = self.time[1:][self.follows[1:]]
        return until

    @cached_property
    def next_cause(self) -> NDArray[np.int32]:
        """Because of whom it changes next; -1 where it does not."""
        cause = np.full(len(self.key), -1, np.int32)
        cause[:-1][self.follows[1:]] = self.cause[1:][self.follows[1:]]
        return cause
