"""What was requested, and who has it at the horizon: Ready on the build last asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sim.systems.cloud_service.states import READY, SLOW, STAGED, WIDTH
from sim.systems.cloud_service.targets import wanted

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sim.core.log import Stack
    from sim.systems.cloud_service.model import Model

NONE = -1
"""Stands for the build of a role that no rollout covers."""


@dataclass(frozen=True, eq=False)
class Requested:
    """What the rollouts of a stack asked for, by the horizon."""

    builds: NDArray[np.int64]
    """The number of the build last asked for, shape (replications, deployments, roles)."""
    half_way: NDArray[np.bool_]
    """Whether it has been neither brought to all nor taken back for some role; shape
    (replications,)."""


def requested(model: Model, stack: Stack) -> Requested:
    """What was last asked for, by deployment and role."""
    layout = model.layout
    places = {role.name: place for place, role in enumerate(layout.roles)}
    builds = np.full((stack.replications, layout.slots, len(places)), NONE)
    half_way = np.zeros(stack.replications, bool)
    rows = np.flatnonzero(stack.about(layout.first_upgrade, layout.rollouts))
    ends = np.searchsorted(rows, stack.start[1:-1])
    for replication, mine in enumerate(np.split(rows, ends)):
        for (deployment, role), found in wanted(model, stack.rows(mine)).items():
            if found.covered:
                builds[replication, deployment, places[role]] = found.requested
                half_way[replication] |= found.half_way
    return Requested(builds, half_way)


def updated_share(
    model: Model, stack: Stack, asked: Requested
) -> dict[tuple[str, str], NDArray[np.float64]]:
    """Members up to date with what was last requested, of those that rollouts cover."""
    layout = model.layout
    first, size = layout.first_instance(), layout.slots * layout.instances
    shape = (stack.replications, layout.slots, layout.instances)
    codes = stack.final[:, first : first + size].reshape(shape)
    role_of = np.array(layout.role_of)
    builds = asked.builds[:, :, role_of]
    scope = (codes != 0) & (builds != NONE)
    ready = np.isin(codes % WIDTH % STAGED, (READY, SLOW))
    done = scope & ready & (codes // WIDTH == builds)
    shares = {
        (role.name, "updated_share"): _share(
            done[:, :, role_of == place], scope[:, :, role_of == place]
        )
        for place, role in enumerate(layout.roles)
    }
    return {**shares, ("", "updated_share"): _share(done, scope)}


def _share(done: NDArray[np.bool_], scope: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Of nothing in scope nothing is updated."""
    share: NDArray[np.float64] = done.sum(axis=(1, 2)) / np.maximum(scope.sum(axis=(1, 2)), 1)
    return share
