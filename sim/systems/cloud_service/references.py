"""What a cloud service's part of a file refers to, and what in it is legal but hardly meant."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sim.core.rounding import at_least
from sim.core.units import format_share
from sim.formats.checking import joined
from sim.systems.base.spec import MOST_MEMBERS, Issue, unknown_name
from sim.systems.base.text import pluralize
from sim.systems.cloud_service.configured import (
    MOST_UPDATES,
    count_of_updates,
    extensions_ever,
)
from sim.systems.cloud_service.defaults import builds_of, largest_counts, other_builds
from sim.systems.cloud_service.requests import (
    ChangeConfiguration,
    RebootInstance,
    ReimageInstance,
    Rollback,
    UpgradeDeployment,
    begins_walk,
    configuration,
)
from sim.systems.cloud_service.states import excess

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sim.systems.base.operation import Operation, Span
    from sim.systems.cloud_service.spec import CloudService

    Path = tuple[str | int, ...]

HARM = ("fails_to_start", "unhealthy_later", "capacity_factor")
"""What a build may do that is no good."""

MOST_UPDATE_DOMAINS = 20
"""Azure's maximum (service definition schema, upgradeDomainCount)."""

MOST_ROLES = 25
"""Azure's maximum (service definition schema)."""

ROOM_FOR_EXTENSIONS = 1_000
"""So many of a service are simulated."""

ROOM_FOR_ROLES = ROOM_FOR_BUILDS = 1_000
"""So many are simulated: a state in the log has room for no more than 1,260 builds."""


def references(name: str, spec: CloudService, operations: Sequence[Operation]) -> Iterator[Issue]:
    """Names of roles, builds, deployments, slots and instances that refer to nothing."""
    crowd = list(_too_many(("systems", name), spec, operations))
    if crowd:  # each of them would be looked at
        yield from crowd
        return
    yield from _of_system(("systems", name), spec)
    largest = largest_counts(spec, operations)
    for role in spec.roles:
        if largest[role] > MOST_MEMBERS:
            rule = f"must be at most {MOST_MEMBERS:,}, got {largest[role]}"
            yield Issue(("systems", name, "roles", role, "instances"), rule)
    for each in excess(spec, largest):
        yield Issue(("systems", name, "roles", each.role, each.key), each.rule)
    for operation in operations:
        yield from _of_roles(operation, name, spec)
        if getattr(operation.body, "slot", None) == "staging" and not spec.staging:
            rule = f"must be production, as {name} has no `staging`, got staging"
            yield Issue((*operation.path, "slot"), rule)
        if isinstance(operation.body, UpgradeDeployment):
            yield from _of_upgrade(operation.path, operation.body, name, spec)
        elif isinstance(operation.body, RebootInstance | ReimageInstance):
            yield from _of_instance(operation.path, operation.body.instance, name, largest)


def _too_many(
    path: tuple[str | int, ...], spec: CloudService, operations: Sequence[Operation]
) -> Iterator[Issue]:
    if len(spec.roles) > ROOM_FOR_ROLES:
        rule = f"must be at most {ROOM_FOR_ROLES:,}, got {len(spec.roles):,}"
        yield Issue((*path, "roles"), rule)
    builds = len(builds_of(spec, operations))
    if builds > ROOM_FOR_BUILDS:
        rule = f"must have at most {ROOM_FOR_BUILDS:,} builds, those of its upgrades included"
        yield Issue((*path, *(["builds"] if spec.builds else [])), f"{rule}, got {builds:,}")
    extensions = len(extensions_ever(spec, operations))
    if extensions > ROOM_FOR_EXTENSIONS:
        rule = f"must have at most {ROOM_FOR_EXTENSIONS:,} extensions, those added later included"
        where = (*path, *(["extensions"] if spec.extensions else []))
        yield Issue(where, f"{rule}, got {extensions:,}")
    changes = count_of_updates(each.body for each in operations)
    if changes > MOST_UPDATES:
        rule = f"must have at most {MOST_UPDATES:,} operations that change its configuration"
        yield Issue(path, f"{rule}, repetitions included, got {changes:,}")


def _of_system(path: tuple[str | int, ...], spec: CloudService) -> Iterator[Issue]:
    for role, each in spec.roles.items():
        if each.restart and each.stages:
            rule = "must not be given together with restart"
            yield Issue((*path, "roles", role, "stages"), rule)
    for build, behaviour in spec.builds.items():
        # A chance of nothing would be taken for a chance of harm. One that is never bad does none.
        given = behaviour.model_fields_set
        if "bad" in given and behaviour.bad and given.isdisjoint(HARM):
            rule = f"must stand beside {joined(HARM)}, which say what a bad build does"
            got = format_share(behaviour.bad)
            yield Issue((*path, "builds", build, "bad"), f"{rule}, got {got} alone")
    if spec.staging:
        yield from _of_build((*path, "staging", "build"), spec.staging.build, spec)


def _of_build(path: tuple[str | int, ...], build: str, spec: CloudService) -> Iterator[Issue]:
    """Where no build is listed, any name will do: the build has nothing to say about itself."""
    if build != spec.build and build not in spec.builds and other_builds(spec):
        known = [spec.build, *spec.builds]
        yield Issue(path, unknown_name("a build of `builds`", build, known))


def _of_upgrade(
    path: tuple[str | int, ...], body: UpgradeDeployment, name: str, spec: CloudService
) -> Iterator[Issue]:
    if body.build:
        yield from _of_build((*path, "build"), body.build, spec)
    elif len(others := other_builds(spec)) > 1:
        yield Issue(path, f"missing key build, as several are listed: {', '.join(others)}")
    if body.slot and body.deployment:
        rule = f"must not be given together with slot, got {body.deployment}"
        yield Issue((*path, "deployment"), rule)
    elif body.deployment:
        yield from _of_deployment((*path, "deployment"), body.deployment, name, spec)


def _of_deployment(
    path: tuple[str | int, ...], deployment: str, name: str, spec: CloudService
) -> Iterator[Issue]:
    known = [spec.deployment or name]
    if spec.staging:
        known.append(spec.staging.deployment or f"{name}-staging")
    if deployment not in known:
        yield Issue(path, unknown_name(f"a deployment of {name}", deployment, known))


def _of_roles(operation: Operation, name: str, spec: CloudService) -> Iterator[Issue]:
    body = operation.body
    keys: list[tuple[str, ...]] = [("configuration", role) for role in configuration(body)]
    if isinstance(body, UpgradeDeployment | ChangeConfiguration) and body.extension_configuration:
        roles = body.extension_configuration.named_roles
        keys += [("extension_configuration", "named_roles", role) for role in roles]
    for key in keys:
        if key[-1] not in spec.roles:
            rule = unknown_name(f"a role of {name}", key[-1], spec.roles)
            yield Issue((*operation.path, *key), rule, about_key=True)
    role = body.role_to_upgrade if isinstance(body, UpgradeDeployment) else None
    if role and role not in spec.roles:
        rule = unknown_name(f"a role of {name}", role, spec.roles)
        yield Issue((*operation.path, "role_to_upgrade"), rule)


def _of_instance(
    path: tuple[str | int, ...], instance: str, name: str, largest: dict[str, int]
) -> Iterator[Issue]:
    role, _, number = instance.rpartition("_IN_")
    if role not in largest:
        known = [f"{role}_IN_0" for role in largest]
        yield Issue((*path, "instance"), unknown_name(f"an instance of {name}", instance, known))
    elif not (number.isdecimal() and str(int(number)) == number and int(number) < largest[role]):
        rule = f"must be an instance of {role}, {role}_IN_0 to {role}_IN_{largest[role] - 1}"
        yield Issue((*path, "instance"), f"{rule}, got {instance}")


def warnings(
    name: str, spec: CloudService, operations: Sequence[Operation], _: Span
) -> list[Issue]:
    """What is legal and yet hardly meant, or more than Azure allows."""
    path = ("systems", name)
    findings = []
    if spec.update_domains > MOST_UPDATE_DOMAINS:
        rule = f"Azure allows at most {MOST_UPDATE_DOMAINS}, got {spec.update_domains}"
        findings.append(Issue((*path, "update_domains"), rule))
    if len(spec.roles) > MOST_ROLES:
        rule = f"Azure allows at most {MOST_ROLES}, got {len(spec.roles)}"
        findings.append(Issue((*path, "roles"), rule))
    findings += _never_available(path, spec, operations)
    if spec.demand and not any(role.serves_demand for role in spec.roles.values()):
        rule = "no role has serves_demand, so none of it is served"
        findings.append(Issue((*path, "demand"), rule))
    if any(operation.kind == "walk_upgrade_domain" for operation in operations):
        return findings
    return findings + [
        Issue((*operation.path, "mode"), "Manual, but there is no operator and no walk: it waits")
        for operation in operations
        if _waits_for_walks(operation)
    ]


def _never_available(
    path: Path, spec: CloudService, operations: Sequence[Operation]
) -> Iterator[Issue]:
    largest = largest_counts(spec, operations)
    for role, each in spec.roles.items():
        if at_least(each.min_available, largest[role]) > largest[role]:
            rule = f"there are only {pluralize(largest[role], 'instance')}, got "
            rule += f"{each.min_available}: never available"
            yield Issue((*path, "roles", role, "min_available"), rule)


def _waits_for_walks(operation: Operation) -> bool:
    body: Any = operation.body
    walks = begins_walk(body) or isinstance(body, Rollback)
    return walks and body.mode == "Manual" and not getattr(body, "operator", None)
