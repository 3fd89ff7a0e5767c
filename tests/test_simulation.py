"""Runs: pure functions of a scenario and a number, up to the horizon and no further."""

from __future__ import annotations

import gc

import numpy as np
import pytest

from sim.core.errors import ModelError
from sim.core.stack import Stack
from sim.scenario import Scenario
from sim.simulation import Simulation, simulate
from sim.systems.base.context import ACT

RANDOM = """
horizon: 2h
seed: 3
systems:
  shop:
    kind: cloud_service
    builds: {"42": {bad: 50%, fails_to_start: 20%}}
    roles: {Web: {instances: 6, failures: {per_year: 4000, recovery: 16min}}}
  pay:
    kind: cloud_service
    roles: {Api: {instances: 3, restart: 2min}}
operations:
  - {at: {uniform: {low: 5min, high: 10min}}, upgrade_deployment: {system: shop}}
  - {at: 20min, upgrade_deployment: {system: pay}}
"""
FIXED = """
horizon: 10min
systems: {shop: {kind: cloud_service, roles: {Web: {instances: 2, restart: 2min}}}}
operations: [{at: 4min, upgrade_deployment: {}}]
"""


def scenario(text):
    return Scenario.from_text(text)


@pytest.fixture(scope="module")
def random():
    return Simulation(scenario(RANDOM))


# Subjects


def test_subject_0_is_the_scenario_and_the_systems_follow_in_order_of_name(random):
    assert random.subjects.name(0) == "the scenario"
    systems = [block.system for block in random.subjects.blocks]
    assert systems == sorted(systems)
    assert list(random.models) == ["pay", "shop"]


def test_every_subject_is_numbered_once(random):
    numbers = [number for block in random.subjects.blocks for number in block.numbers]
    assert numbers == list(range(random.subjects.count))


def test_a_model_has_its_own_systems_operations(random):
    assert [each.name for each in random.models["shop"].operations] == ["upgrade_deployment-0"]
    assert [each.name for each in random.models["pay"].operations] == ["upgrade_deployment-1"]


def test_a_scenario_without_operations_runs_without_a_row():
    quiet = Simulation(scenario(FIXED.split("operations", maxsplit=1)[0]))
    log = quiet.run()
    assert (len(log), log.drew) == (0, False)
    stack = Stack([log])
    values, kept = quiet.models["shop"].measure(stack, 0.0)
    assert values["", "min_capacity"].tolist() == [1]
    assert kept.tolist() == [True]
    assert [row["status"] for row in quiet.models["shop"].members(log)] == ["ReadyRole"] * 2


# Purity


def test_equal_arguments_give_equal_logs(random):
    again = Simulation(scenario(RANDOM))
    for replication in range(3):
        log = random.run(replication)
        assert len(log) > 20
        assert log.replication == replication
        assert log.equals(again.run(replication))
        assert log.equals(simulate(scenario(RANDOM), replication))


def test_a_replication_does_not_depend_on_those_before(random):
    forwards = [random.run(k) for k in range(4)]
    backwards = [random.run(k) for k in reversed(range(4))]
    assert all(a.equals(b) for a, b in zip(forwards, reversed(backwards), strict=True))


def test_replications_and_seeds_differ(random):
    assert not random.run(0).equals(random.run(1))
    assert not random.run(0).equals(simulate(scenario(RANDOM).with_(seed=4)))


def test_a_log_stays_as_it_is_when_what_was_running_is_collected():
    log = simulate(scenario(FIXED))
    before = log.rows.tobytes()
    gc.collect()
    assert log.rows.tobytes() == before


def test_a_run_says_whether_anything_was_drawn(random):
    assert random.run().drew
    assert not simulate(scenario(FIXED)).drew


@pytest.mark.parametrize(
    "chance",
    [
        "builds: {'2': {bad: 50%, fails_to_start: 100%}}",
        "builds: {'2': {fails_to_start: 50%}}",
        "builds: {'2': {unhealthy_later: {probability: 50%, after: 1min}}}",
        "fault_domain_failures: {per_year: 0.001, recovery: 1min}",
    ],
)
def test_any_chance_at_all_is_a_draw(chance):
    text = FIXED.replace("kind: cloud_service,", f"kind: cloud_service, {chance},")
    assert simulate(scenario(text)).drew


@pytest.mark.parametrize(
    "certainty",
    [
        "builds: {'2': {bad: 0%, fails_to_start: 50%}}",
        "builds: {'2': {fails_to_start: 100%}}",
        "fault_domain_failures: {per_year: 0, recovery: 1min}",
    ],
)
def test_what_is_certain_is_no_draw(certainty):
    text = FIXED.replace("kind: cloud_service,", f"kind: cloud_service, {certainty},")
    assert not simulate(scenario(text)).drew


# The horizon


def lines(text):
    return simulate(scenario(text)).lines()


def test_what_happens_at_the_horizon_is_in_the_log():
    """The second domain is back at 8 min: return, gate, end of the upgrade and its operation."""
    shorter = FIXED.replace("10min", "8min")
    assert lines(shorter) == lines(FIXED)
    assert lines(shorter)[-1] == (
        "480 upgrade_deployment-0 InProgress -> Succeeded because update domain 1"
    )


def test_an_operation_at_the_horizon_is_taken():
    found = lines(FIXED.replace("10min", "4min"))
    assert found[-1] == "240 Web_IN_0 ReadyRole/1 -> BusyRole/2 because update domain 0"


def test_what_is_unfinished_is_left_so():
    found = lines(FIXED.replace("10min", "7min"))
    assert found == lines(FIXED)[: len(found)]
    assert found[-1] == "360 Web_IN_1 ReadyRole/1 -> BusyRole/2 because update domain 1"


def test_a_longer_horizon_changes_nothing_before_the_shorter_one(random):
    longer = Simulation(scenario(RANDOM.replace("2h", "3h")))
    log, more = random.run(1), longer.run(1)
    assert len(more) > len(log)
    assert np.array_equal(more.rows[: len(log)], log.rows)


# Operations


def test_operations_of_one_instant_are_taken_in_the_order_of_the_file():
    upgrade = "{at: 4min, upgrade_deployment: {mode: Manual}}"
    walk = "{at: 4min, walk_upgrade_domain: {upgrade_domain: 0}}"

    def answer(*asked):
        found = lines(FIXED.replace("{at: 4min, upgrade_deployment: {}}", ", ".join(asked)))
        return next(line for line in found if line.startswith("240 walk_upgrade_domain-0 absent"))

    assert " -> InProgress " in answer(upgrade, walk)
    assert " -> Refused/no update " in answer(walk, upgrade)


def test_an_operations_random_time_is_drawn_by_its_name():
    def time(text):
        simulation = Simulation(scenario(text))
        table = simulation.models["shop"].operations_table(simulation.run())
        return next(row["at_s"] for row in table if row["kind"] == "upgrade_deployment")

    asked = time(RANDOM)
    assert 300 <= asked <= 600
    others = "operations:\n  - {at: 7min, rollback: {system: shop}}"
    assert time(RANDOM.replace("operations:", others)) == asked
    named = "high: 10min}}, name: rollout"
    assert time(RANDOM.replace("high: 10min}}", named)) != asked


# Our own faults


def test_an_exception_inside_a_run_says_how_to_reproduce_it(monkeypatch):
    simulation = Simulation(scenario(FIXED + "name: shop-42\nseed: 7"))

    def fails(_):
        raise ZeroDivisionError("division by zero")

    def start(context):
        context.call(60.0, ACT, 1, fails)

    monkeypatch.setattr(simulation.models["shop"], "start", start)
    with pytest.raises(ModelError, match="ZeroDivisionError: division by zero") as error:
        simulation.run(17)
    told = error.value
    assert (told.scenario, told.seed, told.replication, told.time) == ("shop-42", 7, 17, 60.0)
    assert isinstance(told.__cause__, ZeroDivisionError)
