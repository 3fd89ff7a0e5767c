"""What a sweep is expected to cost, before its first run."""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from sim.core.errors import LongRunWarning
from sim.forecast.estimate import estimate, warning
from sim.results.cost import bear
from sim.simulation import Simulation

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sim.forecast.estimate import Estimate
    from sim.scenario import Scenario
    from sim.scenario.sweeps import Sweep

MOST_ESTIMATED = 200
"""Points whose cost is estimated: of more so many of them, spread evenly."""


def afford_sweep(scenario: Scenario, sweep: Sweep, variants: Sequence[str], *, force: bool) -> None:
    """Refuse points that this machine cannot bear, unless that is forced; warn of a long sweep.

    Raises
    ------
    TooMuchError
        If a point passes the bounds of a run by far, or needs more memory than there is to spare.
    """
    numbers = np.unique(np.linspace(0, sweep.size - 1, MOST_ESTIMATED).round().astype(int))
    largest: Estimate | None = None
    seconds = 0.0
    for number in numbers.tolist():
        point = scenario.point(sweep.changes(number))
        for one in [point.variant(name) for name in variants] or [point]:
            found = estimate(Simulation(one), one.replications)
            bear([found], force=force)
            seconds += found.seconds
            if largest is None or found.seconds > largest.seconds:
                largest = found
    assert largest is not None  # a sweep has a point
    # As many replications of the most costly one as the whole sweep is expected to take.
    times = seconds * sweep.size / len(numbers) / largest.seconds
    what = f"{sweep.size:,} points with {scenario.replications:,} replications each"
    told = warning([replace(largest, replications=round(times * largest.replications))], what)
    if told is not None:
        warnings.warn(told, LongRunWarning, stacklevel=3)
