"""A rollout in the warm-up is not seen in what is measured after it: that is said."""

from __future__ import annotations

import pytest

from sim.forecast.explanation import describe
from sim.forecast.warm_up import rollouts_in_warm_up
from sim.scenario import Scenario
from sim.simulation import Simulation

TEXT = """\
horizon: 4h
warm_up: 1h
systems:
  shop: {kind: cloud_service, roles: {Web: {instances: 10, restart: 4min}}}
operations:
  - {at: AT, upgrade_deployment: {build: "2"}}
  - {at: 10min, reboot_instance: {instance: Web_IN_0}}
"""


def simulation(at):
    return Simulation(Scenario.from_text(TEXT.replace("AT", at)))


def test_rollout_that_begins_in_the_warm_up_is_told_of():
    ((place, why),) = rollouts_in_warm_up(simulation("30min"))
    assert place == ("operations", 0, "at")
    assert why == (
        "begins within warm_up: capacity, downtime and work count from 1h on, so what it costs "
        "before is not seen"
    )
    assert f"Note: operations.0.at: {why}" in describe(simulation("30min"))


@pytest.mark.parametrize("at", ["1h", "2h", "30min, every: 2h"])
def test_rollout_after_the_warm_up_and_a_repeated_one_are_not(at):
    assert [*rollouts_in_warm_up(simulation(at))] == []
