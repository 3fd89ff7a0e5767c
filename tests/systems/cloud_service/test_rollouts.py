"""Which deployment an upgrade goes through, and whom its turns take, from the log."""

from __future__ import annotations

import random

import any_service
import pytest
from service_rules import Run
from story import story

from sim.core.log import Stack
from sim.systems.cloud_service.rollouts import deployments, taken

STAGING = "staging: {build: 2}"


@pytest.mark.parametrize("seed", range(40))
def test_the_deployment_of_a_rollout_is_the_one_that_its_request_named(seed):
    run = Run(any_service.scenario(random.Random(seed)))
    found = deployments(run.layout, run.stack)[0].tolist()
    rollouts = range(run.layout.rollouts)
    assert [found[number] for number in rollouts] == [run.slots.get(n, -1) for n in rollouts]


def test_the_platform_updates_what_is_in_production_by_then():
    told = story(
        """
        at: 10s, guest_os_update: {}
        at: 900s, swap: {}
        at: 1000s, host_os_update: {duration: 10s}
        """,
        more=STAGING,
    )
    layout = told.model.layout
    places = [layout.upgrades.index(f"{kind}_os_update-0") for kind in ("guest", "host")]
    both = Stack([told.log, told.simulation.run(1)])
    assert deployments(layout, both)[:, places].tolist() == [[0, 1], [0, 1]]


def test_turns_take_instances_for_their_upgrade():
    told = story("at: 10s, upgrade_deployment: {}\n at: 500s, reboot_instance: {instance: W_IN_0}")
    rows, upgrade = taken(told.model.layout, told.stack)
    names = [told.log.subjects.name(subject) for subject in told.stack.subject[rows]]
    assert list(zip(names, told.stack.time[rows].tolist(), strict=True)) == [
        ("W_IN_0", 10.0),
        ("W_IN_1", 110.0),
    ]
    assert set(upgrade.tolist()) == {told.model.layout.upgrade("upgrade_deployment-0")}
