"""Defaults of a cloud service that depend on other fields, and which of them are assumptions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.formats.distributions import Distribution
from sim.systems.base.assumptions import NONE_FAIL, RULE, Assumption
from sim.systems.base.metrics import OF_MEMBERS
from sim.systems.base.spec import Headcount
from sim.systems.cloud_service.requests import (
    HostOsUpdate,
    UpgradeDeployment,
    begins_walk,
    configuration,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sim.systems.base.operation import Operation, Request
    from sim.systems.base.spec import System
    from sim.systems.cloud_service.spec import CloudService, Role

HORIZON = 86400.0
"""Seconds."""

# Assumption: Azure publishes no restart times; a restart takes 4 min, one in twenty over 9 min.
RESTART = Distribution.model_validate({"lognormal": {"median": "4min", "p95": "9min"}})

# "Role instance restarts FAQ": an update of the host takes 15 to 20 minutes.
HOST_UPDATE = Distribution.model_validate({"uniform": {"low": "15min", "high": "20min"}})

GROUP_METRICS = {*OF_MEMBERS, "updated_share", "blast_radius", "bad_build_hours"}

ONLY_BUILD = "2"
"""The build of an upgrade where the file lists none."""

GATED = {
    "upgrade_deployment",
    "change_configuration",
    "rollback",
    "guest_os_update",
    "host_os_update",
}
"""Operations whose turns wait for upgraded instances to be Ready."""

STARTER = """\
# Question: how deep does capacity dip while build 42 rolls out, and for how long?
horizon: 6h
seed: 1
replications: 200
systems:
  shop:
    kind: cloud_service
    update_domains: 5
    builds:
      "42":
        bad: 5%
        unhealthy_later:
          probability: 60%
          after:
            uniform:
              low: 2min
              high: 20min
    roles:
      WebRole:
        instances: 20
        min_available: 14
        restart:
          lognormal:
            median: 4min
            p95: 9min
operations:
  - at: 10min
    upgrade_deployment:
      build: "42"
      mode: Manual
      operator:
        bake: 30min
        stop_above: 10%
        then: rollback
objectives:
  - metric: min_capacity
    at_least: 80%
    in_runs: 95%
"""


def other_builds(spec: CloudService) -> list[str]:
    """The builds listed beside the one that runs at time 0, in the file's order."""
    return [build for build in spec.builds if build != spec.build]


def builds_of(spec: CloudService, operations: Sequence[Operation]) -> tuple[str, ...]:
    """All builds that the scenario knows; the one that runs at time 0 comes first."""
    others = set(spec.builds)
    if spec.staging:
        others.add(spec.staging.build)
    bodies = [each.body for each in operations]
    others |= {b.build for b in bodies if isinstance(b, UpgradeDeployment) and b.build}
    return (spec.build, *sorted(others - {spec.build}))


def largest_counts(spec: CloudService, operations: Sequence[Operation]) -> dict[str, int]:
    """Role -> the most instances that it starts with or is ever asked to have.

    Also of roles that there are not: the file may name them.
    """
    largest = {role: each.instances for role, each in spec.roles.items()}
    for operation in operations:
        for role, count in configuration(operation.body).items():
            largest[role] = max(count, largest.get(role, 0))
    return largest


def resolve(name: str, spec: CloudService) -> CloudService:
    """Fill in names of deployments and times of restarts. Roles and builds in order of name."""
    staging = spec.staging
    if staging is not None:
        deployment = staging.deployment or f"{name}-staging"
        staging = staging.model_copy(update={"deployment": deployment})
    return spec.model_copy(
        update={
            "deployment": spec.deployment or name,
            "staging": staging,
            "builds": dict(sorted(spec.builds.items())),
            "roles": {role: _resolve_role(each) for role, each in sorted(spec.roles.items())},
        }
    )


def _resolve_role(role: Role) -> Role:
    """With stages a restart stays without a time of its own, and so does a creation."""
    restart = role.restart if role.stages else role.restart or RESTART
    # Assumption: a new instance takes as long as a restart.
    return role.model_copy(update={"restart": restart, "create": role.create or restart})


def resolve_bodies(spec: CloudService, bodies: Sequence[Request]) -> list[Request]:
    """Fill in what requests leave open."""
    return [_resolve_body(spec, body) for body in bodies]


def _resolve_body(spec: CloudService, body: Request) -> Request:
    """Fill in an upgrade's slot and build, and the duration of a host update."""
    if isinstance(body, UpgradeDeployment):
        build = body.build or next(iter(other_builds(spec)), ONLY_BUILD)
        slot = body.slot if body.deployment else body.slot or "production"
        return body.model_copy(update={"build": build, "slot": slot})
    if isinstance(body, HostOsUpdate):
        return body.model_copy(update={"duration": body.duration or HOST_UPDATE})
    return body


def active_assumptions(spec: CloudService, operations: Sequence[Operation]) -> list[Assumption]:
    """The defaults in force that Azure does not publish; `spec` is as written."""
    found = []
    roles = spec.roles
    restarts = [name for name, role in roles.items() if not (role.restart or role.stages)]
    if restarts:
        text = f"restart{_of(restarts, spec)} ({RESTART.short})"
        found.append(Assumption(text, _each(restarts, "restart")))
    gates = [name for name, role in roles.items() if "min_healthy" not in role.model_fields_set]
    if gates and any(operation.kind in GATED for operation in operations):
        text = f"min_healthy{_of(gates, spec)} 1"
        found.append(Assumption(text, _each(gates, "min_healthy")))
    grown = {role for operation in operations for role in configuration(operation.body)}
    created = [name for name in roles if name in grown and not roles[name].create]
    if created:
        text = f"create{_of(created, spec)} as restart"
        timed = [name for name in created if not roles[name].stages]
        why = "" if timed else "it follows from the stages"
        found.append(Assumption(text, _each(timed, "create"), why))
    if spec.fault_domain_failures and "fault_domains" not in spec.model_fields_set:
        text = f"{spec.fault_domains} fault domains"
        found.append(Assumption(text, [("fault_domains",)]))
    if sum(begins_walk(operation.body) for operation in operations) > 1:
        text = "a second change takes over from the first at once"
        found.append(Assumption(text, no_number=RULE))
    if not (spec.fault_domain_failures or any(role.failures for role in roles.values())):
        found.append(Assumption("no failures", no_number=NONE_FAIL))
    return found


def chances(spec: CloudService) -> dict[str, float]:
    """Of builds that may be bad."""
    builds = spec.builds.items()
    return {f"bad build {name}": build.bad for name, build in builds if 0 < build.bad < 1}


def headcount(spec: CloudService, operations: Sequence[Operation], group: str) -> Headcount:
    """How many instances a role has, or all together."""
    asked = [configuration(operation.body) for operation in operations]
    roles = [group] if group else [*spec.roles]
    counts = [[spec.roles[each].instances, *(b.get(each, 0) for b in asked)] for each in roles]
    return Headcount(sum(each[0] for each in counts), sum(map(max, counts)), "instance")


def _each(roles: Iterable[str], key: str) -> list[tuple[str, ...]]:
    return [("roles", role, key) for role in roles]


def _of(some: list[str], spec: CloudService) -> str:
    return "" if len(some) == len(spec.roles) else f" of {', '.join(some)}"


def default_variants(
    operations: Sequence[Operation], _: Mapping[str, System]
) -> dict[str, dict[str, object]]:
    """The three modes of the file's first upgrade_deployment."""
    for operation in operations:
        if isinstance(operation.body, UpgradeDeployment):
            body = f"operations.{operation.index}.{operation.kind}"
            # Assumption: where the modes are compared and the file has no operator, one walks the
            # domains of a Manual upgrade and bakes each for 10 min.
            bakes = {} if operation.body.operator else {f"{body}.operator": {"bake": "10min"}}
            return {
                "auto": {f"{body}.mode": "Auto"},
                "manual": {f"{body}.mode": "Manual", **bakes},
                "simultaneous": {f"{body}.mode": "Simultaneous"},
            }
    return {}
