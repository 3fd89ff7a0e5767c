"""Daily windows in which something new may begin, on the wall clock of a scenario."""

from __future__ import annotations

import math
from bisect import bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sim.core.wall_clock import DAY

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sim.core.wall_clock import WallClock

    Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Window:
    """A time of day in which something new may begin: from <= t < to, seconds of the day.

    One whose `to` is not after its `from` closes on the next day. It opens and closes by the clock:
    a change of the clock makes it longer or shorter, one within a gap of the clock is not open.
    """

    opens: float
    closes: float
    weekdays: frozenset[int]
    """Days on which it opens, Monday is 0."""

    def intervals(self, clock: WallClock) -> tuple[Floats, Floats]:
        """When it opens and closes, seconds since the start, while the scenario takes."""
        days = clock.days[np.isin((clock.weekday + clock.days) % 7, list(self.weekdays))] * DAY
        closes = self.closes if self.closes > self.opens else self.closes + DAY
        return clock.instants(days + self.opens), clock.instants(days + closes)


class Windows:
    """When an upgrade may begin something new. Without any window: always."""

    def __init__(self, windows: tuple[Window, ...], clock: WallClock | None) -> None:
        self._opens, self._closes = np.array([-math.inf]), np.array([math.inf])
        if windows and clock is not None:
            both = [window.intervals(clock) for window in windows]
            self._opens, self._closes = _joined(*map(np.concatenate, zip(*both, strict=True)))
        # Asked by every machine of a fleet: plain lists are faster, one at a time.
        self._opening, self._closing = self._opens.tolist(), self._closes.tolist()

    @property
    def intervals(self) -> tuple[Floats, Floats]:
        """When one opens and closes, in order; the last one, at the end of all times, is empty."""
        return self._opens, self._closes

    def wait(self, now: float) -> float:
        """Seconds from `now` (since the scenario's start) until a window is open: 0 if one is."""
        opens: float = self._opening[bisect_right(self._closing, now)]
        return opens - now if opens > now else 0.0

    def closing(self, now: float) -> float:
        """When the window closes that is open `now`, or else the next one."""
        closes: float = self._closing[bisect_right(self._closing, now)]
        return closes

    def are_open(self, times: Floats) -> NDArray[np.bool_]:
        """Whether a window is open at each of `times`, seconds since the scenario's start."""
        place = np.searchsorted(self._closes, times, side="right")
        is_open: NDArray[np.bool_] = self._opens[place] <= times
        return is_open


def last_common(one: Windows, other: Windows, horizon: float) -> float:
    """When the last time ends in which both are open, of those that begin by `horizon`, seconds.

    Minus infinity where there is none.
    """
    # What is common opens as one of them does.
    opens = np.concatenate([one.intervals[0], other.intervals[0]])
    opens = opens[opens <= horizon]
    common = opens[one.are_open(opens) & other.are_open(opens)]
    if not len(common):
        return -math.inf
    return min(each.closing(float(common.max())) for each in (one, other))


def _joined(opens: Floats, closes: Floats) -> tuple[Floats, Floats]:
    """Intervals in order of time, those that meet as one, and one at the end of all times."""
    order = np.argsort(opens, kind="stable")
    opens, closes = opens[order], closes[order]
    real = closes > opens
    opens, closes = opens[real], np.maximum.accumulate(closes[real])
    apart = np.flatnonzero(opens[1:] > closes[:-1])
    return (
        np.concatenate([opens[:1], opens[apart + 1], [math.inf]]),
        np.concatenate([closes[apart], closes[-1:], [math.inf]]),
    )
