"""Each metric over the replications: mean with interval, quantiles, the worst replication."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from sim.experiments.objectives import metric_of, metrics_of
from sim.experiments.statistics.intervals import OrderStatistics, mean_limits, skewness

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from sim.core.metrics import Key, Metric
    from sim.experiments.objectives import Experiment
    from sim.scenario import Scenario

NEVER_IS_BEST = frozenset({"rollback_duration"})
"""Times of what had better not happen; every other time is the worse for being missing."""

BAD = "bad 5 %"
"""How the bad tail is called: what the worst 5 % of the replications reach or exceed."""


def bad_tail(metric: Metric) -> Literal["p5", "p95"]:
    """The quantile that lies in the metric's bad direction: the p5 of a capacity."""
    return "p5" if metric.better == "higher" else "p95"


@dataclass(frozen=True, slots=True)
class Summary:
    """One metric of one variant, in the metric's unit; NaN where there is no such number.

    Where any replication misses the metric there is no mean, and the quantiles rank it last.
    """

    variant: str
    system: str
    group: str
    metric: str
    unit: str
    mean: float
    ci95_low: float
    ci95_high: float
    min: float
    p5: float
    p50: float
    p95: float
    max: float
    n: int
    missing: int
    worst_replication: int
    p5_low: float
    """This and the following: limits on a quantile, each one-sided at 95 %; NaN where n is too
    small for it (a p5 and a p95 need 59 replications) or where it falls on what is missing."""
    p5_high: float
    p50_low: float
    p50_high: float
    p95_low: float
    p95_high: float
    skewness: float
    """Where its square is above n / 25 a mean says little (`is_skewed`)."""


def summarise(one: Experiment) -> list[Summary]:
    """Every metric of a variant, in the order of `ordered`."""
    return [_summary(one, key) for key in ordered(one.scenario, one.measured.values)]


def is_skewed(skewed: float, n: int) -> bool:
    """Whether n values are too few for an interval on their mean to be trusted.

    Cochran's rule, n > 25 x skewness^2 (Sampling Techniques, 3rd ed. 1977, section 2.15).
    """
    return 25 * skewed**2 > n


def ordered(scenario: Scenario, keys: Iterable[Key]) -> list[Key]:
    """Keys by system, group (the whole system first) and the order in which metrics are listed.

    Those that only the scenario names come last, by number where they end in one.
    """
    places = {
        (name, metric): place
        for name in scenario.systems
        for place, metric in enumerate(metrics_of(scenario, name))
    }
    last = len(places)

    def place(k: Key) -> tuple[str, str, int, int, str]:
        listed = places.get((k.system, k.metric), last)
        return (k.system, k.group, listed, len(k.metric), k.metric)

    return sorted(keys, key=place)


def worst(metric: Metric, values: NDArray[np.float64]) -> int:
    """The place of the worst value; of several the first."""
    return int(np.argmax(badness(metric, values)))


def badness(metric: Metric, values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The higher the worse; what is missing is worst of all, or best. Without a direction all 0."""
    if not metric.better:
        return np.zeros(len(values))
    never = -np.inf if metric.name in NEVER_IS_BEST else np.inf
    return np.where(np.isnan(values), never, values if metric.better == "lower" else -values)


def _summary(one: Experiment, key: Key) -> Summary:
    values = one.measured.values[key]
    metric = metric_of(one.scenario, key.system, key.metric)
    about = mean_limits(values, 0.975, binary=metric.unit == "0/1")
    ranked = OrderStatistics(values)
    p5, p50, p95 = map(ranked.quantile, (0.05, 0.5, 0.95))
    (p5_low, p5_high), (p50_low, p50_high), (p95_low, p95_high) = map(
        ranked.limits, (0.05, 0.5, 0.95)
    )
    return Summary(
        one.variant,
        *key,
        metric.unit,
        about.mean,
        about.low,
        about.high,
        ranked.quantile(0.0),
        p5,
        p50,
        p95,
        ranked.quantile(1.0),
        len(values),
        int(np.isnan(values).sum()),
        int(one.measured.numbers[worst(metric, values)]),
        p5_low,
        p5_high,
        p50_low,
        p50_high,
        p95_low,
        p95_high,
        skewness(values),
    )
