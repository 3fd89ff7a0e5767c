"""Runs that are to be so precise: what callers may ask for, and what each look may cost."""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import TYPE_CHECKING

from sim.core.errors import LongRunWarning, ScenarioError
from sim.experiments.precision import replicate_until
from sim.experiments.precision_asked import WHERE, asked_of, most_of
from sim.forecast.estimate import estimate, warning
from sim.results.cost import bear
from sim.simulation import Simulation

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sim.core.errors import ModelError
    from sim.experiments.objectives import Experiment
    from sim.experiments.precision import Precision
    from sim.experiments.running.execution import Execution
    from sim.scenario import Scenario


def most_asked(precision: object, most: int | None, **numbers: object) -> int:
    """How many replications to make at most; `numbers` of them stand beside no precision.

    Raises
    ------
    ScenarioError
        If they do, or if `most` is no such number or needs a precision.
    """
    for name, number in numbers.items():
        if precision is not None and number is not None:
            raise ScenarioError.of(f"must not be given together with {name}", where=WHERE)
    return most_of(most, precision)


def until_precise(
    precision: Mapping[str, object] | str,
    variants: Mapping[str, Scenario],
    most: int,
    *,
    force: bool,
    execution: Execution,
    lost: dict[str, ModelError] | None = None,
) -> tuple[list[Experiment], Precision]:
    """Experiments as precise as was asked; a long run is told of before the look that makes it.

    Raises
    ------
    ScenarioError
        If a mean is asked for that there is not, or nothing, or a replication is too much (then it
        is a `TooMuchError`).
    ModelError
        As `replicate_until`, whose `lost` this is.
    """
    targets = asked_of(precision, list(variants.values()))
    simulations = {name: Simulation(each) for name, each in variants.items()}
    expected = [estimate(each, most) for each in simulations.values()]
    told: list[str] = []

    def before_look(n: int) -> None:
        said = warning([replace(each, replications=n) for each in expected])
        if said is not None and not told:
            told.append(said)
            warnings.warn(said, LongRunWarning, stacklevel=6)

    bear(expected, force=force)
    return replicate_until(
        simulations, targets, most, before_look=before_look, execution=execution, lost=lost
    )
