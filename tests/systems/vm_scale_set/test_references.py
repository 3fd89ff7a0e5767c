"""What refers to nothing or cannot be in a scale set, and what is legal and yet hardly meant."""

from __future__ import annotations

import pytest
from set_story import BAD, IMAGE, noted, refused, scenario

NONE = {"health": {"source": "none"}}
MANUAL = {"mode": "manual"}
PUBLISH = {"publish_image": {"image": "2"}}
START = {"start_os_upgrade": {}}


def scale(instances):
    return {"scale": {"instances": instances}}


# What must not be


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        ({"zones": [2, 3]}, "zones: must sum up to the instances, 4, got 5"),
        (
            {"zones": [1, 2, 3]},
            "zones: must sum up to the instances, 4, got 6; 3 alone spreads them over that many "
            "zones",
        ),
        ({"zones": 101}, "zones: must be at most 100 zones, got 101"),
        ({"zones": [4] + [0] * 100}, "zones: must be at most 100 zones, got 101"),
        ({"quota": 3}, "quota: must be at least the instances, 4, got 3"),
        (
            {"unhealthy_instances": [0, 4]},
            "unhealthy_instances.1: must be a number of an instance, 0 to 3, got 4",
        ),
        (
            NONE,
            "health.source: must be application or load_balancer, as the mode rolling needs a "
            "source of health, got none",
        ),
        (
            NONE | {"policy": MANUAL, "repairs": {}},
            "health.source: must be application or load_balancer, as repairs need a source of "
            "health, got none",
        ),
        (
            {
                "orchestration": "flexible",
                "policy": {"rollback_failed_instances_on_policy_breach": True},
            },
            "upgrade_policy.rollback_failed_instances_on_policy_breach: must be false, as only "
            "uniform sets have it, got true",
        ),
        (
            {
                "orchestration": "flexible",
                "policy": {"max_surge": True},
                "automatic_os_upgrade": {"enabled": True},
            },
            "upgrade_policy.max_surge: must be false, as flexible sets have no automatic OS "
            "upgrades with it, got true",
        ),
        ({"health": {"interval": "4s"}}, "health.interval: must be 5s to 1min, got 4s"),
        ({"health": {"interval": "61s"}}, "health.interval: must be 5s to 1min, got 1min1s"),
        ({"health": {"probes": 25}}, "health.probes: must be at most 24, got 25"),
        ({"health": {"grace_period": "5h"}}, "health.grace_period: must be at most 4h, got 5h"),
        (
            {"repairs": {"grace_period": "9min"}},
            "repairs.grace_period: must be 10min to 1h30, got 9min",
        ),
        (
            {"repairs": {"grace_period": "91min"}},
            "repairs.grace_period: must be 10min to 1h30, got 1h31",
        ),
        ({"versions": {"x": {}}}, "versions.x: "),
        (
            {"versions": {"1": {"bad": "5%"}}},
            "versions.1.bad: must stand beside unhealthy or unhealthy_later, which say what a bad "
            "version does, got 5% alone",
        ),
        (
            {"instances": 10_000_001},
            "instances: must be at most 10,000,000 instances with all that scale and a surge "
            "create, got 10,000,001",
        ),
    ],
)
def test_a_set_that_could_not_be_is_refused_with_its_place(keys, told):
    (rule,) = refused(**keys)
    assert rule.startswith(f"systems.w.{told}")


def test_what_scale_outs_and_surges_create_counts_too():
    """The eight million that are asked for and a batch of half of them."""
    keys = {"instances": 5_000_000, "policy": {"max_surge": True}}
    (rule,) = refused((100, scale(8_000_000)), **keys)
    assert rule.startswith("systems.w.instances: must be at most 10,000,000 instances")
    assert rule.endswith("got 12,000,000")


def test_a_version_that_nothing_has_is_told_with_what_there_is():
    assert refused((100, IMAGE), versions={"3": {"unhealthy": "1%"}}) == [
        "systems.w.versions.3: must be an image, extensions or a size of w, got 3; known: 1, 2"
    ]


def test_a_state_has_room_for_so_many_models():
    asked = [(100 + k, {"update_model": {"image": f"i{k}", "size": f"s{k}"}}) for k in range(60)]
    (rule,) = refused(*asked, horizon="1d")
    assert rule == (
        "systems.w: must have at most 2,729 models, images times extensions times sizes, those of "
        "its operations included, got 3,721"
    )
    assert len(scenario(*asked[:50]).operations) == 50


@pytest.mark.parametrize(
    "keys",
    [
        NONE | {"policy": MANUAL},
        NONE | {"policy": {"mode": "automatic"}},
        {"health": {"source": "load_balancer", "interval": "1s"}},
        {"health": {"interval": "60s", "probes": 24, "grace_period": "4h"}},
        {"orchestration": "flexible", "policy": {"max_surge": True}},
        {"orchestration": "flexible", "automatic_os_upgrade": {"enabled": True}},
        {"zones": 100},
        {"zones": [4] + [0] * 99},
        {"quota": 4},
        {"repairs": {"grace_period": "10min"}},
        {"repairs": {"grace_period": "90min"}},
        {"versions": {"1": {"bad": "0%"}}},
    ],
)
def test_what_is_at_its_bound_is_taken(keys):
    assert scenario(**keys).systems["w"].instances == 4


# What is hardly meant


def test_more_instances_than_azure_allows_are_noted():
    assert noted(instances=1001) == ["systems.w.instances: Azure allows at most 1,000, got 1,001"]
    assert noted(instances=1000) == []


def test_a_batch_that_may_be_larger_than_what_may_be_unhealthy_is_noted():
    policy = {"max_batch_instance_percent": "51%"}
    assert noted(policy=policy) == [
        "systems.w.upgrade_policy.max_batch_instance_percent: a batch may be larger than "
        "max_unhealthy_instance_percent, 50 %, allows to be unhealthy, got 51 %"
    ]


@pytest.mark.parametrize(
    ("keys", "which"),
    [
        ({"zones": 2}, "a set in zones"),
        ({"zones": 2, "orchestration": "flexible"}, "a flexible set"),
        ({"orchestration": "flexible"}, "a flexible set"),
    ],
)
def test_update_domains_of_a_set_that_has_none_are_noted(keys, which):
    """Those of the sample set are one, so the default must not be told."""
    told = f"systems.w.update_domains: {which} has no update domains, got 3: it does nothing"
    assert noted(update_domains=3, **keys) == [told]
    assert noted(update_domains=3) == []


def test_a_surge_for_which_the_quota_never_has_room_is_noted():
    told = (
        "systems.w.upgrade_policy.max_surge: the quota, 4, has no room for a surge: batches go in "
        "place"
    )
    surge = {"policy": {"max_surge": True}}
    assert noted(quota=4, **surge) == [told]
    assert noted(quota=4) == noted(quota=5, **surge) == noted(**surge) == []
    assert noted((100, scale(3)), quota=4, **surge) == []  # then it has


def test_demand_that_nobody_serves_is_noted():
    demand = {"demand": {"constant": 5}}
    (line,) = noted(**demand)
    assert line == "systems.w.demand: the set has no serves_demand, so none of it is served"
    assert noted(**demand, serves_demand=2) == []


def test_a_set_that_is_never_available_is_noted():
    assert noted(min_available=5) == [
        "systems.w.min_available: there are only 4 instances, got 5: never available"
    ]
    assert noted(min_available=4) == noted(min_available="100%") == []


def test_a_manual_change_that_nobody_follows_is_noted():
    told = (
        "operations.0.update_model: the mode is manual and there is no manual_upgrade: no "
        "instance follows"
    )
    assert noted((100, IMAGE), policy=MANUAL) == [told]
    assert noted((100, IMAGE)) == []
    for follows in ({"manual_upgrade": {"instances": [0]}}, {"start_os_upgrade": {"image": "3"}}):
        assert noted((100, IMAGE), (200, follows), policy=MANUAL) == []


def test_an_empty_update_is_noted_where_there_is_nothing_to_begin_again():
    empty = {"update_model": {}}
    told = "operations.0.update_model: changes nothing: no image, extensions or size"
    assert noted((100, empty)) == [told]
    assert noted((100, IMAGE), (200, empty)) == []


def test_the_first_update_to_what_is_there_is_noted():
    same = {"update_model": {"image": "1", "size": "1"}}
    told = (
        "operations.0.update_model: changes nothing: the model has image 1, size 1 from the start"
    )
    assert noted((100, same)) == [told]
    assert noted((100, {"update_model": {"image": "1", "size": "2"}})) == []
    assert noted((100, IMAGE), (200, same)) == []


def test_an_image_that_nothing_follows_is_noted():
    told = (
        "operations.0.publish_image: without automatic_os_upgrade.enabled or a start_os_upgrade "
        "nothing follows it"
    )
    assert noted((100, PUBLISH)) == [told]
    assert noted((100, PUBLISH), automatic_os_upgrade={"enabled": True}) == []
    assert noted((100, PUBLISH), (200, START)) == []
    assert noted((100, PUBLISH), (200, {"start_os_upgrade": {"image": "3"}})) == [told]


@pytest.mark.parametrize("kind", ["reimage", "manual_upgrade", "set_protection"])
def test_an_instance_that_there_never_is_is_noted(kind):
    asked = {kind: {"instances": [1, 7, 8]}}
    told = f"operations.0.{kind}.instances: there never is an instance with the number 7"
    assert noted((100, asked)) == [told]
    assert noted((100, asked), (50, scale(9))) == []


def test_faults_of_what_there_is_are_no_finding():
    assert noted((100, IMAGE), versions=BAD) == []
