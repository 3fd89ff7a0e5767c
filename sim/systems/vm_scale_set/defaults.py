"""Defaults of a scale set that depend on other fields, and which of them are assumptions."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from sim.formats.tree import dotted
from sim.systems.base.assumptions import NONE_FAIL, Assumption
from sim.systems.base.spec import Headcount
from sim.systems.vm_scale_set.layout import begins_upgrade, has_faults, sizes_asked
from sim.systems.vm_scale_set.requests import (
    ManualUpgrade,
    PublishImage,
    Reimage,
    Scale,
    UpdateModel,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sim.systems.base.operation import Operation
    from sim.systems.base.spec import System
    from sim.systems.vm_scale_set.spec import VmScaleSet

HORIZON = 86400.0
"""Seconds."""

STARTER = """\
# Question: how far does capacity dip while image 2 rolls through ten instances, and for how long?
horizon: 6h
seed: 1
systems:
  web:
    kind: vm_scale_set
    instances: 10
    upgrade_policy:
      mode: rolling
      max_batch_instance_percent: 20%
      pause_time_between_batches: 5min
operations:
  - at: 1h
    update_model: {image: "2"}
objectives:
  - metric: min_capacity
    at_least: 80%
    of: mean
"""


def resolve(_: str, spec: VmScaleSet) -> VmScaleSet:
    """An instance gets its former OS disk back in the time that a reimage takes."""
    # Assumption: it is as long as a reimage.
    return spec.model_copy(update={"restore": spec.restore or spec.reimage})


def headcount(spec: VmScaleSet, operations: Sequence[Operation], _: str) -> Headcount:
    """How many instances the set has, and is asked to have."""
    return Headcount(spec.instances, max(sizes_asked(spec, operations)), "instance")


def active_assumptions(spec: VmScaleSet, operations: Sequence[Operation]) -> list[Assumption]:
    """The defaults in force that Azure does not publish; `spec` is as written."""
    bodies = [each.body for each in operations]
    upgraded = any(begins_upgrade(each, spec) for each in bodies)
    surges = upgraded and spec.upgrade_policy.max_surge
    action = spec.repairs.action if spec.repairs else None
    scales = any(isinstance(each, Scale) for each in bodies)
    replaces = surges or action == "replace"
    in_force = {
        "reimage": (
            (upgraded and any(getattr(each, "image", None) for each in bodies) and not surges)
            or any(isinstance(each, Reimage) for each in bodies)
            or action == "reimage"
        ),
        "upgrade": not surges
        and any(
            getattr(each, "extensions", None) or getattr(each, "size", None) for each in bodies
        ),
        "restart": action == "restart",
        "create": replaces or scales,
        "delete": replaces or scales,
        "healthy_after": bool(bodies or action),
    }
    found = [
        Assumption(f"{key} ({getattr(spec, key).short})", [(key,)])
        for key, holds in in_force.items()
        if holds and key not in spec.model_fields_set
    ]
    published = any(isinstance(each, PublishImage) and not each.discovery for each in bodies)
    automatic = spec.automatic_os_upgrade
    if published and automatic.enabled and "discovery" not in automatic.model_fields_set:
        text = f"discovery ({automatic.discovery.short})"
        found.append(Assumption(text, [("automatic_os_upgrade", "discovery")]))
    if upgraded and not any(has_faults(spec, each) for each in spec.versions):
        found.append(Assumption("no bad versions", no_number="without bad ones there is no share"))
    if not spec.failures:
        found.append(Assumption("no failures", no_number=NONE_FAIL))
    return found


def default_variants(
    operations: Sequence[Operation], systems: Mapping[str, System]
) -> dict[str, dict[str, object]]:
    """The modes for the first upgrade, manual only if somebody upgrades by hand, and rolling with
    surge; where it goes in batches in any mode, in place and with surge.
    """
    for operation in operations:
        spec = cast("VmScaleSet", systems[operation.system])
        if not begins_upgrade(operation.body, spec):
            continue
        policy = dotted(("systems", operation.system, "upgrade_policy"))
        in_place: dict[str, object] = {f"{policy}.max_surge": False}
        surges: dict[str, object] = {f"{policy}.max_surge": True}
        if not isinstance(operation.body, UpdateModel):
            is_automatic = isinstance(operation.body, PublishImage)
            if is_automatic and spec.orchestration == "flexible":
                return {}  # it has none with a surge
            return {"in-place": in_place, "with-surge": surges}
        if spec.health.source == "none":
            return {}  # the mode rolling needs one
        modes = ["automatic", "manual", "rolling"]
        if not any(isinstance(each.body, ManualUpgrade) for each in operations):
            modes.remove("manual")
        by_mode = {mode: {f"{policy}.mode": mode} | in_place for mode in modes}
        return by_mode | {"rolling-with-surge": {f"{policy}.mode": "rolling"} | surges}
    return {}


def chances(spec: VmScaleSet) -> dict[str, float]:
    """Of versions that may be bad."""
    versions = spec.versions.items()
    return {f"bad version {name}": each.bad for name, each in versions if 0 < each.bad < 1}
