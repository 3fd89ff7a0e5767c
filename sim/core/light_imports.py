"""What libraries do as they are imported and nothing here needs: it costs each process time."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_VARIABLES = {
    # No matrix here is worth a thread, and OpenBLAS starts one for each core, which spins for a
    # tenth of a second before it rests: of a process that other processes wait for, beside them.
    "OPENBLAS_NUM_THREADS": "1",
    # pydantic looks for plugins in all packages that are installed, which may be hundreds.
    "PYDANTIC_DISABLE_PLUGINS": "__all__",
}
_OTHER_NAMES = {"OPENBLAS_NUM_THREADS": ("GOTO_NUM_THREADS", "OMP_NUM_THREADS")}
"""What a library goes by where its own variable is not set."""


@contextmanager
def light_imports() -> Iterator[None]:
    """Let libraries be imported without it, here or in a process that starts.

    Who has set their variables is heeded.
    """
    ours = {
        name: value
        for name, value in _VARIABLES.items()
        if not any(each in os.environ for each in (name, *_OTHER_NAMES.get(name, ())))
    }
    os.environ.update(ours)
    try:
        yield
    finally:
        for name in ours:
            del os.environ[name]
