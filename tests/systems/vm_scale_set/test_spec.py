"""What a user may write of a scale set, and what is filled in."""

from __future__ import annotations

import pytest
from set_story import refused

from sim.core.rounding import Amount
from sim.formats.distributions import Distribution
from sim.scenario import Scenario


def scale_set(**keys):
    """A set `w` of ten instances as it is resolved."""
    written = {"kind": "vm_scale_set", "instances": 10} | keys
    return Scenario.from_dict({"systems": {"w": written}}).systems["w"]


def test_a_set_has_the_documented_defaults():
    w = scale_set()
    assert (w.orchestration, w.zones, w.update_domains) == ("uniform", None, 5)
    assert (w.image, w.extensions, w.size, w.versions) == ("1", "1", "1", {})
    assert (w.unhealthy_instances, w.quota, w.repairs, w.failures) == ((), None, None, None)
    assert (w.min_available, w.demand, w.serves_demand) == (Amount(count=1), None, 0.0)


def test_a_policy_has_the_defaults_of_the_rest_api():
    policy = scale_set().upgrade_policy
    assert policy.mode == "rolling"
    assert (
        policy.max_batch_instance_percent,
        policy.max_unhealthy_instance_percent,
        policy.max_unhealthy_upgraded_instance_percent,
        policy.pause_time_between_batches,
    ) == (0.2, 0.2, 0.2, 0.0)
    assert not policy.prioritize_unhealthy_instances
    assert not policy.enable_cross_zone_upgrade
    assert not policy.rollback_failed_instances_on_policy_breach
    assert not policy.max_surge


def test_health_and_repairs_have_the_defaults_of_the_documents():
    w = scale_set(repairs={})
    health = w.health
    assert (health.source, health.interval, health.probes) == ("application", 5.0, 1)
    assert (health.grace_period, health.wait, health.grace_extends_wait) == (0.0, 300.0, True)
    assert (w.repairs.action, w.repairs.grace_period) == ("replace", 600.0)


def test_azure_upgrades_by_itself_only_where_that_is_switched_on():
    automatic = scale_set().automatic_os_upgrade
    assert (automatic.enabled, automatic.disable_automatic_rollback) == (False, False)
    assert automatic.discovery == Distribution.model_validate(
        {"uniform": {"low": "0s", "high": "3h"}}
    )


def test_times_of_an_instance_are_as_recorded():
    w = scale_set()
    fixed = Distribution.fixed
    assert (w.reimage, w.upgrade, w.create) == (fixed(80.0), fixed(240.0), fixed(180.0))
    assert (w.delete, w.healthy_after, w.restart) == (fixed(60.0), fixed(60.0), fixed(60.0))


def test_a_version_behaves_well_unless_the_file_says_otherwise():
    w = scale_set(versions={"1": {"unhealthy": "5%"}})
    version = w.versions["1"]
    assert (version.bad, version.unhealthy, version.unhealthy_later) == (1.0, 0.05, None)


@pytest.mark.parametrize(
    ("zones", "counts"),
    [(None, ()), (3, (4, 3, 3)), (1, (10,)), ([7, 3], (7, 3)), ([10, 0], (10, 0)), (12, None)],
)
def test_instances_are_spread_over_zones_or_as_a_list_says(zones, counts):
    w = scale_set(**({} if zones is None else {"zones": zones}))
    assert w.zone_counts == (counts if counts is not None else (1,) * 10 + (0,) * 2)


@pytest.mark.parametrize(
    ("keys", "domains"),
    [
        ({}, 5),
        ({"update_domains": 3}, 3),
        ({"zones": 1}, 1),
        ({"orchestration": "flexible"}, 1),
    ],
)
def test_only_uniform_regional_sets_have_update_domains(keys, domains):
    assert scale_set(**keys).domains == domains


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        (
            {"policy": {"max_batch_instance_percent": "4%"}},
            "upgrade_policy.max_batch_instance_percent: must be 5% to 100%, got 4",
        ),
        (
            {"policy": {"max_unhealthy_instance_percent": "4.9%"}},
            "upgrade_policy.max_unhealthy_instance_percent: must be 5% to 100%, got 4.9",
        ),
        ({"instances": 0}, "instances: must be a whole number, 1 or more, got 0"),
        ({"zones": 0}, "zones: must be a number of zones, 1 or more, or a list "),
        ({"zones": [2, -1]}, "zones.1: must be a whole number, 0 or more, got -1"),
        (
            {"zones": "two"},
            'zones: must be a number of zones, 1 or more, or a list with the instances of each, got "two"',
        ),
        ({"policy": {"mode": "roling"}}, "upgrade_policy.mode: "),
        ({"health": {"interval": "0s"}}, "health.interval: "),
        ({"versions": {"1": {"unhealthy_later": {"probability": "5%"}}}}, "versions.1."),
        ({"imgae": "2"}, "imgae: unknown key, did you mean image?"),
    ],
)
def test_what_cannot_be_is_refused_with_its_place(keys, told):
    (rule,) = refused(**keys)
    assert rule.startswith(f"systems.w.{told}")


@pytest.mark.parametrize("share", ["5%", "100%"])
def test_the_bounds_of_the_rest_api_are_allowed(share):
    policy = {"max_batch_instance_percent": share, "max_unhealthy_instance_percent": share}
    found = scale_set(upgrade_policy=policy).upgrade_policy
    assert found.max_batch_instance_percent == found.max_unhealthy_instance_percent


def test_of_the_upgraded_none_may_be_unhealthy():
    policy = {"max_unhealthy_upgraded_instance_percent": "0%"}
    assert (
        scale_set(upgrade_policy=policy).upgrade_policy.max_unhealthy_upgraded_instance_percent == 0
    )
