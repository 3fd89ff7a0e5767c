"""Whose turn it is: users' walks and the platform's updates, one after the other."""

from __future__ import annotations

from story import story

W3 = "W: {instances: 3, restart: 100s}"


def turns(told):
    """Who opened which domain when."""
    return [
        f"{line.split()[0]} {line.split()[3]} {line.rsplit(' ', 1)[1]}"
        for line in told.lines
        if "updating because" in line
    ]


def test_a_users_walk_and_the_platforms_take_turns_in_order_of_request():
    told = story("at: 10s, upgrade_deployment: {}\nat: 20s, guest_os_update: {}", W3, domains=3)
    assert turns(told) == [
        "10 0 upgrade_deployment-0",
        "110 0 guest_os_update-0",
        "210 1 upgrade_deployment-0",
        "310 1 guest_os_update-0",
        "410 2 upgrade_deployment-0",
        "510 2 guest_os_update-0",
    ]
    assert told.measure("max_domains_out") == 1


def test_two_updates_of_the_platform_take_turns_too():
    told = story(
        """
        at: 10s, guest_os_update: {}
        at: 20s, host_os_update: {duration: 50s}
        at: 30s, upgrade_deployment: {}
        """
    )
    assert turns(told) == [
        "10 0 guest_os_update-0",
        "110 0 host_os_update-0",
        "160 0 upgrade_deployment-0",
        "260 1 guest_os_update-0",
        "360 1 host_os_update-0",
        "410 1 upgrade_deployment-0",
    ]


def test_a_manual_walk_waits_for_the_platforms_turn_and_the_platform_for_it():
    told = story(
        """
        at: 10s, guest_os_update: {}
        at: 20s, upgrade_deployment: {mode: Manual}
        at: 30s, walk_upgrade_domain: {upgrade_domain: 0}
        """
    )
    assert turns(told) == [
        "10 0 guest_os_update-0",
        "110 0 upgrade_deployment-0",
        "210 1 guest_os_update-0",
    ]
    assert told.brief("walk_upgrade_domain-0") == ["30 InProgress", "210 Succeeded"]


def test_simultaneous_does_not_wait_and_the_platform_waits_for_it():
    told = story(
        """
        at: 10s, guest_os_update: {}
        at: 50s, upgrade_deployment: {mode: Simultaneous}
        """,
        W3,
        domains=3,
    )
    assert turns(told) == [
        "10 0 guest_os_update-0",
        "50 0 upgrade_deployment-0",
        "50 1 upgrade_deployment-0",
        "50 2 upgrade_deployment-0",
        "150 1 guest_os_update-0",
        "250 2 guest_os_update-0",
    ]


def test_a_turn_no_longer_waits_for_instances_that_another_turn_takes():
    told = story(
        """
        at: 10s, guest_os_update: {duration: 500s}
        at: 50s, upgrade_deployment: {mode: Simultaneous}
        """,
        "W: {instances: 2, restart: 100s, min_healthy: 0}",
    )
    # The guest update's own 500 s are abandoned with the instance, and its turn is over at once:
    # it waits for the Simultaneous one.
    assert told.ready("W_IN_0")[0] == 150
    assert turns(told)[-1] == "150 1 guest_os_update-0"
    assert told.brief("guest_os_update-0") == ["10 InProgress", "650 Succeeded"]


def test_a_host_update_takes_a_domain_together_each_host_with_its_own_time():
    told = story(
        "at: 10s, host_os_update: {duration: {uniform: {low: 100s, high: 900s}}}",
        "W: {instances: 4, restart: 7s}",
    )
    assert told.brief("W_IN_0")[0] == told.brief("W_IN_2")[0] == "10 StartingVM/1"
    back = [told.ready(f"W_IN_{k}")[0] for k in range(4)]
    assert len(set(back)) == 4
    assert told.brief("update domain 0")[1] == f"{max(back[0], back[2]):g} at rest"
    assert told.brief("W_IN_1")[0] == f"{max(back[0], back[2]):g} StartingVM/1"


def test_a_turn_that_is_granted_lets_one_go_first_that_comes_at_that_instant_and_waits_for_nobody():
    told = story(
        """
        at: 10s, upgrade_deployment: {build: "2"}
        at: 20s, guest_os_update: {}
        at: 50s, upgrade_deployment: {build: "1", mode: Manual}
        at: 50s, upgrade_deployment: {build: "2", mode: Simultaneous}
        """
    )
    assert turns(told)[1:4] == [
        "50 0 upgrade_deployment-2",
        "50 1 upgrade_deployment-2",
        "150 0 guest_os_update-0",
    ]
