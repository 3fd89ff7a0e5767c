"""What members of a system do over time: lanes of a Gantt chart, or how many do what."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal

import numpy as np

from sim.core.timelines import Timeline

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from sim.core.timelines import Sojourns

Category = Literal[
    "ready", "draining", "scaling", "replacing", "pausing", "other", "updating", "failing"
]
"""``replacing``: a new one on its way, or one that goes as a new one serves; neither is missing.
``scaling``: being created or removed otherwise, which is not out either. ``pausing``: waits until
the next may begin. ``other``: out for a reason that is no upgrade. What fails, an activity says."""

Bar = tuple[str, float, float, Category]
"""A lane's label, from when to when (seconds), and what is done meanwhile."""


@dataclass(frozen=True, eq=False)
class Activity:
    """The stays of members, with what they do and on which lane; columns have shape (stays,)."""

    what: str
    """Those that have a lane, in the words of a picture: ``update domains``, ``nodes``."""
    failing: str
    """What one does whose category is failing: ``cycling or unresponsive``."""
    spent: Sojourns
    lane: NDArray[np.int64]
    """From 0 on; negative where a member is not there."""
    category: NDArray[np.int8]
    """Places in `order`."""
    order: Sequence[Category]
    """What is done, the worse the later."""
    label: Callable[[int], str]
    """The name of a lane."""

    @property
    def lanes(self) -> int:
        """How many lanes there are."""
        return int(np.count_nonzero(np.bincount(self.lane[self._shows])))

    @property
    def members(self) -> int:
        """How many different ones are there at any time."""
        return int(np.count_nonzero(np.bincount(self.spent.subject[self._shows])))

    @property
    def is_quiet(self) -> bool:
        """Whether all do what comes first, all the time."""
        return not self.category[self._shows].any()

    @cached_property
    def _shows(self) -> NDArray[np.bool_]:
        shows: NDArray[np.bool_] = (self.lane >= 0) & (self.spent.until > self.spent.since)
        return shows

    def bars(self) -> list[Bar]:
        """By lane and category what those on it do together, overlapping stays joined."""
        shows = self._shows
        key = self.lane[shows] * len(self.order) + self.category[shows]
        since, until = self.spent.since[shows], self.spent.until[shows]
        order = np.lexsort((since, key))
        key, since, until = key[order], since[order], until[order]
        # All stays of a key lie before those of the next one, so that one scan joins all of them.
        apart = float(until.max(initial=0.0)) + 1.0
        reach = np.maximum.accumulate(key * apart + until)
        begins = np.append(True, (key * apart + since)[1:] > reach[:-1])[: len(key)]
        first = np.flatnonzero(begins)
        ends = np.maximum.reduceat(until, first) if len(first) else until
        rows = zip(key[first].tolist(), since[first].tolist(), ends.tolist(), strict=True)
        count = len(self.order)
        return [(self.label(k // count), a, b, self.order[k % count]) for k, a, b in rows]

    def shares(self) -> dict[Category, Timeline]:
        """The share of the members there that do each thing, over time, of one replication.

        Only of what any does, all at the same instants; of nobody it is 0.
        """
        spent, doing = self.spent, np.where(self.lane >= 0, self.category, -1)
        if not self._shows.any():
            return {}
        # From one stay of a member to its next: what it did, and does from then on.
        at = np.flatnonzero((spent.subject[1:] == spent.subject[:-1]) & (doing[1:] != doing[:-1]))
        at = at[np.argsort(spent.since[at + 1])]
        times, old, new = spent.since[at + 1], doing[at], doing[at + 1]
        first = doing[np.append(True, spent.subject[1:] != spent.subject[:-1])]
        instants = np.append(0.0, times)
        last = np.append(instants[1:] != instants[:-1], True)
        counts = {}
        for place, name in enumerate(self.order):
            change = (new == place).astype(np.int64) - (old == place)
            begin = int((first == place).sum())
            counts[name] = (begin + np.append(0, np.cumsum(change)))[last]
        there = np.maximum(sum(counts.values()), 1)
        instants, end = instants[last], float(spent.until.max())
        return {
            name: Timeline(instants, count / there, end, "share")
            for name, count in counts.items()
            if count.any()
        }
