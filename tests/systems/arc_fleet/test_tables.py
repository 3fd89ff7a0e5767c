"""What an Arc fleet shows of a run: series, extensions, status, lanes, on hand-made logs."""

from __future__ import annotations

import math

from fleet_log import AGENT, PROBE, PUBLISH, PUBLISHED, Fleet, accepted, begun, returns, updates
from lanes import bars

from sim.systems.arc_fleet import tables

MIXED = PUBLISHED + updates("m-0", 200) + returns("m-1", 200) + returns("m-2", 300, then="failed")


def status(fleet, text, at):
    return tables.status(fleet.model.layout, fleet.log(text), at)


def gantt(fleet, text, label):
    found = bars(fleet.model, fleet.log(text))
    return [lane[1:] for lane in found if lane[0] == label]


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


def test_each_extension_of_each_machine_has_a_lane_that_is_called_after_both():
    groups = {"a": {"count": 2}, "b": {"count": 30}}
    fleet = Fleet(PUBLISH, groups=groups, extensions=[AGENT, PROBE | {"groups": ["b"]}])
    found = bars(fleet.model, fleet.log(PUBLISHED + updates("b-1", 350)))
    names = list(dict.fromkeys(lane[0] for lane in found))
    assert (len(names), names[0], names[2], names[-1]) == (
        62,
        "Agent of a-0",
        "Agent of b-0",
        "Probe of b-29",
    )
    assert gantt(fleet, PUBLISHED + updates("b-1", 350), "Agent of b-1") == [
        (0.0, 350.0, "ready"),
        (550.0, 1000.0, "ready"),
        (350.0, 550.0, "updating"),
    ]
