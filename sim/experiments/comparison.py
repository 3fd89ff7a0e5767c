"""Variants against the first one, replication by replication: both saw common random numbers.

A metric of k variants has k differences; their intervals hold together at 95 %, each at 1 - 0.05/k.
Where a time is missing in some replication there is no mean and no interval: whether the variants
differ is then told by which one misses it in fewer of the pairs (for a rollout, which one finishes
in more), and where that does not tell, by which one is ahead in more of them. Both are exact sign
tests at half the error, so that two variants of one law are told apart no more often than by an
interval. The difference is the median one of the pairs, missing ranked above all.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from sim.experiments.objectives import metric_of
from sim.experiments.statistics.intervals import clopper_pearson, median_difference, paired, student
from sim.experiments.summaries import NEVER_IS_BEST, badness, ordered

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from sim.core.metrics import Key, Metric
    from sim.experiments.objectives import Experiment
    from sim.experiments.statistics.intervals import PairedDifference

Better = Literal["yes", "no", "inconclusive", "identical", ""]

ERROR = 0.05
"""Chance that any of a metric's intervals misses its difference."""

_TELLS_FIRST = {"finished": "rollout_duration", "rolled_back": "rollback_duration"}
"""What says whether a time is missing stands before the time."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One metric of a variant, set against the baseline's; NaN where there is no such number."""

    variant: str
    baseline: str
    system: str
    group: str
    metric: str
    unit: str
    mean: float
    baseline_mean: float
    difference: float
    """Variant minus baseline."""
    ci_low: float
    ci_high: float
    level: float
    better: Better
    """Empty where one of the two asks for nothing, in a comparison of rollouts, and where neither
    more nor less is better."""
    saved: float
    """Share of variance that the pairing removed."""
    n: int
    """Pairs."""
    missing: int
    """Pairs in which a value is missing."""


def differences(variants: Sequence[Experiment]) -> list[Difference]:
    """Every metric that a variant shares with the first one, by variant."""
    baseline, *others = variants
    nothing = idle(variants)
    rows = []
    for one in others:
        shared = [key for key in baseline.measured.values if key in one.measured.values]
        for key in _ordered(baseline, shared):
            k = sum(key in other.measured.values for other in others)
            row = difference(one, baseline, key, 1 - ERROR / k)
            ranked = not {one.variant, baseline.variant} & nothing
            rows.append(row if ranked else replace(row, better=""))
    return rows


def references(variants: Sequence[Experiment]) -> frozenset[str]:
    """The variants without a rollout operation, in a comparison of rollouts."""
    without = [one.variant for one in variants if not one.measured.asks_for_rollouts]
    return frozenset(without if len(without) < len(variants) else ())


def idle(variants: Sequence[Experiment]) -> frozenset[str]:
    """The references that ask for nothing at all: they are no way to the same end."""
    asking = {one.variant for one in variants if one.scenario.operations}
    return references(variants) - asking


def _ordered(one: Experiment, keys: Sequence[Key]) -> list[Key]:
    keys = ordered(one.scenario, keys)
    places = {key: float(place) for place, key in enumerate(keys)}
    for key in keys:
        time = key._replace(metric=_TELLS_FIRST.get(key.metric, ""))
        if time in places:
            places[key] = places[time] - 0.5
    return sorted(keys, key=places.__getitem__)


def difference(one: Experiment, baseline: Experiment, key: Key, level: float) -> Difference:
    """One metric of a variant, set against the baseline's, its interval at `level`."""
    metric = metric_of(baseline.scenario, key.system, key.metric)
    one, baseline = paired_up(one, baseline)
    a, b = pairs(one, baseline, key)
    missing = np.isnan(a) | np.isnan(b)
    certain = not (one.measured.random or baseline.measured.random)
    between = _between(a, b, level, certain=certain)
    return Difference(
        one.variant,
        baseline.variant,
        *key,
        metric.unit,
        student(a).mean,
        student(b).mean,
        _finite(median_difference(a, b)) if missing.any() else between.difference,
        between.low,
        between.high,
        level,
        _better(metric, a, b, level, between, certain=certain),
        between.saved,
        len(a),
        int(missing.sum()),
    )


def is_paired(variants: Sequence[Experiment]) -> bool:
    """Whether all that draw have the same replications, which they lack where some failed."""
    numbers = [one.measured.numbers for one in variants if one.measured.random]
    return all(np.array_equal(numbers[0], other) for other in numbers[1:])


def paired_up(one: Experiment, baseline: Experiment) -> tuple[Experiment, Experiment]:
    """Both with the replications that failed in neither of them."""
    if is_paired([one, baseline]):
        return one, baseline
    both = np.intersect1d(one.measured.numbers, baseline.measured.numbers)
    return _only(one, both), _only(baseline, both)


def _only(one: Experiment, numbers: NDArray[np.int64]) -> Experiment:
    chosen = np.isin(one.measured.numbers, numbers)
    return replace(one, measured=one.measured.only(chosen))


def pairs(
    one: Experiment, baseline: Experiment, key: Key
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The values of both, equally many. A run without chance is like every other one of it."""
    n = max(len(each.measured.numbers) for each in (one, baseline))
    a, b = one.measured.values[key], baseline.measured.values[key]
    return (a if one.measured.random else np.repeat(a, n)), (
        b if baseline.measured.random else np.repeat(b, n)
    )


def _between(
    a: NDArray[np.float64], b: NDArray[np.float64], level: float, *, certain: bool
) -> PairedDifference:
    """The difference with its interval, which has no width where nothing is random."""
    between = paired(a, b, level)
    if not certain:
        return between
    return replace(between, low=between.difference, high=between.difference)


def _better(
    metric: Metric,
    a: NDArray[np.float64],
    b: NDArray[np.float64],
    level: float,
    between: PairedDifference,
    *,
    certain: bool,
) -> Better:
    if between.identical:
        return "identical"
    never = bool(np.isnan(a).any() or np.isnan(b).any())
    # Not to have rolled back is no better: the build may have been let through.
    if not metric.better or (never and metric.name in NEVER_IS_BEST):
        return ""
    if never:
        return _of_missing(metric, a, b, level, certain=certain)
    if between.low <= 0 <= between.high or np.isnan(between.low):
        return "inconclusive"
    return "yes" if (between.low > 0) == (metric.better == "higher") else "no"


def _of_missing(
    metric: Metric,
    a: NDArray[np.float64],
    b: NDArray[np.float64],
    level: float,
    *,
    certain: bool,
) -> Better:
    """Two questions, each at half the error: who misses it in fewer pairs, then who is ahead."""
    worse, other = badness(metric, a), badness(metric, b)
    if certain:
        return "yes" if worse[0] < other[0] else "no"
    half = (1 + level) / 2
    mine, its = (np.isinf(each) * 1.0 for each in (worse, other))
    fewer = _ahead(mine, its, half)
    return _ahead(worse, other, half) if fewer == "inconclusive" else fewer


def _ahead(a: NDArray[np.float64], b: NDArray[np.float64], level: float) -> Better:
    """Whether one is ahead (below) in more of the pairs than a fair coin would give.

    A sign test is exact, and asks nothing of what is missing but its rank.
    """
    wins, losses = int((a < b).sum()), int((a > b).sum())
    low, high = clopper_pearson(wins, wins + losses, (1 + level) / 2)
    if low <= 0.5 <= high:  # noqa: PLR2004  (a fair coin)
        return "inconclusive"
    return "yes" if low > 0.5 else "no"  # noqa: PLR2004


def _finite(difference: float) -> float:
    """Half of the pairs or more lack one side: there is no such difference."""
    return difference if np.isfinite(difference) else float("nan")
