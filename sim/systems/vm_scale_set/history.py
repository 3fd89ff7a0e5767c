"""What a finished run of a scale set shows of its instances and its rolling upgrades, for those who
check it.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sim.core.log import ASKED, OPERATION, SUPERSEDED, UPGRADE_ENDS, UPGRADING, first_of_each
from sim.systems.vm_scale_set.requests import ManualUpgrade, PublishImage
from sim.systems.vm_scale_set.states import (
    BATCH_UPGRADING,
    CREATING,
    DELETING,
    EXTENSIONS_UPDATING,
    FAILED,
    HEALTHY,
    INITIALIZING,
    REIMAGING,
    REPAIRS,
    RESTARTING,
    RESTORING,
    UNHEALTHY,
    UPDATING,
    WIDTH,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sim.core.log import Stack
    from sim.systems.vm_scale_set.layout import SetLayout

    Floats = NDArray[np.float64]
    Integers = NDArray[np.int64]
    Mask = NDArray[np.bool_]

STARTS = (EXTENSIONS_UPDATING, UPDATING, REIMAGING, RESTARTING, CREATING)
"""Statuses in which an instance starts."""
BEGINNINGS = (*STARTS, RESTORING, DELETING, FAILED)
"""Statuses with which something new begins for an instance; the others follow from it."""
NEVER = 2**62
"""A row that never comes."""


class Settled(NamedTuple):
    """When those who wait for instances are told; columns of shape (asked,)."""

    place: Integers
    """In the history; where it never comes, of any row."""
    row: Integers
    """Of the stack, or NEVER."""
    time: Floats
    """Seconds, or infinite."""
    healthy: Mask


class Rolling(NamedTuple):
    """Rolling upgrades from when they can be seen on, in order of their rows; shape (upgrades,)."""

    replication: Integers
    number: Integers
    begin: Integers
    """Row of the stack."""
    end: Integers
    """Row by which it has ended, or NEVER."""
    since: Floats
    """Seconds."""
    until: Floats
    """Seconds, or infinite."""

    def at(self, rows: Integers, replication: Integers) -> Integers:
        """Which of them is on at rows of the stack, by place, else -1; shape (rows,)."""
        place = np.searchsorted(self.begin, rows, side="right") - 1
        if not len(self.begin):
            return place
        is_on = (place >= 0) & (self.replication[place] == replication) & (rows < self.end[place])
        return np.where(is_on, place, -1)


class History:
    """The rows of a set's instances by replication, instance and time; columns of shape (rows,)."""

    def __init__(self, layout: SetLayout, stack: Stack) -> None:
        self.layout, self.stack = layout, stack
        self.row = stack.histories(layout.first_instance, layout.room)
        self.replication = stack.replication[self.row]
        self.number = stack.subject[self.row].astype(np.int64) - layout.first_instance
        self.time, self.cause = stack.time[self.row], stack.cause[self.row]
        self.old, self.new = stack.old[self.row], stack.new[self.row]
        # A table is faster than a division, and this is done for each row of a large set.
        statuses = np.arange(len(layout.instances.states), dtype=np.int16) % WIDTH
        self.was, self.status = statuses[self.old], statuses[self.new]
        self.key: Integers = self.replication * layout.room + self.number
        self.opens = first_of_each(self.key)
        self.begins = np.isin(np.arange(WIDTH), BEGINNINGS)[self.status]
        """Whether something new begins."""

    @cached_property
    def place(self) -> NDArray[np.intp]:
        """Of the rows with which something new begins: their places; shape (courses,)."""
        return np.flatnonzero(self.begins)

    @cached_property
    def course(self) -> Integers:
        """Which course each row belongs to, by its place in `place`."""
        return np.cumsum(self.begins) - 1

    @cached_property
    def overtaken(self) -> Floats:
        """When the next course of the same instance begins, or infinite; shape (courses,)."""
        place, until = self.place, np.full(len(self.place), np.inf)
        same = self.key[place[1:]] == self.key[place[:-1]]
        until[:-1][same] = self.time[place[1:]][same]
        return until

    @cached_property
    def zone_of(self) -> Integers:
        """By number the zone of an instance."""
        return np.array(self.layout.zone_of, np.int64)

    # Who takes instances.

    @cached_property
    def batches(self) -> NDArray[np.intp]:
        """The rows of the stack with which batches begin."""
        layout, stack = self.layout, self.stack
        return np.flatnonzero((stack.subject == layout.batch) & (stack.new == BATCH_UPGRADING))

    @cached_property
    def batch(self) -> Integers:
        """Of the rows with which a batch begins something the batch, by its place in `batches`;
        else -1.
        """
        found, mine = np.full(len(self.row), -1), self.place
        mine = mine[self.cause[mine] == self.layout.batch]
        every = np.ones(len(mine), bool)
        found[mine] = self.batch_before(self.row[mine], self.replication[mine], every)
        return found

    def batch_before(self, rows: Integers, replication: Integers, which: Mask) -> Integers:
        """The last batch before rows, where `which` holds and there is one, else -1."""
        found = np.searchsorted(self.batches, rows) - 1
        if not len(self.batches):
            return np.full(len(rows), -1)
        there = which & (found >= 0) & (self.stack.replication[self.batches[found]] == replication)
        return np.where(there, found, -1)

    @cached_property
    def upgrade_of_batch(self) -> Integers:
        """The number of the upgrade whose batch each is; shape (batches,)."""
        return self.stack.cause[self.batches].astype(np.int64) - self.layout.first_upgrade

    @cached_property
    def reason(self) -> Integers:
        """By course the number of the operation for which it is, that of repairs being one more;
        -1 where there is none.
        """
        layout, place = self.layout, self.place
        cause, batch = self.cause[place].astype(np.int64), self.batch[place]
        operation_of = np.array([layout.operation_number(each) for each in layout.upgrades], int)
        upgrade = cause - layout.first_upgrade
        if len(self.batches):
            upgrade = np.where(batch >= 0, self.upgrade_of_batch[batch], upgrade)
        asked = cause - layout.first_operation
        found = np.where((asked >= 0) & (asked < len(layout.operations)), asked, -1)
        mine = (upgrade >= 0) & (upgrade < len(operation_of))
        found[mine] = operation_of[upgrade[mine]]
        found[cause == layout.actor(REPAIRS)] = len(layout.operations)
        return self._of_open_upgrades(found)

    def _of_open_upgrades(self, reason: Integers) -> Integers:
        """A manual_upgrade is for the change of the model that is open, if one is."""
        layout = self.layout
        by_hand = [isinstance(each.body, ManualUpgrade) for each in layout.requests]
        some = np.flatnonzero(np.append(by_hand, [False, False])[reason])
        changes = [each for each in range(len(layout.upgrades)) if not layout.rolls(each)]
        begins = self.upgrade_rows((UPGRADING,), changes)
        ends = self.upgrade_rows(UPGRADE_ENDS, changes)
        rows, replication = self.row[self.place[some]], self.replication[self.place[some]]
        last = np.searchsorted(begins, rows) - 1
        if not len(begins):
            return reason
        subject = self.stack.subject[begins[last]]
        until = np.full(len(begins), NEVER)
        begun = self.stack.key[begins]
        order = np.argsort(begun)
        until[order[np.searchsorted(begun[order], self.stack.key[ends])]] = ends
        is_open = (last >= 0) & (self.stack.replication[begins[last]] == replication)
        is_open &= rows < until[last]
        numbers = [layout.operation_number(each) for each in layout.upgrades]
        reason[some] = np.where(
            is_open, np.array(numbers)[subject - layout.first_upgrade], reason[some]
        )
        return reason

    def reason_name(self, reason: int) -> str:
        """What the paths of draws call it."""
        operations = self.layout.operations
        return operations[reason] if reason < len(operations) else REPAIRS

    # What happened to them.

    def settled(self, places: Integers) -> Settled:
        """When those who take instances, by rows of the history, hear of them."""
        found, count = self._next_settled[places + 1], len(self.row)
        there = found < count
        inside = np.minimum(found, count - 1)
        there &= self.key[inside] == self.key[places]
        status = self.status[inside]
        healthy = ((status == HEALTHY) | (status == INITIALIZING)) & there
        return Settled(
            inside,
            np.where(there, self.row[inside], NEVER),
            np.where(there, self.time[inside], np.inf),
            healthy,
        )

    @cached_property
    def _next_settled(self) -> Integers:
        """The place of the next row that settles an instance, from each place on."""
        settles = [HEALTHY, UNHEALTHY, FAILED, 0]
        if self.layout.spec.health.source == "none":  # one that runs counts as healthy
            settles.append(INITIALIZING)
        count = len(self.row)
        here = np.where(np.isin(np.arange(WIDTH), settles)[self.status], np.arange(count), count)
        return np.append(np.minimum.accumulate(here[::-1])[::-1], count)

    def code_before(self, replication: Integers, number: Integers, row: Integers) -> Integers:
        """States of instances just before rows of the stack; all of shape (asked,)."""
        asked = replication * self.layout.room + number
        found = np.searchsorted(self._rows, asked << 32 | row) - 1
        codes: Integers = self.layout.instances.initial[number].astype(np.int64)
        if len(self.row):
            known = (found >= 0) & (self.key[found] == asked)
            codes[known] = self.new[found[known]]
        return codes

    @cached_property
    def _rows(self) -> Integers:
        return self.key << 32 | self.row

    # What is wanted.

    @cached_property
    def _wants(self) -> NDArray[np.intp]:
        return np.flatnonzero(self.stack.subject == self.layout.target.first)

    def wanted(self, rows: Integers, replication: Integers) -> Integers:
        """The model that is wanted at rows of the stack, by number."""
        stack, wants = self.stack, self._wants
        if not len(wants):
            return np.zeros(len(rows), np.int64)
        last = np.searchsorted(wants, rows) - 1
        there = (last >= 0) & (stack.replication[wants[last]] == replication)
        version = stack.new[wants[last]] // self.layout.target.states.width
        return np.where(there, version, 0)

    # Upgrades and operations.

    def upgrade_rows(self, states: tuple[int, ...], numbers: list[int]) -> Integers:
        """The rows by which some upgrades come to one of these states."""
        stack, first, count = self.stack, self.layout.first_upgrade, len(self.layout.upgrades)
        rows = np.flatnonzero(stack.about(first, count))
        chosen = np.zeros(count, bool)
        chosen[numbers] = True
        mine = chosen[stack.subject[rows] - first] & np.isin(stack.new[rows], states)
        found: Integers = rows[mine]
        return found

    @cached_property
    def rolling(self) -> Rolling:
        """All rolling upgrades; one of an image begins when its first row after its publication
        can be seen.
        """
        stack, layout = self.stack, self.layout
        numbers = [each for each in range(len(layout.upgrades)) if layout.rolls(each)]
        begin = self.upgrade_rows((UPGRADING,), numbers)
        end = self._by_subject(self.upgrade_rows(UPGRADE_ENDS, numbers), begin)
        number = stack.subject[begin].astype(np.int64) - layout.first_upgrade
        published = np.array([self.is_published(each) for each in range(len(layout.upgrades))])
        late = published[number] if len(number) else np.zeros(0, bool)
        if late.any():
            tells = np.isin(stack.subject, (layout.target.first, layout.batch))
            tells |= stack.about(layout.first_upgrade, len(layout.upgrades)) & (
                stack.subject == stack.cause
            )
            rows = np.flatnonzero(tells)
            keys = stack.replication[rows] * stack.subjects.count + stack.cause[rows]
            order = np.lexsort((rows, keys))
            keys, rows = keys[order], rows[order]
            first = np.searchsorted(keys, stack.key[begin[late]])
            inside = np.minimum(first, max(len(keys) - 1, 0))
            there = first < len(keys)
            if len(keys):
                there &= keys[inside] == stack.key[begin[late]]
                begin[late] = np.where(there, rows[inside], NEVER)
            else:
                begin[late] = NEVER
        replaced = np.zeros(len(end), bool)
        replaced[end < NEVER] = stack.new[end[end < NEVER]] == SUPERSEDED
        keep = np.flatnonzero((begin < NEVER) & ~replaced)
        keep = keep[np.argsort(begin[keep])]
        begin, end, number = begin[keep], end[keep], number[keep]
        until = np.full(len(end), np.inf)
        until[end < NEVER] = stack.time[end[end < NEVER]]
        return Rolling(stack.replication[begin], number, begin, end, stack.time[begin], until)

    def is_published(self, number: int) -> bool:
        """Whether an upgrade is one that Azure begins by itself."""
        return isinstance(self.body(number), PublishImage)

    def body(self, number: int) -> Any:
        """What asks for an upgrade."""
        return self.layout.request(self.layout.upgrades[number]).body

    def _by_subject(self, rows: Integers, begin: Integers) -> Integers:
        """The row about each one's subject, or NEVER."""
        key, begun = self.stack.key[rows], self.stack.key[begin]
        order = np.argsort(key)
        found = np.searchsorted(key[order], begun)
        ends = np.full(len(begin), NEVER)
        if len(rows):
            inside = np.minimum(found, len(rows) - 1)
            there = (found < len(rows)) & (key[order[inside]] == begun)
            ends[there] = rows[order[inside[there]]]
        return ends

    def accepted(self, *kinds: type) -> NDArray[np.intp]:
        """The rows by which requests of some kinds are accepted."""
        stack, layout = self.stack, self.layout
        rows = np.flatnonzero(stack.about(layout.first_operation, len(layout.requests)))
        rows = rows[stack.new[rows] % OPERATION.width == ASKED]
        chosen = np.array([isinstance(each.body, kinds) for each in layout.requests], bool)
        found: NDArray[np.intp] = rows[chosen[stack.subject[rows] - layout.first_operation]]
        return found
