"""Which lines stand beside the one of the whole system: those that are seen to be another one."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sim.core.timelines import Timeline

_APART = 0.01
"""Shares that are never further apart than this look like one line."""
_MOST_BESIDE = 6
"""So many groups are drawn beside the whole."""
ACCEPTING = "accepting new tasks"


def accepting_beside(
    in_service: Timeline, accepting: Timeline, nominal: float
) -> dict[str, Timeline]:
    """The share of the slots that takes new tasks, where it is less than that in service."""
    share = replace(accepting, values=accepting.values / nominal, unit="share")
    return {ACCEPTING: share} if apart(in_service, share) else {}


def groups_apart(whole: Timeline, groups: Mapping[str, Timeline]) -> dict[str, Timeline]:
    """The lines of those groups that differ from the whole, if any does visibly; not too many."""
    if len(groups) > _MOST_BESIDE or not any(apart(whole, line) for line in groups.values()):
        return {}
    seen = {name: line for name, line in groups.items() if not _are_one(whole, line)}
    # Of two groups the one that the whole hides is named too: else the other seems to be all.
    return seen if len(seen) > 1 else dict(groups)


def _are_one(one: Timeline, other: Timeline) -> bool:
    """Whether one line hides the other: a type, say, that is all that there is."""
    return bool((one.combine(other, lambda a, b: np.abs(a - b)).values == 0).all())


def apart(one: Timeline, other: Timeline) -> bool:
    """Whether two lines of shares, or of counts, are seen to be two."""
    distance = one.combine(other, lambda a, b: np.abs(a - b))
    return bool(distance.values.max() > _APART)
