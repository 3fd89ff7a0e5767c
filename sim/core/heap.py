"""What the allocator does with memory that is freed."""

from __future__ import annotations

import os
import sys
from contextlib import suppress

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
"""M_TRIM_THRESHOLD and M_MMAP_THRESHOLD of glibc's mallopt(3)."""
_FREE_AT_THE_TOP = 128 << 20
"""Free bytes at the top of the heap above which they are given back."""
_ON_ITS_OWN = 32 << 20
"""Bytes of an array that is mapped apart from the heap, and given back as it is freed."""


def keep_freed_memory() -> None:
    """Keep what is freed for what comes next, in this process and where the allocator is glibc's.

    Stacks of replications take the same arrays again and again. To get them from the system each
    time, page by page, takes a tenth of a run. Who has set the allocator otherwise is heeded.
    """
    if sys.platform != "linux" or any(name.startswith("MALLOC_") for name in os.environ):
        return
    with suppress(ImportError, AttributeError):  # a Python without ctypes; musl has no mallopt
        import ctypes  # noqa: PLC0415

        mallopt = ctypes.CDLL(None).mallopt
        mallopt(_MMAP_THRESHOLD, _ON_ITS_OWN)
        mallopt(_TRIM_THRESHOLD, _FREE_AT_THE_TOP)
