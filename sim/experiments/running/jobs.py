"""A job: the replications of one scenario that are wanted, in chunks that may end in any order."""

from __future__ import annotations

from collections import deque
from functools import cached_property
from hashlib import sha256
from pickle import dumps
from typing import TYPE_CHECKING, Protocol

from sim.core.errors import NoMemoryError
from sim.experiments.running.chunks import Chunk, Part
from sim.experiments.running.failures import MOST_IN_VAIN
from sim.experiments.running.replications import Measured
from sim.experiments.running.samples import Samples

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sim.experiments.running.chunks import Keeper
    from sim.experiments.running.samples import Piece
    from sim.simulation import Simulation


class Kept(Protocol):
    """Where finished replications are kept."""

    def found(self, job: Job) -> Iterable[tuple[Chunk, Part]]:
        """What is there of a job already."""

    def keeper(self, job: Job) -> Keeper | None:
        """What keeps something of its logs where they are made, if that is wanted."""

    def add(self, job: Job, part: Part) -> Part:
        """Keep what a chunk of it came to; gives what is still needed of that."""

    def close(self) -> None:
        """Let nothing wait any longer that is worth to be kept."""


class Job:
    """Cut into chunks, put together in order."""

    def __init__(
        self, simulation: Simulation, numbers: Sequence[int], sampled: Sequence[Piece] = ()
    ) -> None:
        """`sampled` is what pictures show of replications before these."""
        if not numbers:
            raise ValueError("there must be a replication to run, got none")
        self.simulation, self.numbers = simulation, numbers
        self.seconds: float | None = None
        """Of a replication, as the last chunk took."""
        self._gaps: deque[Sequence[int]] = deque([numbers])
        """Stretches of them that are in no chunk yet."""
        self.missing = len(numbers)
        """How many are not made yet, or not known to be all that matters."""
        self.taken = 0
        """How many have come back."""
        self.keeper: Keeper | None = None
        """What is to be kept of the logs."""
        self.is_random = False
        """Whether it is known that they differ."""
        self._samples = Samples(sampled)
        self._parts: list[Part] = []
        self._out_of_order: dict[int, tuple[int, Part | Exception]] = {}
        self._fault: Exception | None = None

    @cached_property
    def pickled(self) -> tuple[bytes, bytes]:
        """What a worker needs of it, and the digest of that."""
        content = dumps(self.simulation)
        return content, sha256(content).digest()

    @property
    def is_complete(self) -> bool:
        """Whether it is known what they came to."""
        return not self.missing

    @property
    def left(self) -> int:
        """How many are in no chunk yet."""
        return sum(map(len, self._gaps))

    def fill(self, found: Iterable[tuple[Chunk, Part]]) -> None:
        """Take what is there already, in order, and leave only the gaps to be made."""
        (rest,) = self._gaps
        self._gaps.clear()
        for chunk, part in found:
            before = rest.index(chunk.numbers[0])
            if before:
                self._gaps.append(rest[:before])
            rest = rest[before + len(chunk.numbers) :]
            if not self.is_complete:
                self.take(chunk, part)
        if rest and not self.is_complete:
            self._gaps.append(rest)

    def cut(self, size: int) -> Chunk:
        """The next chunk, of at most so many."""
        gap = self._gaps.popleft()
        if len(gap) > size:
            self._gaps.appendleft(gap[size:])
        return Chunk(
            gap[:size],
            is_first=gap[0] == self.numbers[0],
            is_pictured=not self._samples.are_enough,
            keeper=self.keeper,
        )

    def take(self, chunk: Chunk, made: Part | Exception) -> None:
        """What a chunk came to, in whatever order they end."""
        self.taken += len(chunk.numbers)
        if isinstance(made, Part) and made.seconds:
            self.seconds = made.seconds / len(chunk.numbers)
        self._out_of_order[chunk.numbers[0]] = len(chunk.numbers), made
        while self.missing and self._next in self._out_of_order:
            count, made = self._out_of_order.pop(self._next)
            self.missing -= count
            if isinstance(made, Exception):
                self._end(made)
            else:
                self._add(made)

    @property
    def _next(self) -> int:
        return self.numbers[len(self.numbers) - self.missing]

    def _add(self, part: Part) -> None:
        """The next part in order: it may show that no more of them are needed."""
        self._parts.append(part)
        for piece in part.sampled:
            self._samples.add(piece)
        sound = next((each for each in self._parts if len(each.numbers)), None)
        self.is_random = sound is not None and sound.drew
        if sound is None:
            failed = sum(len(each.failures) for each in self._parts)
            if failed >= MOST_IN_VAIN or isinstance(part.error, NoMemoryError):
                self._end()
        elif not self.is_random:
            self._end()

    def _end(self, fault: Exception | None = None) -> None:
        self._fault, self.missing = fault, 0
        self._gaps.clear()
        self._out_of_order.clear()

    def measured(self) -> Measured:
        """What they came to, once that is known.

        Raises
        ------
        ModelError
            If every run breaks an invariant of its own model, or the first ten do.
        TooMuchError
            If a run passes a bound, or the first one needs more memory than there is.
        """
        if self._fault is not None:
            raise self._fault
        return Measured.of(self.simulation, self._parts)
