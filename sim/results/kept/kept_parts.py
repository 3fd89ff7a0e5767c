"""Finished replications on the disk: rows of a table, one a replication, and back.

What they came to is told by columns whose names are lists: what it is, of which system and so on.
A replication belongs to a scenario by the digest of all that it depends on, so that it is found
again by whoever makes the same one, however the work is cut then.
"""

from __future__ import annotations

import json
from collections import defaultdict
from contextlib import contextmanager
from dataclasses import replace
from functools import lru_cache
from hashlib import sha256
from itertools import groupby
from operator import itemgetter
from time import perf_counter
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pyarrow as pa

from sim.core.metrics import Key
from sim.core.timelines import Steps
from sim.experiments.running.chunks import Chunk, Part
from sim.experiments.running.execution import Execution
from sim.experiments.running.failures import Failure
from sim.experiments.statistics.averages import Averages
from sim.files.partial_folder import PartialFolder
from sim.results import tables
from sim.results.kept.kept_logs import check_keep
from sim.results.kept.kept_rows import KeptRows

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
    from concurrent.futures import Executor
    from os import PathLike

    from numpy.typing import NDArray

    from sim.experiments.running.chunks import Keeper
    from sim.experiments.running.jobs import Job
    from sim.scenario import Scenario

WORTH_A_FILE = 0.2
"""Seconds of work that are written at once."""

KEPT = "kept"
STEPS = {"step_times": "times", "step_values": "values"}
JOB, FIRST, NUMBER, DREW = "job", "first_of_chunk", "replication", "drew"
FAILURE, FAILED_AT = "failure", "failed_at_s"


def about(scenario: Scenario) -> dict[str, Any]:
    """What finished replications must have in common, for those who go on with them."""
    return {
        "seed": scenario.seed,
        "scenario": _text(replace(scenario, seed=0)),
        **dict(_inputs(scenario)),
    }


def _text(scenario: Scenario) -> str:
    """All of it but how often it is to be run."""
    return replace(scenario, replications=1, replications_given=False).to_yaml()


def _inputs(scenario: Scenario) -> Iterator[tuple[str, str]]:
    for name, content in sorted(scenario.written.contents.items()):
        yield name, sha256(content).hexdigest()


def digest_of(scenario: Scenario) -> str:
    """Of all that its replications depend on."""
    return sha256(json.dumps([_text(scenario), *_inputs(scenario)]).encode()).hexdigest()


class KeptParts:
    """What is finished, in a folder: found again, and added to as work goes on."""

    def __init__(self, folder: PartialFolder, keep: Collection[str] = ()) -> None:
        """What to `keep` of the logs is what `KEEP` names."""
        self.folder = folder
        self.rows = KeptRows(folder, keep)
        self._waiting: list[pa.Table] = []
        self._written = perf_counter()
        self._index: dict[tuple[str, int], _Place] = {}
        """Digest of a scenario and the first replication of a chunk -> where it stands."""
        self._table = lru_cache(maxsize=2)(folder.table)
        self._digest = lru_cache(maxsize=64)(lambda job: digest_of(job.simulation.scenario))
        for file, table in folder.tables():
            jobs, first, numbers = table.column(JOB).to_pylist(), *_wholes(table, FIRST, NUMBER)
            for key, rows in groupby(enumerate(zip(jobs, first, strict=True)), itemgetter(1)):
                places = [place for place, _ in rows]
                chunk = sorted(numbers[place] for place in places)
                self._index[key] = _Place(file, places[0], chunk, _files(table, places[0]))

    def found(self, job: Job) -> Iterator[tuple[Chunk, Part]]:
        """What is there of a job, in chunks as they were finished."""
        place = 0
        while self._index and place < len(job.numbers):
            digest = self._digest(job)
            there = self._index.get((digest, job.numbers[place]))
            wanted = job.numbers[place : place + len(there.numbers)] if there else ()
            if there and [*wanted] == there.numbers and self.rows.are_there(there.files):
                table = self._table(there.file).slice(there.row, len(wanted))
                part = _part(table, job.simulation.scenario.horizon)
                self.rows.know(digest, part.numbers.tolist(), there.files)
                yield Chunk(wanted, is_first=not place), part
                place += len(wanted)
            else:
                place += 1

    def keeper(self, job: Job) -> Keeper | None:
        """What keeps rows of its logs where they are made."""
        return self.rows.keeper(self._digest(job)) if self.rows.what else None

    def add(self, job: Job, part: Part) -> Part:
        """Keep what a chunk came to, at the latest when it is worth a file.

        What failed altogether is tried again.
        """
        if part.error is not None:
            return part
        digest = self._digest(job)
        files = self.rows.take(digest, part.numbers.tolist(), part.kept)
        self._waiting.append(_table(digest, part, files))
        if perf_counter() - self._written >= WORTH_A_FILE:
            self.flush()
        return replace(part, kept={})  # it may be much, where it came back from afar

    def close(self) -> None:
        """Write what waits, unless all of it is so little that nothing was written yet."""
        if self.folder.has_work or self.rows.what:
            self.flush()

    def flush(self) -> None:
        """Write what waits."""
        for _, alike in groupby(self._waiting, key=lambda table: tuple(table.column_names)):
            self.folder.append(pa.concat_tables(alike))
        self._waiting.clear()
        self._written = perf_counter()


@contextmanager
def executing(
    scenario: Scenario,
    *,
    executor: Executor | str | None,
    workers: int | None,
    partial: PartialFolder | str | PathLike[str] | None,
    progress: bool,
    keep: Collection[str] = (),
) -> Iterator[Execution]:
    """How replications of a scenario and its variants are made; what is finished is kept.

    What to `keep` of their logs stays for who holds on to `execution.kept`.

    Raises
    ------
    ScenarioError
        If there are no such workers, or `partial` holds something else.
    """
    check_keep(keep)
    folder = partial
    if partial is None and keep:
        folder = PartialFolder.temporary(about(scenario))
    elif partial is not None and not isinstance(partial, PartialFolder):
        folder = PartialFolder(partial, about(scenario), resume=True)
    kept = KeptParts(folder, keep) if isinstance(folder, PartialFolder) else None
    try:
        with Execution(executor, workers=workers, progress=progress, kept=kept) as execution:
            yield execution
    finally:
        if kept is not None and folder is not partial:
            kept.folder.close()


class _Place(NamedTuple):
    """Where what a chunk came to stands."""

    file: str
    row: int
    """The first one in it."""
    numbers: list[int]
    files: dict[str, str]
    """What was kept of its logs -> its file."""


def _files(table: pa.Table, row: int) -> dict[str, str]:
    """The files of what was kept of a chunk's logs."""
    found = {}
    for name in table.column_names:
        if name.startswith("["):
            what, *key = json.loads(name)
            if what == KEPT:
                found[key[0]] = table.column(name)[row].as_py()
    return found


def _table(job: str, part: Part, files: Mapping[str, str]) -> pa.Table:
    """One row a replication: those that are sound, then those that failed."""
    failed = [each.replication for each in part.failures]
    numbers = np.array([*part.numbers.tolist(), *failed], np.int64)
    columns: dict[str, pa.Array] = {
        JOB: _alike(job, len(numbers)),
        FIRST: tables.wholes(np.full(len(numbers), numbers.min())),
        NUMBER: tables.wholes(numbers),
        DREW: tables.wholes(np.full(len(numbers), part.drew, np.int64)),
        FAILURE: tables.texts([""] * len(part.numbers) + [each.message for each in part.failures]),
        FAILED_AT: tables.numbers(
            np.array(
                [np.nan] * len(part.numbers)
                + [np.nan if each.time_s is None else each.time_s for each in part.failures]
            )
        ),
    }
    for what in ("values", "rollouts_ended", "outcomes"):
        for key, found in getattr(part, what).items():
            name = json.dumps([what, *([key] if isinstance(key, str) else key)])
            columns[name] = _padded(found, len(failed))
    columns |= {
        json.dumps([KEPT, what]): _alike(file, len(numbers)) for what, file in files.items()
    }
    columns |= _series(part, len(numbers))
    for system, averages in part.averages.items():
        lengths = np.zeros(len(numbers), np.int32)
        lengths[0] = len(averages.total)  # they are of the whole chunk
        columns[json.dumps(["averages", system])] = _lists(lengths, averages.total)
    return pa.table(columns)


def _alike(text: str, rows: int) -> pa.Array:
    """A column in which each row has the same."""
    return tables.names([text], np.zeros(rows, np.int32))


def _padded(found: NDArray[Any], more: int) -> pa.Array:
    """A column of numbers, and of as many 0 as failed; NaN stays what it is."""
    kind = tables.WHOLE if found.dtype == np.bool_ else tables.NUMBER
    dtype = np.int64 if kind == tables.WHOLE else np.float64
    content = np.concatenate([found.astype(dtype), np.zeros(more, dtype)])
    return pa.Array.from_buffers(kind, len(content), [None, pa.py_buffer(content)])


def _series(part: Part, rows: int) -> dict[str, pa.Array]:
    """Times and values of what pictures show: lists, empty where no picture needs them."""
    columns = {}
    for key in part.sampled[0] if part.sampled else ():
        pieces = [piece[key] for piece in part.sampled]
        lengths = np.zeros(rows, np.int32)
        seen = np.concatenate([np.diff(piece.start) for piece in pieces])
        lengths[: len(seen)] = seen
        for what, attribute in STEPS.items():
            content = np.concatenate([getattr(piece, attribute) for piece in pieces])
            columns[json.dumps([what, *key])] = _lists(lengths, content)
    return columns


def _lists(lengths: NDArray[np.int32], content: NDArray[Any]) -> pa.Array:
    """A column of lists of numbers, which stand in `content` one after the other."""
    starts = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32)
    offsets = pa.Array.from_buffers(pa.int32(), len(starts), [None, pa.py_buffer(starts)])
    kind = tables.NUMBER if content.dtype == np.float64 else tables.WHOLE
    flat = pa.Array.from_buffers(kind, len(content), [None, pa.py_buffer(content)])
    return pa.ListArray.from_arrays(offsets, flat)


def _wholes(table: pa.Table, *names: str) -> list[list[int]]:
    """Columns of whole numbers."""
    return [tables.values(table, name).tolist() for name in names]


def _part(table: pa.Table, end: float) -> Part:
    """What the replications of some rows came to."""
    told = table.column(FAILURE).to_pylist()
    sound = np.array([not each for each in told])
    numbers = tables.values(table, NUMBER)
    times = tables.with_gaps(table, FAILED_AT)
    found: dict[str, dict[Any, Any]] = defaultdict(dict)
    steps: dict[tuple[str, str], dict[str, pa.ListArray]] = defaultdict(dict)
    rows = tables.wholes(np.flatnonzero(sound))
    for name in table.column_names:
        if not name.startswith("["):
            continue
        what, *key = json.loads(name)
        if what == "averages":
            lists = table.column(name).combine_chunks()
            total = _flat(lists)[lists.offsets[0].as_py() : lists.offsets[1].as_py()]
            found[what][key[0]] = Averages(total, int(sound.sum()))
        elif what == KEPT:
            continue
        elif what in STEPS:
            steps[key[0], key[1]][what] = table.column(name).take(rows).combine_chunks()
        elif what == "rollouts_ended":
            found[what][key[0]] = tables.values(table, name)[sound] == 1
        else:
            place = Key(*key) if what == "values" else (key[0], key[1])
            found[what][place] = tables.values(table, name)[sound]
    return Part(
        numbers[sound],
        found["values"],
        found["rollouts_ended"],
        found["outcomes"],
        found["averages"],
        list(_pieces(steps, end)),
        [
            Failure(int(number), None if np.isnan(time) else float(time), message)
            for number, time, message in zip(numbers, times, told, strict=True)
            if message
        ],
        None,
        bool(tables.values(table, DREW)[sound][:1].any()),
        None,
        0.0,
    )


def _flat(lists: pa.ListArray) -> NDArray[Any]:
    """All that the lists hold, one after the other."""
    flat = lists.values
    dtype = np.float64 if flat.type == tables.NUMBER else np.int64
    return np.frombuffer(flat.buffers()[1], dtype)[flat.offset :]


def _pieces(
    steps: Mapping[tuple[str, str], Mapping[str, pa.ListArray]], end: float
) -> Iterator[dict[tuple[str, str], Steps]]:
    """What pictures show of the first rows that have any of it."""
    piece = {}
    for key, lists in steps.items():
        starts = np.array(lists["step_times"].offsets.to_pylist(), np.intp)
        lengths = np.diff(starts)
        count = int(np.argmin(lengths > 0)) if not lengths.all() else len(lengths)
        if count:
            times, values = (_flat(lists[what])[starts[0] : starts[count]] for what in STEPS)
            piece[key] = Steps(starts[: count + 1] - starts[0], times, values, end)
    if piece:
        yield piece
