"""Metrics of a scale set, for a whole stack of replications at once."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from sim.core.log import COMPLETED, UNIT
from sim.core.metrics import HOUR, NO_ROLLBACKS, Metric, availability, capacity, in_service, latest
from sim.core.rollouts import took_nobody
from sim.core.timelines import Members, accumulate, total
from sim.systems.base.demand import unserved
from sim.systems.base.metrics import at_least, rollouts_of_one_group
from sim.systems.base.targets import INITIAL, REQUESTED, Group, Targets, share
from sim.systems.vm_scale_set.states import (
    BAD,
    BATCH_UPGRADING,
    DELETING,
    RESTORING,
    UNHEALTHY,
    WIDTH,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sim.core.log import Block
    from sim.core.metrics import Measured, Values
    from sim.core.stack import Stack
    from sim.core.timelines import Steps
    from sim.systems.base.model import Shortfall
    from sim.systems.vm_scale_set.layout import SetLayout

OWN_METRICS = (
    Metric(
        "batches",
        "count",
        "",
        "batches",
        "How many batches rolling upgrades took.",
    ),
    Metric(
        "instances_failed",
        "count",
        "lower",
        "instances\nfailed",
        "Distinct instances that were not healthy in time after a start, or turned unhealthy.",
    ),
    Metric(
        "instances_rolled_back",
        "count",
        "",
        "instances\nrolled back",
        "How many times an instance got its former model back.",
    ),
    Metric(
        "blast_radius",
        "share",
        "lower",
        "bad version\nreaches",
        "Most instances at one instant on a version that is bad in this replication, of nominal.",
        extreme=True,
    ),
    Metric(
        "bad_build_hours",
        "instance-hours",
        "lower",
        "hours on\nbad version",
        "Integral of the instances on a version that is bad in this replication.",
    ),
    Metric(
        "surge_peak",
        "count",
        "lower",
        "surge\npeak",
        "Most instances at one instant that upgrades created beside those that they replace.",
    ),
    Metric(
        "surge_vm_hours",
        "instance-hours",
        "lower",
        "surge\nVM-hours",
        "Integral of the instances that upgrades created beside those that they replace.",
    ),
    Metric(
        "unserved_demand",
        "demand x s",
        "lower",
        "unserved\ndemand",
        "Integral of the demand above what the instances in service can serve.",
    ),
)

SET_METRICS = NO_ROLLBACKS | {metric.name: metric for metric in OWN_METRICS}


def headlines(layout: SetLayout) -> tuple[str, ...]:
    """Those that say most."""
    spec = layout.spec
    names = ["min_capacity", "capacity_hours_lost"]
    names += ["unserved_demand"] if spec.demand else []
    names += ["rollout_duration"] if layout.rollouts else []
    names += ["blast_radius"] if layout.faulty else []
    if spec.upgrade_policy.max_surge:
        names.append("surge_vm_hours")
    return tuple(names)


def measure(layout: SetLayout, stack: Stack, warm_up: float) -> tuple[Measured, NDArray[np.bool_]]:
    """All metrics of one set over [warm_up, horizon], and in which replications rollouts ended."""
    members = Members(stack, [layout.instances])
    ready = members.series("ready").crop(warm_up)
    # Nominal is what the file says: instances that are unhealthy at time 0 are missing from it.
    nominal = layout.spec.instances * UNIT
    values = capacity(members.series("capacity").crop(warm_up), nominal, UNIT)
    values |= in_service(ready) | availability(at_least(ready, layout.min_available))
    rows = np.flatnonzero(stack.about(layout.first_instance, layout.room))
    values |= _of_instances(layout, stack, rows)
    batches = np.flatnonzero(stack.about(layout.batch, 1))
    values |= {"batches": _count(stack, batches[stack.new[batches] == BATCH_UPGRADING])}
    # Single instances get their former model back, never the set as a whole.
    of_rollouts, ended = rollouts_of_one_group(
        layout,
        stack,
        updated_share,
        taken(layout, stack),
        half_way(layout, stack),
        partial(is_at_none, layout, stack),
    )
    values |= of_rollouts
    if layout.faulty:
        values |= _bad_versions(layout, stack, members, warm_up)
    if layout.spec.upgrade_policy.max_surge:
        surge = surges(layout, stack).crop(warm_up)
        values |= {
            "surge_peak": surge.maximum().astype(np.float64),
            "surge_vm_hours": surge.integrate() / HOUR,
        }
    if layout.spec.demand is not None:
        each = layout.spec.serves_demand
        serving = ready.map(ready.values * (each > 0))
        values |= {"unserved_demand": unserved(layout.demand, serving, 1 / (each or 1.0))}
    return {("", name): each for name, each in values.items()}, ended


def followers(layout: SetLayout) -> Group:
    """The instances that are to follow the model: those that are there and stay."""
    codes = np.arange(len(layout.instances.states))
    there = (codes > 0) & (codes % WIDTH != DELETING)
    return Group(layout.instances, 0, there.astype(np.int64), layout.instances.weights["ready"])


def updated_share(layout: SetLayout, stack: Stack) -> NDArray[np.float64]:
    """The share at the horizon; 0 where no model was requested."""
    targets = Targets(stack, layout.target)
    everyone = np.ones((1, layout.room), bool)
    done = share(*followers(layout).updated(stack, targets.version[:, 0], everyone))
    return np.where(targets.status[:, 0] == INITIAL, 0.0, done)


def half_way(layout: SetLayout, stack: Stack) -> NDArray[np.bool_]:
    """Where the model last asked for has not reached all that are to follow it: also where its
    upgrade was completed without some.
    """
    is_so: NDArray[np.bool_] = Targets(stack, layout.target).status[:, 0] == REQUESTED
    return is_so


def taken(layout: SetLayout, stack: Stack) -> NDArray[np.intp]:
    """The rows, in order, by which upgrades bring instances to another model, or create them: by
    batches, all at once or, in the mode manual, by whoever does it.
    """
    moves = np.flatnonzero(stack.about(layout.first_instance, layout.room))
    old, new, cause = stack.old[moves], stack.new[moves], stack.cause[moves]
    asked = (cause >= layout.first_operation) & (cause < layout.first_upgrade)
    changes = (old > 0) & (new > 0) & (old // WIDTH != new // WIDTH)
    is_manual = layout.spec.upgrade_policy.mode == "manual"
    found: NDArray[np.intp] = moves[(changes & (is_manual | ~asked)) | ((old == 0) & ~asked)]
    return found


def shortfalls(layout: SetLayout, stack: Stack) -> dict[Shortfall, NDArray[np.float64]]:
    """When the last upgrade was completed that took no instance though all had another model, or
    after which some had, or were unhealthy at its own, seconds; NaN where none was.
    """
    upgrades = stack.subjects.one(layout.name, "upgrade")
    ends = np.flatnonzero(stack.about(upgrades.first, upgrades.count) & (stack.new == COMPLETED))
    every, some, unhealthy = _at_the_end(layout, stack, ends)
    took_none = took_nobody(
        stack, upgrades, taken(layout, stack), lambda rows: every[np.searchsorted(ends, rows)]
    )
    nobody = took_none[stack.replication[ends], stack.subject[ends] - upgrades.first]
    return {
        "without any member": latest(stack, ends[nobody]),
        "without some members": latest(stack, ends[some & ~nobody]),
        "with unhealthy members": latest(stack, ends[unhealthy]),
    }


def is_at_none(layout: SetLayout, stack: Stack, ends: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Whether each instance, protected ones too, has another model when upgrades are completed."""
    return _at_the_end(layout, stack, ends)[0]


def _at_the_end(
    layout: SetLayout, stack: Stack, ends: NDArray[np.intp]
) -> tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[np.bool_]]:
    """At the rows by which upgrades are completed whether all instances have another model,
    whether some have, and whether some are unhealthy at its own.
    """
    every, some, unhealthy = np.zeros((3, len(ends)), bool)
    moves = np.flatnonzero(stack.about(layout.first_instance, layout.room))
    wants = np.flatnonzero(stack.subject == layout.target.first)
    for number, end in enumerate(ends.tolist()):
        begin = stack.start[stack.replication[end]]
        rows = moves[np.searchsorted(moves, begin) : np.searchsorted(moves, end)]
        codes = layout.instances.initial.copy()
        codes[stack.subject[rows] - layout.first_instance] = stack.new[rows]  # the last one stays
        version = stack.new[wants[np.searchsorted(wants, end) - 1]] // layout.target.states.width
        others = codes[layout.is_there[codes]] // WIDTH != version
        some[number], every[number] = others.any(), others.any() and others.all()
        unhealthy[number] = (codes == version * WIDTH + UNHEALTHY).any()
    return every, some, unhealthy


def surges(layout: SetLayout, stack: Stack) -> Steps:
    """How many instances batches have created beside those that they delete, over time."""
    rows = np.flatnonzero(
        stack.about(layout.first_instance, layout.room) & (stack.cause == layout.batch)
    )
    change = (stack.old[rows] == 0).astype(np.int64) - (stack.new[rows] == 0)
    opening = np.arange(stack.replications)
    place = np.concatenate([opening, stack.replication[rows]])
    order = np.argsort(place, kind="stable")
    return accumulate(
        stack.replications,
        place[order],
        np.concatenate([np.zeros(len(opening)), stack.time[rows]])[order],
        np.concatenate([np.zeros(len(opening), np.int64), change])[order],
        stack.horizon,
    )


def _of_instances(layout: SetLayout, stack: Stack, rows: NDArray[np.intp]) -> Values:
    status = stack.new[rows] % WIDTH
    unhealthy = rows[(status == UNHEALTHY) & (stack.new[rows] > 0)]
    failed = np.zeros((stack.replications, layout.room), bool)
    failed[stack.replication[unhealthy], stack.subject[unhealthy] - layout.first_instance] = True
    restored = rows[(stack.old[rows] % WIDTH == RESTORING) & (status != RESTORING)]
    return {
        "instances_failed": failed.sum(axis=1).astype(np.float64),
        "instances_rolled_back": _count(stack, restored),
    }


def _bad_versions(layout: SetLayout, stack: Stack, members: Members, warm_up: float) -> Values:
    """How far models reach of which a part is bad in the replication, in service or not."""
    states = stack.final[:, layout.first_fault : layout.first_fault + len(layout.faulty)]
    reach = []
    for model, places in enumerate(layout.faults):
        if places:
            on = members.weigh(partial(_there, model=model))
            is_bad = (states[:, places] == BAD).any(axis=1)
            reach.append(on.map(on.values * is_bad[on.replication]))
    count = total(reach).crop(warm_up)
    return {
        "blast_radius": count.maximum() / layout.spec.instances,
        "bad_build_hours": count.integrate() / HOUR,
    }


def _there(block: Block, model: int) -> NDArray[np.int64]:
    """By code 1 for an instance of a model that is there."""
    codes = np.arange(len(block.states))
    there: NDArray[np.bool_] = (codes // WIDTH == model) & (codes % WIDTH > 0)
    return there.astype(np.int64)


def _count(stack: Stack, rows: NDArray[np.intp]) -> NDArray[np.float64]:
    return np.bincount(stack.replication[rows], minlength=stack.replications).astype(np.float64)
