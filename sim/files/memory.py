"""How much memory the machine has to spare."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from pathlib import Path

MEMINFO = Path("/proc/meminfo")
GROUP = Path("/sys/fs/cgroup")
"""Of a container: its bound, and what it uses."""


def available() -> float | None:
    """Bytes that a run may take; None where the system does not tell."""
    found = [_in_machine(), _in_container()]
    known = [each for each in found if each is not None]
    return min(known, default=None)


def _in_machine() -> float | None:
    with suppress(OSError, UnicodeDecodeError):
        told = re.search(r"^MemAvailable: +(\d+) kB$", MEMINFO.read_text("ascii"), re.MULTILINE)
        if told:
            return 1024.0 * int(told[1])
    # Elsewhere only what there is in all is told, if that.
    with suppress(AttributeError, ValueError, OSError):
        return float(os.sysconf("SC_PHYS_PAGES")) * os.sysconf("SC_PAGE_SIZE")
    return None


def _in_container() -> float | None:
    with suppress(OSError, ValueError):
        most, used = ((GROUP / f"memory.{name}").read_text("ascii") for name in ("max", "current"))
        return float(int(most) - int(used))  # "max" where there is no bound
    return None
