"""What only the whole of a file tells: assumptions, warnings, defaults of operations, their number."""

from __future__ import annotations

import pytest
from shop_file import MINIMAL, scenario

from sim.core.errors import ScenarioError
from sim.scenario import Scenario, resolving


def test_assumptions_name_the_system_only_where_there_are_several():
    shop = MINIMAL["systems"]["shop"]
    assert Scenario.from_dict(MINIMAL).assumptions[0] == "restart (lognormal, median 4min)"
    two = Scenario.from_dict({"systems": {"a": shop, "b": shop}})
    assert two.assumptions[0] == "a: restart (lognormal, median 4min)"


def test_warnings_have_a_place():
    text = (
        "systems: {shop: {kind: cloud_service, roles: {Web: {instances: 4}}}}\n"
        "operations: [{at: 1h, upgrade_deployment: {mode: Manual}}]\n"
    )
    assert scenario(text).warnings == (
        (
            "scenarios/shop.yaml:2:50: operations.0.upgrade_deployment.mode: Manual, but there is "
            "no operator and no walk: it waits"
        ),
    )


def test_operations_of_a_file_and_its_variants_are_not_too_many_together(monkeypatch):
    monkeypatch.setattr(resolving, "MOST_REPEATED", 11)
    asked = {"at": "1min", "every": "10min", "upgrade_deployment": {}}
    file = MINIMAL | {"horizon": "1h", "operations": [asked]}
    assert len(Scenario.from_dict(file).operations) == 6
    with pytest.raises(ScenarioError) as error:
        Scenario.from_dict(file | {"variants": {"two": {"systems.shop.update_domains": 2}}})
    (problem,) = error.value.problems
    rule = "must make at most 11 operations in all, with their repetitions, got 12"
    assert (problem.path, problem.rule) == ("variants", rule)


def test_operations_keep_their_order_over_several_systems():
    shop = MINIMAL["systems"]["shop"]
    asked = [
        {"at": "1min", "reboot_instance": {"system": system, "instance": "Web_IN_0"}}
        for system in "bab"
    ]
    s = Scenario.from_dict({"systems": {"a": shop, "b": shop}, "operations": asked})
    assert [each.system for each in s.operations] == ["b", "a", "b"]
