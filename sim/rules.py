"""Rules of rollouts that stand on their own: rounding, who goes next, where a member lives."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from datetime import datetime

    from numpy.typing import NDArray

    from sim.formats.fields import Amount

DAY = 86400.0

# A share that a float only nearly holds (0.29 of 100) must not round to the wrong side.
_NEARLY = 1e-9


def at_most(limit: Amount, members: int) -> int:
    """How many may go at once: a share rounds down, but at least one goes.

    >>> at_most(25 %, 10)  # Kubernetes' maxUnavailable rounds the same way
    2
    """
    if limit.share is None:
        return min(limit.count or 0, members)
    return max(1, math.floor(limit.share * members + _NEARLY))


def at_least(limit: Amount, members: int) -> int:
    """How many must stay: a share rounds up.

    >>> at_least(25 %, 10)  # Kubernetes' maxSurge rounds the same way
    3
    """
    if limit.share is None:
        return limit.count or 0
    return math.ceil(limit.share * members - _NEARLY)


def update_domain(instance: int, update_domains: int) -> int:
    """The update domain of a role's instance `instance`, counted from 0.

    The number of domains in use is that of the largest role's instances where that is smaller (a
    real service that grew from 2 to 4 instances ended with domains 0 to 3); as such an instance's
    number is below it, the domain is the same by either count.
    """
    return instance % update_domains


def domains_in_use(update_domains: int, largest_role: int) -> int:
    """How many update domains a service has whose largest role has had `largest_role` instances."""
    return min(update_domains, largest_role)


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
