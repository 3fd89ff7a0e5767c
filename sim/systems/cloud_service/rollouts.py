"""What a log tells of a cloud service's rollouts: which deployment, which instances they took."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sim.systems.cloud_service.requests import UpgradeDeployment
from sim.systems.cloud_service.states import LOCKED, PRODUCTION, STAGING, UPDATING

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sim.core.log import Stack
    from sim.systems.base.operation import Request
    from sim.systems.cloud_service.layout import Layout


def addressed(layout: Layout, body: Request) -> tuple[int, bool]:
    """The deployment that a request names before any swap, and whether it names a slot.

    What a slot holds changes with each swap; a deployment keeps its name. Deployment 0 is the one
    that began in production, 1 in staging.
    """
    if isinstance(body, UpgradeDeployment) and body.deployment is not None:
        return int(body.deployment != layout.spec.deployment), False
    return int(isinstance(body, UpgradeDeployment) and body.slot == "staging"), True


def deployments(layout: Layout, stack: Stack) -> NDArray[np.int64]:
    """The deployment of each upgrade, shape (replications, upgrades); -1 of one that never began.

    0 is the one that began in production, 1 in staging: the one that a user's upgrade locks; that a
    swap brings into production; that is in production when an update of the platform begins.
    """
    found = np.full((stack.replications, len(layout.upgrades)), -1)
    block = layout.deployments
    mine = stack.about(block.first, block.count)
    comes = (stack.old == STAGING) & (stack.new == PRODUCTION)
    first, count = layout.first_upgrade + layout.rollouts, layout.platform_updates
    begins = np.flatnonzero(stack.about(first, count) & (stack.old == 0))
    swaps = np.flatnonzero(mine & comes)
    before = np.searchsorted(swaps, begins)
    before -= np.searchsorted(swaps, stack.start[stack.replication[begins]])
    found[stack.replication[begins], stack.subject[begins] - layout.first_upgrade] = before % 2
    rows = np.flatnonzero(mine & ((stack.new > LOCKED) | comes))
    found[stack.replication[rows], stack.cause[rows] - layout.first_upgrade] = (
        stack.subject[rows] - block.first
    )
    return found


def accepted(layout: Layout, stack: Stack) -> NDArray[np.float64]:
    """When each rollout began, shape (replications, rollouts); -inf where it never did."""
    first = layout.first_upgrade
    began = np.full((stack.replications, layout.rollouts), -np.inf)
    rows = np.flatnonzero(stack.about(first, layout.rollouts) & (stack.old == 0))
    began[stack.replication[rows], stack.subject[rows] - first] = stack.time[rows]
    return began


def taken(layout: Layout, stack: Stack) -> tuple[NDArray[np.intp], NDArray[np.int32]]:
    """The rows of a stack by which a turn takes an instance, with the upgrade whose turn it is.

    Such a row's cause is an update domain, and the domain's own row of that instant names the
    upgrade.
    """
    first, end = layout.first_domain(), layout.first_instance()
    size = layout.instances * layout.slots
    opened = np.flatnonzero(stack.about(first, end - first) & (stack.new == UPDATING))
    by_domain = (stack.cause >= first) & (stack.cause < end)
    rows = np.flatnonzero(by_domain & stack.about(end, size))
    if not len(rows):
        return rows, np.zeros(0, np.int32)
    count = stack.subjects.count
    key = (stack.key[opened] << 32) | opened
    asked = (stack.replication[rows] * np.int64(count) + stack.cause[rows]) << 32 | rows
    order = np.argsort(key)
    domain = opened[order[np.searchsorted(key[order], asked) - 1]]
    at_once = stack.time[domain] == stack.time[rows]
    return rows[at_once], stack.cause[domain[at_once]]
