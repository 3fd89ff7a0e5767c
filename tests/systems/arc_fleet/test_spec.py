"""What a user may write of an Arc fleet, what is filled in, and what refers to nothing."""

from __future__ import annotations

import pytest
from any_fleet import AGENT, GROUPS, MONITOR, OWN, VAULT, asked, fleet, noted, publish, refused
from any_fleet import scenario as any_scenario

from sim.core.errors import ScenarioError
from sim.formats.distributions import Distribution
from sim.scenario import Scenario
from sim.systems.arc_fleet.requests import AlwaysUnhealthy

WINDOWS = {"publisher": VAULT, "type": "KeyVaultForWindows", "version": "1.0"}

# Defaults ----------------------------------------------------------------------------------------


def test_a_fleet_has_the_documented_defaults():
    f = fleet()
    assert str(f.discovery) == "uniform (low 0s, high 56d)"
    assert str(f.install) == "lognormal (median 4min, p95 6min)"
    assert str(f.retry_after) == "uniform (low 2d, high 4d)"
    assert (f.health_window, f.verdict, f.unhealthy, f.rollback_fails) == (
        300.0,
        "at_end",
        0.0,
        0.0,
    )
    assert (f.rollback, f.healthy_after) == (Distribution.fixed(120.0), Distribution.fixed(0.0))
    assert (f.supported, f.also_supported, f.max_attempts, f.max_concurrent) == (
        None,
        (),
        None,
        None,
    )
    assert f.counts_as_out == ("installing", "unhealthy", "rolling_back", "failed")


def test_a_fleet_lasts_90_days_unless_told():
    assert any_scenario().horizon == 90 * 86400.0


def test_an_extension_has_the_documented_defaults():
    (extension,) = fleet(extensions=[OWN]).extensions
    assert (extension.auto_upgrade_minor_version, extension.enable_automatic_upgrade) == (
        True,
        False,
    )
    assert extension.min_available is None


def test_a_number_of_machines_is_one_group():
    f = fleet(machines=2000)
    assert (f.machines, list(f.groups)) == (None, ["machines"])
    group = f.groups["machines"]
    assert (group.count, group.os, group.disconnected) == (2000, None, None)


def test_groups_stand_in_order_of_name():
    assert list(fleet(groups={"b": {"count": 1}, "a": {"count": 2}}).groups) == ["a", "b"]


def on_groups(kind):
    groups = GROUPS | {"mixed": {"count": 1}}
    (extension,) = fleet(groups=groups, extensions=[OWN | {"type": kind}]).extensions
    return extension.groups


@pytest.mark.parametrize(
    ("kind", "groups"),
    [
        ("KeyVaultForLinux", ("mixed", "shops")),
        ("keyvaultforwindows", ("mixed", "ships")),
        ("AzureMonitorWindowsAgent", ("mixed", "ships")),
        ("MDE.Linux", ("mixed", "shops")),
        ("GuestAttestation", ("mixed", "ships", "shops")),
    ],
)
def test_an_extension_is_on_all_groups_but_those_of_another_system_than_its_type_names(
    kind, groups
):
    assert on_groups(kind) == groups


def test_an_extension_may_name_its_groups():
    extensions = [OWN | {"groups": ["shops", "ships"]}]
    assert fleet(groups=GROUPS, extensions=extensions).extensions[0].groups == ("ships", "shops")


def test_a_resolved_fleet_reads_back_to_the_same():
    s = any_scenario(
        publish(unhealthy={"os": "linux"}),
        publish("1.39.0", unhealthy={"machines": "10%"}),
        publish("1.40.0", unhealthy="5%"),
        {"upgrade_extensions": {"targets": {f"{MONITOR}.{AGENT['type']}": "1.40.0"}}},
        groups=GROUPS,
        extensions=[AGENT, WINDOWS],
        max_concurrent="20%",
    )
    again = Scenario.from_text(s.to_yaml(), "scenario")
    assert again == s
    assert again.systems["f"].groups["shops"].count == 15


# Requests ----------------------------------------------------------------------------------------


def test_a_release_is_as_bad_as_the_fleet_says_unless_it_says_so_itself():
    assert asked(publish(), unhealthy="5%").unhealthy == 0.05
    assert asked(publish(unhealthy="0%"), unhealthy="5%").unhealthy == 0.0
    assert asked(publish(unhealthy={"machines": "10%"})).unhealthy == AlwaysUnhealthy(machines=0.1)


@pytest.mark.parametrize(
    "operation",
    [
        {"publish_extension": {"type": "AZUREMONITORLINUXAGENT", "version": "1.38"}},
        {"set_automatic_upgrade": {"type": "azuremonitorlinuxagent", "enabled": False}},
        {"repair_extension": {"type": "azureMonitorLinuxAgent"}},
    ],
)
def test_a_type_is_taken_in_any_case_and_its_publisher_is_filled_in(operation):
    body = asked(operation)
    assert (body.publisher, body.type) == (MONITOR, "AzureMonitorLinuxAgent")


def test_targets_are_spelled_as_the_fleet_is():
    body = asked({"upgrade_extensions": {"targets": {"contoso.OWN": 2}}}, extensions=[OWN])
    assert body.targets == {"Contoso.Own": "2"}


def test_a_request_to_put_an_extension_has_the_defaults_of_one_that_is_there():
    body = asked({"put_extension": OWN})
    assert (body.auto_upgrade_minor_version, body.enable_automatic_upgrade) == (True, False)
    assert body.group is None


def test_what_only_a_request_brings_can_be_asked_for():
    body = {"type": "own", "enabled": False}
    assert asked({"set_automatic_upgrade": body}, extensions=[OWN]).type == "Own"
    s = any_scenario({"put_extension": OWN}, {"set_automatic_upgrade": body})
    assert s.operations[1].body.type == "own"


def test_a_type_that_only_a_request_brings_is_a_group_of_objectives():
    tree = {
        "systems": {"f": {"kind": "arc_fleet", "machines": 4, "extensions": [AGENT]}},
        "operations": [{"at": "1h", "put_extension": OWN}],
        "objectives": [{"metric": "min_capacity", "group": "Own", "at_least": "50%"}],
    }
    (objective,) = Scenario.from_dict(tree).objectives
    assert objective.group == "Own"
    with pytest.raises(ScenarioError, match="must be a group of f, got Own; known: AzureMon"):
        Scenario.from_dict(tree | {"operations": []})


@pytest.mark.parametrize(
    ("version", "rule"),
    [
        ("1.x", "must be a version such as 1.37.0: one to four numbers joined by dots, got "),
        ("1.2.3.4.5", "must be a version such as 1.37.0: one to four numbers joined by dots, got "),
        ("1..2", "must be a version such as 1.37.0: one to four numbers joined by dots, got "),
        ("", 'must be a version such as 1.37.0: one to four numbers joined by dots, got ""'),
        (1.38, "must be text: quote it, got 1.38"),
    ],
)
def test_a_version_is_numbers_joined_by_dots(version, rule):
    (problem,) = refused(publish(version))
    assert problem.startswith(f"operations.0.publish_extension.version: {rule}")


@pytest.mark.parametrize(
    ("unhealthy", "place", "rule"),
    [
        ({"machines": "5%", "os": "linux"}, "", "must have exactly one of machines or os, got "),
        ({}, "", "must have exactly one of machines or os, got none of them"),
        ({"os": "macos"}, ".os", "must be linux or windows, got "),
        (7, "", "must be a share from 0% to 100%, got 7"),
        ({"os": "windows"}, ".os", "must be the os of a group of f, got windows; known: none"),
    ],
)
def test_how_bad_a_release_is_is_a_share_or_a_place(unhealthy, place, rule):
    (problem,) = refused(publish(unhealthy=unhealthy))
    assert problem.startswith(f"operations.0.publish_extension.unhealthy{place}: {rule}")


# What could not be -------------------------------------------------------------------------------


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


# Which types are supported -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("publisher", "kind", "documents"),
    [
        (VAULT, "KeyVaultForLinux", {"2021-08", "2021-12", "2025-06"}),
        (VAULT, "KeyVaultForWindows", {"2021-08", "2025-06"}),
        ("Microsoft.GuestConfiguration", "ConfigurationforLinux", {"2021-08"}),
        (MONITOR, "AzureMonitorLinuxAgent", {"2021-12", "2025-06"}),
        ("Microsoft.EnterpriseCloud.Monitoring", "OmsAgentForLinux", {"2021-12"}),
        ("Microsoft.Azure.AzureDefenderForServers", "MDE.Windows", {"2025-06"}),
        ("Microsoft.Compute", "CustomScriptExtension", set()),
    ],
)
def test_each_document_has_its_list_and_the_default_is_all_of_them(publisher, kind, documents):
    one = {"publisher": publisher.lower(), "type": kind.upper(), "version": "1.0"}
    one["enable_automatic_upgrade"] = True
    for document in ("2021-08", "2021-12", "2025-06", None):
        named = {"supported": document} if document else {}
        if document in documents or (documents and not document):
            assert fleet(extensions=[one], **named).extensions[0].enable_automatic_upgrade
        else:
            (problem,) = refused(extensions=[one], **named)
            assert problem.startswith(
                "systems.f.extensions.0.enable_automatic_upgrade: must be fal"
            )


def test_a_fleet_may_support_types_of_its_own():
    one = OWN | {"enable_automatic_upgrade": True}
    f = fleet(extensions=[one], also_supported=["contoso/own"], supported="2021-08")
    assert f.extensions[0].enable_automatic_upgrade


# What is hardly meant ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("operations", "keys", "told"),
    [
        (
            [],
            {"healthy_after": "1min"},
            "systems.f.healthy_after: counts only under `verdict: early`",
        ),
        (
            [],
            {"extensions": [entry(min_available=5)]},
            "systems.f.extensions.0.min_available: only 4 machines have it, got 5: never available",
        ),
        (
            [],
            {"machines": 1, "extensions": [entry(min_available=5)]},
            "systems.f.extensions.0.min_available: only 1 machine has it, got 5: never available",
        ),
        (
            [],
            {"groups": GROUPS, "extensions": [entry(groups=["ships"])]},
            "systems.f.extensions.0.groups: AzureMonitorLinuxAgent is for linux, and ships runs windows",
        ),
        (
            [publish()],
            {"extensions": [entry(enable_automatic_upgrade=False)]},
            "operations.0.publish_extension.type: is nowhere enrolled: nothing is upgraded",
        ),
        (
            [publish("2.0")],
            {},
            "operations.0.publish_extension.version: is above no version of its major version: "
            "nothing is upgraded, got 2.0",
        ),
        (
            [publish("1.37")],
            {},
            "operations.0.publish_extension.version: is above no version of its major version: "
            "nothing is upgraded, got 1.37",
        ),
        (
            [{"repair_extension": {"type": AGENT["type"]}}],
            {},
            "operations.0.repair_extension: nothing is ever failed without `rollback_fails` or "
            "`max_attempts`",
        ),
    ],
)
def test_what_is_hardly_meant_is_noted(operations, keys, told):
    (note,) = noted(*operations, **keys)
    assert note.endswith(told)


@pytest.mark.parametrize(
    ("operations", "keys"),
    [
        ([publish()], {}),
        ([], {"healthy_after": "1min", "verdict": "early"}),
        (
            [publish(), {"set_automatic_upgrade": {"type": AGENT["type"], "enabled": True}}],
            {"extensions": [entry(enable_automatic_upgrade=False)]},
        ),
        ([{"put_extension": entry(version="2.0")}, publish("2.1")], {}),
        (
            [
                {"upgrade_extensions": {"targets": {f"{MONITOR}.{AGENT['type']}": "2.0"}}},
                publish("2.1"),
            ],
            {},
        ),
        ([{"repair_extension": {"type": AGENT["type"]}}], {"max_attempts": 3}),
        ([{"repair_extension": {"type": AGENT["type"]}}], {"rollback_fails": "1%"}),
        ([{"put_extension": OWN}, {"repair_extension": {"type": "Own"}}], {"unhealthy": "5%"}),
    ],
)
def test_what_may_well_be_meant_is_not_noted(operations, keys):
    assert noted(*operations, **keys) == []


# Assumptions -------------------------------------------------------------------------------------


def test_the_defaults_in_force_that_azure_does_not_publish_are_told():
    assert any_scenario(publish()).assumptions == (
        "discovery (uniform, 0s to 56d)",
        "install (lognormal, median 4min)",
        "no unhealthy machines",
        "always connected",
    )


def test_rollbacks_and_retries_are_assumed_only_where_something_fails():
    told = any_scenario(publish(unhealthy="5%"), install="1min", discovery="0s").assumptions
    assert told == (
        "rollback (2min)",
        "retry_after (uniform, 2d to 4d)",
        "no failed rollbacks",
        "always connected",
    )


def test_what_is_given_is_not_assumed():
    away = {"share": "10%", "on": "1h", "off": "1h"}
    told = any_scenario(
        publish(),
        groups={"a": {"count": 1, "disconnected": away}},
        unhealthy="1%",
        rollback_fails="1%",
        **dict.fromkeys(("discovery", "install", "rollback", "retry_after"), "1min"),
    ).assumptions
    assert told == ()


def test_machines_that_may_be_healthy_too_late_need_rollbacks():
    told = any_scenario(publish(), verdict="early", healthy_after="6min").assumptions
    assert "rollback (2min)" in told
    assert "no unhealthy machines" not in told


def test_a_push_is_not_tried_again_so_no_retry_is_assumed():
    push = {"upgrade_extensions": {"targets": {f"{MONITOR}.{AGENT['type']}": "1.38"}}}
    told = any_scenario(push, unhealthy="5%").assumptions
    assert "rollback (2min)" in told
    assert not any(each.startswith("retry_after") for each in told)


def test_a_fleet_of_which_nothing_is_asked_assumes_nothing():
    assert any_scenario().assumptions == ()


def test_a_fleet_has_at_most_ten_million_machines():
    most = "must be at most 10,000,000 machines, got"
    assert refused(machines=3 * 10**9) == [f"systems.f.machines: {most} 3000000000"]
    halves = {name: {"count": 5_000_001} for name in "ab"}
    assert refused(groups=halves) == [f"systems.f.groups: {most} 10000002"]
    assert fleet(machines=10**7).groups["machines"].count == 10**7


def test_the_footer_names_what_a_retry_takes_where_a_type_is_released_again():
    said = "a retry or pending discovery takes the newest release"
    assert said not in any_scenario(publish()).assumptions
    assert said in any_scenario(publish(), publish("1.39.0")).assumptions
