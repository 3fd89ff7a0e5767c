"""What a scale set shows of a finished run: its instances, and lanes of what they do."""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from sim.core.timelines import stays
from sim.systems.base.tables import GanttLabels, bars, being_created
from sim.systems.vm_scale_set.layout import instance_name
from sim.systems.vm_scale_set.requests import ManualUpgrade
from sim.systems.vm_scale_set.states import (
    CREATING,
    DELETING,
    GIVEN_UP,
    IN_SERVICE,
    INITIALIZING,
    REPAIRS,
    WIDTH,
)

if TYPE_CHECKING:
    from sim.core.log import Stack
    from sim.systems.base.tables import Bar
    from sim.systems.vm_scale_set.layout import SetLayout

LANES = 40
"""So many lanes can be told apart in a picture; the instances of larger sets share them."""


def places(layout: SetLayout, number: int) -> dict[str, int]:
    """Where an instance is: in which zone, from 1 on, and in which update domain, if there are."""
    zone = {"zone": layout.zone_of[number] + 1} if layout.spec.zone_counts else {}
    domain = {"update_domain": number % layout.domains} if layout.domains > 1 else {}
    return zone | domain


def gantt(layout: SetLayout, stack: Stack) -> list[Bar]:
    """What each instance does, or some instances of a large set together.

    Categories: ready (in service), replacing (created or deleted by a batch of a surge), scaling
    (created or deleted otherwise), updating (out by an upgrade, or by manual_upgrade), failing
    (unhealthy or failed), other (out for another reason, also while a repair replaces it).
    """
    spent = stays(stack, [layout.instances])
    lane = (spent.subject - layout.first_instance) // _share_a_lane(layout)
    status = spent.state % WIDTH
    category = np.where(np.isin(spent.begun_by, _upgraders(layout)), "updating", "other")
    category = category.astype("<U9")
    comes_or_goes = being_created(spent, status == CREATING, status == INITIALIZING)
    comes_or_goes |= status == DELETING
    category[comes_or_goes & (spent.begun_by != layout.actor(REPAIRS))] = "scaling"
    category[comes_or_goes & (spent.begun_by == layout.batch)] = "replacing"
    category[np.isin(status, GIVEN_UP)] = "failing"
    category[np.isin(status, IN_SERVICE)] = "ready"
    return bars(
        spent,
        np.where(spent.state != 0, lane, -1),
        category,
        partial(_label, layout),
        ("ready", "scaling", "replacing", "other", "updating", "failing"),
    )


def _upgraders(layout: SetLayout) -> list[int]:
    """Subjects whose doing an upgrade of an instance is."""
    manual = [
        layout.first_operation + place
        for place, each in enumerate(layout.requests)
        if isinstance(each.body, ManualUpgrade)
    ]
    ours = range(layout.first_upgrade, layout.first_upgrade + layout.rollouts)
    return [*ours, layout.batch, *manual]


def gantt_labels(layout: SetLayout) -> GanttLabels:
    """What those lanes are."""
    return GanttLabels("instances", "unhealthy or failed", _share_a_lane(layout) > 1)


def _share_a_lane(layout: SetLayout) -> int:
    """How many instances share a lane."""
    return math.ceil(layout.room / LANES)


def _label(layout: SetLayout, lane: int) -> str:
    size = _share_a_lane(layout)
    first, last = lane * size, min((lane + 1) * size, layout.room) - 1
    name = instance_name(layout.name, first)
    return name if first == last else f"{name}..{last}"
