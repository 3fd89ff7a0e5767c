"""Series that follow from the states of members: capacity, who is ready, in which state, on what.

Members are the subjects of one kind whose block weighs each state in `capacity` and in `ready`.
"""

from __future__ import annotations

from functools import cache, partial
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from sim.core.stack import Stack
from sim.core.timelines import Members

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from numpy.typing import NDArray

    from sim.core.log import Block, Log
    from sim.core.timelines import Timeline


class Series:
    """The series of one run, each over [0, horizon]; what several of them need is made once.

    A series is the method of its name, which takes a group ("" is all) and, where the name has a
    part after a colon, that part. A system derives its own and adds to `names`.
    """

    units: ClassVar[Mapping[str, str]] = {
        "capacity": "share", "available": "0/1", "up_to_date": "share",
    }  # fmt: skip
    """Unit of a series, by its method's name; all others count something."""

    @classmethod
    def unit_of(cls, name: str) -> str:
        """The unit of a series, such as ``nodes:idle``."""
        return cls.units.get(name.partition(":")[0], "count")

    def __init__(self, system: str, log: Log, kind: str) -> None:
        """`kind` is that of the members' blocks."""
        self._system, self.stack = system, Stack([log])
        self.blocks = self.stack.subjects.of(system, kind)
        self._members: dict[str, Members] = {}

    def names(self) -> list[tuple[str, str]]:
        """Every (series, group) that the run has."""
        return names_of(self.blocks)

    def timeline(self, series: str, group: str = "") -> Timeline:
        """One of them. KeyError for a series or group that is not there."""
        if (series, group) not in self.names():
            raise KeyError(f"no series {series} of {group}" if group else f"no series {series}")
        kind, _, which = series.partition(":")
        line: Timeline = getattr(self, kind)(*((group, which) if which else (group,)))
        return line

    def timelines(self) -> dict[tuple[str, str], Timeline]:
        """All of them, by (series, group)."""
        return {name: self.timeline(*name) for name in self.names()}

    def members(self, group: str) -> Members:
        """The rows of a group's members, or of all."""
        found = self._members.get(group)
        if found is None:
            blocks = [block for block in self.blocks if group in ("", block.group)]
            found = self._members[group] = Members(self.stack, blocks)
        return found

    def capacity(self, group: str) -> Timeline:
        """Weight in service, as a share of that at time 0."""
        return self.members(group).share("capacity")

    def ready(self, group: str) -> Timeline:
        """Members in service."""
        return self.members(group).series("ready").timeline(0, 1.0, "count")

    def by_state(self, group: str, status: str) -> Timeline:
        """Members in a status."""
        weight = partial(in_statuses, names=(status,))
        return self.members(group).weigh(weight).timeline(0, 1.0, "count")

    def by_version(self, group: str, version: str) -> Timeline:
        """Members in service on a version."""
        weight = partial(on_version, version=version)
        return self.members(group).weigh(weight).timeline(0, 1.0, "count")


def names_of(blocks: Sequence[Block]) -> list[tuple[str, str]]:
    """Every (series, group) that follows from the states of members."""
    groups = dict.fromkeys(block.group for block in blocks if block.group)
    named = [(name, group) for group in ("", *groups) for name in ("capacity", "ready")]
    states = [block.states for block in blocks]
    versions = dict.fromkeys(version for each in states for version in each.versions)
    statuses = dict.fromkeys(status for each in states for status in each.statuses[1:])
    named += [(f"by_version:{version}", "") for version in versions if version]
    return named + [(f"by_state:{status}", "") for status in statuses]


@cache
def parts(width: int, size: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The versions and the statuses of so many codes, where a version takes `width` of them."""
    versions, statuses = np.divmod(np.arange(size), width)
    return versions, statuses


def in_statuses(block: Block, names: Collection[str]) -> NDArray[np.int64]:
    """By code 1 for the statuses called `names`."""
    _, statuses = parts(block.states.width, len(block.states))
    wanted = [place for place, name in enumerate(block.states.statuses) if name in names]
    return np.isin(statuses, wanted).astype(np.int64)


def on_version(block: Block, version: str) -> NDArray[np.int64]:
    """By code 1 for those in service on a version."""
    versions, _ = parts(block.states.width, len(block.states))
    known = block.states.versions
    number = known.index(version) if version in known else -1
    on: NDArray[np.int64] = block.weights["ready"] * (versions == number)
    return on
