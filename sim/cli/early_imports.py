"""What answers and saves is imported while other processes make replications.

That takes more than half a second. In a command that makes them itself nothing would be won.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

ANSWERS = {"run": ("sim.cli.run_answers",), "compare": ("sim.cli.run_answers",)}
"""Of the commands that import none of it before."""
TABLES = ("scipy.special", "pyarrow.compute")
PAGES = ("jinja2",)
FIGURES = (
    "matplotlib",
    "matplotlib.figure",
    "sim.plots.parts.svg",
    "sim.results.pictures.result_pictures",
)


@contextmanager
def early_imports(options: argparse.Namespace) -> Iterator[None]:
    """Import what a command needs that may use other processes."""
    if getattr(options, "workers", 1) == 1:
        yield
        return
    from sim.experiments.running import meanwhile  # noqa: PLC0415  (help needs none)

    modules: tuple[str, ...] = ANSWERS.get(options.command, ())
    if not options.no_files:
        modules += TABLES + PAGES + (() if options.figures == "none" else FIGURES)
    with meanwhile.imports(modules):
        yield
