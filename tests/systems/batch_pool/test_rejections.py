"""What the Batch service receives and refuses: by which rule, and with which documented code."""

from __future__ import annotations

import datetime as dt
import json

import foretelling
import pytest
from any_pool import pool, scenario
from story import Story

from sim.systems.batch_pool.rejections import (
    BY_STATUS,
    REJECTIONS,
    RULES,
    answer,
    by_request,
    by_version,
)
from sim.systems.batch_pool.requests import (
    DisableScheduling,
    EnableScheduling,
    RebootNode,
    ReimageNode,
    Resize,
    UpgradeImage,
    UpgradeOs,
)
from sim.systems.batch_pool.states import NODE

NEW, OLD = "WA-GUEST-OS-5.31_201905-01", "WA-GUEST-OS-5.30_201904-01"
CLOUD, MACHINES = pool(), pool(configuration="virtual_machine")


def os_upgrade(target=NEW, **keys):
    return UpgradeOs(target_os_version=target, **keys)


# Codes -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "http_status", "code"),
    [
        ("api version", 400, "InvalidUri"),
        ("virtual machine pool", 409, "OperationNotValidOnPool"),
        ("cloud service pool", 409, "OperationNotValidOnPool"),
        ("version unknown", 400, "OSVersionNotFound"),
        ("version disabled", 400, "OSVersionDisabled"),
        ("version expired", 400, "OSVersionExpired"),
        ("version equal", 400, "PoolVersionEqualsUpgradeVersion"),
        ("upgrading", 409, "UpgradePoolVersionConflict"),
        ("upgrade in progress", 409, "OperationInvalidForCurrentState"),
        ("resizing", 409, "PoolBeingResized"),
        ("no such node", 404, "NodeNotFound"),
        ("node created", 409, "NodeBeingCreated"),
        ("node started", 409, "NodeBeingStarted"),
        ("node reimaged", 409, "NodeBeingReimaged"),
        ("node upgraded", 409, "NodeBeingReimaged"),
        ("node rebooted", 409, "NodeBeingRebooted"),
        ("node unusable", 409, "NodeStateUnusable"),
        ("node offline", 409, "OperationNotValidOnNode"),
        ("node broken", 409, "OperationNotValidOnNode"),
        ("node leaving", 409, "OperationNotValidOnNode"),
        ("node preempted", 409, "OperationNotValidOnNode"),
        ("node drains", 409, "OperationNotValidOnNode"),
        ("virtual machine node", 409, "OperationNotValidOnNode"),
        ("scheduling state", 409, "NodeAlreadyInTargetSchedulingState"),
        ("node lost to the upgrade", 409, "NodeBeingReimaged"),
        ("node lost to preemption", 409, "OperationInvalidForCurrentState"),
        ("node gone", 409, "OperationInvalidForCurrentState"),
    ],
)
def test_each_rule_has_its_documented_code(rule, http_status, code):
    """Source: "Batch Status and Error Codes"."""
    assert REJECTIONS[rule][:2] == (http_status, code)


def test_every_rule_is_tested_above():
    (mark,) = test_each_rule_has_its_documented_code.pytestmark
    assert [case[0] for case in mark.args[1]] == list(RULES)


@pytest.mark.parametrize("rule", RULES)
def test_an_answer_is_about_its_request(rule):
    upgrade, reboot = os_upgrade(api_version="2018-12-01.8.0"), RebootNode(node="node-7")
    about_a_node = "{node}" in REJECTIONS[rule].message
    message = answer(rule, reboot if about_a_node else upgrade).message
    assert "{" not in message
    assert ("node-7" in message) == about_a_node
    assert (NEW in message) == (rule.startswith("version"))
    assert ("2018-12-01.8.0" in message) == (rule == "api version")


@pytest.mark.parametrize("status", BY_STATUS, ids=NODE.__getitem__)
def test_what_the_state_of_a_node_forbids_names_it_and_the_allowed_ones(status):
    rule, _ = BY_STATUS[status]
    state, reboot, disable = NODE[status], RebootNode(node="n"), DisableScheduling(node="n")
    restart = f"n is in state {state}: allowed in idle, running, starttaskfailed"
    assert answer(rule, reboot).message == restart
    assert answer(rule, ReimageNode(node="n")).message == restart
    assert (
        answer(rule, disable).message == f"n is in state {state}: allowed in idle, running, offline"
    )


def test_what_another_state_forbids_names_the_allowed_one():
    disable, enable = DisableScheduling(node="n"), EnableScheduling(node="n")
    assert answer("scheduling state", disable).message == (
        "the scheduling of n is disabled already: allowed in enabled"
    )
    assert answer("scheduling state", enable).message == (
        "the scheduling of n is enabled already: allowed in disabled"
    )
    assert "is resizing: allowed in steady" in answer("resizing", Resize(nodes=1)).message
    assert "in state active" in answer("upgrading", os_upgrade()).message
    assert "allowed once it has ended" in answer("upgrade in progress", UpgradeImage()).message
    assert (
        "allowed in idle, running, starttaskfailed"
        in answer("node drains", RebootNode(node="n")).message
    )


# What a request says -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("version", "rule"),
    [
        ("2016-02-01.3.0", None),
        ("2018-08-01.7.0", None),
        ("2018-12-01.8.0", "api version"),
        ("2019-08-01.10.0", "api version"),
        ("2025-06-01", "api version"),
    ],
)
def test_the_api_has_no_upgradeos_from_2018_12_01_on(version, rule):
    assert by_request(os_upgrade(api_version=version), CLOUD) == rule


def test_each_kind_of_pool_has_its_own_upgrade():
    assert by_request(os_upgrade(), CLOUD) is None
    assert by_request(os_upgrade(), MACHINES) == "virtual machine pool"
    assert "upgrade_image" in answer("virtual machine pool", os_upgrade()).message
    assert by_request(UpgradeImage(), MACHINES) is None
    assert by_request(UpgradeImage(), CLOUD) == "cloud service pool"
    assert "upgrade_os" in answer("cloud service pool", UpgradeImage()).message


def test_an_api_without_the_call_does_not_look_at_the_pool():
    body = os_upgrade(api_version="2018-12-01.8.0")
    assert by_request(body, MACHINES) == "api version"


def test_only_nodes_of_a_cloud_service_pool_are_reimaged():
    body = ReimageNode(node="node-0")
    assert (by_request(body, CLOUD), by_request(body, MACHINES)) == (None, "virtual machine node")


@pytest.mark.parametrize(
    "body",
    [
        Resize(nodes=0),
        RebootNode(node="node-0"),
        DisableScheduling(node="node-0"),
        EnableScheduling(node="node-0"),
    ],
    ids=lambda body: type(body).__name__,
)
def test_nothing_else_is_refused_for_what_it_says(body):
    assert [by_request(body, each) for each in (CLOUD, MACHINES)] == [None, None]


# Versions ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("version", "rule"),
    [
        (NEW, None),
        ("WA-GUEST-OS-2.28_201409-01", None),
        ("WA-GUEST-OS-10.100_203012-12", None),
        ("*", None),
        ("5.31", "version unknown"),
        ("WA-GUEST-OS-5.31", "version unknown"),
        ("WA-GUEST-OS-5.31_201905-1", "version unknown"),
        (f"{NEW} ", "version unknown"),
        ("wa-guest-os-5.31_201905-01", "version unknown"),
        ("", "version unknown"),
    ],
)
def test_without_a_list_every_well_formed_version_exists(version, rule):
    assert by_version(version, CLOUD, None) == rule


LISTED = pool(
    os_versions=[
        {"version": OLD},
        {
            "version": NEW,
            "released": "2019-06-06",
            "disabled": "2019-07-26",
            "expires": "2020-06-06",
        },
    ],
    start="2019-06-01",
)


def at(text):
    return dt.datetime.fromisoformat(text)


@pytest.mark.parametrize(
    ("now", "rule"),
    [
        ("2019-06-05T23:59:59", "version unknown"),
        ("2019-06-06", None),
        ("2019-07-25T23:59:59", None),
        ("2019-07-26", "version disabled"),
        ("2020-06-05T23:59:59", "version disabled"),
        ("2020-06-06", "version expired"),
    ],
)
def test_a_listed_version_appears_is_disabled_and_expires(now, rule):
    assert by_version(NEW, LISTED, at(now)) == rule


def test_a_listed_version_without_dates_is_there_at_any_time():
    assert by_version(OLD, LISTED, at("1999-01-01")) is None
    assert by_version(NEW, LISTED, None) is None


def test_a_list_is_all_that_there_is_but_the_latest():
    assert by_version("WA-GUEST-OS-5.32_201906-01", LISTED, None) == "version unknown"
    assert by_version("*", LISTED, at("2019-06-06")) is None


def test_a_date_without_an_offset_is_of_the_same_clock():
    assert by_version(NEW, LISTED, at("2019-06-06T00:00+09:00")) is None
    offset = pool(
        os_versions=[{"version": NEW, "released": "2019-06-06T00:00+01:00"}], start="2019-06-01"
    )
    assert by_version(NEW, offset, at("2019-06-06T00:00")) is None
    assert by_version(NEW, offset, at("2019-06-05T23:00+00:00")) is None
    assert by_version(NEW, offset, at("2019-06-06T00:00+02:00")) == "version unknown"


# What can be foretold ----------------------------------------------------------------------------


def upgrade(target=NEW, **keys):
    return {"upgrade_os": {"target_os_version": target, **keys}}


def predicted_rejections(*operations, **keys):
    found = foretelling.predicted_rejections(scenario(*operations, **keys))
    return [(path, sentence.split(": ")[1]) for path, sentence in found]


@pytest.mark.parametrize(
    ("operation", "keys", "answer"),
    [
        (upgrade(api_version="2018-12-01.8.0"), {}, "400 InvalidUri"),
        (upgrade(), {"configuration": "virtual_machine"}, "409 OperationNotValidOnPool"),
        ({"upgrade_image": {}}, {}, "409 OperationNotValidOnPool"),
        (
            {"reimage_node": {"node": "node-0"}},
            {"configuration": "virtual_machine"},
            "409 OperationNotValidOnNode",
        ),
        (upgrade("5.31"), {}, "400 OSVersionNotFound"),
        (upgrade(), {"os_versions": [{"version": OLD}]}, "400 OSVersionNotFound"),
        (
            upgrade(),
            {
                "os_versions": [{"version": NEW, "disabled": "2019-06-06T00:01"}],
                "start": "2019-06-06",
            },
            "400 OSVersionDisabled",
        ),
        (upgrade(OLD), {}, "400 PoolVersionEqualsUpgradeVersion"),
    ],
)
def test_a_refusal_that_follows_from_the_file_is_foretold_and_comes(operation, keys, answer):
    kind = next(iter(operation))
    assert predicted_rejections(operation, **keys) == [(("operations", 0, kind), answer)]
    system = {"kind": "batch_pool", "nodes": 4} | {k: v for k, v in keys.items() if k != "start"}
    text = {"systems": {"p": system}, "operations": [{"at": "1min", **operation}], "horizon": "1h"}
    text |= {"start": keys["start"]} if "start" in keys else {}
    told = Story(json.dumps(text))
    row = told.operation(f"{kind}-0")
    assert (row["status"], f"{row['http_status']} {row['code']}") == ("Refused", answer)
    assert len(told.lines) == 1


@pytest.mark.parametrize(
    ("operations", "keys"),
    [
        ([upgrade()], {}),
        ([upgrade(), upgrade(OLD) | {"at": "1h"}], {}),
        (
            [upgrade()],
            {
                "os_versions": [{"version": NEW, "disabled": "2019-06-06T00:01:01"}],
                "start": "2019-06-06",
            },
        ),
    ],
)
def test_what_is_accepted_is_not_foretold_as_refused(operations, keys):
    assert predicted_rejections(*operations, **keys) == []


def test_what_the_state_of_the_pool_forbids_is_foretold():
    path = ("operations", 1, "upgrade_os")
    assert predicted_rejections(upgrade(), upgrade(OLD)) == [
        (path, "409 UpgradePoolVersionConflict")
    ]
    assert len(predicted_rejections(upgrade(OLD), upgrade())) == 1


def test_what_another_time_would_let_pass_is_refused_in_the_mean_case():
    early = {"at": {"uniform": {"low": "30s", "high": "50s"}}}
    at_random = {"at": {"uniform": {"low": "30s", "high": "2min"}}}
    ((_, sentence),) = foretelling.predicted_rejections(
        scenario(upgrade(OLD), upgrade() | at_random)
    )
    assert sentence.startswith("upgrade_os-0 is refused in the mean case: 400 PoolVersionEquals")
    ((path, _),) = foretelling.predicted_rejections(scenario(upgrade(OLD), upgrade() | early))
    assert path == ("operations", 0, "upgrade_os")  # it is 409 then, as the upgrade is on
