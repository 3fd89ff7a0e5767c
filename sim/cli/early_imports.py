"""What saves results is imported while other processes make replications: that takes half a second.

In a command that makes them itself nothing would be won.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

TABLES = ("scipy.special", "pyarrow.compute")
FIGURES = ("matplotlib", "matplotlib.figure", "sim.plots.parts.style", "sim.plots.parts.svg")


@contextmanager
def early_imports(options: argparse.Namespace) -> Iterator[None]:
    """Import it in a command that saves results and may use other processes."""
    if getattr(options, "workers", 1) == 1 or options.no_files:
        yield
        return
    from sim.experiments.running import meanwhile  # noqa: PLC0415  (help needs none)

    with meanwhile.imports(TABLES if options.figures == "none" else TABLES + FIGURES):
        yield
