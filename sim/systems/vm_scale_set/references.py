"""What a scale set's part of a file refers to, and what in it is legal but hardly meant."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from sim.core.rounding import at_least
from sim.core.units import format_share, show_duration, show_share
from sim.systems.base.spec import MOST_MEMBERS, Issue, unknown_name
from sim.systems.base.text import pluralize
from sim.systems.vm_scale_set.layout import (
    begins_upgrade,
    most_instances,
    parts_of,
)
from sim.systems.vm_scale_set.requests import (
    BEGINS,
    OF_INSTANCES,
    ManualUpgrade,
    PublishImage,
    Scale,
    StartOsUpgrade,
    UpdateModel,
)
from sim.systems.vm_scale_set.states import WIDTH

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sim.systems.base.operation import Operation, Span
    from sim.systems.vm_scale_set.spec import VmScaleSet

    Path = tuple[str | int, ...]

HARM = ("unhealthy", "unhealthy_later")
MOST_MODELS = 2**15 // WIDTH - 1
"""A state in the log has room for so many models."""
MOST_ZONES = 100
MOST_AZURE = 1000
"""Azure's limit of instances ("FAQ for scale sets"): 600 with a custom image."""
INTERVALS, PROBES, GRACE = (5.0, 60.0), (1, 24), 14400.0
"""Bounds of the Application Health extension; of its grace period the later of two documents."""
REPAIR_GRACE = (600.0, 5400.0)
"""Bounds of the grace period of automatic repairs."""


def references(name: str, spec: VmScaleSet, operations: Sequence[Operation]) -> Iterator[Issue]:
    """Names that refer to nothing, numbers that do not fit, keys that exclude each other."""
    path = ("systems", name)
    yield from _of_size(path, spec, operations)
    yield from _of_policy(path, spec)
    yield from _of_health(path, spec)
    yield from _of_versions(path, name, spec, operations)


def _of_size(path: Path, spec: VmScaleSet, operations: Sequence[Operation]) -> Iterator[Issue]:
    zones = spec.zones
    if isinstance(zones, int):
        if zones > MOST_ZONES:
            yield Issue((*path, "zones"), f"must be at most {MOST_ZONES} zones, got {zones}")
            return
    elif zones is not None and sum(zones) != spec.instances:
        rule = f"must sum up to the instances, {spec.instances:,}, got {sum(zones):,}"
        # As in Azure's own form, which has the names of the zones.
        is_named = zones == tuple(range(1, len(zones) + 1))
        hint = f"; {len(zones)} alone spreads them over that many zones" if is_named else ""
        yield Issue((*path, "zones"), f"{rule}{hint}")
    elif zones is not None and len(zones) > MOST_ZONES:
        yield Issue((*path, "zones"), f"must be at most {MOST_ZONES} zones, got {len(zones)}")
        return
    room = most_instances(spec, operations)
    if room > MOST_MEMBERS:
        rule = f"must be at most {MOST_MEMBERS:,} instances with all that scale and a surge create"
        yield Issue((*path, "instances"), f"{rule}, got {room:,}")
    if spec.quota is not None and spec.quota < spec.instances:
        rule = f"must be at least the instances, {spec.instances:,}, got {spec.quota:,}"
        yield Issue((*path, "quota"), rule)
    for place, number in enumerate(spec.unhealthy_instances):
        if number >= spec.instances:
            rule = f"must be a number of an instance, 0 to {spec.instances - 1:,}, got {number}"
            yield Issue((*path, "unhealthy_instances", place), rule)


def _of_policy(path: Path, spec: VmScaleSet) -> Iterator[Issue]:
    policy, automatic = spec.upgrade_policy, spec.automatic_os_upgrade
    if policy.mode == "rolling" and spec.health.source == "none":
        rule = "must be application or load_balancer, as the mode rolling needs a source of health"
        yield Issue((*path, "health", "source"), f"{rule}, got none")
    if spec.repairs and spec.health.source == "none":
        rule = "must be application or load_balancer, as repairs need a source of health, got none"
        yield Issue((*path, "health", "source"), rule)
    if spec.orchestration == "uniform":
        return
    if policy.rollback_failed_instances_on_policy_breach:
        where = (*path, "upgrade_policy", "rollback_failed_instances_on_policy_breach")
        yield Issue(where, "must be false, as only uniform sets have it, got true")
    if automatic.enabled and policy.max_surge:
        rule = "must be false, as flexible sets have no automatic OS upgrades with it, got true"
        yield Issue((*path, "upgrade_policy", "max_surge"), rule)


def _of_health(path: Path, spec: VmScaleSet) -> Iterator[Issue]:
    health = spec.health
    if health.source == "application":
        low, high = INTERVALS
        if not low <= health.interval <= high:
            rule = f"must be {show_duration(low)} to {show_duration(high)}"
            got = show_duration(health.interval)
            yield Issue((*path, "health", "interval"), f"{rule}, got {got}")
    if health.probes > PROBES[1]:
        yield Issue(
            (*path, "health", "probes"), f"must be at most {PROBES[1]}, got {health.probes}"
        )
    if health.grace_period > GRACE:
        rule = f"must be at most {show_duration(GRACE)}, got {show_duration(health.grace_period)}"
        yield Issue((*path, "health", "grace_period"), rule)
    if spec.repairs and not REPAIR_GRACE[0] <= spec.repairs.grace_period <= REPAIR_GRACE[1]:
        rule = f"must be {show_duration(REPAIR_GRACE[0])} to {show_duration(REPAIR_GRACE[1])}"
        got = show_duration(spec.repairs.grace_period)
        yield Issue((*path, "repairs", "grace_period"), f"{rule}, got {got}")


def _of_versions(
    path: Path, name: str, spec: VmScaleSet, operations: Sequence[Operation]
) -> Iterator[Issue]:
    parts = parts_of(spec, operations)
    models = math.prod(map(len, parts))
    if models > MOST_MODELS:
        rule = (
            f"must have at most {MOST_MODELS:,} models, images times extensions times sizes, those "
            f"of its operations included, got {models:,}"
        )
        yield Issue(path, rule)
    known = {each: None for part in parts for each in part}
    for version, behaviour in spec.versions.items():
        where = (*path, "versions", version)
        if version not in known:
            what = f"an image, extensions or a size of {name}"
            yield Issue(where, unknown_name(what, version, known), about_key=True)
        given = behaviour.model_fields_set
        if "bad" in given and behaviour.bad and given.isdisjoint(HARM):
            rule = f"must stand beside {' or '.join(HARM)}, which say what a bad version does"
            got = format_share(behaviour.bad)
            yield Issue((*where, "bad"), f"{rule}, got {got} alone")


# What is hardly meant ----------------------------------------------------------------------------


def warnings(name: str, spec: VmScaleSet, operations: Sequence[Operation], _: Span) -> list[Issue]:
    """What is legal and yet hardly meant, or more than Azure allows."""
    path = ("systems", name)
    return [*_of_set(path, spec, operations), *_of_operations(spec, operations)]


def _of_set(path: Path, spec: VmScaleSet, operations: Sequence[Operation]) -> Iterator[Issue]:
    policy = spec.upgrade_policy
    given = spec.model_fields_set
    if "update_domains" in given and (spec.zones is not None or spec.orchestration == "flexible"):
        which = "a set in zones" if spec.orchestration == "uniform" else "a flexible set"
        rule = f"{which} has no update domains, got {spec.update_domains}: it does nothing"
        yield Issue((*path, "update_domains"), rule)
    if spec.instances > MOST_AZURE:
        rule = f"Azure allows at most {MOST_AZURE:,}, got {spec.instances:,}"
        yield Issue((*path, "instances"), rule)
    if policy.max_batch_instance_percent > policy.max_unhealthy_instance_percent:
        rule = (
            "a batch may be larger than max_unhealthy_instance_percent, "
            f"{show_share(policy.max_unhealthy_instance_percent)}, allows to be unhealthy, "
            f"got {show_share(policy.max_batch_instance_percent)}"
        )
        yield Issue((*path, "upgrade_policy", "max_batch_instance_percent"), rule)
    if policy.max_surge and spec.quota is not None:
        sizes = [each.body.instances for each in operations if isinstance(each.body, Scale)]
        if spec.quota <= min([spec.instances, *sizes]):
            rule = f"the quota, {spec.quota:,}, has no room for a surge: batches go in place"
            yield Issue((*path, "upgrade_policy", "max_surge"), rule)
    if spec.demand and not spec.serves_demand:
        rule = "the set has no serves_demand, so none of it is served"
        yield Issue((*path, "demand"), rule)
    least = at_least(spec.min_available, spec.instances)
    if least > spec.instances:
        rule = f"there are only {pluralize(spec.instances, 'instance')}, got {spec.min_available}"
        yield Issue((*path, "min_available"), f"{rule}: never available")


def _no_change(path: Path, spec: VmScaleSet, body: UpdateModel) -> Iterator[Issue]:
    """Of the first update: whether it leaves the model as it is."""
    parts = {"image": spec.image, "extensions": spec.extensions, "size": spec.size}
    given = {part: getattr(body, part) for part in parts if getattr(body, part)}
    if not given:
        yield Issue(path, "changes nothing: no image, extensions or size")
    elif all(parts[part] == name for part, name in given.items()):
        same = ", ".join(f"{part} {name}" for part, name in given.items())
        yield Issue(path, f"changes nothing: the model has {same} from the start")


def _of_operations(spec: VmScaleSet, operations: Sequence[Operation]) -> Iterator[Issue]:
    bodies = [each.body for each in operations]
    moves = any(isinstance(each, ManualUpgrade | StartOsUpgrade) for each in bodies)
    follows = any(isinstance(each, StartOsUpgrade) and not each.image for each in bodies)
    for place, operation in enumerate(operations):
        body = operation.body
        if isinstance(body, UpdateModel):
            is_manual = spec.upgrade_policy.mode == "manual"
            if is_manual and not moves:
                rule = "the mode is manual and there is no manual_upgrade: no instance follows"
                yield Issue(operation.path, rule)
            if not any(isinstance(each, BEGINS) for each in bodies[:place]):
                yield from _no_change(operation.path, spec, body)
        elif isinstance(body, PublishImage) and not begins_upgrade(body, spec) and not follows:
            rule = "without automatic_os_upgrade.enabled or a start_os_upgrade nothing follows it"
            yield Issue(operation.path, rule)
    room = most_instances(spec, operations)
    for operation in operations:
        body = operation.body
        if isinstance(body, OF_INSTANCES) and isinstance(body.instances, tuple):
            late = [number for number in body.instances if number >= room]
            if late:
                rule = f"there never is an instance with the number {late[0]}"
                yield Issue((*operation.path, "instances"), rule)
