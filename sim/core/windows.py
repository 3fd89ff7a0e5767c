"""Daily windows in which something new may begin, on the wall clock of a scenario."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from datetime import datetime

    from numpy.typing import NDArray

DAY = 86400.0


def second_of_day(start: datetime | None) -> float:
    """The wall clock at time 0, seconds after midnight. Without a start, time 0 is midnight."""
    if start is None:
        return 0.0
    return start.hour * 3600 + start.minute * 60 + start.second + start.microsecond / 1e6


@dataclass(frozen=True)
class Window:
    """A time of day in which something new may begin: from <= t < to, seconds of the day.

    One whose `to` is not after its `from` closes on the next day.
    """

    opens: float
    closes: float
    weekdays: frozenset[int]
    """Days on which it opens, Monday is 0."""

    @property
    def length(self) -> float:
        """Seconds for which it is open."""
        return (self.closes - self.opens) % DAY or DAY


class Windows:
    """When an upgrade may begin something new. Without any window: always."""

    def __init__(self, windows: tuple[Window, ...], start: datetime | None) -> None:
        self._windows = windows
        self._second = second_of_day(start)
        self._weekday = start.weekday() if start else 0

    def wait(self, now: float) -> float:
        """Seconds from `now` (since the scenario's start) until a window is open: 0 if one is."""
        if not self._windows:
            return 0.0
        clock = self._second + now
        return min(max(0.0, opens - clock) for opens in self._openings(clock))

    def are_open(self, times: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Whether a window is open at each of `times`, seconds since the scenario's start."""
        day, second = np.divmod(self._second + times, DAY)
        is_open = np.full(times.shape, not self._windows)
        for window in self._windows:
            for ago in (0, 1):  # it opened on this day, or on the one before
                opens = np.isin((self._weekday + day - ago) % 7, list(window.weekdays))
                since = second + ago * DAY - window.opens
                is_open |= opens & (since >= 0) & (since < window.length)
        return is_open

    def _openings(self, clock: float) -> list[float]:
        """Openings that end after `clock`, from yesterday's on and for more than a week."""
        today = math.floor(clock / DAY)
        return [
            day * DAY + window.opens
            for window in self._windows
            for day in range(today - 1, today + 9)
            if (self._weekday + day) % 7 in window.weekdays
            and day * DAY + window.opens + window.length > clock
        ]
