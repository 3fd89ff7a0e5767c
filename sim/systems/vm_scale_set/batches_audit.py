"""Whether batches, and requests, take whom they should, and wait for them."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from sim.core.log import ROLLING_BACK, UPGRADING, first_of_each
from sim.systems.vm_scale_set.expected import Expected
from sim.systems.vm_scale_set.history import NEVER, STARTS
from sim.systems.vm_scale_set.requests import ManualUpgrade, Reimage
from sim.systems.vm_scale_set.states import (
    AT_REST,
    BATCH_UPGRADING,
    DELETING,
    PAUSING,
    RESTORING,
)
from sim.systems.vm_scale_set.walk import BACK, BEGIN, NAMES, OPEN, OVER

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from sim.systems.vm_scale_set.history import History, Settled

    Floats = NDArray[np.float64]
    Integers = NDArray[np.int64]
    Mask = NDArray[np.bool_]

_STEPS = (
    (AT_REST, BATCH_UPGRADING),
    (BATCH_UPGRADING, AT_REST),
    (AT_REST, PAUSING),
    (PAUSING, AT_REST),
)
"""What a batch may do."""


def broken_rules(history: History) -> Iterator[str]:
    """The rules that batches and requests break."""
    batches = _Batches(history)
    if not batches.one_at_a_time():
        yield "a batch began before the one before it was over"
        return
    yield from batches.wrong_members()
    yield from batches.wrong_surges()
    yield from batches.wrong_restorations()
    yield from batches.wrong_ends()
    yield from batches.should.wrong
    yield from batches.wrong_requests()


class _Batches:
    """The batches of a stack beside whom they should have taken; arrays by batch."""

    def __init__(self, history: History) -> None:
        self._history, self._layout, self._stack = history, history.layout, history.stack
        self._row = history.batches
        taken = np.flatnonzero(history.batch >= 0)
        goes = history.status[taken] == DELETING
        self._deleted, taken = taken[goes], taken[~goes]
        created = history.old[taken] == 0
        self._created, self._members = taken[created], taken[~created]
        back = np.flatnonzero(history.status == RESTORING)
        batch = history.batch_before(
            history.row[back], history.replication[back], np.ones(len(back), bool)
        )
        inside = batch >= 0
        inside[inside] = history.row[back[inside]] < self._over[batch[inside]]
        self._restored, self._batch_of_restored = back[inside], batch[inside]
        self._went_back = back[~inside]

    @cached_property
    def should(self) -> Expected:
        """What should have been."""
        return Expected(self._history)

    @cached_property
    def _of_batches(self) -> NDArray[np.intp]:
        return np.flatnonzero(self._stack.subject == self._layout.batch)

    @cached_property
    def _over(self) -> Integers:
        """The row with which each is over, or NEVER."""
        rows, stack = self._of_batches, self._stack
        following = np.append(rows[1:], NEVER)
        mine = np.searchsorted(rows, self._row)
        over = following[mine]
        there = np.flatnonzero(over < NEVER)
        same = stack.replication[over[there]] == stack.replication[self._row[there]]
        over[there[~same]] = NEVER
        return over

    def one_at_a_time(self) -> bool:
        """Whether batches and pauses follow one another, and take instances when they begin."""
        stack, rows, history = self._stack, self._of_batches, self._history
        may = np.zeros((PAUSING + 1, PAUSING + 1), bool)
        may[tuple(zip(*_STEPS, strict=True))] = True
        if not may[stack.old[rows], stack.new[rows]].all():
            return False
        by_batch = (history.cause == self._layout.batch) & history.begins
        if (history.batch[by_batch] < 0).any():
            return False
        for taken in (self._members, self._created):
            begun = stack.time[self._row[history.batch[taken]]]
            if (begun != history.time[taken]).any():
                return False
        return True

    # Who is taken.

    def _pairs(self, rows: Integers, instances: Integers) -> Integers:
        """A number for each pair of a row of the stack and an instance, in order."""
        return np.sort(rows * self._layout.room + instances)

    def _expected(self, kind: int) -> Integers:
        found = self.should.taken[kind]
        parts = [rows * self._layout.room + instances for rows, instances in found]
        return np.sort(np.concatenate([np.zeros(0, np.int64), *parts]))

    def _took(self, places: Integers) -> Integers:
        """The same of what batches did."""
        history = self._history
        return self._pairs(self._row[history.batch[places]], history.number[places])

    def _counts(self, places: Integers) -> Integers:
        return np.bincount(self._history.batch[places], minlength=len(self._row))

    def wrong_members(self) -> Iterator[str]:
        """Too many, too few, not those that come first."""
        should, count = self.should, self._counts(self._members)
        if ((self._counts(self._created) > 0) & ~should.surges).any():
            yield "a batch created new instances though it was to go in place"
        if (count[should.surges] > 0).any():
            yield "a batch went in place though it was to create new instances"
        if (count > should.limit).any():
            yield "a batch took more instances than its share allows"
        if self._are_apart():
            yield "a batch took instances of several zones or update domains"
        if (count < should.size)[~should.surges].any():
            yield "a batch took fewer instances than it could"
        if not np.array_equal(self._took(self._members), self._expected(BEGIN)):
            yield "a batch took other instances than those whose turn it was"

    def _are_apart(self) -> bool:
        layout, history = self._layout, self._history
        crosses = layout.spec.upgrade_policy.enable_cross_zone_upgrade
        zone = np.zeros(layout.room, np.int64) if crosses else history.zone_of
        spot = zone * layout.domains + np.arange(layout.room) % layout.domains
        batch, mine = history.batch[self._members], spot[history.number[self._members]]
        some = np.zeros(len(self._row), np.int64)
        some[batch] = mine
        return bool((some[batch] != mine).any())

    def wrong_surges(self) -> Iterator[str]:
        """As many created as there are in the batch, and as many deleted once those are healthy."""
        should, history = self.should, self._history
        if (self._counts(self._created) != should.size)[should.surges].any():
            yield "a surge did not create as many instances as its batch has"
        if not np.array_equal(self._took(self._created), self._expected(OPEN)):
            yield "a surge created instances of other numbers or zones than it should"
        last, time = self._last_created
        batch = history.batch[self._deleted]
        if (history.row[self._deleted] <= last[batch]).any():
            yield "a surge deleted instances before the new ones were healthy"
        if (history.time[self._deleted] != time[batch]).any():
            yield "a surge did not delete instances when the new ones had settled"
        # Whom a batch deletes is known when it is over.
        done = self._over[batch] < NEVER
        if not np.array_equal(self._took(self._deleted[done]), self._expected(OVER)):
            yield "a surge deleted others than those whose successors were healthy"

    def _last(self, settled: Settled, batch: Integers) -> tuple[Integers, Floats]:
        """By batch the row with which the last one of some had settled, or NEVER; and its time."""
        count = len(self._row)
        row, time = np.full(count, -1), np.full(count, -np.inf)
        # In order of batch few calls do what `maximum.at` does one by one.
        order = np.argsort(batch, kind="stable")
        begins = np.flatnonzero(first_of_each(batch[order]))
        if len(begins):
            those = batch[order[begins]]
            row[those] = np.maximum.reduceat(settled.row[order], begins)
            time[those] = np.maximum.reduceat(settled.time[order], begins)
        return row, time

    @cached_property
    def _settled(self) -> Settled:
        """When those of batches in place had settled."""
        return self._history.settled(self._members)

    @cached_property
    def _last_member(self) -> tuple[Integers, Floats]:
        return self._last(self._settled, self._history.batch[self._members])

    @cached_property
    def _last_created(self) -> tuple[Integers, Floats]:
        batch = self._history.batch[self._created]
        return self._last(self._history.settled(self._created), batch)

    # What goes back.

    def wrong_restorations(self) -> Iterator[str]:
        """An automatic OS upgrade restores who is given up, when the others have settled."""
        history, layout = self._history, self._layout
        automatic = layout.spec.automatic_os_upgrade
        restores = np.array(
            [
                history.is_published(each) and not automatic.disable_automatic_rollback
                for each in range(len(layout.upgrades))
            ],
            bool,
        )
        goes_back = restores[history.upgrade_of_batch] if len(self._row) else np.zeros(0, bool)
        last, time = self._last_member
        settled = self._settled
        failed = (settled.row < NEVER) & ~settled.healthy
        bad = self._members[failed]
        pairs = history.batch[bad] * layout.room + history.number[bad]
        mine = self._batch_of_restored * layout.room + history.number[self._restored]
        if not np.isin(mine, pairs).all() or not goes_back[self._batch_of_restored].all():
            yield "an instance was restored that is not to be"
        if (history.time[self._restored] != time[self._batch_of_restored]).any():
            yield "an instance was not restored when its batch had settled"
        awaited = goes_back[history.batch[bad]] & (last[history.batch[bad]] < NEVER)
        after = np.minimum(settled.place[failed] + 1, max(len(history.row) - 1, 0))
        stays = (history.key[after] != history.key[bad]) | (after == settled.place[failed])
        stays |= history.time[after] > time[history.batch[bad]]
        if (awaited & stays).any():
            yield "an instance that was given up was not restored"

    def wrong_ends(self) -> Iterator[str]:
        """A batch is over as soon as all have settled whom it took, restored or deleted."""
        history, stack = self._history, self._stack
        deleted = self._last(history.settled(self._deleted), history.batch[self._deleted])
        back = self._last(history.settled(self._restored), self._batch_of_restored)
        parts = self._last_member, self._last_created, deleted, back
        last = np.max([row for row, _ in parts], axis=0)
        time = np.max([time for _, time in parts], axis=0)
        done = self._over < NEVER
        if (self._over < last)[done].any():
            yield "a batch was over before each of its instances was healthy or given up"
        if (stack.time[self._over[done]] != time[done]).any() or (last[~done] < NEVER).any():
            yield "a batch was not over when each of its instances was healthy or given up"

    # Requests and upgrades without batches.

    def wrong_requests(self) -> Iterator[str]:
        """All at once; those that a request names; those that go back after a breach."""
        history, layout, stack = self._history, self._layout, self._stack
        numbers = list(range(len(layout.upgrades)))
        rows = np.concatenate(
            [
                history.accepted(ManualUpgrade, Reimage),
                history.upgrade_rows((UPGRADING,), [n for n in numbers if not layout.rolls(n)]),
            ]
        )
        starts = np.flatnonzero(np.isin(history.status, STARTS))
        if not np.array_equal(self._caused(starts, rows), self._expected(NAMES)):
            yield "a request, or an upgrade without batches, took others than it should"
        rows = history.upgrade_rows((ROLLING_BACK,), numbers)
        if not np.array_equal(self._caused(self._went_back, rows), self._expected(BACK)):
            yield "others went back after a breach than had failed"
        since = self._begun(self._went_back, rows)
        if (since < 0).any() or (stack.time[since] != history.time[self._went_back]).any():
            yield "an instance went back that is not to"

    def _begun(self, places: Integers, rows: Integers) -> Integers:
        """Which of `rows` is about the cause of each of some rows of the history, else -1."""
        history, stack = self._history, self._stack
        if not len(rows):
            return np.full(len(places), -1)
        order = np.argsort(stack.key[rows])
        keys = stack.key[rows[order]]
        mine = history.replication[places] * stack.subjects.count + history.cause[places]
        found = np.minimum(np.searchsorted(keys, mine), len(keys) - 1)
        return np.where(keys[found] == mine, rows[order[found]], -1)

    def _caused(self, places: Integers, rows: Integers) -> Integers:
        """The pairs of those of `rows` that cause something, and of instances."""
        since = self._begun(places, rows)
        mine = since >= 0
        return self._pairs(since[mine], self._history.number[places[mine]])
