"""The log: everything that changes is a subject with a state, and a run is its transitions.

A row is ``time, subject, old, new, cause``. `subject` and `cause` are numbers of subjects, `old`
and `new` are codes of states. `old` is what the process believes, passed by it and never read back
from the recorder, so that the audit can fail.
"""

from __future__ import annotations

import struct
from bisect import bisect_right
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal

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


def first_of_each(column: NDArray[Any]) -> NDArray[np.bool_]:
    """Which entries differ from the one before them, as the first one does; shape as `column`."""
    first = np.ones(len(column), bool)
    np.not_equal(column[1:], column[:-1], out=first[1:])
    return first


def next_of_each(key: NDArray[Any], column: NDArray[Any], none: float) -> NDArray[Any]:
    """By row what the next one of the same key has in a column; `none` where there is no next.

    Rows stand by key; shape (rows,).
    """
    found = np.full(len(key), none, column.dtype)
    goes_on = ~first_of_each(key)[1:]
    found[:-1][goes_on] = column[1:][goes_on]
    return found


class Stack:
    """The logs of several replications of one scenario, analysed together (one is a stack of one).

    Columns have shape (rows,), replication after replication; `start` has shape
    (replications + 1,): the rows of replication k are ``start[k]:start[k + 1]``.
    """

    def __init__(self, logs: Sequence[Log]) -> None:
        self.subjects = logs[0].subjects
        self.horizon = logs[0].horizon
        self.seed = logs[0].seed
        self.numbers = np.array([log.replication for log in logs])
        rows = logs[0].rows
        if len(logs) > 1:
            # As bytes: NumPy compares the columns of structured arrays, which takes four times as
            # long as all the rest of this.
            rows = np.frombuffer(b"".join(log.rows.data for log in logs), ROW)
        self.time = np.ascontiguousarray(rows["time"])
        self.subject = np.ascontiguousarray(rows["subject"])
        self.cause = np.ascontiguousarray(rows["cause"])
        self.old = np.ascontiguousarray(rows["old"])
        self.new = np.ascontiguousarray(rows["new"])
        self.start = np.concatenate([[0], np.cumsum([len(log) for log in logs])])
        self.made: dict[Any, Any] = {}
        """What an audit has made of it, kept for the metrics: by whoever made it."""

    @property
    def replications(self) -> int:
        """How many replications are stacked."""
        return len(self.numbers)

    @cached_property
    def replication(self) -> NDArray[np.intp]:
        """The place in the stack of each row's replication, shape (rows,)."""
        return np.repeat(np.arange(self.replications), np.diff(self.start))

    @cached_property
    def key(self) -> NDArray[np.int64]:
        """A number for each subject of each replication, shape (rows,)."""
        key: NDArray[np.int64] = self.replication * self.subjects.count + self.subject
        return key

    def rows(self, places: NDArray[np.intp]) -> NDArray[np.void]:
        """Some of the rows, as they lie in a log; shape as `places`."""
        found = np.empty(len(places), ROW)
        for name in ROW.names or ():
            found[name] = getattr(self, name)[places]
        return found

    def about(self, first: int, count: int) -> NDArray[np.bool_]:
        """Which rows are about the subjects from `first` on, `count` of them; shape (rows,)."""
        return (self.subject >= first) & (self.subject < first + count)

    @cached_property
    def by_subject(self) -> NDArray[np.int64]:
        """The rows in order of replication, subject, time; shape (rows,)."""
        # One packed key and an ordinary sort: five times faster than a stable argsort.
        packed = (self.key << 32) | np.arange(len(self.time))
        packed.sort()
        order: NDArray[np.int64] = packed & 0xFFFFFFFF
        return order

    def histories(self, first: int, count: int) -> NDArray[np.int64]:
        """The rows about `count` subjects from `first` on, by replication, subject, time."""
        begins = np.arange(self.replications) * self.subjects.count + first
        bounds = np.searchsorted(self.key, [begins, begins + count], sorter=self.by_subject)
        parts = [self.by_subject[a:b] for a, b in bounds.T.tolist()]
        return parts[0] if len(parts) == 1 else np.concatenate(parts)  # one needs no copy

    def first_at(
        self,
        replication: NDArray[np.int64],
        time: NDArray[np.float64],
        side: Literal["left", "right"] = "left",
    ) -> NDArray[np.int64]:
        """The first rows of some replications at some times or later, or, on the right side, later
        than these; where none is, the first row of the next replication. All of shape (asked,).
        """
        found = np.empty(len(time), np.int64)
        for each in np.unique(replication).tolist():
            begin, end = self.start[each : each + 2].tolist()
            mine = replication == each
            found[mine] = begin + np.searchsorted(self.time[begin:end], time[mine], side)
        return found

    @cached_property
    def final(self) -> NDArray[np.int16]:
        """Each subject's state at the horizon, shape (replications, subjects)."""
        states = np.tile(self.subjects.initial, (self.replications, 1))
        if len(self.time):  # nothing at all need happen
            last = self.by_subject[np.append(self._changes_subject[1:], True)]
            states[self.replication[last], self.subject[last]] = self.new[last]
        return states

    @cached_property
    def _changes_subject(self) -> NDArray[np.bool_]:
        return first_of_each(self.key[self.by_subject])

    def audit(self) -> tuple[int, str] | None:
        """Check that the log is a history; the first row that is not, with the rule that it breaks.

        Time never goes back nor leaves [0, horizon]; every row's `old` is its subject's last `new`;
        subjects, codes and causes exist.
        """
        if not len(self.time):
            return None
        nobody = (self.subject < 0) | (self.subject >= self.subjects.count)
        if nobody.any():  # first, as the other rules look at the subject
            return int(np.flatnonzero(nobody)[0]), "a row's subject does not exist"
        back = np.zeros(len(self.time), bool)
        np.less(self.time[1:], self.time[:-1], out=back[1:])
        back[self.start[:-1][np.diff(self.start) > 0]] = False
        outside = ~((self.time >= 0) & (self.time <= self.horizon))  # so no number is outside too
        order = self.by_subject
        believed = np.empty(len(order), np.int16)
        first = self._changes_subject
        believed[1:] = self.new[order[:-1]]
        believed[first] = self.subjects.initial[self.subject[order[first]]]
        broken = np.zeros(len(order), bool)
        broken[order] = believed != self.old[order]
        unknown = (self.new < 0) | (self.new >= self.subjects.codes[self.subject])
        causeless = (self.cause < 0) | (self.cause >= self.subjects.count)
        for wrong, rule in (
            (back, "time goes back"),
            (outside, "a row lies outside the scenario's time"),
            (broken, "a row's old state is not what the subject was in"),
            (unknown, "a row's new state does not exist"),
            (causeless, "a row's cause does not exist"),
        ):
            if wrong.any():
                return int(np.flatnonzero(wrong)[0]), rule
        return None
