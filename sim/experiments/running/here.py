"""The process of the command itself as the place where chunks of replications are measured."""

from __future__ import annotations

from concurrent.futures import Future
from typing import TYPE_CHECKING

from sim.experiments.running.chunks import measure
from sim.experiments.running.places import Place

if TYPE_CHECKING:
    from sim.experiments.running.chunks import Chunk, Part
    from sim.experiments.running.jobs import Job


class Here(Place):
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
