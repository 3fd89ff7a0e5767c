"""What saves results is imported while other processes make them: that takes half a second."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from importlib import import_module
from threading import Timer
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

SOON = 1.5
"""Seconds after which a command has its own imports behind it."""

TABLES = ("scipy.special", "pyarrow.compute")
FIGURES = ("sim.plots.parts.style", "sim.plots.parts.svg")


@contextmanager
def early_imports(options: argparse.Namespace) -> Iterator[None]:
    """Import it in a thread, in a command that lasts and may use other processes."""
    if getattr(options, "workers", 1) == 1 or options.no_files:
        yield
        return
    needed = (*TABLES, *FIGURES) if options.figures != "none" else TABLES
    timer = Timer(SOON, _import, [needed])
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _import(modules: tuple[str, ...]) -> None:
    with suppress(Exception):  # whoever needs it is told what is wrong
        for each in modules:
            import_module(each)
