"""Who has the build that is wanted of them: what was last requested, and what is the target now."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sim.systems.base.targets import Group, Targets, share
from sim.systems.cloud_service.states import READY, SLOW, STAGED, WIDTH

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sim.core.log import Stack
    from sim.systems.cloud_service.layout import Layout


class Updated(NamedTuple):
    """What became of the builds that the rollouts of a stack asked for, at the horizon."""

    share: dict[tuple[str, str], NDArray[np.float64]]
    """By (role or "", ``updated_share``): members Ready on the build last requested of their role
    in their deployment, rolled back or not, of those that rollouts cover."""
    half_way: NDArray[np.bool_]
    """Whether for some role the build last asked for has been neither brought to all nor taken
    back; shape (replications,). A restart that overtakes its upgrade does neither."""


def updated(layout: Layout, stack: Stack) -> Updated:
    """Who is up to date at the horizon."""
    targets = Targets(stack, layout.targets)
    covered, shares = ~targets.has("initial"), {}
    done, scope = np.zeros((2, stack.replications), np.int64)
    for role, each in enumerate(layout.roles):
        mine = np.zeros((2, stack.replications), np.int64)
        for slot in range(layout.slots):
            group = _anywhere(layout, slot, role)
            version, in_scope = targets.requested[:, group.place], covered[:, [group.place]]
            mine += group.updated(stack, version, in_scope)
        shares[each.name, "updated_share"] = share(*mine)
        done, scope = done + mine[0], scope + mine[1]
    shares["", "updated_share"] = share(done, scope)
    return Updated(shares, np.any(targets.has("requested"), axis=1))


def _anywhere(layout: Layout, slot: int, role: int) -> Group:
    """The instances of a role in a deployment, in whichever slot it is now."""
    place = layout.target(slot, role)
    block = layout.instance_blocks[place]
    codes = np.arange(len(block.states))
    up = np.isin(codes % WIDTH % STAGED, (READY, SLOW))
    return Group(block, place, (codes != 0).astype(np.int64), up.astype(np.int64))


def in_production(layout: Layout, slot: int, role: int) -> Group:
    """The same while the deployment is in production."""
    place = layout.target(slot, role)
    block = layout.instance_blocks[place]
    return Group(block, place, block.weights["present"], block.weights["ready"])
