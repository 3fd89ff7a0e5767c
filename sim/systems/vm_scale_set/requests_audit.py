"""Whether requests are accepted as they should be, take whom they name, and end with them."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.core.log import ASKED, FAILED, OPERATION, REFUSED, SUCCEEDED
from sim.systems.vm_scale_set.decisions import TAKES, Decisions, Replay
from sim.systems.vm_scale_set.history import NEVER
from sim.systems.vm_scale_set.layout import begins_upgrade
from sim.systems.vm_scale_set.rejections import (
    IN_PROGRESS,
    NO_IMAGE,
    NO_INSTANCE,
    NONE_RUNNING,
    PROTECTED,
    QUOTA,
    RULES,
    RULES_OF,
    by_request,
)
from sim.systems.vm_scale_set.requests import (
    ALL,
    OF_INSTANCES,
    CancelRollingUpgrade,
    ManualUpgrade,
    PublishImage,
    Reimage,
    Scale,
    SetProtection,
    StartOsUpgrade,
    UpdateModel,
)
from sim.systems.vm_scale_set.states import DELETING, WIDTH

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sim.systems.base.operation import Operation, Request

    Integers = NDArray[np.int64]
    Mask = NDArray[np.bool_]

LATE = "a request did not end when those that it took had settled"
HEALTH = "a request did not end by the health of those that it took"
ANSWERED = "a request was not answered as it is to be"


class Requests(Replay):
    """Requests beside how they should have been answered, and whom they should have taken."""

    def _begin(self, first: int, count: int) -> None:
        super()._begin(first, count)
        self._published = np.zeros(count, bool)
        self._size = np.full(count, self._spec.instances)
        """How many instances were asked for last."""
        self._on = np.full(count, -1)
        """The number of the rolling upgrade that is on, else -1."""

    def ask(self, some: Decisions) -> None:
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
            if self._ends_by_itself(body):
                self._wrong_ends(taken)
            if isinstance(body, SetProtection):
                self._protect(body, taken)
            if isinstance(body, CancelRollingUpgrade):
                self._cancel(taken)

    def _ends_by_itself(self, body: Request) -> bool:
        """Whether a request ends by those that it takes, if any; else with an upgrade."""
        if isinstance(body, UpdateModel):
            return self._policy.mode == "manual"
        return not (isinstance(body, CancelRollingUpgrade) or begins_upgrade(body, self._spec))

    def _cancel(self, some: Decisions) -> None:
        """A cancel is accepted."""
        raise NotImplementedError

    def _protect(self, body: SetProtection, some: Decisions) -> None:
        named = self._named(body) & self._layout.is_there[self._codes[some.place]]
        for kept, is_on in (
            (self._kept_in, body.protect_from_scale_in),
            (self._protected, body.protect_from_scale_set_actions),
        ):
            kept[some.place] = kept[some.place] | named if is_on else kept[some.place] & ~named

    def _wrong_answers(self, asked: Operation, answer: Integers, some: Decisions) -> None:
        """A request is refused by the first rule that forbids it, else accepted."""
        by = np.where(answer % OPERATION.width == REFUSED, answer // OPERATION.width, 0)
        due, forbids = np.zeros(len(by), np.int64), self._forbids(asked.body, some)
        for rule in reversed(RULES_OF[asked.kind]):
            if rule in forbids:
                due[forbids[rule]] = RULES.index(rule) + 1
        if never := by_request(asked.body, self._layout.room, self._spec.quota):
            due[:] = RULES.index(never) + 1
        names = "accepted", *RULES
        for was, is_due in set(zip(by.tolist(), due.tolist(), strict=True)):
            if was != is_due:
                self.wrong[f"{ANSWERED}: {names[was]}, not {names[is_due]}"] = None

    def _forbids(self, body: Any, some: Decisions) -> dict[str, Mask]:
        """By rule where it forbids a request, as the set is then."""
        place, there = some.place, self._layout.is_there[self._codes[some.place]]
        on = self._on[place] >= 0
        if isinstance(body, Scale):
            fewer = self._size[place] - body.instances
            free = there & ~self._protected[place] & ~self._kept_in[place]
            return {
                IN_PROGRESS: on & (fewer > 0),
                PROTECTED: fewer > free.sum(axis=1),
                QUOTA: (fewer < 0) & (self.used(place) - fewer > self.quota),
            }
        forbids = {IN_PROGRESS: on, NONE_RUNNING: ~on}
        if isinstance(body, StartOsUpgrade) and not body.image:
            forbids[NO_IMAGE] = ~self._published[place]
        if isinstance(body, OF_INSTANCES) and body.instances != ALL:
            forbids[NO_INSTANCE] = np.logical_or.reduce(self._named(body) & ~there, axis=1)
        return forbids

    @property
    def quota(self) -> float:
        """How many instances there may be at once."""
        return self._spec.quota or np.inf

    def used(self, place: Integers) -> Integers:
        """How many instances count against the quota, in the replications at some places."""
        counts = (self._codes[place] > 0) | self._reserved[place]
        found: Integers = counts.sum(axis=1)
        return found

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

    def _wrong_ends(self, some: Decisions) -> None:
        """A request ends when the last one has settled that it took, and by their health."""
        history, stack, place = self._history, self._stack, some.place
        takes = self._takes[place]
        until = np.where(takes > 0, self._until[place], -np.inf).max(axis=1)
        due = np.maximum(until, self._time(some))
        number = stack.subject[some.row] - self._layout.first_operation
        ended = self._ended[place + self._first, number]
        due = np.where(due <= stack.horizon, due, np.inf)
        self._check(LATE, history.time_of(ended) != due)
        over = np.flatnonzero(ended < NEVER)
        by, who = np.nonzero((takes[over] > 0) & (takes[over] % WIDTH != DELETING))
        codes = history.code_before(place[over[by]] + self._first, who, ended[over[by]])
        fails = np.bincount(by, self._layout.counts_unhealthy[codes], len(over)) > 0
        self._check(HEALTH, fails != (stack.new[ended[over]] % OPERATION.width == FAILED))

    @cached_property
    def _ended(self) -> Integers:
        rows, layout = self._history.answers(SUCCEEDED, FAILED), self._layout
        return self._history.row_of(rows, layout.first_operation, len(layout.requests))
