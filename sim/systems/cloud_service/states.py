"""States of a cloud service: what a role instance, a domain, a build can be in.

Source: the InstanceStatus values of Get Cloud Service Properties. An instance's state is its status
with the build it is on. Instances of the staging slot have the same statuses in a second half of
the table, where all weighs nothing: a swap is one row an instance.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.core.log import States

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

LIFE = (
    "absent",
    "ReadyRole",
    "ReadyRole (slow start)",
    "StoppingRole",
    "StoppingVM",
    "StoppedVM",
    "CreatingVM",
    "StartingVM",
    "StartingRole",
    "BusyRole",
    "CyclingRole",
    "RestartingRole",
    "UnresponsiveRole",
)
(
    READY,
    SLOW,
    STOPPING_ROLE,
    STOPPING_VM,
    STOPPED,
    CREATING,
    STARTING_VM,
    STARTING_ROLE,
    BUSY,
    CYCLING,
    RESTARTING,
    UNRESPONSIVE,
) = range(1, len(LIFE))
STAGED = len(LIFE)
"""Added to a production status it gives the same status in the staging slot."""
WIDTH = 2 * len(LIFE)

STATUSES = LIFE + tuple(f"{status} (staging)" for status in LIFE)

DEPLOYMENT = States(("absent", "production", "staging", "production (locked)", "staging (locked)"))
"""Which slot a deployment is in, and whether an upgrade of a user is in progress (Locked in Get
Deployment): the cause of the row is that upgrade."""
PRODUCTION, STAGING = 1, 2
LOCKED = 2
"""Added to a slot it says that the deployment in it is locked."""

DOMAIN = States(("absent", "at rest", "updating"))
AT_REST, UPDATING = 1, 2
BUILD = States(("absent", "good", "bad"))
GOOD, BAD = 1, 2
ACTORS = ("operator", "platform", "failures")


def is_ready(code: int) -> bool:
    """Whether an instance is Ready, in whatever slot; a cold one is."""
    return code % WIDTH % STAGED in (READY, SLOW)


def all_updated(codes: Mapping[int, int], version: int | None, taken: Collection[int]) -> bool:
    """Whether all that an upgrade covers are up to date: then it can be rolled back no more.

    `codes` are by number those that it covers. Without a `version`, as restarts keep builds, it is
    who was `taken` since it began.
    """
    return all(
        is_ready(code) and (i in taken if version is None else code // WIDTH == version)
        for i, code in codes.items()
        if code
    )


def is_out(status: int) -> bool:
    """Whether the status counts as out for `max_domains_out`: neither ready nor created or gone."""
    return status < STAGED and status not in (0, READY, SLOW, CREATING)
