"""Operators that watch a build for what they cannot see: tried in advance by the model itself.

A start that fails is tried again, and a walk of a domain ends when its instances are Ready, or over
the start time-out. So an operator sees a failed start only where it takes that long.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, TypeGuard

from sim.core.units import show_duration
from sim.systems.base.dry_run import Trial
from sim.systems.cloud_service.operator_requests import operator_rollback
from sim.systems.cloud_service.requests import UpgradeDeployment

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sim.systems.base.operation import Operation
    from sim.systems.cloud_service.spec import Build, CloudService


def trials(spec: CloudService, operations: Sequence[Operation]) -> Iterator[Trial]:
    """Each operator of a build whose only fault is that starts fail: that it is bad, and that who
    looks sees what is to be seen, is taken for granted.
    """
    for operation in operations:
        body = operation.body
        if not isinstance(body, UpgradeDeployment) or body.mode != "Manual" or operation.repetition:
            continue
        build = spec.builds.get(str(body.build))
        operator = body.operator
        if operator is None or operator.stop_above is None or not _only_fails(build):
            continue
        bad = {**spec.builds, str(body.build): build.model_copy(update={"bad": 1.0})}
        sure = {"detects": 1.0, "false_alarm": 0.0, "then": "rollback"}
        asked = body.model_copy(update={"operator": operator.model_copy(update=sure)})
        yield Trial(
            (*operation.path, "operator", "stop_above"),
            spec.model_copy(update={"builds": bad}),
            replace(operation, body=asked),
            _is_of_starts,
            operator_rollback(operation.name),
            f"in the mean case of a bad build {body.build} the operator sees nothing: its only "
            "fault are starts that fail, which are tried again, and only who is not Ready within "
            f"start_timeout, {show_duration(spec.start_timeout)}, would be seen",
        )


def _only_fails(build: Build | None) -> TypeGuard[Build]:
    if build is None or not build.bad or not 0 < build.fails_to_start < 1:
        return False
    return build.unhealthy_later is None or not build.unhealthy_later.probability


def _is_of_starts(path: str) -> bool:
    return "/fails_to_start/" in path
