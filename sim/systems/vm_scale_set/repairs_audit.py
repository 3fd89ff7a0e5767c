"""Whether automatic repairs are done when they are due, not more at once than may be."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sim.core.stack import first_of_each, next_of_each
from sim.systems.vm_scale_set.requests import (
    OPERATIONS,
    PublishImage,
    SetProtection,
)
from sim.systems.vm_scale_set.rules import allowed
from sim.systems.vm_scale_set.states import (
    CREATING,
    DELETING,
    GIVEN_UP,
    HEALTHY,
    REIMAGING,
    REPAIRS,
    RESTARTING,
    WIDTH,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from sim.systems.vm_scale_set.history import History

    Floats = NDArray[np.float64]
    Integers = NDArray[np.int64]

SHARE = 0.05
"""Of the instances so many are repaired at once, at least one."""
_BEGINS = {"replace": DELETING, "reimage": REIMAGING, "restart": RESTARTING}


def broken_rules(history: History) -> Iterator[str]:
    """The rules that repairs break."""
    repaired = history.begins & (history.cause == history.layout.actor(REPAIRS))
    if history.layout.spec.repairs is None:
        if repaired.any():
            yield "an instance was repaired though nothing is to be"
        return
    repairs = _Repairs(history, history.layout.spec.repairs.grace_period)
    yield from repairs.wrong_beginnings()
    yield from repairs.wrong_times()
    yield from repairs.wrong_numbers()


class _Repairs:
    """The repairs of a stack. A repair begins with a row, and with another one when the instance
    that it replaces is gone.
    """

    def __init__(self, history: History, grace: float) -> None:
        self._history, self._layout, self._stack = history, history.layout, history.stack
        self._grace = grace
        mine = history.begins & (history.cause == self._layout.actor(REPAIRS))
        replaced = history.status == CREATING
        self._begins, self._created = (
            np.flatnonzero(mine & ~replaced),
            np.flatnonzero(mine & replaced),
        )
        kinds = [kind for kind in OPERATIONS.values() if kind is not PublishImage]
        self._accepted = history.accepted(*kinds)

    def wrong_beginnings(self) -> Iterator[str]:
        """What is repaired is unhealthy, and repaired as the file says; what is replaced is back at
        once.
        """
        history, layout = self._history, self._layout
        action = layout.spec.repairs.action if layout.spec.repairs else ""
        if (history.status[self._begins] != _BEGINS[action]).any():
            yield "an instance was repaired in another way than it is to be"
        if not np.isin(history.was[self._begins], GIVEN_UP).all():
            yield "an instance was repaired that was not unhealthy"
        if action == "replace":
            gone = (history.new == 0) & (history.cause == layout.actor(REPAIRS))
            again = np.zeros(len(gone) + 1, bool)
            again[self._created] = True
            back = next_of_each(history.key, history.time, np.inf) == history.time
            if (gone & ~(back & again[1:])).any():
                yield "an instance that a repair deleted was not created anew"

    def wrong_times(self) -> Iterator[str]:
        """None during a rolling upgrade, none in a grace period."""
        history, stack = self._history, self._stack
        rows, replication = history.row[self._begins], history.replication[self._begins]
        if (history.rolling.at(rows, replication) >= 0).any():
            yield "an instance was repaired while a rolling upgrade was on"
        last = np.searchsorted(self._accepted, rows) - 1
        accepted = np.append(stack.time[self._accepted], -np.inf)[last]
        mine = np.append(stack.replication[self._accepted], -1)[last] == replication
        since = np.maximum(np.where(mine, accepted, -np.inf), self._returned()[self._begins])
        if (history.time[self._begins] < since + self._grace).any():
            yield "an instance was repaired within its grace period"

    def _returned(self) -> Floats:
        """By row of the history when its instance was healthy last before, else minus infinity."""
        history = self._history
        every = np.arange(len(history.row))
        back = np.maximum.accumulate(np.where(history.status == HEALTHY, every, -1))
        back = np.append(-1, back[:-1])[: len(every)]
        there = (back >= 0) & (history.key[back] == history.key)
        return np.where(there, history.time[back], -np.inf)

    # How many at once.

    def wrong_numbers(self) -> Iterator[str]:
        """Not more than a share are under way when one begins; none that is unhealthy waits beyond
        its grace while there is room, asked at the end of each instant.
        """
        stack, history = self._stack, self._history
        rows, change = self._changes()
        accepted, rolling = stack.time[self._accepted], history.rolling
        begins, since, until = self._under_way()
        events = [
            *_spells(0, *self._waits()),
            *_spells(1, begins, since, until),
            (2, stack.replication[rows], stack.time[rows], change),
            *_spells(3, stack.replication[self._accepted], accepted, accepted + self._grace),
            *_spells(3, rolling.replication, rolling.since, rolling.until),
            (4, begins, since, np.ones(len(begins), np.int64)),
        ]
        column = np.repeat([each[0] for each in events], [len(each[1]) for each in events])
        replication, time, by = (np.concatenate([e[k] for e in events]) for k in (1, 2, 3))
        order = np.lexsort((time, replication))
        changes = np.zeros((len(order), 5), np.int64)
        changes[np.arange(len(order)), column[order]] = by[order]
        replication, time = replication[order], time[order]
        opens = first_of_each(replication)
        changes[opens, 2] += int((self._layout.instances.initial > 0).sum())
        total = np.cumsum(changes, axis=0)
        begin = np.flatnonzero(opens)
        total -= np.repeat(total[begin] - changes[begin], np.diff(np.append(begin, len(order))), 0)
        instant = np.flatnonzero(opens | first_of_each(time))
        if not len(instant):
            return
        last = np.append(instant[1:], len(order)) - 1
        most = np.maximum.reduceat(total[:, 2] + np.maximum(-changes[:, 2], 0), instant)
        waits, on, present, held, begun = total[last].T
        begun[1:] -= np.where(opens[instant[1:]], 0, begun[:-1])
        if ((begun > 0) & (on > np.maximum(1, allowed(SHARE, most)))).any():
            yield "more instances were repaired at once than may be"
        room = (on < np.maximum(1, allowed(SHARE, present))) & (held == 0)
        if (room & (waits > 0) & (time[last] <= stack.horizon)).any():
            yield "an unhealthy instance was not repaired though there was room"

    def _under_way(self) -> tuple[Integers, Floats, Floats]:
        """From when to when repairs are: until the instance has settled, a new one where it is
        replaced; replication, seconds, seconds.
        """
        history, last = self._history, self._begins.copy()
        goes = np.flatnonzero(history.status[last] == DELETING)
        created = np.append(self._created, -1)[np.searchsorted(self._created, last[goes])]
        last[goes] = np.where(history.key[created] == history.key[last[goes]], created, -1)
        until = np.where(last < 0, np.inf, history.settled(last)[0])
        return history.replication[self._begins], history.time[self._begins], until

    def _changes(self) -> tuple[Integers, Integers]:
        """The rows of the stack that change how many are there, by how much."""
        stack, layout = self._stack, self._layout
        rows = np.flatnonzero(stack.about(layout.first_instance, layout.room))
        there = layout.is_there.astype(np.int64)
        change = there[stack.new[rows]] - there[stack.old[rows]]
        # One that is being replaced counts as there.
        change[stack.cause[rows] == self._layout.actor(REPAIRS)] = 0
        some = np.flatnonzero(change)
        return rows[some], change[some]

    def _waits(self) -> tuple[Integers, Floats, Floats]:
        """From when to when instances are unhealthy and past their own grace; not of those that
        were ever protected.
        """
        history, layout, room = self._history, self._layout, self._layout.room
        places = np.flatnonzero(np.isin(history.status, GIVEN_UP) & (history.new > 0))
        until = next_of_each(history.key, history.time, np.inf)[places]
        since = np.maximum(history.time[places], self._returned()[places] + self._grace)
        # Those that are unhealthy at time 0 wait from then on.
        sick = np.flatnonzero(np.isin(layout.instances.initial % WIDTH, GIVEN_UP))
        own = np.add.outer(np.arange(self._stack.replications) * room, sick).ravel()
        found = np.searchsorted(history.key, own)
        moved = np.append(history.key, -1)[found] == own
        key = np.concatenate([history.key[places], own])
        since = np.append(since, np.zeros(len(own)))
        until = np.append(until, np.where(moved, np.append(history.time, np.inf)[found], np.inf))
        free = ~self._ever_protected()[key % room]
        return (key // room)[free], since[free], until[free]

    def _ever_protected(self) -> NDArray[np.bool_]:
        found = np.zeros(self._layout.room, bool)
        for each in self._layout.requests:
            body = each.body
            if isinstance(body, SetProtection) and body.protect_from_scale_set_actions:
                found[list(body.instances) if isinstance(body.instances, tuple) else ...] = True
        return found


def _spells(
    column: int, replication: Integers, since: Floats, until: Floats
) -> Iterator[tuple[int, Integers, Floats, Integers]]:
    """One more in a column from `since` on, and one less from `until` on."""
    real = since < until
    ones = np.ones(int(real.sum()), np.int64)
    yield column, replication[real], since[real], ones
    yield column, replication[real], until[real], -ones
