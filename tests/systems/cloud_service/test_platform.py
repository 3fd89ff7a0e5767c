"""What the platform does by itself: guest and host OS updates."""

from __future__ import annotations

import math

import pytest
from story import story

W2 = "W: {instances: 2, restart: 100s}"


def test_a_guest_os_update_restarts_everyone_domain_by_domain_on_the_same_build():
    assert story("at: 10s, guest_os_update: {}").lines == [
        "10 guest_os_update-0 absent -> InProgress because platform",
        "10 upgrade by guest_os_update-0 absent -> upgrading because guest_os_update-0",
        "10 update domain 0 at rest -> updating because upgrade by guest_os_update-0",
        "10 W_IN_0 ReadyRole/1 -> BusyRole/1 because update domain 0",
        "110 W_IN_0 BusyRole/1 -> ReadyRole/1 because update domain 0",
        "110 update domain 0 updating -> at rest because upgrade by guest_os_update-0",
        "110 update domain 1 at rest -> updating because upgrade by guest_os_update-0",
        "110 W_IN_1 ReadyRole/1 -> BusyRole/1 because update domain 1",
        "210 W_IN_1 BusyRole/1 -> ReadyRole/1 because update domain 1",
        "210 update domain 1 updating -> at rest because upgrade by guest_os_update-0",
        "210 upgrade by guest_os_update-0 upgrading -> completed because update domain 1",
        "210 guest_os_update-0 InProgress -> Succeeded because update domain 1",
    ]


def test_a_guest_os_update_may_have_a_time_of_its_own():
    roles = "W: {instances: 2, stages: {stop: 1h}}"
    told = story("at: 10s, guest_os_update: {duration: 30s}", roles)
    assert told.brief("W_IN_0") == ["10 BusyRole/1", "40 ReadyRole/1"]
    assert story("at: 10s, guest_os_update: {}", roles).brief("W_IN_0")[0] == "10 StoppingRole/1"


def test_a_host_os_update_takes_15_to_20_minutes_by_default():
    """Source: "Role instance restarts FAQ"."""
    told = story("at: 10s, host_os_update: {}", "W: {instances: 8, restart: 100s}", domains=1)
    times = [told.ready(f"W_IN_{k}")[0] - 10 for k in range(8)]
    assert all(900 <= each <= 1200 for each in times)
    assert len(set(times)) == 8


def test_the_platforms_updates_are_upgrades_but_no_rollouts():
    told = story("at: 10s, guest_os_update: {}\nat: 20s, host_os_update: {duration: 100s}")
    values, kept = told.model.measure(told.stack, 0.0)
    assert ("", "finished") not in values
    assert kept.all()
    beside = story("at: 10s, guest_os_update: {}\nat: 1000s, upgrade_deployment: {}")
    assert beside.measure("rollout_duration") == 200
    assert beside.status(50)["Locked"] is False


def test_the_platforms_updates_have_a_duration_of_their_own():
    """From the first one's begin to the last one's end; it is no metric where there is none."""
    one = story("at: 10s, guest_os_update: {}")
    assert one.measure("platform_update_duration") == 200
    two = story("at: 10s, guest_os_update: {}\nat: 500s, host_os_update: {duration: 100s}")
    assert two.measure("platform_update_duration") == 690
    beside = story("at: 10s, upgrade_deployment: {}\nat: 50s, guest_os_update: {}")
    assert beside.measure("platform_update_duration") == 360
    with pytest.raises(KeyError):
        story("at: 10s, upgrade_deployment: {}").measure("platform_update_duration")


@pytest.mark.parametrize(
    "operations",
    [
        "at: 3500s, guest_os_update: {}",
        "at: 10s, guest_os_update: {}\nat: 3500s, host_os_update: {duration: 100s}",
        "at: 10s, guest_os_update: {}\nat: {exponential: {mean: 9d}}, guest_os_update: {}",
    ],
)
def test_the_duration_of_platform_updates_is_missing_while_one_has_not_ended(operations):
    assert math.isnan(story(operations).measure("platform_update_duration"))


def test_an_update_of_the_platform_leaves_each_role_its_build():
    told = story(
        """
        at: 10s, upgrade_deployment: {role_to_upgrade: B}
        at: 600s, guest_os_update: {}
        """,
        "A: {instances: 1, restart: 100s}, B: {instances: 1, restart: 100s}",
    )
    assert told.brief("A_IN_0")[-1] == "700 ReadyRole/1"
    assert told.brief("B_IN_0")[-1] == "700 ReadyRole/2"


def test_an_update_of_the_platform_goes_on_with_its_instances_after_a_swap():
    told = story(
        "at: 10s, guest_os_update: {}\nat: 50s, swap: {}",
        more='staging: {build: "2"}',
    )
    assert told.brief("W_IN_1") == [
        "50 ReadyRole (staging)/1",
        "110 BusyRole (staging)/1",
        "210 ReadyRole (staging)/1",
    ]
    assert told.brief("W_IN_1 (began in staging)") == ["50 ReadyRole/2"]
    assert told.brief("guest_os_update-0")[-1] == "210 Succeeded"
