"""What is said of the only system of a scenario before anything runs."""

from __future__ import annotations

from sim.forecast.dry_runs import dry_run_of
from sim.forecast.explanation import of_system
from sim.forecast.explanation import predicted_rejections as _predicted
from sim.simulation import Simulation


def told(scenario):
    """The lines about the system and its operations, without what they come to."""
    simulation = Simulation(scenario)
    ((name, model),) = simulation.models.items()
    return model.describe(dry_run_of(simulation, name))


def foreseen(scenario):
    """The last line: what it all comes to in the mean case."""
    simulation = Simulation(scenario)
    (name,) = simulation.models
    return of_system(simulation, name)[-1]


def predicted_rejections(scenario):
    """The refusals: path in the file and sentence."""
    return _predicted(Simulation(scenario))
