"""One replication of a shop."""

import pytest

import sim
from sim.core.errors import ScenarioError

SCENARIO = """\
name: shop
horizon: 1h
START
systems:
  shop:
    kind: cloud_service
    roles: {WebRole: {instances: 20, restart: 2min}}
operations:
  - at: 10min
    upgrade_deployment: {build: "42"}
"""


def run(start="", scenario=SCENARIO, replication=0):
    return sim.run_one(sim.loads(scenario.replace("START", start)), replication)


def rejection(call, *arguments):
    with pytest.raises(ScenarioError) as error:
        call(*arguments)
    return str(error.value)
