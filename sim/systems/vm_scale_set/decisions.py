"""A finished run of a scale set gone through from decision to decision, in all its replications at
once: what its instances are at each of them, and whom it takes.

Step k stands at the k-th decision of each replication. Arrays of shape (n, room) are about all
instances of some replications.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sim.core.log import ASKED, REFUSED, ROLLING_BACK, UPGRADE_ENDS, UPGRADING
from sim.core.stack import first_of_each
from sim.systems.vm_scale_set.requests import ALL, SetProtection
from sim.systems.vm_scale_set.states import (
    AT_REST,
    BATCH_UPGRADING,
    DELETING,
    PAUSING,
    REPAIRS,
    RESTORING,
    WIDTH,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from sim.systems.base.operation import Operation
    from sim.systems.vm_scale_set.history import History

    Integers = NDArray[np.int64]
    Mask = NDArray[np.bool_]

TAKES = "a request, or an upgrade without batches, took others than it should"

MATRIX = 1_000_000
"""So many instances, of several replications, are gone through together."""

ASK, OPEN, BEGIN, DELETES, RESTORES, OVER, REST, BACK, END = range(9)
"""Decisions: a request is accepted or refused; an upgrade begins; a batch begins, deletes what a
surge replaces, restores instances, is over; a pause is over; an upgrade goes back, or ends."""


class Decisions(NamedTuple):
    """Some decisions of one kind, of as many replications; columns of shape (decisions,)."""

    place: Integers
    """Of the replication, among those that are gone through together."""
    row: Integers
    """Of the stack."""

    def where(self, holds: Mask) -> Decisions:
        """Those where something holds."""
        return Decisions(self.place[holds], self.row[holds])


class Replay:
    """What the instances of a set are whenever something is decided about them."""

    def __init__(self, history: History) -> None:
        self._history, self._layout, self._stack = history, history.layout, history.stack
        layout = self._layout
        self._spec, self._policy = layout.spec, layout.spec.upgrade_policy
        self._protects = any(isinstance(each.body, SetProtection) for each in layout.requests)
        self._find_decisions()
        self.wrong: dict[str, None] = {}
        """The rules that are broken, in the order in which that shows."""
        step = max(1, MATRIX // max(layout.room, 1))
        for first in range(0, self._stack.replications, step):
            self._go(first, min(first + step, self._stack.replications))

    def decide(self, kind: int, some: Decisions) -> None:
        """Look at decisions of one kind."""
        raise NotImplementedError

    def finish(self) -> None:
        """No decision is left."""

    def _time(self, some: Decisions) -> NDArray[np.float64]:
        return self._stack.time[some.row]

    def _check(self, rule: str, broken: Mask) -> None:
        if broken.any():
            self.wrong[rule] = None

    # The decisions.

    def _find_decisions(self) -> None:
        layout, stack, history = self._layout, self._stack, self._history
        kind = np.full(len(stack.time), -1, np.int8)
        batch = np.flatnonzero(stack.subject == layout.batch)
        kind[batch[stack.new[batch] == BATCH_UPGRADING]] = BEGIN
        for state, decides in ((BATCH_UPGRADING, OVER), (PAUSING, REST)):
            kind[batch[(stack.old[batch] == state) & (stack.new[batch] == AT_REST)]] = decides
        upgrade = np.flatnonzero(stack.about(layout.first_upgrade, len(layout.upgrades)))
        for state, decides in ((UPGRADING, OPEN), (ROLLING_BACK, BACK)):
            kind[upgrade[stack.new[upgrade] == state]] = decides
        kind[upgrade[np.isin(stack.new[upgrade], UPGRADE_ENDS)]] = END
        kind[history.answers(ASKED, REFUSED)] = ASK
        # The first rows of those that one and the same deletes, or restores, at an instant.
        for status, decides in ((DELETING, DELETES), (RESTORING, RESTORES)):
            rows = np.sort(history.row[history.place[history.status[history.place] == status]])
            rows = rows[self._decides(stack.cause[rows])]
            key = stack.replication[rows] * stack.subjects.count + stack.cause[rows]
            # Those that a batch restores are others than those that go back after it, at once.
            after = np.searchsorted(np.flatnonzero(kind == BACK), rows)
            apart = first_of_each(key) | first_of_each(stack.time[rows]) | first_of_each(after)
            rows = rows[apart]
            kind[rows[stack.cause[rows] == layout.batch] if status == DELETING else rows] = decides
        self._kind = kind
        self._decisions = np.flatnonzero(kind >= 0)

    def _decides(self, subjects: NDArray[np.int32]) -> Mask:
        """Which of some subjects take instances by decisions: the batch, upgrades, requests."""
        layout, they = self._layout, np.zeros(self._stack.subjects.count, bool)
        they[layout.batch] = True
        they[layout.first_upgrade : layout.first_upgrade + len(layout.upgrades)] = True
        they[layout.first_operation : layout.first_operation + len(layout.requests)] = True
        found: Mask = they[subjects]
        return found

    @cached_property
    def by(self) -> Integers:
        """By course which of the decisions it follows from, else -1: the last one of its cause."""
        stack, history, rows = self._stack, self._history, self._decisions
        if not len(rows):
            return np.full(len(history.place), -1)
        by_cause = np.isin(self._kind[rows], (DELETES, RESTORES))
        about = np.where(by_cause, stack.cause[rows], stack.subject[rows])
        key = stack.replication[rows] * stack.subjects.count + about
        order = np.lexsort((rows, key))
        place = history.place
        mine = history.replication[place] * stack.subjects.count + history.cause[place]
        known = key[order] << 32 | rows[order]
        found = np.searchsorted(known, mine << 32 | history.row[place], side="right") - 1
        return np.where((found >= 0) & (key[order[found]] == mine), order[found], -1)

    def late(self) -> tuple[Mask, Mask]:
        """Of the courses that decisions are to begin: whether they begin at another instant than
        one; whether they are of a batch.
        """
        history, stack = self._history, self._stack
        mine = np.flatnonzero(self._decides(history.cause[history.place]))
        since = np.append(self._decisions, -1)[self.by[mine]]
        time = np.append(stack.time, np.nan)[since]
        place = history.place[mine]
        return history.time[place] != time, history.cause[place] == self._layout.batch

    def _go(self, first: int, last: int) -> None:
        """Go through the replications from `first` to before `last`."""
        stack, layout, count = self._stack, self._layout, last - first
        bounds = stack.start[[first, last]]
        a, b = np.searchsorted(self._decisions, bounds)
        decides = self._decisions[a:b]
        if a == b:
            return
        self._begin(first, count)
        replication = stack.replication[decides] - first
        starts = np.searchsorted(replication, np.arange(count))
        step = np.arange(b - a) - starts[replication]
        rows = np.flatnonzero(stack.about(layout.first_instance, layout.room)[slice(*bounds)])
        rows += bounds[0]
        before = np.searchsorted(decides, rows, side="right")
        courses = np.flatnonzero((self.by >= a) & (self.by < b))
        steps = zip(
            _by_step(rows, before - starts[stack.replication[rows] - first], step.max() + 1),
            _by_step(courses, step[self.by[courses] - a], step.max() + 1),
            _by_step(np.arange(b - a), step, step.max() + 1),
            strict=True,
        )
        for happened, follow, mine in steps:
            if len(happened):
                self._apply(happened)
            where = self._follow(follow) if len(follow) else None
            kinds = self._kind[decides[mine]]
            for kind in sorted(set(kinds.tolist())):
                some = mine[kinds == kind]
                self.decide(kind, Decisions(replication[some], decides[some]))
            if where is not None:
                self._takes[where] = 0
        self.finish()

    def _begin(self, first: int, count: int) -> None:
        shape = count, self._layout.room
        self._first = first
        self._codes = np.tile(self._layout.instances.initial, (count, 1))
        self._protected, self._kept_in, self._reserved = np.zeros((3, *shape), bool)
        self._takes = np.zeros(shape, np.int16)
        """Into what states decisions of this step bring instances; 0 where they do not."""
        self._until, self._well = np.full(shape, -np.inf), np.zeros(shape, bool)
        """When those that are taken have settled, seconds, and whether they are healthy then."""

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
        if self._protects:
            for kept in (self._protected, self._kept_in):
                kept[where[0][gone], where[1][gone]] = False
        if self._spec.repairs is not None:
            # The number of one that is being replaced is kept for the new one.
            self._reserved[where] = gone & (stack.cause[rows] == self._layout.actor(REPAIRS))

    def _follow(self, courses: Integers) -> tuple[Integers, Integers]:
        """Whom the decisions of a step take: replications, and instances."""
        history = self._history
        place = history.place[courses]
        where = history.replication[place] - self._first, history.number[place]
        self._takes[where] = history.new[place]
        self._until[where], self._well[where] = history.settled(place)
        return where

    # What is asked of all of them.

    def _pending(self, some: Decisions) -> Mask:
        """Who is to be brought to the model that is wanted; shape (decisions, room)."""
        codes = self._codes[some.place]
        wanted = self._history.wanted(some.row, some.place + self._first)
        found: Mask = self._layout.is_there[codes] & (codes // WIDTH != wanted[:, None])
        return found & ~self._protected[some.place]

    def _by_request(self, some: Decisions) -> Iterator[tuple[Operation, Integers, Decisions]]:
        """Requests, as what they were answered (a code), and the decisions that are about them."""
        number = self._stack.subject[some.row] - self._layout.first_operation
        for each in sorted(set(number.tolist())):
            mine = Decisions(some.place[number == each], some.row[number == each])
            yield self._layout.requests[each], self._stack.new[mine.row], mine

    def _named(self, body: Any) -> Mask:
        """Whom a request names, there or not; shape (room,)."""
        if body.instances == ALL:
            return np.ones(self._layout.room, bool)
        named = np.zeros(self._layout.room, bool)
        named[[each for each in body.instances if each < self._layout.room]] = True
        return named


def _by_step(values: Integers, step: Integers, count: int) -> list[Integers]:
    """Values by step, of which there are `count`; those of later ones are left out."""
    order = np.argsort(step, kind="stable")
    return np.split(values[order], np.searchsorted(step[order], np.arange(1, count + 1)))[:-1]
