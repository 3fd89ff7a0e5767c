"""The rows that workers have kept of their logs, put together in order."""

from __future__ import annotations

from contextlib import suppress
from functools import cached_property
from itertools import groupby
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from sim.files.tables import row_groups
from sim.results.kept.kept_logs import LogKeeper
from sim.results.tables import named

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

    import pyarrow as pa

    from sim.files.part_files import PartsFolder
    from sim.files.partial_folder import PartialFolder

    File: TypeAlias = tuple[str, tuple[int, ...]]


class KeptRows:
    """Which file has which rows; what none has is made again by who wants it."""

    def __init__(self, folder: PartialFolder, what: Collection[str]) -> None:
        """`what` of `kept_logs.KEEP` is to be kept."""
        self.what = tuple(what)
        self._of = folder
        self._files: dict[tuple[str, str, int], File] = {}
        """Digest of a scenario, what it is and a replication -> its file, and all that are in it.
        """

    @cached_property
    def _folder(self) -> PartsFolder | None:
        return self._of.parts() if self.what else None

    def keeper(self, scenario: str) -> LogKeeper | None:
        """What goes to the workers with a scenario of that digest."""
        if self._folder is None:
            return None
        return LogKeeper(self._folder, scenario, self.what)

    def take(
        self, scenario: str, numbers: Sequence[int], kept: Mapping[str, str | bytes]
    ) -> dict[str, str]:
        """What a worker has kept of replications: the names of the files, written here or there."""
        files = {}
        for what, file in kept.items():
            if isinstance(file, str):
                files[what] = file
            elif self._folder is not None:
                name = f"{what}-{scenario[:16]}-{numbers[0]}-{len(numbers)}"
                with suppress(OSError):  # then it is not kept
                    files[what] = self._folder.put(name, file)
        self.know(scenario, numbers, files)
        return files

    def know(self, scenario: str, numbers: Sequence[int], files: Mapping[str, str]) -> None:
        """That these files have the rows of these replications."""
        for what, file in files.items():
            for number in numbers:
                self._files[scenario, what, number] = file, tuple(numbers)

    def are_there(self, files: Mapping[str, str]) -> bool:
        """Whether all that is to be kept is in these files, as it was written."""
        found = (self._folder and self._folder.found(files.get(what, "")) for what in self.what)
        return all(found)

    def pieces(
        self,
        what: str,
        scenario: str,
        numbers: Iterable[int],
        variant: str,
        again: Callable[[int], Iterable[pa.Table]],
    ) -> Iterator[pa.Table]:
        """All rows of replications of a variant, those that no file has by making them `again`."""
        files = self._files
        for file, group in groupby(numbers, lambda number: files.get((scenario, what, number))):
            wanted = tuple(group)
            path = None
            if file is not None and self._folder is not None and wanted == file[1]:
                path = self._folder.found(file[0])
            if path is None:
                for number in wanted:
                    yield from again(number)
                continue
            for table in row_groups(path):
                # A worker knows a scenario, not what it is called here.
                name = named([variant], np.zeros(table.num_rows, np.intp))
                yield table.set_column(0, table.schema.field(0), name)
