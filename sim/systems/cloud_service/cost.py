"""What a run of a cloud service is expected to cost."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from sim.systems.base.cost import Part, strikes, tries
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
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sim.systems.base.cost import Path
    from sim.systems.base.operation import Operation, Request
    from sim.systems.cloud_service.layout import RoleLayout
    from sim.systems.cloud_service.model import Model
    from sim.systems.cloud_service.spec import Role

OPERATION_ROWS = 6
"""Of an operation itself and of the upgrade that it begins."""

STAGES = 4
"""Of a restart that is written in stages."""


def parts(model: Model) -> list[Part]:
    """What makes the rows and events of a replication."""
    horizon = model.span.horizon
    came = [each for each in model.operations if each.at.mean <= horizon]
    found: list[Part] = []
    for operation in came:
        found += _of_operation(model, operation)
    return [*found, *_of_builds(model, came), *_of_failures(model)]


def _rows(role: Role) -> float:
    """Of one restart of an instance: what it goes through, and back; it may be cold then."""
    return (STAGES if role.stages else 1) + 1 + bool(role.slow_start)


def _of_operation(model: Model, operation: Operation) -> Iterator[Part]:
    layout, body = model.layout, operation.body
    restarts = _restarts(model, operation)
    domains = layout.domains
    for role, count in zip(layout.roles, restarts, strict=True):
        rows = count * _rows(role.spec)
        what = f"instances of {role.name} that {operation.name} restarts"
        yield Part(operation.path, what, "instance", role.name, rows, rows)
    own = OPERATION_ROWS + 2.0 * domains
    yield Part(operation.path, f"{operation.name} itself", "operation", "", own, own)
    operator = body.operator if isinstance(body, UpgradeDeployment) else None
    if operator is not None:
        rows = OPERATION_ROWS * domains
        looks = 1.0
        if operator.stop_above is not None:
            whole = min(operator.bake, model.span.horizon / max(1, domains - 1))
            looks += whole / operator.look_every
        events = rows + looks * (domains - 1) * (1 + sum(restarts) / 2 / SEEN)
        path = (*operation.path, "operator", "look_every")
        what = f"looks of the operator of {operation.name}"
        yield Part(path, what, "actor", "", rows, events)


def _restarts(model: Model, operation: Operation) -> list[float]:
    """How many instances of each role an operation restarts, creates, removes or moves."""
    return [_restarted(role, operation.body) for role in model.layout.roles]


def _restarted(role: RoleLayout, body: Request) -> float:
    match body:
        case UpgradeDeployment() if body.role_to_upgrade in (None, role.name):
            return role.count + _scaled(role, body.configuration)
        case ChangeConfiguration():
            return role.count * body.restarts + _scaled(role, body.configuration)
        case GuestOsUpdate() | HostOsUpdate() | UpdateStatus() | Rollback():
            return float(role.count)
        case Swap():
            return 2 * role.count / _rows(role.spec)
        case RebootInstance() | ReimageInstance():
            return float(body.instance.startswith(f"{role.name}_IN_"))
    return 0.0  # walk_upgrade_domain: the upgrade that it walks has counted them


def _scaled(role: RoleLayout, configuration: dict[str, int]) -> float:
    return float(abs(configuration.get(role.name, role.count) - role.count))


def _of_builds(model: Model, operations: list[Operation]) -> Iterator[Part]:
    """Instances that try again and again to start on a bad build."""
    horizon = model.span.horizon
    for operation in operations:
        if not isinstance(operation.body, UpgradeDeployment):
            continue
        build = model.spec.builds.get(str(operation.body.build))
        if build is None or not 0 < build.fails_to_start < 1:  # at 100 % they are not watched
            continue
        path = ("systems", model.name, "builds", str(operation.body.build), "fails_to_start")
        for role, count in zip(model.layout.roles, _restarts(model, operation), strict=True):
            seconds = _attempt(role.spec)
            most = 1 + horizon / seconds if seconds else math.inf
            fails = build.bad * count
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


def _of_failures(model: Model) -> Iterator[Part]:
    layout, horizon = model.layout, model.span.horizon
    for role in layout.roles:
        coming, finding = strikes(role.spec.failures, role.room, horizon)
        rows = finding * _rows(role.spec)
        path: Path = ("systems", model.name, "roles", role.name, "failures", "per_year")
        what = f"instances of {role.name} that fail"
        yield Part(path, what, "instance", role.name, rows, coming + rows)
    spec = layout.spec
    coming, finding = strikes(spec.fault_domain_failures, spec.fault_domains, horizon)
    path = ("systems", model.name, "fault_domain_failures", "per_year")
    for role in layout.roles:
        rows = finding * _rows(role.spec) * role.room / spec.fault_domains
        what = f"instances of {role.name} whose fault domain fails"
        yield Part(path, what, "instance", role.name, rows, coming + rows)
