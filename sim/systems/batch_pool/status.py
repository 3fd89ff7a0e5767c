"""Get Pool: what the service would show of a pool at an instant of a finished run.

Source: "Get information about a pool" and "List pool node counts". While an upgrade is on,
currentOSVersion is the version that nodes come from and targetOSVersion the one that they go to;
once it is complete both are the new one.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from sim.core.log import UPGRADING, Stack
from sim.systems.batch_pool.executions import UNFINISHED, executions
from sim.systems.batch_pool.occupancy import shown
from sim.systems.batch_pool.states import ALLOCATION, POOL, WIDTH
from sim.systems.batch_pool.updated import sizes

if TYPE_CHECKING:
    from sim.core.log import Log
    from sim.systems.batch_pool.layout import Layout
    from sim.systems.batch_pool.model import Model

Row = dict[str, Any]


def status(model: Model, log: Log, at: float) -> Row:
    """What Get Pool would show at an instant (seconds), under the names of its elements."""
    layout = model.layout
    stack = Stack([log.until(at)])
    states = stack.final[0]
    runs = executions(model, stack)
    busy = set((runs.node[runs.ending == UNFINISHED] - layout.first_node).tolist())
    nodes = states[layout.first_node : layout.first_node + layout.room].tolist()
    present = {number: code for number, code in enumerate(nodes) if code}
    in_state = Counter(shown(code, busy=number in busy) for number, code in present.items())
    at_version = Counter(layout.os_versions[code // WIDTH] for code in present.values())
    return {
        "state": POOL.statuses[states[layout.pool]],
        "allocationState": ALLOCATION.statuses[states[layout.allocation]],
        **_versions(layout, stack),
        "currentDedicatedNodes": len(present),
        "targetDedicatedNodes": _wanted(model, stack),
        "nodeStates": dict(sorted(in_state.items())),
        "nodeVersions": {v: at_version[v] for v in layout.os_versions if v in at_version},
    }


def _versions(layout: Layout, stack: Stack) -> Row:
    """The OS versions that nodes come from and go to; images have no such elements."""
    if layout.spec.configuration == "virtual_machine":
        return {}
    current = target = 0
    first = layout.first_upgrade
    mine = stack.about(first, layout.rollouts)
    for subject, state in zip(stack.subject[mine].tolist(), stack.new[mine].tolist(), strict=True):
        target = layout.targets[subject - first]
        current = current if state == UPGRADING else target
    return {
        "currentOSVersion": layout.os_versions[current],
        "targetOSVersion": layout.os_versions[target],
    }


def _wanted(model: Model, stack: Stack) -> int:
    """How many nodes the last resize that was accepted asks for."""
    _, asked = sizes(model, stack)
    return int(asked[-1]) if len(asked) else model.spec.nodes
