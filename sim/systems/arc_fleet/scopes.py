"""Whom a fleet's rollouts cover: who was enrolled when, who is to have which version since when.

A release covers the extensions that are enrolled when it is published and have a lower version of
the same major; a push by `upgrade_extensions` covers those that it names and that are there. What
covers nobody begins no rollout.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sim.core.log import ASKED, OPERATION
from sim.systems.arc_fleet.layout import is_meant
from sim.systems.arc_fleet.requests import PublishExtension
from sim.systems.arc_fleet.states import (
    CURRENT,
    ENROLLED,
    INSTALLING,
    NOT_ENROLLED,
    TARGET_WIDTH,
    WIDTH,
)
from sim.systems.arc_fleet.versions import upgrades, version_key
from sim.systems.base.targets import Targets

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from sim.core.log import Block, Stack
    from sim.systems.arc_fleet.layout import ExtensionLayout, FleetLayout

NEVER = np.inf
"""When something happens that does not happen."""


class Wanted(NamedTuple):
    """What an operation made the service want of an extension."""

    operation: int
    """Its number."""
    at: NDArray[np.float64]
    """When, shape (replications,), seconds; `NEVER` where it changed nothing."""
    state: NDArray[np.int64]
    """The state of what is wanted from then on, shape (replications,)."""


class Changes(NamedTuple):
    """The rows of a stack about one extension, each column of shape (rows,)."""

    row: NDArray[np.intp]
    """The place in the stack."""
    replication: NDArray[np.intp]
    machine: NDArray[np.int64]
    """The number within the group of machines."""
    time: NDArray[np.float64]
    old: NDArray[np.int16]
    new: NDArray[np.int16]
    cause: NDArray[np.int32]

    @property
    def status(self) -> NDArray[np.int16]:
        """The status that each row brings, as its number."""
        return self.new % WIDTH

    @property
    def attempts(self) -> NDArray[np.intp]:
        """Those by which an installation begins, whatever asks for it; shape (attempts,)."""
        return np.flatnonzero(self.status == INSTALLING)


@dataclass(frozen=True, eq=False)
class Scope:
    """Whom a rollout wants at which version, of one extension of one group of machines."""

    since: NDArray[np.float64]
    """When it began, shape (replications,), seconds; `NEVER` where it did not."""
    target: NDArray[np.int64]
    """The state of one that is up to date, shape (replications,)."""
    members: NDArray[np.bool_]
    """Who is in scope, shape (replications, machines)."""


class Scopes:
    """Whom the rollouts of one fleet cover in each replication of a stack.

    Extensions and rollouts are given by their places in the layout's lists.
    """

    def __init__(self, layout: FleetLayout, stack: Stack) -> None:
        self.layout, self.stack = layout, stack
        self._numbers = [layout.operation_number(name) for name in layout.upgrades]
        self._scopes: dict[tuple[int, int], Scope] = {}
        self._versions: dict[tuple[int, int], NDArray[np.int64]] = {}
        self._changes: dict[int, Changes] = {}
        self._targets: dict[int, list[Wanted]] = {}

    def changes(self, place: int) -> Changes:
        """The rows about an extension, by replication and time."""
        if place not in self._changes:
            each = self.layout.extensions[place]
            rows = np.flatnonzero(self.stack.about(each.first, each.count))
            self._changes[place] = self._rows(each, rows)
        return self._changes[place]

    def history(self, place: int) -> Changes:
        """The same by replication, machine and time."""
        each = self.layout.extensions[place]
        return self._rows(each, self.stack.histories(each.first, each.count))

    def _rows(self, each: ExtensionLayout, rows: NDArray[np.intp]) -> Changes:
        stack = self.stack
        return Changes(
            rows,
            stack.replication[rows],
            stack.subject[rows] - each.first,
            stack.time[rows],
            stack.old[rows],
            stack.new[rows],
            stack.cause[rows],
        )

    def block(self, each: ExtensionLayout) -> Block:
        """The block of an extension's subjects."""
        return self.stack.subjects.block_of(each.first)

    def blocks(self, kind: str) -> list[Block]:
        """The blocks of a type, or of all types where empty."""
        return [self.block(self.layout.extensions[place]) for place in self.places(kind)]

    def initial(self, place: int) -> int:
        """The state of an extension at time 0."""
        return self.layout.extensions[place].initial_code

    def final(self, place: int) -> NDArray[np.int16]:
        """States of an extension at the horizon, shape (replications, machines)."""
        each = self.layout.extensions[place]
        return self.stack.final[:, each.first : each.first + each.count]

    def since(self, place: int) -> NDArray[np.float64]:
        """When each machine's extension came to its last state, seconds; of the first replication.

        0 for those that never changed.
        """
        rows = self.changes(place)
        since = np.zeros(self.layout.extensions[place].count)
        since[rows.machine] = rows.time  # in order of time: the last one stays
        return since

    # Who asked what, and when.

    @cached_property
    def accepted(self) -> NDArray[np.float64]:
        """When each operation was accepted, shape (replications, operations)."""
        layout = self.layout
        begins = self.stack.new % OPERATION.width == ASKED
        return self._first(layout.first_operation, len(layout.operations), begins)

    @cached_property
    def began(self) -> NDArray[np.float64]:
        """When each rollout began, shape (replications, rollouts)."""
        layout = self.layout
        return self._first(layout.first_upgrade, layout.rollouts, self.stack.old == 0)

    def _first(self, first: int, count: int, which: NDArray[np.bool_]) -> NDArray[np.float64]:
        stack = self.stack
        times = np.full((stack.replications, count), NEVER)
        rows = np.flatnonzero(stack.about(first, count) & which)
        times[stack.replication[rows], stack.subject[rows] - first] = stack.time[rows]
        return times

    def body(self, rollout: int) -> Any:
        """What the operation asks that begins a rollout."""
        return self.layout.requests[self._numbers[rollout]].body

    def asked_at(self, rollout: int) -> NDArray[np.float64]:
        """When the operation that may begin a rollout was accepted, shape (replications,)."""
        at: NDArray[np.float64] = self.accepted[:, self._numbers[rollout]]
        return at

    def is_published(self, rollout: int) -> bool:
        """Whether a rollout is a publisher's release, not an operator's push."""
        return isinstance(self.body(rollout), PublishExtension)

    @cached_property
    def is_release(self) -> NDArray[np.bool_]:
        """By subject whether it is the rollout of a release."""
        found = np.zeros(self.stack.subjects.count, bool)
        for rollout in range(self.layout.rollouts):
            found[self.layout.first_upgrade + rollout] = self.is_published(rollout)
        return found

    def asked(self, kind: str) -> list[int]:
        """The rollouts that ask for a version of a type."""
        places = self.places(kind)
        return [
            rollout
            for rollout in range(self.layout.rollouts)
            if any(self._asks(rollout, place) for place in places)
        ]

    def places(self, kind: str) -> list[int]:
        """The extensions of a type, one for each group of machines, or those on a group; all where
        empty.
        """
        return self.layout.places.get(kind, [])

    def _asks(self, rollout: int, place: int) -> bool:
        """Whether a rollout asks for a version of an extension."""
        return is_meant(self.layout.extensions[place], self.body(rollout), self.layout.spec)

    # What the service wants.

    def wanted(self, place: int) -> list[Wanted]:
        """What operations made the service want of an extension, in the order of the file."""
        found = self._targets.get(place)
        if found is None:
            stack, found = self.stack, []
            targets = Targets(stack, self.layout.extensions[place].target)
            causes = stack.cause[targets.row]
            for cause in np.unique(causes).tolist():
                # An operation changes what is wanted at once, or not at all: one row.
                mine, where = targets.row[causes == cause], targets.replication[causes == cause]
                at, state = np.full(stack.replications, NEVER), np.zeros(stack.replications, int)
                at[where], state[where] = stack.time[mine], stack.new[mine]
                found.append(Wanted(cause - self.layout.first_operation, at, state))
            self._targets[place] = found
        return found

    def target(
        self,
        place: int,
        replication: NDArray[np.intp],
        when: NDArray[np.float64],
        before: int | None = None,
    ) -> NDArray[np.int64]:
        """What the service wants of an extension at the instants `when` of replications: its state.

        What is asked at the instant itself counts, `before` an operation only what comes before it.
        """
        state = np.full(len(when), self.layout.extensions[place].initial_target)
        latest = np.full(len(when), -np.inf)
        for one in self.wanted(place):
            at = one.at[replication]
            newest = _is_past(at, when, one.operation, before) & (at >= latest)
            state[newest], latest[newest] = one.state[replication[newest]], at[newest]
        return state

    def enrolled(
        self,
        place: int,
        replication: NDArray[np.intp],
        when: NDArray[np.float64],
        before: int | None = None,
    ) -> NDArray[np.bool_]:
        """Whether an extension upgrades itself at those instants."""
        states = self.target(place, replication, when, before)
        is_enrolled: NDArray[np.bool_] = states % TARGET_WIDTH == ENROLLED
        return is_enrolled

    def opt_outs(self, place: int) -> list[NDArray[np.float64]]:
        """When operations end the enrolment of an extension, each of shape (replications,)."""
        return [
            np.where(one.state % TARGET_WIDTH == NOT_ENROLLED, one.at, NEVER)
            for one in self.wanted(place)
        ]

    # Who is covered.

    def scope(self, rollout: int, place: int) -> Scope | None:
        """Whom a rollout covers; None where it does not ask for the extension."""
        if not self._asks(rollout, place):
            return None
        if (rollout, place) not in self._scopes:
            self._scopes[rollout, place] = self._scope(rollout, place)
        return self._scopes[rollout, place]

    def covers(self, rollout: int, place: int) -> NDArray[np.bool_]:
        """Whether a rollout covers some machine's extension, shape (replications,)."""
        scope = self.scope(rollout, place)
        if scope is None:
            return np.zeros(self.stack.replications, bool)
        some: NDArray[np.bool_] = scope.members.sum(axis=1) > 0
        return some

    def _scope(self, rollout: int, place: int) -> Scope:
        each, since = self.layout.extensions[place], self.began[:, rollout]
        version = self.version(rollout, place)
        codes = self._codes_before(rollout, place)
        release = self.body(rollout).version if self.is_published(rollout) else None
        members = each.covered(release)[codes] & (since < NEVER)[:, None]
        if release is not None:
            every = np.arange(len(since))
            members &= self.enrolled(place, every, since, self._numbers[rollout])[:, None]
            if self.layout.is_staged:
                members &= self._is_news(rollout, place)[:, None]
        return Scope(since, version * WIDTH + CURRENT, members)

    def _is_news(self, rollout: int, place: int) -> NDArray[np.bool_]:
        """Whether a release is above all that its group got before it, of its major version; by
        replication.
        """
        number, release = self._numbers[rollout], self.body(rollout).version
        each, at, key = self.layout.extensions[place], self.asked_at(rollout), version_key(release)
        news = np.ones(len(at), bool)
        for other, operation in enumerate(self.layout.requests):
            body = operation.body
            if (
                isinstance(body, PublishExtension)
                and is_meant(each, body, self.layout.spec)
                and (version_key(body.version) == key or upgrades(body.version, release))
            ):
                news &= ~_is_past(self.accepted[:, other], at, other, number)
        return news

    def version(self, rollout: int, place: int) -> NDArray[np.int64]:
        """The version that a rollout brings, by number."""
        each, body = self.layout.extensions[place], self.body(rollout)
        if isinstance(body, PublishExtension):
            return np.full(self.stack.replications, each.number(body.version))
        if (rollout, place) not in self._versions:
            self._versions[rollout, place] = self._pushed(rollout, place)
        return self._versions[rollout, place]

    def _pushed(self, rollout: int, place: int) -> NDArray[np.int64]:
        """The version that a push brings, as the service decided: the same on all groups."""
        number = np.full(self.stack.replications, -1)
        for other, each in enumerate(self.layout.extensions):
            if each.name == self.layout.extensions[place].name and self._asks(rollout, other):
                state = self.after(self._numbers[rollout], other)
                number = np.where(state > 0, state // TARGET_WIDTH, number)
        return number

    def after(self, operation: int, place: int) -> NDArray[np.int64]:
        """What the service wants of an extension when it has taken an operation: its state."""
        every = np.arange(self.stack.replications)
        return self.target(place, every, self.accepted[:, operation], operation + 1)

    def _codes_before(self, rollout: int, place: int) -> NDArray[np.int16]:
        """States when a rollout began, before it did anything; shape (replications, machines)."""
        each, rows, layout = self.layout.extensions[place], self.changes(place), self.layout
        shape = self.stack.replications, each.count
        codes = np.full(shape, self.initial(place), np.int16)
        since = self.began[rows.replication, rollout]
        operation = layout.first_operation + self._numbers[rollout]
        upgrade = layout.first_upgrade + rollout
        past = layout.came_before(rows.time, rows.cause, since, operation, upgrade)
        codes[rows.replication[past], rows.machine[past]] = rows.new[past]
        return codes

    def requested(self, place: int, kind: str = "") -> Scope | None:
        """Whom the rollouts cover that asked for the version last requested of a type.

        Its `since` is the first time that this version was published or pushed, whether that began
        a rollout or not. None where nothing asks for the type. Where `kind` is the group of
        machines, it is the version last requested of any of them: what another group is asked to
        have is not for them.
        """
        rollouts = self.asked(self.layout.extensions[place].type)
        if not rollouts:
            return None
        last = self.last(rollouts, place if kind in self.layout.machine_groups else None)
        since, target = np.empty(len(last)), np.empty(len(last), np.int64)
        members = np.empty((len(last), self.layout.extensions[place].count), bool)
        for rollout in np.unique(last).tolist():
            found, here = self.together(rollout, place), last == rollout
            since[here], target[here] = self._first_asked(rollout)[here], found.target[here]
            members[here] = found.members[here]
        return Scope(since, target, members)

    def _first_asked(self, rollout: int) -> NDArray[np.float64]:
        """When the version that a rollout asks for was first published or pushed, anywhere."""
        first = np.full(self.stack.replications, NEVER)
        names = {each.name for each in self.layout.extensions}
        for name in names:
            wanted = self._version_of(rollout, name)
            for other in range(self.layout.rollouts):
                version = self._version_of(other, name)
                if wanted is not None and version is not None:
                    asked = self.asked_at(other)
                    first = np.where((version == wanted) & (asked < first), asked, first)
        return first

    def _version_of(self, rollout: int, name: str) -> NDArray[np.int64] | None:
        """The version that a rollout brings to an extension in any group; None if to none."""
        for place, each in enumerate(self.layout.extensions):
            if each.name == name and self._asks(rollout, place):
                return self.version(rollout, place)
        return None

    def last(self, rollouts: Sequence[int], covers: int | None = None) -> NDArray[np.intp]:
        """Which of some rollouts began last, shape (replications,); any where none did.

        Of those alone that cover some of an extension `covers`, where it is given.
        """
        began = np.where(self.began == NEVER, -np.inf, self.began)[:, rollouts]
        if covers is not None:
            for column, rollout in enumerate(rollouts):
                some = self.covers(rollout, covers)
                began[:, column] = np.where(some, began[:, column], -np.inf)
        place = len(rollouts) - 1 - np.argmax(began[:, ::-1], axis=1)
        last: NDArray[np.intp] = np.array(rollouts)[place]
        return last

    def together(self, rollout: int, place: int) -> Scope:
        """Whom a rollout covers, with those covered before it for the same version.

        What is removed by the horizon is in no scope.
        Of an extension that it does not name these are all: a push to some machines asks for no
        other version on the rest.
        """
        own = self.scope(rollout, place) or self._nobody(rollout, place)
        members = own.members.copy()
        for other in range(self.layout.rollouts):
            scope = None if other == rollout else self.scope(other, place)
            if scope is not None:
                earlier = scope.since <= own.since if other < rollout else scope.since < own.since
                members |= scope.members & (earlier & (scope.target == own.target))[:, None]
        if self.layout.removes:
            members &= self.final(place) != 0
        return Scope(own.since, own.target, members)

    def _nobody(self, rollout: int, place: int) -> Scope:
        """The scope of a rollout that names the same extension on other machines only."""
        each = self.layout.extensions[place]
        named = (
            self.scope(rollout, other)
            for other in self.places(each.type)
            if self.layout.extensions[other].name == each.name
        )
        since = self.began[:, rollout]
        target = next((one.target for one in named if one), np.full(len(since), -1))
        return Scope(since, target, np.zeros((len(since), each.count), bool))


def _is_past(at: Any, when: Any, number: int, before: int | None) -> Any:
    """Whether operation `number`, accepted `at`, came by `when`; then, if `before` another, first.

    Times may be numbers or arrays of them; `NEVER` is never past.
    """
    first = before is None or number < before
    return (at < NEVER) & ((at <= when) if first else (at < when))
