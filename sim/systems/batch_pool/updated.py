"""Who is up to date: the nodes back in service at the version last requested, of those in scope.

In scope are the nodes that are there and that no resize takes away: one that is to go has left the
upgrade, also while its tasks end.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from sim.core.log import ASKED, OPERATION
from sim.core.timelines import Members, Timeline, share_of
from sim.systems.batch_pool.requests import Resize
from sim.systems.batch_pool.states import IN_SERVICE, WIDTH

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sim.core.log import Block, Stack
    from sim.systems.batch_pool.model import Model

Changes = tuple["NDArray[np.intp]", "NDArray[np.int64]"]
"""Rows of a stack, in order of time, and the number that holds from each of them on."""


def updated_share(model: Model, stack: Stack) -> NDArray[np.float64]:
    """The share at the horizon; 0 where no version was requested or no node is in scope."""
    layout = model.layout
    target = _last(_requested(model, stack), stack, -1)
    size = _last(sizes(model, stack), stack, model.spec.nodes)
    nodes = stack.final[:, layout.first_node : layout.first_node + layout.room]
    # Nodes with the highest numbers go, so those that stay are the first ones.
    covered = (nodes != 0) & (np.arange(layout.room) < size[:, None])
    done = covered & (nodes // WIDTH == target[:, None]) & np.isin(nodes % WIDTH, IN_SERVICE)
    share: NDArray[np.float64] = done.sum(axis=1) / np.maximum(covered.sum(axis=1), 1)
    return share


def up_to_date(model: Model, stack: Stack) -> Timeline:
    """The share over time, of a stack of one; before any request all are at the version wanted."""
    versions = _times(_requested(model, stack), stack, 0)
    resized = _times(sizes(model, stack), stack, model.spec.nodes)
    done = covered = Timeline(np.zeros(1), np.zeros(1), stack.horizon)
    for size in sorted(set(resized.values())):
        nodes, holds = _first_nodes(model, stack, size), _while(resized, size, stack.horizon)
        there = nodes.weigh(_present).timeline(0, 1.0, "count")
        covered = covered.combine(there.combine(holds, np.multiply), np.add)
        for version in sorted(set(versions.values())):
            back = nodes.weigh(partial(at_version, version=version))
            wanted = _while(versions, version, stack.horizon).combine(holds, np.multiply)
            mine = back.timeline(0, 1.0, "count").combine(wanted, np.multiply)
            done = done.combine(mine, np.add)
    return share_of(done, covered).simplified()


def at_version(block: Block, version: int) -> NDArray[np.int64]:
    """What a node weighs by code that counts if it is in service at a version."""
    on = np.arange(len(block.states)) // WIDTH == version
    weight: NDArray[np.int64] = block.weights["nodes"] * on
    return weight


def sizes(model: Model, stack: Stack) -> Changes:
    """The resizes that were accepted, and how many nodes each asks for."""
    first, bodies = model.layout.first_operation, [each.body for each in model.operations]
    nodes = np.array([body.nodes if isinstance(body, Resize) else -1 for body in bodies], np.int64)
    accepted = stack.about(first, len(bodies)) & (stack.new % OPERATION.width == ASKED)
    rows = np.flatnonzero(accepted)
    rows = rows[nodes[stack.subject[rows] - first] >= 0]
    return rows, nodes[stack.subject[rows] - first]


def _requested(model: Model, stack: Stack) -> Changes:
    """The upgrades that began, and the version that each brings."""
    layout, first = model.layout, model.layout.first_upgrade
    rows = np.flatnonzero(stack.about(first, layout.rollouts) & (stack.old == 0))
    return rows, np.array(layout.targets, np.int64)[stack.subject[rows] - first]


def _last(changes: Changes, stack: Stack, initial: int) -> NDArray[np.int64]:
    """What holds at the horizon, shape (replications,)."""
    rows, numbers = changes
    last = np.full(stack.replications, initial)
    last[stack.replication[rows]] = numbers
    return last


def _times(changes: Changes, stack: Stack, initial: int) -> dict[float, int]:
    """From when on which number holds, of a stack of one."""
    rows, numbers = changes
    return {0.0: initial} | dict(zip(stack.time[rows].tolist(), numbers.tolist(), strict=True))


def _while(times: dict[float, int], number: int, end: float) -> Timeline:
    """1 while a number holds, else 0."""
    holds = [float(each == number) for each in times.values()]
    return Timeline(np.array(list(times)), np.array(holds), end)


def _first_nodes(model: Model, stack: Stack, count: int) -> Members:
    """The nodes with the lowest numbers."""
    (block,) = stack.subjects.of(model.name, "node")
    return Members(stack, [replace(block, count=count, initial=block.initial[:count])])


def _present(block: Block) -> NDArray[np.int64]:
    return (np.arange(len(block.states)) > 0).astype(np.int64)
