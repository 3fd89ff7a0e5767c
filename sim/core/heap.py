"""What the allocator does with memory that is freed."""

from __future__ import annotations

import ctypes
import sys

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
"""M_TRIM_THRESHOLD and M_MMAP_THRESHOLD of glibc's mallopt(3)."""
_KEPT, _APART = 128 << 20, 32 << 20
"""Bytes that are kept at most, and of an array that is never kept: the most that glibc takes."""


def keep_freed_memory() -> None:
    """Keep what is freed for what comes next, in this process and where the allocator is glibc's.

    Stacks of replications take the same arrays again and again. To get them from the system each
    time, page by page, takes a tenth of a run.
    """
    if sys.platform != "linux":
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # musl has none
    if mallopt is not None:
        mallopt(_MMAP_THRESHOLD, _APART)
        mallopt(_TRIM_THRESHOLD, _KEPT)
