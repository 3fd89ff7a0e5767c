"""Which version of the API each request and each element of one needs."""

from __future__ import annotations

import pytest
from answers import BAD, LONG, answered, asked, properties
from any_shop import refused, scenario
from foretelling import predicted_rejections

from sim.scenario import Scenario
from sim.systems.cloud_service.rejections import FIRST_VERSIONS, REJECTIONS

MANUAL = {"at": "1min", "upgrade_deployment": {"mode": "Manual"}}
RDP = [{"id": "rdp", "json": True}]
STATE = {"extension_configuration": {"all_roles": [{"id": "rdp", "state": "Disable"}]}}
OF_CONFIGURATION = "of Change Deployment Configuration"


def just_below(version):
    """The greatest version of the year before."""
    return f"{int(version[:4]) - 1}{version[4:]}"


CASES = [
    ("walk_upgrade_domain", {"upgrade_domain": 0}, "request", "2009-10-01"),
    ("update_status", {"status": "Running"}, "request", "2009-10-01"),
    ("swap", {}, "request", "2009-10-01"),
    ("change_configuration", {}, "request", "2009-10-01"),
    ("reboot_instance", {"instance": "W_IN_0"}, "Reboot Role Instance", "2010-10-28"),
    ("reimage_instance", {"instance": "W_IN_0"}, "Reimage Role Instance", "2010-10-28"),
    ("rollback", {}, "Rollback Update Or Upgrade", "2011-10-01"),
    ("change_configuration", {"mode": "auto"}, f"Mode {OF_CONFIGURATION}", "2011-08-01"),
    ("change_configuration", {"force": False}, "Force", "2011-10-01"),
    ("change_configuration", properties("a"), "ExtendedProperties", "2012-03-01"),
    (
        "change_configuration",
        {"mode": "Simultaneous"},
        f"Simultaneous {OF_CONFIGURATION}",
        "2013-03-01",
    ),
    (
        "change_configuration",
        {"extension_configuration": {}},
        "ExtensionConfiguration",
        "2013-03-01",
    ),
    ("change_configuration", STATE, "State", "2014-06-01"),
]


@pytest.mark.parametrize(("kind", "body", "element", "first"), CASES)
def test_every_request_of_a_user_has_a_first_version(kind, body, element, first):
    """Sources: the request header and body of each request."""
    told = asked(body | {"x_ms_version": just_below(first)}, kind=kind, extensions=RDP)
    rule, code, message = answered(told)
    assert (rule, code) == (f"version of {element}", BAD)
    old = just_below(first)
    assert message == f"x-ms-version {old} is too old for {element}, which needs {first} or higher"
    ((path, sentence),) = predicted_rejections(told.simulation.scenario)
    assert path == ("operations", 0, kind)
    assert sentence.startswith(f"it will be refused: 400 BadRequest: x-ms-version {old} is too old")
    enough = asked(body | {"x_ms_version": first}, kind=kind, extensions=RDP)
    assert "version" not in enough.about("it")[0]


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("upgrade_deployment", {}),
        ("change_configuration", {"configuration": {"W": 3}}),
        ("update_status", {"status": "Suspended"}),
    ],
)
def test_a_second_change_during_an_update_needs_its_version(kind, body):
    """Source: "How to update a cloud service", multiple mutating operations."""
    old = {"x_ms_version": "2011-09-30"}
    rule, code, message = answered(asked(body | old, before=[MANUAL], kind=kind, roles=LONG))
    assert (rule, code) == ("version of a second change during an update", BAD)
    assert message == (
        "x-ms-version 2011-09-30 is too old for a second change during an update, which needs "
        "2011-10-01 or higher"
    )
    for version in ("2011-10-01", "newest"):
        enough = asked(body | {"x_ms_version": version}, before=[MANUAL], kind=kind, roles=LONG)
        assert "Refused" not in enough.about("it")[0]
    alone = asked(body | old, kind=kind, roles=LONG)  # nothing is in progress
    assert "Refused" not in alone.about("it")[0]


def test_a_walk_and_a_reboot_during_an_update_are_no_second_change():
    for kind, body in (
        ("walk_upgrade_domain", {"upgrade_domain": 0}),
        ("reboot_instance", {"instance": "W_IN_0"}),
    ):
        told = asked(body | {"x_ms_version": "2011-01-01"}, before=[MANUAL], kind=kind)
        assert "Refused" not in told.about("it")[0]


def test_an_update_of_the_other_slot_is_no_first_change():
    staging = {"staging": {"build": "2"}, "roles": LONG}
    body = {"slot": "staging", "x_ms_version": "2011-01-01", "configuration": {"W": 3}}
    told = asked(body, before=[MANUAL], kind="change_configuration", **staging)
    assert "Refused" not in told.about("it")[0]
    assert answered(
        asked(
            body | {"slot": "production"}, before=[MANUAL], kind="change_configuration", **staging
        )
    )[0].startswith("version of a second change")


def test_the_updates_of_the_platform_ask_for_no_version():
    (problem,) = refused({"guest_os_update": {"x_ms_version": "2014-06-01"}})
    assert problem.startswith("operations.0.guest_os_update.x_ms_version: unknown key")


def test_what_was_not_sent_is_not_saved_as_if_it_were():
    """A default mode would be refused by an old version when the saved file is read again."""
    old = scenario({"change_configuration": {"x_ms_version": "2009-10-01"}})
    again = Scenario.from_text(old.to_yaml(), "scenario")
    assert again == old
    assert "mode" not in again.operations[0].body.model_fields_set


def test_every_first_version_has_its_rejection():
    for element, first in FIRST_VERSIONS.items():
        rejection = REJECTIONS[f"version of {element}"]
        assert rejection.http_status == 400
        assert rejection.message.endswith(f"{element}, which needs {first} or higher")
