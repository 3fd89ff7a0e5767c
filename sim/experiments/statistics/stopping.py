"""When there are replications enough: a sequential rule for intervals of a given half-width.

Chow and Robbins (On the asymptotic theory of fixed-width sequential confidence intervals for the
mean, Ann. Math. Statist. 36 (1965), 457-462) add values until the interval of the mean is as narrow
as was asked: as the width asked for goes to 0, it holds the mean as often as its level says. A
sample that has little of a long tail is narrow, and stops too early. So the first look is at 30; a
later one is at as many as the half-width seen projects (it falls with the root of n), at most twice
as many as before, so that one wild sample commits to little. Where a scenario knows of a chance,
such as a bad build's, no look stops before so many that one may be expected
(`verdicts.enough_to_see`), as with verdicts on a mean.

How often the interval at the stop held the mean, in percent of 2,000 experiments, and after how
many replications it stopped on average (`test_errors_of_stopping` measures it again):

| law of a replication's value             | asked | held | n     |
|------------------------------------------|-------|------|-------|
| walk of 5 exponential domains, 25 min    | 1 min | 95.6 |   517 |
| the same                                 | 5 %r  | 95.3 |   344 |
| one exponential                          | 10 %r | 95.8 |   463 |
| hours lost, 20 restarts                  | 0.02  | 94.2 |   318 |
| hours lost, Auto, 5 % bad builds         | 2     | 94.7 |   550 |
| the same                                 | 20 %r | 93.7 | 1,329 |
| 0 or 1, 5 % of ones                      | 2 %   | 96.2 |   665 |
| the same                                 | 25 %r | 96.0 | 1,581 |

Without the chance being known the first of the two rows with bad builds would hold 77 %: a fifth of
all samples of 30 have none, and are narrow enough.

Where objectives are to be decided too, looks are at 30, 60, 120 and so on, whatever was seen, and
their verdicts share the error evenly over the looks that there may be (Bonferroni's inequality): a
verdict is wrong at any look, and so at the last one, at most as often as one look would be. How
often it was, in percent of 2,000 experiments with a confidence of 95 % and at most 10,000
replications (`test_errors_of_stopping` measures it again), and how often it was left undecided:

| law of a replication's value             | asked             | wrong | undecided | n     |
|------------------------------------------|-------------------|-------|-----------|-------|
| 0 or 1, 95 % of ones                     | 1 in 95 % of runs |  2.50 |      95.5 | 9,673 |
| 0 or 1, 94 % of ones                     | 1 in 95 % of runs |  0.15 |       2.1 | 4,681 |
| 0 or 1, 90.5 % of ones                   | 1 in 90 % of runs |  0.85 |      76.5 | 9,025 |
| walk of 5 exponential domains, 25 min    | mean <= 25 min    |  3.35 |      93.2 | 9,479 |
| the same                                 | mean <= 24.5 min  |  0.65 |       2.2 | 4,620 |
| hours lost, 20 restarts                  | mean <= its mean  |  3.25 |      94.0 | 9,544 |
| the same                                 | 1 % less          |  0.10 |       0.0 | 1,382 |
| hours lost, Auto, 5 % bad builds         | 10 % less         |  0.35 |      30.0 | 7,617 |
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sim.experiments.statistics.intervals import mean_limits

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import ArrayLike

FIRST_LOOK = 30
"""Replications before which nothing is looked at."""

SIDE = 0.975
"""The level of each side of a 95 % interval."""


@dataclass(frozen=True)
class Target:
    """How precise a mean is to be."""

    half_width: float
    """Of its 95 % interval, above 0: in the metric's unit, or `relative`."""
    relative: bool = False
    """Whether it is a share of the mean that is estimated, without its sign."""


@dataclass(frozen=True)
class Reached:
    """How precise a mean is: half-widths in the metric's unit."""

    mean: float
    """NaN where a value is missing: then there is none, and no look will bring one."""
    half_width: float
    """The longer side of the interval, which need not lie evenly about the mean."""
    asked: float
    """The longest that will do."""

    @property
    def is_met(self) -> bool:
        """Whether it is as precise as was asked."""
        return self.half_width <= self.asked

    @property
    def is_hopeless(self) -> bool:
        """Whether there is no mean."""
        return math.isnan(self.mean)


def reached(
    values: ArrayLike, target: Target, *, binary: bool = False, random: bool = True
) -> Reached:
    """How precise the mean of one value a replication is, by the interval that a summary gives it.

    `binary` values are 0 or 1. `random=False`: the only run there is, so that its value is exact.
    """
    known = mean_limits(values, SIDE, binary=binary)
    half_width = max(known.high - known.mean, known.mean - known.low) if random else 0.0
    asked = target.half_width * (abs(known.mean) if target.relative else 1.0)
    return Reached(known.mean, half_width, asked)


def projected(n: int, one: Reached) -> float:
    """How many values a mean needs, if they go on as these n: n where it has enough.

    Infinite where the width asked for is 0, as it is relative to a mean of 0.
    """
    if one.is_met or one.is_hopeless:
        return n
    ratio = one.half_width / one.asked if one.asked else math.inf
    return max(n + 1, math.ceil(n * ratio**2)) if math.isfinite(ratio) else math.inf


def most_looks(most: int) -> int:
    """How many looks there may be where they are at 30, 60, 120 and so on up to `most`."""
    return 1 + max(0, math.ceil(math.log2(most / FIRST_LOOK)))


def look_until_met(
    look: Callable[[int], Sequence[Reached]],
    most: int,
    least: int = FIRST_LOOK,
    is_undecided: Callable[[], bool] | None = None,
) -> list[int]:
    """Look at more and more replications until all means are as precise as was asked.

    `look` makes so many in all and gives what they reached. No look stops with fewer than `least`,
    or makes more than `most`. Means without hope hold nothing up. `is_undecided` says after a look
    whether an objective needs more; where it is given, looks are at fixed numbers (`most_looks`).
    Gives the numbers looked at; the last one is where it stopped.
    """
    looks = [min(FIRST_LOOK, most)]
    while True:
        n = looks[-1]
        found = look(n)
        needed = max((projected(n, one) for one in found), default=n)
        if n < least and not all(one.is_hopeless for one in found):
            needed = max(needed, least)
        if is_undecided is not None:
            needed = 2 * n if needed > n or is_undecided() else n
        further = int(min(needed, 2 * n, most))
        if further <= n:
            return looks
        looks.append(further)
