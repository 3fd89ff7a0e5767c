"""How many threads the linear algebra of numpy starts as it is imported."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_NAME = "OPENBLAS_NUM_THREADS"
_OTHER_NAMES = ("GOTO_NUM_THREADS", "OMP_NUM_THREADS")
"""What OpenBLAS goes by where its own variable is not set."""


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Let numpy be imported, here or in a process that starts, without threads for matrices.

    No matrix here is worth one, and OpenBLAS starts one for each core, which spins for a tenth of a
    second before it rests: of a process that other processes wait for, beside them. Who has set
    their number is heeded.
    """
    if any(name in os.environ for name in (_NAME, *_OTHER_NAMES)):
        yield
        return
    os.environ[_NAME] = "1"
    try:
        yield
    finally:
        del os.environ[_NAME]
