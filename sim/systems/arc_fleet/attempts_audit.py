"""Whether attempts on machines went as they were drawn: how long, how judged, how often, how soon.

Nothing stops what is under way, so an attempt's rows follow from its draws, which are drawn again.
A draw belongs to the operation that the attempt is for and to its number for machine and operation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sim.core.random_streams import Again
from sim.core.stack import first_of_each, next_of_each
from sim.systems.arc_fleet.requests import AlwaysUnhealthy, PublishExtension
from sim.systems.arc_fleet.states import (
    BACKING_OFF,
    CURRENT,
    FAILED,
    INSTALLING,
    ROLLING_BACK,
    UNHEALTHY,
    WAITING,
    WATCHING,
    WIDTH,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from sim.systems.arc_fleet.history import Changes
    from sim.systems.arc_fleet.scopes import Scopes

    Rows = tuple[NDArray[Any], ...]


class Attempts(NamedTuple):
    """Those of an extension, by replication, machine, time; columns of shape (attempts,)."""

    row: NDArray[np.intp]
    """The place in the history of the row that begins it."""
    replication: NDArray[np.intp]
    machine: NDArray[np.int64]
    time: NDArray[np.float64]
    cause: NDArray[np.int32]
    number: NDArray[np.int64]
    """Counted from 0 for the machine and the cause."""
    again: NDArray[np.bool_]
    """Whether it has no former version to go back to."""

    def of(self, chosen: NDArray[np.intp]) -> Attempts:
        """Some of them."""
        columns: tuple[NDArray[Any], ...] = self
        return Attempts(*(column[chosen] for column in columns))


def broken_rules(scopes: Scopes, place: int, history: Changes) -> Iterator[str]:
    """The rules that the attempts of an extension break; `history` is that of its machines."""
    yield from _Drawn(scopes, place, history).broken_rules()


class _Drawn:
    """The attempts of one extension beside what was drawn for them."""

    def __init__(self, scopes: Scopes, place: int, history: Changes) -> None:
        self._scopes, self._place, self._history = scopes, place, history
        layout = scopes.layout
        self._each = layout.extensions[place]
        self._spec = layout.on[self._each.group]
        self._where = f"{layout.name}/{self._each.group}/{self._each.type}"
        self._again = Again(scopes.stack.seed, scopes.stack.numbers)
        self._horizon = scopes.stack.horizon
        self._key = scopes.stack.key[history.row]
        """By row a number for its machine in its replication."""
        self._until = next_of_each(self._key, history.time, np.inf)
        """When the same machine's extension changes next; infinite where it does not."""
        self._attempts = self._begun()

    def _begun(self) -> Attempts:
        """Every attempt that was begun."""
        history, row = self._history, self._history.attempts
        key, cause = self._key[row], history.cause[row]
        # A stable sort runs through what is nearly in order.
        order = np.argsort(key * (int(cause.max(initial=0)) + 1) + cause, kind="stable")
        begins = first_of_each(key[order]) | first_of_each(cause[order])
        number = np.empty(len(row), np.int64)
        number[order] = _counted(begins)
        again = np.isin(history.old[row] % WIDTH, (0, FAILED))
        where = history.replication[row], history.machine[row], history.time[row]
        return Attempts(row, *where, cause, number, again)

    def broken_rules(self) -> Iterator[str]:
        """Each in words, along the course of an attempt."""
        history, attempts = self._history, self._attempts
        if not len(attempts.row):
            return
        layout, cause = self._scopes.layout, attempts.cause
        end = layout.first_upgrade + layout.rollouts
        if ((cause < layout.first_operation) | (cause >= end)).any():
            yield "an installation began that no operation asked for"
            return
        at = attempts.time + self._times("install", self._spec.install)
        if self._differ(attempts.row, at):
            yield "an installation did not take the time that was drawn for it"
            return
        chosen = np.flatnonzero(at <= self._horizon)
        attempts = self._attempts = attempts.of(chosen)
        at, judged = at[chosen], attempts.row + 1
        if not self._brings_what_was_asked(judged):
            yield "an installation brought another version than was asked for"
        watched, unhealthy = self._verdicts(judged)
        if (history.status[judged] != np.where(unhealthy, UNHEALTHY, WATCHING)).any():
            yield "a machine was not found healthy or unhealthy as was drawn"
            return
        at = at + watched
        if self._differ(judged, at):
            yield "a health verdict did not fall when it was due"
            return
        yield from self._after_the_verdict(judged + 1, at, unhealthy)

    def _after_the_verdict(
        self, row: NDArray[np.intp], at: NDArray[np.float64], unhealthy: NDArray[np.bool_]
    ) -> Iterator[str]:
        """`row` is that of the verdict, where it falls by the horizon."""
        history, fell = self._history, at <= self._horizon
        again = self._attempts.again
        due = np.where(unhealthy, np.where(again, FAILED, ROLLING_BACK), CURRENT)
        if (history.status[row[fell]] != due[fell]).any():
            yield "a health verdict had no consequence, or another one"
            return
        chosen = np.flatnonzero(fell & unhealthy & ~again)
        self._attempts = self._attempts.of(chosen)
        row, at = row[chosen], at[chosen] + self._times("rollback", self._spec.rollback)
        if self._differ(row, at):
            yield "a rollback did not take the time that was drawn for it"
            return
        chosen = np.flatnonzero(at <= self._horizon)
        self._attempts = self._attempts.of(chosen)
        row, at = row[chosen] + 1, at[chosen]
        status, version = history.status[row], history.new[row] // WIDTH
        fails = self._happens("rollback_fails", self._spec.rollback_fails)
        stays = version == history.old[row] // WIDTH
        former = history.old[self._attempts.row] // WIDTH
        if (fails & ~((status == FAILED) & stays)).any() or (~fails & (version != former)).any():
            yield "a rollback did not fail or succeed as was drawn"
            return
        if ((status == FAILED) != (fails | self._was_last(row, fails))).any():
            yield "attempts did not end with `max_attempts`"
        gives_up = (status == CURRENT) & self._released(self._attempts.cause)
        if (gives_up & self._enrolled(at)).any():
            yield "an enrolled extension was not tried again after a rollback"
        yield from self._wrong_retries(row, at, np.flatnonzero(status == BACKING_OFF))

    def _wrong_retries(
        self, row: NDArray[np.intp], at: NDArray[np.float64], chosen: NDArray[np.intp]
    ) -> Iterator[str]:
        """Whether what backs off is tried again too early, or not when it is due."""
        history = self._history
        self._attempts = self._attempts.of(chosen)
        row, due = row[chosen], at[chosen] + self._times("retry_after", self._spec.retry_after)
        leaves = self._until[row]
        late = (leaves > due) & (due <= self._horizon)
        goes = np.flatnonzero(leaves < due)
        after = row[goes] + 1
        again = np.isin(history.status[after], (WAITING, INSTALLING))
        early = again & (history.cause[after] == self._attempts.cause[goes])
        if late.any() or early.any():
            yield "a retry did not come when it was due"

    # What was drawn.

    def _rows(self) -> Rows:
        attempts = self._attempts
        return attempts.replication, attempts.machine, attempts.number

    def _times(self, purpose: str, distribution: Any) -> NDArray[np.float64]:
        """What was drawn for each attempt, seconds."""
        drawn = np.zeros(len(self._attempts.row))
        self._fill(drawn, self._again.times, purpose, distribution)
        return drawn

    def _happens(self, purpose: str, share: float) -> NDArray[np.bool_]:
        drawn = np.zeros(len(self._attempts.row), bool)
        self._fill(drawn, self._again.happens, purpose, share)
        return drawn

    def _fill(
        self, drawn: NDArray[Any], draw: Callable[[str, Any, Rows], Any], purpose: str, law: Any
    ) -> None:
        rows = self._rows()
        for cause, mine in self._parts():
            path = f"{self._where}/{purpose}/{self._reason(cause)}"
            drawn[mine] = draw(path, law, tuple(column[mine] for column in rows))

    def _parts(self) -> Iterator[tuple[int, NDArray[np.intp]]]:
        """Each cause with its attempts."""
        causes = self._attempts.cause
        for cause in np.unique(causes).tolist():
            yield cause, np.flatnonzero(causes == cause)

    def _operation(self, cause: int) -> int:
        """The number of the operation that a cause stands for."""
        layout = self._scopes.layout
        if cause >= layout.first_upgrade:
            return layout.operation_number(layout.upgrades[cause - layout.first_upgrade])
        return cause - layout.first_operation

    def _reason(self, cause: int) -> str:
        return self._scopes.layout.operations[self._operation(cause)]

    def _released(self, cause: NDArray[np.int32]) -> NDArray[np.bool_]:
        """Whether it is a release, of which alone there may be several attempts."""
        return self._scopes.is_release[cause]

    def _verdicts(self, judged: NDArray[np.intp]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """Seconds from the installation to the verdict, and whether that is unhealthy."""
        window, unhealthy = self._spec.health_window, self._unhealthy(judged)
        if self._spec.verdict != "early":
            return np.full(len(judged), window), unhealthy
        healthy_after = self._times("healthy_after", self._spec.healthy_after)
        unhealthy |= healthy_after > window
        return np.where(unhealthy, window, healthy_after), unhealthy

    def _unhealthy(self, judged: NDArray[np.intp]) -> NDArray[np.bool_]:
        versions, rows = self._history.new[judged] // WIDTH, self._rows()
        unhealthy = np.zeros(len(judged), bool)
        for cause, mine in self._parts():
            for version in np.unique(versions[mine]).tolist():
                first = self._first_release(version, self._operation(cause))
                these = mine[versions[mine] == version]
                releases = first[self._attempts.replication[these]]
                for release in np.unique(releases).tolist():
                    chosen = these[releases == release]
                    part = tuple(column[chosen] for column in rows)
                    unhealthy[chosen] = self._bad(release, self._reason(cause), part)
        return unhealthy

    def _first_release(self, version: int, before: int) -> NDArray[np.int64]:
        """By replication the operation that first released a version when another came; or -1."""
        scopes, each = self._scopes, self._each
        accepted = scopes.accepted
        first = np.full(len(accepted), -1)
        when = np.full(len(accepted), np.inf)
        for number, operation in enumerate(scopes.layout.requests):
            body = operation.body
            if not isinstance(body, PublishExtension):
                continue
            if not each.is_named(body.type, body.publisher) or each.number(body.version) != version:
                continue
            at, limit = accepted[:, number], accepted[:, before]
            came = (at <= limit) if number <= before else (at < limit)
            newer = came & (at < when)
            first[newer], when[newer] = number, at[newer]
        return first

    def _bad(self, release: int, reason: str, rows: Rows) -> NDArray[np.bool_]:
        """Whether attempts end unhealthy, of a version that an operation released, or none."""
        body: Any = self._scopes.layout.requests[release].body if release >= 0 else None
        law = self._spec.unhealthy if body is None or body.unhealthy is None else body.unhealthy
        if not isinstance(law, AlwaysUnhealthy):
            return self._again.happens(f"{self._where}/unhealthy/{reason}", law, rows)
        is_on_all = law.is_on_all(self._each.group, self._spec.groups[self._each.group].os)
        if is_on_all is not None:
            return np.full(len(rows[0]), is_on_all)
        name = self._scopes.layout.operations[release]
        path = f"{self._where}/always_unhealthy/{name}"
        first = np.zeros(len(rows[0]), np.int64)
        return self._again.happens(path, law.machines or 0.0, (*rows[:2], first))

    # What the log says.

    def _differ(self, row: NDArray[np.intp], due: NDArray[np.float64]) -> bool:
        """Whether the row after one does not come when it is due; beyond the horizon is never."""
        expected = np.where(due <= self._horizon, due, np.inf)
        return bool((self._until[row] != expected).any())

    def _brings_what_was_asked(self, judged: NDArray[np.intp]) -> bool:
        layout = self._scopes.layout
        versions = self._history.new[judged] // WIDTH
        for cause, mine in self._parts():
            if cause >= layout.first_upgrade:
                wanted = self._scopes.version(cause - layout.first_upgrade, self._place)
                if (versions[mine] != wanted[self._attempts.replication[mine]]).any():
                    return False
        return True

    def _was_last(self, row: NDArray[np.intp], fails: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Whether a release that is rolled back had failed as often as it may.

        Failures are counted again after a success, and for another release.
        """
        most = self._spec.max_attempts
        if most is None:
            return np.zeros(len(row), bool)
        history, released = self._history, self._released(self._attempts.cause)
        good = (history.status == CURRENT) & (history.old % WIDTH == WATCHING)
        bad = np.zeros(len(good), bool)
        bad[row[released & ~fails]] = True
        places = np.flatnonzero(good | bad)
        key, cause, failed = self._key[places], history.cause[places], bad[places]
        begins = first_of_each(key) | first_of_each(cause) | ~failed
        begins[1:] |= ~failed[:-1]
        count = np.zeros(len(good), np.int64)
        count[places] = _counted(begins) + 1
        return released & ~fails & (count[row] >= most)

    def _enrolled(self, at: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Whether it is enrolled at an instant whatever comes first then."""
        replication = self._attempts.replication
        before = self._scopes.enrolled(self._place, replication, at, 0)
        return before & self._scopes.enrolled(self._place, replication, at)


def _counted(begins: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Numbers from 0 on, again at each place that begins a series."""
    every = np.arange(len(begins))
    return every - np.maximum.accumulate(np.where(begins, every, 0))
