"""Rollouts of a cloud service that were completed though instances that they took are not up.

Where no instance need be healthy (`min_healthy: 0`), or too few, the start time-out lets an upgrade
go on without those that do not start, to its end; and a latent fault may show before that.

A restart because of anything else (a failure, a reboot, the platform) that happens to go on at that
instant is none of the upgrade's, nor is an instance that is being created or that is suspended. Of
a swap it is who comes into production. Updates of the platform bring nothing: they are left out.
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

import numpy as np

from sim.core.log import COMPLETED, UPGRADE
from sim.core.metrics import latest
from sim.core.stack import next_of_each
from sim.systems.cloud_service.history import deployments, taken
from sim.systems.cloud_service.requests import Swap
from sim.systems.cloud_service.states import READY, SLOW, STAGED, STOPPED, UNRESPONSIVE, WIDTH

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from sim.core.stack import Stack
    from sim.systems.cloud_service.layout import Layout


def unhealthy(layout: Layout, stack: Stack) -> NDArray[np.float64]:
    """When the last rollout was completed that left an instance so, seconds; NaN where none was.

    Such a one has not been Ready since a turn of the rollout took it, or is unresponsive.
    Shape (replications,).
    """
    row = stack.histories(layout.first_instance(), layout.instances * layout.slots)
    key, status = stack.key[row], stack.new[row] % WIDTH % STAGED
    # Whose turn took it last: of a deployment's rollouts one is in progress at a time.
    rows, upgrade = taken(layout, stack)
    taker = np.full(len(stack.time), -1)
    taker[rows] = upgrade - layout.first_upgrade
    taker = taker[row]
    turn = _last((taker >= 0) & (taker < layout.rollouts))
    settled = _last(np.isin(status, (0, READY, SLOW)))
    missing = (turn > settled) & (status != STOPPED)
    missing |= (turn >= 0) & (status == UNRESPONSIVE)
    some = np.flatnonzero(missing & (key[turn] == key))
    # It is so from its row to its next one, if any.
    replication, since = stack.replication[row[some]], row[some]
    until = next_of_each(key, row, len(stack.time))[some]
    slot = (stack.subject[since] - layout.first_instance()) // layout.instances
    ends, found = _ends(layout, stack), []
    whose = [(taker[turn[some]], np.ones(len(some), bool))]
    for number, covers in chain(whose, _swaps(layout, stack, replication, slot)):
        end = ends[replication, number]
        found.append(end[covers & (since < end) & (end < until)])
    return latest(stack, np.sort(np.concatenate(found)))


def _last(which: NDArray[np.bool_]) -> NDArray[np.intp]:
    """By place the last one up to it that is of `which`; -1 where none is."""
    last: NDArray[np.intp] = np.maximum.accumulate(np.where(which, np.arange(len(which)), -1))
    return last


def _ends(layout: Layout, stack: Stack) -> NDArray[np.intp]:
    """The row by which each rollout was completed; -1 where it was not."""
    ends = np.full((stack.replications, layout.rollouts), -1)
    mine = stack.about(layout.first_upgrade, layout.rollouts)
    rows = np.flatnonzero(mine & (stack.new % UPGRADE.width == COMPLETED))
    ends[stack.replication[rows], stack.subject[rows] - layout.first_upgrade] = rows
    return ends


def _swaps(
    layout: Layout, stack: Stack, replication: NDArray[np.intp], slot: NDArray[np.int64]
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.bool_]]]:
    """The number of each swap, and whether it brings instances of those deployments into
    production; of shape (instances,) as what is given.
    """
    if not layout.swaps:
        return
    came = deployments(layout, stack)[replication]
    for number in range(layout.rollouts):
        if isinstance(layout.rollout(number).body, Swap):
            yield np.full(len(slot), number), came[:, number] == slot
