"""What saves results is imported while replications are made: that takes half a second.

Nothing is won before other processes make them, which is soon so in a command that lasts.
"""

from __future__ import annotations

from contextlib import contextmanager, suppress
from importlib import import_module
from threading import Event, Timer
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

SOON = 1.5
"""Seconds after which a command is likely to have its own imports behind it."""

TABLES = ("scipy.special", "pyarrow.compute")
FIGURES = ("sim.plots.parts.style", "sim.plots.parts.svg")


@contextmanager
def early_imports(options: argparse.Namespace) -> Iterator[None]:
    """Import it in a thread, in a command that lasts and may use other processes."""
    if getattr(options, "workers", 1) == 1 or options.no_files:
        yield
        return
    needed = (*TABLES, *FIGURES) if options.figures != "none" else TABLES
    over = Event()
    timer = Timer(SOON, _import, [needed, over])
    timer.daemon = True  # nobody waits for it at the end
    with suppress(RuntimeError):  # no thread can be had: it is imported later
        timer.start()
    try:
        yield
    finally:
        over.set()
        timer.cancel()


def _import(modules: tuple[str, ...], over: Event) -> None:
    with suppress(Exception):  # whoever needs it is told what is wrong
        for each in modules:
            if not over.is_set():
                import_module(each)
