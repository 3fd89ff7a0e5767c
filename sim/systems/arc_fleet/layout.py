"""The numbering of an Arc fleet: its subjects and their weights, fixed by the scenario."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, partial
from operator import itemgetter
from typing import TYPE_CHECKING

import numpy as np

from sim.core.log import UNIT, UPGRADE, Block, States
from sim.systems.arc_fleet.defaults import groups_with
from sim.systems.arc_fleet.rejections import OPERATION_STATES
from sim.systems.arc_fleet.requests import PublishExtension, PutExtension, UpgradeExtensions
from sim.systems.arc_fleet.spec import Extension, identity
from sim.systems.arc_fleet.states import (
    ACTOR,
    ACTORS,
    CONNECTED,
    CONNECTION,
    CURRENT,
    EXTENSION,
    WIDTH,
)
from sim.systems.arc_fleet.versions import ordered, version_key

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from sim.systems.arc_fleet.spec import ArcFleet, MachineGroup
    from sim.systems.base.operation import Operation, Span


MOST_VERSIONS = (np.iinfo(np.int16).max + 1) // WIDTH
"""Of one extension: a state in the log is a number of 16 bits."""


@dataclass(frozen=True)
class GroupLayout:
    """A group of machines."""

    name: str
    spec: MachineGroup
    first: int
    """Number of its first machine in the fleet."""
    connections: int | None
    """Subject of its first machine's connection; None where none is ever disconnected."""

    @property
    def count(self) -> int:
        """How many machines it has."""
        return self.spec.count


@dataclass(frozen=True)
class ExtensionLayout:
    """An extension on the machines of one group: subject `first` + k is that of machine k."""

    publisher: str
    type: str
    group: str
    place: int | None
    """Its entry in the spec's extensions; None for one that only a request adds."""
    versions: tuple[str, ...]
    """All that may ever be installed, ascending; a state holds the place of one."""
    first: int
    count: int
    written: Extension | None
    """The entry itself: how it is at time 0; None where it is not there yet."""

    @property
    def name(self) -> str:
        """Publisher and type, as `upgrade_extensions` names it."""
        return f"{self.publisher}.{self.type}"

    @cached_property
    def initial(self) -> int | None:
        """The version at time 0, by number; None where it is not there yet."""
        return None if self.written is None else self.number(self.written.version)

    @property
    def initial_code(self) -> int:
        """The state at time 0."""
        return 0 if self.initial is None else self.initial * WIDTH + CURRENT

    @cached_property
    def _numbers(self) -> dict[tuple[int, ...], int]:
        return {version_key(version): number for number, version in enumerate(self.versions)}

    def number(self, version: str) -> int:
        """The number of a version, however it is spelled: 1.0 is 1.0.0."""
        return self._numbers[version_key(version)]

    def is_named(self, kind: str, publisher: str | None, group: str | None = None) -> bool:
        """Whether a request that names a type, and perhaps more, means it."""
        return (
            kind.lower() == self.type.lower()
            and (publisher is None or publisher.lower() == self.publisher.lower())
            and group in (None, self.group)
        )


@dataclass(frozen=True, eq=False)
class Layout:
    """The numbering of a fleet: fixed by the scenario, the same in every replication."""

    name: str
    spec: ArcFleet
    operations: tuple[str, ...]
    """Names of the file's operations, by number."""
    upgrades: tuple[str, ...]
    """Names of the operations that begin an upgrade, by number: all of them are rollouts."""
    first: int
    """The system's first subject in the log."""
    span: Span
    groups: tuple[GroupLayout, ...]
    extensions: tuple[ExtensionLayout, ...]
    """Those of the file in its order, then those that requests add; each by group."""

    @property
    def rollouts(self) -> int:
        """How many upgrades there may be."""
        return len(self.upgrades)

    @cached_property
    def types(self) -> tuple[str, ...]:
        """The types of all extensions, each once: the groups of series and metrics."""
        return tuple(dict.fromkeys(each.type for each in self.extensions))

    @cached_property
    def nominal(self) -> int:
        """Extensions of machines at time 0, enrolled or not."""
        return sum(each.count for each in self.extensions if each.initial is not None)

    # Subjects, in the order of their blocks.
    @property
    def first_operation(self) -> int:
        """Subject of the first operation."""
        return self.first + len(ACTORS)

    @property
    def first_upgrade(self) -> int:
        """Subject of the first upgrade."""
        return self.first_operation + len(self.operations)

    @property
    def network(self) -> int:
        """The actor that connects and disconnects machines."""
        return self.first + ACTORS.index("network")

    def upgrade(self, operation: str) -> int:
        """Subject of the upgrade that an operation begins."""
        return self.first_upgrade + self.upgrades.index(operation)

    def group_of(self, extension: ExtensionLayout) -> GroupLayout:
        """The machines that an extension is on."""
        (group,) = (each for each in self.groups if each.name == extension.group)
        return group

    def blocks(self) -> list[Block]:
        """The system's subjects, in order of number."""
        blocks = [
            self._block("actor", "", self.first, ACTOR, ACTORS.__getitem__, [0] * len(ACTORS)),
            self._block(
                "operation",
                "",
                self.first_operation,
                OPERATION_STATES,
                self.operations.__getitem__,
                [0] * len(self.operations),
            ),
            self._block(
                "upgrade",
                "",
                self.first_upgrade,
                UPGRADE,
                tuple(f"upgrade by {name}" for name in self.upgrades).__getitem__,
                [0] * len(self.upgrades),
            ),
        ]
        blocks += [
            self._block(
                "machine",
                group.name,
                group.connections,
                CONNECTION,
                partial(machine_name, group.name),
                np.full(group.count, CONNECTED),
            )
            for group in self.groups
            if group.connections is not None
        ]
        return blocks + [self._extension(each) for each in self.extensions]

    def _extension(self, each: ExtensionLayout) -> Block:
        return self._block(
            "extension",
            each.type,
            each.first,
            States(EXTENSION, each.versions),
            partial(_extension_name, each.type, each.group),
            np.full(each.count, each.initial_code),
            self.weights(each),
        )

    def weights(self, each: ExtensionLayout) -> dict[str, NDArray[np.int64]]:
        """What an extension weighs by code: 0 or 1, in `UNIT` for `capacity`."""
        ready, present = np.zeros((2, len(each.versions), WIDTH), np.int64)
        present[:, 1:] = 1
        out = [EXTENSION.index(status) for status in self.spec.counts_as_out]
        ready[:, [status for status in range(1, WIDTH) if status not in out]] = 1
        return {
            "capacity": ready.ravel() * UNIT,
            "ready": ready.ravel(),
            "present": present.ravel(),
        }

    def _block(
        self,
        kind: str,
        group: str,
        first: int,
        states: States,
        name: Callable[[int], str],
        initial: Sequence[int] | NDArray[np.int64],
        weights: Mapping[str, NDArray[np.int64]] | None = None,
    ) -> Block:
        codes = np.asarray(initial, np.int16)
        return Block(self.name, kind, group, first, len(codes), states, codes, name, weights or {})


def machine_name(group: str, k: int) -> str:
    """Name of a group's machine k."""
    return f"{group}-{k}"


def _extension_name(kind: str, group: str, k: int) -> str:
    return f"{kind} of {machine_name(group, k)}"


def number_all(
    name: str, spec: ArcFleet, operations: Sequence[Operation], first: int, span: Span
) -> Layout:
    """Number all that can ever be there: machines that disconnect, extensions, their versions."""
    upgrades = [
        each.name
        for each in operations
        if isinstance(each.body, PublishExtension | UpgradeExtensions)
    ]
    subject = first + len(ACTORS) + len(operations) + len(upgrades)
    groups = _number_groups(spec, subject)
    subject += sum(group.count for group in groups if group.connections is not None)
    return Layout(
        name,
        spec,
        tuple(operation.name for operation in operations),
        tuple(upgrades),
        first,
        span,
        tuple(groups),
        tuple(_number_extensions(spec, operations, subject)),
    )


def _number_groups(spec: ArcFleet, subject: int) -> list[GroupLayout]:
    """The groups; the first machine that disconnects is `subject`."""
    groups = []
    machine = 0
    for name, each in spec.groups.items():
        groups.append(GroupLayout(name, each, machine, subject if each.disconnected else None))
        machine += each.count
        subject += each.count if each.disconnected else 0
    return groups


def _number_extensions(
    spec: ArcFleet, operations: Sequence[Operation], subject: int
) -> Iterator[ExtensionLayout]:
    """The extensions of each group; the first machine's first one is `subject`."""
    written_versions = WrittenVersions(spec, operations)
    for publisher, kind, group, place in _wanted(spec, operations):
        versions = ordered(written_versions.of(publisher, kind))
        written = None if place is None else spec.extensions[place]
        count = spec.groups[group].count
        yield ExtensionLayout(publisher, kind, group, place, versions, subject, count, written)
        subject += count


def _wanted(
    spec: ArcFleet, operations: Sequence[Operation]
) -> Iterator[tuple[str, str, str, int | None]]:
    """Publisher, type, group and entry of each extension; a type is spelled as at first."""
    entries: list[tuple[int | None, Extension | PutExtension]] = [*enumerate(spec.extensions)]
    entries += [(None, each.body) for each in operations if isinstance(each.body, PutExtension)]
    spelled: dict[str, str] = {}
    seen: set[tuple[str, str]] = set()
    for place, each in entries:
        kind = spelled.setdefault(each.type.lower(), each.type)
        for group in groups_with(each, spec.groups):
            if (kind, group) not in seen:
                seen.add((kind, group))
                yield each.publisher, kind, group, place


class WrittenVersions:
    """Every version that a scenario names, by extension; looked up once for all extensions."""

    def __init__(self, spec: ArcFleet, operations: Sequence[Operation]) -> None:
        self._exact: dict[str, list[tuple[int, str]]] = {}
        """By publisher and type; each with its place in the file."""
        self._by_type: dict[str, list[tuple[int, str]]] = {}
        """Of requests that leave the publisher out."""
        bodies = [operation.body for operation in operations]
        for place, each in enumerate((*spec.extensions, *bodies)):
            if isinstance(each, Extension | PublishExtension | PutExtension):
                if each.publisher:
                    self._add(self._exact, identity(each.publisher, each.type), place, each.version)
                else:
                    self._add(self._by_type, each.type.lower(), place, each.version)
            elif isinstance(each, UpgradeExtensions):
                for target, version in each.targets.items():
                    self._add(self._exact, target.lower(), place, version)

    def of(self, publisher: str, kind: str) -> list[str]:
        """Those of one extension, in the file's order."""
        exact = self._exact.get(identity(publisher, kind), [])
        found = [*exact, *self._by_type.get(kind.lower(), [])]
        return [version for _, version in sorted(found, key=itemgetter(0))]

    @staticmethod
    def _add(index: dict[str, list[tuple[int, str]]], key: str, place: int, version: str) -> None:
        index.setdefault(key, []).append((place, version))
