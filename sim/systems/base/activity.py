"""What members of a system do over time: lanes of a Gantt chart, or how many do what."""

from __future__ import annotations

from dataclasses import dataclass
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
        return len(np.unique(self.lane[self._shows]))

    @property
    def is_quiet(self) -> bool:
        """Whether all do what comes first, all the time."""
        return not self.category[self._shows].any()

    @property
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

        Only of what any does; nobody there counts as all doing what comes first.
        """
        shows = self._shows
        counts = {
            name: _count(self.spent, shows & (self.category == place))
            for place, name in enumerate(self.order)
        }
        times = np.unique(np.concatenate([np.zeros(1), *(at for at, _ in counts.values())]))
        at_times = {
            name: values[np.searchsorted(at, times, side="right") - 1]
            for name, (at, values) in counts.items()
        }
        there = np.maximum(sum(at_times.values()), 1)
        end = float(self.spent.until.max(initial=0.0))
        return {
            name: Timeline(times, values / there, end, "share").simplified()
            for name, values in at_times.items()
            if values.any()
        }

    def members(self) -> int:
        """How many different ones are there at any time."""
        return len(np.unique(self.spent.subject[self._shows]))


def _count(
    spent: Sojourns, chosen: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """How many of the chosen stays are under way, from each of some instants on, 0 the first."""
    begun, ended = np.sort(spent.since[chosen]), np.sort(spent.until[chosen])
    ended = ended[ended < spent.until.max(initial=0.0)]
    times = np.unique(np.concatenate([np.zeros(1), begun, ended]))
    counts = np.searchsorted(begun, times, side="right") - np.searchsorted(
        ended, times, side="right"
    )
    return times, counts
