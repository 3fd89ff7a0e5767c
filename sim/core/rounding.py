"""How counts and shares of a whole round: how many may go at most, how many must stay at least."""

from __future__ import annotations

import math
from dataclasses import dataclass

from sim.core.units import show_share

# A share that a float only nearly holds (0.29 of 100) must not round to the wrong side.
_NEARLY = 1e-9


@dataclass(frozen=True, slots=True)
class Amount:
    """A count, or a share of a whole that is known later; exactly one is not None."""

    count: int | None = None
    share: float | None = None

    def __str__(self) -> str:
        """Write it for people: ``14``, ``80 %``."""
        return str(self.count) if self.share is None else show_share(self.share)


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
