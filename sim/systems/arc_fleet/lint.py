"""What in an Arc fleet's part of a file is legal and yet hardly meant."""

from __future__ import annotations

from collections import defaultdict
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple, TypeGuard

from sim.core.rounding import at_least
from sim.systems.arc_fleet.connections import never_connected
from sim.systems.arc_fleet.defaults import ByType, Named, groups_with, rollbacks_may_fail
from sim.systems.arc_fleet.rejections import by_request
from sim.systems.arc_fleet.requests import (
    PublishExtension,
    PutExtension,
    RepairExtension,
    SetAutomaticUpgrade,
    UpgradeExtensions,
)
from sim.systems.arc_fleet.spec import fits, os_of
from sim.systems.arc_fleet.versions import upgrades, version_key
from sim.systems.base.operation import never_open
from sim.systems.base.spec import Issue
from sim.systems.base.text import in_time, pluralize

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sim.systems.arc_fleet.spec import ArcFleet, Extension
    from sim.systems.base.operation import Operation, Request, Span

    Path = tuple[str | int, ...]


def warnings(name: str, spec: ArcFleet, operations: Sequence[Operation], span: Span) -> list[Issue]:
    """What is legal and yet hardly meant; all is resolved."""
    path = ("systems", name)
    findings = []
    if spec.verdict == "at_end" and spec.healthy_after.highest > 0:
        findings.append(Issue((*path, "healthy_after"), "counts only under `verdict: early`"))
    for group, one in spec.groups.items():
        if one.disconnected is not None:
            at = (*path, "groups", group, "disconnected", "windows")
            findings += never_open(at, one.disconnected.windows or (), span)
    for place, each in enumerate(spec.extensions):
        findings += _of_group_sizes((*path, "extensions", place), each, spec)
    # Asked of what requests say, not of `DesiredState`: that goes by the order in which they come,
    # which may be random, and needs all extensions of all groups numbered, for each variant.
    bodies = [each.body for each in operations]
    by_type = _by_type(bodies)
    installed = ByType(spec.extensions)
    can_fail = _can_fail(spec, bodies)
    for operation in operations:
        if isinstance(operation.body, PublishExtension):
            there = installed.named(operation.body)
            ours = by_type[operation.body.type.lower()]
            findings += _of_release(operation.path, operation.body, spec, there, ours)
            findings += never_connected(operation, operation.body, spec, there, span)
        elif isinstance(operation.body, RepairExtension) and not can_fail:
            rule = "nothing is ever failed without `rollback_fails` or `max_attempts`"
            findings.append(Issue(operation.path, rule))
    return [*findings, *_said_before(spec, operations)]


def _said_before(spec: ArcFleet, operations: Sequence[Operation]) -> Iterator[Issue]:
    """A version that is released again is as bad as it was."""
    first: dict[tuple[str, str, tuple[int, ...]], PublishExtension] = {}
    for operation in in_time(operations):
        body = operation.body
        if isinstance(body, PublishExtension):
            key = (body.publisher or "").lower(), body.type.lower(), version_key(body.version)
            former = first.setdefault(key, body).unhealthy
            if body.unhealthy not in (None, spec.unhealthy, former):
                rule = "counts for nothing: a version is as bad as its first release says"
                yield Issue((*operation.path, "unhealthy"), rule)


def _of_group_sizes(path: Path, each: Extension, spec: ArcFleet) -> Iterator[Issue]:
    groups = {group: spec.groups[group] for group in each.groups or ()}
    for name, group in groups.items():
        if not fits(each.type, group):
            rule = f"{each.type} is for {os_of(each.type)}, and {name} runs {group.os}"
            yield Issue((*path, "groups"), rule)
    machines = sum(group.count for group in groups.values())
    if each.min_available is not None and at_least(each.min_available, machines) > machines:
        have = "has" if machines == 1 else "have"
        rule = f"only {pluralize(machines, 'machine')} {have} it, got {each.min_available}"
        rule += ": never available"
        yield Issue((*path, "min_available"), rule)


class _OfType(NamedTuple):
    """What the operations say of extensions of a type."""

    enrolling: list[Named]
    versions: list[tuple[Named | None, str]]
    """What is released or installed: by which request that may name a publisher."""


def _by_type(bodies: Sequence[Request]) -> Mapping[str, _OfType]:
    """By type in small letters. Types may have dots: a target of a push may be of several."""
    found: defaultdict[str, _OfType] = defaultdict(lambda: _OfType([], []))
    for body in bodies:
        if isinstance(body, PublishExtension | PutExtension):
            found[body.type.lower()].versions.append((body, body.version))
        if isinstance(body, UpgradeExtensions):
            for target, version in body.targets.items():
                _, *more = target.lower().split(".")
                for start in range(len(more)):
                    found[".".join(more[start:])].versions.append((None, version))
        elif _enrols(body):
            found[body.type.lower()].enrolling.append(body)
    return found


def _enrols(body: Request) -> TypeGuard[SetAutomaticUpgrade | PutExtension]:
    if isinstance(body, SetAutomaticUpgrade):
        return body.enabled
    return isinstance(body, PutExtension) and body.enable_automatic_upgrade


def _of_release(
    path: Path,
    body: PublishExtension,
    spec: ArcFleet,
    known: Sequence[Extension],
    ours: _OfType,
) -> Iterator[Issue]:
    """A release that cannot reach anything."""
    there = [each for each in known if body.group in (None, *(each.groups or ()))]
    enrolled = any(each.enable_automatic_upgrade for each in there) or any(
        _meets(body, each) and by_request(each, spec) is None for each in ours.enrolling
    )
    others = (version for by, version in ours.versions if by is None or _meets(body, by))
    installed = chain((each.version for each in there), others)
    if not enrolled:
        yield Issue((*path, "type"), "is nowhere enrolled: nothing is upgraded")
    elif not any(upgrades(body.version, each) for each in installed):
        rule = "is above no version of its major version: nothing is upgraded"
        yield Issue((*path, "version"), f"{rule}, got {body.version}")


def _can_fail(spec: ArcFleet, bodies: Sequence[Request]) -> bool:
    """Whether an extension may get to `failed`; a first installation that is bad does too."""
    if rollbacks_may_fail(spec) or spec.max_attempts:
        return True
    there = {(each.type.lower(), group) for each in spec.extensions for group in each.groups or ()}
    return any(
        (body.type.lower(), group) not in there
        for body in bodies
        if isinstance(body, PutExtension)
        for group in groups_with(body, spec.groups)
    )


def _meets(one: Named, other: Named) -> bool:
    """Whether two requests may speak of the same extension."""
    publishers = {each.publisher.lower() for each in (one, other) if each.publisher}
    groups = {each.group for each in (one, other) if each.group}
    return one.type.lower() == other.type.lower() and max(len(publishers), len(groups)) <= 1
