"""Who is up to date: the nodes back in service at the version wanted, of those in scope.

In scope are the nodes that are there and that no resize takes away: one that is to go has left the
upgrade, also while its tasks end.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from sim.core.timelines import Timeline, share_of
from sim.systems.base.targets import INITIAL, Group, Targets, share

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sim.core.log import Stack
    from sim.systems.batch_pool.layout import PoolLayout


def size_wanted(layout: PoolLayout, stack: Stack) -> NDArray[np.int64]:
    """How many nodes the pool is to have at the horizon, shape (replications,)."""
    wanted = Targets(stack, layout.size).version[:, 0]
    return np.array(layout.sizes, np.int64)[wanted]


def updated_share(layout: PoolLayout, stack: Stack) -> NDArray[np.float64]:
    """The share at the horizon; 0 where no version was requested or no node is in scope."""
    targets = Targets(stack, layout.target)
    # Nodes with the highest numbers go, so those that stay are the first ones.
    scope = np.arange(layout.room) < size_wanted(layout, stack)[:, None]
    done = share(*_nodes(layout, layout.room).updated(stack, targets.version[:, 0], scope))
    return np.where(targets.status[:, 0] == INITIAL, 0.0, done)


def up_to_date(layout: PoolLayout, stack: Stack) -> Timeline:
    """The share over time, of a stack of one; before any request all are at the version wanted."""
    targets, spells = Targets(stack, layout.target), Targets(stack, layout.size).spells(0)
    times = np.array([spell.since for spell in spells])
    sizes = np.array([spell.version for spell in spells])
    done = there = Timeline(np.zeros(1), np.zeros(1), stack.horizon)
    for size in np.unique(sizes).tolist():
        holds = Timeline(times, (sizes == size).astype(float), stack.horizon)
        also, more = _nodes(layout, layout.sizes[size]).up_to_date(targets)
        done = done.combine(also.combine(holds, np.multiply), np.add)
        there = there.combine(more.combine(holds, np.multiply), np.add)
    return share_of(done, there).simplified()


def _nodes(layout: PoolLayout, count: int) -> Group:
    """The nodes with the lowest numbers."""
    nodes = layout.nodes
    some = replace(nodes, count=count, initial=nodes.initial[:count])
    there = (np.arange(len(nodes.states)) > 0).astype(np.int64)
    return Group(some, 0, there, nodes.weights["ready"])
