"""Whether an objective holds, from n replications: met, missed, or undecided and what would decide.

An objective asks of each replication whether a metric meets a bound, and holds when the share of
replications that do is at least `in_runs`. The verdict is a one-sided Clopper-Pearson limit on that
share, so each verdict is wrong with a chance of at most 1 - confidence. `in_runs: 100%` is met when
no replication misses; its sentence says how many may yet. `of: mean` judges the mean by its
one-sided Student limit. Where nothing is random, the one run is the answer.

An undecided objective may get a further look with more replications: `looks=2` judges each of the
two at half the error, so that the verdict stays wrong with a chance of at most 1 - confidence.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from sim.experiments.intervals import clopper_pearson, student, student_factor
from sim.scenario.references import MOST_REPLICATIONS
from sim.units import show_share

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike, NDArray

TOLERANCE = 1e-9
"""Sums of shares may miss a bound by this much and still meet it."""

Outcome = Literal["met", "missed", "undecided"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is known of one objective, and the sentence that says so.

    `share` is the share of replications that meet the bound, `low` and `high` its one-sided limits;
    where the mean is judged they are that mean and its limits. NaN stands for unknown. `needed`:
    how many replications in all would settle it if what was seen goes on; None where it is settled,
    or too close to call.
    """

    share: float
    low: float
    high: float
    verdict: Outcome
    sentence: str
    needed: int | None = None


def meets(values: ArrayLike, bound: float, *, at_least: bool) -> NDArray[np.bool_]:
    """Which values are at least (else at most) the bound; a missing one (NaN) is neither."""
    x = np.asarray(values, dtype=np.float64)
    return x >= bound - TOLERANCE if at_least else x <= bound + TOLERANCE


def judge(
    met: ArrayLike,
    in_runs: float = 1.0,
    confidence: float = 0.95,
    *,
    looks: int = 1,
    random: bool = True,
) -> Verdict:
    """The verdict on an objective that each replication met or did not: one bool each, 1 or more.

    `random=False`: the replications are the only run there is. With `in_runs` 100 % one look always
    settles it, so `looks` does not count there.
    """
    kept = _kept(met)
    n, k = kept.size, int(kept.sum())
    if not random:
        return _certain(holds=k == n, estimate=k / n)
    if in_runs >= 1:
        return _never_missed(k, n, confidence)
    limit = 1 - (1 - confidence) / looks
    low, high = clopper_pearson(k, n, limit)
    seen = f"{k} of {n} runs meet it"
    level = f"at {show_share(confidence)}"
    if low >= in_runs:
        return Verdict(k / n, low, high, "met", f"{seen}: at least {show_share(low)} {level}")
    if high < in_runs:
        return Verdict(k / n, low, high, "missed", f"{seen}: at most {show_share(high)} {level}")
    needed = _runs_to_settle(k / n, n, in_runs, limit)
    outlook = _outlook(needed, "without a miss" if k == n else "at this share")
    sentence = f"{seen}: {show_share(low)} to {show_share(high)}, each limit {level}; {outlook}"
    return Verdict(k / n, low, high, "undecided", sentence, needed)


def judge_mean(
    values: ArrayLike,
    bound: float,
    *,
    at_least: bool,
    confidence: float = 0.95,
    looks: int = 1,
    random: bool = True,
    show: Callable[[float], str] = "{:.4g}".format,
) -> Verdict:
    """The verdict on `of: mean`: the mean of one value a replication, at least or at most a bound.

    A missing value (NaN) misses the objective: there is no mean, and what never came met nothing.
    `show` writes a value of the metric in the sentence.
    """
    x = np.asarray(values, dtype=np.float64)
    kept = _kept(meets(x, bound, at_least=at_least))
    missing = int(np.isnan(x).sum())
    if missing:
        nothing = f"missing in {missing} of {x.size} runs: there is no mean"
        return Verdict(math.nan, math.nan, math.nan, "missed", nothing)
    if not random:
        return _certain(holds=bool(kept.all()), estimate=float(x[0]))
    if x.size == 1:
        alone = f"mean {show(float(x[0]))} of one run: a second one is needed to judge it"
        return Verdict(float(x[0]), math.nan, math.nan, "undecided", alone, needed=2)
    limit = 1 - (1 - confidence) / looks
    known = student(x, 2 * limit - 1)
    limits_meet = meets([known.low, known.high], bound, at_least=at_least)
    seen = (
        f"mean {show(known.mean)} of {x.size} runs, {show(known.low)} to {show(known.high)}, "
        f"each limit at {show_share(confidence)}"
    )
    if limits_meet.all() or not limits_meet.any():
        outcome: Outcome = "met" if limits_meet.all() else "missed"
        return Verdict(known.mean, known.low, known.high, outcome, seen)
    deviation, gap = float(x.std(ddof=1)), abs(known.mean - bound)
    needed = _smallest(lambda n: student_factor(n, limit) * deviation <= gap, above=x.size)
    sentence = f"{seen}; {_outlook(needed, 'with this mean and spread')}"
    return Verdict(known.mean, known.low, known.high, "undecided", sentence, needed)


def _kept(met: ArrayLike) -> NDArray[np.bool_]:
    kept = np.asarray(met, dtype=np.bool_)
    if not kept.size:
        raise ValueError("a verdict needs at least one replication, got none")
    return kept


def _certain(*, holds: bool, estimate: float) -> Verdict:
    sentence = f"nothing here is random: the one run {'meets' if holds else 'misses'} it"
    return Verdict(estimate, estimate, estimate, "met" if holds else "missed", sentence)


def _never_missed(k: int, n: int, confidence: float) -> Verdict:
    low, high = clopper_pearson(k, n, confidence)
    if k < n:
        return Verdict(k / n, low, high, "missed", f"{n - k} of {n} runs miss it, none may")
    sentence = f"no miss in {n}: at most {show_share(1 - low)} at {show_share(confidence)}"
    return Verdict(1.0, low, high, "met", sentence)


def _runs_to_settle(share: float, n: int, in_runs: float, limit: float) -> int | None:
    def settles(runs: int) -> bool:
        low, high = clopper_pearson(share * runs, runs, limit)
        return low >= in_runs or high < in_runs

    return _smallest(settles, above=n)


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


def _outlook(needed: int | None, provided: str) -> str:
    if needed is None:
        return f"too close to call: {MOST_REPLICATIONS:,} runs {provided} would not settle it"
    return f"{needed:,} runs {provided} would settle it"
