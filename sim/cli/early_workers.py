"""Processes that a command asks for start while the rest of it is imported: both take a while."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator


@contextmanager
def early_workers(options: argparse.Namespace) -> Iterator[None]:
    """Put the pool that ``--workers`` asks for into `options.pool`; it ends with the command.

    None where there is none to start, or where what is asked for is to be refused.
    """
    options.pool = None
    workers = getattr(options, "workers", None)
    if not workers or workers == 1 or options.cluster:
        yield
        return
    from sim.experiments.running.places import MOST_WORKERS, Pool  # noqa: PLC0415  (help needs none)

    if not 1 < workers <= MOST_WORKERS:
        yield
        return
    options.pool = Pool(workers)
    try:
        options.pool.start()
        yield
    finally:
        options.pool.close()
