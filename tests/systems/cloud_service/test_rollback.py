"""Rollbacks: whom they cover, where they return to, what they overtake."""

from __future__ import annotations

import math

from story import builds, story

UP = "upgrade by upgrade_deployment-0"
SECOND = "upgrade by upgrade_deployment-1"
AB = "A: {instances: 2, restart: 100s}, B: {instances: 2, restart: 100s}"
BUILDS = 'builds: {"2": {}, "3": {}}'
BAD = 'builds: {"2": {fails_to_start: 100%}}'
W3 = "W: {instances: 3, restart: 100s}"


def test_a_rollback_covers_only_what_is_on_another_build_and_starts_at_once():
    told = story(
        "at: 10s, upgrade_deployment: {}\nat: 150s, rollback: {}",
        "W: {instances: 4, restart: 100s}",
        domains=4,
    )
    assert told.lines[8:] == [
        "150 rollback-0 absent -> InProgress because the scenario",
        "150 upgrade_deployment-0 InProgress -> Failed/overtaken because rollback-0",
        "150 upgrade by upgrade_deployment-0 upgrading -> rolling_back because rollback-0",
        "150 update domain 0 at rest -> updating because upgrade by upgrade_deployment-0",
        "150 W_IN_0 ReadyRole/2 -> BusyRole/1 because update domain 0",
        "210 W_IN_1 BusyRole/2 -> ReadyRole/2 because update domain 1",
        "210 update domain 1 updating -> at rest because upgrade by upgrade_deployment-0",
        "250 W_IN_0 BusyRole/1 -> ReadyRole/1 because update domain 0",
        "250 update domain 0 updating -> at rest because upgrade by upgrade_deployment-0",
        "250 update domain 1 at rest -> updating because upgrade by upgrade_deployment-0",
        "250 W_IN_1 ReadyRole/2 -> BusyRole/1 because update domain 1",
        "350 W_IN_1 BusyRole/1 -> ReadyRole/1 because update domain 1",
        "350 update domain 1 updating -> at rest because upgrade by upgrade_deployment-0",
        "350 upgrade by upgrade_deployment-0 rolling_back -> rolled_back because update domain 1",
        "350 rollback-0 InProgress -> Succeeded because update domain 1",
    ]
    assert told.measure("rolled_back") == 1
    assert told.measure("rollback_duration") == 340
    assert math.isnan(told.measure("rollout_duration"))
    assert (told.measure("finished"), told.measure("updated_share"), told.rollouts_ended) == (
        0,
        0,
        True,
    )


def test_a_rollback_may_overtake_the_first_domain_itself():
    told = story("at: 10s, upgrade_deployment: {}\nat: 50s, rollback: {}")
    assert told.brief("W_IN_0") == ["10 BusyRole/2", "50 BusyRole/1", "150 ReadyRole/1"]
    assert told.brief(UP) == ["10 upgrading", "50 rolling_back", "150 rolled_back"]
    assert told.about("W_IN_1") == []


def test_a_rollback_gets_a_stuck_upgrade_going():
    told = story("at: 10s, upgrade_deployment: {}\nat: 3000s, rollback: {}", more=BAD)
    assert told.brief(UP) == [
        "10 upgrading",
        "1810 stuck",
        "3000 rolling_back",
        "3100 rolled_back",
    ]


def test_the_turn_that_a_rollback_overtook_says_nothing_about_the_rollback():
    """Domain 2 of the upgrade is late at 510, while the rollback is in its domain 0."""
    told = story(
        "at: 10s, upgrade_deployment: {}\nat: 250s, rollback: {}",
        "W: {instances: 3, restart: 100s}, X: {instances: 3, restart: 90s}",
        domains=3,
        more="start_timeout: 95s\n    on_start_timeout: stuck",
    )
    states = told.brief(UP)
    assert states[:6] == [
        "10 upgrading",
        "105 stuck",
        "110 upgrading",
        "205 stuck",
        "210 upgrading",
        "250 rolling_back",
    ]
    # 305 would be the time-out of domain 2, out since 210; the rollback's own is at 345.
    assert states[6] == "345 stuck"
    assert told.brief("update domain 2")[:2] == ["210 updating", "310 at rest"]


def test_a_rollback_of_a_takeover_goes_to_the_last_completed_build():
    told = story(
        """
        at: 10s, upgrade_deployment: {build: "2"}
        at: 150s, upgrade_deployment: {build: "3"}
        at: 160s, rollback: {}
        """,
        more=BUILDS,
    )
    assert told.brief("W_IN_0")[-1].endswith("ReadyRole/1")
    assert told.brief("W_IN_1")[-1].endswith("ReadyRole/1")
    assert [value for _, value in told.series("up_to_date")] == [1, 0, 0.5, 0, 0.5, 1]


def test_a_completed_upgrade_is_what_the_next_rollback_returns_to():
    told = story(
        """
        at: 10s, upgrade_deployment: {build: "2"}
        at: 300s, upgrade_deployment: {build: "3"}
        at: 420s, rollback: {}
        """,
        more=BUILDS,
    )
    assert builds(told) == ["2", "2"]
    assert told.brief(SECOND)[-1] == "620 rolled_back"


def test_a_rollback_of_a_single_role_upgrade_leaves_the_others():
    told = story(
        """
        at: 10s, upgrade_deployment: {build: "2"}
        at: 50s, upgrade_deployment: {build: "3", role_to_upgrade: B}
        at: 60s, rollback: {}
        """,
        AB,
        more=BUILDS,
    )
    assert builds(told) == ["2", "1", "1", "1"]


def test_a_rollback_ignores_the_windows_of_its_upgrade():
    told = story(
        """
        at: 10s, upgrade_deployment: {windows: [{from: "00:00", to: "00:01"}]}
        at: 150s, rollback: {}
        """
    )
    assert told.brief(UP) == ["10 upgrading", "150 rolling_back", "250 rolled_back"]


def test_a_rollback_covers_instances_created_at_the_new_build():
    told = story(
        """
        at: 10s, upgrade_deployment: {configuration: {W: 3}}
        at: 50s, rollback: {}
        """,
        domains=3,
    )
    assert told.brief("W_IN_2") == [
        "10 CreatingVM/2",
        "110 ReadyRole/2",
        "150 BusyRole/1",
        "250 ReadyRole/1",
    ]


def test_what_is_created_during_a_rollback_is_on_the_former_build():
    told = story(
        """
        at: 10s, upgrade_deployment: {}
        at: 50s, rollback: {}
        at: 60s, change_configuration: {configuration: {W: 3}}
        """
    )
    assert told.brief("W_IN_2") == ["60 CreatingVM/1", "160 ReadyRole/1"]


def test_a_manual_rollback_waits_for_its_walks():
    told = story(
        """
        at: 10s, upgrade_deployment: {}
        at: 150s, rollback: {mode: Manual}
        at: 300s, walk_upgrade_domain: {upgrade_domain: 1}
        at: 310s, walk_upgrade_domain: {upgrade_domain: 0}
        at: 450s, walk_upgrade_domain: {upgrade_domain: 1}
        at: 600s, walk_upgrade_domain: {upgrade_domain: 2}
        """,
        W3,
        domains=3,
    )
    assert told.brief("rollback-0") == ["150 InProgress", "150 Succeeded"]
    assert told.brief("walk_upgrade_domain-0") == ["300 Refused/out of order"]
    assert told.brief("walk_upgrade_domain-1") == ["310 InProgress", "410 Succeeded"]
    assert told.brief("walk_upgrade_domain-2") == ["450 InProgress", "550 Succeeded"]
    assert told.brief(UP)[-1] == "550 rolled_back"
    assert told.brief("walk_upgrade_domain-3") == ["600 Refused/no update"]


def test_a_rollback_before_the_first_walk_is_over_at_once():
    for mode in ("Auto", "Manual"):
        told = story(
            f"""
            at: 10s, upgrade_deployment: {{mode: Manual}}
            at: 150s, rollback: {{mode: {mode}}}
            """
        )
        assert told.brief(UP) == ["10 upgrading", "150 rolling_back", "150 rolled_back"]
        assert told.brief("rollback-0") == ["150 InProgress", "150 Succeeded"]


def test_an_upgrade_may_take_over_from_a_rollback():
    told = story(
        """
        at: 10s, upgrade_deployment: {build: "2"}
        at: 150s, rollback: {}
        at: 160s, upgrade_deployment: {build: "3"}
        """,
        more=BUILDS,
    )
    assert told.brief(UP) == ["10 upgrading", "150 rolling_back", "160 superseded"]
    assert told.brief("rollback-0") == ["150 InProgress", "160 Failed/overtaken"]
    assert builds(told) == ["3", "3"]
    assert (told.measure("finished"), told.measure("rolled_back")) == (1, 1)


def test_a_rollback_is_refused_once_every_instance_is_up_to_date():
    """At 210 the last one is Ready before the request comes, which finds the upgrade completed."""
    late = story("at: 10s, upgrade_deployment: {}\nat: 210s, rollback: {}")
    assert late.brief("rollback-0") == ["210 Refused/no update"]
    assert late.brief(UP)[-1] == "210 completed"
    soon = story("at: 10s, upgrade_deployment: {}\nat: 209s, rollback: {}")
    assert soon.brief(UP)[-1].endswith("rolled_back")


def test_a_manual_rollback_begins_with_domain_0_again():
    told = story(
        """
        at: 10s, upgrade_deployment: {mode: Manual}
        at: 20s, walk_upgrade_domain: {upgrade_domain: 0}
        at: 200s, rollback: {mode: Manual}
        at: 300s, walk_upgrade_domain: {upgrade_domain: 0}
        """
    )
    assert told.brief(UP)[-1] == "400 rolled_back"


def test_a_manual_rollback_may_be_walked_while_the_walk_that_it_overtook_goes_on():
    told = story(
        """
        at: 10s, upgrade_deployment: {mode: Manual}
        at: 20s, walk_upgrade_domain: {upgrade_domain: 0}
        at: 30s, rollback: {mode: Manual}
        at: 40s, walk_upgrade_domain: {upgrade_domain: 0}
        """
    )
    assert told.brief("walk_upgrade_domain-1") == ["40 InProgress", "140 Succeeded"]
    assert told.brief("walk_upgrade_domain-0") == ["20 InProgress", "140 Failed/overtaken"]


def test_the_health_of_a_rollback_is_asked_of_those_that_went_back():
    """W_IN_1 and W_IN_2 are out when W_IN_0 is back on build 1: it alone counts so far."""
    told = story(
        """
        at: 10s, upgrade_deployment: {}
        at: 320s, rollback: {}
        at: 400s, reboot_instance: {instance: W_IN_1}
        at: 400s, reboot_instance: {instance: W_IN_2}
        """,
        "W: {instances: 4, restart: 100s, min_healthy: 3}",
        domains=4,
    )
    assert told.brief("update domain 0")[-2:] == ["320 updating", "420 at rest"]
    assert told.brief("update domain 1")[-2] == "420 updating"


def test_an_upgrade_that_is_rolled_back_before_its_first_walk_never_happened():
    told = story("at: 10s, upgrade_deployment: {mode: Manual}\nat: 150s, rollback: {}", W3)
    assert (told.measure("rolled_back"), told.rollouts_ended) == (1, False)
    walk = "at: 20s, walk_upgrade_domain: {upgrade_domain: 0}"
    some = story(
        f"at: 10s, upgrade_deployment: {{mode: Manual}}\n{walk}\nat: 150s, rollback: {{}}", W3
    )
    assert (some.measure("rolled_back"), some.rollouts_ended) == (1, True)
