"""What a run of an Arc fleet is expected to cost."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from sim.systems.arc_fleet.requests import (
    AlwaysUnhealthy,
    PublishExtension,
    PutExtension,
    RepairExtension,
    SetAutomaticUpgrade,
    UpgradeExtensions,
)
from sim.systems.base.cost import Part, share_within, tries

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sim.systems.arc_fleet.layout import ExtensionLayout
    from sim.systems.arc_fleet.model import Model
    from sim.systems.base.operation import Operation

ATTEMPT_ROWS, ATTEMPT_EVENTS = 4.0, 3.0
"""An attempt installs, is watched, may be rolled back and rests; it is discovered, ends, and a
retry of it falls due."""

OPERATION_ROWS = 4.0
"""Of an operation itself and of the upgrade that it begins."""


def parts(model: Model) -> list[Part]:
    """What makes the rows and events of a replication."""
    found = [*_of_connections(model)]
    for operation in model.operations:
        if operation.at.mean <= model.span.horizon:
            found += _of_operation(model, operation)
    return found


def _of_connections(model: Model) -> Iterator[Part]:
    """Machines that go and come back."""
    for group in model.layout.groups:
        away = group.spec.disconnected
        if away is not None:
            cycle = away.on.mean + away.off.mean
            rows = 2 * group.count * away.share * model.span.horizon / cycle
            path = ("systems", model.name, "groups", group.name, "disconnected")
            what = f"machines of {group.name} that connect and disconnect"
            # No events, but each change is drawn and written on its own.
            yield Part(path, what, "machine", group.name, rows, rows / 2)


def _of_operation(model: Model, operation: Operation) -> Iterator[Part]:
    yield Part(
        operation.path, f"{operation.name} itself", "operation", "", OPERATION_ROWS, OPERATION_ROWS
    )
    machines: dict[str, float] = {}
    attempts = 1.0
    for each in model.layout.extensions:
        count = _machines(model, operation, each)
        if count:
            attempts = _attempts(model, operation, each)
            machines[each.type] = machines.get(each.type, 0.0) + count * attempts
    again = ", again and again" if attempts > 2 else ""  # noqa: PLR2004  (not worth a word)
    for kind, count in machines.items():
        what = f"installations of {kind} because of {operation.name}{again}"
        yield Part(
            operation.path,
            what,
            "extension",
            kind,
            count * ATTEMPT_ROWS,
            count * ATTEMPT_EVENTS,
        )


def _machines(model: Model, operation: Operation, each: ExtensionLayout) -> float:
    """On how many machines an operation begins to install an extension by the horizon."""
    body, left = operation.body, model.span.horizon - operation.at.mean
    match body:
        case PublishExtension() | SetAutomaticUpgrade():
            if not each.is_named(body.type, body.publisher) or not _is_enrolled(model, each):
                return 0.0
            return each.count * share_within(model.spec.discovery, left)
        case PutExtension():
            return float(each.count * each.is_named(body.type, body.publisher, body.group))
        case RepairExtension():
            return float(each.count * each.is_named(body.type, body.publisher, body.group))
        case UpgradeExtensions():
            named = each.name.lower() in (target.lower() for target in body.targets)
            return float(each.count * (named and body.group in (None, each.group)))
    return 0.0


def _is_enrolled(model: Model, each: ExtensionLayout) -> bool:
    """Whether it is upgraded automatically, at first or later."""
    if each.written is not None and each.written.enable_automatic_upgrade:
        return True
    bodies = (operation.body for operation in model.operations)
    return any(
        (isinstance(body, SetAutomaticUpgrade) and body.enabled)
        or (isinstance(body, PutExtension) and body.enable_automatic_upgrade)
        for body in bodies
    )


def _attempts(model: Model, operation: Operation, each: ExtensionLayout) -> float:
    """How often an extension is installed in the mean, until it is healthy or time is over."""
    spec = model.spec
    if not isinstance(operation.body, PublishExtension):
        return 1.0  # requests are one attempt
    cycle = spec.install.mean + spec.health_window + spec.rollback.mean + spec.retry_after.mean
    most = 1 + (model.span.horizon - operation.at.mean) / cycle
    most = min(most, spec.max_attempts or math.inf)
    again = 1 - spec.rollback_fails
    law = operation.body.unhealthy
    late = 0.0
    if spec.verdict == "early":
        late = 1 - share_within(spec.healthy_after, spec.health_window)
    if isinstance(law, AlwaysUnhealthy):
        group = spec.groups[each.group]
        always = float(law.os == group.os) if law.os is not None else law.machines or 0.0
        return always * tries(again, most) + (1 - always) * tries(late * again, most)
    unhealthy = 1 - (1 - (law or 0.0)) * (1 - late)
    return tries(unhealthy * again, most)
