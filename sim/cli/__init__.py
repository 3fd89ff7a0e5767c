"""The command line.

`commands` takes the words, which `options` knows, to the command of a module beside it; that gives
an answer, which `screens` puts into text and `answers` into each form.
"""

from __future__ import annotations

import atexit
import gc
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command, by default that of the shell, and give its exit code."""
    # What is read of a large file is kept: looking through it again and again for circles that
    # nobody needs takes a third of the time.
    gc.set_threshold(100_000)
    # As Python ends it would look through all of it three times more.
    atexit.register(gc.freeze)
    try:
        # Here, so that who interrupts while it is imported sees no traceback either.
        from sim.cli.commands import main as command  # noqa: PLC0415
        from sim.core.heap import keep_freed_memory  # noqa: PLC0415
        from sim.core.light_imports import light_imports  # noqa: PLC0415

        keep_freed_memory()
        with light_imports():
            return command(arguments)
    except KeyboardInterrupt:
        if sys.stderr is not None:
            sys.stderr.write("rollout-sim: interrupted\n")
        return 130
