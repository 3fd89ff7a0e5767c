"""Get Pool: what the service would show of a pool at an instant of a finished run.

Source: "Get information about a pool" and "List pool node counts". While an upgrade is on,
currentOSVersion is the version that nodes come from and targetOSVersion the one that they go to;
once it is complete both are the new one.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from sim.systems.base.targets import REQUESTED, Targets
from sim.systems.batch_pool.executions import UNFINISHED, executions
from sim.systems.batch_pool.occupancy import shown
from sim.systems.batch_pool.states import ALLOCATION, POOL, WIDTH
from sim.systems.batch_pool.updated import size_wanted

if TYPE_CHECKING:
    from sim.core.log import Stack
    from sim.systems.batch_pool.layout import PoolLayout

Row = dict[str, Any]


def status(layout: PoolLayout, stack: Stack) -> Row:
    """What Get Pool would show at the end of a stack of one, under the names of its elements."""
    states = stack.final[0]
    runs = executions(layout, stack)
    busy = set((runs.node[runs.ending == UNFINISHED] - layout.first_node).tolist())
    nodes = states[layout.nodes.numbers].tolist()
    present = {number: code for number, code in enumerate(nodes) if code}
    in_state = Counter(shown(code, busy=number in busy) for number, code in present.items())
    at_version = Counter(layout.os_versions[code // WIDTH] for code in present.values())
    return {
        "state": POOL.statuses[states[layout.pool]],
        "allocationState": ALLOCATION.statuses[states[layout.allocation]],
        **_versions(layout, stack),
        "currentDedicatedNodes": len(present),
        "targetDedicatedNodes": int(size_wanted(layout, stack)[0]),
        "nodeStates": dict(sorted(in_state.items())),
        "nodeVersions": {v: at_version[v] for v in layout.os_versions if v in at_version},
    }


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
