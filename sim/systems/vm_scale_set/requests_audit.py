"""Whether requests are accepted as they should be, take whom they name, and end with them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sim.core.log import ASKED, FAILED, OPERATION, REFUSED, SUCCEEDED
from sim.systems.vm_scale_set.history import NEVER
from sim.systems.vm_scale_set.rejections import NO_IMAGE, NO_INSTANCE, PROTECTED, RULES
from sim.systems.vm_scale_set.requests import (
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

    from sim.systems.base.operation import Request
    from sim.systems.vm_scale_set.history import History

    Integers = NDArray[np.int64]
    Mask = NDArray[np.bool_]


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
        for body, answer, mine in self._by_request(some):
            accepted = answer % OPERATION.width == ASKED
            self._wrong_answers(body, answer, mine)
            taken = Decisions(mine.place[accepted], mine.row[accepted])
            if isinstance(body, PublishImage):
                self._published[mine.place] = True
            if isinstance(body, Scale):
                self._wrong_scales(body.instances, taken)
            else:
                self._wrong_members(body, taken)
        self._protect(some)

    def _wrong_answers(self, body: Request, answer: Integers, some: Decisions) -> None:
        place, refused = some.place, answer % OPERATION.width == REFUSED
        rule, there = answer // OPERATION.width, self._layout.is_there[self._codes[place]]
        nobody: Mask = np.zeros(len(place), bool)
        missing = few = unknown = nobody
        if isinstance(body, OF_INSTANCES) and isinstance(body.instances, tuple):
            never = max(body.instances) >= self._layout.room
            missing = np.logical_or.reduce(self._named(body) & ~there, axis=1) | never
        elif isinstance(body, Scale):
            free = there & ~self._protected[place] & ~self._kept_in[place]
            fewer = self._size[place] - body.instances
            few = (fewer > 0) & (fewer > free.sum(axis=1))
        elif isinstance(body, StartOsUpgrade) and not body.image:
            unknown = ~self._published[place]
        for reason, holds in ((NO_INSTANCE, missing), (PROTECTED, few), (NO_IMAGE, unknown)):
            by_it = refused & (rule == RULES.index(reason) + 1)
            self._check(f"a request was refused ({reason}) though it was not so", by_it & ~holds)
            self._check(f"a request was accepted though it was so ({reason})", ~refused & holds)

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
    np.maximum.at(due, by, history.settled(taken).time)
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
