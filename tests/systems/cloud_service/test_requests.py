"""What may be asked of a cloud service, and what could never be sent."""

from __future__ import annotations

import pytest
from any_shop import refused, scenario, upgrade

from sim.scenario import Scenario


def test_an_upgrade_has_the_documented_defaults():
    body = scenario(upgrade()).operations[0].body
    assert (body.mode, body.slot, body.force, body.x_ms_version) == (
        "Auto",
        "production",
        False,
        "newest",
    )
    assert (body.operator, body.role_to_upgrade, body.windows, body.changes) == (None, None, (), ())


def test_an_operator_has_the_documented_defaults():
    operator = scenario(upgrade(mode="Manual", operator={})).operations[0].body.operator
    assert (operator.bake, operator.look_every, operator.stop_above) == (0.0, 300.0, None)
    assert (operator.then, operator.detects, operator.false_alarm) == ("stop", 1.0, 0.0)


def test_the_newest_api_version_is_above_every_date():
    old, new = scenario(upgrade(x_ms_version="2014-06-01"), upgrade()).operations
    assert old.body.x_ms_version < new.body.x_ms_version


@pytest.mark.parametrize("mode", ["auto", "AUTO", "Auto"])
def test_a_mode_is_taken_in_any_case_and_shown_as_azure_spells_it(mode):
    s = scenario(upgrade(mode=mode), {"rollback": {"mode": mode}})
    assert [each.body.mode for each in s.operations] == ["Auto", "Auto"]


def test_every_operation_can_be_written():
    s = scenario(
        upgrade(
            mode="manual", label="a", package_url="https://a/b", force=True, changes=["vm_size"]
        ),
        {"walk_upgrade_domain": {"upgrade_domain": 0}},
        {"rollback": {"mode": "Manual", "force": True}},
        {"change_configuration": {"configuration": {"Web": 6}, "restarts": True, "mode": "Auto"}},
        {"reboot_instance": {"instance": "Web_IN_5"}},
        {"reimage_instance": {"instance": "Worker_IN_0"}},
        {"update_status": {"status": "suspended"}},
        {"swap": {}},
        {"guest_os_update": {"duration": "6min"}},
        {"host_os_update": {"windows": [{"from": "22:00", "to": "05:00"}]}},
    )
    assert s.operations[6].body.status == "Suspended"
    assert s.operations[9].body.windows[0].from_ == 79200.0
    assert Scenario.from_text(s.to_yaml(), "scenario") == s


def test_null_deletes_an_extended_property_and_stands_nowhere_else():
    properties = [{"name": "a", "value": None}, {"name": "b", "value": "x"}]
    s = scenario(upgrade(extended_properties=properties))
    again = Scenario.from_text(s.to_yaml())
    assert [each.value for each in again.operations[0].body.extended_properties] == [None, "x"]
    assert refused(upgrade(label=None)) == [
        "operations.0.upgrade_deployment.label: null is not allowed here: leave the key out"
    ]


def test_what_the_service_would_refuse_is_not_refused_here():
    many = [{"name": f"1{n}", "value": "v" * 300} for n in range(30)]
    body = upgrade(label="x" * 200, extended_properties=many, x_ms_version="2009-10-01")
    walk = {"walk_upgrade_domain": {"upgrade_domain": 99}}
    unknown = {"extension_configuration": {"all_roles": [{"id": "nobody"}]}}
    assert len(scenario(body, walk, {"change_configuration": unknown}).operations) == 3


@pytest.mark.parametrize(
    ("body", "path", "rule"),
    [
        ({"mode": "Fast"}, "mode", "must be Auto, Manual or Simultaneous, got "),
        ({"slot": "test"}, "slot", "must be production or staging, got "),
        (
            {"x_ms_version": "2014"},
            "x_ms_version",
            "must be newest or a date such as 2014-06-01, got ",
        ),
        ({"changes": ["name"]}, "changes.0", "must be vm_size, local_storage or endpoints, got "),
        ({"build": 4.2}, "build", "must be text: quote it, got 4.2"),
        ({"operator": {"then": "cry"}}, "operator.then", "must be stop or rollback, got "),
        ({"windows": [{"from": "22:00"}]}, "windows.0", "missing key to"),
        ({"forse": True}, "forse", "unknown key, did you mean force?"),
    ],
)
def test_what_could_never_be_sent_is_refused(body, path, rule):
    (problem,) = refused(upgrade(**body))
    assert problem.startswith(f"operations.0.upgrade_deployment.{path}: {rule}")


def test_a_rollback_cannot_be_simultaneous():
    (problem,) = refused({"rollback": {"mode": "Simultaneous"}})
    assert problem.startswith("operations.0.rollback.mode: must be Auto or Manual, got ")
