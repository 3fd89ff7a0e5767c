"""Whom upgrades and requests should have taken, decision by decision, and how upgrades should have
ended.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import numpy as np

from sim.core.log import COMPLETED, OPERATION, SUPERSEDED, UPGRADE_CANCELLED, UPGRADE_FAILED
from sim.systems.vm_scale_set.rejections import (
    BREACH_BEFORE,
    BREACH_DURING,
    BREACH_UPGRADED,
    RULES,
)
from sim.systems.vm_scale_set.rejections import UNHEALTHY as SOME_UNHEALTHY
from sim.systems.vm_scale_set.requests import ALL, Reimage, SetProtection
from sim.systems.vm_scale_set.states import DELETING, WIDTH
from sim.systems.vm_scale_set.walk import (
    BACK,
    BEGIN,
    END,
    NAMES,
    NEARLY,
    OPEN,
    OVER,
    Decisions,
    Walk,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sim.systems.vm_scale_set.history import History

    Integers = NDArray[np.int64]
    Mask = NDArray[np.bool_]


class Expected(Walk):
    """What upgrades and requests should have done; and what is wrong with their decisions."""

    def __init__(self, history: History) -> None:
        super().__init__(history)
        batches = len(history.batches)
        self.limit, self.size = np.zeros((2, batches), np.int64)
        """By batch how many it may take, and how many it should."""
        self.surges = np.zeros(batches, bool)
        """By batch whether it creates new instances first."""
        self.taken: dict[int, list[tuple[Integers, Integers]]] = defaultdict(list)
        """By kind of decision the rows and the instances that should follow from them: taken by
        a batch (BEGIN), created (OPEN) and deleted (OVER) by one, restored after a breach (BACK),
        named by a request or taken all at once (NAMES).
        """
        self.wrong: dict[str, None] = {}
        """The rules that are broken, in the order in which that shows."""
        self._failed_new = self._failed_starts()
        self.go()

    def _failed_starts(self) -> tuple[Integers, Mask]:
        """Keys of batch and instance, in order, and whether that one did not get healthy."""
        history = self._history
        if not self._policy.max_surge:  # nobody asks
            return np.zeros(0, np.int64), np.zeros(0, bool)
        taken = np.flatnonzero(history.batch >= 0)
        taken = taken[history.status[taken] != DELETING]
        key = history.batch[taken] * self._layout.room + history.number[taken]
        order = np.argsort(key, kind="stable")
        return key[order], ~history.settled(taken[order]).healthy

    def _begin(self, first: int, count: int) -> None:
        super()._begin(first, count)
        shape = count, self._layout.room
        self._former, self._together = np.zeros((2, *shape), bool)
        self._partner = np.full(shape if self._policy.max_surge else (count, 0), -1)
        self._exceeded, self._has_begun, self._went_back = np.zeros((3, count), bool)

    def decide(self, kind: int, some: Decisions) -> None:
        """What follows from decisions of one kind."""
        follows = {
            BEGIN: self._batch,
            OVER: self._over,
            OPEN: self._open,
            BACK: self._back,
            END: self._end,
            NAMES: self._names,
        }
        follows[kind](some)

    def _expect(self, kind: int, rows: Integers, instances: Integers) -> None:
        self.taken[kind].append((rows, instances))

    # Batches.

    def _batch(self, some: Decisions) -> None:
        """Whom a batch should take, or create."""
        place, batch = some.place, np.searchsorted(self._history.batches, some.row)
        codes = self._codes[place]
        pending = self._pending(some) & ~self._restored[place]
        if self._too_many(some).any():
            self.wrong["a batch began while too many instances were unhealthy"] = None
        if self._exceeded[place].any():
            self.wrong["a batch began though too many of the upgraded ones were unhealthy"] = None
        there = self._is_there[codes].sum(axis=1)
        share = self._policy.max_batch_instance_percent
        limit = np.maximum(1, np.floor(share * there + NEARLY).astype(np.int64))
        rank = self._rank(pending, codes)
        chosen = (rank > 0) & (rank <= limit[:, None])
        size = chosen.sum(axis=1)
        self.limit[batch], self.size[batch] = limit, size
        self._has_begun[place] = True
        surges = np.full(len(place), self._policy.max_surge)
        if self._policy.max_surge and self._spec.quota is not None:
            surges &= (codes > 0).sum(axis=1) + size <= self._spec.quota
        self.surges[batch] = surges
        here = np.flatnonzero(~surges)
        self._upgraded[place[here]] |= chosen[here]
        self._former[place[here]] |= chosen[here]
        which, instance = np.nonzero(chosen[here])
        self._expect(BEGIN, some.row[here[which]], instance)
        if surges.any():
            mine = np.flatnonzero(surges)
            self._pair(Decisions(place[mine], some.row[mine]), rank[mine] * chosen[mine])

    def _rank(self, pending: Mask, codes: NDArray[np.int16]) -> Integers:
        """The order, from 1 on, of those that may be taken together, else 0: one zone, one domain,
        lowest numbers first, those that are unhealthy before the others if they are to be.
        """
        layout = self._layout
        zone = 0 if self._policy.enable_cross_zone_upgrade else self._zone_of
        spot = zone * layout.domains + np.arange(layout.room) % layout.domains
        first = pending
        urgent = np.zeros((1, 1), bool)
        if self._policy.prioritize_unhealthy_instances:
            urgent = pending & self._is_given_up[codes]
            first = np.where(urgent.any(axis=1, keepdims=True), urgent, pending)
        here = np.where(first, spot, np.iinfo(np.int64).max).min(axis=1, keepdims=True)
        alike = pending & (spot == here)
        rank = np.cumsum(alike & ~urgent, axis=1, dtype=np.int32)
        if urgent.any():
            hurried = alike & urgent
            rank += hurried.sum(axis=1, keepdims=True)
            rank = np.where(urgent, np.cumsum(hurried, axis=1, dtype=np.int32), rank)
        found: Integers = rank * alike
        return found

    def _pair(self, some: Decisions, rank: Integers) -> None:
        """The new instance for each one that a surge is to replace: numbers of its zone that are
        free, lowest first.
        """
        free = (self._codes[some.place] == 0) & ~self._reserved[some.place]
        for zone in range(max(1, len(self._spec.zone_counts))):
            here = self._zone_of == zone
            which, old = np.nonzero((rank > 0) & here)
            order = np.lexsort((rank[which, old], which))
            count = np.bincount(which, minlength=len(rank))
            own = free & here
            news = np.nonzero(own & (np.cumsum(own, axis=1) <= count[:, None]))
            if len(news[0]) != len(old):
                self.wrong["a surge had no numbers for its new instances"] = None
                continue
            self._partner[some.place[news[0]], news[1]] = old[order]
            self._expect(OPEN, some.row[news[0]], news[1])

    def _over(self, some: Decisions) -> None:
        """A batch is over: whom a surge deletes, and whether it goes on."""
        if self._policy.max_surge:
            self._unpair(some)
        self._exceeded[some.place] = self._too_many_upgraded(some)

    def _unpair(self, some: Decisions) -> None:
        which, new = np.nonzero(self._partner[some.place] >= 0)
        if not len(which):
            return
        place, old = some.place[which], self._partner[some.place[which], new]
        batch = np.searchsorted(self._history.batches, some.row[which]) - 1
        keys, failures = self._failed_new
        found = np.searchsorted(keys, batch * self._layout.room + new)
        failed = (
            failures[np.minimum(found, len(keys) - 1)] if len(keys) else np.zeros(len(new), bool)
        )
        self._upgraded[place, np.where(failed, old, new)] = True
        self._restored[place[failed], old[failed]] = True
        self._expect(OVER, self._history.batches[batch], np.where(failed, new, old))
        self._partner[some.place] = -1

    # Upgrades.

    def _open(self, some: Decisions) -> None:
        """An upgrade without batches takes all at once, or none."""
        if self._policy.mode != "automatic":
            return
        own = self._of(some, rolls=False)
        if len(own.place):
            # What it wants stands in the log right after its own row.
            after = Decisions(own.place, self._after_wish(own))
            pending = self._pending(after)
            self._together[own.place] = pending
            which, instance = np.nonzero(pending)
            self._expect(NAMES, own.row[which], instance)

    def _after_wish(self, some: Decisions) -> Integers:
        stack, target = self._stack, self._layout.target.first
        rows = np.flatnonzero(stack.subject == target)
        if not len(rows):
            return some.row
        found = rows[np.minimum(np.searchsorted(rows, some.row), len(rows) - 1)]
        mine = (found > some.row) & (stack.replication[found] == stack.replication[some.row])
        mine &= stack.cause[found] == stack.subject[some.row]
        return np.where(mine, found + 1, some.row)

    def _of(self, some: Decisions, *, rolls: bool) -> Decisions:
        """Those of upgrades that go in batches, or that do not."""
        layout = self._layout
        goes = np.array([layout.rolls(each) for each in range(len(layout.upgrades))])
        mine = goes[self._stack.subject[some.row] - layout.first_upgrade] == rolls
        return Decisions(some.place[mine], some.row[mine])

    def _failed(self, some: Decisions) -> Mask:
        """Who is to go back after a breach."""
        unhealthy = self._is_unhealthy[self._codes[some.place]]
        mine = self._upgraded[some.place] & self._former[some.place] & unhealthy
        return mine & ~self._restored[some.place]

    def _back(self, some: Decisions) -> None:
        if not self._policy.rollback_failed_instances_on_policy_breach:
            self.wrong["instances went back after a breach though they are not to"] = None
        if not self._exceeded[some.place].all():
            self.wrong["instances went back though no threshold was exceeded"] = None
        which, instance = np.nonzero(self._failed(some))
        self._expect(BACK, some.row[which], instance)
        self._went_back[some.place] = True

    def _end(self, some: Decisions) -> None:
        by_state = self._stack.new[some.row]
        some = Decisions(some.place[by_state != SUPERSEDED], some.row[by_state != SUPERSEDED])
        rolling = self._of(some, rolls=True)
        if len(rolling.place):
            self._end_rolling(rolling)
        other = self._of(some, rolls=False)
        if len(other.place):
            self._end_other(other)

    def _rule(self, some: Decisions) -> Integers:
        """The rule by which an upgrade failed, from 1 on; 0 where it did not."""
        stack, layout = self._stack, self._layout
        number = stack.subject[some.row] - layout.first_upgrade
        operation = np.array([layout.operation_number(each) for each in layout.upgrades])[number]
        final = stack.final[some.place + self._first, layout.first_operation + operation]
        found: Integers = np.where(
            stack.new[some.row] == UPGRADE_FAILED, final // OPERATION.width, 0
        ).astype(np.int64)
        return found

    def _end_rolling(self, some: Decisions) -> None:
        place, state, rule = some.place, self._stack.new[some.row], self._rule(some)
        left = (self._pending(some) & ~self._restored[place]).any(axis=1)
        if (left & (state == COMPLETED)).any():
            self.wrong["an upgrade was completed without one of the instances"] = None
        if (~left & (state == UPGRADE_CANCELLED)).any():
            self.wrong["an upgrade was cancelled though it was done"] = None
        breach = {name: RULES.index(name) + 1 for name in (BREACH_BEFORE, BREACH_DURING)}
        too_many, exceeded = self._too_many(some), self._exceeded[place]
        stops = np.isin(rule, list(breach.values()))
        upgraded = rule == RULES.index(BREACH_UPGRADED) + 1
        if (stops & ~too_many).any() or (upgraded & ~exceeded).any():
            self.wrong["an upgrade failed by a threshold that was not exceeded"] = None
        if (exceeded & ~upgraded).any():
            self.wrong["an upgrade went on though too many upgraded ones were unhealthy"] = None
        if ((state == UPGRADE_FAILED) & ~stops & ~upgraded).any():
            self.wrong["a rolling upgrade failed by no threshold"] = None
        before = rule == breach[BREACH_BEFORE]
        if (stops & (before == self._has_begun[place])).any():
            self.wrong["a breach was not told as one before, or after, the first batch"] = None
        goes_back = self._policy.rollback_failed_instances_on_policy_breach
        at_once = upgraded & ~self._went_back[place]
        if goes_back and (self._failed(some).any(axis=1) & at_once).any():
            self.wrong["instances did not go back after a breach"] = None
        for each in (self._upgraded, self._restored, self._former):
            each[place] = False
        for flag in (self._exceeded, self._has_begun, self._went_back):
            flag[place] = False

    def _end_other(self, some: Decisions) -> None:
        """All at once, or by hand: it has ended well if nobody is left unhealthy."""
        place, state = some.place, self._stack.new[some.row]
        codes = self._codes[place]
        unhealthy = self._is_unhealthy[codes]
        if self._policy.mode == "automatic":
            unhealthy = unhealthy & self._together[place]
        elif (self._pending(some) | self._is_on_its_way[codes]).any():
            self.wrong["an upgrade ended without one of the instances"] = None
        if ((state == UPGRADE_FAILED) != unhealthy.any(axis=1)).any():
            self.wrong["an upgrade did not end by the health of its instances"] = None
        rule = self._rule(some)[state == UPGRADE_FAILED]
        told = self._policy.mode == "automatic"
        if told and (rule != RULES.index(SOME_UNHEALTHY) + 1).any():
            self.wrong["an upgrade did not end by the health of its instances"] = None

    # Requests.

    def _names(self, some: Decisions) -> None:
        """Whom a request means: to protect, to upgrade by hand, to reimage."""
        layout, number = self._layout, self._stack.subject[some.row] - self._layout.first_operation
        for each in sorted(set(number.tolist())):
            mine = Decisions(some.place[number == each], some.row[number == each])
            body = layout.requests[each].body
            named = self._is_there[self._codes[mine.place]]
            if body.instances != ALL:
                only = np.zeros(layout.room, bool)
                only[list(body.instances)] = True
                if (only & ~named).any():
                    self.wrong["a request was accepted for an instance that was not there"] = None
                named = named & only
            if isinstance(body, SetProtection):
                self._protect(mine, named, is_on=body.protect_from_scale_set_actions)
                continue
            if isinstance(body, Reimage):
                named = named & ~self._protected[mine.place]
            else:
                wanted = self._wanted(mine)[:, None]
                named = named & (self._codes[mine.place] // WIDTH != wanted)
            which, instance = np.nonzero(named)
            self._expect(NAMES, mine.row[which], instance)

    def _protect(self, some: Decisions, named: Mask, *, is_on: bool) -> None:
        protected = self._protected[some.place]
        self._protected[some.place] = protected | named if is_on else protected & ~named
