"""Whether requests are accepted as they should be, take whom they name, and end with them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sim.core.log import ASKED, FAILED, OPERATION, REFUSED, SUCCEEDED
from sim.systems.vm_scale_set.history import NEVER
from sim.systems.vm_scale_set.rejections import (
    IN_PROGRESS,
    NO_IMAGE,
    NO_INSTANCE,
    NONE_RUNNING,
    PROTECTED,
    RULES,
    RULES_OF,
    by_request,
)
from sim.systems.vm_scale_set.requests import (
    ALL,
    OF_INSTANCES,
    ManualUpgrade,
    PublishImage,
    Reimage,
    Scale,
    StartOsUpgrade,
)
from sim.systems.vm_scale_set.states import DELETING, WIDTH
from sim.systems.vm_scale_set.walk import ASK, TAKES, Decisions, Walk

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from sim.systems.base.operation import Operation, Request
    from sim.systems.vm_scale_set.history import History

    Integers = NDArray[np.int64]
    Mask = NDArray[np.bool_]

ANSWERED = "a request was not answered as it is to be"


def broken_rules(history: History) -> Iterator[str]:
    """The rules that requests break which name instances, or another number of them."""
    yield from _Requests(history, (ASK,)).wrong
    yield from _wrong_ends(history)


class _Requests(Walk):
    """Requests beside how they should have been answered, and whom they should have taken."""

    def _begin(self, first: int, count: int) -> None:
        super()._begin(first, count)
        self._published = np.zeros(count, bool)
        self._size = np.full(count, self._spec.instances)
        """How many instances were asked for last."""

    def decide(self, _: int, some: Decisions) -> None:
        """Each request is answered by what is there, and what was asked for before."""
        for asked, answer, mine in self._by_request(some):
            body, accepted = asked.body, answer % OPERATION.width == ASKED
            self._wrong_answers(asked, answer, mine)
            taken = mine.where(accepted)
            if isinstance(body, PublishImage):
                self._published[mine.place] = True
            if isinstance(body, Scale):
                self._wrong_scales(body.instances, taken)
            else:
                self._wrong_members(body, taken)
        self._protect(some)

    def _wrong_answers(self, asked: Operation, answer: Integers, some: Decisions) -> None:
        """A request is refused by the first rule that forbids it, else accepted."""
        by = np.where(answer % OPERATION.width == REFUSED, answer // OPERATION.width, 0)
        due, forbids = np.zeros(len(by), np.int64), self._forbids(asked.body, some)
        for rule in reversed(RULES_OF[asked.kind]):
            if rule in forbids:
                due[forbids[rule]] = RULES.index(rule) + 1
        if never := by_request(asked.body, self._layout.room):
            due[:] = RULES.index(never) + 1
        names = "accepted", *RULES
        for was, is_due in set(zip(by.tolist(), due.tolist(), strict=True)):
            if was != is_due:
                self.wrong[f"{ANSWERED}: {names[was]}, not {names[is_due]}"] = None

    def _forbids(self, body: Any, some: Decisions) -> dict[str, Mask]:
        """By rule where it forbids a request, as the set is then."""
        place, there = some.place, self._layout.is_there[self._codes[some.place]]
        on = self._history.rolling.at(some.row, place + self._first) >= 0
        if isinstance(body, Scale):
            fewer = self._size[place] - body.instances
            free = there & ~self._protected[place] & ~self._kept_in[place]
            return {IN_PROGRESS: on & (fewer > 0), PROTECTED: fewer > free.sum(axis=1)}
        forbids = {IN_PROGRESS: on, NONE_RUNNING: ~on}
        if isinstance(body, StartOsUpgrade) and not body.image:
            forbids[NO_IMAGE] = ~self._published[place]
        if isinstance(body, OF_INSTANCES) and body.instances != ALL:
            forbids[NO_INSTANCE] = np.logical_or.reduce(self._named(body) & ~there, axis=1)
        return forbids

    def _wrong_members(self, body: Request, some: Decisions) -> None:
        takes, codes = self._takes[some.place], self._codes[some.place]
        expected = np.zeros(takes.shape, bool)
        if isinstance(body, ManualUpgrade | Reimage):
            expected = self._named(body) & self._layout.is_there[codes]
        if isinstance(body, Reimage):
            expected &= ~self._protected[some.place]
        else:
            wanted = self._history.wanted(some.row, some.place + self._first)
            expected &= codes // WIDTH != wanted[:, None]
        self._check(TAKES, (takes > 0) != expected)

    def _wrong_scales(self, instances: int, some: Decisions) -> None:
        """As many come, or go, as the number that was asked for changes by."""
        takes, place = self._takes[some.place], some.place
        goes = takes % WIDTH == DELETING
        kept = self._protected[place] | self._kept_in[place]
        self._check("a scale-in deleted a protected instance", goes & kept)
        change = (takes > 0).sum(axis=1) - 2 * goes.sum(axis=1)
        rule = "a request did not bring the set to the capacity that it asks for"
        self._check(rule, change != instances - self._size[place])
        self._size[place] = instances


def _wrong_ends(history: History) -> Iterator[str]:
    """A request ends when the last one has settled that it took, and by their health."""
    stack, place, count = history.stack, history.place, history.stack.subjects.count
    asked = history.accepted(ManualUpgrade, Reimage, Scale)
    if not len(asked):
        return
    asked = asked[np.argsort(stack.key[asked])]
    key = stack.key[asked]
    mine = history.replication[place] * count + history.cause[place]
    by = np.minimum(np.searchsorted(key, mine), len(key) - 1)
    which = np.flatnonzero(key[by] == mine)
    by, taken = by[which], place[which]
    due, ended, time = (
        stack.time[asked],
        history.next_of_subject(history.answers(SUCCEEDED, FAILED), asked),
        stack.time,
    )
    np.maximum.at(due, by, history.settled(taken)[0])
    over = np.flatnonzero(ended < NEVER)
    came = np.full(len(asked), np.inf)
    came[over] = time[ended[over]]
    if (came != np.where(due <= stack.horizon, due, np.inf)).any():
        yield "a request did not end when those that it took had settled"
        return
    codes = history.code_before(history.replication[taken], history.number[taken], ended[by])
    failed = (history.status[taken] != DELETING) & history.layout.counts_unhealthy[codes]
    fails = np.bincount(by, failed, len(asked))[over] > 0
    if (fails != (stack.new[ended[over]] % OPERATION.width == FAILED)).any():
        yield "a request did not end by the health of those that it took"
