"""One experiment, made in this process."""

from __future__ import annotations

from sim.experiments import objectives
from sim.experiments.running.execution import Execution


def experiment(variant, simulation, numbers, *, open_ended=False):
    """The first look at a variant."""
    with Execution(workers=1) as execution:
        named = [(variant, simulation)]
        (one,) = objectives.experiments(named, numbers, execution=execution, open_ended=open_ended)
        return one


def look_further(one):
    """A further look at it, where that is open."""
    with Execution(workers=1) as execution:
        return objectives.look_further([one], execution)[0]
