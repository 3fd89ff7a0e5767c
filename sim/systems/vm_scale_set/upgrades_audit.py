"""Whether rolling upgrades begin, pause, are cancelled and end when they should, one at a time."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.core.log import ASKED, OPERATION, ROLLING_BACK, UPGRADE_CANCELLED, UPGRADING
from sim.core.random_streams import Again
from sim.systems.base.operation import windows_of
from sim.systems.vm_scale_set.history import NEVER
from sim.systems.vm_scale_set.requests import (
    CancelRollingUpgrade,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from sim.core.windows import Windows
    from sim.systems.vm_scale_set.history import History

    Floats = NDArray[np.float64]
    Integers = NDArray[np.int64]
    Mask = NDArray[np.bool_]


def broken_rules(history: History) -> Iterator[str]:
    """The rules that rolling upgrades break whomever they take."""
    upgrades = _Upgrades(history)
    yield from upgrades.wrong_intervals()
    yield from upgrades.wrong_discoveries()
    yield from upgrades.wrong_times()
    yield from upgrades.wrong_cancels()


class _Upgrades:
    """The rolling upgrades of a stack."""

    def __init__(self, history: History) -> None:
        self._history, self._layout, self._stack = history, history.layout, history.stack
        self._spec = self._layout.spec
        self._all = history.rolling

    # One at a time.

    def wrong_intervals(self) -> Iterator[str]:
        """While one is on no other begins, and the batches are its."""
        history, stack, all_ = self._history, self._stack, self._all
        same = all_.replication[1:] == all_.replication[:-1]
        if (same & (all_.begin[1:] < all_.end[:-1])).any():
            yield "two rolling upgrades were on at once"
            return
        rows = history.batches
        on = all_.at(rows, stack.replication[rows])
        if (on < 0).any() or (all_.number[on] != history.upgrade_of_batch).any():
            yield "a batch began while its upgrade was not on"

    def wrong_discoveries(self) -> Iterator[str]:
        """An image's upgrade begins when it is discovered, or when the one before it has ended."""
        all_, stack, layout = self._all, self._stack, self._layout
        again = Again(stack.seed, stack.numbers)
        for number in filter(layout.is_published, range(len(layout.upgrades))):
            operation = layout.operation(layout.upgrades[number])
            asked = np.flatnonzero((stack.subject == operation) & (stack.old == 0))
            place, nobody = stack.replication[asked], np.zeros(len(asked), np.int64)
            body: Any = layout.request(layout.upgrades[number]).body
            law = body.discovery or self._spec.automatic_os_upgrade.discovery
            path = f"{layout.name}/discovery/{layout.upgrades[number]}"
            found = np.full(stack.replications, np.inf)
            found[place] = stack.time[asked] + again.times(path, law, (place, nobody, nobody))
            mine = np.flatnonzero(all_.number == number)
            since, found_then = all_.since[mine], found[all_.replication[mine]]
            if (since < found_then).any():
                yield "an image's upgrade began before it was discovered"
            before = np.maximum(mine - 1, 0)
            follows = (all_.replication[before] == all_.replication[mine]) & (before < mine)
            follows &= all_.until[before] == since
            waits = stack.final[:, operation] % OPERATION.width == ASKED
            waits[all_.replication[mine]] = False
            waits[all_.replication[all_.end == NEVER]] = False
            if ((since != found_then) & ~follows).any() or (waits & (found <= stack.horizon)).any():
                yield "an image's upgrade did not begin when it was discovered"

    # Batch after batch.

    @cached_property
    def _on(self) -> Integers:
        """By batch the upgrade that it belongs to, by its place in all."""
        rows = self._history.batches
        return self._all.at(rows, self._stack.replication[rows])

    @cached_property
    def _over(self) -> Integers:
        """By batch the row with which it is over, or NEVER."""
        stack = self._stack
        rows = np.flatnonzero(stack.subject == self._layout.batch)
        over = np.append(rows, NEVER)[np.searchsorted(rows, self._history.batches) + 1]
        same = np.append(stack.replication, -1)[np.minimum(over, len(stack.time))]
        return np.where(same == stack.replication[self._history.batches], over, NEVER)

    @cached_property
    def _next(self) -> Floats:
        """By batch when the next one may begin, but for windows: after the pause."""
        time = np.append(self._stack.time, np.inf)[np.minimum(self._over, len(self._stack.time))]
        return time + self._spec.upgrade_policy.pause_time_between_batches

    def wrong_times(self) -> Iterator[str]:
        """A batch begins when the pause is over and a window is open, not before, not later; and
        no upgrade that is on at the horizon has anything to do before.
        """
        stack, all_, on = self._stack, self._all, self._on
        began = stack.time[self._history.batches]
        first = np.append(True, on[1:] != on[:-1])[: len(on)]
        ready = np.where(first, all_.since[on], np.append(np.nan, self._next[:-1])[: len(on)])
        goes_on = all_.since.copy()
        goes_on[on] = self._next  # the last one stays
        waits = stack.final[all_.replication, self._layout.first_upgrade + all_.number] == UPGRADING
        for number in np.unique(all_.number):
            mine, own = all_.number[on] == number, all_.number == number
            if (began[mine] < ready[mine]).any():
                yield "a batch began before the pause was over"
            if not self._windows(number).are_open(began[mine]).all():
                yield "a batch began outside the windows of its upgrade"
            if (began[mine] > self._opens(number, ready[mine])).any():
                yield "a batch did not begin when the pause was over and a window open"
            if (self._opens(number, goes_on[own & waits]) <= stack.horizon).any():
                yield "a rolling upgrade did not go on when it was to"

    def _windows(self, number: int) -> Windows:
        body = self._layout.request(self._layout.upgrades[number]).body
        windows = getattr(body, "windows", ())
        return windows_of(windows, self._layout.span)

    def _opens(self, number: int, times: Floats) -> Floats:
        """From times on the next ones at which a window is open."""
        opens, closes = self._windows(number).intervals
        place = np.minimum(np.searchsorted(closes, times, side="right"), len(opens) - 1)
        found: Floats = np.maximum(times, opens[place])
        return found

    # Cancels.

    def wrong_cancels(self) -> Iterator[str]:
        """After a cancel no batch begins; without a batch under way it ends the upgrade at once."""
        history, stack, all_ = self._history, self._stack, self._all
        rows = history.accepted(CancelRollingUpgrade)
        on = all_.at(rows, stack.replication[rows])
        rows, on = rows[on >= 0], on[on >= 0]
        cancelled = np.full(len(all_.begin), NEVER)
        np.minimum.at(cancelled, on, rows)
        if (history.batches > cancelled[self._on]).any():
            yield "a batch began after its upgrade was cancelled"
        ends = np.flatnonzero(all_.end < NEVER)
        by_request = stack.new[all_.end[ends]] == UPGRADE_CANCELLED
        if (by_request & (cancelled[ends] == NEVER)).any():
            yield "an upgrade was cancelled that nobody cancelled"
        # The batch under way then, if any, is the last one before it.
        last = history.batch_before(rows, stack.replication[rows], np.ones(len(rows), bool))
        busy = (last >= 0) & (self._over[last] > rows) if len(self._over) else last >= 0
        back = history.upgrade_rows((ROLLING_BACK,), list(range(len(self._layout.upgrades))))
        goes_back = np.isin(stack.key[all_.begin[on]], stack.key[back])
        if (~busy & ~goes_back & (all_.until[on] != stack.time[rows])).any():
            yield "a cancel did not end a rolling upgrade at once"
