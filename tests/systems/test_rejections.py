"""Which operation gets which answer: what the systems declare is what their services give."""

import random
from importlib import import_module

import any_service
import pytest
import wild_fleet
import wild_scale_set
from hypothesis import HealthCheck, given, settings
from wild_pool import wild

from sim.core.log import OPERATION
from sim.scenario import Scenario
from sim.simulation import Simulation
from sim.systems import SYSTEM_TYPES
from sim.systems.base.service import Service
from sim.systems.batch_pool.rejections import EVERY_NODE, NO_NODE, SOME_NODES

OF_SEVERAL = {EVERY_NODE, NO_NODE, SOME_NODES}
"""What a request for several nodes tells beside the answers of single ones."""

RANDOM = {
    "cloud_service": any_service.scenario,
    "arc_fleet": wild_fleet.scenario,
    "vm_scale_set": wild_scale_set.scenario,
}


def declared(kind):
    """(operation, rule) of all that a system declares."""
    rules_of = import_module(f"sim.systems.{kind}.rejections").RULES_OF
    return {(name, rule) for name, rules in rules_of.items() for rule in rules}


def run(scenario, found, monkeypatch):
    """Run a scenario; what its services reject, or fail by, is added to `found`."""
    becomes = Service._becomes

    def noted(service, call, state, cause):
        if state >= OPERATION.width:
            rule = service._rules[state // OPERATION.width - 1]
            found.update({(call.kind, rule)} if rule not in OF_SEVERAL else ())
        becomes(service, call, state, cause)

    with monkeypatch.context() as patch:
        patch.setattr(Service, "_becomes", noted)
        made = scenario if isinstance(scenario, Scenario) else Scenario.from_dict(scenario)
        Simulation(made).run()


@pytest.mark.parametrize("kind", RANDOM)
def test_service_rejects_and_fails_by_what_is_declared_of_the_operation(kind, monkeypatch):
    found = set()
    for seed in range(120):
        run(RANDOM[kind](random.Random(seed)), found, monkeypatch)
    assert found
    assert found <= declared(kind)


@settings(
    max_examples=60,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(wild())
def test_pool_rejects_and_fails_by_what_is_declared_of_the_operation(monkeypatch, scenario):
    found = set()
    run(scenario, found, monkeypatch)
    assert found <= declared("batch_pool")


@pytest.mark.parametrize("kind", SYSTEM_TYPES)
def test_every_rule_is_declared_of_an_operation_that_there_is(kind):
    record = SYSTEM_TYPES[kind]
    pairs = declared(kind)
    assert {rule for _, rule in pairs} == set(
        import_module(f"sim.systems.{kind}.rejections").REJECTIONS
    )
    assert {name for name, _ in pairs} <= record.operations.keys()
    assert record.rejections.keys() == {name for name, _ in pairs}
