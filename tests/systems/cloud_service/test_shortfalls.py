"""Upgrades that were completed though instances that they took are not up."""

from __future__ import annotations

import random

import any_service
import numpy as np
import pytest
from referee import Referee
from service_log import BEGUN, ENDED, SECOND, SOUND, UPGRADE, Service
from story import story

from sim.core.stack import Stack
from sim.scenario import Scenario
from sim.simulation import Simulation

NEVER = 'builds: {"2": {fails_to_start: 100%}}'
BOTH = 'builds: {"2": {fails_to_start: 100%}, "3": {}}'
NOBODY = "W: {instances: 2, restart: 100s, min_healthy: 0}"
AUTO = "at: 10s, upgrade_deployment: {}"


def unhealthy(told):
    """When the last upgrade was completed with unhealthy instances; none: []."""
    (when,) = told.model.shortfalls(told.stack).values()
    return [each for each in when.tolist() if each == each]  # noqa: PLR0124  (not NaN)


# Told


@pytest.mark.parametrize(
    ("mode", "end"),
    [("Auto", 3610), ("Simultaneous", 1810), ("Manual, operator: {bake: 0s}", 3610)],
)
def test_an_upgrade_that_ends_by_time_outs_with_nobody_up_is_told_with_when(mode, end):
    told = story(f"at: 10s, upgrade_deployment: {{mode: {mode}}}", NOBODY, more=NEVER, horizon="2h")
    assert told.brief("upgrade by upgrade_deployment-0")[-1] == f"{end} completed"
    assert told.measure("finished") == 1
    assert unhealthy(told) == [end]


def test_one_instance_that_takes_longer_than_the_walk_waits_is_enough():
    told = story(AUTO, "W: {instances: 1, restart: 31min, min_healthy: 0}")
    assert unhealthy(told) == [1810]
    assert unhealthy(story(AUTO, "W: {instances: 1, restart: 30min, min_healthy: 0}")) == []


def test_an_instance_that_turned_unhealthy_before_the_end_is_not_up():
    """Ready at 110 s and unresponsive at 150 s; the upgrade is completed at 210 s."""
    later = 'builds: {"2": {unhealthy_later: {probability: 100%, after: %s}}}'
    assert unhealthy(story(AUTO, more=later.replace("%s", "40s"))) == [210]
    assert unhealthy(story(AUTO, more=later.replace("%s", "200s"))) == []


def test_a_restart_to_the_same_build_is_an_upgrade_as_well():
    restart = "at: 10s, change_configuration: {restarts: true}"
    assert unhealthy(story(restart, "W: {instances: 1, restart: 31min, min_healthy: 0}")) == [1810]


def test_the_last_one_that_was_completed_so_says_when():
    first = 'at: 10s, upgrade_deployment: {build: "2"}'
    for build, last in (("2", 6000), ("3", 3610)):
        again = f'at: 70min, upgrade_deployment: {{build: "{build}", mode: Simultaneous}}'
        told = story(f"{first}\n{again}", NOBODY, more=BOTH, horizon="3h")
        assert told.brief("upgrade by upgrade_deployment-1")[-1].endswith("completed")
        assert unhealthy(told) == [last]


def test_an_upgrade_answers_for_the_instances_that_it_took():
    """Those of role A are down all the time; the second upgrade takes those of B."""
    roles = "A: {instances: 1, restart: 100s, min_healthy: 0}, B: {instances: 1, restart: 100s}"
    asked = """
    at: 10s, upgrade_deployment: {build: "2", role_to_upgrade: A}
    at: 1h, upgrade_deployment: {build: "3", role_to_upgrade: B}
    """
    told = story(asked, roles, more=BOTH, horizon="2h")
    assert told.brief("upgrade by upgrade_deployment-1")[-1] == "3700 completed"
    assert unhealthy(told) == [1810]


def test_of_two_that_left_instances_down_the_later_one_says_when():
    """The first one that of role B, the second one that of role A."""
    roles = "A: {instances: 1, restart: 100s, min_healthy: 0}"
    asked = """
    at: 10s, upgrade_deployment: {role_to_upgrade: B}
    at: 1h, upgrade_deployment: {role_to_upgrade: A}
    """
    told = story(asked, f"{roles}, {roles.replace('A', 'B')}", more=NEVER, horizon="2h")
    assert unhealthy(told) == [5400]


def test_an_instance_that_a_reboot_takes_again_before_it_was_up_is_not_up():
    reboot = "\nat: 30min, reboot_instance: {instance: W_IN_0}"
    told = story(AUTO + reboot, "W: {instances: 1, restart: 31min, min_healthy: 0}")
    assert unhealthy(told) == [1810]


@pytest.mark.parametrize("status", ["Stopped", "Running"])
def test_who_is_suspended_as_it_ends_need_not_be_up(status):
    """Taken at 10 s and suspended at 20 s; Running starts it at minute 30, too late for the end."""
    asked = f"{AUTO}\nat: 20s, update_status: {{status: Suspended}}"
    asked += "\nat: 30min, update_status: {status: Running}" if status == "Running" else ""
    told = story(asked, "W: {instances: 1, restart: 100s, min_healthy: 0}")
    assert told.brief("upgrade by upgrade_deployment-0")[-1] == "1810 completed"
    assert unhealthy(told) == ([1810] if status == "Running" else [])


# Not told


@pytest.mark.parametrize("end", ["completed", "superseded", "rolled_back", "failed", "stuck"])
def test_only_an_upgrade_that_is_completed_is_told(end):
    """The others are told as what they are."""
    down = (BEGUN + SECOND + ENDED).replace("completed", end)
    service = Service(UPGRADE)
    when = service.model.shortfalls(service.stack(SOUND, down))["with unhealthy members"]
    assert np.isnan(when).tolist() == [True, end != "completed"]


PASSING = (
    "RestartingRole because failures",
    "CreatingVM because upgrade_deployment-0",
    "BusyRole because upgrade_deployment-0",
    "BusyRole because update domain 0",
    "CyclingRole because build 2",
    "StoppedVM because upgrade_deployment-0",
    "absent because upgrade_deployment-0",
)


@pytest.mark.parametrize("row", PASSING)
def test_who_was_up_and_is_out_for_another_reason_is_left_out(row):
    """As are failures, reboots and the platform; its last turn was over at 110 s."""
    service = Service(UPGRADE)
    (when,) = service.model.shortfalls(service.stack(f"{SOUND}205 W_IN_0 -> {row}")).values()
    assert np.isnan(when).all()


def test_who_is_gone_or_comes_new_was_not_taken():
    """One was out as it was removed; one of its number is being created as the upgrade ends."""
    gone = "205 W_IN_0 -> absent because upgrade_deployment-0"
    new = "206 W_IN_0 -> CreatingVM/2 because upgrade_deployment-0"
    service = Service(UPGRADE)
    down = BEGUN + SECOND + ENDED
    stack = service.stack(down, down + gone, f"{down}{gone}\n{new}")
    (when,) = service.model.shortfalls(stack).values()
    assert np.isnan(when).tolist() == [False, True, True]


def test_a_scale_out_of_which_some_are_still_being_created_is_left_out():
    grows = "at: 120s, change_configuration: {configuration: {W: 4}}"
    told = story(f"{AUTO}\n{grows}", "W: {instances: 2, restart: 100s, create: 40min}")
    assert told.brief("upgrade by upgrade_deployment-0")[-1] == "210 completed"
    assert unhealthy(told) == []


def test_the_platforms_updates_are_left_out():
    """They bring no build and are no rollouts: nobody is told that they are done."""
    slow = "W: {instances: 1, restart: 31min, min_healthy: 0}"
    told = story("at: 10s, guest_os_update: {}", slow)
    assert told.brief("upgrade by guest_os_update-0")[-1] == "1810 completed"
    assert told.model.shortfalls(told.stack) == {}
    assert unhealthy(story("at: 10s, guest_os_update: {}\nat: 50min, upgrade_deployment: {}")) == []
    both = "at: 10s, guest_os_update: {}\nat: {exponential: {mean: 900d}}, upgrade_deployment: {}"
    assert unhealthy(story(both, slow)) == []


# Swaps

STAGED = f'{NEVER}\n    staging: {{build: "1"}}'
IN_STAGING = "at: 10s, upgrade_deployment: {slot: staging}"
SWAP = "at: 4000s, swap: {}"


def test_a_swap_brings_instances_that_are_not_up_into_production():
    told = story(f"{IN_STAGING}\n{SWAP}", NOBODY, more=STAGED, horizon="2h")
    assert unhealthy(told) == [4000]
    assert unhealthy(story(IN_STAGING, NOBODY, more=STAGED, horizon="2h")) == [3610]


def test_a_swap_that_takes_them_out_of_production_is_not_told():
    """Back at 5000 s, it is."""
    swapped = f"{AUTO}\n{SWAP}"
    assert unhealthy(story(swapped, NOBODY, more=STAGED, horizon="2h")) == [3610]
    back = f"{swapped}\nat: 5000s, swap: {{}}"
    assert unhealthy(story(back, NOBODY, more=STAGED, horizon="2h")) == [5000]


# By a second path


def test_it_is_what_a_walk_through_the_rows_finds():
    """Two replications of each of many random services, in one stack."""
    told = 0
    for seed in range(200):
        simulation = Simulation(Scenario.from_dict(any_service.scenario(random.Random(seed))))
        logs = [simulation.run(k) for k in range(2)]
        expected = [Referee(simulation, "s", log).completed_unhealthy() for log in logs]
        for when in simulation.models["s"].shortfalls(Stack(logs)).values():
            np.testing.assert_array_equal(when, expected, str(seed))
            told += (~np.isnan(when)).sum()
    assert told > 20
