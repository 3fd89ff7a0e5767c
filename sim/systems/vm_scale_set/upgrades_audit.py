"""Whether rolling upgrades begin, pause, are cancelled and end when they should, one at a time."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from sim.core.log import OPERATION, REFUSED, ROLLING_BACK, UPGRADE_CANCELLED, UPGRADING
from sim.core.random_streams import Again
from sim.systems.base.operation import windows_of
from sim.systems.vm_scale_set.history import NEVER
from sim.systems.vm_scale_set.rejections import IN_PROGRESS, NONE_RUNNING, RULES
from sim.systems.vm_scale_set.requests import (
    BEGINS,
    CancelRollingUpgrade,
    ManualUpgrade,
)
from sim.systems.vm_scale_set.states import DELETING

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
        """While one is on no other begins, and no change of the model is accepted."""
        history, layout, stack, all_ = self._history, self._layout, self._stack, self._all
        same = all_.replication[1:] == all_.replication[:-1]
        if (same & (all_.begin[1:] < all_.end[:-1])).any():
            yield "two rolling upgrades were on at once"
            return
        rows = history.accepted(*BEGINS, ManualUpgrade)
        if (all_.at(rows, stack.replication[rows]) >= 0).any():
            yield "a change of the model was accepted while a rolling upgrade was on"
        asked = history.cause - layout.first_operation
        by_request = (asked >= 0) & (asked < len(layout.operations))
        goes = by_request & (history.status == DELETING)
        if (all_.at(history.row[goes], history.replication[goes]) >= 0).any():
            yield "a scale-in was accepted while a rolling upgrade was on"
        rows = history.batches
        on = all_.at(rows, stack.replication[rows])
        if (on < 0).any() or (all_.number[on] != history.upgrade_of_batch).any():
            yield "a batch began while its upgrade was not on"
        yield from self._wrong_refusals()

    def _wrong_refusals(self) -> Iterator[str]:
        """A request is refused for a rolling upgrade only where one is on."""
        stack, layout = self._stack, self._layout
        rows = np.flatnonzero(stack.about(layout.first_operation, len(layout.requests)))
        rows = rows[stack.new[rows] % OPERATION.width == REFUSED]
        rule = stack.new[rows] // OPERATION.width
        on = self._all.at(rows, stack.replication[rows]) >= 0
        # One of an image that waits for its first window may have begun unseen.
        unseen = any(self._history.is_published(each) for each in range(len(layout.upgrades)))
        if not unseen and (~on & (rule == RULES.index(IN_PROGRESS) + 1)).any():
            yield "a request was refused for a rolling upgrade that was not on"
        if (on & (rule == RULES.index(NONE_RUNNING) + 1)).any():
            yield "a cancel was refused though a rolling upgrade was on"

    def wrong_discoveries(self) -> Iterator[str]:
        """An image's upgrade begins when it is discovered, or when the one before it has ended."""
        all_, history, stack, layout = self._all, self._history, self._stack, self._layout
        again = Again(stack.seed, stack.numbers)
        begins = np.flatnonzero(stack.about(layout.first_upgrade, len(layout.upgrades)))
        begins = begins[stack.new[begins] == UPGRADING]
        for number in sorted(set(all_.number.tolist())):
            if not history.is_published(number):
                continue
            mine = np.flatnonzero(all_.number == number)
            own = begins[stack.subject[begins] == layout.first_upgrade + number]
            published = np.zeros(stack.replications)
            published[stack.replication[own]] = stack.time[own]
            body, places = history.body(number), all_.replication[mine]
            law = body.discovery or self._spec.automatic_os_upgrade.discovery
            path = f"{layout.name}/discovery/{layout.upgrades[number]}"
            nobody = np.zeros(len(mine), np.int64)
            found = published[places] + again.times(path, law, (places, nobody, nobody))
            since = all_.since[mine]
            if (since < found).any():
                yield "an image's upgrade began before it was discovered"
            # It follows another one at once; what waits for a window may show nothing before.
            shows = stack.subject[all_.begin[mine]] == layout.target.first
            before = np.maximum(mine - 1, 0)
            follows = (all_.replication[before] == places) & (all_.until[before] == since)
            if (shows & (since != found) & ~follows).any():
                yield "an image's upgrade did not begin when it was discovered"

    # Batch after batch.

    @cached_property
    def _on(self) -> Integers:
        """By batch the upgrade that it belongs to, by its place in all."""
        rows = self._history.batches
        return self._all.at(rows, self._stack.replication[rows])

    @cached_property
    def _ready(self) -> Floats:
        """By upgrade since when its next batch may begin, but for windows, seconds: NaN where that
        cannot be seen, infinite while one is under way.
        """
        count = np.bincount(self._on, minlength=len(self._all.begin))
        if not len(self._on):
            return self._since
        last = np.maximum(np.cumsum(count) - 1, 0)
        return np.where(count > 0, self._next[last], self._since)

    @cached_property
    def _since(self) -> Floats:
        """When each one began; NaN where nothing shows that."""
        all_, history, stack = self._all, self._history, self._stack
        published = np.array(
            [history.is_published(each) for each in range(len(self._layout.upgrades))], bool
        )
        unseen = stack.subject[all_.begin] != self._layout.target.first
        unseen &= published[all_.number] if len(published) else False
        return np.where(unseen, np.nan, all_.since)

    @cached_property
    def _next(self) -> Floats:
        """By batch when the next one may begin, but for windows: after the pause."""
        over = self._over
        time = np.full(len(over), np.inf)
        time[over < NEVER] = self._stack.time[over[over < NEVER]]
        return time + self._spec.upgrade_policy.pause_time_between_batches

    @cached_property
    def _over(self) -> Integers:
        stack = self._stack
        rows = np.flatnonzero(stack.subject == self._layout.batch)
        over = np.append(rows[1:], NEVER)[np.searchsorted(rows, self._history.batches)]
        there = np.flatnonzero(over < NEVER)
        begun = self._history.batches[there]
        over[there[stack.replication[over[there]] != stack.replication[begun]]] = NEVER
        return over

    def wrong_times(self) -> Iterator[str]:
        """A batch begins when the pause is over and a window is open, not before, not later."""
        stack, all_, on = self._stack, self._all, self._on
        rows = self._history.batches
        first = np.append(True, on[1:] != on[:-1])[: len(on)]
        ready = np.where(first, self._since[on], np.roll(self._next, 1)) if len(on) else np.zeros(0)
        began = stack.time[rows]
        for number in sorted(set(all_.number.tolist())):
            mine = all_.number[on] == number
            if (began[mine] < ready[mine]).any():
                yield "a batch began before the pause was over"
            due = self._opens(number, ready[mine])
            seen = ~np.isnan(ready[mine])
            if not self._windows(number).are_open(began[mine]).all():
                yield "a batch began outside the windows of its upgrade"
            if (seen & (began[mine] > due)).any():
                yield "a batch did not begin when the pause was over and a window open"
            yield from self._wrong_waits(number)

    def _windows(self, number: int) -> Windows:
        windows = getattr(self._history.body(number), "windows", ())
        return windows_of(windows, self._layout.span)

    def _opens(self, number: int, times: Floats) -> Floats:
        """From times on the next ones at which a window is open."""
        opens, closes = self._windows(number).intervals
        place = np.minimum(np.searchsorted(closes, times, side="right"), len(opens) - 1)
        found: Floats = np.maximum(times, opens[place])
        return found

    def _wrong_waits(self, number: int) -> Iterator[str]:
        """One that is still on at the horizon has nothing to do yet."""
        all_, final = self._all, self._stack.final
        subject = self._layout.first_upgrade + number
        mine = (all_.number == number) & (all_.end == NEVER)
        mine &= final[all_.replication, subject] == UPGRADING
        if (self._opens(number, self._ready[mine]) <= self._stack.horizon).any():
            yield "a rolling upgrade did not go on when it was to"

    # Cancels.

    def wrong_cancels(self) -> Iterator[str]:
        """After a cancel no batch begins; without a batch under way it ends the upgrade at once."""
        history, stack, all_ = self._history, self._stack, self._all
        rows = history.accepted(CancelRollingUpgrade)
        on = all_.at(rows, stack.replication[rows])
        published = any(history.is_published(each) for each in range(len(self._layout.upgrades)))
        if (on < 0).any() and not published:
            yield "a cancel was accepted though no rolling upgrade was on"
        rows, on = rows[on >= 0], on[on >= 0]
        cancelled = np.full(len(all_.begin), NEVER)
        np.minimum.at(cancelled, on, rows)
        if (history.batches > cancelled[self._on]).any():
            yield "a batch began after its upgrade was cancelled"
        ends = np.flatnonzero(all_.end < NEVER)
        by_request = stack.new[all_.end[ends]] == UPGRADE_CANCELLED
        if (by_request & (cancelled[ends] == NEVER)).any() and not published:
            yield "an upgrade was cancelled that nobody cancelled"
        # The batch under way then, if any, is the last one before it.
        last = history.batch_before(rows, stack.replication[rows], np.ones(len(rows), bool))
        busy = (last >= 0) & (self._over[last] > rows) if len(self._over) else last >= 0
        back = history.upgrade_rows((ROLLING_BACK,), list(range(len(self._layout.upgrades))))
        goes_back = np.isin(
            all_.replication[on] * stack.subjects.count
            + self._layout.first_upgrade
            + all_.number[on],
            stack.key[back],
        )
        if (~busy & ~goes_back & (all_.until[on] != stack.time[rows])).any():
            yield "a cancel did not end a rolling upgrade at once"
