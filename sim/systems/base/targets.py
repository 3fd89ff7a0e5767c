"""What a service wants of each group of members: decisions stand in the log like what is.

A target is a subject of kind ``target``, one a group: a role of a deployment, a pool, an extension
on a group of machines. Its state is a status with the version that the members are to have, in the
same numbers as theirs. The service writes a row when what it wants changes, and nothing that runs
afterwards asks what a request would have made it want.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sim.core.log import States
from sim.core.timelines import Members, Timeline, share_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from sim.core.log import Block
    from sim.core.stack import Stack
    from sim.systems.base.context import Context

STATUSES = ("absent", "initial", "kept", "requested", "reached", "rolled_back")
"""What a version is wanted for, in systems whose upgrades cover whole groups: as it is that of
time 0 and nobody asked for any; as a restart keeps it; as an upgrade is to bring it, or has brought
it to all; as a rollback gives it back."""
INITIAL, KEPT, REQUESTED, REACHED, ROLLED_BACK = range(1, len(STATUSES))


def target_states(versions: Sequence[str], statuses: Sequence[str] = STATUSES) -> States:
    """The states of targets; a system may have statuses of its own, such as ``enrolled``."""
    return States(tuple(statuses), tuple(versions))


class Target:
    """What a running service wants of one group."""

    def __init__(self, context: Context, block: Block, place: int = 0) -> None:
        """The subject at a place of its block, in its initial state."""
        self._context, self._subject = context, block.first + place
        self._width = block.states.width
        self._code = int(block.initial[place])

    @property
    def status(self) -> int:
        """Why its version is wanted, as the number of a status."""
        return self._code % self._width

    @property
    def version(self) -> int:
        """The version that the members are to have, by number."""
        return self._code // self._width

    def becomes(self, status: int, version: int, cause: int) -> None:
        """From now on this is wanted, because of the subject `cause`: a row, if it is new."""
        code = version * self._width + status
        if code != self._code:
            self._context.record(self._context.now, self._subject, self._code, code, cause)
            self._code = code


class Spell(NamedTuple):
    """From when on (seconds) what is wanted of a group."""

    since: float
    status: int
    version: int


class Targets:
    """What was wanted by the targets of one block, in each replication of a stack.

    Arrays have shape (replications, targets), unless they say otherwise.
    """

    def __init__(self, stack: Stack, block: Block) -> None:
        self.stack, self.block = stack, block
        self.width = block.states.width
        self._names = {name: number for number, name in enumerate(block.states.statuses)}
        self.row = np.flatnonzero(stack.about(block.first, block.count))
        """The rows about targets, in order of replication and time; shape (rows,)."""
        self.place = stack.subject[self.row] - block.first
        """Of each row's target in the block; shape (rows,)."""
        self.replication = stack.replication[self.row]

    @cached_property
    def final(self) -> NDArray[np.int16]:
        """States at the horizon."""
        block = self.block
        return self.stack.final[:, block.first : block.first + block.count]

    @property
    def status(self) -> NDArray[np.int16]:
        """Statuses at the horizon."""
        return self.final % self.width

    def has(self, status: str) -> NDArray[np.bool_]:
        """Whether the status at the horizon is that of this name."""
        is_it: NDArray[np.bool_] = self.status == self._names.get(status, -1)
        return is_it

    @property
    def version(self) -> NDArray[np.int16]:
        """Versions that are wanted at the horizon, by number."""
        return self.final // self.width

    @cached_property
    def _taken_back(self) -> NDArray[np.intp]:
        """Those of the rows by which a rollback gives a version back; shape (given back,)."""
        taken_back = self._names.get("rolled_back", -1)
        return np.flatnonzero(self.stack.new[self.row] % self.width == taken_back)

    @cached_property
    def requested(self) -> NDArray[np.int16]:
        """Versions last asked for, by number: also where a rollback took them back since."""
        before, back = self.version.copy(), self._taken_back
        # In order of time, so the last one stays.
        before[self.replication[back], self.place[back]] = (
            self.stack.old[self.row[back]] // self.width
        )
        return np.where(self.has("rolled_back"), before, self.version)

    def spells(self, place: int, replication: int = 0) -> list[Spell]:
        """What one target wanted one after the other; what holds for no time is left out."""
        mine = self.row[(self.place == place) & (self.replication == replication)]
        times, codes = self.stack.time[mine].tolist(), self.stack.new[mine].tolist()
        found = {0.0: int(self.block.initial[place])} | dict(zip(times, codes, strict=True))
        return [
            Spell(since, code % self.width, code // self.width) for since, code in found.items()
        ]

    def before(
        self, replication: NDArray[np.intp], place: NDArray[np.int64], row: NDArray[np.intp]
    ) -> NDArray[np.int16]:
        """States of targets just before some rows of the stack; all of shape (asked,)."""
        count = np.int64(self.block.count)
        key = (self.replication * count + self.place) << 32 | self.row
        order = np.argsort(key)
        asked = replication * count + place
        found = np.searchsorted(key[order], asked << 32 | row) - 1
        last = order[np.maximum(found, 0)] if len(order) else np.zeros(len(asked), np.intp)
        codes: NDArray[np.int16] = self.block.initial[place].copy()
        if len(order):
            known = (found >= 0) & (key[last] >> 32 == asked)
            codes[known] = self.stack.new[self.row[last[known]]]
        return codes


@dataclass(frozen=True, eq=False)
class Group:
    """Members that have one target."""

    members: Block
    """Their subjects, or some of a block."""
    place: int
    """Of their target in its block."""
    there: NDArray[np.int64]
    """By code 1 for a member that is there, else 0."""
    up: NDArray[np.int64]
    """By code 1 for a member that is back in service, whatever its version, else 0."""

    def _at(self, version: int, _: Block) -> NDArray[np.int64]:
        """By code 1 for a member that is back in service at a version, else 0."""
        on: NDArray[np.int64] = self.up * (self._versions == version)
        return on

    @property
    def _versions(self) -> NDArray[np.int64]:
        return np.arange(len(self.members.states)) // self.members.states.width

    def updated(
        self, stack: Stack, version: NDArray[np.int16], scope: NDArray[np.bool_]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """How many members are up to date at the horizon, and of how many; shape (replications,).

        `version` is what they are to have, shape (replications,); `scope` says which of those that
        are there count, of a shape that broadcasts to (replications, members).
        """
        codes = stack.final[:, self.members.first : self.members.first + self.members.count]
        scope = scope & (self.there[codes] > 0)
        done = scope & (self.up[codes] > 0) & (self._versions[codes] == version[:, None])
        return done.sum(axis=1), scope.sum(axis=1)

    def up_to_date(self, targets: Targets) -> tuple[Timeline, Timeline]:
        """How many members are at what is wanted of them at the time, and how many there are, over
        time in the first replication.
        """
        members, spells = Members(targets.stack, [self.members]), targets.spells(self.place)
        times = np.array([spell.since for spell in spells])
        there = members.weigh(lambda _: self.there).timeline(0)
        done = None
        for version in dict.fromkeys(spell.version for spell in spells):
            holds = np.array([float(spell.version == version) for spell in spells])
            wanted = Timeline(times, holds, there.end)
            line = members.weigh(partial(self._at, version)).timeline(0)
            line = line.combine(wanted, np.multiply)
            done = line if done is None else done.combine(line, np.add)
        assert done is not None
        return done, there


def share(done: NDArray[np.int64], scope: NDArray[np.int64]) -> NDArray[np.float64]:
    """A part of what is in scope; of nothing it is 0."""
    part: NDArray[np.float64] = done / np.maximum(scope, 1)
    return part


def up_to_date(targets: Targets, groups: Sequence[Group]) -> Timeline:
    """The share of the members of some groups that are at what is wanted of them, over time, in
    the first replication.
    """
    done, there = groups[0].up_to_date(targets)
    for group in groups[1:]:
        also, more = group.up_to_date(targets)
        done, there = done.combine(also, np.add), there.combine(more, np.add)
    return share_of(done, there).simplified()
