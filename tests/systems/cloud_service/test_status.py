"""What a service shows: Get Deployment at an instant, its operations, members, series and lanes."""

from __future__ import annotations

import pytest
from story import story

AUTO = "at: 10s, upgrade_deployment: {}"
STAGING = 'staging: {build: "2"}'


def upgrade_status(told, at):
    """UpgradeType, state and domain at an instant; None where none is in progress."""
    shown = told.status(at)["UpgradeStatus"]
    return shown and tuple(shown.values())


# Get Deployment -------------------------------------------------------------------------------


def test_get_deployment_has_the_names_of_its_elements():
    assert story(AUTO).status(50) == {
        "Status": "Running",
        "Locked": True,
        "RollbackAllowed": True,
        "UpgradeStatus": {
            "UpgradeType": "Auto",
            "CurrentUpgradeDomainState": "During",
            "CurrentUpgradeDomain": 0,
        },
        "UpgradeDomainCount": 2,
        "RoleInstanceList": [
            {
                "RoleName": "W",
                "InstanceName": "W_IN_0",
                "InstanceStatus": "BusyRole",
                "InstanceUpgradeDomain": 0,
                "InstanceFaultDomain": 0,
                "Build": "2",
            },
            {
                "RoleName": "W",
                "InstanceName": "W_IN_1",
                "InstanceStatus": "ReadyRole",
                "InstanceUpgradeDomain": 1,
                "InstanceFaultDomain": 1,
                "Build": "1",
            },
        ],
    }


def test_an_instant_shows_all_that_happens_at_it():
    told = story(AUTO)
    locked = [told.status(at)["Locked"] for at in (0, 9, 10, 209, 210, 3600)]
    assert locked == [False, False, True, True, False, False]
    assert told.status(110)["UpgradeStatus"]["CurrentUpgradeDomain"] == 1
    assert told.status(210)["UpgradeStatus"] is None


def test_a_manual_upgrade_is_before_a_domain_or_during_one():
    told = story(
        """
        at: 10s, upgrade_deployment: {mode: Manual}
        at: 100s, walk_upgrade_domain: {upgrade_domain: 0}
        at: 300s, walk_upgrade_domain: {upgrade_domain: 1}
        """
    )
    assert upgrade_status(told, 50) == ("Manual", "Before", 0)
    assert upgrade_status(told, 150) == ("Manual", "During", 0)
    assert upgrade_status(told, 250) == ("Manual", "Before", 1)
    assert upgrade_status(told, 350) == ("Manual", "During", 1)
    assert upgrade_status(told, 400) is None


def test_an_auto_walk_is_before_a_domain_while_another_has_its_turn():
    told = story(f"{AUTO}\nat: 20s, guest_os_update: {{}}")
    assert upgrade_status(told, 150) == ("Auto", "Before", 1)
    assert upgrade_status(told, 250) == ("Auto", "During", 1)


def test_the_platforms_updates_do_not_lock():
    assert story("at: 10s, guest_os_update: {}").status(50)["Locked"] is False


def test_a_rollback_has_the_mode_of_its_own_request_and_starts_from_domain_0():
    told = story(
        """
        at: 10s, upgrade_deployment: {}
        at: 150s, rollback: {mode: Manual}
        at: 300s, walk_upgrade_domain: {upgrade_domain: 0}
        """
    )
    assert upgrade_status(told, 149) == ("Auto", "During", 1)
    assert upgrade_status(told, 200) == ("Manual", "Before", 0)
    assert upgrade_status(told, 350) == ("Manual", "During", 0)
    assert upgrade_status(told, 450) == ("Manual", "Before", 1)
    assert told.status(200)["RollbackAllowed"] is False
    assert told.status(200)["Locked"] is True


def test_after_a_takeover_the_new_upgrade_is_shown():
    told = story(
        """
        at: 10s, upgrade_deployment: {build: "2"}
        at: 150s, upgrade_deployment: {build: "3", mode: Manual}
        """,
        more='builds: {"2": {}, "3": {}}',
    )
    assert upgrade_status(told, 160) == ("Manual", "Before", 0)  # domain 1 is the former's


def test_a_rollback_is_allowed_until_every_covered_instance_is_up_to_date():
    told = story(
        "at: 10s, upgrade_deployment: {role_to_upgrade: A}",
        "A: {instances: 2, restart: 100s}, B: {instances: 2, restart: 100s}",
    )
    allowed = [told.status(at)["RollbackAllowed"] for at in (9, 10, 209, 210)]
    assert allowed == [False, True, True, False]


def test_an_upgrade_that_changes_local_storage_shows_that_it_cannot_go_back():
    told = story("at: 10s, upgrade_deployment: {changes: [local_storage]}")
    assert (told.status(50)["Locked"], told.status(50)["RollbackAllowed"]) == (True, False)


def test_a_restart_to_the_same_build_may_be_rolled_back_until_all_have_restarted():
    told = story("at: 10s, change_configuration: {restarts: true}\nat: 150s, rollback: {}")
    assert told.status(149)["RollbackAllowed"] is True
    # Nobody is on another build: there is nothing to do.
    assert told.brief("upgrade by change_configuration-0")[1:] == [
        "150 rolling_back",
        "150 rolled_back",
    ]


def test_a_suspended_service_shows_it():
    told = story(
        """
        at: 10s, update_status: {status: Suspended}
        at: 20s, change_configuration: {configuration: {W: 3}}
        at: 100s, update_status: {status: Running}
        """
    )
    assert [told.status(at)["Status"] for at in (5, 10, 50, 100)] == [
        "Running",
        "Suspended",
        "Suspended",
        "Running",
    ]


def test_a_cold_instance_shows_ready_role():
    told = story(AUTO, "W: {instances: 1, restart: 100s, slow_start: {for: 50s, serves: 10%}}")
    assert told.status(120)["RoleInstanceList"][0]["InstanceStatus"] == "ReadyRole"


def test_what_is_shown_is_of_the_deployment_in_production():
    told = story(
        """
        at: 10s, upgrade_deployment: {build: "3", slot: staging}
        at: 300s, swap: {}
        at: 310s, upgrade_deployment: {build: "4"}
        """,
        more=STAGING + '\n    builds: {"2": {}, "3": {}, "4": {}}',
    )
    assert told.status(50)["Locked"] is False
    assert [each["Build"] for each in told.status(305)["RoleInstanceList"]] == ["3", "3"]
    assert upgrade_status(told, 350) == ("Auto", "During", 0)
    assert told.status(350)["RollbackAllowed"] is True


# Operations -----------------------------------------------------------------------------------


def test_each_operation_is_told_with_its_times_and_its_answer():
    told = story("at: 10s, name: roll, upgrade_deployment: {}\nat: 20s, rollback: {force: false}")
    roll, back = told.model.operations_table(told.log)
    assert {key: roll[key] for key in list(roll)[:-1]} == {
        "operation": "operations.0",
        "name": "roll",
        "kind": "upgrade_deployment",
        "system": "s",
        "at_s": 10.0,
        "ended_s": 20.0,
        "status": "Failed",
        "http_status": 409,
        "code": "ConflictError",
        "message": "another update or a rollback took over",
    }
    assert (back["status"], back["http_status"], back["code"]) == ("Succeeded", 200, "")
    assert roll["request_id"] != back["request_id"]
    assert len(roll["request_id"]) == 32


def test_an_operation_that_never_came_and_one_under_way():
    told = story("at: {exponential: {mean: 9d}}, rollback: {}\nat: 59min, upgrade_deployment: {}")
    never, going = told.model.operations_table(told.log)
    assert (never["at_s"], never["ended_s"], never["status"]) == (None, None, "not sent")
    assert (going["at_s"], going["ended_s"], going["status"]) == (3540.0, None, "InProgress")


def test_an_update_of_the_platform_is_nobodys_request():
    row = story("at: 10s, guest_os_update: {}").operation("guest_os_update-0")
    assert (row["status"], row["http_status"], row["request_id"]) == ("Succeeded", None, "")


def test_the_operators_operations_are_told_where_there_were_any():
    told = story("at: 10s, upgrade_deployment: {mode: Manual, operator: {bake: 1min}}")
    rows = told.model.operations_table(told.log)
    assert [(row["operation"], row["name"], row["kind"]) for row in rows] == [
        ("operations.0", "upgrade_deployment-0", "upgrade_deployment"),
        ("", "upgrade_deployment-0-walk-0", "walk_upgrade_domain"),
        ("", "upgrade_deployment-0-walk-1", "walk_upgrade_domain"),
    ]


# Members and series ---------------------------------------------------------------------------


def test_members_are_told_with_what_they_went_through():
    told = story(f"{AUTO}\nat: 300s, change_configuration: {{configuration: {{W: 1}}}}")
    first, second = told.model.members(told.log)
    assert first == {
        "system": "s",
        "slot": "production",
        "role": "W",
        "instance": "W_IN_0",
        "update_domain": 0,
        "fault_domain": 0,
        "status": "ReadyRole",
        "build": "2",
        "times_out": 1,
        "out_s": 100.0,
    }
    assert (second["status"], second["build"], second["times_out"]) == ("absent", "", 1)


def test_one_absence_through_all_stages_is_one_time_out():
    told = story(AUTO, "W: {instances: 1, stages: {stop: 10s, apply: 20s, start: 30s}}")
    (row,) = told.model.members(told.log)
    assert (row["times_out"], row["out_s"]) == (1, 60.0)


def test_series_of_a_walk():
    told = story(AUTO, "W: {instances: 2, restart: 100s}, X: {instances: 1, restart: 50s}")
    ready = told.model.timeline(told.log, "ready")
    assert ready.at([0, 9, 10, 60, 110, 209, 210]).tolist() == [3, 3, 1, 2, 2, 2, 3]
    assert told.series("ready", "X") == [(0, 1), (10, 0), (60, 1)]
    assert told.series("by_state:BusyRole") == [(0, 0), (10, 2), (60, 1), (210, 0)]
    assert told.series("by_version:2") == [(0, 0), (60, 1), (110, 2), (210, 3)]
    assert told.series("by_update_domain:1") == [(0, 1), (110, 0), (210, 1)]
    assert told.series("available", "X") == [(0, 1), (10, 0), (60, 1)]
    assert told.series("up_to_date")[-1] == (210, 1.0)


def test_up_to_date_follows_the_target_of_each_role():
    told = story(
        "at: 10s, upgrade_deployment: {role_to_upgrade: A}",
        "A: {instances: 1, restart: 100s}, B: {instances: 1, restart: 100s}",
    )
    assert told.series("up_to_date") == [(0, 1), (10, 0.5), (110, 1)]


def test_the_capacity_of_instances_that_weigh_nothing_is_1():
    roles = "W: {instances: 2, restart: 100s}"
    told = story(AUTO, roles, more='builds: {"1": {capacity_factor: 0%}}')
    assert told.series("capacity") == told.series("capacity", "W") == [(0, 1)]
    assert told.measure("min_capacity") == 1


def test_an_unknown_series_or_role_is_a_key_error():
    told = story(AUTO)
    with pytest.raises(KeyError):
        told.series("colour")
    with pytest.raises(KeyError):
        told.series("ready", "Nobody")


def test_all_series_together_are_what_each_is_alone():
    told = story(AUTO, "W: {instances: 2, restart: 100s}, X: {instances: 1}", more=STAGING)
    every = told.model.timelines(told.log)
    assert list(every) == told.model.series()
    for (name, group), line in every.items():
        assert list(zip(line.times, line.values, strict=True)) == told.series(name, group)


def test_every_series_that_is_offered_is_there():
    told = story(AUTO, more=STAGING)
    for name, group in told.model.series():
        assert told.series(name, group)


# Lanes ----------------------------------------------------------------------------------------


def test_lanes_tell_what_each_domain_does():
    told = story(f"{AUTO}\nat: 300s, reboot_instance: {{instance: W_IN_1}}", horizon="500s")
    assert [row for row in told.model.gantt(told.log) if row[3] != "ready"] == [
        ("domain 0", 10, 110, "updating"),
        ("domain 1", 300, 400, "other"),
        ("domain 1", 110, 210, "updating"),
    ]


def test_lanes_tell_failing_instances_apart():
    told = story(AUTO, more='builds: {"2": {fails_to_start: 100%}}', horizon="500s")
    rows = told.model.gantt(told.log)
    assert ("domain 0", 10, 110, "updating") in rows
    assert ("domain 0", 110, 500, "failing") in rows
