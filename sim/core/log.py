"""The log: everything that changes is a subject with a state, and a run is its transitions.

A row is ``time, subject, old, new, cause``. `subject` and `cause` are numbers of subjects, `old`
and `new` are codes of states. `old` is what the process believes, passed by it and never read back
from the recorder, so that the audit can fail.
"""

from __future__ import annotations

import struct
from bisect import bisect_right
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

ROW = np.dtype(
    [("time", "<f8"), ("subject", "<i4"), ("cause", "<i4"), ("old", "<i2"), ("new", "<i2")]
)
"""A row as it lies in memory: 20 bytes."""

PACK = struct.Struct("<diihh").pack
"""A row as bytes: time, subject, cause, old, new."""

ABSENT = 0
"""The code of a subject that is not there (yet, or any more), in every kind."""

UNIT = 1000
"""What a weight of 1 is among the whole numbers of a log, where a system needs none finer."""

SCENARIO = 0
"""The first subject of every log: the scenario itself, which causes the file's operations."""


@dataclass(frozen=True)
class States:
    """The states of one kind of subject: a code is ``version * len(statuses) + status``.

    Kinds without versions have the single version "". Status 0 is always ``absent``.
    """

    statuses: tuple[str, ...]
    versions: tuple[str, ...] = ("",)

    @property
    def width(self) -> int:
        """How many codes one version takes."""
        return len(self.statuses)

    def __len__(self) -> int:
        return len(self.statuses) * len(self.versions)

    def status(self, code: int) -> str:
        """Name of the status in `code`."""
        return self.statuses[code % len(self.statuses)]

    def version(self, code: int) -> str:
        """Name of the version in `code`."""
        return self.versions[code // len(self.statuses)]


OPERATION = States(("absent", "InProgress", "Succeeded", "Failed", "Refused"))
"""A request to a service, as its Get Operation Status tells; its version is what refused it."""
ASKED, SUCCEEDED, FAILED, REFUSED = 1, 2, 3, 4

UPGRADE = States(
    (
        "absent",
        "upgrading",
        "stuck",
        "rolling_back",
        "completed",
        "rolled_back",
        "superseded",
        "failed",
        "cancelled",
    )
)
"""What changes versions; it is failed where it has ended and a member is failed for good."""
(
    UPGRADING,
    STUCK,
    ROLLING_BACK,
    COMPLETED,
    ROLLED_BACK,
    SUPERSEDED,
    UPGRADE_FAILED,
    UPGRADE_CANCELLED,
) = range(1, len(UPGRADE.statuses))
UPGRADE_ENDS = (COMPLETED, ROLLED_BACK, SUPERSEDED, UPGRADE_FAILED, UPGRADE_CANCELLED)


@dataclass(frozen=True, eq=False)
class Block:
    """Alike subjects, numbered in a row: `count` of them from `first` on."""

    system: str
    kind: str
    group: str
    first: int
    count: int
    states: States
    initial: NDArray[np.int16]
    """State of each subject at time 0, shape (count,)."""
    name: Callable[[int], str]
    """Name of the subject with a number within the block. It pickles, so it is no lambda."""
    weights: Mapping[str, NDArray[np.int64]]
    """For each series the weight of each code, a whole number in the series' own unit."""

    @property
    def numbers(self) -> range:
        """The numbers of the block's subjects in the log."""
        return range(self.first, self.first + self.count)


def the_scenario() -> Block:
    """The block of the scenario itself, with which every numbering begins."""
    initial = np.zeros(1, np.int16)
    states = States(("absent",))
    name = ("the scenario",).__getitem__  # no lambda: a log can be pickled
    return Block("", "scenario", "", SCENARIO, 1, states, initial, name, {})


class Subjects:
    """All that can change in a scenario, in blocks. The same for every replication."""

    def __init__(self, blocks: Sequence[Block]) -> None:
        self.blocks = tuple(blocks)
        self._firsts = [block.first for block in self.blocks]
        self.count = self.blocks[-1].first + self.blocks[-1].count if self.blocks else 0
        if any(b.first + b.count != c.first for b, c in pairwise(self.blocks)):
            raise ValueError("blocks must be numbered without gaps")
        self.initial = np.concatenate([block.initial for block in self.blocks]).astype(np.int16)
        self.codes = np.concatenate(
            [np.full(block.count, len(block.states), np.int32) for block in self.blocks]
        )
        """How many codes each subject's kind has, shape (count,)."""

    def block_of(self, number: int) -> Block:
        """The block that subject `number` belongs to."""
        return self.blocks[bisect_right(self._firsts, number) - 1]

    def name(self, number: int) -> str:
        """The subject's name, made when shown."""
        block = self.block_of(number)
        return block.name(number - block.first)

    def of(self, system: str, kind: str) -> list[Block]:
        """The blocks of one kind in one system, in order of group."""
        return [block for block in self.blocks if (block.system, block.kind) == (system, kind)]

    def one(self, system: str, kind: str) -> Block:
        """The only block of one kind in one system."""
        (block,) = self.of(system, kind)
        return block


class Recorder:
    """Takes the rows of one replication while it runs."""

    def __init__(self) -> None:
        self.buffer = buffer = bytearray()
        """The rows, as they lie in memory; for those who look at their number all the time."""
        self._retracted: list[int] = []
        self._frozen: NDArray[np.void] | None = None
        """The rows from the end on, held so that nothing can be added."""
        self.in_parts = False
        """Whether parts of the run are recorded one after the other, each from time 0."""
        extend, pack = buffer.extend, PACK

        def record(time: float, subject: int, old: int, new: int, cause: int) -> None:
            extend(pack(time, subject, cause, old, new))

        self.extend = extend
        """For those who pack rows by the million themselves."""
        # A closure: this is called for every row, and finds its two helpers fastest this way.
        self.record = record
        """Add a row; `time` is in seconds since the start of the scenario."""

    @property
    def count(self) -> int:
        """How many rows are recorded so far."""
        return len(self.buffer) // ROW.itemsize

    def retract(self, place: int) -> None:
        """Take back a row, which turned out never to happen: it is not in the log."""
        self._retracted.append(place)

    @property
    def rows(self) -> NDArray[np.void]:
        """What is recorded so far, not copied: while it is held, `record` raises BufferError."""
        return np.frombuffer(self.buffer, ROW)

    def freeze(
        self, subjects: Subjects, replication: int, horizon: float, *, drew: bool, seed: int = 0
    ) -> Log:
        """End the log, which holds the rows, so a late `record` raises BufferError.

        Parts are merged by time; at one instant the part that was recorded first comes first.
        """
        rows = self._frozen = self.rows
        if self._retracted:
            rows = np.delete(rows, self._retracted)
        if self.in_parts:
            order = np.argsort(rows["time"], kind="stable")
            for name in ROW.names or ():  # one by one: no second copy of a log of a gigabyte
                rows[name] = rows[name][order]
        return Log(subjects, rows, replication, horizon, drew, seed)


@dataclass(frozen=True, eq=False)
class Log:
    """The transitions of one replication, in order of time."""

    subjects: Subjects
    rows: NDArray[np.void]
    """Shape (rows,), dtype `ROW`."""
    replication: int
    horizon: float
    """Seconds. The log holds what happens at the horizon too."""
    drew: bool
    """Whether anything random was drawn; a run that drew nothing is the only one there is."""
    seed: int = 0
    """With the replication's number it gives every draw again, for those who check a run."""

    def __len__(self) -> int:
        return len(self.rows)

    def equals(self, other: Log) -> bool:
        """Whether every row is equal, to the last bit."""
        return self.rows.tobytes() == other.rows.tobytes()

    def until(self, time: float) -> Log:
        """The log as it was at an instant, seconds: the rows up to it, those at it included."""
        return replace(self, rows=self.rows[self.rows["time"] <= time])

    def lines(self) -> list[str]:
        """The rows in words, ``time subject old -> new because cause``: for tests and people."""
        return [
            f"{row['time']:g} {self.subjects.name(row['subject'])} "
            f"{self._state(row, 'old')} -> {self._state(row, 'new')} "
            f"because {self.subjects.name(row['cause'])}"
            for row in self.rows
        ]

    def _state(self, row: np.void, column: str) -> str:
        states = self.subjects.block_of(row["subject"]).states
        version = states.version(row[column])
        status = states.status(row[column])
        return f"{status}/{version}" if version and row[column] != ABSENT else status
