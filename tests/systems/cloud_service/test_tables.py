"""What a cloud service shows of a finished run: members, operations, lanes."""

from __future__ import annotations

from lanes import bars
from story import story

AUTO = "at: 10s, upgrade_deployment: {}"


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
        "configuration": 2,
        "extensions": "",
        "times_out": 1,
        "out_s": 100.0,
    }
    assert (second["status"], second["build"], second["times_out"]) == ("absent", "", 1)


def test_one_absence_through_all_stages_is_one_time_out():
    told = story(AUTO, "W: {instances: 1, stages: {stop: 10s, apply: 20s, start: 30s}}")
    (row,) = told.model.members(told.log)
    assert (row["times_out"], row["out_s"]) == (1, 60.0)


def test_lanes_tell_what_each_domain_does():
    told = story(f"{AUTO}\nat: 300s, reboot_instance: {{instance: W_IN_1}}", horizon="500s")
    assert [row for row in bars(told.model, told.log) if row[3] != "ready"] == [
        ("domain 0", 10, 110, "updating"),
        ("domain 1", 300, 400, "other"),
        ("domain 1", 110, 210, "updating"),
    ]


def test_lanes_tell_who_is_being_created():
    scale = "at: 10s, change_configuration: {configuration: {W: 3}}"
    told = story(scale, "W: {instances: 2, restart: 100s, create: 50s}", horizon="500s")
    assert ("domain 0", 10, 60, "scaling") in bars(told.model, told.log)


def test_lanes_tell_failing_instances_apart():
    told = story(AUTO, more='builds: {"2": {fails_to_start: 100%}}', horizon="500s")
    rows = bars(told.model, told.log)
    assert ("domain 0", 10, 110, "updating") in rows
    assert ("domain 0", 110, 500, "failing") in rows
