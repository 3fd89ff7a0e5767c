"""What a stack of logs tells of turns and of the instances that they take, for those who audit it.

A turn is a row by which an update domain is updating; its cause is the upgrade whose turn it is.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sim.core.log import ROLLING_BACK, UPGRADE, first_of_each
from sim.systems.cloud_service.requests import GuestOsUpdate, HostOsUpdate, UpgradeDeployment
from sim.systems.cloud_service.states import (
    BUSY,
    READY,
    SLOW,
    STAGED,
    STARTING_VM,
    STOPPING_ROLE,
    UPDATING,
    WIDTH,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sim.core.log import Stack
    from sim.systems.cloud_service.layout import Layout


class Turns(NamedTuple):
    """Turns in order of the stack; columns of shape (turns,)."""

    row: NDArray[np.intp]
    replication: NDArray[np.intp]
    time: NDArray[np.float64]
    slot: NDArray[np.int64]
    """Of the deployment."""
    domain: NDArray[np.int64]
    upgrade: NDArray[np.int64]
    """By number."""
    rolls_back: NDArray[np.bool_]


class History:
    """The rows of all instances by replication, instance, time; columns of shape (rows,)."""

    def __init__(self, layout: Layout, stack: Stack) -> None:
        self.layout, self.stack = layout, stack
        row = self.row = stack.histories(layout.first_instance(), layout.instances * layout.slots)
        self.key, self.replication = stack.key[row], stack.replication[row]
        number = stack.subject[row] - layout.first_instance()
        self.slot, self.member = np.divmod(number, layout.instances)
        self.number = number
        self.time, self.cause = stack.time[row], stack.cause[row]
        self.old, self.new = stack.old[row], stack.new[row]
        self.status = self.new % WIDTH % STAGED
        self.was = self.old % WIDTH % STAGED
        self.follows = ~first_of_each(self.key)

    def body(self, upgrade: int) -> Any:
        """What the operation asks that begins an upgrade."""
        return self.layout.rollout(upgrade).body

    def operation(self, upgrade: int) -> int:
        """The number of that operation."""
        return self.layout.operations.index(self.layout.upgrades[upgrade])

    def roles(self, upgrade: int) -> NDArray[np.bool_]:
        """By role whether an upgrade covers it."""
        only = getattr(self.body(upgrade), "role_to_upgrade", None)
        return np.array([only in (None, role.name) for role in self.layout.roles])

    def brings(self, upgrade: int) -> int:
        """The build that an upgrade brings, by number; -1 where it keeps each instance's own."""
        body = self.body(upgrade)
        return self.layout.versions[str(body.build)] if isinstance(body, UpgradeDeployment) else -1

    @cached_property
    def rollbacks(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """By replication and upgrade the row of its rollback, and because of whom it came.

        The row is beyond all where there was none.
        """
        stack, layout = self.stack, self.layout
        first, count = layout.first_upgrade, len(layout.upgrades)
        row = np.full((stack.replications, count), len(stack.time))
        cause = np.zeros_like(row)
        begins = stack.about(first, count) & (stack.new % UPGRADE.width == ROLLING_BACK)
        some = np.flatnonzero(begins)[::-1]  # the first one, as a stuck one says so again
        where = stack.replication[some], stack.subject[some] - first
        row[where], cause[where] = some, stack.cause[some]
        return row, cause

    @cached_property
    def turns(self) -> Turns:
        """Every turn that has begun."""
        stack, layout = self.stack, self.layout
        first, count = layout.first_domain(), layout.domains * layout.slots
        row = np.flatnonzero(stack.about(first, count) & (stack.new == UPDATING))
        slot, domain = np.divmod(stack.subject[row] - first, layout.domains)
        replication = stack.replication[row]
        upgrade = stack.cause[row].astype(np.int64) - layout.first_upgrade
        rolls_back = row > self.rollbacks[0][replication, upgrade]
        return Turns(row, replication, stack.time[row], slot, domain, upgrade, rolls_back)

    @cached_property
    def turn(self) -> NDArray[np.int64]:
        """For each row the turn that takes the instance by it; -1 for other rows."""
        stack, layout, turns = self.stack, self.layout, self.turns
        found = np.full(len(self.row), -1)
        first = layout.first_domain()
        some = np.flatnonzero(
            (self.cause >= first) & (self.cause < first + layout.domains * layout.slots)
        )
        if not len(some) or not len(turns.row):
            return found
        count = np.int64(stack.subjects.count)
        opened = stack.key[turns.row] << 32 | turns.row
        order = np.argsort(opened)
        asked = (self.replication[some] * count + self.cause[some]) << 32 | self.row[some]
        place = np.searchsorted(opened[order], asked) - 1
        turn = order[np.maximum(place, 0)]
        first_status = self._first_status[turns.upgrade[turn], self._role[self.member[some]]]
        at_once = (place >= 0) & (turns.time[turn] == self.time[some])
        at_once &= self.status[some] == first_status
        some, turn = some[at_once], turn[at_once]
        begins = first_of_each(self.key[some]) | first_of_each(turn)
        found[some[begins]] = turn[begins]
        return found

    @cached_property
    def _role(self) -> NDArray[np.int64]:
        return np.array(self.layout.role_of)

    @cached_property
    def _first_status(self) -> NDArray[np.int64]:
        """By upgrade and role what an instance does first that is taken."""
        status = np.full((len(self.layout.upgrades), len(self.layout.roles)), BUSY)
        for upgrade in range(len(self.layout.upgrades)):
            body = self.body(upgrade)
            whole = isinstance(body, GuestOsUpdate) and body.duration is not None
            for place, role in enumerate(self.layout.roles):
                if isinstance(body, HostOsUpdate):
                    status[upgrade, place] = STARTING_VM
                elif role.spec.stages is not None and not whole:
                    status[upgrade, place] = STOPPING_ROLE
        return status

    @cached_property
    def until(self) -> NDArray[np.float64]:
        """When the same instance changes next; infinite where it does not."""
        until = np.full(len(self.row), np.inf)
        until[:-1][self.follows[1:]] = self.time[1:][self.follows[1:]]
        return until

    @cached_property
    def settled(self) -> NDArray[np.float64]:
        """When after each row an instance is Ready, gone, or taken by another turn; or never."""
        ready = np.isin(self.status, (READY, SLOW)) | (self.new == 0) | (self.turn >= 0)
        position = np.where(ready, np.arange(len(ready)), len(ready))
        following = np.append(np.minimum.accumulate(position[::-1])[::-1][1:], len(ready))
        exists = following < len(ready)
        following = np.minimum(following, len(ready) - 1)
        same = exists & (self.key[following] == self.key)
        return np.where(same, self.time[following], np.inf)

    def code_before(
        self, replication: NDArray[np.intp], number: NDArray[np.int64], row: NDArray[np.intp]
    ) -> NDArray[np.int16]:
        """What instances were in before some rows of the stack."""
        stack, first = self.stack, self.layout.first_instance()
        code: NDArray[np.int16] = stack.subjects.initial[first + number]
        if not len(self.row):
            return code
        key = replication * np.int64(stack.subjects.count) + first + number
        place = np.searchsorted(self.key << 32 | self.row, key << 32 | row) - 1
        known = (place >= 0) & (self.key[place] == key)
        return np.where(known, self.new[place], code)
