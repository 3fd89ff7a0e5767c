"""What an Arc fleet's part of a file refers to, and extensions that cannot be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.core.rounding import Amount
from sim.systems.arc_fleet.defaults import (
    Named,
    groups_of,
    groups_with,
)
from sim.systems.arc_fleet.layout import MOST_VERSIONS, WrittenVersions
from sim.systems.arc_fleet.rejections import is_supported, near_supported
from sim.systems.arc_fleet.requests import (
    AlwaysUnhealthy,
    PublishExtension,
    PutExtension,
    UpgradeExtensions,
)
from sim.systems.arc_fleet.spec import MachineGroup, identity
from sim.systems.arc_fleet.versions import version_key
from sim.systems.base.spec import MOST_MEMBERS, Issue, unknown_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sim.formats.distributions import Distribution
    from sim.systems.arc_fleet.spec import ArcFleet, Disconnected, Extension
    from sim.systems.base.operation import Operation

    Path = tuple[str | int, ...]
    Groups = dict[str, MachineGroup]


def references(name: str, spec: ArcFleet, operations: Sequence[Operation]) -> Iterator[Issue]:
    """Names of groups and extensions that refer to nothing, and extensions that cannot be."""
    path = ("systems", name)
    if spec.machines is not None and spec.groups:
        yield Issue((*path, "machines"), "must not be given together with groups")
        return
    if spec.machines is None and not spec.groups:
        yield Issue(path, "missing key machines (or groups)")
        return
    groups = groups_of(spec)
    yield from _of_machines(path, spec)
    crowd = list(_too_many(path, spec, operations, groups))
    if crowd:  # each of them would be looked at
        yield from crowd
        return
    for place, each in enumerate(spec.extensions):
        yield from _of_extension((*path, "extensions", place), each, name, spec)
    yield from _twice(path, spec, groups)
    known = _known(spec, operations)
    yield from _of_versions(path, spec, operations, known)
    publishers = _publishers(known)
    for operation in operations:
        yield from _of_operation(operation, name, known, publishers, groups)
    yield from _other_publishers(spec, operations, groups)


MOST_EXTENSIONS = 250
"""Entries of `extensions`, which each request looks through: a machine has a dozen."""

MOST_INSTALLED = 20_000
"""Extensions, each on one group of machines: every one has its own part of the log."""


# The fleet ---------------------------------------------------------------------------------------


def _of_machines(path: Path, spec: ArcFleet) -> Iterator[Issue]:
    if spec.max_concurrent == Amount(count=0):
        yield Issue((*path, "max_concurrent"), "must be 1 or more, or a share, got 0")
    count = sum(group.count for group in groups_of(spec).values())
    if count > MOST_MEMBERS:
        key = "groups" if spec.groups else "machines"
        yield Issue((*path, key), f"must be at most {MOST_MEMBERS:,} machines, got {count}")
    for name, group in spec.groups.items():
        if group.disconnected is not None:
            yield from _of_connections((*path, "groups", name, "disconnected"), group.disconnected)


def _of_connections(path: Path, away: Disconnected) -> Iterator[Issue]:
    """Machines are connected in windows, or for some time after the other."""
    times = {"on": away.on, "off": away.off}
    given = {key: time for key, time in times.items() if time is not None}
    if away.windows is not None:
        for key in given:
            yield Issue((*path, key), "must not be given together with windows")
        return
    if not given:
        yield Issue(path, "missing keys on and off (or windows)")
    elif len(given) < len(times):
        (missing,) = times.keys() - given.keys()
        yield Issue(path, f"missing key {missing}")
    for key, time in given.items():
        if _takes_no_time(time):
            yield Issue((*path, key), "must be longer than 0s, got 0s")


def _too_many(
    path: Path, spec: ArcFleet, operations: Sequence[Operation], groups: Groups
) -> Iterator[Issue]:
    if len(spec.extensions) > MOST_EXTENSIONS:
        rule = f"must be at most {MOST_EXTENSIONS}, got {len(spec.extensions):,}"
        yield Issue((*path, "extensions"), rule)
        return
    puts = [each.body for each in operations if isinstance(each.body, PutExtension)]
    count = sum(len(each.groups or groups) for each in spec.extensions)
    count += sum(1 if each.group else len(groups) for each in puts)
    if count > MOST_INSTALLED:
        rule = f"must be at most {MOST_INSTALLED:,}, each counted once for each of its groups"
        yield Issue((*path, "extensions"), f"{rule}, got {count:,}")


def _takes_no_time(time: Distribution) -> bool:
    try:
        return time.highest <= 0
    except ValueError:  # its file is missing, which is told already
        return False


def _of_extension(path: Path, each: Extension, name: str, spec: ArcFleet) -> Iterator[Issue]:
    groups = groups_of(spec)
    for place, group in enumerate(each.groups or ()):
        if group not in groups:
            rule = unknown_name(f"a group of {name}", group, groups)
            yield Issue((*path, "groups", place), rule)
    if not groups_with(each, groups):
        rule = f"must be for the operating system of a group of {name}, got {each.type}"
        yield Issue((*path, "type"), rule)
    if each.enable_automatic_upgrade and not is_supported(spec, each.publisher, each.type):
        yield Issue((*path, "enable_automatic_upgrade"), _not_supported(each, spec))


def _not_supported(each: Extension, spec: ArcFleet) -> str:
    name, near = f"{each.publisher}/{each.type}", " or ".join(near_supported(spec, each.type))
    hint = f"did you mean {near}? " if near else ""
    return (
        f"must be false, as {name} is not among the supported extensions ({hint}also_supported "
        "adds it), got true"
    )


def _twice(path: Path, spec: ArcFleet, groups: Groups) -> Iterator[Issue]:
    """A machine has an extension of a type once."""
    taken: set[tuple[str, str]] = set()
    for place, each in enumerate(spec.extensions):
        mine = [(each.type.lower(), group) for group in groups_with(each, groups)]
        for _, group in taken.intersection(mine):
            rule = f"must be the only one of its type on the group {group}, got {each.type}"
            yield Issue((*path, "extensions", place, "type"), rule)
        taken.update(mine)


def _of_versions(
    path: Path, spec: ArcFleet, operations: Sequence[Operation], known: dict[str, tuple[str, str]]
) -> Iterator[Issue]:
    """A state in the log has room for so many versions of an extension."""
    written = WrittenVersions(spec, operations)
    for publisher, kind in known.values():
        versions = len(set(map(version_key, written.of(publisher, kind))))
        if versions > MOST_VERSIONS:
            rule = f"must have at most {MOST_VERSIONS:,} versions of {kind}, got {versions:,}"
            yield Issue((*path, "extensions"), rule)


# Operations --------------------------------------------------------------------------------------


def _known(spec: ArcFleet, operations: Sequence[Operation]) -> dict[str, tuple[str, str]]:
    """Publisher and type of whatever is on the machines, or is ever asked to be, by identity."""
    puts = [each.body for each in operations if isinstance(each.body, PutExtension)]
    names = [(each.publisher, each.type) for each in puts]
    names += [(each.publisher, each.type) for each in spec.extensions]
    return {identity(*each): each for each in names}


def _publishers(known: dict[str, tuple[str, str]]) -> dict[str, dict[str, str]]:
    """Type in small letters -> publishers of it -> the type as it is written."""
    found: dict[str, dict[str, str]] = {}
    for publisher, kind in known.values():
        found.setdefault(kind.lower(), {})[publisher] = kind
    return found


def _of_operation(
    operation: Operation,
    name: str,
    known: dict[str, tuple[str, str]],
    publishers: dict[str, dict[str, str]],
    groups: Groups,
) -> Iterator[Issue]:
    body, path = operation.body, operation.path
    group = getattr(body, "group", None)
    if group is not None and group not in groups:
        yield Issue((*path, "group"), unknown_name(f"a group of {name}", group, groups))
    if isinstance(body, Named):
        yield from _of_names(path, body, name, publishers)
    elif isinstance(body, UpgradeExtensions):
        yield from _of_targets(path, body, name, known)
    if isinstance(body, PublishExtension):
        yield from _of_faults(path, body, name, groups)


def _of_names(
    path: Path, body: Named, name: str, known: dict[str, dict[str, str]]
) -> Iterator[Issue]:
    publishers = list(known.get(body.type.lower(), {}))
    if not publishers:
        types = [list(written.values())[-1] for written in known.values()]
        rule = unknown_name(f"the type of an extension of {name}", body.type, types)
        yield Issue((*path, "type"), rule)
    elif body.publisher is None and len(publishers) > 1:
        rule = f"missing key publisher, as several have the type: {', '.join(publishers)}"
        yield Issue(path, rule)
    elif body.publisher and body.publisher.lower() not in map(str.lower, publishers):
        rule = unknown_name(f"the publisher of {body.type}", body.publisher, publishers)
        yield Issue((*path, "publisher"), rule)


def _of_targets(
    path: Path, body: UpgradeExtensions, name: str, known: dict[str, tuple[str, str]]
) -> Iterator[Issue]:
    seen: set[str] = set()
    for target in body.targets:
        where = (*path, "targets", target)
        if target.lower() not in known:
            names = [f"{publisher}.{kind}" for publisher, kind in known.values()]
            rule = unknown_name(f"Publisher.Type of an extension of {name}", target, names)
            yield Issue(where, rule, about_key=True)
        elif target.lower() in seen:
            yield Issue(where, f"must be named once, got {target}", about_key=True)
        seen.add(target.lower())


def _of_faults(path: Path, body: PublishExtension, name: str, groups: Groups) -> Iterator[Issue]:
    os = body.unhealthy.os if isinstance(body.unhealthy, AlwaysUnhealthy) else None
    known = {group.os: None for group in groups.values() if group.os}
    if os and os not in known:
        rule = unknown_name(f"the os of a group of {name}", os, known)
        yield Issue((*path, "unhealthy", "os"), rule)
    group = body.unhealthy.group if isinstance(body.unhealthy, AlwaysUnhealthy) else None
    if group and group not in groups:
        rule = unknown_name(f"a group of {name}", group, groups)
        yield Issue((*path, "unhealthy", "group"), rule)


def _other_publishers(
    spec: ArcFleet, operations: Sequence[Operation], groups: Groups
) -> Iterator[Issue]:
    """A request cannot change the publisher of what is there."""
    owners = {
        (each.type.lower(), group): each.publisher
        for each in spec.extensions
        for group in groups_with(each, groups)
    }
    for operation in operations:
        body = operation.body
        if not isinstance(body, PutExtension):
            continue
        for group in groups_with(body, groups):
            owner = owners.setdefault((body.type.lower(), group), body.publisher)
            if owner.lower() != body.publisher.lower():
                rule = f"must be {owner}, that of {body.type} on the group {group}"
                yield Issue((*operation.path, "publisher"), f"{rule}, got {body.publisher}")
                break
