"""States of a cloud service: what a role instance, a domain, a build can be in.

Source: the InstanceStatus values of Get Cloud Service Properties. An instance's state is its status
with the build it is on. Instances of the staging slot have the same statuses in a second half of
the table, where all weighs nothing: a swap is one row an instance.
"""

from __future__ import annotations

from sim.core.log import States

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

DOMAIN = States(("absent", "at rest", "updating"))
AT_REST, UPDATING = 1, 2
BUILD = States(("absent", "good", "bad"))
GOOD, BAD = 1, 2
ACTOR = States(("absent",))
ACTORS = ("operator", "platform", "failures")


def is_out(status: int) -> bool:
    """Whether the status counts as out for `max_domains_out`: neither ready nor created or gone."""
    return status < STAGED and status not in (0, READY, SLOW, CREATING)
