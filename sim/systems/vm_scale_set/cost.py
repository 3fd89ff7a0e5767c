"""What a run of a scale set is expected to cost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.systems.base.cost import Part, expected_failures
from sim.systems.vm_scale_set.requests import BEGINS, OF_INSTANCES, Scale

if TYPE_CHECKING:
    from sim.systems.vm_scale_set.layout import SetLayout

START_ROWS = 3.0
"""Of an instance that is taken through a start: out, running, healthy."""
REPLACED_ROWS = 5.0
"""Of an instance and the one that replaces it: created, running, healthy; deleted, gone."""
OPERATION_ROWS = 8.0
"""Of an operation itself: asked, ended; its upgrade, its model, its batches."""


def parts(layout: SetLayout) -> list[Part]:
    """What makes the rows and events of a replication."""
    spec, path = layout.spec, ("systems", layout.name)
    count, horizon = float(max(layout.sizes)), layout.span.horizon
    rows = (REPLACED_ROWS if spec.upgrade_policy.max_surge else START_ROWS) * count
    ours = [
        Part(
            each.path,
            f"instances of {layout.name}",
            "instance",
            "",
            rows + OPERATION_ROWS,
            rows + OPERATION_ROWS,
        )
        for each in layout.requests
        if isinstance(each.body, BEGINS + OF_INSTANCES) or layout.begins_upgrade(each.name)
    ]
    moved = START_ROWS * (max(layout.sizes) - min(layout.sizes))
    ours += [
        Part(each.path, f"instances of {layout.name}", "instance", "", moved, moved)
        for each in layout.requests
        if isinstance(each.body, Scale)
    ]
    coming, met = expected_failures(spec.failures, count, horizon)
    per_failure = 2.0 if spec.repairs is None else 2.0 + REPLACED_ROWS
    ours.append(
        Part((*path, "failures"), "failures", "instance", "", per_failure * met, coming + met)
    )
    if spec.repairs and layout.faulty:
        # On a version that is always bad one is repaired after the other, for ever.
        turn = spec.repairs.grace_period + spec.health.wait + spec.create.mean + spec.delete.mean
        at_once = max(1.0, 0.05 * count)
        repaired = REPLACED_ROWS * min(count, at_once) * horizon / max(turn, 1.0)
        ours.append(Part((*path, "repairs"), "repairs", "instance", "", repaired, repaired))
    return ours
