"""Places where chunks of replications are measured: processes of this machine, any executor.

A command starts its processes as it begins, so that this imports neither numpy nor any model.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
from abc import ABC, abstractmethod
from concurrent.futures import BrokenExecutor, Future, ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing.context import SpawnContext, SpawnProcess
from types import ModuleType
from typing import TYPE_CHECKING, Any

from sim.core.light_imports import light_imports
from sim.experiments.running.worker import begin, warm_up, work

if TYPE_CHECKING:
    from collections.abc import Iterator
    from concurrent.futures import Executor

    from sim.experiments.running.chunks import Chunk, Part
    from sim.experiments.running.jobs import Job

MOST_WORKERS = 1_000
"""Processes of one machine."""

UNKNOWN_ROOM = 64
"""Chunks that an executor gets at once which does not tell how many workers it has."""


class Place(ABC):
    """Where chunks are measured; here one that nobody can mend, and that stays as it is."""

    @property
    @abstractmethod
    def room(self) -> int:
        """How many chunks it should have at once, so that it is never without work."""

    @abstractmethod
    def submit(self, job: Job, chunk: Chunk, *, whole: bool) -> Future[Part | None]:
        """Measure a chunk some time. `whole`: with its scenario, as a worker does not know it."""

    def is_lost(self, error: BaseException) -> bool:
        """Whether that is what becomes of a chunk whose worker died with it."""
        return isinstance(error, BrokenExecutor)

    def check(self) -> None:  # noqa: B027  (most say so themselves)
        """Raise where nothing will ever end, though nothing broke."""

    def renew(self) -> bool:
        """Go on after workers died; whether that is possible."""
        return False

    def gone(self) -> Exception:
        """What is told where it is not, or where the place itself is gone."""
        rule = "the executor has lost a worker, or was closed, and takes no more work"
        return BrokenExecutor(f"{rule}: make another one")

    def close(self) -> None:  # noqa: B027  (what is the caller's stays open)
        """End, even in the middle of a chunk."""


class Workers(Place):
    """An executor of the caller's, or one of our own."""

    def __init__(self, executor: Executor) -> None:
        self.executor = executor
        self._sent: dict[bytes, int] = {}

    @property
    def room(self) -> int:
        """Two chunks a worker, and one more: that is how many a pool takes in advance."""
        workers = getattr(self.executor, "_max_workers", None)
        return 2 * workers + 1 if isinstance(workers, int) else UNKNOWN_ROOM

    def submit(self, job: Job, chunk: Chunk, *, whole: bool) -> Future[Part | None]:
        """Its first chunks bring a scenario to the workers, who remember it."""
        pickled, digest = job.pickled
        sent = self._sent[digest] = self._sent.pop(digest, 0) + 1
        given = pickled if whole or sent <= self.room else None
        return self.executor.submit(work, digest, given, chunk)


class Pool(Workers):
    """Processes of this machine. They are spawned: a fork would take along what is half done."""

    def __init__(self, workers: int) -> None:
        self._workers = workers
        self._open()

    def _open(self) -> None:
        self._context = _Context()
        self._warming: list[Future[None]] = []
        super().__init__(ProcessPoolExecutor(self._workers, self._context, begin))

    def start(self) -> None:
        """Start processes before there is work for them, as many as there are cores.

        Else each is started by the first chunk that none is free for.
        """
        for _ in range(min(self._workers, cores())):
            self._warming.append(self.executor.submit(warm_up))

    @property
    def is_warm(self) -> bool:
        """Whether a process that was started waits for work, or cannot be had."""
        return any(each.done() for each in self._warming)

    def submit(self, job: Job, chunk: Chunk, *, whole: bool) -> Future[Part | None]:
        """As elsewhere; where a process dies at this very moment the chunk is lost with it."""
        try:
            return super().submit(job, chunk, whole=whole)
        except (BrokenExecutor, OSError, ValueError) as error:  # its pipes may be closed by then
            future: Future[Part | None] = Future()
            future.set_exception(BrokenExecutor(str(error)))
            return future

    def renew(self) -> bool:
        """A pool of which one process died takes no more work: a new one does."""
        self.close()
        self._open()
        return True

    def close(self) -> None:
        """End the processes."""
        for process in self._context.started:
            if process.pid is not None:  # else the pool broke before it was started
                process.terminate()
        # One that dies while it sends a result leaves half of it: who reads on for the rest would
        # wait for ever, as long as anybody, this process too, may still write.
        self._context.close_results()
        self.executor.shutdown(cancel_futures=True)


class _Process(SpawnProcess):
    """One that does not run the main module again: a script need not be written for that."""

    @staticmethod
    def _Popen(process_obj: Any) -> Any:  # noqa: N802  (as it is called)
        main = sys.modules["__main__"]
        sys.modules["__main__"] = ModuleType("__main__")
        try:
            with _uninterrupted(), light_imports():
                return SpawnProcess._Popen(process_obj)  # noqa: SLF001  (overridden)
        finally:
            sys.modules["__main__"] = main


class _Context(SpawnContext):
    """Remembers the processes that it starts, as a pool names them to nobody."""

    def __init__(self) -> None:
        super().__init__()
        self.started: list[_Process] = []
        self._results: Any = None

    def SimpleQueue(self) -> Any:  # noqa: N802  (as it is called)
        """The queue of results, of which a pool has one."""
        self._results = super().SimpleQueue()
        return self._results

    def close_results(self) -> None:
        """From now on nobody in this process writes results."""
        self._results._writer.close()  # noqa: SLF001  (there is no other way)

    def Process(self, *args: Any, **settings: Any) -> _Process:  # type: ignore[override]  # noqa: N802
        """A new process, to be started by the pool."""
        self.started.append(_Process(*args, **settings))
        return self.started[-1]


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """A process that is born here never hears Ctrl-C, not even while it is still importing."""
    if sys.platform == "win32":
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def cores() -> int:
    """How many processes can run here side by side: 1 in a process that may start no others."""
    if multiprocessing.current_process().daemon:
        return 1
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
