"""Whether instances restart as was drawn: for how long, with what success; and fail as was drawn.

A restart begins where a turn takes an instance or a request creates or reboots it. It ends when it
is drawn to, unless something else takes the instance before, or a recovery, a creation or a host
update that was on already lasts longer: so only who was Ready before is held to the end.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sim.core.random_streams import Again
from sim.systems.base.failures import redraw_failures
from sim.systems.cloud_service.draws import STAGES, STOP_LIMIT
from sim.systems.cloud_service.requests import GuestOsUpdate, HostOsUpdate
from sim.systems.cloud_service.states import (
    BAD,
    BUSY,
    CREATING,
    CYCLING,
    READY,
    RESTARTING,
    SLOW,
    STARTING_VM,
    STOPPED,
    UNRESPONSIVE,
    WIDTH,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from sim.systems.cloud_service.history import History
    from sim.systems.cloud_service.layout import RoleLayout

FRESH = (READY, SLOW, UNRESPONSIVE)
"""What an instance was in that nothing else keeps out."""


class Step(NamedTuple):
    """A part of a restart."""

    status: int
    purpose: str
    """In the path of its draws."""
    seconds: Any
    """Its distribution."""


class Restarts(NamedTuple):
    """Some that have one reason, of one role; columns of shape (restarts,)."""

    role: RoleLayout
    reason: str
    steps: list[Step]
    place: NDArray[np.intp]
    """In the history, of the row that begins it."""


def broken_rules(history: History) -> Iterator[str]:
    """The rules that restarts, failures and builds break."""
    audit = _Audit(history)
    if audit.wrong_builds():
        yield "a build was not good or bad as was drawn"
    for restarts in audit.restarts():
        yield from audit.wrong_restarts(restarts)
    yield from audit.wrong_creations()
    yield from audit.wrong_failures()


class _Audit:
    """The instances of a service beside what was drawn for them."""

    def __init__(self, history: History) -> None:
        self._history = history
        self._layout, self._stack = history.layout, history.stack
        self._again = Again(self._stack.seed, self._stack.numbers)
        builds = np.arange(len(self._layout.builds)) + self._layout.first_build
        bad = self._stack.final[:, builds] == BAD
        self._fails = np.where(bad, np.array(self._layout.fails), 0.0)
        """By replication and build the chance that an instance fails to start."""

    def wrong_builds(self) -> bool:
        """Whether a build is good that was drawn to be bad, or the other way round."""
        layout, spec = self._layout, self._layout.spec
        places = np.arange(self._stack.replications)
        first = np.zeros(len(places), np.int64)
        for number in self._layout.faulty:
            build = layout.builds[number]
            path = f"{layout.name}/{build}/bad"
            drawn = self._again.happens(path, spec.builds[build].bad, (places, first, first))
            if ((self._stack.final[:, layout.first_build + number] == BAD) != drawn).any():
                return True
        return False

    # Restarts by turns.

    def restarts(self) -> Iterator[Restarts]:
        """All that turns begin, by reason and role."""
        history, layout = self._history, self._layout
        some = np.flatnonzero(history.turn >= 0)
        if not len(some):
            return
        turns = history.turns
        turn = history.turn[some]
        upgrade, replication = turns.upgrade[turn], turns.replication[turn]
        begins = np.array([history.operation(each) for each in range(len(layout.upgrades))])
        back = history.rollbacks[1][replication, upgrade] - layout.first_operation
        reason = np.where(turns.rolls_back[turn], back, begins[upgrade])
        kind = (reason * len(layout.upgrades) + upgrade) * len(layout.roles) + history.role[some]
        for each in np.unique(kind).tolist():
            rest, place = divmod(each, len(layout.roles))
            number, by = divmod(rest, len(layout.upgrades))
            body = None if number != begins[by] else history.body(by)
            steps = self._steps(layout.roles[place], body)
            mine = some[kind == each]
            yield Restarts(layout.roles[place], layout.operations[number], steps, mine)

    @staticmethod
    def _steps(role: RoleLayout, body: Any = None) -> list[Step]:
        if isinstance(body, HostOsUpdate):
            return [Step(STARTING_VM, "host_update", body.duration)]
        whole = body.duration if isinstance(body, GuestOsUpdate) else None
        stages: Any = role.spec.stages
        if whole is not None or stages is None:
            return [Step(BUSY, "restart", whole or role.spec.restart)]
        return [Step(status, stage, getattr(stages, stage)) for stage, status in STAGES]

    def wrong_restarts(self, restarts: Restarts) -> Iterator[str]:
        """Those that take another time than was drawn, step by step, or another end."""
        history, place = self._history, restarts.place
        fresh = np.isin(history.was[place], FRESH)
        cause = history.cause[place]
        for number, step in enumerate(restarts.steps):
            due = history.time[place] + self._seconds(restarts, step, place)
            after, goes_on, by_build = self._next(place, cause)
            until = history.until[place]
            if self._overdue(until, due)[fresh | (number + 1 < len(restarts.steps))].any():
                yield "a restart did not end when it was drawn to"
                return
            goes_on |= by_build
            if number + 1 < len(restarts.steps):
                if (until[goes_on] != due[goes_on]).any():
                    yield "a stage of a restart did not take the time that was drawn for it"
                    return
                place, fresh, cause = after[goes_on], fresh[goes_on], cause[goes_on]
                continue
            if (until[goes_on] < due[goes_on]).any() or (until != due)[goes_on & fresh].any():
                yield "a restart did not take the time that was drawn for it"
                return
            mine = goes_on & fresh
            yield from self._wrong_ends(restarts, place[mine], after[mine])

    def _wrong_ends(
        self, restarts: Restarts, place: NDArray[np.intp], after: NDArray[np.intp]
    ) -> Iterator[str]:
        """Whether first attempts, which end with the rows `after`, fail as was drawn."""
        fails = self._fails_to_start(restarts, place, 0)
        if ((self._history.status[after] == CYCLING) != fails).any():
            yield "an instance did not fail to start as was drawn"
            return
        yield from self._wrong_retries(restarts, place[fails], after[fails])

    def _wrong_retries(
        self, restarts: Restarts, place: NDArray[np.intp], cycles: NDArray[np.intp]
    ) -> Iterator[str]:
        """Whether who failed to start comes back when an attempt was drawn to succeed."""
        history = self._history
        due, failing = history.time[cycles].copy(), np.ones(len(cycles), bool)
        chance = self._chance(place)
        due[chance >= 1], failing[chance >= 1] = np.inf, False  # it never starts
        retries = [step for step in restarts.steps if step.purpose in ("start", "on_start")]
        if not retries:
            whole: Any = restarts.steps[0].seconds
            if restarts.steps[0].purpose == "host_update":
                whole = restarts.role.spec.restart
                retries = self._steps(restarts.role)[-2:]
            retries = [Step(BUSY, "restart", whole)] if len(retries) < 2 else retries  # noqa: PLR2004
        attempt = 1
        while failing.any():
            some = np.flatnonzero(failing)
            for step in retries:
                due[some] += self._seconds(restarts, step, place[some], attempt)
            again = self._fails_to_start(restarts, place[some], attempt)
            failing[some] = again & (due[some] <= self._stack.horizon)
            due[some[again & ~failing[some]]] = np.inf
            attempt += 1
        until = history.until[cycles]
        back = np.flatnonzero((until < np.inf) & (until != due))
        _, goes_on, _ = self._next(cycles, history.cause[place])
        if self._overdue(until, due).any() or goes_on[back].any():
            yield "an instance that failed to start was not back when it was drawn to be"

    def _chance(self, place: NDArray[np.intp]) -> NDArray[np.float64]:
        """That an instance fails to start on the build that it restarts on."""
        history = self._history
        chance: NDArray[np.float64] = self._fails[
            history.replication[place], history.new[place] // WIDTH
        ]
        return chance

    def _fails_to_start(
        self, restarts: Restarts, place: NDArray[np.intp], attempt: int
    ) -> NDArray[np.bool_]:
        chance = self._chance(place)
        fails = chance >= 1
        path = f"{self._layout.name}/{restarts.role.name}/fails_to_start/{restarts.reason}"
        some = np.flatnonzero((chance > 0) & (chance < 1))
        drawn = self._again.uniforms(path, *self._rows(restarts.role, place[some], attempt))
        fails[some] = drawn < chance[some]
        return fails

    def _seconds(
        self, restarts: Restarts, step: Step, place: NDArray[np.intp], attempt: int = 0
    ) -> NDArray[np.float64]:
        path = f"{self._layout.name}/{restarts.role.name}/{step.purpose}/{restarts.reason}"
        rows = self._rows(restarts.role, place, attempt)
        seconds = self._again.times(path, step.seconds, rows)
        return seconds.clip(max=STOP_LIMIT) if step.purpose == "stop" else seconds

    def _rows(
        self, role: RoleLayout, place: NDArray[np.intp], attempt: int
    ) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
        member = self._history.member[place] - role.first
        return self._history.replication[place], member, np.full(len(place), attempt)

    def _next(
        self, place: NDArray[np.intp], cause: NDArray[np.int32]
    ) -> tuple[NDArray[np.intp], NDArray[np.bool_], NDArray[np.bool_]]:
        """The next row of each instance; whether it goes on from there, or its build made it."""
        history, layout = self._history, self._layout
        after = np.minimum(place + 1, len(history.row) - 1)
        there = (history.until[place] < np.inf) & (history.turn[after] < 0)
        there &= history.status[after] != STOPPED  # as the service was suspended
        goes_on = there & (history.cause[after] == cause)
        builds = history.cause[after] - layout.first_build
        by_build = there & (builds >= 0) & (builds < len(layout.builds))
        return after, goes_on, by_build & (history.status[after] == CYCLING)

    def _overdue(self, until: NDArray[np.float64], due: NDArray[np.float64]) -> NDArray[np.bool_]:
        overdue: NDArray[np.bool_] = (until > due) & (due <= self._stack.horizon)
        return overdue

    # Creations.

    def wrong_creations(self) -> Iterator[str]:
        """Instances that a request creates."""
        history, layout = self._history, self._layout
        created = (history.status == CREATING) & (history.old == 0)
        for operation in self._layout.requests:
            subject = layout.operation(operation.name)
            for place, role in enumerate(layout.roles):
                rows = np.flatnonzero(created & (history.cause == subject))
                mine = rows[history.role[rows] == place]
                steps = self._steps(role)
                if role.spec.create is not None:
                    steps = [Step(CREATING, "create", role.spec.create)]
                reason = f"{operation.name}/create"
                restarts = Restarts(role, reason, steps, mine)
                due = history.time[mine].copy()
                for step in steps:
                    due += self._seconds(restarts, step, mine)
                until = history.until[mine]
                _, goes_on, by_build = self._next(mine, history.cause[mine])
                early = (goes_on | by_build) & (until != due)
                if early.any() or self._overdue(until, due).any():
                    yield "an instance was not created in the time that was drawn for it"

    # Failures.

    def wrong_failures(self) -> Iterator[str]:
        """Unplanned ones of single instances and of fault domains."""
        layout, places = self._layout, np.arange(self._stack.replications)
        failed = [np.zeros((0, 4))]
        for path, failures, members, causes in layout.failing:
            drawn = redraw_failures(
                self._again, path, failures, places, len(members), self._stack.horizon
            )
            sizes = np.array([len(each) for each in members], np.int64)
            together = sizes[drawn.member]
            member = np.concatenate(
                [np.array(members[k], np.int64) for k in drawn.member.tolist()] or [sizes[:0]]
            )
            place, time = np.repeat(drawn.place, together), np.repeat(drawn.time, together)
            for slot in range(layout.slots):
                number = slot * layout.instances + member
                if self._are_missed(place, number, time):
                    yield "an instance did not fail though it was drawn to"
                    return
            back = time + np.repeat(drawn.recovery, together)
            cause = np.repeat(np.array(causes)[drawn.member], together)
            who = place * layout.instances + member
            failed.append(np.stack([who, time, cause, back], axis=1))
        yield from self._wrong_recoveries(np.concatenate(failed))

    def _are_missed(
        self, place: NDArray[np.int64], number: NDArray[np.int64], time: NDArray[np.float64]
    ) -> bool:
        """Whether an instance in production that is Ready goes through its failure."""
        stack, history = self._stack, self._history
        row = stack.first_at(place, time)
        code = history.code_before(place, number, row) % WIDTH
        hit = np.flatnonzero((code == READY) | (code == SLOW))
        key = place[hit] * np.int64(stack.subjects.count) + number[hit]
        key += self._layout.first_instance()
        rows = history.key << 32 | history.row
        found = np.searchsorted(rows, key << 32 | row[hit])
        there = found < len(rows)
        found = np.minimum(found, len(rows) - 1)
        if not len(rows):
            return bool(len(hit))
        changes = there & (history.key[found] == key) & (history.time[found] == time[hit])
        return not changes.all()

    def _wrong_recoveries(self, failed: NDArray[np.float64]) -> Iterator[str]:
        """Whether instances fail that were not drawn to, or recover at another time."""
        history, layout = self._history, self._layout
        causes = [layout.actor("failures"), *layout.failures_of_domains.numbers]
        rows = np.flatnonzero((history.status == RESTARTING) & np.isin(history.cause, causes))
        first = rows[history.was[rows] != RESTARTING]
        instance = history.replication[first] * layout.instances + history.member[first]
        _, goes_on, by_build = self._next(first, history.cause[first])
        goes_on |= by_build
        due = {(who, when, by): set[float]() for who, when, by, _ in failed.tolist()}
        for who, when, by, back in failed.tolist():
            due[who, when, by].add(back)
        columns = (instance, history.time[first], history.cause[first], history.until[first])
        for who, when, by, until, on in zip(
            *(column.tolist() for column in (*columns, goes_on)), strict=True
        ):
            back = due.get((who, when, by))
            if back is None:
                yield "an instance failed that was not drawn to fail"
                return
            late = until > max(back) and max(back) <= self._stack.horizon
            if late or (on and until not in back):
                yield "an instance did not recover in the time that was drawn for it"
                return
