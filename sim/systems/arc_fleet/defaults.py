"""Defaults of an Arc fleet that depend on other fields, and which of them are assumptions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.systems.arc_fleet.requests import (
    PublishExtension,
    RepairExtension,
    SetAutomaticUpgrade,
    UpgradeExtensions,
)
from sim.systems.arc_fleet.spec import MachineGroup, fits, identity

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sim.systems.arc_fleet.spec import ArcFleet, Extension
    from sim.systems.operation import Operation, Request

HORIZON = 90 * 86400.0
"""Seconds."""

ONLY_GROUP = "machines"
"""The group of a fleet that is written by its number of machines."""

GROUP_METRICS = {
    "min_capacity",
    "mean_capacity",
    "capacity_hours_lost",
    "availability",
    "downtime",
    "outages",
    "longest_outage",
    "updated_share",
    "time_to_50",
    "time_to_90",
    "time_to_99",
    "rollbacks",
    "attempts_mean",
    "stuck_machines",
}

STARTER = """\
# Question: how long does a monthly release take to reach 99 % of 2,000 machines?
horizon: 90d
seed: 1
replications: 20
systems:
  plant:
    kind: arc_fleet
    machines: 2000
    extensions:
      - publisher: Microsoft.Azure.Monitor
        type: AzureMonitorLinuxAgent
        version: 1.37.0
        enable_automatic_upgrade: true
    unhealthy: 5%
operations:
  - at: 1h
    publish_extension:
      type: AzureMonitorLinuxAgent
      version: 1.38.0
objectives:
  - metric: time_to_99
    at_most: 70d
    in_runs: 95%
"""


def resolve(_: str, spec: ArcFleet) -> ArcFleet:
    """Write every fleet in groups, in order of name, and name the groups of each extension."""
    groups = groups_of(spec)
    extensions = [
        each.model_copy(update={"groups": groups_with(each, groups)}) for each in spec.extensions
    ]
    return spec.model_copy(
        update={"machines": None, "groups": groups, "extensions": tuple(extensions)}
    )


def groups_of(spec: ArcFleet) -> dict[str, MachineGroup]:
    """The groups of a fleet in order of name, however it is written."""
    if spec.machines is not None:
        return {ONLY_GROUP: MachineGroup(count=spec.machines)}
    return dict(sorted(spec.groups.items()))


def groups_with(extension: Extension, groups: dict[str, MachineGroup]) -> tuple[str, ...]:
    """The groups that have an extension at time 0, in order of name."""
    if extension.groups is not None:
        return tuple(sorted(extension.groups))
    return tuple(name for name, group in groups.items() if fits(extension.type, group))


def resolve_body(spec: ArcFleet, body: Request) -> Request:
    """Fill in a publisher, spell the names of extensions as the fleet does, and how bad it is."""
    if isinstance(body, UpgradeExtensions):
        spelled = {identity(e.publisher, e.type): f"{e.publisher}.{e.type}" for e in spec.extensions}
        targets = {spelled.get(key.lower(), key): v for key, v in body.targets.items()}
        return body.model_copy(update={"targets": targets})
    if isinstance(body, PublishExtension | SetAutomaticUpgrade | RepairExtension):
        meant = named(body.publisher, body.type, spec.extensions)
        filled = {"publisher": meant[0].publisher, "type": meant[0].type} if meant else {}
        if isinstance(body, PublishExtension) and body.unhealthy is None:
            filled["unhealthy"] = spec.unhealthy
        return body.model_copy(update=filled)
    return body


def named(
    publisher: str | None, kind: str, extensions: Sequence[Extension]
) -> list[Extension]:
    """The extensions that a request may mean by a type and perhaps a publisher."""
    return [
        each
        for each in extensions
        if identity(publisher or each.publisher, kind) == identity(each.publisher, each.type)
    ]


def default_variants(_: Sequence[Operation]) -> dict[str, dict[str, object]]:
    """None: an Arc fleet has no modes to choose from."""
    return {}
