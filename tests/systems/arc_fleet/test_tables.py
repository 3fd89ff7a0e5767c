"""What an Arc fleet shows of a run: series, extensions, status, lanes, on hand-made logs."""

from __future__ import annotations

import math

import pytest
from fleet_log import AGENT, PROBE, PUBLISH, PUBLISHED, Fleet, accepted, begun, returns, updates

from sim.systems.arc_fleet import tables
from sim.systems.arc_fleet.states import EXTENSION

MIXED = PUBLISHED + updates("m-0", 200) + returns("m-1", 200) + returns("m-2", 300, then="failed")


def status(fleet, text, at):
    return tables.status(fleet.model.layout, fleet.log(text), at)


def gantt(fleet, text, label):
    found = tables.gantt(fleet.model.layout, fleet.log(text))
    return [lane[1:] for lane in found if lane[0] == label]


# Series


def test_every_series_of_a_fleet_is_there_by_type():
    fleet = Fleet(PUBLISH, extensions=[AGENT | {"min_available": 1}, PROBE])
    by_state = [f"by_state:{status}" for status in EXTENSION[1:]]
    common = ["capacity", "ready", "up_to_date"]
    named = fleet.model.series()
    assert [name for name, group in named if not group] == [*common, "available", *by_state]
    of_agent = [*common, "available", *by_state, "by_version:1.0", "by_version:1.1"]
    assert [name for name, group in named if group == "Agent"] == of_agent
    assert [name for name, group in named if group == "Probe"] == [
        *common,
        *by_state,
        "by_version:1.0",
    ]
    for name, group in named:
        assert fleet.series(MIXED, name, group)


def test_a_series_that_is_not_there_is_no_series():
    for name, group in (("queue", ""), ("capacity", "Other")):
        with pytest.raises(KeyError):
            Fleet().series("", name, group)


def test_states_are_counted_and_versions_of_those_in_service():
    fleet = Fleet(PUBLISH)
    text = PUBLISHED + updates("m-0", 200)
    assert fleet.series(text, "by_state:watching") == [(0.0, 0), (300.0, 1), (400.0, 0)]
    assert fleet.series(text, "by_version:1.0", "Agent") == [(0.0, 4), (200.0, 3)]
    assert fleet.series(text, "by_version:1.1", "Agent") == [(0.0, 0), (300.0, 1)]
    assert fleet.series(text, "ready") == [(0.0, 4), (200.0, 3), (300.0, 4)]


def test_the_share_up_to_date_follows_from_good_verdicts():
    text = PUBLISHED + updates("m-0", 200) + updates("m-3", 500) + returns("m-1", 200)
    expected = [(0.0, 1.0), (100.0, 0.0), (400.0, 0.25), (700.0, 0.5)]
    assert Fleet(PUBLISH).series(text, "up_to_date") == expected


def test_before_anything_is_requested_all_is_up_to_date():
    assert Fleet().series("", "up_to_date") == [(0.0, 1.0)]
    at_once = "0 publish_extension-0 -> InProgress \n 0 upgrade by publish_extension-0 -> upgrading"
    assert Fleet(PUBLISH).series(at_once, "up_to_date") == [(0.0, 0.0)]


def test_a_release_that_nobody_is_enrolled_for_updates_nothing():
    asleep = AGENT | {"enable_automatic_upgrade": False}
    fleet = Fleet(PUBLISH, extensions=[asleep])
    assert fleet.series(PUBLISHED, "up_to_date") == [(0.0, 1.0), (100.0, 0.0)]
    assert fleet.measure(PUBLISHED)["updated_share"] == [0.0]


def test_a_newer_release_begins_the_share_anew():
    newer = ("publish_extension", {"type": "Agent", "version": "1.2"})
    text = PUBLISHED + updates("m-0", 200) + updates("m-1", 200) + begun(500, "publish_extension-1")
    text += updates("m-0", 600, version="1.2", because="publish_extension-1")
    expected = [(0.0, 1.0), (100.0, 0.0), (400.0, 0.5), (500.0, 0.0), (800.0, 0.25)]
    assert Fleet(PUBLISH, newer).series(text, "up_to_date") == expected


def test_of_all_types_those_requested_so_far_count():
    probe = ("publish_extension", {"type": "Probe", "version": "1.1"})
    fleet = Fleet(PUBLISH, probe, extensions=[AGENT, PROBE])
    text = PUBLISHED + updates("m-0", 200) + begun(500, "publish_extension-1")
    expected = [(0.0, 1.0), (100.0, 0.0), (400.0, 0.25), (500.0, 0.125)]
    assert fleet.series(text, "up_to_date") == expected
    assert fleet.series(text, "up_to_date", "Probe") == [(0.0, 1.0), (500.0, 0.0)]


def test_a_push_counts_those_that_have_its_version_already():
    push = ("upgrade_extensions", {"targets": {"P.Agent": "1.1"}})
    groups = {"a": {"count": 1}, "b": {"count": 3}}
    written = [
        AGENT | {"groups": ["a"], "version": "1.1"},
        AGENT | {"groups": ["b"]},
    ]
    fleet = Fleet(push, groups=groups, extensions=written)
    text = begun(100, "upgrade_extensions-0")
    text += updates("b-0", 200, because="upgrade_extensions-0")
    assert fleet.series(text, "up_to_date") == [(0.0, 1.0), (100.0, 0.25), (400.0, 0.5)]
    assert fleet.measure(text)["updated_share"] == [0.5]


# Extensions


def test_each_extension_of_a_machine_has_a_row_of_what_it_went_through():
    fleet = Fleet(PUBLISH, groups={"m": {"count": 4, "os": "linux"}})
    rows = tables.members(fleet.model.layout, fleet.log(MIXED))
    assert rows[1] | {"up_to_date_at": None} == {
        "system": "f",
        "machine": "m-1",
        "group": "m",
        "os": "linux",
        "publisher": "P",
        "type": "Agent",
        "version": "1.0",
        "state": "backing_off",
        "provisioning_state": "Succeeded",
        "attempts": 1,
        "rollbacks": 1,
        "up_to_date_at": None,
    }
    assert [row["version"] for row in rows] == ["1.1", "1.0", "1.1", "1.0"]
    assert [row["attempts"] for row in rows] == [1, 1, 1, 0]
    assert [row["rollbacks"] for row in rows] == [0, 1, 1, 0]
    assert [row["provisioning_state"] for row in rows] == [
        "Succeeded",
        "Succeeded",
        "Failed",
        "Succeeded",
    ]
    assert rows[0]["up_to_date_at"] == 400
    assert all(math.isnan(row["up_to_date_at"]) for row in rows[1:])


def test_what_has_never_been_installed_has_no_row():
    put = ("put_extension", {"publisher": "P", "type": "Probe", "version": "1.0"})
    fleet = Fleet(put)
    text = "100 Probe of m-1 -> installing because put_extension-0"
    rows = tables.members(fleet.model.layout, fleet.log(text))
    found = [(row["machine"], row["provisioning_state"]) for row in rows if row["type"] == "Probe"]
    assert found == [("m-1", "Updating")]
    assert len(rows) == 5


def test_without_a_request_nothing_is_up_to_date_at_any_time():
    fleet = Fleet()
    rows = tables.members(fleet.model.layout, fleet.log(""))
    assert all(math.isnan(row["up_to_date_at"]) for row in rows)


# Operations


def test_releases_are_recorded_and_requests_answered():
    push = ("upgrade_extensions", {"targets": {"P.Agent": "1.1"}})
    opt_in = ("set_automatic_upgrade", {"type": "Agent", "enabled": True})
    fleet = Fleet(PUBLISH, push, opt_in)
    text = PUBLISHED + begun(200, "upgrade_extensions-0") + "300 upgrade_extensions-0 -> Succeeded"
    text += "\n 400 set_automatic_upgrade-0 -> Refused/not supported"
    release, pushed, opted = tables.operations_table(fleet.model.layout, fleet.log(text))
    assert (release["at_s"], release["status"], release["http_status"]) == (100, "InProgress", None)
    assert (pushed["ended_s"], pushed["status"], pushed["http_status"]) == (300, "Succeeded", 202)
    assert (opted["status"], opted["http_status"]) == ("Refused", 400)
    assert "P.Agent does not support" in opted["message"]


# At an instant


def test_status_counts_versions_and_provisioning_states_by_extension():
    fleet = Fleet(PUBLISH, extensions=[AGENT, PROBE | {"enable_automatic_upgrade": False}])
    assert status(fleet, MIXED, 350)["extensions"] == {
        "P.Agent": {
            "machines": 4,
            "enableAutomaticUpgrade": 4,
            "typeHandlerVersions": {"1.0": 2, "1.1": 2},
            "provisioningStates": {"Succeeded": 1, "Updating": 3},
            "releases": ["1.1"],
        },
        "P.Probe": {
            "machines": 4,
            "enableAutomaticUpgrade": 0,
            "typeHandlerVersions": {"1.0": 4},
            "provisioningStates": {"Succeeded": 4},
            "releases": [],
        },
    }
    assert status(fleet, MIXED, 1000)["extensions"]["P.Agent"]["provisioningStates"] == {
        "Failed": 1,
        "Succeeded": 3,
    }


def test_status_tells_what_was_published_and_who_was_enrolled_then():
    opt_out = ("set_automatic_upgrade", {"type": "Agent", "enabled": False})
    fleet = Fleet(PUBLISH, opt_out)
    text = PUBLISHED + accepted(300, "set_automatic_upgrade-0")
    shown = [status(fleet, text, at)["extensions"]["P.Agent"] for at in (99, 100, 299, 300)]
    assert [each["releases"] for each in shown] == [[], ["1.1"], ["1.1"], ["1.1"]]
    assert [each["enableAutomaticUpgrade"] for each in shown] == [4, 4, 4, 0]


def test_status_tells_which_machines_are_connected():
    away = {"share": "50%", "on": "100s", "off": "150s"}
    groups = {"a": {"count": 2, "disconnected": away}, "b": {"count": 3}}
    fleet = Fleet(PUBLISH, groups=groups)
    text = "100 a-0 -> disconnected \n 200 a-0 -> connected \n 300 a-1 -> disconnected"
    connected = [status(fleet, text, at)["machines"] for at in (0, 150, 250)]
    assert connected == [
        {"Connected": 5},
        {"Connected": 4, "Disconnected": 1},
        {"Connected": 5},
    ]


# Lanes


def test_in_a_small_fleet_each_extension_of_a_machine_has_a_lane():
    fleet = Fleet(PUBLISH)
    assert gantt(fleet, MIXED, "Agent of m-0") == [
        (0.0, 200.0, "ready"),
        (400.0, 1000.0, "ready"),
        (200.0, 400.0, "updating"),
    ]
    assert gantt(fleet, MIXED, "Agent of m-2") == [
        (0.0, 300.0, "ready"),
        (300.0, 400.0, "updating"),
        (500.0, 600.0, "updating"),
        (400.0, 500.0, "failing"),
        (600.0, 1000.0, "failing"),
    ]


def test_in_a_large_fleet_a_type_in_a_group_of_machines_has_a_lane():
    groups = {"a": {"count": 2}, "b": {"count": 30}}
    fleet = Fleet(PUBLISH, groups=groups, extensions=[AGENT, PROBE | {"groups": ["b"]}])
    text = PUBLISHED + updates("b-0", 200) + updates("b-1", 350)
    found = tables.gantt(fleet.model.layout, fleet.log(text))
    assert list(dict.fromkeys(lane[0] for lane in found)) == [
        "Agent of a",
        "Agent of b",
        "Probe of b",
    ]
    assert gantt(fleet, text, "Agent of b") == [(0.0, 1000.0, "ready"), (200.0, 550.0, "updating")]
