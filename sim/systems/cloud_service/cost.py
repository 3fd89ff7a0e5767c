"""What a run of a cloud service is expected to cost."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from sim.systems.base.cost import Part, expected_failures, tries
from sim.systems.cloud_service.configured import states, updates
from sim.systems.cloud_service.operator import SEEN
from sim.systems.cloud_service.requests import (
    ChangeConfiguration,
    GuestOsUpdate,
    HostOsUpdate,
    RebootInstance,
    ReimageInstance,
    Rollback,
    Swap,
    UpdateStatus,
    UpgradeDeployment,
    begins_walk,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sim.systems.base.cost import Path
    from sim.systems.base.operation import Operation, Request
    from sim.systems.cloud_service.layout import Layout
    from sim.systems.cloud_service.spec import Role

OPERATION_ROWS = 6
"""Of an operation itself and of the upgrade that it begins."""

DECISION_ROWS = 2.0
"""Of a rollout on what is wanted of each role, and on its deployment that is locked meanwhile."""

RESTART_ROWS = 2.0
"""Of a restart in one stage."""

STAGES = 4
"""Of a restart that is written in stages."""


def parts(layout: Layout) -> list[Part]:
    """What makes the rows and events of a replication."""
    horizon = layout.span.horizon
    came = [each for each in layout.requests if each.at.mean <= horizon]
    whole = Restarts(
        float(sum(role.count for role in layout.roles)),
        float(sum(role.count * _rows(role.spec) for role in layout.roles)),
    )
    found: list[Part] = []
    for operation in came:
        found += _of_operation(layout, operation, whole)
    return [*found, *_of_builds(layout, came), *_of_failures(layout)]


class Restarts(NamedTuple):
    """Instances that restart together."""

    instances: float
    rows: float


def _rows(role: Role) -> float:
    """Of one restart of an instance: what it goes through, and back; it may be cold then."""
    return (STAGES if role.stages else 1) + 1 + bool(role.slow_start)


def _of_operation(layout: Layout, operation: Operation, whole: Restarts) -> Iterator[Part]:
    body = operation.body
    role, restarts = _restarts(layout, body, whole)
    domains = layout.domains
    what = f"instances that {operation.name} restarts"
    yield Part(operation.path, what, "instance", role, restarts.rows, restarts.rows)
    own = OPERATION_ROWS + 2.0 * domains
    wanted = (
        DECISION_ROWS * (1 + len(layout.roles)) if layout.begins_upgrade(operation.name) else 0.0
    )
    yield Part(operation.path, f"{operation.name} itself", "operation", "", own + wanted, own)
    if updates(body):
        told = max(whole.instances, restarts.instances)
        what = f"instances that {operation.name} tells of their configuration"
        rows = told + len(layout.roles)
        yield Part(operation.path, what, "known_configuration", None, rows, rows / 2)
    given = getattr(body, "extension_configuration", None)
    if given is not None:
        rows = len(states(given, [each.name for each in layout.roles]))
        what = f"extensions that {operation.name} configures"
        yield Part(operation.path, what, "extension", "", rows, rows / 2)
    operator = body.operator if isinstance(body, UpgradeDeployment) else None
    if operator is not None:
        rows = OPERATION_ROWS * domains
        looks = 1.0
        if operator.stop_above is not None:
            whole_bake = min(operator.bake, layout.span.horizon / max(1, domains - 1))
            looks += whole_bake / operator.look_every
        events = rows + looks * (domains - 1) * (1 + restarts.instances / 2 / SEEN)
        path = (*operation.path, "operator", "look_every")
        what = f"looks of the operator of {operation.name}"
        yield Part(path, what, "actor", "", rows, events)


def _restarts(layout: Layout, body: Request, whole: Restarts) -> tuple[str | None, Restarts]:
    """What an operation restarts, creates, removes or moves, and of which role if only of one."""
    if isinstance(body, UpgradeDeployment | ChangeConfiguration):
        role = getattr(body, "role_to_upgrade", None)
        restarts = Restarts(0.0, 0.0) if role else whole
        if isinstance(body, ChangeConfiguration) and not begins_walk(body):
            restarts = Restarts(0.0, 0.0)
        if isinstance(body, UpgradeDeployment) and _is_stuck(layout, body):
            domains = layout.domains
            restarts = Restarts(restarts.instances / domains, restarts.rows / domains)
        more = {role: layout.spec.roles[role].instances} if role else dict[str, int]()
        for name, count in body.configuration.items():
            now = layout.spec.roles[name].instances if name in layout.spec.roles else count
            more[name] = more.get(name, 0) + abs(count - now)
        others = float(sum(more.values()))
        return role, Restarts(restarts.instances + others, restarts.rows + RESTART_ROWS * others)
    if isinstance(body, RebootInstance | ReimageInstance):
        return body.instance.rpartition("_IN_")[0], Restarts(1.0, RESTART_ROWS)
    if isinstance(body, Swap):
        return None, Restarts(whole.instances, 2 * whole.instances)
    # Of walk_upgrade_domain the upgrade that it walks has counted them.
    moves = isinstance(body, GuestOsUpdate | HostOsUpdate | UpdateStatus | Rollback)
    return None, whole if moves else Restarts(0.0, 0.0)


def _is_stuck(layout: Layout, body: UpgradeDeployment) -> bool:
    """Whether no instance ever starts on its build, so that the walk ends with its first domain."""
    build = layout.spec.builds.get(str(body.build))
    waits = any(layout.min_healthy) or layout.spec.on_start_timeout == "stuck"
    never = build is not None and build.bad * build.fails_to_start >= 1
    return never and waits and body.mode != "Simultaneous"


def _of_builds(layout: Layout, operations: list[Operation]) -> Iterator[Part]:
    """Instances that try again and again to start on a bad build."""
    bodies = [each.body for each in operations]
    times = Counter(body.build for body in bodies if isinstance(body, UpgradeDeployment))
    for name, build in layout.spec.builds.items():
        upgrades = times[name]
        if not upgrades or not 0 < build.fails_to_start < 1:  # at 100 % they are not watched
            continue
        path = ("systems", layout.name, "builds", name, "fails_to_start")
        for role in layout.roles:
            seconds = _attempt(role.spec)
            most = 1 + layout.span.horizon / seconds if seconds else math.inf
            fails = build.bad * role.count * upgrades
            again = fails * (tries(build.fails_to_start, most) - 1) if fails else 0.0
            what = f"instances of {role.name} that try again to start"
            rows = fails * build.fails_to_start
            yield Part(path, what, "instance", role.name, rows, again)


def _attempt(role: Role) -> float:
    """Mean time of an attempt to start after the first one, seconds."""
    if role.stages is not None:
        return role.stages.start.mean + role.stages.on_start.mean
    assert role.restart
    return role.restart.mean


def _of_failures(layout: Layout) -> Iterator[Part]:
    horizon = layout.span.horizon
    for role in layout.roles:
        coming, finding = expected_failures(role.spec.failures, role.room, horizon)
        rows = finding * _rows(role.spec)
        path: Path = ("systems", layout.name, "roles", role.name, "failures", "per_year")
        what = f"instances of {role.name} that fail"
        yield Part(path, what, "instance", role.name, rows, coming + rows)
    spec = layout.spec
    domains = layout.fault_domains
    coming, finding = expected_failures(spec.fault_domain_failures, domains, horizon)
    path = ("systems", layout.name, "fault_domain_failures", "per_year")
    for role in layout.roles:
        rows = finding * _rows(role.spec) * role.room / domains
        what = f"instances of {role.name} whose fault domain fails"
        yield Part(path, what, "instance", role.name, rows, coming + rows)
