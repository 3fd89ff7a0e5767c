"""The process of the command itself as the place where chunks of replications are measured."""

from __future__ import annotations

from concurrent.futures import BrokenExecutor, Future
from typing import TYPE_CHECKING

from sim.experiments.running.chunks import measure

if TYPE_CHECKING:
    from sim.experiments.running.chunks import Chunk, Part
    from sim.experiments.running.jobs import Job


class Here:
    """In this process."""

    room = 1

    def submit(self, job: Job, chunk: Chunk, *, whole: bool) -> Future[Part | None]:
        """Measure it now."""
        del whole
        future: Future[Part | None] = Future()
        try:
            future.set_result(measure(job.simulation, chunk))
        except Exception as error:  # noqa: BLE001  (whoever asks for the result gets it)
            future.set_exception(error)
        return future

    def is_lost(self, error: BaseException) -> bool:
        """It does not die alone."""
        return isinstance(error, BrokenExecutor)

    def check(self) -> None:
        """It never waits for itself."""

    def renew(self) -> bool:
        """There is no other one."""
        return False

    def gone(self) -> Exception:
        """What nobody ever hears."""
        return BrokenExecutor("this process is gone")

    def close(self) -> None:
        """There is nothing to end."""
