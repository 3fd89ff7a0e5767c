"""States of an Arc fleet: what an extension of a machine, a machine's connection can be in.

Source: "Automatic Extension Upgrade for Azure Arc-enabled servers". An extension's state is its
status with the version that is installed: it changes at the end of an installation and back at the
end of its rollback. One that is installed for the first time, or again, has no former version and
bears the one that it gets.
"""

from __future__ import annotations

from typing import Literal, get_args

from sim.core.log import States

Status = Literal[
    "current",
    "waiting",
    "installing",
    "watching",
    "unhealthy",
    "rolling_back",
    "backing_off",
    "failed",
]
EXTENSION: tuple[str, ...] = ("absent", *get_args(Status))
(
    CURRENT,
    WAITING,
    INSTALLING,
    WATCHING,
    UNHEALTHY,
    ROLLING_BACK,
    BACKING_OFF,
    FAILED,
) = range(1, len(EXTENSION))
"""`current` is at rest, whatever the version; `unhealthy` is a health window with a bad end."""
WIDTH = len(EXTENSION)

UNDER_WAY = (INSTALLING, WATCHING, UNHEALTHY, ROLLING_BACK)
"""Statuses of an attempt: the machine is busy with the extension, and nothing stops it."""

CONNECTION = States(("absent", "connected", "disconnected"))
CONNECTED, DISCONNECTED = 1, 2

TARGET = ("absent", "enrolled", "not_enrolled")
ENROLLED, NOT_ENROLLED = 1, 2
TARGET_WIDTH = len(TARGET)
"""What the service wants of an extension on a group of machines: whether releases come by
themselves, with the version that was last asked for, by a release for those enrolled or by a
request. It is absent until machines have the extension, or are asked to.
"""

ACTORS = ("network",)
"""Who does what no operation asks for: the network connects and disconnects machines."""
