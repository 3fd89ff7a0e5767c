"""What every system tells of its members' time: how often and how long each was out."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sim.core.timelines import Sojourns


class TimeOut(NamedTuple):
    """By member how often it was out of service, and for how long; shape (members,)."""

    times: NDArray[np.int64]
    seconds: NDArray[np.float64]


def time_out(spent: Sojourns, is_out: NDArray[np.bool_], first: int, count: int) -> TimeOut:
    """Of the members `first`, `first` + 1 ...: `is_out` tells for each stay whether it is out."""
    place = spent.subject - first
    lengths = spent.until - spent.since
    # Stays that follow each other are one time out.
    began = is_out & ~np.append(False, is_out[:-1] & (place[1:] == place[:-1]))
    return TimeOut(
        np.bincount(place[began], minlength=count),
        np.bincount(place[is_out], lengths[is_out], minlength=count).astype(np.float64),
    )


def being_created(
    spent: Sojourns, creating: NDArray[np.bool_], starts: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Which stays are those of members `creating`, or of such that it `starts` for the first time.

    Each by stay: one that starts straight after its creation is still being created.
    """
    alone = (spent.subject[1:] == spent.subject[:-1]) & (
        spent.replication[1:] == spent.replication[:-1]
    )
    after = np.append(False, creating[:-1] & alone)[: len(creating)]
    found: NDArray[np.bool_] = creating | (starts & after)
    return found
