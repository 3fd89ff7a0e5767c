"""Defaults of a scale set: which of them are assumptions, and what a comparison varies."""

from __future__ import annotations

import pytest

import sim
from sim.formats.distributions import Distribution
from sim.scenario import Scenario
from sim.systems.vm_scale_set.defaults import HORIZON

IMAGE = {"update_model": {"image": "2"}}
EXTENSIONS = {"update_model": {"extensions": "2"}}
PUBLISH = {"publish_image": {"image": "2"}}
TIMES = {
    "upgrade": "200s",
    "reimage": "100s",
    "create": "150s",
    "delete": "30s",
    "restart": "40s",
    "healthy_after": "50s",
}
FAILING = {"failures": {"per_year": 1, "recovery": "1h"}}
FAULTY = {"versions": {"2": {"unhealthy": "1%"}}}
SURGE = {"upgrade_policy": {"max_surge": True}}


def scenario(*operations, text=None, **keys):
    """A set `web` as a user writes it, with nothing filled in by the tests."""
    written = {"kind": "vm_scale_set", "instances": 10} | keys
    asked = [{"at": f"{place}h", **each} for place, each in enumerate(operations, 1)]
    file = {"systems": {"web": written}, "operations": asked} | (text or {})
    return Scenario.from_dict(file)


def assumed(*operations, **keys):
    return list(scenario(*operations, **keys).assumptions)


# What is filled in


def test_a_former_disk_is_back_after_as_long_as_a_reimage_takes():
    web = scenario(reimage="99s").systems["web"]
    assert web.restore == Distribution.fixed(99.0)
    assert scenario(reimage="99s", restore="7s").systems["web"].restore == Distribution.fixed(7.0)


def test_a_file_that_has_no_horizon_looks_at_a_day():
    assert scenario().horizon == HORIZON == 86400


def test_the_largest_number_of_instances_that_is_asked_for_is_told():
    headcount = sim.systems.vm_scale_set.SYSTEM_TYPE.headcount
    asked = scenario({"scale": {"instances": 30}}, {"scale": {"instances": 5}})
    found = headcount(asked.systems["web"], asked.operations, "")
    assert found[:3] == (10, 30, "instance")


def test_only_versions_that_may_be_good_or_bad_are_a_chance():
    chances = sim.systems.vm_scale_set.SYSTEM_TYPE.chances
    harm = {"unhealthy": "1%"}
    versions = {"2": {"bad": "5%"} | harm, "1": harm, "3": {"bad": "0%"} | harm}
    asked = scenario(IMAGE, {"update_model": {"image": "3"}}, versions=versions)
    assert chances(asked.systems["web"]) == {"bad version 2": 0.05}


# Assumptions in force


def test_the_footer_names_the_assumptions_in_force():
    assert assumed() == ["no failures"]
    assert assumed(IMAGE) == [
        "reimage (1min20s)",
        "healthy_after (1min)",
        "no bad versions",
        "no failures",
    ]
    assert assumed(EXTENSIONS)[0] == "upgrade (4min)"
    assert assumed({"update_model": {"size": "2"}})[0] == "upgrade (4min)"
    assert assumed(IMAGE, **TIMES, **FAILING, **FAULTY) == []


def test_a_surge_assumes_how_long_instances_take_to_be_created_and_deleted():
    assert assumed(IMAGE, **SURGE, **FAILING, **FAULTY) == [
        "create (3min)",
        "delete (1min)",
        "healthy_after (1min)",
    ]


def test_a_publication_that_is_followed_assumes_when_azure_sees_it():
    follows = {"automatic_os_upgrade": {"enabled": True}}
    (told,) = [line for line in assumed(PUBLISH, **follows) if "discovery" in line]
    assert told == "discovery (uniform, 0s to 3h)"
    given = {"automatic_os_upgrade": {"enabled": True, "discovery": "1h"}}
    for keys in ({}, given):
        assert not [line for line in assumed(PUBLISH, **keys) if "discovery" in line]
    own = {"publish_image": {"image": "2", "discovery": "1h"}}
    assert not [line for line in assumed(own, **follows) if "discovery" in line]


@pytest.mark.parametrize(
    ("operations", "keys", "told"),
    [
        ([{"start_extension_upgrade": {"extensions": "2"}}], {}, "upgrade (4min)"),
        ([{"reimage": {"instances": "all"}}], {}, "reimage (1min20s)"),
        ([{"scale": {"instances": 12}}], {}, "create (3min)"),
        ([{"scale": {"instances": 5}}], {}, "delete (1min)"),
        ([], {"repairs": {}}, "create (3min)"),
        ([], {"repairs": {}}, "delete (1min)"),
        ([], {"repairs": {"action": "reimage"}}, "reimage (1min20s)"),
        ([], {"repairs": {"action": "restart"}}, "restart (1min)"),
        ([], {"repairs": {}}, "healthy_after (1min)"),
    ],
)
def test_whatever_starts_or_deletes_instances_assumes_how_long_it_takes(operations, keys, told):
    assert told in assumed(*operations, **keys)
    assert told not in assumed(*operations, **keys, **TIMES)


# What a comparison varies


def test_a_comparison_varies_the_mode_and_the_surge_of_the_set_that_is_changed():
    asked = scenario(PUBLISH, IMAGE)
    assert list(asked.default_variants()) == ["automatic", "rolling", "rolling-with-surge"]
    policies = [
        asked.variant(name).systems["web"].upgrade_policy for name in asked.default_variants()
    ]
    assert [(each.mode, each.max_surge) for each in policies] == [
        ("automatic", False),
        ("rolling", False),
        ("rolling", True),
    ]


@pytest.mark.parametrize(
    "asked",
    [{"start_os_upgrade": {"image": "2"}}, {"start_extension_upgrade": {"extensions": "2"}}],
)
def test_of_an_upgrade_that_goes_in_batches_anyway_it_varies_the_surge(asked):
    found = scenario(asked)
    assert list(found.default_variants()) == ["in-place", "with-surge"]
    policies = [
        found.variant(name).systems["web"].upgrade_policy for name in found.default_variants()
    ]
    assert [each.max_surge for each in policies] == [False, True]


def test_who_upgrades_by_hand_is_set_against_the_other_modes():
    asked = scenario(IMAGE, {"manual_upgrade": {"instances": "all"}})
    names = ["automatic", "manual", "rolling", "rolling-with-surge"]
    assert list(asked.default_variants()) == names
    policy = asked.variant("manual").systems["web"].upgrade_policy
    assert (policy.mode, policy.max_surge) == ("manual", False)


def test_of_automatic_os_upgrades_it_varies_the_surge():
    follows = {"automatic_os_upgrade": {"enabled": True}}
    assert list(scenario(PUBLISH, **follows).default_variants()) == ["in-place", "with-surge"]


@pytest.mark.parametrize(
    ("asked", "keys"),
    [
        ({"scale": {"instances": 3}}, {}),
        (PUBLISH, {}),
        (
            PUBLISH,
            {"orchestration": "flexible", "automatic_os_upgrade": {"enabled": True}},
        ),
        (IMAGE, {"health": {"source": "none"}, "upgrade_policy": {"mode": "automatic"}}),
    ],
)
def test_where_nothing_can_be_chosen_there_is_nothing_to_compare(asked, keys):
    assert scenario(asked, **keys).default_variants() == {}


def test_names_with_dots_are_compared_too():
    asked = Scenario.from_dict(
        {
            "systems": {"web.eu": {"kind": "vm_scale_set", "instances": 2}},
            "operations": [{"at": "1h", **IMAGE}],
        }
    )
    assert asked.variant("automatic").systems["web.eu"].upgrade_policy.mode == "automatic"


def test_a_file_without_variants_is_compared_by_them():
    """All at once: 140 s; five batches: 700 s; five with the deletion of the old ones: 1500 s."""
    text = {"replications": 3, "objectives": [{"metric": "min_capacity", "at_least": "80%"}]}
    asked = scenario(IMAGE, text=text)
    compared = sim.compare(asked)
    rows = compared.replications.set_index(["variant", "metric", "replication"])["value"]
    assert rows.xs("rollout_duration", level="metric").groupby("variant").max().to_dict() == {
        "automatic": 140,
        "rolling": 700,
        "rolling-with-surge": 1500,
    }
    assert rows.xs("min_capacity", level="metric").groupby("variant").min().to_dict() == {
        "automatic": 0,
        "rolling": 0.8,
        "rolling-with-surge": 1,
    }
    assert compared.conclusion.meets_all == ("rolling", "rolling-with-surge")
