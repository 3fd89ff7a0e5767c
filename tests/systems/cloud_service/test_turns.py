"""Turns and the gate: whose turn it is, when the next one may begin."""

from __future__ import annotations

import pytest
from story import story

UPGRADE = "at: 10s, upgrade_deployment: {}"
W3 = "W: {instances: 3, restart: 100s}"
UP = "upgrade by upgrade_deployment-0"
NEVER = 'builds: {"2": {fails_to_start: 100%}}'


def gate(*keys):
    """Lines of the system's own keys."""
    return "\n    ".join(keys)


# A walk ---------------------------------------------------------------------------------------


# The gate: Ready once, or late ----------------------------------------------------------------


@pytest.mark.parametrize(("timeout", "second"), [("90s", 100), ("100s", 110), ("5min", 110)])
def test_the_walk_goes_on_without_an_instance_that_is_late(timeout, second):
    """A return at the very end of the time-out is in time, and one a moment later is late."""
    told = story(
        UPGRADE,
        "W: {instances: 2, restart: 100s, min_healthy: 0}",
        more=f"start_timeout: {timeout}",
    )
    assert told.taken("W_IN_1") == [second]
    assert told.measure("instances_failed") == (2 if second == 100 else 0)


def test_a_late_instance_comes_back_all_the_same():
    told = story(
        UPGRADE, "W: {instances: 2, restart: 100s, min_healthy: 0}", more="start_timeout: 60s"
    )
    assert told.brief("update domain 0") == ["10 updating", "70 at rest"]
    assert told.ready("W_IN_0") == [110]
    assert told.brief(UP) == ["10 upgrading", "130 completed"]
    assert told.ready("W_IN_1") == [170]


def test_a_stuck_walk_waits_for_the_missing_without_limit():
    more = gate("start_timeout: 60s", "on_start_timeout: stuck")
    told = story(UPGRADE, "W: {instances: 2, restart: 100s, min_healthy: 0}", more=more)
    assert told.brief(UP) == [
        "10 upgrading",
        "70 stuck",
        "110 upgrading",
        "170 stuck",
        "210 upgrading",
        "210 completed",
    ]


def test_a_walk_that_nobody_helps_stays_stuck():
    more = gate("on_start_timeout: stuck", NEVER)
    told = story(UPGRADE, "W: {instances: 2, restart: 100s, min_healthy: 0}", more=more)
    assert told.brief(UP) == ["10 upgrading", "1810 stuck"]
    assert told.taken("W_IN_1") == []
    assert (told.measure("finished"), told.rollouts_ended) == (0.0, False)
    assert told.brief("upgrade_deployment-0") == ["10 InProgress"]


def test_who_was_ready_once_counts_even_if_it_is_out_again():
    told = story(
        f"{UPGRADE}\nat: 20s, reboot_instance: {{instance: B_IN_0}}",
        "A: {instances: 2, restart: 100s}, B: {instances: 2, restart: 6s, min_healthy: 0}",
    )
    assert told.ready("B_IN_0")[:2] == [16, 26]
    later = story(
        f"{UPGRADE}\nat: 105s, reboot_instance: {{instance: B_IN_0}}",
        "A: {instances: 2, restart: 100s}, B: {instances: 2, restart: 20s, min_healthy: 0}",
    )
    assert later.ready("B_IN_0") == [30, 125]
    assert later.taken("A_IN_1") == [110]


def test_a_removed_instance_is_not_waited_for():
    roles = "A: {instances: 4, restart: 500s, min_healthy: 0}, B: {instances: 2, restart: 30s}"
    told = story(f"{UPGRADE}\nat: 50s, change_configuration: {{configuration: {{A: 1}}}}", roles)
    assert told.brief("A_IN_2") == ["10 BusyRole/2", "50 absent"]
    assert told.brief("update domain 0") == ["10 updating", "510 at rest"]  # A_IN_0 is awaited
    assert told.brief("update domain 1") == ["510 updating", "540 at rest"]
    assert told.measure("instances_failed") == 0


def test_the_removal_of_the_last_one_awaited_opens_the_gate():
    told = story(
        """
        at: 10s, upgrade_deployment: {}
        at: 150s, change_configuration: {configuration: {W: 1}}
        """,
        "A: {instances: 2, restart: 10s}, W: {instances: 2, restart: 100s}",
    )
    assert told.brief("update domain 1") == ["110 updating", "150 at rest"]
    assert told.brief(UP)[-1] == "150 completed"


def test_all_returns_of_an_instant_come_before_the_gate_looks():
    told = story(UPGRADE, "A: {instances: 2, restart: 50s}, W: {instances: 2, restart: 50s}")
    at = [line for line in told.lines if line.startswith("60 ")]
    assert [line.split(" because")[0] for line in at[:3]] == [
        "60 A_IN_0 BusyRole/2 -> ReadyRole/2",
        "60 W_IN_0 BusyRole/2 -> ReadyRole/2",
        "60 update domain 0 updating -> at rest",
    ]


# The gate: health -----------------------------------------------------------------------------

SICK = 'builds: {"2": {unhealthy_later: {probability: 100%, after: 60s}}}'


def test_the_gate_wants_min_healthy_of_the_upgraded_ready_now():
    """Source: "How to update a cloud service": a minimum of upgraded instances of each role."""
    told = story(
        f"{UPGRADE}\nat: 500s, reboot_instance: {{instance: B_IN_0}}",
        "A: {instances: 2, restart: 100s, min_healthy: 0}, B: {instances: 2, restart: 10s}",
        more=gate("start_timeout: 5min", SICK),
    )
    # B_IN_0 was Ready at 20, but is unresponsive when A_IN_0 comes at 110. At 310 that is stuck.
    assert told.brief("B_IN_0") == [
        "10 BusyRole/2",
        "20 ReadyRole/2",
        "80 UnresponsiveRole/2",
        "500 BusyRole/2",
        "510 ReadyRole/2",
        "570 UnresponsiveRole/2",
    ]
    assert told.brief(UP)[:3] == ["10 upgrading", "310 stuck", "510 upgrading"]
    assert told.taken("A_IN_1") == [510]


def test_only_upgraded_instances_count_for_health():
    """B_IN_1 is Ready on the former build all the time: that opens nothing."""
    told = story(
        UPGRADE,
        "A: {instances: 2, restart: 100s, min_healthy: 0}, B: {instances: 2, restart: 10s}",
        more=SICK,
    )
    assert told.brief(UP) == ["10 upgrading", "1810 stuck"]


def test_health_is_asked_of_each_role():
    roles = "A: {{instances: 2, restart: 90s, min_healthy: {}}}, B: {{instances: 2, restart: 100s}}"
    ops = f"{UPGRADE}\nat: 95s, reboot_instance: {{instance: A_IN_0}}"
    assert story(ops, roles.format(1)).taken("B_IN_1") == [185]
    assert story(ops, roles.format(0)).taken("B_IN_1") == [185]  # A_IN_0 itself is awaited
    ops = f"{UPGRADE}\nat: 105s, reboot_instance: {{instance: A_IN_0}}"
    assert story(ops, roles.format(1)).taken("B_IN_1") == [195]
    assert story(ops, roles.format(0)).taken("B_IN_1") == [110]


@pytest.mark.parametrize(
    ("min_healthy", "gate_opens"), [("2", 110), ("3", 110), ("100%", 110), ("1", 110)]
)
def test_no_more_is_asked_than_were_upgraded_so_far(min_healthy, gate_opens):
    roles = f"W: {{instances: 4, restart: 100s, min_healthy: {min_healthy}}}"
    assert story(UPGRADE, roles, domains=4).taken("W_IN_1") == [gate_opens]


@pytest.mark.parametrize(
    ("min_healthy", "third"), [("1", 210), ("2", 310), ("50%", 310), ("25%", 210)]
)
def test_a_share_of_the_role_must_be_healthy_rounded_up(min_healthy, third):
    """W_IN_0 is out again from 150 to 310 (a host's doing): of two upgraded one is Ready at 210."""
    told = story(
        """
        at: 10s, upgrade_deployment: {}
        at: 150s, reboot_instance: {instance: W_IN_0}
        at: 200s, reboot_instance: {instance: W_IN_0}
        at: 210s, reboot_instance: {instance: W_IN_0}
        """,
        f"W: {{instances: 4, restart: 100s, min_healthy: {min_healthy}}}",
        domains=4,
    )
    assert told.ready("W_IN_0") == [110, 310]
    assert told.taken("W_IN_2") == [third]


def test_a_removed_instance_no_longer_counts_among_the_upgraded():
    """Of two upgraded two must be Ready; the one that is not goes, and one is enough."""
    told = story(
        """
        at: 10s, upgrade_deployment: {}
        at: 115s, reboot_instance: {instance: W_IN_2}
        at: 200s, change_configuration: {configuration: {W: 2}}
        """,
        "A: {instances: 2, restart: 110s}, W: {instances: 4, restart: 100s, min_healthy: 2}",
    )
    assert told.taken("A_IN_1") == [200]


def test_a_request_at_the_instant_of_the_gate_finds_it_open():
    """At 110 W_IN_0 is back: domain 1 goes before the reboot that would have kept it."""
    told = story(f"{UPGRADE}\nat: 110s, reboot_instance: {{instance: W_IN_0}}")
    assert told.taken("W_IN_1") == [110]
    assert told.ready("W_IN_0") == [110, 210]
    before = story(f"{UPGRADE}\nat: 109s, reboot_instance: {{instance: W_IN_0}}")
    assert before.taken("W_IN_1") == [209]


@pytest.mark.parametrize(
    ("roles", "walks"),
    [
        ("W: {instances: 2, restart: 100s}", (20, 120)),
        ("W: {instances: 2, stages: {stop: 30s, start: 60s, on_start: 10s}}", (20, 120)),
        # A slow one is late at 20 + 60 s, which opens the gate as nobody of W need be healthy.
        ("W: {instances: 2, restart: 100s, min_healthy: 0}", (20, 80)),
    ],
)
def test_a_walk_asked_for_when_the_last_one_ends_is_accepted(roles, walks):
    first, second = walks
    told = story(
        f"""
        at: 10s, upgrade_deployment: {{mode: Manual}}
        at: {first}s, walk_upgrade_domain: {{upgrade_domain: 0}}
        at: {second}s, walk_upgrade_domain: {{upgrade_domain: 1}}
        """,
        roles,
        more="start_timeout: 60s" if "min_healthy" in roles else "",
    )
    assert told.brief("walk_upgrade_domain-0") == [f"{first} InProgress", f"{second} Succeeded"]
    end = 2 * second - first
    assert told.brief("walk_upgrade_domain-1") == [f"{second} InProgress", f"{end} Succeeded"]
    assert told.brief(UP)[-1] == f"{end} completed"


def test_a_walk_asked_for_an_instant_before_the_last_one_ends_is_refused():
    told = story(
        """
        at: 10s, upgrade_deployment: {mode: Manual}
        at: 20s, walk_upgrade_domain: {upgrade_domain: 0}
        at: 119.999s, walk_upgrade_domain: {upgrade_domain: 1}
        """
    )
    assert told.brief("walk_upgrade_domain-1") == ["119.999 Refused/still walking"]


def test_several_requests_of_one_instant_find_what_the_first_one_found():
    """The walk of domain 1 is what keeps the next one waiting, not that of domain 0."""
    told = story(
        """
        at: 10s, upgrade_deployment: {mode: Manual}
        at: 20s, walk_upgrade_domain: {upgrade_domain: 0}
        at: 120s, walk_upgrade_domain: {upgrade_domain: 1}
        at: 120s, walk_upgrade_domain: {upgrade_domain: 2}
        """,
        "W: {instances: 3, restart: 100s}",
        domains=3,
    )
    assert told.brief("walk_upgrade_domain-1")[0] == "120 InProgress"
    assert told.brief("walk_upgrade_domain-2") == ["120 Refused/still walking"]


def test_an_upgrade_asked_for_when_the_last_one_ends_overtakes_nothing():
    told = story(f"{UPGRADE}\nat: 210s, upgrade_deployment: {{}}")
    assert told.brief(UP) == ["10 upgrading", "210 completed"]


def test_a_request_when_instances_are_back_that_are_not_enough_opens_no_gate():
    """W_IN_0 is back at 110, the slower X_IN_0 is not."""
    roles = "W: {instances: 2, restart: 100s}, X: {instances: 2, restart: 300s}"
    told = story(f"{UPGRADE}\nat: 110s, reboot_instance: {{instance: W_IN_0}}", roles)
    assert told.taken("X_IN_1") == [310]


def test_who_is_late_and_sick_holds_the_walk_until_enough_are_ready():
    told = story(
        UPGRADE,
        "W: {instances: 4, restart: {uniform: {low: 100s, high: 200s}}}",
        more="start_timeout: 60s",
    )
    first = min(told.ready("W_IN_0")[0], told.ready("W_IN_2")[0])
    assert told.brief(UP)[:3] == ["10 upgrading", "70 stuck", f"{first:g} upgrading"]
    assert told.taken("W_IN_1") == [pytest.approx(first, abs=1e-3)]


def test_health_is_asked_of_the_platforms_turns_as_well():
    more = gate("start_timeout: 60s", 'build: "2"', 'builds: {"2": {fails_to_start: 100%}}')
    told = story("at: 10s, guest_os_update: {}", more=more)
    assert told.brief("upgrade by guest_os_update-0") == ["10 upgrading", "70 stuck"]
    assert told.about("W_IN_1") == []


# The line ---------------------------------------------------------------------------------------


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
