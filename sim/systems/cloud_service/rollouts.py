"""What a log tells of a cloud service's rollouts: which deployment, which instances they took."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sim.systems.cloud_service.requests import UpgradeDeployment
from sim.systems.cloud_service.states import UPDATING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from sim.core.log import Stack
    from sim.systems.base.operation import Request
    from sim.systems.cloud_service.model import Model


def upgrade_rows(model: Model, rows: NDArray[np.void]) -> Iterator[tuple[np.void, int]]:
    """The rows of a log that are about rollouts, with each one's number."""
    first = model.layout.first_upgrade
    mine = (rows["subject"] >= first) & (rows["subject"] < first + model.layout.rollouts)
    for row in rows[mine]:
        yield row, int(row["subject"]) - first


def addressed(model: Model, body: Request) -> tuple[int, bool]:
    """The deployment that a request names before any swap, and whether it names a slot.

    What a slot holds changes with each swap; a deployment keeps its name. Deployment 0 is the one
    that began in production, 1 in staging.
    """
    if isinstance(body, UpgradeDeployment) and body.deployment is not None:
        return int(body.deployment != model.spec.deployment), False
    return int(isinstance(body, UpgradeDeployment) and body.slot == "staging"), True


def slots_of(model: Model, rows: NDArray[np.void]) -> dict[int, int]:
    """Rollout that began -> its deployment: 0 is the one that began in production, 1 in staging."""
    swaps, slots = 0, {}
    for row, number in upgrade_rows(model, rows):
        if row["old"]:
            continue
        asked = model.rollout(number)
        swaps += asked.kind == "swap"
        deployment, by_slot = addressed(model, asked.body)
        slots[number] = (deployment + swaps * by_slot) % 2
    return slots


def accepted(model: Model, stack: Stack) -> NDArray[np.float64]:
    """When each rollout began, shape (replications, rollouts); -inf where it never did."""
    layout = model.layout
    first = layout.first_upgrade
    began = np.full((stack.replications, layout.rollouts), -np.inf)
    rows = np.flatnonzero(stack.about(first, layout.rollouts) & (stack.old == 0))
    began[stack.replication[rows], stack.subject[rows] - first] = stack.time[rows]
    return began


def taken(model: Model, stack: Stack) -> tuple[NDArray[np.intp], NDArray[np.int32]]:
    """The rows of a stack by which a turn takes an instance, with the upgrade whose turn it is.

    Such a row's cause is an update domain, and the domain's own row of that instant names the
    upgrade.
    """
    layout = model.layout
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
