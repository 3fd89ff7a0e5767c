"""What a stack of logs tells of rollouts: their deployments, their turns, whom those took, who is
up to date.

A turn is a row by which an update domain is updating; its cause is the upgrade whose turn it is.
Metrics, what `status` shows and the audit read it here.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sim.core.log import ROLLING_BACK, UPGRADE
from sim.core.stack import first_of_each, next_of_each
from sim.systems.base.targets import Group, Targets, share
from sim.systems.cloud_service.requests import GuestOsUpdate, HostOsUpdate, UpgradeDeployment
from sim.systems.cloud_service.states import (
    BUSY,
    LOCKED,
    PRODUCTION,
    READY,
    SLOW,
    STAGED,
    STAGING,
    STARTING_VM,
    STOPPING_ROLE,
    UPDATING,
    WIDTH,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sim.core.stack import Stack
    from sim.systems.cloud_service.layout import Layout

# Rollouts, and whom they took ---------------------------------------------------------------------


def deployments(layout: Layout, stack: Stack) -> NDArray[np.int64]:
    """The deployment of each upgrade, shape (replications, upgrades); -1 of one that never began.

    0 is the one that began in production, 1 in staging: the one that a user's upgrade locks; that a
    swap brings into production; that is in production when an update of the platform begins.
    """
    found = np.full((stack.replications, len(layout.upgrades)), -1)
    # The rows of deployments say it, not the requests: what a slot holds hangs on swaps before.
    block = layout.deployments
    mine = stack.about(block.first, block.count)
    comes = (stack.old == STAGING) & (stack.new == PRODUCTION)
    first, count = layout.first_upgrade + layout.rollouts, layout.platform_updates
    begins = np.flatnonzero(stack.about(first, count) & (stack.old == 0))
    swaps = np.flatnonzero(mine & comes)
    before = np.searchsorted(swaps, begins)
    before -= np.searchsorted(swaps, stack.start[stack.replication[begins]])
    found[stack.replication[begins], stack.subject[begins] - layout.first_upgrade] = before % 2
    rows = np.flatnonzero(mine & ((stack.new > LOCKED) | comes))
    found[stack.replication[rows], stack.cause[rows] - layout.first_upgrade] = (
        stack.subject[rows] - block.first
    )
    return found


def accepted(layout: Layout, stack: Stack) -> NDArray[np.float64]:
    """When each rollout began, shape (replications, rollouts); -inf where it never did."""
    first = layout.first_upgrade
    began = np.full((stack.replications, layout.rollouts), -np.inf)
    rows = np.flatnonzero(stack.about(first, layout.rollouts) & (stack.old == 0))
    began[stack.replication[rows], stack.subject[rows] - first] = stack.time[rows]
    return began


def taken(layout: Layout, stack: Stack) -> tuple[NDArray[np.intp], NDArray[np.int32]]:
    """The rows of a stack by which a turn takes an instance, with the upgrade whose turn it is.

    Such a row's cause is an update domain, and the domain's own row of that instant names the
    upgrade. So it is with a restart's steps that take no time, which count too, but for the last:
    who is Ready again at that very instant is not taken by it.
    """
    first, end = layout.first_domain(), layout.first_instance()
    size = layout.instances * layout.slots
    opened = np.flatnonzero(stack.about(first, end - first) & (stack.new == UPDATING))
    by_domain = (stack.cause >= first) & (stack.cause < end)
    ready = np.isin(stack.new % WIDTH % STAGED, (READY, SLOW))
    rows = np.flatnonzero(by_domain & stack.about(end, size) & ~ready)
    if not len(rows):
        return rows, np.zeros(0, np.int32)
    of = stack.replication[rows] * np.int64(stack.subjects.count) + stack.cause[rows]
    domain = opened[last_before(stack.key[opened], opened, of, rows)]
    at_once = stack.time[domain] == stack.time[rows]
    return rows[at_once], stack.cause[domain[at_once]]


def next_time(
    which: NDArray[np.bool_], key: NDArray[np.int64], time: NDArray[np.float64]
) -> NDArray[np.float64]:
    """When after each row the same subject has one of `which`; infinite where it has none.

    Rows, at least one, are by `key` (of a subject in a replication), then time.
    """
    position = np.where(which, np.arange(len(which)), len(which))
    following = np.append(np.minimum.accumulate(position[::-1])[::-1][1:], len(which))
    exists = following < len(which)
    following = np.minimum(following, len(which) - 1)
    return np.where(exists & (key[following] == key), time[following], np.inf)


def last_before(
    key: NDArray[np.int64],
    row: NDArray[np.intp],
    of: NDArray[np.int64],
    at: NDArray[np.intp],
) -> NDArray[np.intp]:
    """The place, in some rows with their keys, of the last one of a key `of` before the row `at`.

    There is at least one row. Where none is before it is the place of another key's, or -1.
    """
    some = key << 32 | row
    order = np.argsort(some)
    place = np.searchsorted(some[order], of << 32 | at) - 1
    found: NDArray[np.intp] = np.where(place >= 0, order[place], -1)
    return found


# Who has the build that is wanted ----------------------------------------------------------------


class Updated(NamedTuple):
    """What became of the builds that the rollouts of a stack asked for, at the horizon."""

    share: dict[tuple[str, str], NDArray[np.float64]]
    """By (role or "", ``updated_share``): members Ready on the build last requested of their role
    in their deployment, rolled back or not, of those that rollouts cover."""
    half_way: NDArray[np.bool_]
    """Whether for some role the build last asked for has been neither brought to all nor taken
    back; shape (replications,). A restart that overtakes its upgrade does neither."""


def updated(layout: Layout, stack: Stack) -> Updated:
    """Who is up to date at the horizon."""
    targets = Targets(stack, layout.targets)
    covered, shares = ~targets.has("initial"), {}
    done, scope = np.zeros((2, stack.replications), np.int64)
    for role, each in enumerate(layout.roles):
        mine = np.zeros((2, stack.replications), np.int64)
        for slot in range(layout.slots):
            group = _anywhere(layout, slot, role)
            version, in_scope = targets.requested[:, group.place], covered[:, [group.place]]
            mine += group.updated(stack, version, in_scope)
        shares[each.name, "updated_share"] = share(*mine)
        done, scope = done + mine[0], scope + mine[1]
    shares["", "updated_share"] = share(done, scope)
    return Updated(shares, np.any(targets.has("requested"), axis=1))


def _anywhere(layout: Layout, slot: int, role: int) -> Group:
    """The instances of a role in a deployment, in whichever slot it is now."""
    place = layout.target(slot, role)
    block = layout.instance_blocks[place]
    codes = np.arange(len(block.states))
    up = np.isin(codes % WIDTH % STAGED, (READY, SLOW))
    return Group(block, place, (codes != 0).astype(np.int64), up.astype(np.int64))


def in_production(layout: Layout, slot: int, role: int) -> Group:
    """The same while the deployment is in production."""
    place = layout.target(slot, role)
    block = layout.instance_blocks[place]
    return Group(block, place, block.weights["present"], block.weights["ready"])


# Turns and instances, for the audit ---------------------------------------------------------------


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
        self.role_of = np.array(layout.role_of)
        """By instance the place of its role."""
        self.role = self.role_of[self.member]
        self.time, self.cause = stack.time[row], stack.cause[row]
        self.old, self.new = stack.old[row], stack.new[row]
        self.status = self.new % WIDTH % STAGED
        self.was = self.old % WIDTH % STAGED

    def body(self, upgrade: int) -> Any:
        """What the operation asks that begins an upgrade."""
        return self.layout.rollout(upgrade).body

    def operation(self, upgrade: int) -> int:
        """The number of that operation."""
        return self.layout.operation_number(self.layout.upgrades[upgrade])

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
        of = self.replication[some] * np.int64(stack.subjects.count) + self.cause[some]
        turn = last_before(stack.key[turns.row], turns.row, of, self.row[some])
        first_status = self._first_status[turns.upgrade[turn], self.role[some]]
        at_once = (turn >= 0) & (turns.time[turn] == self.time[some])
        at_once &= self.status[some] == first_status
        some, turn = some[at_once], turn[at_once]
        begins = first_of_each(self.key[some]) | first_of_each(turn)
        found[some[begins]] = turn[begins]
        return found

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
        return next_of_each(self.key, self.time, np.inf)

    @cached_property
    def settled(self) -> NDArray[np.float64]:
        """When after each row an instance is Ready, gone, or taken by another turn; or never."""
        ready = np.isin(self.status, (READY, SLOW)) | (self.new == 0) | (self.turn >= 0)
        return next_time(ready, self.key, self.time)

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
