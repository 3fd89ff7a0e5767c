"""Walks: domain after domain, all at once, within windows."""

from __future__ import annotations

import pytest
from story import Story, story

UPGRADE = "at: 10s, upgrade_deployment: {}"
W3 = "W: {instances: 3, restart: 100s}"
UP = "upgrade by upgrade_deployment-0"


# Auto and Simultaneous --------------------------------------------------------------------------


def test_an_auto_walk_takes_domain_after_domain():
    assert story(UPGRADE).lines == [
        "10 upgrade_deployment-0 absent -> InProgress because the scenario",
        "10 upgrade by upgrade_deployment-0 absent -> upgrading because upgrade_deployment-0",
        "10 update domain 0 at rest -> updating because upgrade by upgrade_deployment-0",
        "10 W_IN_0 ReadyRole/1 -> BusyRole/2 because update domain 0",
        "110 W_IN_0 BusyRole/2 -> ReadyRole/2 because update domain 0",
        "110 update domain 0 updating -> at rest because upgrade by upgrade_deployment-0",
        "110 update domain 1 at rest -> updating because upgrade by upgrade_deployment-0",
        "110 W_IN_1 ReadyRole/1 -> BusyRole/2 because update domain 1",
        "210 W_IN_1 BusyRole/2 -> ReadyRole/2 because update domain 1",
        "210 update domain 1 updating -> at rest because upgrade by upgrade_deployment-0",
        "210 upgrade by upgrade_deployment-0 upgrading -> completed because update domain 1",
        "210 upgrade_deployment-0 InProgress -> Succeeded because update domain 1",
    ]


def test_simultaneous_is_one_turn_of_all_domains():
    told = story("at: 10s, upgrade_deployment: {mode: Simultaneous}", W3, domains=3)
    assert told.lines == [
        "10 upgrade_deployment-0 absent -> InProgress because the scenario",
        "10 upgrade by upgrade_deployment-0 absent -> upgrading because upgrade_deployment-0",
        "10 update domain 0 at rest -> updating because upgrade by upgrade_deployment-0",
        "10 W_IN_0 ReadyRole/1 -> BusyRole/2 because update domain 0",
        "10 update domain 1 at rest -> updating because upgrade by upgrade_deployment-0",
        "10 W_IN_1 ReadyRole/1 -> BusyRole/2 because update domain 1",
        "10 update domain 2 at rest -> updating because upgrade by upgrade_deployment-0",
        "10 W_IN_2 ReadyRole/1 -> BusyRole/2 because update domain 2",
        "110 W_IN_0 BusyRole/2 -> ReadyRole/2 because update domain 0",
        "110 W_IN_1 BusyRole/2 -> ReadyRole/2 because update domain 1",
        "110 W_IN_2 BusyRole/2 -> ReadyRole/2 because update domain 2",
        "110 update domain 0 updating -> at rest because upgrade by upgrade_deployment-0",
        "110 update domain 1 updating -> at rest because upgrade by upgrade_deployment-0",
        "110 update domain 2 updating -> at rest because upgrade by upgrade_deployment-0",
        "110 upgrade by upgrade_deployment-0 upgrading -> completed because upgrade by "
        "upgrade_deployment-0",
        "110 upgrade_deployment-0 InProgress -> Succeeded because upgrade by upgrade_deployment-0",
    ]


def test_a_domain_goes_with_the_instances_of_all_roles_and_waits_for_the_last():
    told = story(UPGRADE, "A: {instances: 2, restart: 30s}, B: {instances: 2, restart: 100s}")
    assert told.taken("A_IN_0") == told.taken("B_IN_0") == [10]
    assert told.taken("A_IN_1") == told.taken("B_IN_1") == [110]


def test_a_single_role_upgrade_touches_that_role_only():
    told = story(
        "at: 10s, upgrade_deployment: {role_to_upgrade: B}",
        "A: {instances: 2, restart: 30s}, B: {instances: 2, restart: 100s}",
    )
    assert told.about("A_IN_0", "A_IN_1") == []
    assert told.taken("B_IN_1") == [110]
    assert told.measure("updated_share") == 1.0


def test_empty_domains_are_skipped_in_no_time():
    told = story(
        "at: 10s, upgrade_deployment: {role_to_upgrade: B}",
        "A: {instances: 5, restart: 30s}, B: {instances: 2, restart: 100s}",
        domains=5,
    )
    assert told.about("update domain 2", "update domain 3", "update domain 4") == []
    assert told.brief(UP)[-1] == "210 completed"


def test_domains_left_empty_by_a_scale_in_are_skipped():
    told = story(
        f"{UPGRADE}\nat: 50s, change_configuration: {{configuration: {{W: 1}}}}", W3, domains=3
    )
    assert told.brief(UP)[-1] == "110 completed"
    assert told.about("update domain 1") == []


def test_a_turn_takes_whoever_is_there_in_whatever_state():
    told = story(
        """
        at: 10s, reboot_instance: {instance: W_IN_0}
        at: 10s, host_os_update: {duration: 1000s}
        at: 50s, upgrade_deployment: {mode: Simultaneous}
        at: 60s, change_configuration: {configuration: {W: 4}}
        at: 70s, upgrade_deployment: {mode: Simultaneous}
        """,
        W3,
        domains=4,
    )
    # Already at build 2, in StartingVM, in CreatingVM: all of them go.
    assert all("70 BusyRole/2" in told.brief(f"W_IN_{k}") for k in range(4))


def test_an_instance_that_is_unhealthy_is_healed_by_its_turn():
    told = story(
        "at: 10s, upgrade_deployment: {}\nat: 600s, upgrade_deployment: {}",
        "W: {instances: 1, restart: 100s}",
        more='builds: {"2": {unhealthy_later: {probability: 100%, after: 60s}}}',
    )
    assert told.brief("W_IN_0")[2:5] == [
        "170 UnresponsiveRole/2",
        "600 BusyRole/2",
        "700 ReadyRole/2",
    ]


# Windows ----------------------------------------------------------------------------------------


def windows(*spans):
    inner = ", ".join(f'{{from: "{a}", to: "{b}"}}' for a, b in spans)
    return f"windows: [{inner}]"


def test_no_new_domain_begins_outside_a_window_and_one_under_way_goes_on():
    told = story(
        f"at: 10s, upgrade_deployment: {{{windows(('00:00', '00:01'), ('00:30', '00:31'))}}}",
        "W: {instances: 3, restart: 100s}",
        domains=3,
    )
    # Domain 0 begins at 10 and is out beyond the window; domain 1 at 00:30; domain 2 tomorrow.
    assert told.brief("update domain 0") == ["10 updating", "110 at rest"]
    assert told.brief("update domain 1") == ["1800 updating", "1900 at rest"]
    assert told.brief("update domain 2") == []
    assert told.brief(UP) == ["10 upgrading"]


@pytest.mark.parametrize(
    ("at", "begins"), [("9min", 600), ("10min", 600), ("1199s", 1199), ("20min", 87000)]
)
def test_a_window_holds_from_its_first_instant_to_before_its_last(at, begins):
    told = story(f"at: {at}, upgrade_deployment: {{{windows(('00:10', '00:20'))}}}", horizon="2d")
    assert told.taken("W_IN_0") == [begins]


def test_a_window_may_go_over_midnight():
    told = story(f"at: 10min, upgrade_deployment: {{{windows(('22:00', '00:30'))}}}", horizon="2d")
    assert told.taken("W_IN_0") == [600]
    told = story(f"at: 31min, upgrade_deployment: {{{windows(('22:00', '00:30'))}}}", horizon="2d")
    assert told.taken("W_IN_0") == [22 * 3600]


def test_days_name_the_day_on_which_a_window_opens():
    told = Story(
        """
start: 2026-11-20T14:00:00
horizon: 4d
systems: {s: {kind: cloud_service, update_domains: 2, roles: {W: {instances: 2, restart: 4h}}}}
operations:
  - at: 1min
    upgrade_deployment:
      windows: [{days: [sat], from: "22:00", to: "03:00"}]
"""
    )
    # Friday 14:00 + 32 h is Saturday 22:00; at 02:00 on Sunday its window is still open.
    assert told.taken("W_IN_0") == [32 * 3600]
    assert told.taken("W_IN_1") == [36 * 3600]


@pytest.mark.parametrize(
    "kind",
    [
        "guest_os_update: {",
        "host_os_update: {duration: 100s, ",
        "change_configuration: {restarts: true, ",
        "upgrade_deployment: {mode: Simultaneous, ",
    ],
)
def test_every_upgrade_may_have_windows(kind):
    told = story(f"at: 10s, {kind}{windows(('00:30', '00:40'))}}}")
    assert told.brief("update domain 0")[0] == "1800 updating"


def test_a_manual_walk_waits_for_the_window():
    told = story(
        f"""
        at: 10s, upgrade_deployment: {{mode: Manual, {windows(("00:30", "00:40"))}}}
        at: 20s, walk_upgrade_domain: {{upgrade_domain: 0}}
        """
    )
    assert told.brief("walk_upgrade_domain-0") == ["20 InProgress", "1900 Succeeded"]


def test_who_waits_for_a_window_holds_nobody_up():
    told = story(
        f"""
        at: 10s, upgrade_deployment: {{{windows(("00:30", "00:40"))}}}
        at: 20s, guest_os_update: {{}}
        """
    )
    assert told.brief("upgrade by guest_os_update-0") == ["20 upgrading", "220 completed"]
    assert told.brief(UP) == ["10 upgrading", "2000 completed"]


def test_who_asked_first_goes_first_when_the_window_of_both_opens():
    """The platform's request comes at the very instant at which the window opens."""
    night = windows(("00:30", "00:40"))
    told = story(
        f"""
        at: 30min, host_os_update: {{duration: 100s, {night}}}
        at: 10s, upgrade_deployment: {{{night}}}
        """
    )
    assert told.brief("update domain 0") == [
        "1800 updating",
        "1900 at rest",
        "1900 updating",
        "2000 at rest",
    ]
    assert told.brief("W_IN_0")[0] == "1800 BusyRole/2"


def test_who_waits_for_a_window_keeps_the_place_in_line():
    told = story(
        f"""
        at: 10s, upgrade_deployment: {{{windows(("00:30", "00:40"))}}}
        at: 500s, guest_os_update: {{duration: 1000s}}
        at: 1000s, host_os_update: {{duration: 500s}}
        """
    )
    opened = [line.split() for line in told.lines if "updating because" in line]
    # The host update ends at 2000; the guest update has been in line again since 1500.
    assert [(line[0], line[-1]) for line in opened[:4]] == [
        ("500", "guest_os_update-0"),
        ("1500", "host_os_update-0"),
        ("2000", "upgrade_deployment-0"),
        ("2100", "guest_os_update-0"),
    ]


def test_a_walk_that_is_overtaken_while_it_waits_for_its_window_fails_then():
    told = story(
        f"""
        at: 10s, upgrade_deployment: {{build: "2", mode: Manual, {windows(("00:30", "00:40"))}}}
        at: 20s, walk_upgrade_domain: {{upgrade_domain: 0}}
        at: 60s, upgrade_deployment: {{build: "3"}}
        """,
        more='builds: {"2": {}, "3": {}}',
    )
    assert told.brief("walk_upgrade_domain-0") == ["20 InProgress", "60 Failed/overtaken"]
    assert told.brief("upgrade by upgrade_deployment-1") == ["60 upgrading", "260 completed"]


def test_a_takeover_waits_for_its_window_and_for_no_turn():
    told = story(
        f"""
        at: 10s, upgrade_deployment: {{build: "2"}}
        at: 50s, upgrade_deployment: {{build: "3", {windows(("00:30", "00:40"))}}}
        at: 29min, guest_os_update: {{duration: 200s}}
        """,
        more='builds: {"2": {}, "3": {}}',
    )
    assert told.taken("W_IN_0") == [10, 1740, 1800]
    assert told.taken("W_IN_1") == [1900, 2000]


def test_a_turn_that_is_granted_after_the_window_has_closed_waits_for_the_next():
    told = story(
        f"""
        at: 10s, guest_os_update: {{duration: 200s}}
        at: 20s, upgrade_deployment: {{{windows(("00:00", "00:01"), ("00:30", "00:40"))}}}
        """
    )
    # The line brings it to the front at 210, when its window is over; the platform goes on.
    assert told.taken("W_IN_0") == [10, 1800]
    assert told.brief("upgrade by guest_os_update-0")[-1] == "410 completed"


def test_a_takeover_waits_for_its_own_window():
    told = story(
        f"""
        at: 10s, upgrade_deployment: {{build: "2"}}
        at: 50s, upgrade_deployment: {{build: "3", {windows(("00:30", "00:40"))}}}
        """,
        more='builds: {"2": {}, "3": {}}',
    )
    assert told.brief(UP) == ["10 upgrading", "50 superseded"]
    assert told.taken("W_IN_0") == [10, 1800]
    assert told.about("W_IN_1")[0].startswith("1900 ")
