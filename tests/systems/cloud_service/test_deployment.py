"""Upgrades: Manual walks, takeovers, scaling while one rolls."""

from __future__ import annotations

from story import builds, story

UP = "upgrade by upgrade_deployment-0"
SECOND = "upgrade by upgrade_deployment-1"
AB = "A: {instances: 2, restart: 100s}, B: {instances: 2, restart: 100s}"
BUILDS = 'builds: {"2": {}, "3": {}}'
NEVER = 'builds: {"2": {fails_to_start: 100%}, "3": {}}'
W3 = "W: {instances: 3, restart: 100s}"


# Manual ---------------------------------------------------------------------------------------


def test_a_manual_upgrade_succeeds_when_accepted_and_each_walk_when_its_domain_is_done():
    told = story(
        """
        at: 10s, upgrade_deployment: {mode: Manual}
        at: 100s, walk_upgrade_domain: {upgrade_domain: 0}
        at: 300s, walk_upgrade_domain: {upgrade_domain: 1}
        """
    )
    assert told.lines == [
        "10 upgrade_deployment-0 absent -> InProgress because the scenario",
        "10 upgrade by upgrade_deployment-0 absent -> upgrading because upgrade_deployment-0",
        "10 upgrade_deployment-0 InProgress -> Succeeded because upgrade_deployment-0",
        "100 walk_upgrade_domain-0 absent -> InProgress because the scenario",
        "100 update domain 0 at rest -> updating because upgrade by upgrade_deployment-0",
        "100 W_IN_0 ReadyRole/1 -> BusyRole/2 because update domain 0",
        "200 W_IN_0 BusyRole/2 -> ReadyRole/2 because update domain 0",
        "200 update domain 0 updating -> at rest because upgrade by upgrade_deployment-0",
        "200 walk_upgrade_domain-0 InProgress -> Succeeded because upgrade by upgrade_deployment-0",
        "300 walk_upgrade_domain-1 absent -> InProgress because the scenario",
        "300 update domain 1 at rest -> updating because upgrade by upgrade_deployment-0",
        "300 W_IN_1 ReadyRole/1 -> BusyRole/2 because update domain 1",
        "400 W_IN_1 BusyRole/2 -> ReadyRole/2 because update domain 1",
        "400 update domain 1 updating -> at rest because upgrade by upgrade_deployment-0",
        "400 walk_upgrade_domain-1 InProgress -> Succeeded because upgrade by upgrade_deployment-0",
        "400 upgrade by upgrade_deployment-0 upgrading -> completed because update domain 1",
    ]


def test_a_manual_upgrade_without_walks_waits():
    told = story("at: 10s, upgrade_deployment: {mode: Manual}")
    assert told.brief(UP) == ["10 upgrading"]
    assert (told.measure("finished"), told.measure("updated_share"), told.rollouts_ended) == (
        0,
        0,
        False,
    )


def test_a_manual_upgrade_needs_no_walk_of_domains_without_anyone():
    """Role B has instances in the domains 0 and 1 of five."""
    told = story(
        """
        at: 10s, upgrade_deployment: {mode: Manual, role_to_upgrade: B}
        at: 100s, walk_upgrade_domain: {upgrade_domain: 0}
        at: 300s, walk_upgrade_domain: {upgrade_domain: 1}
        at: 500s, walk_upgrade_domain: {upgrade_domain: 2}
        """,
        "A: {instances: 5, restart: 100s}, B: {instances: 2, restart: 100s}",
        domains=5,
    )
    assert told.brief(UP)[-1] == "400 completed"
    assert told.brief("walk_upgrade_domain-2") == ["500 Refused/no update"]


def test_a_walk_may_leave_out_domains_without_anyone():
    """A takeover of role A left B's second domain behind: its rollback has nobody in domain 0."""
    told = story(
        """
        at: 10s, upgrade_deployment: {build: "2"}
        at: 120s, upgrade_deployment: {build: "1", mode: Manual}
        at: 300s, walk_upgrade_domain: {upgrade_domain: 0}
        at: 450s, rollback: {mode: Manual}
        at: 500s, walk_upgrade_domain: {upgrade_domain: 1}
        """,
        more=BUILDS,
    )
    # Domain 0 is back on build 1 already, domain 1 went to build 2 before the takeover.
    assert told.brief("walk_upgrade_domain-1") == ["500 InProgress", "600 Succeeded"]
    assert told.brief(SECOND)[-1] == "600 rolled_back"
    assert builds(told) == ["1", "1"]


def test_a_manual_upgrade_ends_when_nobody_is_left_to_walk():
    told = story(
        """
        at: 10s, upgrade_deployment: {mode: Manual}
        at: 100s, walk_upgrade_domain: {upgrade_domain: 0}
        at: 300s, change_configuration: {configuration: {W: 1}}
        """
    )
    assert told.brief(UP) == ["10 upgrading", "300 completed"]
    assert told.rollouts_ended


def test_domains_that_a_scale_out_adds_are_walked_too():
    told = story(
        """
        at: 10s, upgrade_deployment: {mode: Manual}
        at: 20s, change_configuration: {configuration: {W: 3}}
        at: 100s, walk_upgrade_domain: {upgrade_domain: 0}
        at: 300s, walk_upgrade_domain: {upgrade_domain: 1}
        at: 500s, walk_upgrade_domain: {upgrade_domain: 2}
        """,
        domains=5,
    )
    assert told.brief(UP)[-1] == "600 completed"
    assert told.taken("W_IN_2") == [500]


# Takeovers ------------------------------------------------------------------------------------


def test_a_takeover_goes_at_once_from_domain_0_and_ends_the_former():
    """Source: "How to update a cloud service": domain 0 is upgraded immediately."""
    told = story(
        """
        at: 10s, upgrade_deployment: {build: "2"}
        at: 150s, upgrade_deployment: {build: "3"}
        """,
        more=BUILDS,
    )
    assert told.lines[6:] == [
        "110 update domain 1 at rest -> updating because upgrade by upgrade_deployment-0",
        "110 W_IN_1 ReadyRole/1 -> BusyRole/2 because update domain 1",
        "150 upgrade_deployment-1 absent -> InProgress because the scenario",
        "150 upgrade by upgrade_deployment-0 upgrading -> superseded because upgrade_deployment-1",
        "150 upgrade_deployment-0 InProgress -> Failed/overtaken because upgrade_deployment-1",
        "150 upgrade by upgrade_deployment-1 absent -> upgrading because upgrade_deployment-1",
        "150 update domain 0 at rest -> updating because upgrade by upgrade_deployment-1",
        "150 W_IN_0 ReadyRole/2 -> BusyRole/3 because update domain 0",
        "210 W_IN_1 BusyRole/2 -> ReadyRole/2 because update domain 1",
        "210 update domain 1 updating -> at rest because upgrade by upgrade_deployment-0",
        "250 W_IN_0 BusyRole/3 -> ReadyRole/3 because update domain 0",
        "250 update domain 0 updating -> at rest because upgrade by upgrade_deployment-1",
        "250 update domain 1 at rest -> updating because upgrade by upgrade_deployment-1",
        "250 W_IN_1 ReadyRole/2 -> BusyRole/3 because update domain 1",
        "350 W_IN_1 BusyRole/3 -> ReadyRole/3 because update domain 1",
        "350 update domain 1 updating -> at rest because upgrade by upgrade_deployment-1",
        "350 upgrade by upgrade_deployment-1 upgrading -> completed because update domain 1",
        "350 upgrade_deployment-1 InProgress -> Succeeded because update domain 1",
    ]
    assert told.measure("max_domains_out") == 2
    assert told.operation("upgrade_deployment-0")["http_status"] == 409


def test_a_takeover_gets_a_stuck_upgrade_going():
    """Source: "How to update a cloud service": a fresh update over it unsticks a deployment."""
    told = story(
        """
        at: 10s, upgrade_deployment: {build: "2"}
        at: 3000s, upgrade_deployment: {build: "3"}
        """,
        W3,
        domains=3,
        more=f"on_start_timeout: stuck\n    {NEVER}",
    )
    assert told.brief(UP) == ["10 upgrading", "1810 stuck", "3000 superseded"]
    assert told.brief(SECOND) == ["3000 upgrading", "3300 completed"]
    assert (told.measure("finished"), told.measure("rollout_duration")) == (1, 3290)
    assert told.measure("instances_failed") == 1


def test_a_takeover_does_not_wait_for_a_domain_that_is_stuck_behind_it():
    told = story(
        """
        at: 10s, upgrade_deployment: {build: "3"}
        at: 150s, upgrade_deployment: {build: "2", role_to_upgrade: A}
        at: 3000s, upgrade_deployment: {build: "3", role_to_upgrade: B}
        """,
        AB,
        more=f"on_start_timeout: stuck\n    {NEVER}",
    )
    assert told.brief("upgrade by upgrade_deployment-2") == ["3000 upgrading", "3200 completed"]
    assert told.brief("A_IN_0")[-1] == "250 CyclingRole/2"
    assert told.rollouts_ended


def test_a_takeover_does_not_wait_for_the_platform_and_the_platform_waits_for_it():
    told = story(
        """
        at: 10s, upgrade_deployment: {build: "2"}
        at: 50s, guest_os_update: {}
        at: 60s, upgrade_deployment: {build: "3"}
        """,
        more=BUILDS,
    )
    opened = [line.split()[0] for line in told.lines if "updating because" in line]
    assert opened == ["10", "60", "160", "260", "360"]
    assert told.brief(SECOND)[-1] == "360 completed"
    assert told.brief("upgrade by guest_os_update-0")[-1] == "460 completed"
    assert told.measure("max_domains_out") == 1


def test_a_takeover_comes_in_the_middle_of_the_platforms_turn():
    told = story(
        """
        at: 10s, upgrade_deployment: {build: "2"}
        at: 50s, guest_os_update: {}
        at: 120s, upgrade_deployment: {build: "3", role_to_upgrade: B}
        """,
        AB,
        more=BUILDS,
    )
    # Domain 0 is the platform's from 110 on; the takeover takes B_IN_0 from it, A_IN_0 goes on.
    assert told.about("B_IN_0")[3] == "120 B_IN_0 BusyRole/2 -> BusyRole/3 because update domain 0"
    assert told.ready("A_IN_0") == [110, 210]
    assert told.ready("B_IN_0") == [110, 220]


def test_a_manual_takeover_stops_the_former_and_its_walks_wait_their_turn():
    told = story(
        """
        at: 10s, upgrade_deployment: {build: "2"}
        at: 20s, guest_os_update: {}
        at: 50s, upgrade_deployment: {build: "3", mode: Manual}
        at: 60s, walk_upgrade_domain: {upgrade_domain: 0}
        """,
        more=BUILDS,
    )
    assert told.brief(UP) == ["10 upgrading", "50 superseded"]
    # The former's domain blocks nobody: the platform goes at 50, the walk after it.
    assert told.taken("W_IN_0") == [10, 50, 150]
    assert told.brief("walk_upgrade_domain-0") == ["60 InProgress", "250 Succeeded"]


def test_a_simultaneous_takeover_takes_everyone():
    told = story(
        """
        at: 10s, upgrade_deployment: {build: "2"}
        at: 60s, upgrade_deployment: {build: "3", mode: Simultaneous}
        """,
        W3,
        domains=3,
        more=BUILDS,
    )
    assert told.brief(SECOND) == ["60 upgrading", "160 completed"]
    assert builds(told) == ["3", "3", "3"]


def test_a_walk_that_is_overtaken_before_its_turn_fails_then():
    told = story(
        """
        at: 10s, guest_os_update: {}
        at: 20s, upgrade_deployment: {build: "2", mode: Manual}
        at: 30s, walk_upgrade_domain: {upgrade_domain: 0}
        at: 40s, upgrade_deployment: {build: "3", mode: Manual}
        """,
        more=BUILDS,
    )
    assert told.brief("walk_upgrade_domain-0") == ["30 InProgress", "40 Failed/overtaken"]
    assert builds(told) == ["1", "1"]


def test_the_target_of_a_role_is_the_build_of_the_last_upgrade_that_covers_it():
    told = story(
        """
        at: 10s, upgrade_deployment: {build: "2"}
        at: 50s, upgrade_deployment: {build: "3", role_to_upgrade: B}
        at: 600s, change_configuration: {configuration: {A: 3, B: 3}}
        """,
        AB,
        more=BUILDS,
    )
    assert builds(told, "A_IN_0", "A_IN_1", "A_IN_2") == ["2", "1", "2"]
    assert builds(told, "B_IN_0", "B_IN_1", "B_IN_2") == ["3", "3", "3"]


# Scaling while an upgrade rolls ---------------------------------------------------------------


def test_what_comes_new_during_an_upgrade_is_on_its_build_and_goes_in_its_domains_turn():
    told = story(
        """
        at: 10s, upgrade_deployment: {}
        at: 120s, change_configuration: {configuration: {W: 6}}
        """,
        "W: {instances: 3, restart: 100s, create: 30s}",
        domains=3,
    )
    # Domain 0 was walked before, domain 1 is being walked, domain 2 comes at 210.
    assert told.brief("W_IN_3") == ["120 CreatingVM/2", "150 ReadyRole/2"]
    assert told.brief("W_IN_4") == ["120 CreatingVM/2", "150 ReadyRole/2"]
    assert told.brief("W_IN_5")[2:] == ["210 BusyRole/2", "310 ReadyRole/2"]
    assert told.measure("updated_share") == 1.0


def test_an_upgrade_may_scale_by_its_own_configuration():
    told = story("at: 10s, upgrade_deployment: {configuration: {W: 4}}", domains=4)
    assert told.brief("W_IN_3") == [
        "10 CreatingVM/2",
        "110 ReadyRole/2",
        "310 BusyRole/2",
        "410 ReadyRole/2",
    ]
    assert told.status(3600.0)["UpgradeDomainCount"] == 4
