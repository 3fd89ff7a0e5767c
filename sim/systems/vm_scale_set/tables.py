"""What a scale set shows of a finished run: its instances, and lanes of what they do."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from sim.core.timelines import stays
from sim.systems.base.activity import Activity, Category
from sim.systems.base.tables import being_created
from sim.systems.vm_scale_set.layout import instance_name
from sim.systems.vm_scale_set.requests import ManualUpgrade
from sim.systems.vm_scale_set.states import (
    BATCH_UPGRADING,
    CREATING,
    DELETING,
    GIVEN_UP,
    IN_SERVICE,
    INITIALIZING,
    PAUSING,
    REPAIRS,
    WIDTH,
)

if TYPE_CHECKING:
    from sim.core.stack import Stack
    from sim.systems.vm_scale_set.layout import SetLayout


def places(layout: SetLayout, number: int) -> dict[str, int]:
    """Where an instance is: in which zone, from 1 on, and in which update domain, if there are."""
    zone = {"zone": layout.zone_of[number] + 1} if layout.spec.zone_counts else {}
    domain = {"update_domain": number % layout.domains} if layout.domains > 1 else {}
    return zone | domain


def activities(layout: SetLayout, stack: Stack) -> list[Activity]:
    """What each instance does, and when each batch of a rolling upgrade runs, if there are any."""
    batches = _batches(layout, stack)
    return [_instances(layout, stack), *([batches] if batches.lanes else [])]


def _instances(layout: SetLayout, stack: Stack) -> Activity:
    """Ready (in service), replacing (created or deleted by a batch of a surge), scaling (created or
    deleted otherwise), updating (out by an upgrade, or by manual_upgrade), failing (unhealthy or
    failed), other (out for another reason, also while a repair replaces it).
    """
    spent = stays(stack, [layout.instances])
    lane = np.where(spent.state != 0, spent.subject - layout.first_instance, -1)
    status = spent.state % WIDTH
    order: tuple[Category, ...] = ("ready", "scaling", "replacing", "other", "updating", "failing")
    ready, scaling, replacing, other, updating, failing = range(len(order))
    category = np.where(np.isin(spent.begun_by, _upgraders(layout)), updating, other)
    category = category.astype(np.int8)
    comes_or_goes = being_created(spent, status == CREATING, status == INITIALIZING)
    comes_or_goes |= status == DELETING
    category[comes_or_goes & (spent.begun_by != layout.actor(REPAIRS))] = scaling
    category[comes_or_goes & (spent.begun_by == layout.batch)] = replacing
    category[np.isin(status, GIVEN_UP)] = failing
    category[np.isin(status, IN_SERVICE)] = ready
    words = "instances", "unhealthy or failed"
    return Activity(*words, spent, lane, category, order, partial(instance_name, layout.name))


def _batches(layout: SetLayout, stack: Stack) -> Activity:
    """A lane a batch: while its instances are upgraded, and the pause after it."""
    spent = stays(stack, [stack.subjects.block_of(layout.batch)])
    number = np.cumsum(spent.state == BATCH_UPGRADING) - 1
    lane = np.where(np.isin(spent.state, (BATCH_UPGRADING, PAUSING)), number, -1)
    category = (spent.state == BATCH_UPGRADING).astype(np.int8)
    words = "batches", "failing"
    return Activity(*words, spent, lane, category, ("pausing", "updating"), "batch {}".format)


def _upgraders(layout: SetLayout) -> list[int]:
    """Subjects whose doing an upgrade of an instance is."""
    manual = [
        layout.first_operation + place
        for place, each in enumerate(layout.requests)
        if isinstance(each.body, ManualUpgrade)
    ]
    ours = range(layout.first_upgrade, layout.first_upgrade + layout.rollouts)
    return [*ours, layout.batch, *manual]
