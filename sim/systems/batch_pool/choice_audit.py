"""Whether a request for several nodes reaches each of them: takes it, or is rejected there.

Looked at are the nodes that their own rows show to be idle or running, or whose start task failed:
of others a request may change what no row tells.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sim.core.log import ASKED
from sim.systems.batch_pool.history import history
from sim.systems.batch_pool.requests import OfNodes, RebootNode, ReimageNode
from sim.systems.batch_pool.selection import ALL, names_one, numbers_of
from sim.systems.batch_pool.states import BUSY, IDLE, NODE, START_TASK_FAILED, WIDTH

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from numpy.typing import NDArray

    from sim.core.stack import Stack
    from sim.systems.batch_pool.layout import PoolLayout


def broken_rules(layout: PoolLayout, stack: Stack) -> Iterator[str]:
    """The rule that such requests break."""
    asked = {
        subject: request.body
        for subject, request in enumerate(layout.requests, layout.first_operation)
        if isinstance(request.body, OfNodes) and not names_one(request.body.node)
    }
    if not asked:
        return
    mine = np.flatnonzero(np.isin(stack.subject, list(asked)))
    begins = mine[(stack.old[mine] == 0) & (stack.new[mine] == ASKED)]
    reached = _reached(layout, stack, mine, list(asked))
    for row in begins.tolist():
        subject = int(stack.subject[row])
        nodes = _meant(layout, _statuses(layout, stack, row), asked[subject])
        place = int(stack.replication[row])
        keys = (place * stack.subjects.count + subject) * layout.room + nodes
        if not np.isin(keys, reached).all():
            yield "a request for several nodes left one out"
            return


def _reached(
    layout: PoolLayout, stack: Stack, own: NDArray[np.intp], asked: list[int]
) -> NDArray[np.int64]:
    """Replication, request and node in one number, wherever it took the node or was rejected."""
    nodes = history(layout, stack).nodes
    taken = np.isin(nodes.cause, asked)
    node = stack.cause[own] - layout.first_node
    told = (node >= 0) & (node < layout.room)
    replication = np.concatenate([nodes.replication[taken], stack.replication[own[told]]])
    request = np.concatenate([nodes.cause[taken], stack.subject[own[told]]])
    number = np.concatenate([nodes.node[taken], node[told]])
    keys: NDArray[np.int64] = (replication * stack.subjects.count + request) * layout.room + number
    return keys


def _statuses(layout: PoolLayout, stack: Stack, row: int) -> NDArray[np.int64]:
    """What each node was in before a row of the stack, by its own rows."""
    nodes = history(layout, stack).nodes
    first = layout.first_node
    status = stack.subjects.initial[first : first + layout.room].astype(np.int64) % WIDTH
    keys = stack.replication[row] * stack.subjects.count + first + np.arange(layout.room)
    last = np.searchsorted(nodes.key << 32 | nodes.row, keys << 32 | row) - 1
    known = (last >= 0) & (len(nodes.key) > 0)
    known[known] = nodes.key[last[known]] == keys[known]
    status[known] = nodes.new[last[known]]
    return status


def _meant(layout: PoolLayout, status: NDArray[np.int64], body: Any) -> NDArray[np.int64]:
    """The nodes that a request means for certain, of those whose rows tell what it does."""
    restarts = isinstance(body, RebootNode | ReimageNode)
    tells = np.isin(status, (IDLE, START_TASK_FAILED) if restarts else (IDLE,))
    numbers = numbers_of(body.node)
    if numbers is not None:
        named = np.zeros(layout.room, bool)
        named[list(numbers)] = True
        tells &= named
    elif body.node in (NODE[IDLE], BUSY):  # its tasks tell which
        tells[:] = False
    elif body.node != ALL:
        tells &= status == NODE.index(body.node)
    return np.flatnonzero(tells)
