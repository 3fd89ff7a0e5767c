"""States of a Batch pool: what a node, a task, the pool and its allocation can be in.

Source: "Get information about a node", "... about a task", "... about a pool" of the Batch REST
reference. Whether an enabled node is idle or running follows from the rows of its tasks and is not
written; nor is what a disabled one runs.
"""

from __future__ import annotations

from sim.core.log import States

NODE = (
    "absent",
    "idle",
    "running (scheduling disabled)",
    "offline",
    "creating",
    "waitingforstarttask",
    "starttaskfailed",
    "reimaging",
    "upgradingos",
    "rebooting",
    "unusable",
    "leavingpool",
    "preempted",
)
(
    IDLE,
    DRAINING,
    OFFLINE,
    CREATING,
    WAITING_FOR_START_TASK,
    START_TASK_FAILED,
    REIMAGING,
    UPGRADING_OS,
    REBOOTING,
    UNUSABLE,
    LEAVING,
    PREEMPTED,
) = range(1, len(NODE))
"""A node's state is its status with the OS version it is on."""
WIDTH = len(NODE)

TASK = ("absent", "active", "running", "completed", "failed", "active (checkpointed)")
ACTIVE, RUNNING, COMPLETED, FAILED, CHECKPOINTED = range(1, len(TASK))
"""A task's state is its status with the place of its required slots in the sizes of its job. One
that is checkpointed waits as an active one does, and goes on from its last checkpoint: so its own
row tells how an interruption treated it."""
WAITING = (ACTIVE, CHECKPOINTED)
"""Statuses of a task in the queue."""
TASK_WIDTH = len(TASK)

SIZE = ("absent", "asked for")
ASKED_FOR = 1

POOL = States(("absent", "active", "upgrading"))
POOL_ACTIVE, POOL_UPGRADING = 1, 2
ALLOCATION = States(("absent", "steady", "resizing"))
STEADY, RESIZING = 1, 2
ACTORS = ("arrivals", "failures")
PREEMPTIONS = "preemptions"
"""The actor that there is beside them in a pool of spot nodes."""

IN_SERVICE = (IDLE, DRAINING)
"""Statuses in which a node's slots count; a draining node does until it is taken."""

BUSY = "running"
"""What a node in service is while tasks run on it; no row says so."""

SHOWN = (
    NODE[IDLE],
    BUSY,
    *(NODE[status] for status in range(1, WIDTH) if status not in (IDLE, DRAINING)),
)
"""What a node may be seen to be in."""


def shown(code: int, *, busy: bool) -> str:
    """What a node is seen to be in; one that drains is running to its end."""
    status = code % WIDTH
    return BUSY if status == DRAINING or (status == IDLE and busy) else NODE[status]
