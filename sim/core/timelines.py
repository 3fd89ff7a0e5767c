"""Timelines: step functions of the log, by one cumulative sum of integers.

A timeline has one value an instant, the one after all rows of that instant. `Steps` holds one step
function for each replication of a stack; `Timeline` is a single one, as users get it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from sim.core.log import Block
    from sim.core.stack import Stack

TOLERANCE = 1e-9
"""Two shares closer than this are equal."""


@dataclass(frozen=True, eq=False)
class Timeline:
    """A step function on [times[0], end]: `values[i]` holds on [times[i], times[i + 1])."""

    times: NDArray[np.float64]
    """Seconds, strictly increasing."""
    values: NDArray[np.float64]
    end: float
    """Seconds, inclusive."""
    unit: str = ""

    def at(self, time: float | NDArray[np.float64]) -> NDArray[np.float64]:
        """Values at one or more instants (seconds). ValueError outside [times[0], end]."""
        asked = np.asarray(time, np.float64)
        if np.any(asked < self.times[0]) or np.any(asked > self.end):
            raise ValueError(f"times must lie in [{self.times[0]:g}, {self.end:g}], got {time}")
        return self.values[np.searchsorted(self.times, asked, side="right") - 1]

    def _durations(self) -> NDArray[np.float64]:
        return np.diff(np.append(self.times, self.end))

    def integrate(self) -> float:
        """Integral over the whole timeline, in its unit times seconds."""
        return float(np.sum(self.values * self._durations()))

    def mean(self) -> float:
        """Time average. A timeline of no length has its only value as mean."""
        length = self.end - self.times[0]
        return self.integrate() / float(length) if length else float(self.values[-1])

    def minimum(self) -> float:
        """Lowest value at any instant, the end included."""
        return float(self.values.min())

    def time_below(self, threshold: float) -> float:
        """Seconds with a value below `threshold` (by more than 1e-9)."""
        return float(self._durations()[self.values < threshold - TOLERANCE].sum())

    def crop(self, begin: float, end: float) -> Timeline:
        """The part on [begin, end], seconds."""
        if not self.times[0] <= begin <= end <= self.end:
            raise ValueError(
                f"a crop must lie in [{self.times[0]:g}, {self.end:g}], got [{begin:g}, {end:g}]"
            )
        if begin == self.times[0] and end == self.end:
            return self
        inside = (self.times > begin) & (self.times <= end)
        times = np.concatenate([[begin], self.times[inside]])
        values = np.concatenate([self.at(np.array([begin])), self.values[inside]])
        return replace(self, times=times, values=values, end=end)

    def combine(
        self,
        other: Timeline,
        by: Callable[[NDArray[np.float64], NDArray[np.float64]], NDArray[np.float64]],
    ) -> Timeline:
        """`by(self, other)` at every instant of both, e.g. ``np.minimum``."""
        if self.times is other.times and self.end == other.end:
            return replace(self, values=by(self.values, other.values))
        begin, end = max(self.times[0], other.times[0]), min(self.end, other.end)
        times = np.concatenate([self.times, other.times])
        times.sort(kind="stable")  # which merges what is sorted, far faster than NumPy's `union1d`
        times = times[np.append(True, times[1:] != times[:-1])]
        times = times[(times >= begin) & (times <= end)]
        return replace(self, times=times, values=by(self.at(times), other.at(times)), end=end)

    def resample(self, times: NDArray[np.float64]) -> NDArray[np.float64]:
        """Values at even or chosen times, for drawing and for bands."""
        return self.at(times)

    def simplified(self) -> Timeline:
        """The same function without the instants at which nothing changes."""
        changes = np.append(True, self.values[1:] != self.values[:-1])
        return replace(self, times=self.times[changes], values=self.values[changes])

    def intervals_below(self, threshold: float) -> list[tuple[float, float]]:
        """Maximal intervals [from, to) with a value below `threshold`, seconds."""
        below = np.concatenate([[False], self.values < threshold - TOLERANCE, [False]])
        edges = np.append(self.times, self.end)
        starts = np.flatnonzero(below[1:-1] & ~below[:-2])
        ends = np.flatnonzero(below[1:-1] & ~below[2:]) + 1
        return [(float(edges[a]), float(edges[b])) for a, b in zip(starts, ends, strict=True)]


@dataclass(frozen=True, eq=False)
class Steps:
    """One step function of integers for each replication, on [0, end] or what `crop` left.

    Columns have shape (rows,); those of replication k are ``start[k]:start[k + 1]``, never empty.
    """

    start: NDArray[np.intp]
    times: NDArray[np.float64]
    values: NDArray[np.int64]
    end: float

    @cached_property
    def replication(self) -> NDArray[np.intp]:
        """The place in the stack of each row's replication."""
        return np.repeat(np.arange(len(self.start) - 1), np.diff(self.start))

    @cached_property
    def durations(self) -> NDArray[np.float64]:
        """Seconds for which each row's value holds."""
        until = np.append(self.times[1:], self.end)
        until[self.start[1:] - 1] = self.end
        return until - self.times

    def map(self, values: NDArray[np.int64]) -> Steps:
        """The same instants with other values, shape (rows,)."""
        return replace(self, values=values)

    def first(self, count: int) -> Steps:
        """Those of the first replications alone, copied."""
        rows = self.start[count]
        return Steps(
            self.start[: count + 1].copy(),
            self.times[:rows].copy(),
            self.values[:rows].copy(),
            self.end,
        )

    def sum(self, weights: NDArray[np.float64]) -> NDArray[np.float64]:
        """Sum over each replication's rows of `weights`, shape (replications,)."""
        return np.add.reduceat(weights, self.start[:-1])

    def integrate(self) -> NDArray[np.float64]:
        """Integral of each step function, shape (replications,)."""
        return self.sum(self.values * self.durations)

    def minimum(self) -> NDArray[np.int64]:
        """Lowest value of each step function, shape (replications,)."""
        return np.minimum.reduceat(self.values, self.start[:-1])

    def maximum(self) -> NDArray[np.int64]:
        """Highest value of each step function, shape (replications,)."""
        return np.maximum.reduceat(self.values, self.start[:-1])

    def crop(self, begin: float) -> Steps:
        """What holds from `begin` (seconds) on, the value in force at `begin` included."""
        if begin <= 0:
            return self
        times = np.maximum(self.times, begin)
        last = np.append(times[1:] != times[:-1], True)
        last[self.start[1:] - 1] = True
        start = np.concatenate([[0], np.cumsum(np.add.reduceat(last, self.start[:-1]))])
        return Steps(start, times[last], self.values[last], self.end)

    def timeline(self, place: int, scale: float = 1.0, unit: str = "") -> Timeline:
        """The function of one replication, its integers divided once by `scale`."""
        rows = slice(self.start[place], self.start[place + 1])
        return Timeline(self.times[rows], self.values[rows] / scale, self.end, unit).simplified()


def accumulate(
    replications: int,
    replication: NDArray[np.intp],
    times: NDArray[np.float64],
    deltas: NDArray[np.int64],
    end: float,
) -> Steps:
    """Step functions from changes in order of replication and time.

    Each replication's first change stands at its beginning and is its first value.
    """
    values = np.cumsum(deltas)
    new = np.empty(len(times), bool)
    new[0], new[1:] = True, replication[1:] != replication[:-1]
    first = np.flatnonzero(new)
    before = np.concatenate([[0], values[first[1:] - 1]])
    values -= np.repeat(before, np.diff(np.append(first, len(times))))
    last = np.empty(len(times), bool)
    last[-1], last[:-1] = True, new[1:] | (times[1:] != times[:-1])
    counts = np.bincount(replication[last], minlength=replications)
    return Steps(np.concatenate([[0], np.cumsum(counts)]), times[last], values[last], end)


def stacked(lines: Sequence[Timeline], scale: float) -> Steps:
    """The timelines of several replications, their values as whole parts of 1 / `scale`."""
    start = np.cumsum([0, *(len(line.times) for line in lines)])
    values = np.concatenate([line.values for line in lines]) * scale
    times = np.concatenate([line.times for line in lines])
    return Steps(start, times, np.rint(values).astype(np.int64), lines[0].end)


def share_of(part: Timeline, whole: Timeline) -> Timeline:
    """A part of what there is, over time; of nothing it is 0."""
    share = part.combine(whole, lambda a, b: np.where(b > 0, a / np.maximum(b, 1), 0.0))
    return replace(share, unit="share")


def total(parts: Sequence[Steps]) -> Steps:
    """The sum of several step functions of the same replications."""
    if len(parts) == 1:
        return parts[0]
    deltas = []
    for part in parts:
        delta = np.diff(part.values, prepend=0)
        delta[part.start[:-1]] = part.values[part.start[:-1]]
        deltas.append(delta)
    replication = np.concatenate([part.replication for part in parts])
    times = np.concatenate([part.times for part in parts])
    order = np.lexsort((times, replication))
    return accumulate(
        len(parts[0].start) - 1,
        replication[order],
        times[order],
        np.concatenate(deltas)[order],
        parts[0].end,
    )


class Members:
    """The rows of some blocks of a stack, ready to be weighed: the same rows give every series."""

    def __init__(self, stack: Stack, blocks: Sequence[Block]) -> None:
        self.stack = stack
        self.blocks = tuple(blocks)
        chosen = self._rows()
        self.rows = np.flatnonzero(chosen) if not chosen.all() else np.arange(len(chosen))
        """The blocks' rows in the stack."""
        bases = np.zeros(stack.subjects.count, np.int64)
        base = 2
        for block in blocks:
            bases[block.first : block.first + block.count] = base
            base += len(block.states)
        subject = stack.subject[self.rows]
        replication = stack.replication[self.rows]
        # A row of its own opens each replication: it brings the initial total (slot 1 of the table
        # of weights) out of nothing (slot 0), so that one cumulative sum gives all functions.
        opens = np.arange(stack.replications) + np.searchsorted(
            replication, np.arange(stack.replications)
        )
        self._opens = opens
        size = len(self.rows) + stack.replications
        follows = np.ones(size, bool)
        follows[opens] = False
        self.replication = np.empty(size, np.intp)
        self.replication[opens], self.replication[follows] = range(stack.replications), replication
        self.times = np.zeros(size)
        self.times[follows] = stack.time[self.rows]
        self._old = np.zeros(size, np.int64)
        self._old[follows] = bases[subject] + stack.old[self.rows]
        self._new = np.ones(size, np.int64)
        self._new[follows] = bases[subject] + stack.new[self.rows]

    def _rows(self) -> NDArray[np.bool_]:
        chosen = np.zeros(len(self.stack.subject), bool)
        for block in self.blocks:
            chosen |= self.stack.about(block.first, block.count)
        return chosen

    def _deltas(self, weight: Callable[[Block], NDArray[np.int64]]) -> NDArray[np.int64]:
        tables = [weight(block) for block in self.blocks]
        flat = np.concatenate([[0, _initial(self.blocks, tables)], *tables])
        deltas: NDArray[np.int64] = flat[self._new] - flat[self._old]
        return deltas

    def weigh(self, weight: Callable[[Block], NDArray[np.int64]]) -> Steps:
        """The total weight of the members over time; `weight(block)` has one entry a code."""
        deltas = self._deltas(weight)
        keep = deltas != 0
        keep[self._opens] = True  # a replication opens even with nothing
        return accumulate(
            self.stack.replications,
            self.replication[keep],
            self.times[keep],
            deltas[keep],
            self.stack.horizon,
        )

    def initial(self, name: str) -> int:
        """The total of the blocks' weights called `name` at time 0."""
        return _initial(self.blocks, [block.weights[name] for block in self.blocks])

    def changes(self, name: str) -> tuple[NDArray[np.intp], NDArray[np.int64]]:
        """The rows of the stack that change the weight called `name`, and by how much."""
        deltas = np.delete(self._deltas(lambda block: block.weights[name]), self._opens)
        keep = np.flatnonzero(deltas)
        return self.rows[keep], deltas[keep]

    def series(self, name: str) -> Steps:
        """The total over time of the blocks' weights called `name`."""
        return self.weigh(lambda block: block.weights[name])

    def share(self, name: str) -> Timeline:
        """The same of the first replication, as a share of the total at time 0.

        Those who weigh nothing then have nothing to lose: their share is 1.
        """
        steps, nominal = self.series(name), self.initial(name)
        if not nominal:
            return Timeline(np.zeros(1), np.ones(1), steps.end, "share")
        return steps.timeline(0, nominal, "share")


def _initial(blocks: Sequence[Block], tables: Sequence[NDArray[np.int64]]) -> int:
    return sum(int(table[b.initial].sum()) for b, table in zip(blocks, tables, strict=True))


@dataclass(frozen=True, eq=False)
class Sojourns:
    """Each stretch that a subject spends in one state: a row with the row that ends it.

    Columns have shape (stays,), in order of replication, subject and time. A stay that began before
    time 0 has `begun_by` -1; one that the horizon cuts has `ended_by` -1 and `until` the horizon.
    """

    replication: NDArray[np.intp]
    subject: NDArray[np.int64]
    state: NDArray[np.int16]
    since: NDArray[np.float64]
    until: NDArray[np.float64]
    begun_by: NDArray[np.int64]
    ended_by: NDArray[np.int64]


def stays(stack: Stack, blocks: Sequence[Block]) -> Sojourns:
    """All stays of the subjects in `blocks`, from time 0 to the horizon."""
    numbers = np.sort(np.concatenate([np.arange(b.first, b.first + b.count) for b in blocks]))
    chosen = np.zeros(stack.subjects.count, bool)
    chosen[numbers] = True
    rows = stack.by_subject[chosen[stack.subject[stack.by_subject]]]
    replications = np.arange(stack.replications)
    opening = np.add.outer(replications * stack.subjects.count, numbers).ravel()
    changes = stack.key[rows]
    # A subject's opening stay precedes its rows; both are in order of their keys.
    opens = np.searchsorted(changes, opening, side="left") + np.arange(len(opening))
    follows = np.searchsorted(opening, changes, side="right") + np.arange(len(changes))

    def merged(first: NDArray[Any], rest: NDArray[Any]) -> NDArray[Any]:
        both = np.empty(len(opening) + len(changes), rest.dtype)
        both[opens], both[follows] = first, rest
        return both

    initial = np.tile(stack.subjects.initial[numbers], len(replications))
    key, state = merged(opening, changes), merged(initial, stack.new[rows])
    since = merged(np.zeros(len(opening)), stack.time[rows])
    cause = merged(np.full(len(opening), -1), stack.cause[rows].astype(np.int64))
    last = np.append(key[1:] != key[:-1], True)
    until = np.where(last, stack.horizon, np.append(since[1:], 0.0))
    ended_by = np.where(last, -1, np.append(cause[1:], -1))
    replication, subject = np.divmod(key, stack.subjects.count)
    return Sojourns(replication, subject, state, since, until, cause, ended_by)
