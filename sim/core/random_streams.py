"""Keyed draws: every random number has a name, none has a predecessor.

A number is named by (seed, replication, path, member, attempt) and is a function of these alone. So
variants share their random numbers, a member keeps its own when others come or go, the order of
events never matters, and one replication can be run again anywhere.

One counter-based generator makes them all: Philox 4x64-10 (Salmon, Moraes, Dror and Shaw, Parallel
random numbers: as easy as 1, 2, 3, SC11). Its key is the BLAKE2b hash of seed and path, its counter
is (member // 4, 0, attempt, replication): each counter gives four members their uniform numbers in
[0, 1), from the upper 53 bits of four words.
"""

from __future__ import annotations

import threading
from functools import lru_cache
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, Protocol, TypeVar

import numpy as np
from numpy.random import Generator, Philox

from sim.core.units import to_grid

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

BLOCK = 1024
"""Most members that are drawn at once because one of them was asked for."""

KEPT = 2**26
"""Values of one path that are kept at most, those of several attempts together. What is dropped is
drawn again: a run in which something is tried without end would else fill the memory."""

_OVERHEAD = 32
"""A block takes as much memory beside its values as so many of them."""

_WORD = 2**64 - 1
T = TypeVar("T", float, bool)


class Distribution(Protocol):
    """What is drawn from: a time by its inverse distribution function."""

    @property
    def is_random(self) -> bool:
        """Whether it is more than one time."""

    @property
    def mean(self) -> float:
        """Seconds."""

    def quantile(self, u: NDArray[np.float64]) -> NDArray[np.float64]:
        """Seconds on the grid, for uniform numbers in [0, 1)."""


class _Fixed(NamedTuple):
    """A distribution that is one time, in seconds."""

    mean: float
    is_random: bool = False

    def quantile(self, u: NDArray[np.float64]) -> NDArray[np.float64]:
        """That time."""
        return np.full(len(u), to_grid(self.mean))


def draws(seed: int, replication: int) -> Draws:
    """All chance of one replication."""
    return Draws(seed, replication)


class Draws:
    """All chance of one replication, by path. It keeps what it has drawn and dies with the run."""

    def __init__(self, seed: int, replication: int) -> None:
        self.seed, self.replication = seed, replication
        self.drew = False
        """Whether any random number has been drawn."""
        self._streams: dict[str, Stream] = {}
        self._times: dict[str, Durations] = {}
        self._chances: dict[str, Bernoulli] = {}

    def failures_come(self) -> bool:
        """Whether there are unplanned failures."""
        return True

    def stream(self, path: str, members: int = BLOCK) -> Stream:
        """Uniform numbers in [0, 1).

        Here and below `members` is a hint at how many members there are: it bounds how many are
        drawn for the sake of one, and never changes a value.
        """
        found = self._streams.get(path)
        if found is None:
            found = self._streams[path] = Stream(self, path, members)
        return found

    def times(self, path: str, distribution: Distribution, members: int = BLOCK) -> Durations:
        """Times in seconds; a distribution that is not random draws nothing."""
        found = self._times.get(path)
        if found is None or found.distribution is not distribution:
            found = self._times[path] = Durations(self.stream(path, members), distribution)
        return found

    def happens(self, path: str, probability: float, members: int = BLOCK) -> Bernoulli:
        """Whether something of this probability happens; 0 and 1 draw nothing."""
        found = self._chances.get(path)
        if found is None or found.probability != probability:
            found = self._chances[path] = Bernoulli(self.stream(path, members), probability)
        return found


class MeanDraws(Draws):
    """The mean case: every time is its mean, and nothing happens whose chance is below 1.

    Paths for which `is_spread` holds keep their laws: there the values of the members are spread
    evenly over the law, in random order, so that each has its share of them.
    """

    def __init__(self, seed: int, is_spread: Callable[[str], bool]) -> None:
        super().__init__(seed, 0)
        self._is_spread = is_spread

    def failures_come(self) -> bool:
        """Never; that there may be some is remembered in `drew`."""
        self.drew = True
        return False

    def stream(self, path: str, members: int = BLOCK) -> Stream:
        """Numbers in (0, 1), as evenly spread over the members as can be."""
        found = self._streams.get(path)
        if found is None:
            found = self._streams[path] = _EvenStream(self, path, members)
        return found

    def times(self, path: str, distribution: Distribution, members: int = BLOCK) -> Durations:
        """Times in seconds: the mean, for all, or spread evenly."""
        self.drew = self.drew or distribution.is_random
        if self._is_spread(path):
            return super().times(path, distribution, members)
        found = self._times.get(path)
        if found is None:
            mean = _Fixed(distribution.mean)
            found = self._times[path] = Durations(self.stream(path, members), mean)
        return found

    def happens(self, path: str, probability: float, members: int = BLOCK) -> Bernoulli:
        """Whether it is certain, or, spread evenly, whether it happens."""
        self.drew = self.drew or 0 < probability < 1
        certain = float(probability >= 1)
        return super().happens(path, probability if self._is_spread(path) else certain, members)


class _Keyed(Generic[T]):
    """Values by [member, attempt], both counted from 0: drawn in blocks when first asked for."""

    def __init__(self, width: int) -> None:
        self.width = width
        self._blocks: dict[tuple[int, int], NDArray[Any]] = {}

    def __getitem__(self, key: tuple[int, int]) -> T:
        member, attempt = key
        block, place = divmod(member, self.width)
        values = self._blocks.get((block, attempt))
        if values is None:
            values = self.vector(self.width, attempt, block * self.width)
            if len(self._blocks) * (self.width + _OVERHEAD) >= KEPT:
                self._blocks.clear()
            self._blocks[block, attempt] = values
        value: T = values.item(place)
        return value

    def vector(self, count: int, attempt: int = 0, first: int = 0) -> NDArray[Any]:
        """The values of `count` members from `first` on, in an array of their own."""
        raise NotImplementedError


class Stream(_Keyed[float]):
    """Uniform numbers in [0, 1) of one path."""

    def __init__(self, source: Draws, path: str, members: int) -> None:
        super().__init__(min(BLOCK, -(-max(members, 1) // 4) * 4))
        self._source = source
        self._key = _key(source.seed, path)

    def vector(self, count: int, attempt: int = 0, first: int = 0) -> NDArray[np.float64]:
        """The numbers of `count` members from `first` on, in an array of their own."""
        source = self._source
        source.drew = source.drew or count > 0
        counter, skipped = divmod(first, 4)
        numbers = _uniforms(self._key, counter, attempt, source.replication, count + skipped)
        return numbers[skipped:]


class _EvenStream(Stream):
    """As many numbers in each part of (0, 1) as it is long, in random order."""

    def vector(self, count: int, attempt: int = 0, first: int = 0) -> NDArray[np.float64]:
        """The numbers of `count` members; of a single one it is just a random number."""
        numbers = super().vector(count, attempt, first)
        return numbers if count <= 1 else (numbers.argsort().argsort() + 0.5) / count


class Durations(_Keyed[float]):
    """Times of one path, in seconds on the grid."""

    def __init__(self, stream: Stream, distribution: Distribution) -> None:
        super().__init__(stream.width)
        self.distribution = distribution
        self._stream = stream
        self._is_random = distribution.is_random

    def vector(self, count: int, attempt: int = 0, first: int = 0) -> NDArray[np.float64]:
        """The times of `count` members from `first` on, in an array of their own."""
        if not self._is_random:
            return self.distribution.quantile(np.zeros(count))
        return self.distribution.quantile(self._stream.vector(count, attempt, first))


class Bernoulli(_Keyed[bool]):
    """Whether it happens, on one path."""

    def __init__(self, stream: Stream, probability: float) -> None:
        super().__init__(stream.width)
        self.probability = probability
        self._stream = stream

    def vector(self, count: int, attempt: int = 0, first: int = 0) -> NDArray[np.bool_]:
        """Whether it happens to each of `count` members from `first` on."""
        if not 0 < self.probability < 1:
            return np.full(count, self.probability >= 1)
        return self._stream.vector(count, attempt, first) < self.probability


class Again:
    """What some replications drew, drawn again by those who check them: for many rows at once.

    `places` are places in `numbers`, those of the replications; `places`, `members` and `attempts`
    have one entry a row, and so has what is drawn.
    """

    def __init__(self, seed: int, numbers: NDArray[np.int64]) -> None:
        self._seed, self._numbers = seed, numbers

    def times(
        self, path: str, distribution: Distribution, rows: tuple[NDArray[Any], ...]
    ) -> NDArray[np.float64]:
        """Times in seconds on the grid; `rows` are places, members and attempts."""
        if not distribution.is_random:
            return distribution.quantile(np.zeros(len(rows[0])))
        return distribution.quantile(self.uniforms(path, *rows))

    def happens(
        self, path: str, probability: float, rows: tuple[NDArray[Any], ...]
    ) -> NDArray[np.bool_]:
        """Whether it happens; `rows` as for `times`."""
        if not 0 < probability < 1:
            return np.full(len(rows[0]), probability >= 1)
        return self.uniforms(path, *rows) < probability

    def uniforms(
        self,
        path: str,
        places: NDArray[Any],
        members: NDArray[Any],
        attempts: NDArray[Any],
    ) -> NDArray[np.float64]:
        """Numbers in [0, 1)."""
        drawn = np.empty(len(places))
        if not len(places):
            return drawn
        key = _key(self._seed, path)
        vector = places.astype(np.int64) << 32 | attempts
        order = np.argsort(vector, kind="stable")
        vector, mine = vector[order], members[order]
        begins = np.flatnonzero(np.append(True, vector[1:] != vector[:-1]))
        ends = np.append(begins[1:], len(vector))
        # Of each vector the part that is asked for, from a whole counter on.
        lowest = np.minimum.reduceat(mine, begins) // 4
        counts = np.maximum.reduceat(mine, begins) + 1 - 4 * lowest
        numbers = self._numbers[vector[begins] >> 32].tolist()
        columns = (begins, ends, lowest, counts, vector[begins] & 0xFFFFFFFF)
        parts = zip(*(column.tolist() for column in columns), numbers, strict=True)
        for begin, end, low, count, attempt, number in parts:
            part = _uniforms(key, low, attempt, number, count)
            drawn[order[begin:end]] = part[mine[begin:end] - 4 * low]
        return drawn


@lru_cache(maxsize=4096)
def _key(seed: int, path: str) -> tuple[int, int]:
    """Philox's two key words; the seed, a whole number, ends at the first slash."""
    digest = blake2b(f"{seed}/{path}".encode(), digest_size=16).digest()
    return int.from_bytes(digest[:8], "little"), int.from_bytes(digest[8:], "little")


class _Engine(threading.local):
    """One generator a thread, as making one costs more than most draws. Each use sets all of it."""

    def __init__(self) -> None:
        self.philox = Philox(key=0)
        self.random = Generator(self.philox).random


_ENGINE = _Engine()


def _uniforms(
    key: tuple[int, int], counter: int, attempt: int, replication: int, count: int
) -> NDArray[np.float64]:
    """`count` numbers in [0, 1), four from each counter (counter + i, 0, attempt, replication)."""
    # NumPy adds 1 to the counter, 256 bits of four words, before it makes four numbers
    if counter:
        words = (counter - 1, 0, attempt, replication)
    elif attempt:
        words = (_WORD, _WORD, attempt - 1, replication)
    else:
        words = (_WORD, _WORD, _WORD, (replication - 1) & _WORD)
    state: Any = {  # plain numbers do as well as the arrays of the type, and faster
        "bit_generator": "Philox",
        "state": {"counter": words, "key": key},
        "buffer": (0, 0, 0, 0),
        "buffer_pos": 4,
        "has_uint32": 0,
        "uinteger": 0,
    }
    engine = _ENGINE
    engine.philox.state = state
    return engine.random(count)
