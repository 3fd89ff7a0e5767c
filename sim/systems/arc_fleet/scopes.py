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
from sim.systems.arc_fleet.covering import came_before, covered_codes
from sim.systems.arc_fleet.defaults import first_versions, groups_with
from sim.systems.arc_fleet.requests import (
    PublishExtension,
    PutExtension,
    SetAutomaticUpgrade,
    UpgradeExtensions,
)
from sim.systems.arc_fleet.states import CURRENT, WIDTH
from sim.systems.arc_fleet.versions import installed_as

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from sim.core.log import Block, Stack
    from sim.systems.arc_fleet.layout import ExtensionLayout
    from sim.systems.arc_fleet.model import Model

NEVER = np.inf
"""When something happens that does not happen."""


class Changes(NamedTuple):
    """The rows of a stack about one extension, each column of shape (rows,), in order of time."""

    row: NDArray[np.intp]
    """The place in the stack."""
    replication: NDArray[np.intp]
    machine: NDArray[np.int64]
    """The number within the group of machines."""
    time: NDArray[np.float64]
    old: NDArray[np.int16]
    new: NDArray[np.int16]
    cause: NDArray[np.int32]


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

    def __init__(self, model: Model, stack: Stack) -> None:
        self.layout, self.stack = model.layout, stack
        self.operations = model.operations
        self._numbers = [self.layout.operations.index(name) for name in self.layout.upgrades]
        self._scopes: dict[tuple[int, int], Scope] = {}
        self._versions: dict[tuple[int, int], NDArray[np.int64]] = {}
        self._changes: dict[int, Changes] = {}

    def changes(self, place: int) -> Changes:
        """The rows about an extension."""
        found = self._changes.get(place)
        if found is None:
            stack, each = self.stack, self.layout.extensions[place]
            rows = np.flatnonzero(stack.about(each.first, each.count))
            found = self._changes[place] = Changes(
                rows,
                stack.replication[rows],
                stack.subject[rows] - each.first,
                stack.time[rows],
                stack.old[rows],
                stack.new[rows],
                stack.cause[rows],
            )
        return found

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
        return self.operations[self._numbers[rollout]].body

    def asked_at(self, rollout: int) -> NDArray[np.float64]:
        """When the operation that may begin a rollout was accepted, shape (replications,)."""
        at: NDArray[np.float64] = self.accepted[:, self._numbers[rollout]]
        return at

    def is_published(self, rollout: int) -> bool:
        """Whether a rollout is a publisher's release, not an operator's push."""
        return isinstance(self.body(rollout), PublishExtension)

    def asked(self, kind: str) -> list[int]:
        """The rollouts that ask for a version of a type."""
        places = self.places(kind)
        return [
            rollout
            for rollout in range(self.layout.rollouts)
            if any(self._written(rollout, place) for place in places)
        ]

    def places(self, kind: str) -> list[int]:
        """The extensions of a type, one for each group of machines; of all types where empty."""
        every = enumerate(self.layout.extensions)
        return [place for place, each in every if kind in ("", each.type)]

    def _written(self, rollout: int, place: int) -> str | None:
        """The version that a rollout asks for an extension, as written; None where it does not."""
        each, body = self.layout.extensions[place], self.body(rollout)
        if isinstance(body, PublishExtension):
            return body.version if each.is_named(body.type, body.publisher) else None
        if body.group not in (None, each.group):
            return None
        targets = {name.lower(): version for name, version in body.targets.items()}
        return targets.get(each.name.lower())

    # Who is enrolled, who is covered.

    def enrolled(
        self,
        place: int,
        replication: NDArray[np.intp],
        when: NDArray[np.float64],
        before: int | None = None,
    ) -> NDArray[np.bool_]:
        """Whether an extension upgrades itself at the instants `when` of replications.

        What is asked at the instant itself counts, `before` an operation only what comes before it.
        """
        each = self.layout.extensions[place]
        initially = each.written is not None and each.written.enable_automatic_upgrade
        state, latest = np.full(len(when), initially), np.full(len(when), -np.inf)
        for number, operation in enumerate(self.operations):
            value = self._enrols(operation.body, each)
            if value is None:
                continue
            at = self.accepted[replication, number]
            newest = _is_past(at, when, number, before) & (at >= latest)
            state[newest], latest[newest] = value, at[newest]
        return state

    def naming(self, place: int) -> list[int]:
        """The operations, by number, that name an extension, for whatever they ask."""
        each, found = self.layout.extensions[place], []
        for number, operation in enumerate(self.operations):
            body: Any = operation.body
            if isinstance(body, UpgradeExtensions):
                named = each.name.lower() in {target.lower() for target in body.targets}
                named &= body.group in (None, each.group)
            else:
                group = getattr(body, "group", None)
                named = each.is_named(body.type, body.publisher, group)
            found += [number] if named else []
        return found

    def opt_outs(self, place: int) -> list[int]:
        """The operations, by number, that end the enrolment of an extension."""
        each, numbered = self.layout.extensions[place], enumerate(self.operations)
        return [number for number, one in numbered if self._enrols(one.body, each) is False]

    def _enrols(self, body: Any, each: ExtensionLayout) -> bool | None:
        """Whether a request lets an extension upgrade itself; None where it does not say."""
        if isinstance(body, SetAutomaticUpgrade):
            return body.enabled if each.is_named(body.type, body.publisher, body.group) else None
        if isinstance(body, PutExtension) and each.is_named(body.type, body.publisher):
            asked = each.group in groups_with(body, self.layout.spec.groups)
            return body.enable_automatic_upgrade if asked else None
        return None

    def scope(self, rollout: int, place: int) -> Scope | None:
        """Whom a rollout covers; None where it does not ask for the extension."""
        if self._written(rollout, place) is None:
            return None
        if (rollout, place) not in self._scopes:
            self._scopes[rollout, place] = self._scope(rollout, place)
        return self._scopes[rollout, place]

    def _scope(self, rollout: int, place: int) -> Scope:
        each, since = self.layout.extensions[place], self.began[:, rollout]
        version = self.version(rollout, place)
        codes = self._codes_before(rollout, place)
        release = self._written(rollout, place) if self.is_published(rollout) else None
        members = covered_codes(each, release)[codes] & (since < NEVER)[:, None]
        if release is not None:
            every = np.arange(len(since))
            members &= self.enrolled(place, every, since, self._numbers[rollout])[:, None]
        return Scope(since, version * WIDTH + CURRENT, members)

    def version(self, rollout: int, place: int) -> NDArray[np.int64]:
        """The version that a rollout brings, by number: a push takes the newest release known."""
        if (rollout, place) not in self._versions:
            self._versions[rollout, place] = self._find_version(rollout, place)
        return self._versions[rollout, place]

    def _find_version(self, rollout: int, place: int) -> NDArray[np.int64]:
        each, written = self.layout.extensions[place], self._written(rollout, place)
        assert written is not None
        since = self.asked_at(rollout)
        if self.is_published(rollout):
            return np.full(len(since), each.number(written))
        numbers = np.empty(len(since), np.int64)
        for replication, when in enumerate(since.tolist()):
            known = self.releases(place, replication, when, self._numbers[rollout])
            known += first_versions(each.publisher, each.type, self.layout.spec)
            numbers[replication] = each.number(installed_as(written, known))
        return numbers

    def releases(
        self, place: int, replication: int, when: float, before: int | None = None
    ) -> list[str]:
        """The versions of an extension that are published by `when`, in the file's order.

        At that instant itself `before` an operation only what comes before it.
        """
        each, accepted = self.layout.extensions[place], self.accepted[replication]
        return [
            operation.body.version
            for number, operation in enumerate(self.operations)
            if isinstance(operation.body, PublishExtension)
            and each.is_named(operation.body.type, operation.body.publisher)
            and _is_past(accepted[number], when, number, before)
        ]

    def _codes_before(self, rollout: int, place: int) -> NDArray[np.int16]:
        """States when a rollout began, before it did anything; shape (replications, machines)."""
        each, rows = self.layout.extensions[place], self.changes(place)
        shape = self.stack.replications, each.count
        codes = np.full(shape, self.initial(place), np.int16)
        since = self.began[rows.replication, rollout]
        operation = self.layout.first_operation + self._numbers[rollout]
        first = self.layout.first_upgrade
        past = came_before(rows.time, rows.cause, since, operation, first + rollout, first)
        codes[rows.replication[past], rows.machine[past]] = rows.new[past]
        return codes

    def requested(self, place: int) -> Scope | None:
        """Whom the rollouts cover that asked for the version last requested of a type.

        Its `since` is the first time that this version was published or pushed, whether that began
        a rollout or not. None where nothing asks for the type.
        """
        rollouts = self.asked(self.layout.extensions[place].type)
        if not rollouts:
            return None
        last = self.last(rollouts)
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
            if each.name == name and self._written(rollout, place) is not None:
                return self.version(rollout, place)
        return None

    def last(self, rollouts: Sequence[int]) -> NDArray[np.intp]:
        """Which of some rollouts began last, shape (replications,); any where none did."""
        began = np.where(self.began == NEVER, -np.inf, self.began)[:, rollouts]
        place = len(rollouts) - 1 - np.argmax(began[:, ::-1], axis=1)
        last: NDArray[np.intp] = np.array(rollouts)[place]
        return last

    def together(self, rollout: int, place: int) -> Scope:
        """Whom a rollout covers, with those covered before it for the same version.

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
