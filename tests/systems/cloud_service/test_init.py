"""What the rest of the house gets to know of cloud services."""

from __future__ import annotations

from any_shop import scenario, upgrade

from sim.core.stack import Stack
from sim.simulation import Simulation
from sim.systems.cloud_service import SYSTEM_TYPE


def test_the_metrics_that_groups_have_are_those_that_an_objective_may_ask_of_one():
    update = {"guest_os_update": {}}
    builds = {"2": {"fails_to_start": "50%"}}
    s = scenario(upgrade(), update, builds=builds, demand={"constant": 1})
    simulation = Simulation(s)
    measured, _ = simulation.models["shop"].measure(Stack([simulation.run()]), 0.0)
    assert {metric for group, metric in measured if group} == SYSTEM_TYPE.group_metrics
    assert {metric for group, metric in measured if not group} == set(SYSTEM_TYPE.metrics)
