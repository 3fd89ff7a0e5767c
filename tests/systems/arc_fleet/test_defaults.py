"""What is filled in of an Arc fleet and its requests, and which of it is assumed."""

from __future__ import annotations

import pytest
from any_fleet import AGENT, GROUPS, MONITOR, OWN, VAULT, asked, fleet, publish
from any_fleet import scenario as any_scenario

from sim.core.errors import ScenarioError
from sim.scenario import Scenario
from sim.systems.arc_fleet.requests import AlwaysUnhealthy

WINDOWS = {"publisher": VAULT, "type": "KeyVaultForWindows", "version": "1.0"}


def test_a_fleet_lasts_90_days_unless_told():
    assert any_scenario().horizon == 90 * 86400.0


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


def test_the_footer_names_what_a_retry_takes_where_a_type_is_released_again():
    said = "a retry or pending discovery takes the newest release"
    assert said not in any_scenario(publish()).assumptions
    assert said in any_scenario(publish(), publish("1.39.0")).assumptions
