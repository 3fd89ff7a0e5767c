"""Defaults of a cloud service that depend on other fields, and which are assumptions."""

from __future__ import annotations

import pytest
from any_shop import scenario, upgrade

from sim.formats.distributions import Distribution
from sim.scenario import Scenario


def test_a_role_with_stages_has_no_restart_of_its_own():
    stages = {"stop": "30s", "apply": "90s"}
    web = scenario(roles={"Web": {"instances": 1, "stages": stages}}).systems["shop"].roles["Web"]
    assert (web.restart, web.create) == (None, None)
    assert (web.stages.stop.mean, web.stages.apply.mean) == (30.0, 90.0)
    assert (web.stages.start.mean, web.stages.on_start.mean) == (0.0, 0.0)


def test_an_instance_is_created_as_it_restarts_unless_told():
    roles = {"A": {"instances": 1, "restart": "1min"}, "B": {"instances": 1, "create": "2min"}}
    resolved = scenario(roles=roles).systems["shop"].roles
    assert resolved["A"].create == Distribution.fixed(60.0)
    assert resolved["B"].create == Distribution.fixed(120.0)


def test_roles_and_builds_stand_in_order_of_name():
    roles = {"b": {"instances": 1}, "a": {"instances": 1}}
    shop = scenario(roles=roles, builds={"9": {}, "3": {}}).systems["shop"]
    assert (list(shop.roles), list(shop.builds)) == (["a", "b"], ["3", "9"])


def test_a_staging_deployment_is_named_after_its_system():
    assert scenario(staging={"build": "2"}).systems["shop"].staging.deployment == "shop-staging"


@pytest.mark.parametrize(
    ("builds", "build"),
    [({}, "2"), ({"1": {}}, "2"), ({"42": {}}, "42"), ({"1": {}, "42": {}}, "42")],
)
def test_an_upgrade_goes_to_the_only_other_build(builds, build):
    assert scenario(upgrade(), builds=builds).operations[0].body.build == build


def test_the_build_that_runs_at_first_can_be_named():
    shop = {"build": "41", "builds": {"41": {}, "42": {}}}
    assert scenario(upgrade(), **shop).operations[0].body.build == "42"


def test_an_upgrade_of_a_named_deployment_has_no_slot():
    assert scenario(upgrade(deployment="shop")).operations[0].body.slot is None


def test_a_host_update_takes_15_to_20_minutes_and_a_guest_update_a_restart():
    host, guest = scenario({"host_os_update": {}}, {"guest_os_update": {}}).operations
    uniform = {"uniform": {"low": "15min", "high": "20min"}}
    assert host.body.duration == Distribution.model_validate(uniform)
    assert guest.body.duration is None


def test_only_assumptions_in_force_are_named():
    everything = {"restart": "1min", "create": "2min", "min_healthy": 1}
    sure = {"instances": 1, **everything, "failures": {"per_year": 1, "recovery": "16min"}}
    assert scenario(upgrade(), roles={"Web": sure}).assumptions == ()
    assert scenario().assumptions == ("restart (lognormal, median 4min)", "no failures")
    assert scenario(upgrade()).assumptions[1] == "min_healthy 1"
    some = {"Web": {"instances": 1}, "Worker": sure}
    assert scenario(roles=some).assumptions == ("restart of Web (lognormal, median 4min)",)
    grown = {"change_configuration": {"configuration": {"Web": 9}}}
    assert "create of Web as restart" in scenario(grown).assumptions
    racks = scenario(fault_domain_failures={"per_year": 1, "recovery": "1h"})
    assert racks.assumptions[1:] == ("2 fault domains",)


def test_the_footer_names_that_a_second_change_takes_over():
    said = "a second change takes over from the first at once"
    first = {"at": "1min", "upgrade_deployment": {}}
    restart = {"at": "2min", "change_configuration": {"restarts": True}}
    grow = {"at": "2min", "change_configuration": {"configuration": {"W": 3}}}
    for operations, told in (([first], 0), ([first, grow], 0), ([first, restart], 1)):
        system = {"kind": "cloud_service", "roles": {"W": {"instances": 2}}}
        scenario = Scenario.from_dict({"systems": {"s": system}, "operations": operations})
        assert (said in scenario.assumptions) == told
