"""What n replications tell about a number, and how well: means, shares, quantiles, differences.

Values are one float per replication, NaN where that replication misses the metric (an upgrade that
never finished has no duration). A mean with a missing value would flatter the variant that finishes
least, so there is none; quantiles rank what is missing above everything.

scipy.special holds the inverse distribution functions; importing scipy.stats would cost 0.5 s.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import bdtr, betaincinv, stdtrit

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

_ROUNDING = 1e-9
"""What floats may add to a number that is meant exactly."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean and the interval around it, in the unit of the values; NaN where there is none."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class PairedDifference:
    """What a variant changes, from replications that saw the same luck.

    `difference` is variant minus baseline, `low` and `high` its interval; NaN where there is none.
    `saved` is the share of variance that pairing removed: 1 - var(a - b) / (var(a) + var(b)), below
    0 where pairing did harm, NaN where neither side varies. `identical`: every pair is equal.
    """

    difference: float
    low: float
    high: float
    saved: float
    identical: bool


def student(values: ArrayLike, level: float = 0.95) -> Interval:
    """The mean with its two-sided Student interval at `level`.

    NaN bounds for a single value, all NaN for none or with a missing one. Equal values give an
    interval of no width, free of the rounding of a mean.
    """
    x = _floats(values)
    if not x.size:
        return Interval(math.nan, math.nan, math.nan)
    variance = _variance(x)
    mean = float(x.mean()) if variance else float(x[0])
    half_width = student_factor(x.size, (1 + level) / 2) * math.sqrt(variance)
    return Interval(mean, mean - half_width, mean + half_width)


def student_factor(n: int, confidence: float) -> float:
    """How many standard deviations of the values a one-sided Student limit is off the mean of n.

    NaN for n = 1: a single value says nothing about its spread.
    """
    return float(stdtrit(n - 1, confidence)) / math.sqrt(n)


def clopper_pearson(successes: float, n: float, confidence: float = 0.95) -> tuple[float, float]:
    """The exact lower and upper limit on a probability, each one-sided at `confidence`.

    Clopper and Pearson, Biometrika 26 (1934). Whole numbers give the published limits; what lies
    between them is the smooth continuation, which `verdicts` searches.
    """
    misses = n - successes
    low = float(betaincinv(successes, misses + 1, 1 - confidence)) if successes > 0 else 0.0
    high = float(betaincinv(successes + 1, misses, confidence)) if misses > 0 else 1.0
    return low, high


def quantile(values: ArrayLike, p: float) -> float:
    """The ceil(p n)-th smallest value, what is missing ranked above all: NaN if it falls there."""
    x = np.sort(_floats(values))  # NaN comes last
    return float(x[_rank(p, x.size) - 1]) if x.size else math.nan


def quantile_limits(values: ArrayLike, p: float, confidence: float = 0.95) -> tuple[float, float]:
    """The lower and upper limit on the p-quantile, each one-sided at `confidence`.

    Order statistics, exact for whatever law (at least `confidence` where it has steps): at most p n
    values are expected below the quantile, and the limit is the first value that too many, or too
    few, would have to pass (David and Nagaraja, Order Statistics, 3rd ed., section 7.1). So the
    upper limit on the p95 is at most a bound exactly where an objective `at_most` that bound in
    95 % of runs is met. NaN where there are too few values (`least_for_quantile`), or where the
    limit falls on a missing one.
    """
    x = np.sort(_floats(values))  # NaN comes last
    below, above = _limit_ranks(x.size, p, confidence)
    low = float(x[below - 1]) if below else math.nan
    return low, float(x[above - 1]) if above else math.nan


def least_for_quantile(p: float, confidence: float = 0.95) -> int:
    """The fewest values that give the p-quantile both limits, each at `confidence`: 59 for a p95.

    All n values lie below the p-quantile with a chance of p^n, and above it with (1 - p)^n.
    """
    return math.ceil(math.log(1 - confidence) / math.log(max(p, 1 - p)) - _ROUNDING)


def skewness(values: ArrayLike) -> float:
    """The third central moment over the variance to 3/2 (both over n): 0 where symmetric.

    NaN for equal values, for none and with a missing one.
    """
    x = _floats(values)
    if not _variance(x) > 0:
        return math.nan
    apart = (x - x.mean()) / x.std()
    return float((apart**3).mean())


def paired(variant: ArrayLike, baseline: ArrayLike, level: float = 0.95) -> PairedDifference:
    """The mean difference, variant minus baseline, with its paired Student interval at `level`.

    Replication k stands at index k of both; two lengths are a ValueError. For k differences of one
    metric give level = 1 - 0.05 / k. A pair that misses both sides is an equal pair.
    """
    a, b = _pairs(variant, baseline)
    between = student(a - b, level)
    identical = a.size > 0 and bool(np.array_equal(a, b, equal_nan=True))
    return PairedDifference(between.mean, between.low, between.high, _saved(a, b), identical)


def surely_above(
    values: NDArray[np.float64], level: float, *, certain: bool = False
) -> NDArray[np.bool_]:
    """Of each two of m numbers whether the first is above: `paired`, for all pairs at once.

    `values` has shape (m, replications), the result (m, m). `certain`: nothing is random, so every
    difference counts.
    """
    factor = 0.0 if certain else student_factor(values.shape[1], (1 + level) / 2)
    above = np.zeros((len(values), len(values)), bool)
    for place, one in enumerate(values):
        differences = one - values
        spread = 0.0 if certain else np.sqrt([_variance(each) for each in differences])
        above[place] = differences.mean(axis=1) > factor * spread
    return above


def median_difference(variant: ArrayLike, baseline: ArrayLike) -> float:
    """The ceil(n/2)-th smallest of the differences, variant minus baseline, missing ones ranked.

    Missing is above all: +inf where only the variant misses the metric, -inf where only the
    baseline does, and no difference where both do. NaN where there are no pairs.
    """
    a, b = (np.where(np.isnan(x), np.inf, x) for x in _pairs(variant, baseline))
    apart = a != b
    differences = np.zeros_like(a)
    np.subtract(a, b, out=differences, where=apart)
    return quantile(differences, 0.5)


def _floats(values: ArrayLike) -> NDArray[np.float64]:
    return np.asarray(values, dtype=np.float64)


def _pairs(a: ArrayLike, b: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    x, y = _floats(a), _floats(b)
    if x.shape != y.shape:
        raise ValueError(f"pairs need equally many values, got {x.size} and {y.size}")
    return x, y


@lru_cache(maxsize=256)
def _limit_ranks(n: int, p: float, confidence: float) -> tuple[int, int]:
    """Which of n sorted values are the limits on the p-quantile, counted from 1; 0 for none.

    The r-th is above the quantile where fewer than r values are at most the quantile, and below it
    where r or more are below: binomial counts.
    """
    error = 1 - confidence + _ROUNDING
    at_most = bdtr(np.arange(n), n, p)  # of 0 to n - 1 values
    below = int(np.searchsorted(at_most, error, side="right"))
    above = int(np.searchsorted(at_most, 1 - error)) + 1
    return below, above if above <= n else 0


def _rank(p: float, n: int) -> int:
    # 0.07 * 100 is 7.000000000000001 in floats, yet the seventh smallest is meant
    return min(max(math.ceil(p * n - _ROUNDING), 1), n)


def _saved(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    unpaired = _variance(a) + _variance(b)
    return 1 - _variance(a - b) / unpaired if unpaired else math.nan


def _variance(x: NDArray[np.float64]) -> float:
    """Exactly 0 for equal values, where the rounding of their mean would leave a trace."""
    return 0.0 if x.size <= 1 or (x == x[0]).all() else float(x.var(ddof=1))
