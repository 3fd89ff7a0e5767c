"""Whether upgrades go from step to step as they should.

A rolling upgrade is gone through beside the log: after each of its steps it is known which one is
due next, and when. Those that stand in the log must be these.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.core.log import (
    ASKED,
    COMPLETED,
    OPERATION,
    SUPERSEDED,
    UPGRADE_CANCELLED,
    UPGRADE_FAILED,
)
from sim.core.random_streams import Again
from sim.systems.base.operation import windows_of
from sim.systems.vm_scale_set.batches_audit import OTHERS, Batches
from sim.systems.vm_scale_set.decisions import (
    ASK,
    BACK,
    BEGIN,
    DELETES,
    END,
    OPEN,
    OVER,
    REST,
    RESTORES,
    TAKES,
    Decisions,
)
from sim.systems.vm_scale_set.rejections import (
    BREACH_BEFORE,
    BREACH_DURING,
    BREACH_UPGRADED,
    CANCELLED,
    RULES,
    UNHEALTHY,
)
from sim.systems.vm_scale_set.rules import allowed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from sim.systems.vm_scale_set.history import History

    Floats = NDArray[np.float64]
    Integers = NDArray[np.int64]
    Mask = NDArray[np.bool_]

STEPS = {
    OPEN: "an upgrade begins",
    BEGIN: "a batch begins",
    DELETES: "a surge deletes instances",
    RESTORES: "instances are given their former model back",
    OVER: "a batch is over",
    REST: "a pause is over",
    BACK: "failed instances go back after a breach",
    END: "an upgrade is completed",
} | {END + 1 + number: f"an upgrade ends ({rule})" for number, rule in enumerate(RULES)}
"""The steps of a rolling upgrade, by decision; an end has the number of its rule with it."""
READY, SETTLED = -1, -2
"""What is due where that follows from the instances as they are then: the next batch, or the end;
the end of a batch, or that some of it are restored first.
"""
UNDONE = "an upgrade did not go on when it was to"
REACHED = "a model was said to be reached by all, or not to be, though it was not so"
ENDED = "a request did not end with its upgrade"
ANOTHER = "a step was that of another upgrade than the one that is on"
WITHOUT = "an upgrade ended without one of the instances"
HEALTH = "an upgrade did not end by the health of its instances"


def other(step: int, due: int) -> str:
    """How it is said that a step came where another one was due."""
    return f"an upgrade did another step than was due: {STEPS[step]}, not {STEPS[due]}"


def early_or_late(step: int) -> str:
    """How it is said that a step came at another time than when it was due."""
    return f"an upgrade did a step early, or late: {STEPS[step]}"


def end(rule: str) -> int:
    """The step by which an upgrade ends by a rule."""
    return END + 1 + RULES.index(rule)


def broken_rules(history: History) -> Iterator[str]:
    """The rules that upgrades break by what they do when, and with whom."""
    upgrades = _Upgrades(history)
    late, by_batch = upgrades.late()
    if late.any():
        yield OTHERS if by_batch[late].any() else TAKES
    yield from upgrades.wrong


class _Upgrades(Batches):
    """Upgrades beside what they should have done."""

    def _begin(self, first: int, count: int) -> None:
        super()._begin(first, count)
        self._due, self._at = np.full(count, OPEN), np.full(count, np.inf)
        """The step that is due next, and when, seconds."""
        self._cancelled, self._has_begun = np.zeros((2, count), bool)
        """Whether the one that is on was cancelled; has taken a batch."""
        self._left_now: Mask | None = None
        self._cancels = np.zeros((count, len(self._layout.requests)), bool)
        """The requests that cancel it."""
        self._last_end = np.full(count, -np.inf)
        """When the one before it ended, seconds."""

    def decide(self, kind: int, some: Decisions) -> None:
        """What should follow from decisions of one kind, and what does."""
        if kind == ASK:
            self.ask(some)
            return
        if kind in (OPEN, END):
            self._check_ends(kind, some)
            rolls = self._rolls[self._number(some)]
            self._of_others(kind, some.where(~rolls))
            some = some.where(rolls)
        if len(some.row):
            self._left_now = None
            self._check_step(kind, some)
            self._steps[kind](some)

    @cached_property
    def _steps(self) -> dict[int, Any]:
        return {
            OPEN: self._opens,
            BEGIN: self._begins,
            DELETES: self._deletes,
            RESTORES: self._restored_are,
            OVER: self._is_over,
            REST: self._is_ready,
            BACK: self._goes_back,
            END: self._ends,
        }

    # What is due.

    def _next(self, some: Decisions, due: int | Integers, at: Floats) -> None:
        self._due[some.place], self._at[some.place] = due, at

    def _left(self, some: Decisions) -> Mask:
        """Those that are still to be upgraded when the decisions of this step are made."""
        if self._left_now is None:
            self._left_now = self.left(some)
        return self._left_now

    def _check_step(self, kind: int, some: Decisions) -> None:
        """A step is the one that is due, now, for the upgrade that is on."""
        step, due = np.full(len(some.row), kind), self._due[some.place].copy()
        if kind == END:
            step += self._rule(some)
        for lazy, follows in ((READY, self._batch_or_end), (SETTLED, self._restores_or_over)):
            if (due == lazy).any():
                due = np.where(due == lazy, follows(some), due)
        for place in np.flatnonzero(step != due).tolist():
            self.wrong[other(int(step[place]), int(due[place]))] = None
        if kind in (OVER, REST, BACK, END):  # they take nobody
            self._check(OTHERS, self._takes[some.place] > 0)
        if kind != OPEN:
            self._check(early_or_late(kind), self._time(some) != self._at[some.place])
        if kind not in (OPEN, DELETES):
            whose = self._stack.subject if kind in (BACK, END) else self._stack.cause
            whose = whose[some.row] - self._layout.first_upgrade
            self._check(ANOTHER, whose != self._on[some.place])

    def _check_ends(self, kind: int, some: Decisions) -> None:
        """An upgrade begins when it is to, or when the rolling one before it has ended; and with it
        end its request and those to cancel it, but for one that ends at once.
        """
        place, number, now = some.place, self._number(some), self._time(some)
        if kind == OPEN:
            due = np.maximum(self._begin_at[place + self._first, number], self._last_end[place])
            self._check(early_or_late(OPEN), now != due)
            return
        ended = self._history.time_of(self._ended[place + self._first])
        with_it = self._cancels[place] & self._rolls[number, None]
        each = np.arange(len(place)), self._operation_of[number]
        with_it[each] = self._rolls[number] | (self._policy.mode == "automatic")
        self._check(ENDED, with_it & (ended != now[:, None]))

    def _batch_or_end(self, some: Decisions) -> Integers:
        """What comes where no batch is under way and no pause is on."""
        place, codes = some.place, self._codes[some.place]
        there = self._layout.is_there[codes].sum(axis=1)
        most = allowed(self._policy.max_unhealthy_instance_percent, there)
        breach = np.where(self._has_begun[place], end(BREACH_DURING), end(BREACH_BEFORE))
        due = np.where(self._unhealthy(place).sum(axis=1) > most, breach, BEGIN)
        due = np.where(self._cancelled[place], end(CANCELLED), due)
        return np.where(self._left(some).any(axis=1), due, END)

    def _restores_or_over(self, some: Decisions) -> Integers:
        return np.where(self.to_restore(some.place).any(axis=1), RESTORES, OVER)

    def _is_ready(self, some: Decisions) -> None:
        """The next batch may begin once a window is open; where none does, it ends at once."""
        at, number = self._time(some), self._on[some.place]
        for each, (opens, closes) in self._windows.items():
            mine = (number == each) & self._left(some).any(axis=1)
            mine &= ~self._cancelled[some.place]
            next_one = np.searchsorted(closes, at[mine], side="right")
            at[mine] = np.maximum(at[mine], opens[next_one])
        self._next(some, READY, at)

    @cached_property
    def _windows(self) -> dict[int, tuple[Floats, Floats]]:
        """When the windows of upgrades that have some open and close, by number."""
        layout = self._layout
        bodies: list[Any] = [layout.request(name).body for name in layout.upgrades]
        return {
            number: windows_of(body.windows, layout.span).intervals
            for number, body in enumerate(bodies)
            if getattr(body, "windows", ())
        }

    def finish(self) -> None:
        """Nothing is left undone that is due by the horizon."""
        self._check(UNDONE, self._at <= self._stack.horizon)
        final = self._stack.final[self._first : self._first + len(self._on)]
        layout = self._layout
        asked = final[:, [layout.operation(each) for each in layout.upgrades]] == ASKED
        upgrades = final[:, layout.first_upgrade : layout.first_upgrade + len(layout.upgrades)]
        due = self._begin_at[self._first : self._first + len(self._on)] <= self._stack.horizon
        self._check(UNDONE, asked & (upgrades == 0) & due & (self._on < 0)[:, None])

    # Steps.

    def _opens(self, some: Decisions) -> None:
        place, number = some.place, self._number(some)
        self._on[place], self._former[place] = number, -1
        for state in (self._upgraded, self._restored, self._failed):
            state[place] = False
        for flag in (self._cancelled, self._has_begun, self._went):
            flag[place] = False
        if self._windows:
            self._left_now = self.left(Decisions(place, self._history.wish(some.row)))
        self._is_ready(some)

    @cached_property
    def _begin_at(self) -> Floats:
        """When upgrades are to begin, seconds: once they are accepted, or, where an image was
        published then, once that is discovered; shape (replications, upgrades).
        """
        layout, stack, history = self._layout, self._stack, self._history
        asked = history.row_of(history.answers(ASKED), layout.first_operation, len(layout.requests))
        found = history.time_of(asked[:, self._operation_of])
        place, again = np.arange(stack.replications), Again(stack.seed, stack.numbers)
        for number in filter(layout.is_published, range(len(layout.upgrades))):
            name = layout.upgrades[number]
            body: Any = layout.request(name).body
            law = body.discovery or self._spec.automatic_os_upgrade.discovery
            path = f"{layout.name}/discovery/{name}"
            found[:, number] += again.times(path, law, (place, 0 * place, 0 * place))
        return found

    def _begins(self, some: Decisions) -> None:
        surges = self.take(some, self._left(some))
        self._has_begun[some.place] = True
        self._next(some, np.where(surges, DELETES, SETTLED), self.settle(some))

    def _deletes(self, some: Decisions) -> None:
        self.delete(some)
        self._next(some, SETTLED, self.settle(some))

    def _restored_are(self, some: Decisions) -> None:
        self.restore(some)
        due = np.where(self._went[some.place], end(BREACH_UPGRADED), SETTLED)
        self._next(some, due, self.settle(some))

    def _is_over(self, some: Decisions) -> None:
        """After a batch: a breach, by which some may go back, or a pause, or what comes next."""
        place, policy = some.place, self._policy
        failed = self._restored[place] | (self._upgraded[place] & self._unhealthy(place))
        most = self._upgraded[place].sum(axis=1)
        most = allowed(policy.max_unhealthy_upgraded_instance_percent, most)
        self._failed[place] = failed & (self._former[place] >= 0) & ~self._restored[place]
        breach = failed.sum(axis=1) > most
        goes_back = self._failed[place].any(axis=1)
        goes_back &= policy.rollback_failed_instances_on_policy_breach
        pauses = ~breach & self._left(some).any(axis=1) & ~self._cancelled[place]
        pauses &= policy.pause_time_between_batches > 0
        self._is_ready(some)
        now, after = self._time(some), np.where(goes_back, BACK, end(BREACH_UPGRADED))
        self._next(some.where(breach), after[breach], now[breach])
        self._next(some.where(pauses), REST, now[pauses] + policy.pause_time_between_batches)

    def _goes_back(self, some: Decisions) -> None:
        self._went[some.place] = True
        self._next(some, RESTORES, self._time(some))

    def _ends(self, some: Decisions) -> None:
        self._wrong_reach(some)
        self._on[some.place], self._last_end[some.place] = -1, self._time(some)
        self._cancels[some.place] = False
        self._next(some, OPEN, np.full(len(some.row), np.inf))

    def _cancel(self, some: Decisions) -> None:
        """It ends a pause, or a wait for a window, at once."""
        number = self._stack.subject[some.row] - self._layout.first_operation
        self._cancels[some.place, number] = self._cancelled[some.place] = True
        rests = some.where(np.isin(self._due[some.place], (REST, READY)))
        self._at[rests.place] = self._time(rests)

    # Upgrades that take no batches.

    def _of_others(self, kind: int, some: Decisions) -> None:
        """One takes all at once in the mode automatic; none in the mode manual."""
        place = some.place
        if kind == END:
            self._others_end(some.where(self._stack.new[some.row] != SUPERSEDED))
            return
        at_once = self._policy.mode == "automatic"
        expected = self._pending(Decisions(place, self._history.wish(some.row))) & at_once
        self._check(TAKES, (self._takes[place] > 0) != expected)
        self._upgraded[place] = expected
        self._at[place] = self.settle(some) if at_once else np.inf

    def _others_end(self, some: Decisions) -> None:
        """All at once, or by hand: it has ended well if nobody is left unhealthy."""
        place, unhealthy = some.place, self._unhealthy(some.place)
        fails = self._stack.new[some.row] == UPGRADE_FAILED
        if self._policy.mode == "automatic":
            unhealthy = unhealthy & self._upgraded[place]
            fails &= self._rule(some) == RULES.index(UNHEALTHY) + 1
            self._check(early_or_late(END), self._time(some) != self._at[place])
            self._at[place] = np.inf
        else:
            on_their_way = self._layout.is_on_its_way[self._codes[place]]
            self._check(WITHOUT, self._pending(some) | on_their_way)
            # By hand what is asked for brings the last instance to the model, or a repair does.
            ended = self._history.time_of(self._ended[place + self._first])
            by_request = (ended == self._time(some)[:, None]).any(axis=1)
            self._check(early_or_late(END), ~by_request & (self._spec.repairs is None))
        self._check(HEALTH, fails != unhealthy.any(axis=1))
        self._wrong_reach(some)

    # Pieces.

    @cached_property
    def _rolls(self) -> Mask:
        numbers = range(len(self._layout.upgrades))
        return np.array([self._layout.rolls(each) for each in numbers], bool)

    @cached_property
    def _operation_of(self) -> Integers:
        """By number of an upgrade that of its operation."""
        layout = self._layout
        return np.array([layout.operation_number(each) for each in layout.upgrades], np.int64)

    def _number(self, some: Decisions) -> Integers:
        return self._stack.subject[some.row].astype(np.int64) - self._layout.first_upgrade

    def _unhealthy(self, place: Integers) -> Mask:
        found: Mask = self._layout.counts_unhealthy[self._codes[place]]
        return found

    def _wrong_reach(self, some: Decisions) -> None:
        """Those that are protected are not covered; one that was restored is, and not reached."""
        completed = self._stack.new[some.row] == COMPLETED
        reaches = completed & ~self._pending(some).any(axis=1)
        says = self._history.has_reached(some.row, some.place + self._first)
        self._check(REACHED, says != reaches)

    def _rule(self, some: Decisions) -> Integers:
        """The number of the rule by which an upgrade ended, from 1 on; 0 where it was completed."""
        state, layout = self._stack.new[some.row], self._layout
        operation = layout.first_operation + self._operation_of[self._number(some)]
        final = self._stack.final[some.place + self._first, operation]
        cancelled = (state == UPGRADE_CANCELLED) * (RULES.index(CANCELLED) + 1)
        rule: Integers = np.where(state == UPGRADE_FAILED, final // OPERATION.width, cancelled)
        return rule
