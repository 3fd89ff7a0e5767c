"""What a run is expected to cost, part by part of a file: known before anything runs.

Each system gives its parts from what its file says and from the means of its distributions; within
a factor of about three is near enough.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sim.core.units import YEAR

if TYPE_CHECKING:
    from sim.formats.distributions import Distribution
    from sim.systems.base.failures import Failures
    from sim.systems.base.model import Model


Path = tuple[str | int, ...]


class Part(NamedTuple):
    """A part of a file and what it makes of one replication."""

    path: Path
    """Where it stands: what would have to change for a shorter run."""
    what: str
    """What it makes, in words that rows may be of: ``tasks of bag``."""
    kind: str
    """The kind of the subjects that its rows and events are about, as in their block."""
    group: str | None
    """Their block's group; None where they are of several."""
    rows: float = 0.0
    """Expected rows of the log."""
    events: float = 0.0
    """Expected events, and what else takes as long as one."""


def tries(fails: float, most: float) -> float:
    """How often something is tried in the mean until it does not fail, at most so many times."""
    if fails >= 1:
        return most
    if most == math.inf:
        return 1 / (1 - fails)
    return -math.expm1(most * math.log(fails)) / (1 - fails) if fails else min(1.0, most)


def share_within(times: Distribution, seconds: float) -> float:
    """Which share of the draws is not above `seconds`, about."""
    if seconds < 0:
        return 0.0
    return float(np.mean(times.quantile((np.arange(64) + 0.5) / 64) <= seconds))


def expected_failures(
    failures: Failures | None, members: float, horizon: float
) -> tuple[float, float]:
    """How many failures come for so many members, and how many of them find one in service."""
    if failures is None or not failures.per_year:
        return 0.0, 0.0
    coming = members * failures.per_year * horizon / YEAR
    # While a member is out no other failure changes anything.
    return coming, coming / (1 + failures.per_year * failures.recovery.mean / YEAR)


def of_rollouts(model: Model) -> list[Part]:
    """What most systems ask for: each rollout takes each member out and brings it back."""
    rollouts = sum(block.count for block in model.blocks if block.kind == "upgrade")
    return [
        Part(
            ("systems", block.system),
            f"{block.kind}s of {block.system}",
            block.kind,
            block.group or None,
            2.0 * rollouts * block.count,
            1.0 * rollouts * block.count,
        )
        for block in model.blocks
        if "capacity" in block.weights
    ]
