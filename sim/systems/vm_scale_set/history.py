"""What a finished run of a scale set shows of its instances and its rolling upgrades, for those who
check it.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sim.core.log import ASKED, OPERATION, UPGRADE_ENDS, UPGRADING
from sim.core.stack import first_of_each, next_of_each
from sim.systems.base.targets import REACHED
from sim.systems.vm_scale_set.requests import ManualUpgrade
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

    from sim.core.stack import Stack
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


class Spells(NamedTuple):
    """From when to when upgrades were on, in order of their rows; columns of shape (upgrades,)."""

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
        return next_of_each(self.key[self.place], self.time[self.place], np.inf)

    @cached_property
    def zone_of(self) -> Integers:
        """By number the zone of an instance."""
        return np.array(self.layout.zone_of, np.int64)

    # Who takes instances.

    @cached_property
    def reason(self) -> Integers:
        """By course the number of the operation for which it is, that of repairs being one more;
        -1 where there is none.
        """
        layout, stack, place = self.layout, self.stack, self.place
        operation_of = np.full(stack.subjects.count, -1)
        every = np.arange(len(layout.operations))
        operation_of[layout.first_operation + every] = every
        for number, each in enumerate(layout.upgrades):
            operation_of[layout.first_upgrade + number] = layout.operation_number(each)
        operation_of[layout.actor(REPAIRS)] = len(every)
        cause = self.cause[place].astype(np.int64)
        # What a batch does is for the upgrade by which it began.
        begins = np.flatnonzero((stack.subject == layout.batch) & (stack.new == BATCH_UPGRADING))
        upgrade = np.append(stack.cause[begins], layout.batch)
        by_batch = cause == layout.batch
        cause[by_batch] = upgrade[np.searchsorted(begins, self.row[place[by_batch]]) - 1]
        return self._of_open_upgrades(operation_of[cause])

    def _of_open_upgrades(self, reason: Integers) -> Integers:
        """A manual_upgrade is for the change of the model that is open, if one is."""
        layout, open_ones = self.layout, self.spells(rolls=False)
        by_hand = [isinstance(each.body, ManualUpgrade) for each in layout.requests]
        some = np.flatnonzero(np.append(by_hand, [False, False])[reason])
        place = self.place[some]
        on = open_ones.at(self.row[place], self.replication[place])
        numbers = np.array([layout.operation_number(each) for each in layout.upgrades], int)
        reason[some[on >= 0]] = numbers[open_ones.number[on[on >= 0]]]
        return reason

    def reason_name(self, reason: int) -> str:
        """What the paths of draws call it."""
        operations = self.layout.operations
        return operations[reason] if reason < len(operations) else REPAIRS

    # What happened to them.

    def settled(self, places: Integers) -> tuple[Floats, Mask]:
        """When those who take instances, by rows of the history, hear of them, seconds, or
        infinite; and whether they are healthy then.
        """
        found, count = self._next_settled[places + 1], len(self.row)
        inside = np.minimum(found, count - 1)
        there = (found < count) & (self.key[inside] == self.key[places])
        status = self.status[inside]
        healthy = there & ((status == HEALTHY) | (status == INITIALIZING))
        return np.where(there, self.time[inside], np.inf), healthy

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
        return self._target(rows, replication) // self.layout.target.states.width

    def has_reached(self, rows: Integers, replication: Integers) -> Mask:
        """Whether it is said at rows of the stack to have reached all."""
        found: Mask = self._target(rows, replication) % self.layout.target.states.width == REACHED
        return found

    def _target(self, rows: Integers, replication: Integers) -> Integers:
        stack, wants, initial = self.stack, self._wants, self.layout.target.initial[0]
        if not len(wants):
            return np.full(len(rows), initial, np.int64)
        last = np.searchsorted(wants, rows) - 1
        there = (last >= 0) & (stack.replication[wants[last]] == replication)
        return np.where(there, stack.new[wants[last]], initial)

    def wish(self, rows: Integers) -> Integers:
        """Rows by which upgrades begin, or those after which it stands what they want."""
        stack = self.stack
        following = np.append(self._wants, -1)[np.searchsorted(self._wants, rows)]
        known = (stack.replication[following] == stack.replication[rows]) & (following > rows)
        return np.where(
            known & (stack.cause[following] == stack.subject[rows]), following + 1, rows
        )

    # Upgrades and operations.

    @cached_property
    def rolling(self) -> Spells:
        """All rolling upgrades."""
        return self.spells(rolls=True)

    def spells(self, *, rolls: bool) -> Spells:
        """All upgrades that go in batches, or all others."""
        stack, layout = self.stack, self.layout
        count = len(layout.upgrades)
        rows = np.flatnonzero(stack.about(layout.first_upgrade, count))
        mine = np.array([layout.rolls(each) == rolls for each in range(count)], bool)
        rows = rows[mine[stack.subject[rows] - layout.first_upgrade]]
        begin = rows[stack.new[rows] == UPGRADING]
        number = stack.subject[begin].astype(np.int64) - layout.first_upgrade
        ends = rows[np.isin(stack.new[rows], UPGRADE_ENDS)]
        end = self.row_of(ends, layout.first_upgrade, count)[stack.replication[begin], number]
        until = self.time_of(end)
        return Spells(stack.replication[begin], number, begin, end, stack.time[begin], until)

    def time_of(self, rows: Integers) -> Floats:
        """When rows of the stack come, seconds; that of NEVER is infinite."""
        found: Floats = self._times[np.minimum(rows, len(self._times) - 1)]
        return found

    @cached_property
    def _times(self) -> Floats:
        return np.append(self.stack.time, np.inf)

    def row_of(self, rows: Integers, first: int, count: int) -> Integers:
        """Which of some rows, at most one each, is about each of `count` subjects from `first` on,
        or NEVER; shape (replications, count).
        """
        found = np.full((self.stack.replications, count), NEVER)
        found[self.stack.replication[rows], self.stack.subject[rows] - first] = rows
        return found

    def answers(self, *statuses: int) -> NDArray[np.intp]:
        """The rows by which requests come to one of these statuses."""
        stack, layout = self.stack, self.layout
        rows = np.flatnonzero(stack.about(layout.first_operation, len(layout.requests)))
        found: NDArray[np.intp] = rows[np.isin(stack.new[rows] % OPERATION.width, statuses)]
        return found

    def accepted(self, *kinds: type) -> NDArray[np.intp]:
        """The rows by which requests of some kinds are accepted."""
        rows, layout = self.answers(ASKED), self.layout
        chosen = np.array([isinstance(each.body, kinds) for each in layout.requests], bool)
        found: NDArray[np.intp] = rows[chosen[self.stack.subject[rows] - layout.first_operation]]
        return found
