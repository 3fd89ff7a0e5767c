"""The first scenario that a user gets."""

from __future__ import annotations

from itertools import pairwise

import pytest

from sim.core.errors import ScenarioError
from sim.results.runs import run
from sim.scenario import Scenario
from sim.scenario.starter import starter
from sim.systems import SYSTEM_TYPES

OWN_NAMES = {
    "cloud_service": ["  shop:", "      '42':", "      WebRole:"],
    "batch_pool": ["  render:"],
    "arc_fleet": ["  plant:"],
    "vm_scale_set": ["  web:"],
}
"""Lines of each starter that only give something a name."""


@pytest.mark.parametrize("kind", list(SYSTEM_TYPES))
def test_a_starter_is_a_scenario_without_a_warning(kind):
    text = starter(kind)
    s = Scenario.from_text(text)
    assert {spec.kind for spec in s.systems.values()} == {kind}
    assert s.question
    assert s.operations
    assert s.objectives
    assert s.warnings == ()


@pytest.mark.parametrize("kind", list(SYSTEM_TYPES))
def test_every_key_of_the_format_is_explained_within_100_columns(kind):
    lines = starter(kind).splitlines()
    assert max(map(len, lines)) <= 100
    explained = ("# " in line or above.lstrip().startswith("#") for above, line in pairwise(lines))
    bare = [
        line for line, is_explained in zip(lines[1:], explained, strict=True) if not is_explained
    ]
    assert bare == OWN_NAMES[kind]


def test_overrides_are_part_of_a_starter_and_explained():
    text = starter(
        "cloud_service",
        {
            "systems.shop.roles.WebRole.instances": 50,
            "operations.0.upgrade_deployment.windows": [{"from": "22:00", "to": "05:00"}],
        },
    )
    assert "instances: 50  # Number of instances at the start." in text
    assert "windows:  # Times in which a new domain may begin." in text
    assert Scenario.from_text(text).systems["shop"].roles["WebRole"].instances == 50


def test_an_override_that_does_not_fit_is_refused():
    with pytest.raises(ScenarioError, match="instances: must be a whole number, 1 or more, got 0"):
        starter("cloud_service", {"systems.shop.roles.WebRole.instances": 0})


def test_an_unknown_kind_is_refused_with_the_nearest():
    with pytest.raises(ScenarioError, match="got cloud_servic; did you mean cloud_service"):
        starter("cloud_servic")


def test_the_operator_of_the_starting_service_stops_a_bad_build():
    bad = {"systems.shop.builds.42.bad": "100%", "objectives": []}
    scenario = Scenario.from_text(SYSTEM_TYPES["cloud_service"].starter).override(bad)
    reach = [
        row["value"]
        for row in run(scenario.with_(replications=20)).rows("replications")
        if (row["metric"], row["group"]) == ("blast_radius", "")
    ]
    assert max(reach) < 1
