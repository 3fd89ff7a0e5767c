"""Services of which the mean case is told."""

from places import CASES

from sim.files import load
from sim.forecast.explanation import of_system
from sim.scenario import Scenario
from sim.simulation import Simulation

SERVICE = """
horizon: 1d
systems:
  s:
    kind: cloud_service
    {more}
    roles:
      W: {{instances: {instances}, restart: {{exponential: {{mean: 4min}}}}{role}}}
operations:
  - {{at: 10min, upgrade_deployment: {{build: "2"{upgrade}}}}}
"""


def service(instances=4, more="", role="", upgrade=""):
    text = SERVICE.format(instances=instances, more=more, role=role, upgrade=upgrade)
    return Scenario.from_text(text)


def case(name, variant=""):
    """One of the cases, or a variant of it."""
    scenario = load(CASES / f"{name}.yaml")
    return scenario.variant(variant) if variant else scenario


def last_line(scenario):
    """What is said of the mean case of its only system."""
    simulation = Simulation(scenario)
    (name,) = simulation.models
    return of_system(simulation, name)[-1]
