"""Outcomes of the replications in which a condition holds, and of the others.

Conditions are read from the log: a build or version that was bad, an upgrade that failed, got
stuck, was not over, cancelled or rolled back, a request that was refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from sim.core.units import show_share
from sim.experiments.statistics.intervals import clopper_pearson, mean_limits, quantile
from sim.experiments.statistics.verdicts import enough_to_see
from sim.systems import SYSTEM_TYPES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from sim.core.metrics import Metric
    from sim.experiments.objectives import Experiment
    from sim.scenario import Scenario

ROLLED_BACK = "rolled back"
CONFIDENCE = 0.95
_RARE = 0.01
"""A chance that is not known is taken for as rare as this, to say how many runs would show it."""


@dataclass(frozen=True, slots=True)
class Conditional:
    """A metric of the replications in which a condition holds, or of the others; in its unit.

    Where any of them misses the metric there is no mean; NaN where there is no such number.
    """

    variant: str
    condition: str
    holds: Literal["yes", "no"]
    system: str
    metric: str
    unit: str
    n: int
    mean: float
    ci95_low: float
    ci95_high: float
    p50: float
    p95: float
    missing: int


def conditions_of(one: Experiment) -> dict[tuple[str, str], NDArray[np.bool_]]:
    """By system and condition: whether it holds in each replication, shape (n,)."""
    found = {key: ~np.isnan(when) for key, when in one.measured.outcomes.items()}
    for key, values in one.measured.values.items():
        if key.metric == "rolled_back" and not key.group:
            found[key.system, ROLLED_BACK] = values == 1
    return found


def of_chance(scenario: Scenario) -> dict[tuple[str, str], float]:
    """By system and condition the chance of what happens to a replication as a whole."""
    return {
        (system, condition): chance
        for system, spec in scenario.systems.items()
        for condition, chance in SYSTEM_TYPES[spec.kind].chances(spec).items()
    }


def split(
    values: NDArray[np.float64],
    holds: NDArray[np.bool_],
    metric: Metric,
    *,
    variant: str,
    condition: str,
    system: str,
) -> Iterator[Conditional]:
    """A metric's values, shape (n,), where a condition holds, and where it does not."""
    for word, chosen in (("yes", values[holds]), ("no", values[~holds])):
        about = mean_limits(chosen, 0.975, binary=metric.unit == "0/1")
        yield Conditional(
            variant, condition, "yes" if word == "yes" else "no", system, metric.name, metric.unit,
            len(chosen), about.mean, about.low, about.high,
            quantile(chosen, 0.5), quantile(chosen, 0.95), int(np.isnan(chosen).sum()),
        )  # fmt: skip


def never(condition: str, runs: int, chance: float | None) -> str:
    """That a condition holds in none of the runs, and how many runs would show it."""
    _, most = clopper_pearson(0, runs, CONFIDENCE)
    text, level = f"{condition} in none of {runs:,} runs", show_share(CONFIDENCE)
    if chance is not None:
        needed = enough_to_see(chance, CONFIDENCE)
        return f"{text}, with a chance of {show_share(chance)}: needs n >= {needed:,} to be seen"
    rare = f"what happens in {show_share(_RARE)} of them needs n >= "
    rare += f"{enough_to_see(_RARE, CONFIDENCE):,}"
    return f"{text}: at most in {show_share(most)} of runs at {level} confidence; {rare} to be seen"
