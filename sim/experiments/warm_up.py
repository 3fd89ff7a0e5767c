"""How long a run takes to forget that it began empty: MSER-5 on the mean over replications.

White (An effective truncation heuristic for bias reduction in simulation output, Simulation 69
(1997)) leaves out the first d values of a series such that the marginal standard error of
those that are left, sum((z - mean)^2) / (k - d)^2, is least. White, Cobb and Spratt (A comparison
of five steady-state truncation heuristics for simulation, Proc. Winter Simulation Conf. 2000) do so
on means of five values each. A minimum at the last d that is looked at, half of the series, says
that the run is too short to tell.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sim.core.units import show_duration

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from sim.experiments.objectives import Experiment

BATCH = 5
"""Values that are averaged to one."""


@dataclass(frozen=True, eq=False)
class Truncation:
    """Where MSER-5 cuts a series."""

    batches: NDArray[np.float64]
    """The means of five values each, shape (k,)."""
    statistic: NDArray[np.float64]
    """The marginal standard error, squared, with the first 0, 1, ... batches left out."""
    first: int
    """How many batches to leave out; the smallest such number where several do as well."""

    @property
    def is_too_short(self) -> bool:
        """Whether the least one is the last that was looked at."""
        return 0 < self.first == len(self.statistic) - 1


def mser5(values: NDArray[np.float64]) -> Truncation:
    """Where to cut a series of ten values or more; what is left of the last five is not looked at.

    ValueError for fewer.
    """
    k = len(values) // BATCH
    if k < 2:  # noqa: PLR2004  (half of them must be one at least)
        raise ValueError(f"there must be {2 * BATCH} values or more, got {len(values)}")
    batches = values[: k * BATCH].reshape(k, BATCH).mean(axis=1)
    # The sums of what is left after d batches, about the mean of all: that keeps them exact.
    centred = batches - batches.mean()
    left = k - np.arange(k // 2 + 1)
    sums, squares = (_from_each_on(centred**power)[: k // 2 + 1] for power in (1, 2))
    statistic = np.maximum(squares - sums**2 / left, 0.0) / left**2
    return Truncation(batches, statistic, int(np.argmin(statistic)))


def _from_each_on(values: NDArray[np.float64]) -> NDArray[np.float64]:
    sums: NDArray[np.float64] = np.cumsum(values[::-1])[::-1]
    return sums


@dataclass(frozen=True)
class WarmUp:
    """Whether a variant's `warm_up` is long enough for a system that becomes steady. Seconds."""

    variant: str
    system: str
    given_s: float
    steady_from_s: float
    """As MSER-5 says; NaN where the run is too short to tell."""
    sentence: str
    """What to do about it; empty where the warm-up is long enough."""


def warm_ups(variants: Sequence[Experiment]) -> Iterator[WarmUp]:
    """Of each system with a stream of work, where no variant asks for a rollout: only then is a
    steady state what is asked for.
    """
    if not any(one.measured.asks_for_rollouts for one in variants):
        for one in variants:
            yield from _of_variant(one)


def _of_variant(one: Experiment) -> Iterator[WarmUp]:
    scenario = one.scenario
    for system, averages in one.measured.averages.items():
        found = mser5(averages.mean)
        batch = scenario.horizon / len(found.batches)
        whose = f"{system}: " if len(scenario.systems) > 1 else ""
        given = f"warm_up {show_duration(scenario.warm_up)}"
        steady, sentence = found.first * batch, ""
        if found.is_too_short:
            half = show_duration(scenario.horizon / 2)
            steady = math.nan
            sentence = (
                f"{whose}{given}: no steady state within {half}, half of the horizon, by MSER-5: "
                "a longer horizon is needed to tell"
            )
        elif steady > scenario.warm_up + batch:
            sentence = (
                f"{whose}{given} is short: by MSER-5 the tasks there are steady only after "
                f"{show_duration(steady)}"
            )
        yield WarmUp(one.variant, system, scenario.warm_up, steady, sentence)
