"""States of a scale set: what an instance, a batch and a version can be in.

Sources: "Instance states" of the Application Health extension (healthy, initializing, unhealthy)
and the power and provisioning states of an instance view.
"""

from __future__ import annotations

from sim.core.log import States

INSTANCE = (
    "absent",
    "healthy",
    "extensions updating",
    "initializing",
    "unhealthy",
    "failed",
    "creating",
    "updating",
    "reimaging",
    "restoring",
    "restarting",
    "deleting",
)
(
    HEALTHY,
    EXTENSIONS_UPDATING,
    INITIALIZING,
    UNHEALTHY,
    FAILED,
    CREATING,
    UPDATING,
    REIMAGING,
    RESTORING,
    RESTARTING,
    DELETING,
) = range(1, len(INSTANCE))
"""An instance's state is its status with the version of the model that was applied to it."""
WIDTH = len(INSTANCE)

IN_SERVICE = (HEALTHY, EXTENSIONS_UPDATING)
"""Statuses in which an instance serves: an extension needs no reboot."""
COUNTS_UNHEALTHY = (UNHEALTHY, FAILED, REIMAGING, RESTORING, RESTARTING, UPDATING)
"""Statuses that count against the thresholds of a rolling upgrade, where no batch is under way. One
that is created or deleted, or still initializes, is awaited."""
ON_ITS_WAY = (
    EXTENSIONS_UPDATING,
    INITIALIZING,
    CREATING,
    UPDATING,
    REIMAGING,
    RESTORING,
    RESTARTING,
)
"""Statuses of those with which something is done, so that they do not run their version yet."""
GIVEN_UP = (UNHEALTHY, FAILED)
"""Statuses of those that an upgrade, or a repair, is to heal."""

BATCH = States(("absent", "at rest", "upgrading", "pausing"))
AT_REST, BATCH_UPGRADING, PAUSING = 1, 2, 3
"""What the rolling upgrade of a set does: there is one at a time."""

VERSION = States(("absent", "good", "bad"))
GOOD, BAD = 1, 2

SIZE = ("absent", "asked for")
ASKED_FOR = 1

FAILURES, REPAIRS = "failures", "automatic repairs"
ACTORS = (FAILURES, REPAIRS)
