"""Names that refer to nothing, and what is legal and hardly meant."""

from __future__ import annotations

from importlib import import_module

import pytest
from any_shop import refused, scenario, upgrade
from places import CASES
from screens import assert_screen

from sim.cli.commands import main
from sim.scenario import Scenario


def test_roles_that_do_not_exist_are_refused_wherever_they_are_named():
    extensions = {"named_roles": {"Web": [], "Wob": []}}
    assert_screen(
        "problems/roles",
        refused(
            upgrade(role_to_upgrade="Wb"),
            {"change_configuration": {"configuration": {"Nobody": 2}}},
            upgrade(extension_configuration=extensions),
        ),
    )


def test_a_build_must_be_listed_where_others_are():
    assert refused(upgrade(build="43"), builds={"42": {}}, staging={"build": "44"}) == [
        "systems.shop.staging.build: must be a build of `builds`, got 44; known: 1, 42",
        "operations.0.upgrade_deployment.build: must be a build of `builds`, got 43; known: 1, 42",
    ]
    assert scenario(upgrade(build="1"), builds={"42": {}}).operations[0].body.build == "1"
    assert scenario(upgrade(build="43"), builds={"1": {}}).operations[0].body.build == "43"


@pytest.mark.parametrize("bad", ["10%", "100%"])
def test_a_bad_build_says_what_it_does(bad):
    rule = "must stand beside fails_to_start, unhealthy_later or capacity_factor, "
    assert refused(builds={"2": {"bad": bad}}) == [
        f"systems.shop.builds.2.bad: {rule}which say what a bad build does, got {bad} alone"
    ]


@pytest.mark.parametrize(
    "harm",
    [
        {"fails_to_start": "1%"},
        {"unhealthy_later": {"probability": "1%", "after": "1h"}},
        {"capacity_factor": "90%"},
    ],
)
def test_any_harm_will_do(harm):
    builds = {"2": {"bad": "10%", **harm}, "3": {"bad": "0%"}}  # never bad: it need not say
    found = scenario(builds=builds).systems["shop"].builds
    assert [found[name].bad for name in builds] == [0.1, 0]


def test_a_bad_build_of_which_nothing_is_said_is_told_at_its_place(capsys):
    path = CASES / "service-bad-build-unsaid.yaml"
    assert main(["run", str(path)]) == 2
    (told,) = capsys.readouterr().err.splitlines()
    assert ":7:18: systems.shop.builds.2.bad: must stand beside" in told


def test_an_upgrade_must_say_which_of_several_builds_it_means():
    assert refused(upgrade(), builds={"42": {}, "43": {}}) == [
        "operations.0.upgrade_deployment: missing key build, as several are listed: 42, 43"
    ]


def test_an_upgrade_names_a_deployment_or_a_slot_that_exists():
    staging = {"build": "2", "deployment": "next"}
    assert scenario(upgrade(deployment="next"), upgrade(slot="staging"), staging=staging)
    for kind in ("upgrade_deployment", "change_configuration"):
        rule = "must be production, as shop has no `staging`, got staging"
        assert refused({kind: {"slot": "staging"}}) == [f"operations.0.{kind}.slot: {rule}"]
    assert refused(upgrade(deployment="next")) == [
        (
            "operations.0.upgrade_deployment.deployment: must be a deployment of shop, got next; "
            "known: shop"
        )
    ]
    assert refused(upgrade(slot="production", deployment="shop")) == [
        "operations.0.upgrade_deployment.deployment: must not be given together with slot, got shop"
    ]


def test_an_instance_must_be_one_that_its_role_may_ever_have():
    grown = {"change_configuration": {"configuration": {"Web": 6}}}
    assert scenario({"reboot_instance": {"instance": "Web_IN_5"}}, grown)
    assert_screen(
        "problems/instances",
        refused(
            {"reboot_instance": {"instance": "Web_IN_6"}},
            {"reimage_instance": {"instance": "Web_IN_01"}},
            {"reboot_instance": {"instance": "Wob_IN_0"}},
            {"reboot_instance": {"instance": "Web"}},
            grown,
        ),
    )


def test_a_role_has_a_restart_or_stages():
    web = {"instances": 1, "restart": "1min", "stages": {"stop": "30s"}}
    assert refused(roles={"Web": web}) == [
        "systems.shop.roles.Web.stages: must not be given together with restart"
    ]


def test_a_role_has_at_most_ten_million_instances():
    rule = "systems.shop.roles.WebRole.instances: must be at most 10,000,000, got 3000000000"
    assert refused(roles={"WebRole": {"instances": 3 * 10**9}}) == [rule]
    more = {"change_configuration": {"configuration": {"WebRole": 3 * 10**9}}}
    assert refused(more, roles={"WebRole": {"instances": 4}}) == [rule]


def test_manual_without_operator_and_walks_warns():
    manual = upgrade(mode="Manual")
    walk = {"walk_upgrade_domain": {"upgrade_domain": 0}}
    changed = {"change_configuration": {"mode": "Manual", "restarts": True}}
    kept = {"change_configuration": {"mode": "Manual"}}
    waiting = scenario(manual, upgrade(), {"rollback": {"mode": "Manual"}}, changed, kept).warnings
    assert [each.split(":")[0] for each in waiting] == [
        "operations.0.upgrade_deployment.mode",
        "operations.2.rollback.mode",
        "operations.3.change_configuration.mode",
    ]
    assert scenario(manual, walk).warnings == ()
    assert scenario(upgrade(mode="Manual", operator={})).warnings == ()


def test_more_than_azure_allows_warns():
    roles = {f"r{n}": {"instances": 1} for n in range(26)}
    assert scenario(update_domains=21, roles=roles).warnings == (
        "systems.shop.roles: Azure allows at most 25, got 26",
        "systems.shop.update_domains: Azure allows at most 20, got 21",
    )


def test_demand_that_no_role_serves_warns():
    demand = {"constant": 5}
    assert len(scenario(demand=demand).warnings) == 1
    roles = {"Web": {"instances": 1, "serves_demand": 3}}
    assert scenario(demand=demand, roles=roles).warnings == ()


def test_more_available_than_there_are_instances_is_never_met():
    roles = {"Web": {"instances": 4, "min_available": 5}}
    (told,) = scenario(roles=roles).warnings
    assert told == (
        "systems.shop.roles.Web.min_available: there are only 4 instances, got 5: never available"
    )
    more = {"change_configuration": {"configuration": {"Web": 5}}}
    assert scenario(more, roles=roles).warnings == ()


def test_a_service_has_at_most_1000_extensions():
    many = [{"id": f"e{n}"} for n in range(1000)]
    scenario(extensions=many)
    rule = "must have at most 1,000 extensions, those added later included, got 1,001"
    added = {"add_extension": {"id": "one more"}}
    assert refused(added, extensions=many) == [f"systems.shop.extensions: {rule}"]


def test_configurations_are_numbered_up_to_what_a_log_has_room_for(monkeypatch):
    module = import_module("sim.systems.cloud_service.references")
    monkeypatch.setattr(module, "MOST_UPDATES", 2)
    change = {"change_configuration": {"configuration": {"Web": 5}}}
    scenario(change, {"rollback": {}}, {"swap": {}}, staging={"build": "2"})
    rule = "must have at most 2 operations that change its configuration, repetitions included"
    assert refused(change, change, change) == [f"systems.shop: {rule}, got 3"]


def test_a_window_in_which_an_upgrade_cannot_begin_any_more_is_told():
    """A day from Friday 14:00: the request comes when the window is over."""
    windows = [{"from": "13:00", "to": "15:00"}, {"from": "22:00", "to": "05:00"}]
    asked = {"at": "70min", **upgrade(windows=windows)}
    by_clock = {"start": "2026-11-20T14:00", "horizon": "22h"}
    shop = {"kind": "cloud_service", "roles": {"Web": {"instances": 4}}}
    text = by_clock | {"systems": {"shop": shop}, "operations": [asked]}
    assert Scenario.from_dict(text).warnings == (
        "operations.0.upgrade_deployment.windows.0: is never open from Fri 20 Nov 15:10 to Sat 21 "
        "Nov 12:00",
    )
    by_chance = asked | {"at": {"uniform": {"low": "70min", "high": "2h"}}}
    assert Scenario.from_dict(text | {"operations": [by_chance]}).warnings == ()
