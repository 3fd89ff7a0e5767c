"""What of an Arc fleet refers to nothing or could not be."""

from __future__ import annotations

import pytest
from any_fleet import AGENT, GROUPS, MONITOR, OWN, asked, fleet, publish, refused


def entry(**keys):
    return AGENT | keys


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        ({"machines": 4, "groups": GROUPS}, ["systems.f.machines: must not be given together"]),
        ({"groups": {}}, ["systems.f: missing key machines (or groups)"]),
        ({"extensions": []}, ["systems.f.extensions: must not be empty"]),
        (
            {"max_concurrent": 0},
            ["systems.f.max_concurrent: must be 1 or more, or a share, got 0"],
        ),
        (
            {"also_supported": ["Own"]},
            [
                "systems.f.also_supported.0: must be a publisher and a type, such as Microsoft.Compute/"
            ],
        ),
        (
            {"counts_as_out": ["away"]},
            [
                "systems.f.counts_as_out.0: must be current, waiting, installing, watching, unhealthy"
            ],
        ),
        (
            {"groups": GROUPS, "extensions": [entry(groups=["shop"])]},
            [
                "systems.f.extensions.0.groups.0: must be a group of f, got shop; did you mean shops?"
            ],
        ),
        (
            {"groups": {"ships": GROUPS["ships"]}},
            ["systems.f.extensions.0.type: must be for the operating system of a group of f, got "],
        ),
        (
            {"extensions": [AGENT, entry(type="azuremonitorlinuxagent", publisher="Other")]},
            [
                "systems.f.extensions.1.enable_automatic_upgrade: must be false, as Other/azuremon",
                "systems.f.extensions.1.type: must be the only one of its type on the group machines",
            ],
        ),
    ],
)
def test_a_fleet_that_could_not_be_is_refused(keys, told):
    problems = refused(**keys)
    assert len(problems) == len(told)
    assert all(map(str.startswith, sorted(problems), sorted(told))), problems


@pytest.mark.parametrize("time", ["0s", {"uniform": {"low": "0s", "high": "0s"}}])
@pytest.mark.parametrize("key", ["on", "off"])
def test_a_machine_is_connected_and_away_for_some_time(key, time):
    away = {"share": "30%", "on": "8h", "off": "16h"} | {key: time}
    assert refused(groups={"a": {"count": 1, "disconnected": away}}) == [
        f"systems.f.groups.a.disconnected.{key}: must be longer than 0s, got 0s"
    ]


def test_a_state_has_room_for_some_thousand_versions_of_an_extension():
    targets = {f"{MONITOR}.{AGENT['type']}": "1.0"}
    pushes = [
        {"upgrade_extensions": {"targets": dict.fromkeys(targets, f"1.0.{k}")}} for k in range(3640)
    ]
    assert fleet(*pushes[:3639]).extensions
    told = "systems.f.extensions: must have at most 3,640 versions of AzureMonitorLinuxAgent, got "
    assert refused(*pushes) == [f"{told}3,641"]


def test_the_same_type_may_be_on_two_groups_in_two_versions():
    extensions = [entry(groups=["a"]), entry(groups=["b"], version="2.0")]
    f = fleet(groups={"a": {"count": 1}, "b": {"count": 1}}, extensions=extensions)
    assert [each.groups for each in f.extensions] == [("a",), ("b",)]


@pytest.mark.parametrize(
    ("operation", "told"),
    [
        (
            {"publish_extension": {"type": "AzureMonitorLinuxAgnt", "version": "1"}},
            "publish_extension.type: must be the type of an extension of f, got "
            "AzureMonitorLinuxAgnt; did you mean AzureMonitorLinuxAgent?",
        ),
        (
            publish(publisher="Microsoft"),
            "publish_extension.publisher: must be the publisher of AzureMonitorLinuxAgent, got "
            f"Microsoft; known: {MONITOR}",
        ),
        (
            {"set_automatic_upgrade": {"type": AGENT["type"], "group": "x", "enabled": True}},
            "set_automatic_upgrade.group: must be a group of f, got x; known: machines",
        ),
        (
            {"upgrade_extensions": {"targets": {AGENT["type"]: "1.38"}}},
            f"upgrade_extensions.targets.{AGENT['type']}: must be Publisher.Type of an extension of "
            f"f, got {AGENT['type']}; did you mean {MONITOR}.{AGENT['type']}?",
        ),
        (
            {"upgrade_extensions": {"targets": {}}},
            "upgrade_extensions.targets: must not be empty",
        ),
        (
            {"put_extension": OWN | {"type": "azuremonitorlinuxagent"}},
            f"put_extension.publisher: must be {MONITOR}, that of azuremonitorlinuxagent on the "
            "group machines, got Contoso",
        ),
    ],
)
def test_what_refers_to_nothing_is_refused(operation, told):
    assert refused(operation) == [f"operations.0.{told}"]


def test_an_extension_is_a_target_once():
    name = f"{MONITOR}.{AGENT['type']}"
    (problem,) = refused({"upgrade_extensions": {"targets": {name: "1.38", name.lower(): "1.39"}}})
    assert problem.endswith(f"must be named once, got {name.lower()}")


def test_a_type_of_several_publishers_needs_one_named():
    groups = {"a": {"count": 1}, "b": {"count": 1}}
    extensions = [
        {"publisher": by, "type": "DependencyAgentLinux", "version": "9.5", "groups": [group]}
        for by, group in (("X", "a"), ("Y", "b"))
    ]
    release = {"type": "dependencyagentlinux", "version": "9.6"}
    assert refused({"publish_extension": release}, groups=groups, extensions=extensions) == [
        "operations.0.publish_extension: missing key publisher, as several have the type: X, Y"
    ]
    named = {"publish_extension": release | {"publisher": "y"}}
    assert asked(named, groups=groups, extensions=extensions).publisher == "Y"


def test_a_fleet_has_at_most_ten_million_machines():
    most = "must be at most 10,000,000 machines, got"
    assert refused(machines=3 * 10**9) == [f"systems.f.machines: {most} 3000000000"]
    halves = {name: {"count": 5_000_001} for name in "ab"}
    assert refused(groups=halves) == [f"systems.f.groups: {most} 10000002"]
    assert fleet(machines=10**7).groups["machines"].count == 10**7
