"""Metrics of a cloud service, for a whole stack of replications at once, and its own audit."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from sim.core.log import UPGRADE, UPGRADE_ENDS
from sim.core.metrics import (
    HOUR,
    METRICS,
    Metric,
    earliest,
    latest,
)
from sim.core.stack import first_of_each
from sim.core.timelines import Members, Steps, accumulate, total
from sim.systems.base.demand import unserved
from sim.systems.base.metrics import at_least, of_members, of_rollouts
from sim.systems.cloud_service.history import next_time, taken, updated
from sim.systems.cloud_service.states import (
    BAD,
    READY,
    RESTARTING,
    SLOW,
    STAGED,
    STOPPED,
    UNRESPONSIVE,
    WIDTH,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from sim.core.log import Block
    from sim.core.metrics import Measured, Values
    from sim.core.stack import Stack
    from sim.systems.cloud_service.layout import Layout

OWN_METRICS = (
    Metric(
        "platform_update_duration",
        "s",
        "lower",
        "platform\nupdated in",
        "From the beginning of the first platform update to the end of the last; missing while one "
        "has not ended.",
    ),
    Metric(
        "max_domains_out",
        "count",
        "lower",
        "domains\nout",
        "Most update domains at one instant with a member out, whatever the cause.",
    ),
    Metric(
        "instances_failed",
        "count",
        "lower",
        "instances\nfailed",
        "Distinct instances that missed Ready within `start_timeout` of a turn, or of a request "
        "that starts them, or turned unhealthy.",
    ),
    Metric(
        "blast_radius",
        "share",
        "lower",
        "bad build\nreaches",
        "Most members at one instant on a build that is bad in this replication, of nominal.",
        extreme=True,
    ),
    Metric(
        "bad_build_hours",
        "instance-hours",
        "lower",
        "hours on\nbad build",
        "Integral of the members on a build that is bad in this replication.",
    ),
    Metric(
        "local_data_lost",
        "instances",
        "lower",
        "lost\nlocal data",
        "Instances that lost what they kept on local disks, by a change of the VM size or a "
        "failure of their fault domain.",
    ),
    Metric(
        "unserved_demand",
        "demand x s",
        "lower",
        "unserved\ndemand",
        "Integral of the demand above what the instances in service can serve.",
    ),
)

CLOUD_SERVICE_METRICS = METRICS | {metric.name: metric for metric in OWN_METRICS}


def measure(layout: Layout, stack: Stack, warm_up: float) -> tuple[Measured, NDArray[np.bool_]]:
    """All metrics of one service over [warm_up, horizon], and where all rollouts ended."""
    everyone = Members(stack, layout.instance_blocks)
    results: Measured = {}

    def add(group: str, values: Values) -> None:
        results.update({(group, name): value for name, value in values.items()})

    groups = {
        role.name: everyone
        if len(layout.roles) == 1
        else Members(stack, [block for block in everyone.blocks if block.group == role.name])
        for role in layout.roles
    }
    unit, enough = layout.units.capacity, []
    for place, (role, members) in enumerate(groups.items()):
        enough.append(at_least(members.series("serves"), layout.least_served(place)))
        add(role, of_members(members, unit, warm_up, enough[-1]))
    if len(groups) == 1:
        add("", {name: value for (_, name), value in results.items()})
    else:
        add("", of_members(everyone, unit, warm_up, at_least(total(enough), len(enough))))
    out = _domains_out(layout, everyone).crop(warm_up).maximum()
    add("", {"max_domains_out": out.astype(float)})
    add("", {"instances_failed": _count(_failed(layout, stack))})
    add("", {"local_data_lost": _data_lost(layout, stack)})
    ended = np.ones(stack.replications, bool)
    if layout.rollouts:
        builds = updated(layout, stack)
        outcome = of_rollouts(layout, stack, taken(layout, stack)[0], half_way=builds.half_way)
        add("", outcome.values)
        ended = outcome.rollouts_ended
        results |= builds.share
    if layout.platform_updates:
        add("", {"platform_update_duration": _platform_duration(layout, stack)})
    if layout.faulty:
        for group, members in groups.items():
            add(group, _bad_builds(layout, stack, members, warm_up))
        add("", _bad_builds(layout, stack, everyone, warm_up))
    if layout.spec.demand is not None:
        served = everyone.series("demand").crop(warm_up)
        add("", {"unserved_demand": unserved(layout.demand, served, layout.units.demand)})
    return results, ended


def _platform_duration(layout: Layout, stack: Stack) -> NDArray[np.float64]:
    """NaN where an update of the platform has not come or not ended by the horizon."""
    first, count = layout.first_upgrade + layout.rollouts, layout.platform_updates
    rows = np.flatnonzero(stack.about(first, count))
    ended = np.isin(stack.final[:, first : first + count] % UPGRADE.width, UPGRADE_ENDS)
    ends = rows[np.isin(stack.new[rows] % UPGRADE.width, UPGRADE_ENDS)]
    duration = latest(stack, ends) - earliest(stack, rows[stack.old[rows] == 0])
    return np.where(ended.all(axis=1), duration, np.nan)


def _domains_out(layout: Layout, everyone: Members) -> Steps:
    """How many update domains have a member out, over time."""
    stack = everyone.stack
    rows, change = everyone.changes("out")
    replication, when = stack.replication[rows], stack.time[rows]
    number = stack.subject[rows] - layout.first_instance()
    key = replication * layout.domains + layout.domain_of[number % layout.instances]
    # By domain: how many of its members are out after each row, and whether that is any.
    packed = (key << 32) | np.arange(len(rows))
    packed.sort()
    order = packed & 0xFFFFFFFF
    begins = np.flatnonzero(first_of_each(packed >> 32))
    out = np.cumsum(change[order])  # each domain begins and may end with members out: see `base`
    base = np.concatenate([[0], out])[begins]
    some = out > np.repeat(base, np.diff(np.append(begins, len(order))))
    before = np.concatenate([[False], some])[: len(order)]
    before[begins] = False
    # Back in order of time; each replication opens with no domain out.
    turned = some != before
    delta = np.zeros(len(rows), np.int64)
    delta[order[turned]] = np.where(some[turned], 1, -1)
    moves = np.flatnonzero(delta)
    opening = np.searchsorted(replication[moves], np.arange(stack.replications))
    return accumulate(
        stack.replications,
        np.insert(replication[moves], opening, np.arange(stack.replications)),
        np.insert(when[moves], opening, 0.0),
        np.insert(delta[moves], opening, 0),
        stack.horizon,
    )


def _failed(layout: Layout, stack: Stack) -> NDArray[np.bool_]:
    """Which instances missed Ready within the time-out of a start, or turned unhealthy.

    A start is a turn's, or that of a request by itself: instances that come new, a reboot, a
    reimage, Running. One that another turn takes before is that one's to wait for.
    Shape (replications, instances).
    """
    first = layout.first_instance()
    count = layout.instances * layout.slots
    failed = np.zeros((stack.replications, count), bool)
    order = stack.by_subject
    order = order[stack.subject[order] >= first]
    order = order[stack.subject[order] < first + count]
    if not len(order):
        return failed
    status = stack.new[order] % WIDTH % STAGED
    key, when = stack.key[order], stack.time[order]
    # The time-out counts from who asked: an instance that cycles is late however often it tries.
    is_taken = np.zeros(len(stack.time), bool)
    is_taken[taken(layout, stack)[0]] = True
    taking = is_taken[order]
    asking = np.isin(stack.cause[order], layout.operation_numbers)
    # One that is removed need not be Ready any more.
    settled = (status == READY) | (status == SLOW) | (stack.new[order] == 0) | taking
    # Nor need one that is suspended, but for its turn: that waits for it all the same.
    over = settled | (status == STOPPED)
    limit = when + layout.spec.start_timeout
    late = taking & (next_time(settled, key, when) > limit)
    late |= asking & ~over & (next_time(over, key, when) > limit)
    wrong = (late & (limit <= stack.horizon)) | (status == UNRESPONSIVE)
    failed[stack.replication[order[wrong]], stack.subject[order[wrong]] - first] = True
    return failed


def _bad_builds(layout: Layout, stack: Stack, members: Members, warm_up: float) -> Values:
    """How far builds reach that are bad in their replication, members in service or not.

    A member weighs what its role says, whatever share its build serves; so does the nominal.
    """
    bad = stack.final[:, [layout.first_build + number for number in layout.faulty]] == BAD
    weights = {role.name: round(role.spec.weight * layout.units.capacity) for role in layout.roles}
    reach, count = [], []
    for place, number in enumerate(layout.faulty):
        here = np.zeros(len(layout.builds) * WIDTH, np.int64)
        here[number * WIDTH : (number + 1) * WIDTH] = 1
        on = members.weigh(partial(_here, here=here, weights=weights))
        reach.append(on.map(on.values * bad[on.replication, place]))
        on = members.weigh(partial(_here, here=here, weights={}))
        count.append(on.map(on.values * bad[on.replication, place]))
    nominal = sum(
        weights[role.name] * role.count
        for role in layout.roles
        if role.name in {block.group for block in members.blocks}
    )
    return {
        "blast_radius": total(reach).crop(warm_up).maximum() / max(nominal, 1),
        "bad_build_hours": total(count).crop(warm_up).integrate() / HOUR,
    }


def _here(block: Block, here: NDArray[np.int64], weights: Mapping[str, int]) -> NDArray[np.int64]:
    weight: NDArray[np.int64] = block.weights["present"] * here * weights.get(block.group, 1)
    return weight


def _data_lost(layout: Layout, stack: Stack) -> NDArray[np.float64]:
    """Instances of roles with local storage whose local disks were made again.

    Sources: "How to update a cloud service" (a change of the VM size destroys local data), "Disk
    partition preservation" (so does a migration off a failed server; reboots, reimages, updates of
    the guest or host OS and in-place upgrades preserve it).
    """
    keeps = np.array([layout.roles[place].spec.local_storage for place in layout.role_of])
    lost = np.zeros((stack.replications, layout.instances * layout.slots), bool)
    if not keeps.any():
        return _count(lost)
    rows = np.concatenate([_resized(layout, stack), _failed_with_domain(layout, stack)])
    number = stack.subject[rows] - layout.first_instance()
    lost[stack.replication[rows], number] = keeps[number % layout.instances]
    return _count(lost)


def _resized(layout: Layout, stack: Stack) -> NDArray[np.intp]:
    """The rows in which a change of the VM size takes an instance."""
    destroys = [
        layout.first_upgrade + number
        for number in range(layout.rollouts)
        if "vm_size" in getattr(layout.rollout(number).body, "changes", ())
    ]
    if not destroys:
        return np.zeros(0, np.intp)
    rows, upgrade = taken(layout, stack)
    return rows[np.isin(upgrade, destroys)]


def _failed_with_domain(layout: Layout, stack: Stack) -> NDArray[np.intp]:
    """The rows in which an instance goes out as its fault domain fails."""
    out = stack.new % WIDTH % STAGED == RESTARTING
    out &= np.isin(stack.cause, layout.failures_of_domains.numbers)
    return np.flatnonzero(out)


def _count(which: NDArray[np.bool_]) -> NDArray[np.float64]:
    count: NDArray[np.float64] = which.sum(axis=1).astype(np.float64)
    return count
