"""A finished run of a scale set gone through from decision to decision, in all its replications at
once: what its instances are at each of them.

Step k stands at the k-th decision of each replication. Arrays of shape (n, room) are about all
instances of some replications.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sim.core.log import (
    ROLLING_BACK,
    UPGRADE_ENDS,
    UPGRADING,
)
from sim.systems.vm_scale_set.requests import ManualUpgrade, Reimage, SetProtection
from sim.systems.vm_scale_set.states import (
    BATCH_UPGRADING,
    COUNTS_UNHEALTHY,
    DELETING,
    GIVEN_UP,
    INITIALIZING,
    ON_ITS_WAY,
    REPAIRS,
    RESTORING,
    UNHEALTHY,
    WIDTH,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sim.systems.vm_scale_set.history import History

    Integers = NDArray[np.int64]
    Mask = NDArray[np.bool_]

NEARLY = 1e-9
"""A share that a float only nearly holds is not exceeded by itself."""
MATRIX = 1_000_000
"""So many instances, of several replications, are gone through together."""

BEGIN, OVER, OPEN, BACK, END, NAMES = range(6)
"""Decisions: a batch begins or is over; an upgrade begins, goes back or ends; a request names
instances."""


class Decisions(NamedTuple):
    """Some decisions of one kind, of as many replications; columns of shape (decisions,)."""

    place: Integers
    """Of the replication, among those that are gone through together."""
    row: Integers
    """Of the stack."""


class Walk:
    """What upgrades should have done, and what is wrong with what they did."""

    def __init__(self, history: History) -> None:
        self._history, self._layout, self._stack = history, history.layout, history.stack
        layout = self._layout
        self._spec, self._policy = layout.spec, layout.spec.upgrade_policy
        status = np.arange(len(layout.instances.states)) % WIDTH
        self._is_there = (status > 0) & (status != DELETING)
        unseen = np.isin(status, (INITIALIZING, UNHEALTHY)) & (layout.spec.health.source == "none")
        self._is_unhealthy = np.isin(status, COUNTS_UNHEALTHY) & ~unseen
        self._is_given_up = np.isin(status, GIVEN_UP) & ~unseen
        self._is_on_its_way = np.isin(status, ON_ITS_WAY) & ~unseen
        self._restores = status == RESTORING
        self._repairs = layout.actor(REPAIRS)
        self._zone_of = history.zone_of
        self._may_be_protected = any(isinstance(e.body, SetProtection) for e in layout.requests)
        self._find_decisions()

    def go(self) -> None:
        """Go through all replications."""
        step = max(1, MATRIX // max(self._layout.room, 1))
        for first in range(0, self._stack.replications, step):
            self._go(first, min(first + step, self._stack.replications))

    def decide(self, kind: int, some: Decisions) -> None:
        """What follows from decisions of one kind."""
        raise NotImplementedError

    # The decisions.

    def _find_decisions(self) -> None:
        layout, stack = self._layout, self._stack
        kind = np.full(len(stack.time), -1, np.int8)
        batch = np.flatnonzero(stack.subject == layout.batch)
        kind[batch[stack.new[batch] == BATCH_UPGRADING]] = BEGIN
        kind[batch[stack.old[batch] == BATCH_UPGRADING]] = OVER
        upgrade = np.flatnonzero(stack.about(layout.first_upgrade, len(layout.upgrades)))
        for state, decides in ((UPGRADING, OPEN), (ROLLING_BACK, BACK)):
            kind[upgrade[stack.new[upgrade] == state]] = decides
        kind[upgrade[np.isin(stack.new[upgrade], UPGRADE_ENDS)]] = END
        kind[self._history.accepted(SetProtection, ManualUpgrade, Reimage)] = NAMES
        self._kind = kind

    def _go(self, first: int, last: int) -> None:
        """Go through the replications from `first` to before `last`."""
        stack, layout, count = self._stack, self._layout, last - first
        begin, end = stack.start[first], stack.start[last]
        decides = begin + np.flatnonzero(self._kind[begin:end] >= 0)
        if not len(decides):
            return
        self._begin(first, count)
        replication = stack.replication[decides] - first
        starts = np.searchsorted(replication, np.arange(count))
        step = np.arange(len(decides)) - starts[replication]
        order = np.argsort(step, kind="stable")
        bounds = np.searchsorted(step[order], np.arange(step.max() + 2))
        rows = begin + np.flatnonzero(stack.about(layout.first_instance, layout.room)[begin:end])
        before = np.searchsorted(decides, rows) - starts[stack.replication[rows] - first]
        row_order = np.argsort(before, kind="stable")
        row_bounds = np.searchsorted(before[row_order], np.arange(step.max() + 2))
        for k in range(int(step.max()) + 1):
            self._apply(rows[row_order[row_bounds[k] : row_bounds[k + 1]]])
            mine = order[bounds[k] : bounds[k + 1]]
            kinds = self._kind[decides[mine]]
            for kind in (BEGIN, OVER, OPEN, BACK, END, NAMES):
                some = mine[kinds == kind]
                if len(some):
                    self.decide(kind, Decisions(replication[some], decides[some]))

    def _begin(self, first: int, count: int) -> None:
        shape = count, self._layout.room
        self._first = first
        self._codes = np.tile(self._layout.instances.initial, (count, 1))
        self._protected, self._reserved = np.zeros((2, *shape), bool)
        self._upgraded, self._restored = np.zeros((2, *shape), bool)

    def _apply(self, rows: Integers) -> None:
        """What happened to instances since the last decisions."""
        stack = self._stack
        where = (
            stack.replication[rows] - self._first,
            stack.subject[rows] - self._layout.first_instance,
        )
        new = stack.new[rows]
        self._codes[where] = new  # the last one stays
        gone = new == 0
        if self._may_be_protected:
            self._protected[where[0][gone], where[1][gone]] = False
        if self._spec.repairs is not None:
            # The number of one that is being replaced is kept for the new one.
            self._reserved[where] = gone & (stack.cause[rows] == self._repairs)
        back = np.flatnonzero(self._restores[new])
        self._restored[where[0][back], where[1][back]] = True

    def _pending(self, some: Decisions) -> Mask:
        """Who is to be brought to the model that is wanted; shape (decisions, room)."""
        codes = self._codes[some.place]
        wanted = self._wanted(some)
        pending = self._is_there[codes] & (codes // WIDTH != wanted[:, None])
        found: Mask = pending & ~self._protected[some.place]
        return found

    def _wanted(self, some: Decisions) -> Integers:
        return self._history.wanted(some.row, some.place + self._first)

    def _too_many(self, some: Decisions) -> Mask:
        """Whether more of all instances are unhealthy than may be."""
        codes = self._codes[some.place]
        most = self._policy.max_unhealthy_instance_percent * self._is_there[codes].sum(axis=1)
        found: Mask = self._is_unhealthy[codes].sum(axis=1) > most + NEARLY
        return found

    def _too_many_upgraded(self, some: Decisions) -> Mask:
        """Whether more of the upgraded ones are unhealthy, or were restored, than may be."""
        upgraded, restored = self._upgraded[some.place], self._restored[some.place]
        failed = restored | (upgraded & self._is_unhealthy[self._codes[some.place]])
        share = self._policy.max_unhealthy_upgraded_instance_percent
        found: Mask = failed.sum(axis=1) > share * upgraded.sum(axis=1) + NEARLY
        return found
