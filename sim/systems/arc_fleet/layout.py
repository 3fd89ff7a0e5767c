"""The numbering of an Arc fleet: its subjects and their weights, fixed by the scenario."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, partial
from operator import itemgetter
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sim.core.log import UNIT, States
from sim.systems.arc_fleet.defaults import groups_with, machine_groups
from sim.systems.arc_fleet.rejections import RULES
from sim.systems.arc_fleet.requests import (
    PublishExtension,
    PutExtension,
    UpgradeExtensions,
)
from sim.systems.arc_fleet.spec import ArcFleet, Extension, fits, identity, on_group
from sim.systems.arc_fleet.states import (
    ACTORS,
    CONNECTED,
    CONNECTION,
    CURRENT,
    ENROLLED,
    EXTENSION,
    NOT_ENROLLED,
    TARGET,
    TARGET_WIDTH,
    WIDTH,
)
from sim.systems.arc_fleet.versions import ordered, upgrades, version_key
from sim.systems.base.layout import Layout
from sim.systems.base.operation import windows_of
from sim.systems.base.targets import target_states

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from sim.core.log import Block
    from sim.core.windows import Windows
    from sim.systems.arc_fleet.spec import MachineGroup
    from sim.systems.base.operation import Operation, Request, Span


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


class _Entry(NamedTuple):
    """An extension that machines of a group have, or are asked to have."""

    publisher: str
    type: str
    group: str
    place: int | None
    """In the spec's extensions; None for one that only a request adds."""


@dataclass(frozen=True, eq=False)
class ExtensionLayout:
    """An extension on the machines of one group: subject `first` + k is that of machine k."""

    publisher: str
    type: str
    group: str
    place: int | None
    """Its entry in the spec's extensions; None for one that only a request adds."""
    versions: tuple[str, ...]
    """All that may ever be installed, ascending; a state holds the place of one."""
    target: Block
    """What the service wants of it: one subject."""
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
        return _initial_code(self.versions, self.written)

    @property
    def initial_target(self) -> int:
        """What the service wants of it at time 0, as a state."""
        return int(self.target.initial[0])

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

    def covered(self, release: str | None) -> NDArray[np.bool_]:
        """By code whether a rollout covers it that finds it so, as far as its version goes.

        A release covers what has a lower version of its major one; a push (`release` is None)
        whatever is there.
        """
        codes = np.zeros((len(self.versions), WIDTH), bool)
        for number, version in enumerate(self.versions):
            codes[number, 1:] = release is None or upgrades(release, version)
        return codes.ravel()


class FleetLayout(Layout[ArcFleet]):
    """The numbering of a fleet: fixed by the scenario, the same in every replication.

    All that can ever be there is numbered: machines that disconnect, what is wanted of extensions,
    extensions, their versions.
    """

    def __init__(
        self, name: str, spec: ArcFleet, requests: Sequence[Operation], first: int, span: Span
    ) -> None:
        rollouts = [
            each.name
            for each in requests
            if isinstance(each.body, PublishExtension | UpgradeExtensions)
        ]
        super().__init__(
            name, spec, requests, first, span, actors=ACTORS, rules=RULES, rollouts=rollouts
        )
        self.network = self.actor("network")
        """The actor that connects and disconnects machines."""
        self.groups = tuple(self._number_groups())
        self.extensions = tuple(self._number_extensions())
        """Those of the file in its order, then those that requests add; each by group."""
        self._index = Index(self.extensions, spec)

    def _number_groups(self) -> Iterator[GroupLayout]:
        machine = 0
        for name, each in self.spec.groups.items():
            connections = None
            if each.disconnected:
                initial = np.full(each.count, CONNECTED)
                named = partial(machine_name, name)
                connections = self.add("machine", CONNECTION, named, initial, group=name).first
            yield GroupLayout(name, each, machine, connections)
            machine += each.count

    def _number_extensions(self) -> Iterator[ExtensionLayout]:
        written, entries = WrittenVersions(self.spec, self.requests), []
        for each in _entries(self.spec, self.requests):
            known = ordered(written.of(each.publisher, each.type))
            at_first = None if each.place is None else self.spec.extensions[each.place]
            target = self.add(
                "target",
                target_states(known, TARGET),
                [f"target of {each.type} on {each.group}"],
                [_initial_target(known, at_first)],
                group=each.type,
            )
            entries.append((each, known, at_first, target))
        for each, known, at_first, target in entries:
            count = self.spec.groups[each.group].count
            block = self.add(
                "extension",
                States(EXTENSION, known),
                partial(_extension_name, each.type, each.group),
                np.full(count, _initial_code(known, at_first)),
                group=each.type,
                weights=self._weights(known),
            )
            yield ExtensionLayout(*each, known, target, block.first, count, at_first)

    def _weights(self, versions: Sequence[str]) -> dict[str, NDArray[np.int64]]:
        """What an extension weighs by code: 0 or 1, in `UNIT` for `capacity`."""
        ready, present = np.zeros((2, len(versions), WIDTH), np.int64)
        present[:, 1:] = 1
        out = [EXTENSION.index(status) for status in self.spec.counts_as_out]
        ready[:, [status for status in range(1, WIDTH) if status not in out]] = 1
        return {
            "capacity": ready.ravel() * UNIT,
            "ready": ready.ravel(),
            "present": present.ravel(),
        }

    @cached_property
    def types(self) -> tuple[str, ...]:
        """The types of all extensions, each once: the groups of series and metrics."""
        return tuple(dict.fromkeys(each.type for each in self.extensions))

    @cached_property
    def machine_groups(self) -> tuple[str, ...]:
        """The groups of machines that series and metrics are given for too."""
        return machine_groups(self.spec, self.types)

    @cached_property
    def places(self) -> dict[str, list[int]]:
        """The extensions by place: all (empty), of each type, on each group of machines."""
        found: dict[str, list[int]] = {"": []}
        for place, each in enumerate(self.extensions):
            on = [each.group] if each.group in self.machine_groups else []
            for name in ("", each.type, *on):
                found.setdefault(name, []).append(place)
        return found

    @cached_property
    def nominal(self) -> int:
        """Extensions of machines at time 0, enrolled or not."""
        return sum(each.count for each in self.extensions if each.initial is not None)

    @cached_property
    def is_staged(self) -> bool:
        """Whether a release reaches one group before the others."""
        bodies = (each.body for each in self.requests)
        return any(isinstance(body, PublishExtension) and body.group for body in bodies)

    @cached_property
    def on(self) -> dict[str, ArcFleet]:
        """By group the fleet as it is on its machines."""
        return {group.name: on_group(self.spec, group.name) for group in self.groups}

    def connected(self, group: GroupLayout) -> Windows | None:
        """The windows in which those of a group's machines are connected that are away at times."""
        away = group.spec.disconnected
        return windows_of(away.windows, self.span) if away and away.windows else None

    def group_of(self, extension: ExtensionLayout) -> GroupLayout:
        """The machines that an extension is on."""
        (group,) = (each for each in self.groups if each.name == extension.group)
        return group

    def meant(self, body: Request) -> list[int]:
        """The extensions that a request means by what it names, by place, there or not."""
        return self._index.meant(body)

    def came_before(self, time: Any, cause: Any, since: Any, operation: int, upgrade: int) -> Any:
        """Which rows of extensions came before an operation did anything.

        At its instant `since` that are not those of its own, nor of later ones: operations of one
        instant go in the order of the file. `operation` and `upgrade` are its subjects (`upgrade`
        is behind all of them where it begins none). Times may be numbers or arrays of them.
        """
        earlier = (cause < operation) | ((cause >= self.first_upgrade) & (cause < upgrade))
        return (time < since) | ((time == since) & earlier)


class Index:
    """Which of some extensions a request means: no request looks through all of them."""

    def __init__(self, extensions: Iterable[ExtensionLayout], spec: ArcFleet) -> None:
        self._spec, self._extensions = spec, list(extensions)
        self._places: dict[str, list[int]] = {}
        for place, each in enumerate(self._extensions):
            for name in (each.type, each.name):  # a push names Publisher.Type, others the type
                self._places.setdefault(name.lower(), []).append(place)

    def meant(self, body: Any) -> list[int]:
        """Their places, whether they are there or not."""
        names = body.targets if isinstance(body, UpgradeExtensions) else [body.type]
        places = {place for name in names for place in self._places.get(name.lower(), ())}
        return [k for k in sorted(places) if is_meant(self._extensions[k], body, self._spec)]


def is_meant(each: ExtensionLayout, body: Any, spec: ArcFleet) -> bool:
    """Whether a request means an extension, whether that is there or not."""
    if isinstance(body, UpgradeExtensions):
        return asked_version(each, body) is not None
    if isinstance(body, PutExtension) and body.group is None:
        fitting = fits(body.type, spec.groups[each.group])
        return fitting and each.is_named(body.type, body.publisher)
    return each.is_named(body.type, body.publisher, getattr(body, "group", None))


def asked_version(each: ExtensionLayout, body: UpgradeExtensions) -> str | None:
    """The version that a push asks for an extension, as written; None where it does not name it."""
    if body.group not in (None, each.group):
        return None
    targets = {name.lower(): version for name, version in body.targets.items()}
    return targets.get(each.name.lower())


def machine_name(group: str, k: int) -> str:
    """Name of a group's machine k."""
    return f"{group}-{k}"


def _extension_name(kind: str, group: str, k: int) -> str:
    return f"{kind} of {machine_name(group, k)}"


def _number(versions: Sequence[str], version: str) -> int:
    return [version_key(each) for each in versions].index(version_key(version))


def _initial_code(versions: Sequence[str], written: Extension | None) -> int:
    return 0 if written is None else _number(versions, written.version) * WIDTH + CURRENT


def _initial_target(versions: Sequence[str], written: Extension | None) -> int:
    if written is None:
        return 0
    status = ENROLLED if written.enable_automatic_upgrade else NOT_ENROLLED
    return _number(versions, written.version) * TARGET_WIDTH + status


def _entries(spec: ArcFleet, operations: Sequence[Operation]) -> Iterator[_Entry]:
    """Each extension by group; a type is spelled as at first."""
    entries: list[tuple[int | None, Extension | PutExtension]] = [*enumerate(spec.extensions)]
    entries += [(None, each.body) for each in operations if isinstance(each.body, PutExtension)]
    spelled: dict[str, str] = {}
    seen: set[tuple[str, str]] = set()
    for place, each in entries:
        kind = spelled.setdefault(each.type.lower(), each.type)
        for group in groups_with(each, spec.groups):
            if (kind, group) not in seen:
                seen.add((kind, group))
                yield _Entry(each.publisher, kind, group, place)


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
