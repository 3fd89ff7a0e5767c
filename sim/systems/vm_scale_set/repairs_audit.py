"""Whether automatic repairs are done when they are due, not more at once than may be."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sim.core.log import SUPERSEDED, UPGRADE_ENDS, UPGRADING
from sim.core.random_streams import Again
from sim.systems.vm_scale_set.history import NEVER
from sim.systems.vm_scale_set.requests import (
    OPERATIONS,
    PublishImage,
    SetProtection,
)
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
    if repairs.too_many():
        yield "more instances were repaired at once than may be"
    if repairs.missing():
        yield "an unhealthy instance was not repaired though there was room"


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
            gone = np.flatnonzero((history.new == 0) & (history.cause == layout.actor(REPAIRS)))
            after = np.minimum(gone + 1, max(len(history.row) - 1, 0))
            back = (history.key[after] == history.key[gone]) & np.isin(after, self._created)
            if not (back & (history.time[after] == history.time[gone])).all():
                yield "an instance that a repair deleted was not created anew"

    def wrong_times(self) -> Iterator[str]:
        """None during a rolling upgrade, none in a grace period."""
        history, stack = self._history, self._stack
        rows, replication = history.row[self._begins], history.replication[self._begins]
        if (history.rolling.at(rows, replication) >= 0).any():
            yield "an instance was repaired while a rolling upgrade was on"
        time = history.time[self._begins]
        # A cancel ends an upgrade, and repairs begin, at the instant at which it is accepted.
        instant = rows - self._place_in_instant(rows)
        last = np.searchsorted(self._accepted, instant) - 1
        if len(self._accepted):
            there = (last >= 0) & (stack.replication[self._accepted[last]] == replication)
            early = time < stack.time[self._accepted[last]] + self._grace
            if (there & early).any():
                yield "an instance was repaired within the grace period after a request"
        if (time < self._returned()[self._begins] + self._grace).any():
            yield "an instance was repaired within the grace period after its own return"

    def _place_in_instant(self, rows: Integers) -> Integers:
        """How many rows of the same instant, and replication, come before each."""
        stack = self._stack
        begins = np.ones(len(stack.time), bool)
        np.not_equal(stack.time[1:], stack.time[:-1], out=begins[1:])
        begins[stack.start[:-1][np.diff(stack.start) > 0]] = True
        first = np.flatnonzero(begins)
        found: Integers = rows - first[np.searchsorted(first, rows, side="right") - 1]
        return found

    def _returned(self) -> Floats:
        """By row of the history when its instance was healthy last before, else minus infinity."""
        history = self._history
        every = np.arange(len(history.row))
        back = np.maximum.accumulate(np.where(history.status == HEALTHY, every, -1))
        back = np.append(-1, back[:-1])[: len(every)]
        there = (back >= 0) & (history.key[back] == history.key)
        return np.where(there, history.time[back], -np.inf)

    # How many at once.

    def _under_way(self) -> tuple[Integers, Floats, Integers, Floats]:
        """Rows and times at which repairs begin, and end."""
        history = self._history
        last = self._begins.copy()
        goes = np.flatnonzero(history.status[last] == DELETING)
        place = np.searchsorted(self._created, last[goes])
        inside = np.minimum(place, max(len(self._created) - 1, 0))
        if len(self._created):
            created = self._created[inside]
            again = (place < len(self._created)) & (history.key[created] == history.key[last[goes]])
            # Up to its creation it is there or gone, not settled.
            last[goes] = np.where(again, created, -1)
        else:
            last[goes] = -1
        settled = history.settled(last)
        row = np.where(last < 0, NEVER, settled.row)
        time = np.where(last < 0, np.inf, settled.time)
        return history.row[self._begins], history.time[self._begins], row, time

    def too_many(self) -> bool:
        """Whether more are under way than a share of those that are there when one begins."""
        if not len(self._begins):
            return False
        history, stack = self._history, self._stack
        begin, _, end, _ = self._under_way()
        replication = history.replication[self._begins]
        ends = np.sort(end)
        order = np.argsort(begin)
        begin, replication = begin[order], replication[order]
        begun = np.arange(1, len(begin) + 1)
        # Rows of later replications come later: those of earlier ones that never end are left out.
        first = np.searchsorted(replication, replication)
        ended = np.searchsorted(ends, begin)
        bounds = stack.start[replication]
        ended -= np.searchsorted(ends, bounds)
        count = begun - first - ended
        present = self._present_at(begin)
        return bool((count > np.maximum(1, np.floor(SHARE * present + 1e-9))).any())

    def _present_at(self, rows: Integers) -> Integers:
        """How many are there at the instants of rows, before it or within it: the most."""
        stack = self._stack
        time, replication = stack.time[rows], stack.replication[rows]
        change_rows, change = self._changes()
        total = np.cumsum(change)
        initial = int((self._layout.instances.initial > 0).sum())
        base = np.append(0, total)[np.searchsorted(change_rows, stack.start[replication])]
        most = np.zeros(len(rows), np.int64)
        for place, (when, where) in enumerate(
            zip(time.tolist(), replication.tolist(), strict=True)
        ):
            begin, end = stack.start[where], rows[place]
            first = begin + np.searchsorted(stack.time[begin:end], when)
            a, b = np.searchsorted(change_rows, [first, end])
            at = np.append(0, total)[a : b + 1]
            most[place] = initial + int(at.max()) - base[place]
        return most

    def _changes(self) -> tuple[Integers, Integers]:
        """The rows of the stack that change how many are there, by how much."""
        stack, layout = self._stack, self._layout
        rows = np.flatnonzero(stack.about(layout.first_instance, layout.room))
        there = np.ones(WIDTH, np.int64)
        there[[0, DELETING]] = 0
        change = there[stack.new[rows] % WIDTH] - there[stack.old[rows] % WIDTH]
        # One that is being replaced counts as there.
        change[stack.cause[rows] == self._layout.actor(REPAIRS)] = 0
        some = np.flatnonzero(change)
        return rows[some], change[some]

    # None is missing.

    def missing(self) -> bool:
        """Whether one that is unhealthy waits beyond its grace while there is room for a repair.

        Asked at the end of each instant; not of instances that were ever protected.
        """
        stack, layout = self._stack, self._layout
        deltas: list[tuple[Integers, Floats, int, Integers]] = []

        def add(column: int, replication: Integers, since: Floats, until: Floats) -> None:
            real = since < until
            ones = np.ones(int(real.sum()), np.int64)
            deltas.append((replication[real], since[real], column, ones))
            deltas.append((replication[real], until[real], column, -ones))

        add(0, *self._waits())
        begin, since, _, until = self._under_way()
        add(1, stack.replication[begin], since, until)
        rows, change = self._changes()
        deltas.append((stack.replication[rows], stack.time[rows], 2, change))
        accepted = stack.time[self._accepted]
        add(3, stack.replication[self._accepted], accepted, accepted + self._grace)
        add(3, *self._rolling())
        replication, time = (np.concatenate([each[k] for each in deltas]) for k in (0, 1))
        changes = np.zeros((len(time), 4), np.int64)
        changes[
            np.arange(len(time)), np.repeat([d[2] for d in deltas], [len(d[0]) for d in deltas])
        ] = np.concatenate([each[3] for each in deltas])
        order = np.lexsort((time, replication))
        replication, time = replication[order], time[order]
        total = np.cumsum(changes[order], axis=0)
        first = np.searchsorted(replication, replication)
        total -= np.where(first[:, None] > 0, total[first - 1], 0)
        last = np.append((time[1:] != time[:-1]) | (replication[1:] != replication[:-1]), True)
        present = total[:, 2] + int((layout.instances.initial > 0).sum())
        room = total[:, 1] < np.maximum(1, np.floor(SHARE * present + 1e-9))
        waits = (total[:, 0] > 0) & (total[:, 3] == 0) & room
        return bool((waits & last[: len(waits)] & (time <= stack.horizon)).any())

    def _waits(self) -> tuple[Integers, Floats, Floats]:
        """From when to when instances are unhealthy and past their own grace."""
        history, layout, stack = self._history, self._layout, self._stack
        replications, room = stack.replications, layout.room
        given_up = np.isin(history.status, GIVEN_UP) & (history.new > 0)
        places = np.flatnonzero(given_up)
        after = np.minimum(places + 1, max(len(history.row) - 1, 0))
        same = (after > places) & (history.key[after] == history.key[places])
        until = np.where(same, history.time[after], np.inf)
        since = np.maximum(history.time[places], self._returned()[places] + self._grace)
        key = history.key[places]
        # Those that are unhealthy at time 0 wait from then on.
        sick = np.flatnonzero(np.isin(layout.instances.initial % WIDTH, GIVEN_UP))
        own = np.add.outer(np.arange(replications) * room, sick).ravel()
        found = np.searchsorted(history.key, own)
        inside = np.minimum(found, max(len(history.row) - 1, 0))
        left = np.full(len(own), np.inf)
        if len(history.row):
            moved = (found < len(history.row)) & (history.key[inside] == own)
            left[moved] = history.time[inside[moved]]
        key = np.concatenate([key, own])
        since = np.concatenate([since, np.zeros(len(own))])
        until = np.concatenate([until, left])
        free = ~self._ever_protected()[key % room]
        return (key // room)[free], since[free], until[free]

    def _ever_protected(self) -> NDArray[np.bool_]:
        found = np.zeros(self._layout.room, bool)
        for each in self._layout.requests:
            body = each.body
            if isinstance(body, SetProtection) and body.protect_from_scale_set_actions:
                found[slice(None) if body.instances == "all" else list(body.instances)] = True
        return found

    def _rolling(self) -> tuple[Integers, Floats, Floats]:
        """From when to when rolling upgrades are on, those of images from their discovery on."""
        history, stack, layout = self._history, self._stack, self._layout
        again = Again(stack.seed, stack.numbers)
        found: list[tuple[Integers, Floats, Floats]] = []
        for number in range(len(layout.upgrades)):
            if not layout.rolls(number):
                continue
            begin = history.upgrade_rows((UPGRADING,), [number])
            ends = history.upgrade_rows(UPGRADE_ENDS, [number])
            place, since = stack.replication[begin], stack.time[begin]
            until = np.full(stack.replications, np.inf)
            until[stack.replication[ends]] = np.where(
                stack.new[ends] == SUPERSEDED, -np.inf, stack.time[ends]
            )
            if history.is_published(number):
                law = history.body(number).discovery or layout.spec.automatic_os_upgrade.discovery
                path = f"{layout.name}/discovery/{layout.upgrades[number]}"
                nobody = np.zeros(len(begin), np.int64)
                since = since + again.times(path, law, (place, nobody, nobody))
            found.append((place, since, until[place]))
        if not found:
            return np.zeros(0, np.int64), np.zeros(0), np.zeros(0)
        replication, since, until = (np.concatenate(each) for each in zip(*found, strict=True))
        return replication, since, until
