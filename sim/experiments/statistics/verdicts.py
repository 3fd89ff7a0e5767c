"""Whether an objective holds, from n replications: met, missed, or undecided and what would decide.

An objective asks of each replication whether a metric meets a bound, and holds when the share of
replications that do is at least `in_runs`. The verdict is a one-sided Clopper-Pearson limit on that
share, so each verdict is wrong with a chance of at most 1 - confidence. `in_runs: 100%` is met when
no replication misses; its sentence says how many may yet. `of: mean` judges the mean by a one-sided
limit that heeds its skewness. Where nothing is random, the one run is the answer.

An undecided objective may get a further look with more replications: `looks=2` judges each of the
two at half the error, so that the verdict stays wrong with a chance of at most 1 - confidence; more
looks share it likewise. Each sentence names the level that was used. How many replications would
settle it is told for one look, the only one where a file says how many replications to make; where
more than two share the error, for a look at its share.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import scipy

from sim.core.timelines import TOLERANCE
from sim.core.units import show_share
from sim.experiments.statistics.intervals import (
    clopper_pearson,
    mean_limits,
    skewed_factors,
    skewness,
    student_factor,
)
from sim.scenario.references import MOST_REPLICATIONS

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike, NDArray

    from sim.experiments.statistics.intervals import Interval

POWER = 0.8
"""With what chance the number of replications that is named settles an objective."""

Outcome = Literal["met", "missed", "undecided"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is known of one objective, and the sentence that says so.

    `share` is the share of replications that meet the bound, `low` and `high` its one-sided limits;
    where the mean is judged they are that mean and its limits. NaN stands for unknown. `needed`:
    how many replications in all would settle it with a chance of 80 % if things are as they were
    seen; None where it is settled, or too close to call.
    """

    share: float
    low: float
    high: float
    verdict: Outcome
    sentence: str
    needed: int | None = None


def meets(values: ArrayLike, bound: float, *, at_least: bool) -> NDArray[np.bool_]:
    """Which values are at least (else at most) the bound; a missing one (NaN) is neither.

    Sums of shares may miss the bound by `TOLERANCE`.
    """
    x = np.asarray(values, dtype=np.float64)
    return x >= bound - TOLERANCE if at_least else x <= bound + TOLERANCE


def judge(
    met: ArrayLike,
    in_runs: float = 1.0,
    confidence: float = 0.95,
    *,
    looks: int = 1,
    random: bool = True,
    value: str = "it",
) -> Verdict:
    """The verdict on an objective that each replication met or did not: one bool each, 1 or more.

    `random=False`: the replications are the only run there is. With `in_runs` 100 % one look always
    settles it, so `looks` does not count there. `value` is what the only run measured, in words.
    """
    kept = _kept(met)
    n, k = kept.size, int(kept.sum())
    if not random:
        return _certain(holds=k == n, estimate=k / n, value=value)
    if in_runs >= 1:
        return _never_missed(k, n, confidence)
    limit = 1 - (1 - confidence) / looks
    low, high = clopper_pearson(k, n, limit)
    seen = f"{k} of {n} runs meet it"
    level = f"at {show_share(limit)} confidence"
    if low >= in_runs:
        return Verdict(k / n, low, high, "met", f"{seen}: at least {show_share(low)} {level}")
    if high < in_runs:
        return Verdict(k / n, low, high, "missed", f"{seen}: at most {show_share(high)} {level}")
    needed = _runs_to_settle(k / n, n, in_runs, _level_to_settle(confidence, looks))
    more = _what_would_settle(
        needed, "without a miss" if k == n else "at this share", certain=k == n
    )
    sentence = f"{seen}: {show_share(low)} to {show_share(high)}, each limit {level}; {more}"
    return Verdict(k / n, low, high, "undecided", sentence, needed)


def judge_mean(
    values: ArrayLike,
    bound: float,
    *,
    at_least: bool,
    confidence: float = 0.95,
    looks: int = 1,
    random: bool = True,
    rarest: float = 1.0,
    binary: bool = False,
    show: Callable[[float], str] = "{:.4g}".format,
) -> Verdict:
    """The verdict on `of: mean`: the mean of one value a replication, at least or at most a bound.

    A missing value (NaN) misses the objective: there is no mean, and what never came met nothing.
    `rarest` is the chance of the rarest event that is known to hit a replication as a whole: as
    long as it may well be missing from all that were made, a mean is undecided. `binary`
    values are 0 or 1. `show` writes a value of the metric in the sentence.
    """
    x = np.asarray(values, dtype=np.float64)
    kept = _kept(meets(x, bound, at_least=at_least))
    missing = int(np.isnan(x).sum())
    if missing:
        nothing = f"no value that counts in {missing} of {x.size} runs, so there is no mean"
        return Verdict(math.nan, math.nan, math.nan, "missed", nothing)
    if not random:
        return _certain(holds=bool(kept.all()), estimate=float(x[0]), value=show(float(x[0])))
    if x.size == 1:
        alone = f"mean {show(float(x[0]))} of one run: a second one is needed to judge it"
        return Verdict(float(x[0]), math.nan, math.nan, "undecided", alone, needed=2)
    limit = 1 - (1 - confidence) / looks
    known = mean_limits(x, limit, binary=binary)
    seen = _seen(x, known, limit, show)
    enough = enough_to_see(rarest, limit)
    if x.size < enough:
        unseen = f"an event of probability {show_share(rarest)} may not occur in so few runs"
        sentence = f"{seen}; {unseen}: a mean is judged with at least {enough:,} runs"
        return Verdict(known.mean, known.low, known.high, "undecided", sentence, enough)
    limits_meet = meets([known.low, known.high], bound, at_least=at_least)
    if limits_meet.all() or not limits_meet.any():
        outcome: Outcome = "met" if limits_meet.all() else "missed"
        return Verdict(known.mean, known.low, known.high, outcome, seen)
    needed = _runs_for_mean(x, bound, _level_to_settle(confidence, looks))
    sentence = f"{seen}; {_what_would_settle(needed, 'with this mean and spread')}"
    return Verdict(known.mean, known.low, known.high, "undecided", sentence, needed)


def enough_to_see(chance: float, confidence: float) -> int:
    """How many replications show what happens to each with that chance at least once."""
    if not 0 < chance < 1:
        return 0
    return math.ceil(math.log(1 - confidence) / math.log1p(-chance) - TOLERANCE)


def _seen(
    x: NDArray[np.float64], known: Interval, limit: float, show: Callable[[float], str]
) -> str:
    level = f"at {show_share(limit)} confidence"
    if (x == x[0]).all():
        others = show_share(1 - clopper_pearson(x.size, x.size, limit)[0])
        return f"{show(known.mean)} in each of {x.size} runs: at most {others} differ, {level}"
    span = f"{show(known.low)} to {show(known.high)}"
    return f"mean {show(known.mean)} of {x.size} runs, {span}, each limit {level}"


def _kept(met: ArrayLike) -> NDArray[np.bool_]:
    kept = np.asarray(met, dtype=np.bool_)
    if not kept.size:
        raise ValueError("a verdict needs at least one replication, got none")
    return kept


def _certain(*, holds: bool, estimate: float, value: str) -> Verdict:
    how = "meets" if holds else "misses"
    sentence = f"deterministic: {value} {how} the bound"
    return Verdict(estimate, estimate, estimate, "met" if holds else "missed", sentence)


def _never_missed(k: int, n: int, confidence: float) -> Verdict:
    low, high = clopper_pearson(k, n, confidence)
    if k < n:
        return Verdict(k / n, low, high, "missed", f"{n - k} of {n} runs miss it, none may")
    sentence = (
        f"no miss in {n} runs: at most {show_share(1 - low)} at {show_share(confidence)} confidence"
    )
    return Verdict(1.0, low, high, "met", sentence)


def _level_to_settle(confidence: float, looks: int) -> float:
    """The level of the look that would settle it: a second one gives way to a file's only one."""
    return confidence if looks <= 2 else 1 - (1 - confidence) / looks  # noqa: PLR2004


def _runs_to_settle(share: float, n: int, in_runs: float, confidence: float) -> int | None:
    """The smallest number above n that settles it with a chance of `POWER`, the share being true.

    Exact binomial chances go up and down a little with n, as one more miss is allowed: bisection
    finds one number, the smallest is not far below.
    """

    def chance(runs: NDArray[np.int64]) -> NDArray[np.float64]:
        return _chance_to_settle(share, runs, in_runs, confidence)

    found = _smallest(lambda runs: bool(chance(np.array([runs]))[0] >= POWER), above=n)
    if found is None:
        return None
    apart = max(abs(share - in_runs), 1 / MOST_REPLICATIONS)
    span = math.ceil(8 / apart + 4 / (1 - in_runs))
    before = np.arange(max(n + 1, found - span), found + 1)
    return int(before[np.argmax(chance(before) >= POWER)])


def _chance_to_settle(
    share: float, runs: NDArray[np.int64], in_runs: float, confidence: float
) -> NDArray[np.float64]:
    """Of each number of runs: how likely one look at them says met or missed, exactly."""
    too_few = _binomial_quantile(1 - confidence, runs, in_runs) - 1
    not_enough = _binomial_quantile(confidence, runs, in_runs)
    missed = np.where(too_few >= 0, scipy.special.bdtr(np.maximum(too_few, 0.0), runs, share), 0.0)
    return missed + scipy.special.bdtrc(not_enough, runs, share)


def _binomial_quantile(p: float, n: NDArray[np.int64], share: float) -> NDArray[np.float64]:
    """The fewest successes of n that are not exceeded with a chance of at least p."""
    near = np.ceil(scipy.special.bdtrik(p, n, share))
    lower = np.maximum(near - 1, 0.0)
    return np.where(scipy.special.bdtr(lower, n, share) >= p, lower, near)


def _runs_for_mean(x: NDArray[np.float64], bound: float, confidence: float) -> int | None:
    """The smallest number above that of x that settles the mean with a chance of `POWER`."""
    mean, deviation, shape = float(x.mean()), float(x.std(ddof=1)), skewness(x)
    towards = 0 if mean > bound else 1

    def settles(n: int) -> bool:
        reach = skewed_factors(n, confidence, shape)[towards] + student_factor(n, POWER)
        return reach * deviation <= abs(mean - bound)

    return _smallest(settles, above=x.size)


def _smallest(settles: Callable[[int], bool], above: int) -> int | None:
    """The smallest number over `above` that settles it; None where no scenario may make so many.

    Limits close in as n grows, so what settles once goes on doing so: bisection finds it.
    """
    if not settles(MOST_REPLICATIONS):
        return None
    no, yes = above, MOST_REPLICATIONS
    while yes - no > 1:
        middle = (no + yes) // 2
        no, yes = (no, middle) if settles(middle) else (middle, yes)
    return yes


def _what_would_settle(needed: int | None, provided: str, *, certain: bool = False) -> str:
    if needed is None:
        return f"too close to call: {MOST_REPLICATIONS:,} runs {provided} would not settle it"
    likely = "" if certain else f" with a chance of {show_share(POWER)}"
    return f"{needed:,} runs {provided} would settle it{likely}"
