"""Whether upgrades of a pool go through its nodes as it says: all, so many at once, in order.

A node that drains already when its turn comes shows nothing by then; what is counted as out by an
upgrade is what its rows say, never more than there was.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sim.core.log import UPGRADE, UPGRADE_ENDS
from sim.core.rounding import at_most
from sim.systems.base.operation import windows_of
from sim.systems.batch_pool.history import history
from sim.systems.batch_pool.states import (
    DRAINING,
    LEAVING,
    REIMAGING,
    UPGRADING_OS,
    WAITING_FOR_START_TASK,
    WIDTH,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from sim.core.log import Stack
    from sim.systems.batch_pool.layout import PoolLayout


class _Takings(NamedTuple):
    """The rows by which an upgrade takes nodes, in order of the stack; shape (takings,)."""

    place: NDArray[np.intp]
    """In the rows of nodes."""
    row: NDArray[np.int64]
    """In the stack."""
    replication: NDArray[np.intp]
    node: NDArray[np.int64]
    time: NDArray[np.float64]


def broken_rules(layout: PoolLayout, stack: Stack) -> Iterator[str]:
    """The rules that upgrades break."""
    for name in layout.upgrades:
        yield from _Upgrade(layout, stack, name).broken_rules()


class _Upgrade:
    """One upgrade of a pool in each replication of a stack."""

    def __init__(self, layout: PoolLayout, stack: Stack, name: str) -> None:
        self._layout, self._stack = layout, stack
        rows = self._rows = history(layout, stack).nodes
        self._rules = layout.spec.walk_rules
        self._subject = layout.upgrade(name)
        self._target = layout.brings(name)
        self._body: Any = layout.request(name).body
        own = np.flatnonzero(stack.subject == self._subject)
        self._begins, self._ends = np.full((2, stack.replications), len(stack.time))
        begins, ends = (
            own[stack.old[own] == 0],
            own[np.isin(stack.new[own] % UPGRADE.width, UPGRADE_ENDS)],
        )
        self._begins[stack.replication[begins]] = begins
        self._ends[stack.replication[ends]] = ends
        self._mine = rows.cause == self._subject
        self._taking = self._mine & np.isin(rows.new, (DRAINING, REIMAGING, UPGRADING_OS))

    def broken_rules(self) -> Iterator[str]:
        """Each in words."""
        rows = self._rows
        upgraded = self._mine & (rows.new != 0) & rows.follows
        upgraded[1:] &= self._mine[:-1] & np.isin(rows.old[1:], (REIMAGING, UPGRADING_OS))
        if (rows.version[upgraded] != self._target).any():
            yield "a node came back from an upgrade on another version"
        if self._forgets_a_node():
            yield "an upgrade was completed without one of the nodes"
        takings = self._takings()
        if not windows_of(self._body.windows, self._layout.span.start).are_open(takings.time).all():
            yield "a node was taken outside the windows of its upgrade"
        if self._rules.order == "number" and self._out_of_order(takings):
            yield "nodes were not taken in the order of their numbers"
        yield from self._wrong_waves(takings)

    def _forgets_a_node(self) -> bool:
        """Whether a node that nothing else befell is on another version after the upgrade."""
        stack, rows, layout = self._stack, self._rows, self._layout
        first = layout.first_node
        shape = stack.replications, layout.room
        initial = stack.subjects.initial[first : first + layout.room]
        version, status = (np.tile(codes, (shape[0], 1)) for codes in np.divmod(initial, WIDTH))
        past = rows.row < self._ends[rows.replication]
        where = rows.replication[past], rows.node[past]
        version[where], status[where] = rows.version[past], rows.new[past]
        asked = (rows.cause >= layout.first_operation) & (rows.cause < layout.first_upgrade)
        # What is to be removed may end an upgrade just before its own row tells so.
        ends = np.append(stack.time, np.inf)[self._ends]
        asked &= (rows.time <= ends[rows.replication]) & (rows.row > self._begins[rows.replication])
        spared = np.isin(status, (0, DRAINING, LEAVING))
        spared[rows.replication[asked], rows.node[asked]] = True
        over = (self._ends < len(stack.time))[:, None]
        return bool((over & ~spared & (version != self._target)).any())

    def _takings(self) -> _Takings:
        """Where it was that row that took a node, not one that it drained already."""
        rows = self._rows
        together = np.zeros(len(rows.key), bool)
        together[1:] = rows.follows[1:] & (rows.time[1:] == rows.time[:-1])
        place = np.flatnonzero(self._taking & (rows.old != DRAINING) & ~together)
        # Of each node the first one: what drained may fail, and is then taken anew.
        _, first = np.unique(rows.key[place], return_index=True)
        place = place[first]
        place = place[np.argsort(rows.row[place])]
        where = rows.row[place], rows.replication[place]
        return _Takings(place, *where, rows.node[place], rows.time[place])

    @staticmethod
    def _out_of_order(takings: _Takings) -> bool:
        same = takings.replication[1:] == takings.replication[:-1]
        return bool((same & (takings.node[1:] < takings.node[:-1])).any())

    def _wrong_waves(self, takings: _Takings) -> Iterator[str]:
        """How many are out at once, and whether a wave waits for the one before and the pause."""
        rows, stack = self._rows, self._stack
        out = self._taking | (self._mine & (rows.new == WAITING_FOR_START_TASK))
        was = np.zeros(len(out), bool)
        was[1:] = out[:-1] & rows.follows[1:]
        moves = np.flatnonzero(out != was)
        moves = moves[np.argsort(rows.row[moves])]
        takes, replication, time = out[moves], rows.replication[moves], rows.time[moves]
        count = np.cumsum(np.where(takes, 1, -1))
        begins = np.searchsorted(replication, np.arange(stack.replications))
        before = np.concatenate([[0], count])[begins]
        count -= before[replication]
        if (count > self._limits()[replication]).any():
            yield "more nodes were out for an upgrade at once than `max_concurrent`"
        if self._rules.rolling or not len(moves):
            return
        first = takes & (count == 1)
        wave = np.maximum.accumulate(np.where(first, np.arange(len(moves)), 0))
        takes = np.isin(moves, takings.place)  # one that failed while it drained is taken anew
        if (takes & (time != time[wave])).any():
            yield "a wave of an upgrade began before the one before it was back"
        again = np.flatnonzero((first & takes)[1:] & (replication[1:] == replication[:-1])) + 1
        if (time[again] < time[again - 1] + self._rules.pause).any():
            yield "a wave of an upgrade began before the pause was over"

    def _limits(self) -> NDArray[np.int64]:
        """Most nodes at once in each replication: a share is one of those that were there."""
        rows, spec = self._rows, self._layout.spec
        change = (rows.new != 0).astype(np.int64) - (rows.old != 0)
        past = rows.row < self._begins[rows.replication]
        came = np.bincount(rows.replication[past], change[past], self._stack.replications)
        there = came.astype(np.int64) + spec.nodes
        limits = [at_most(self._rules.limit, count) for count in there.tolist()]
        return np.array(limits, np.int64)
