"""What runs in the process of a worker: it imports no tables, no pictures and no statistics.

Nor does what only starts one, and names these functions, wait for what they need.
"""

from __future__ import annotations

import os
import pickle
import signal
import threading
from collections import OrderedDict
from importlib import import_module
from multiprocessing import parent_process
from typing import TYPE_CHECKING

from sim.core.heap import keep_freed_memory
from sim.core.version import __version__

if TYPE_CHECKING:
    from sim.experiments.running.chunks import Chunk, Part
    from sim.simulation import Simulation

MOST_KEPT = 8
"""Scenarios that a worker remembers."""

_made_ready: OrderedDict[bytes, Simulation] = OrderedDict()


def work(digest: bytes, pickled: bytes | None, chunk: Chunk) -> Part | None:
    """Measure a chunk of a scenario, which is known by its digest from the first time on.

    None where it is not known and not given.
    """
    from sim.experiments.running.chunks import measure  # noqa: PLC0415  (see the top)

    simulation = _made_ready.get(digest)
    if simulation is None:
        if pickled is None:
            return None
        simulation = pickle.loads(pickled)  # noqa: S301  (of our own parent)
        _made_ready[digest] = simulation
        while len(_made_ready) > MOST_KEPT:
            _made_ready.popitem(last=False)
    return measure(simulation, chunk)


def version() -> str:
    """What a worker would run."""
    return __version__


def begin() -> None:
    """Make ready a process of a pool: its parent alone is interrupted, and takes it along."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # on Windows it is not blocked from birth
    threading.Thread(target=_end_with_parent, daemon=True).start()
    keep_freed_memory()


def warm_up() -> None:
    """Import what all replications need, so that the first chunk need not wait for it."""
    for module in ("numpy.random", "sim.experiments.running.chunks", "sim.simulation"):
        import_module(module)


def _end_with_parent() -> None:
    """A parent that is killed tells nobody; its workers would wait for work for ever."""
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
