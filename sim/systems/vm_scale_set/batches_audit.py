"""Whether rolling upgrades take whom they should, wait for them, and end as they should."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sim.core.log import COMPLETED, OPERATION, SUPERSEDED, UPGRADE_CANCELLED, UPGRADE_FAILED
from sim.systems.vm_scale_set.rejections import BREACH_BEFORE, BREACH_DURING, BREACH_UPGRADED, RULES
from sim.systems.vm_scale_set.rejections import UNHEALTHY as SOME_UNHEALTHY
from sim.systems.vm_scale_set.rules import allowed, batch_limit, lowest, next_batch
from sim.systems.vm_scale_set.states import (
    AT_REST,
    BATCH_UPGRADING,
    DELETING,
    PAUSING,
    RESTORING,
    WIDTH,
)
from sim.systems.vm_scale_set.walk import (
    ASK,
    BACK,
    BEGIN,
    DELETES,
    END,
    OPEN,
    OVER,
    RESTORES,
    TAKES,
    Decisions,
    Walk,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from sim.systems.vm_scale_set.history import History

    Floats = NDArray[np.float64]
    Mask = NDArray[np.bool_]

_STEPS = (
    (AT_REST, BATCH_UPGRADING),
    (BATCH_UPGRADING, AT_REST),
    (AT_REST, PAUSING),
    (PAUSING, AT_REST),
)
"""What a batch may do."""
_EARLY = "a batch was over before each of its instances was healthy or given up"
_LATE = "a batch was not over when each of its instances was healthy or given up"
_KEPT = "an instance that was given up was not restored"
_BACK = "others went back after a breach than had failed"


def broken_rules(history: History) -> Iterator[str]:
    """The rules that rolling upgrades break by whom they take, and when they go on."""
    layout, stack = history.layout, history.stack
    rows = np.flatnonzero(stack.subject == layout.batch)
    may = np.zeros((PAUSING + 1, PAUSING + 1), bool)
    may[tuple(zip(*_STEPS, strict=True))] = True
    if not may[stack.old[rows], stack.new[rows]].all():
        yield "a batch began before the one before it was over"
        return
    upgrades = _Upgrades(history)
    late, by_batch = upgrades.late()
    if by_batch[late].any():
        yield "a batch began before the one before it was over"
        return
    if late.any():
        yield TAKES
    yield from upgrades.wrong


class _Upgrades(Walk):
    """Upgrades beside what they should have done."""

    def __init__(self, history: History) -> None:
        layout, automatic = history.layout, history.layout.spec.automatic_os_upgrade
        numbers = range(len(layout.upgrades))
        self._rolls = np.array([layout.rolls(each) for each in numbers], bool)
        self._restores = np.array([layout.is_published(each) for each in numbers], bool)
        self._restores &= not automatic.disable_automatic_rollback
        # Made from zones and domains themselves, as a batch must stay inside of both.
        crosses = layout.spec.upgrade_policy.enable_cross_zone_upgrade
        zone = np.zeros(layout.room, int) if crosses else np.array(layout.zone_of, int)
        self._spot = zone * layout.domains + np.arange(layout.room) % layout.domains
        super().__init__(history, (BEGIN, DELETES, RESTORES, OVER, OPEN, BACK, END, ASK))

    def decide(self, kind: int, some: Decisions) -> None:
        """What should follow from decisions of one kind, and what does."""
        follows = {
            BEGIN: self._batch_begins,
            DELETES: self._batch_deletes,
            RESTORES: self._restored_are,
            OVER: self._batch_is_over,
            OPEN: self._upgrade_begins,
            BACK: self._goes_back,
            END: self._upgrade_ends,
            ASK: self._protect,
        }
        follows[kind](some)

    def _begin(self, first: int, count: int) -> None:
        super()._begin(first, count)
        shape = count, self._layout.room
        self._upgraded, self._restored = np.zeros((2, *shape), bool)
        """Those that the upgrade that is on brought to its model; that it gave their former one
        back, or could not replace.
        """
        self._former = np.full(shape, -1)
        """The models that those had which it upgraded in place, else -1."""
        self._created, self._replaced, self._failed = np.zeros((3, *shape), bool)
        """Of the batch: those that it creates, and is to delete for them; that are not healthy."""
        self._returns = np.zeros(shape, bool)
        """Those that are to go back after a breach."""
        self._settles = np.full(shape, -np.inf)
        """When those of the batch have settled, seconds."""
        self._is_on, self._exceeded, self._has_begun, self._went = np.zeros((4, count), bool)
        """Whether a batch is under way; too many upgraded ones were unhealthy after the last; there
        was one; some go back after a breach.
        """
        self._went_at = np.zeros(count)

    def _time(self, some: Decisions) -> Floats:
        return self._stack.time[some.row]

    # Batches.

    def _batch_begins(self, some: Decisions) -> None:
        """Whom a batch takes, or creates."""
        place, codes = some.place, self._codes[some.place]
        pending = self._pending(some) & ~self._restored[place]
        self._check("a batch began while too many instances were unhealthy", self._too_many(codes))
        rule = "a batch began though too many of the upgraded ones were unhealthy"
        self._check(rule, self._exceeded[place])
        hurries = self._policy.prioritize_unhealthy_instances
        urgent = self._layout.is_given_up[codes] if hurries else None
        limit = batch_limit(self._spec, self._layout.is_there[codes].sum(axis=1))
        chosen = next_batch(self._layout.place_of, pending, urgent, limit)
        count, quota = chosen.sum(axis=1), self._spec.quota or np.inf
        surges = self._policy.max_surge & ((codes > 0).sum(axis=1) + count <= quota)
        takes = self._takes[place] > 0
        created, members = takes & (codes == 0), takes & (codes > 0)
        rule = "a batch created new instances though it was to go in place"
        self._check(rule, created[~surges])
        rule = "a batch went in place though it was to create new instances"
        self._check(rule, members[surges])
        self._wrong_created(some, created, chosen & surges[:, None])
        self._wrong_members(members, chosen & ~surges[:, None], limit)
        self._upgraded[place] |= members
        self._former[place] = np.where(members, codes // WIDTH, self._former[place])
        self._created[place], self._replaced[place] = created, chosen & surges[:, None]
        self._failed[place] = takes & ~self._well[place]
        self._settles[place] = np.where(takes, self._until[place], -np.inf)
        self._is_on[place] = self._has_begun[place] = True

    def _wrong_members(self, members: Mask, chosen: Mask, limit: NDArray[np.int64]) -> None:
        size, count = members.sum(axis=1), chosen.sum(axis=1)
        self._check("a batch took more instances than its share allows", size > limit)
        first = np.where(members, self._spot, self._spot.max()).min(axis=1)
        apart = np.where(members, self._spot, 0).max(axis=1) > first
        self._check("a batch took instances of several zones or update domains", apart)
        self._check("a batch took fewer instances than it could", size < count)
        rule = "a batch took other instances than those whose turn it was"
        self._check(rule, members != chosen)

    def _wrong_created(self, some: Decisions, created: Mask, chosen: Mask) -> None:
        if not self._policy.max_surge and not created.any():
            return
        size, count = created.sum(axis=1), chosen.sum(axis=1)
        self._check("a surge did not create as many instances as its batch has", size != count)
        free = (self._codes[some.place] == 0) & ~self._reserved[some.place]
        for zone in np.unique(self._history.zone_of):
            here = self._history.zone_of == zone
            news = lowest(free & here, (chosen & here).sum(axis=1))
            rule = "a surge created instances of other numbers or zones than it should"
            self._check(rule, (created & here) != news)

    def _batch_deletes(self, some: Decisions) -> None:
        """A surge deletes as many old ones as new ones are healthy, and the other new ones."""
        place, gone = some.place, self._takes[some.place] % WIDTH == DELETING
        last, created = self._settles[place].max(axis=1), self._created[place]
        rule = "a surge deleted instances before the new ones were healthy"
        self._check(rule, last > self._time(some))
        rule = "a surge did not delete instances when the new ones had settled"
        self._check(rule, last < self._time(some))
        failed, replaced = created & self._failed[place], self._replaced[place]
        well, stays = created & ~failed, replaced & ~gone
        rule = "a surge deleted others than those whose successors were healthy"
        self._check(rule, (gone & ~replaced) != failed)
        self._check(rule, (gone & replaced).sum(axis=1) != well.sum(axis=1))
        self._upgraded[place] |= stays | well
        self._restored[place] |= stays
        self._settles[place] = np.where(gone, self._until[place], self._settles[place])
        self._replaced[place] = False

    def _restored_are(self, some: Decisions) -> None:
        """Who gets a former model back: by an automatic upgrade, or after a breach."""
        place, codes = some.place, self._takes[some.place]
        takes = codes % WIDTH == RESTORING
        rule = "an instance was not given its former model back"
        self._check(rule, (codes // WIDTH != self._former[place])[takes])
        given_up = self._layout.is_given_up[self._codes[place]]
        restores = self._restores[self._stack.cause[some.row] - self._layout.first_upgrade]
        went, time = self._went[place], self._time(some)
        expected = self._failed[place] & given_up & restores[:, None]
        self._check(_BACK, (takes != self._returns[place])[went])
        self._check("an instance went back that is not to", (time != self._went_at[place])[went])
        self._check("an instance was restored that is not to be", (takes & ~expected)[~went])
        self._check(_KEPT, (expected & ~takes)[~went])
        rule = "an instance was not restored when its batch had settled"
        self._check(rule, (self._settles[place].max(axis=1) != time)[~went])
        self._restored[place] |= takes
        self._settles[place] = np.where(takes, self._until[place], self._settles[place])
        self._failed[place] = self._returns[place] = False

    def _batch_is_over(self, some: Decisions) -> None:
        """It is as soon as all have settled whom it took, restored or deleted."""
        place, last = some.place, self._settles[some.place].max(axis=1)
        self._check(_EARLY, last > self._time(some))
        self._check(_LATE, last < self._time(some))
        restores = self._restores[self._stack.cause[some.row] - self._layout.first_upgrade]
        left = self._failed[place] & self._layout.is_given_up[self._codes[place]]
        self._check(_KEPT, left & restores[:, None])
        self._check(_LATE, self._replaced[place])
        self._is_on[place] = False
        failed = self._restored[place] | (self._upgraded[place] & self._unhealthy(place))
        share = self._policy.max_unhealthy_upgraded_instance_percent
        most = allowed(share, self._upgraded[place].sum(axis=1))
        self._exceeded[place] = failed.sum(axis=1) > most

    def _unhealthy(self, place: NDArray[np.int64]) -> Mask:
        found: Mask = self._layout.counts_unhealthy[self._codes[place]]
        return found

    def _too_many(self, codes: NDArray[np.int16]) -> Mask:
        """Whether more of all instances are unhealthy than may be."""
        there = self._layout.is_there[codes].sum(axis=1)
        most = allowed(self._policy.max_unhealthy_instance_percent, there)
        found: Mask = self._layout.counts_unhealthy[codes].sum(axis=1) > most
        return found

    # Upgrades.

    def _upgrade_begins(self, some: Decisions) -> None:
        """One without batches takes all at once in the mode automatic; others none as yet."""
        rolls = self._rolls[self._stack.subject[some.row] - self._layout.first_upgrade]
        wish = Decisions(some.place, self._history.wish(some.row))
        all_at_once = ~rolls & (self._policy.mode == "automatic")
        expected = self._pending(wish) & all_at_once[:, None]
        self._check(TAKES, (self._takes[some.place] > 0) != expected)
        self._upgraded[some.place] = expected
        self._former[some.place] = -1
        for each in (self._restored, self._exceeded, self._has_begun, self._went):
            each[some.place] = False

    def _failures(self, place: NDArray[np.int64]) -> Mask:
        """Who is to go back after a breach."""
        mine = self._upgraded[place] & (self._former[place] >= 0) & self._unhealthy(place)
        return mine & ~self._restored[place]

    def _goes_back(self, some: Decisions) -> None:
        may = self._policy.rollback_failed_instances_on_policy_breach
        rule = "instances went back after a breach though they are not to"
        self._check(rule, np.full(len(some.place), not may))
        rule = "instances went back though no threshold was exceeded"
        self._check(rule, ~self._exceeded[some.place])
        self._returns[some.place] = self._failures(some.place)
        self._went[some.place], self._went_at[some.place] = True, self._time(some)

    def _upgrade_ends(self, some: Decisions) -> None:
        rolls = self._rolls[self._stack.subject[some.row] - self._layout.first_upgrade]
        state = self._stack.new[some.row]
        ends = state != SUPERSEDED
        # Those that are protected are not covered; one that was restored is, and was not reached.
        reaches = (state == COMPLETED) & ~self._pending(some).any(axis=1)
        says = self._history.has_reached(some.row, some.place + self._first)
        self._check(
            "a model was said to be reached by all, or not to be, though it was not so",
            says != reaches,
        )
        if (rolls & ends).any():
            self._rolling_ends(Decisions(some.place[rolls & ends], some.row[rolls & ends]))
        if (~rolls & ends).any():
            self._other_ends(Decisions(some.place[~rolls & ends], some.row[~rolls & ends]))

    def _rule(self, some: Decisions) -> NDArray[np.int64]:
        """The rule by which an upgrade failed, from 1 on; 0 where it did not."""
        stack, layout = self._stack, self._layout
        number = stack.subject[some.row] - layout.first_upgrade
        operation = np.array([layout.operation(each) for each in layout.upgrades])[number]
        final = stack.final[some.place + self._first, operation] // OPERATION.width
        return np.where(stack.new[some.row] == UPGRADE_FAILED, final, 0).astype(np.int64)

    def _rolling_ends(self, some: Decisions) -> None:
        place, state, rule = some.place, self._stack.new[some.row], self._rule(some)
        before, during, upgraded = (
            rule == RULES.index(name) + 1
            for name in (BREACH_BEFORE, BREACH_DURING, BREACH_UPGRADED)
        )
        left = (self._pending(some) & ~self._restored[place]).any(axis=1)
        exceeded, stops = self._exceeded[place], before | during
        unexceeded = (stops & ~self._too_many(self._codes[place])) | (upgraded & ~exceeded)
        returns = self._failures(place).any(axis=1) & upgraded & ~self._went[place]
        returns &= self._policy.rollback_failed_instances_on_policy_breach
        for wrong, what in (
            (left & (state == COMPLETED), "an upgrade was completed without one of the instances"),
            (~left & (state == UPGRADE_CANCELLED), "an upgrade was cancelled though it was done"),
            (unexceeded, "an upgrade failed by a threshold that was not exceeded"),
            (
                exceeded & ~upgraded,
                "an upgrade went on though too many upgraded ones were unhealthy",
            ),
            (
                (state == UPGRADE_FAILED) & ~stops & ~upgraded,
                "a rolling upgrade failed by no threshold",
            ),
            (
                stops & (before == self._has_begun[place]),
                "a breach was not told as one before, or after, the first batch",
            ),
            (returns, "instances did not go back after a breach"),
            (self._returns[place], _BACK),
        ):
            self._check(what, wrong)

    def _other_ends(self, some: Decisions) -> None:
        """All at once, or by hand: it has ended well if nobody is left unhealthy."""
        place, fails = some.place, self._stack.new[some.row] == UPGRADE_FAILED
        unhealthy = self._unhealthy(place)
        if self._policy.mode == "automatic":
            unhealthy = unhealthy & self._upgraded[place]
            fails &= self._rule(some) == RULES.index(SOME_UNHEALTHY) + 1
        else:
            rest = self._layout.is_on_its_way[self._codes[place]]
            rule = "an upgrade ended without one of the instances"
            self._check(rule, self._pending(some) | rest)
        rule = "an upgrade did not end by the health of its instances"
        self._check(rule, fails != unhealthy.any(axis=1))

    def finish(self) -> None:
        """A batch that is under way still waits for somebody; who is to go back does."""
        self._check(_LATE, self._is_on & (self._settles.max(axis=1) <= self._stack.horizon))
        self._check(_BACK, self._returns)
