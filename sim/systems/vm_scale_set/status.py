"""What Get Latest Rolling Upgrade and the OS upgrade history would show, and the set's instances.

Sources: `rollingUpgrades/latest` and `osUpgradeHistory` of the Compute REST API.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sim.core.log import (
    COMPLETED,
    ROLLING_BACK,
    UPGRADE_CANCELLED,
    UPGRADE_ENDS,
    UPGRADE_FAILED,
    UPGRADING,
)
from sim.core.wall_clock import DAY
from sim.systems.base.targets import Targets
from sim.systems.vm_scale_set.rejections import answer
from sim.systems.vm_scale_set.requests import CancelRollingUpgrade
from sim.systems.vm_scale_set.states import (
    COUNTS_UNHEALTHY,
    DELETING,
    IN_SERVICE,
    INSTANCE,
    RESTORING,
    WIDTH,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sim.core.stack import Stack
    from sim.systems.vm_scale_set.layout import SetLayout

Row = dict[str, Any]

CODES = {
    UPGRADING: "RollingForward",
    ROLLING_BACK: "RollingBack",
    COMPLETED: "Completed",
    # Assumption: the documents do not say which code a breach gives.
    UPGRADE_FAILED: "Faulted",
    UPGRADE_CANCELLED: "Cancelled",
}
"""State of an upgrade -> the code of its running status."""

KEPT = 5
"""So many attempts the history holds."""
# Assumption: the two months of the documents are 60 days, and count from an attempt's beginning.
RECENT = 60 * DAY
"""Those that began so long ago, seconds, or longer are not in it any more."""


class _Walk(NamedTuple):
    """A rolling upgrade in the log."""

    number: int
    """Of the upgrade."""
    began: float
    """Seconds: when its first batch, or its end, came."""
    state: int
    ended: float | None
    version: int
    """The model that it brings."""


def status(layout: SetLayout, stack: Stack, at: float) -> Row:
    """What would be shown at a time, seconds, until which the rows of a stack of one go."""
    codes = stack.final[0, layout.instances.numbers].tolist()
    there = [code for code in codes if code]
    model = int(Targets(stack, layout.target).version[0, 0])
    latest = sum(code // WIDTH == model for code in there)
    shown: Row = {
        "capacity": layout.sizes[int(Targets(stack, layout.size).version[0, 0])],
        "model": layout.versions[model],
        "instances": len(there),
        "latestModelApplied": {"true": latest, "false": len(there) - latest},
        "statuses": dict(Counter(INSTANCE[code % WIDTH] for code in there)),
        "versions": dict(Counter(layout.versions[code // WIDTH] for code in there)),
    }
    walks = _walks(layout, stack)
    if walks:
        shown["rollingUpgrades/latest"] = _latest(layout, stack, walks[-1])
    of_image = [each for each in walks if layout.brings_image(each.number)]
    of_image = [each for each in of_image if each.began > at - RECENT]
    if of_image:
        shown["osUpgradeHistory"] = [_attempt(layout, stack, each) for each in of_image[-KEPT:]]
    return shown


def _walks(layout: SetLayout, stack: Stack) -> list[_Walk]:
    """The rolling upgrades that have begun, in order of time."""
    found = []
    for number in filter(layout.rolls, range(layout.rollouts)):
        rows = np.flatnonzero(stack.about(layout.first_upgrade + number, 1))
        if not len(rows):
            continue
        began = float(stack.time[rows[0]])
        ends = rows[np.isin(stack.new[rows], UPGRADE_ENDS)]
        ended = float(stack.time[ends[0]]) if len(ends) else None
        model = _wanted(layout, stack, began)
        found.append(_Walk(number, began, int(stack.new[rows[-1]]), ended, model))
    return sorted(found, key=lambda each: each.began)


def _wanted(layout: SetLayout, stack: Stack, at: float) -> int:
    """The model that was wanted at a time, by number."""
    block = layout.target
    rows = np.flatnonzero(stack.about(block.first, 1) & (stack.time <= at))
    code = int(stack.new[rows[-1]]) if len(rows) else int(block.initial[0])
    return code // block.states.width


def _latest(layout: SetLayout, stack: Stack, walk: _Walk) -> Row:
    policy = layout.spec.upgrade_policy
    action = _last_action(layout, stack, walk)
    return {
        "policy": {
            "maxBatchInstancePercent": round(100 * policy.max_batch_instance_percent),
            "maxUnhealthyInstancePercent": round(100 * policy.max_unhealthy_instance_percent),
            "maxUnhealthyUpgradedInstancePercent": round(
                100 * policy.max_unhealthy_upgraded_instance_percent
            ),
            "pauseTimeBetweenBatches_s": policy.pause_time_between_batches,
            "maxSurge": policy.max_surge,
        },
        "runningStatus": {"code": CODES[walk.state], "startTime_s": walk.began} | action,
        "progress": _progress(layout, stack, walk),
        "error": _error(layout, stack, walk),
    }


def _last_action(layout: SetLayout, stack: Stack, walk: _Walk) -> Row:
    """Start, or the Cancel that was accepted since."""
    for place, each in enumerate(layout.requests):
        if isinstance(each.body, CancelRollingUpgrade):
            rows = np.flatnonzero(stack.about(layout.first_operation + place, 1))
            accepted = rows[:1][stack.new[rows[:1]] == 1]
            until = np.inf if walk.ended is None else walk.ended
            if len(accepted) and walk.began <= stack.time[accepted[0]] <= until:
                return {"lastAction": "Cancel", "lastActionTime_s": float(stack.time[accepted[0]])}
    return {"lastAction": "Start", "lastActionTime_s": walk.began}


def _attempt(layout: SetLayout, stack: Stack, walk: _Walk) -> Row:
    restored = _restored(layout, stack, walk)
    return {
        "runningStatus": {
            "code": CODES[walk.state],
            "startTime_s": walk.began,
            "endTime_s": walk.ended,
        },
        "progress": _progress(layout, stack, walk),
        "error": _error(layout, stack, walk),
        "startedBy": "Platform" if layout.is_published(walk.number) else "User",
        "targetImageReference": layout.models[walk.version].image,
        "rollbackInfo": {
            "successfullyRolledbackInstanceCount": len(restored),
            "failedRolledbackInstanceCount": 0,
        },
    }


def _error(layout: SetLayout, stack: Stack, walk: _Walk) -> Row | None:
    """The error by which it ended; none where it is on, or completed."""
    if walk.state != UPGRADE_FAILED:
        return None
    number = layout.operation_number(layout.upgrades[walk.number])
    code = int(stack.final[0, layout.first_operation + number])
    states = stack.subjects.block_of(layout.first_operation).states
    found = answer(states.version(code), layout.requests[number].body)
    return {"code": found.code, "message": found.message}


def _progress(layout: SetLayout, stack: Stack, walk: _Walk) -> Row:
    """How many instances were upgraded, failed, are under way, are to come: at its end, or now.

    One that got its former model back has failed.
    """
    at = stack.horizon if walk.ended is None else walk.ended
    codes = _codes_at(layout, stack, at)
    there = (codes > 0) & (codes % WIDTH != DELETING)
    status, on_it = codes % WIDTH, there & (codes // WIDTH == walk.version)
    restored = np.zeros(layout.room, bool)
    restored[list(_restored(layout, stack, walk))] = True
    serves = np.isin(status, IN_SERVICE)
    failed = (on_it & np.isin(status, COUNTS_UNHEALTHY[:2])) | (there & restored)
    back = there & (status == RESTORING)
    replaced = _surged_in_vain(layout, stack, walk)
    return {
        "successfulInstanceCount": int((on_it & serves & ~restored).sum()),
        "failedInstanceCount": int((failed & ~back).sum()) + replaced,
        "inProgressInstanceCount": int((on_it & ~serves & ~failed).sum() + back.sum()),
        "pendingInstanceCount": int((there & ~on_it & ~restored).sum()) - replaced,
    }


def _surged_in_vain(layout: SetLayout, stack: Stack, walk: _Walk) -> int:
    """How many new instances were not healthy and were deleted, so that the old ones stay."""
    rows = stack.about(layout.first_instance, layout.room) & (stack.cause == layout.batch)
    rows &= (stack.new % WIDTH == DELETING) & (stack.new // WIDTH == walk.version)
    until = stack.horizon if walk.ended is None else walk.ended
    return int((rows & (stack.time >= walk.began) & (stack.time <= until)).sum())


def _restored(layout: SetLayout, stack: Stack, walk: _Walk) -> set[int]:
    """Numbers of the instances that an upgrade gave their former model back."""
    rows = stack.about(layout.first_instance, layout.room)
    rows &= (stack.new % WIDTH == RESTORING) & (stack.cause == layout.first_upgrade + walk.number)
    return set((stack.subject[rows] - layout.first_instance).tolist())


def _codes_at(layout: SetLayout, stack: Stack, at: float) -> NDArray[np.int16]:
    """States of the instances at a time, by number."""
    codes = layout.instances.initial.copy()
    rows = stack.about(layout.first_instance, layout.room) & (stack.time <= at)
    codes[stack.subject[rows] - layout.first_instance] = stack.new[rows]  # the last one stays
    return codes
