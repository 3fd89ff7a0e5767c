"""What is kept of logs: the worker that measures replications writes their rows itself."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sim.core.errors import ScenarioError
from sim.core.units import shorten_any
from sim.files.part_files import PartFile, PartsFolder
from sim.results.events import in_pieces
from sim.results.replication import Replication
from sim.results.timeline_tables import in_pieces as steps_of
from sim.systems.base.spec import look_up

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    import pyarrow as pa

    from sim.core.log import Log
    from sim.simulation import Simulation

KEEP: dict[str, Callable[[Replication], Iterable[pa.Table]]] = {
    "timelines": lambda run: steps_of(run.variant, run.replication, run.each_line()),
    "events": lambda run: in_pieces(run.variant, run.log),
}
"""What can be kept of all replications, not only of the first -> the rows of one of them."""


def check_keep(keep: Collection[str]) -> None:
    """ScenarioError if it is no list of what can be kept."""
    if not isinstance(keep, Collection) or isinstance(keep, str):
        raise ScenarioError.of(f"keep must be a list of {tuple(KEEP)}, got {shorten_any(keep)}")
    for what in keep:
        look_up(KEEP, what, "something to keep")


@dataclass(frozen=True)
class LogKeeper:
    """Keeps something of the logs of one scenario. It pickles."""

    folder: PartsFolder
    scenario: str
    """Its digest."""
    what: tuple[str, ...]

    @contextmanager
    def keeping(self, simulation: Simulation, numbers: Sequence[int]) -> Iterator[KeptLogs]:
        """What takes the logs of a chunk, and has `files` of them afterwards."""
        kept = KeptLogs(self, simulation, f"{self.scenario[:16]}-{numbers[0]}-{len(numbers)}")
        try:
            yield kept
            kept.close()
        finally:
            kept.discard()


class KeptLogs:
    """The files of one chunk. What the disk refuses is not kept: the replications stand."""

    def __init__(self, keeper: LogKeeper, simulation: Simulation, name: str) -> None:
        self.files: dict[str, str | bytes] = {}
        """What was kept -> the name of its file, or its content (see `PartFile`)."""
        self._keeper, self._simulation, self._name = keeper, simulation, name
        self._open: dict[str, PartFile] = {}
        self._refused: set[str] = set()

    def add(self, log: Log) -> None:
        """Write what is to be kept of the next replication."""
        run = Replication(self._simulation, log, "")
        for what in self._keeper.what:
            if what not in self._refused:
                self._write(what, KEEP[what](run))

    def _write(self, what: str, pieces: Iterable[pa.Table]) -> None:
        try:
            if what not in self._open:
                self._open[what] = PartFile(self._keeper.folder, f"{what}-{self._name}")
            for piece in pieces:
                self._open[what].add(piece)
        except OSError:
            self._refuse(what)

    def _refuse(self, what: str) -> None:
        self._refused.add(what)
        if what in self._open:
            self._open.pop(what).discard()

    def close(self) -> None:
        """Give the files their names."""
        for what in list(self._open):
            try:
                self.files[what] = self._open[what].close()
            except OSError:
                self._refuse(what)
            else:
                del self._open[what]

    def discard(self) -> None:
        """Let go what is half written."""
        for file in self._open.values():
            file.discard()
