"""What an Arc fleet gives to the rest of the program."""

from __future__ import annotations

from sim.scenario import Scenario
from sim.systems.arc_fleet import SYSTEM_TYPE
from sim.systems.arc_fleet.metrics import PERCENTS
from sim.systems.arc_fleet.requests import Request
from sim.systems.arc_fleet.service import FleetService


def test_the_service_has_a_method_for_each_operation_with_a_body_of_its_own():
    assert SYSTEM_TYPE.kind == "arc_fleet"
    for name, body in SYSTEM_TYPE.operations.items():
        assert callable(getattr(FleetService, name))
        assert issubclass(body, Request)


def test_types_of_extensions_have_the_metrics_that_are_always_measured():
    assert {f"time_to_{percent}" for percent in PERCENTS} <= set(SYSTEM_TYPE.group_metrics)
    assert set(SYSTEM_TYPE.group_metrics) - {f"time_to_{n}" for n in range(1, 101)} <= set(
        SYSTEM_TYPE.metrics
    )


def test_the_starter_is_a_fleet_of_which_nothing_is_hardly_meant():
    scenario = Scenario.from_text(SYSTEM_TYPE.starter)
    ((_, spec),) = scenario.systems.items()
    assert spec.kind == SYSTEM_TYPE.kind
    assert list(scenario.warnings) == []


def test_a_fleet_has_no_modes_to_choose_from():
    assert SYSTEM_TYPE.default_variants([], {}) == {}
