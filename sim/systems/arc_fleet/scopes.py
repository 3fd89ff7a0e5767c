"""Whom a fleet's rollouts cover: who was enrolled when, who is to have which version since when.

A release covers the extensions that are enrolled when it is published and have a lower version of
the same major; a push by `upgrade_extensions` covers those that it names and that are there. What
covers nobody begins no rollout.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sim.systems.arc_fleet.history import NEVER, History, is_past
from sim.systems.arc_fleet.layout import is_meant
from sim.systems.arc_fleet.requests import PublishExtension
from sim.systems.arc_fleet.states import (
    CURRENT,
    TARGET_WIDTH,
    WIDTH,
)
from sim.systems.arc_fleet.versions import upgrades, version_key

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from sim.core.stack import Stack
    from sim.systems.arc_fleet.layout import FleetLayout


@dataclass(frozen=True, eq=False)
class Scope:
    """Whom a rollout wants at which version, of one extension of one group of machines."""

    since: NDArray[np.float64]
    """When it began, shape (replications,), seconds; `NEVER` where it did not."""
    target: NDArray[np.int64]
    """The state of one that is up to date, shape (replications,)."""
    members: NDArray[np.bool_]
    """Who is in scope while it is there, shape (replications, machines)."""


class Scopes(History):
    """Whom the rollouts of one fleet cover in each replication of a stack."""

    def __init__(self, layout: FleetLayout, stack: Stack) -> None:
        super().__init__(layout, stack)
        self._scopes: dict[tuple[int, int], Scope] = {}
        self._versions: dict[tuple[int, int], NDArray[np.int64]] = {}

    def scope(self, rollout: int, place: int) -> Scope | None:
        """Whom a rollout covers; None where it does not ask for the extension."""
        if not self.asks(rollout, place):
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
            members &= self.enrolled(place, every, since, self.numbers[rollout])[:, None]
            if self.layout.is_staged:
                members &= self._is_news(rollout, place)[:, None]
        return Scope(since, version * WIDTH + CURRENT, members)

    def _is_news(self, rollout: int, place: int) -> NDArray[np.bool_]:
        """Whether a release is above all that its group got before it, of its major version; by
        replication.
        """
        number, release = self.numbers[rollout], self.body(rollout).version
        each, at, key = self.layout.extensions[place], self.asked_at(rollout), version_key(release)
        news = np.ones(len(at), bool)
        for other, operation in enumerate(self.layout.requests):
            body = operation.body
            if (
                isinstance(body, PublishExtension)
                and is_meant(each, body, self.layout.spec)
                and (version_key(body.version) == key or upgrades(body.version, release))
            ):
                news &= ~is_past(self.accepted[:, other], at, other, number)
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
            if each.name == self.layout.extensions[place].name and self.asks(rollout, other):
                state = self.after(self.numbers[rollout], other)
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
        operation = layout.first_operation + self.numbers[rollout]
        upgrade = layout.first_upgrade + rollout
        past = layout.came_before(rows.time, rows.cause, since, operation, upgrade)
        codes[rows.replication[past], rows.machine[past]] = rows.new[past]
        return codes

    def requested(self, place: int, kind: str = "") -> Scope | None:
        """Whom the rollouts cover that asked for the version last requested of a type.

        Its `since` is the first time that this version was published or pushed, whether that began
        a rollout or not. None where nothing asks for the type. Where `kind` is the group of
        machines, it is the version last requested of any of them, since it first was: what another
        group is asked to have is not for them, as where a release comes to one after the other.
        """
        rollouts = self.asked(self.layout.extensions[place].type)
        if not rollouts:
            return None
        of_group = place if kind in self.layout.machine_groups else None
        last = self.last(rollouts, of_group)
        since, target = np.empty(len(last)), np.empty(len(last), np.int64)
        members = np.empty((len(last), self.layout.extensions[place].count), bool)
        for rollout in np.unique(last).tolist():
            found, here = self.together(rollout, place), last == rollout
            since[here] = self._first_asked(rollout, of_group)[here]
            target[here] = found.target[here]
            members[here] = found.members[here]
        return Scope(since, target, members)

    def _first_asked(self, rollout: int, of: int | None) -> NDArray[np.float64]:
        """When the version that a rollout asks for was first published or pushed, anywhere.

        For an extension `of` a group of machines, where it is given.
        """
        first = np.full(self.stack.replications, NEVER)
        names = {each.name for each in self.layout.extensions}
        for name in names:
            wanted = self._version_of(rollout, name)
            for other in range(self.layout.rollouts):
                if of is not None and not self.asks(other, of):
                    continue
                version = self._version_of(other, name)
                if wanted is not None and version is not None:
                    asked = self.asked_at(other)
                    first = np.where((version == wanted) & (asked < first), asked, first)
        return first

    def _version_of(self, rollout: int, name: str) -> NDArray[np.int64] | None:
        """The version that a rollout brings to an extension in any group; None if to none."""
        for place, each in enumerate(self.layout.extensions):
            if each.name == name and self.asks(rollout, place):
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
