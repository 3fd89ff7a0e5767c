"""What no replication may do, whatever its model is: break its own history, or overflow."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np

from sim import bounds
from sim.core.errors import ModelError
from sim.core.stack import Stack

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sim.core.log import Log
    from sim.simulation import Simulation


@contextmanager
def exact_arithmetic(simulation: Simulation, replication: int) -> Iterator[None]:
    """See that no number overflows or has no value unasked: what came of it would be no answer.

    Raises
    ------
    ModelError
        With scenario, seed and replication, if one does.
    TooMuchError
        If the memory does not suffice.
    """
    try:
        with np.errstate(over="raise", divide="raise", invalid="raise"):
            yield
    except MemoryError:
        raise bounds.no_memory(simulation, replication) from None
    except ArithmeticError as error:
        rule = f"{type(error).__name__}: {error}"
        raise fault(simulation, rule, replication, simulation.scenario.horizon) from error


def audit(simulation: Simulation, stack: Stack, logs: Sequence[Log]) -> None:
    """Check that every log of a stack is a history that its model allows.

    Raises
    ------
    ModelError
        With scenario, seed, replication and time of the first fault.
    """
    broken = stack.audit()
    if broken:
        row, rule = broken
        number = int(stack.numbers[stack.replication[row]])
        raise fault(simulation, rule, number, float(stack.time[row]))
    for model in simulation.models.values():
        rule = model.audit(stack)
        if rule:
            # A model tells the rule only: the stack's logs are asked one by one whose fault it is.
            guilty = [log for log in logs if model.audit(Stack([log]))] or logs[:1]
            raise fault(simulation, rule, guilty[0].replication, guilty[0].horizon)


def fault(simulation: Simulation, rule: str, replication: int, time: float) -> ModelError:
    """What is told of a replication that breaks a rule at a time, seconds."""
    scenario = simulation.scenario
    return ModelError(
        rule,
        scenario=scenario.name,
        seed=scenario.seed,
        replication=replication,
        time=time,
        variant=scenario.variant_name,
    )
