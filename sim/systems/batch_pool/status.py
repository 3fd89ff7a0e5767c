"""How far a pool is with what is wanted of it: who is up to date, and what Get Pool shows.

Up to date are the nodes back in service at the version wanted, of those in scope: the nodes that
are there, not preempted, and that no resize takes away. One that is to go has left the upgrade,
also while its tasks end.

Source: "Get information about a pool" and "List pool node counts". While an upgrade is on,
currentOSVersion is the version that nodes come from and targetOSVersion the one that they go to;
once it is complete both are the new one.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.core.timelines import Timeline, share_of
from sim.systems.base.targets import INITIAL, REQUESTED, Group, Targets, share
from sim.systems.batch_pool.history import UNFINISHED, executions, in_statuses
from sim.systems.batch_pool.states import (
    ALLOCATION,
    POOL,
    PREEMPTED,
    TASK_WIDTH,
    WAITING,
    WIDTH,
    shown,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sim.core.stack import Stack
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
    codes = np.arange(len(nodes.states))
    there = (codes > 0) & (codes % WIDTH != PREEMPTED)
    return Group(some, 0, there.astype(np.int64), nodes.weights["ready"])


Row = dict[str, Any]


def status(layout: PoolLayout, stack: Stack) -> Row:
    """What Get Pool would show at the end of a stack of one, under the names of its elements."""
    states = stack.final[0]
    runs = executions(layout, stack)
    busy = set((runs.node[runs.ending == UNFINISHED] - layout.first_node).tolist())
    nodes = states[layout.nodes.numbers].tolist()
    present = {number: code for number, code in enumerate(nodes) if code}
    in_state = Counter(shown(code, busy=number in busy) for number, code in present.items())
    which = "LowPriority" if layout.spec.preemptions else "Dedicated"
    at_version = Counter(layout.os_versions[code // WIDTH] for code in present.values())
    return {
        "state": POOL.statuses[states[layout.pool]],
        "allocationState": ALLOCATION.statuses[states[layout.allocation]],
        **_versions(layout, stack),
        # Low-priority nodes which have been preempted are included in these counts.
        f"current{which}Nodes": len(present),
        f"target{which}Nodes": int(size_wanted(layout, stack)[0]),
        "nodeStates": dict(sorted(in_state.items())),
        "nodeVersions": {v: at_version[v] for v in layout.os_versions if v in at_version},
        **({"tasksThatNeverRun": never} if (never := unfit_tasks(layout, stack)) else {}),
    }


def unfit_tasks(layout: PoolLayout, stack: Stack) -> int:
    """How many tasks wait at the horizon of a stack of one that no node has slots for.

    The service shows them as active ones like others: what it does not check it does not tell.
    """
    found = 0
    for job in layout.jobs:
        sizes = [place for place, size in enumerate(job.sizes) if size > layout.slots]
        codes = stack.final[0, job.first : job.first + job.room]
        is_unfit = np.isin(codes // TASK_WIDTH, sizes)
        found += int((is_unfit & in_statuses(codes, WAITING, TASK_WIDTH)).sum())
    return found


def _versions(layout: PoolLayout, stack: Stack) -> Row:
    """The OS versions that nodes come from and go to; images have no such elements."""
    if layout.spec.configuration == "virtual_machine":
        return {}
    spells = Targets(stack, layout.target).spells(0)
    settled = [spell.version for spell in spells if spell.status != REQUESTED]
    return {
        # One that was wanted from time 0 on and is not reached leaves no spell of the first one.
        "currentOSVersion": layout.os_versions[settled[-1] if settled else 0],
        "targetOSVersion": layout.os_versions[spells[-1].version],
    }
