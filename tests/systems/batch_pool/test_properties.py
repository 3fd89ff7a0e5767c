"""Properties that hold in every run of a Batch pool, whatever happens to it."""

from __future__ import annotations

import numpy as np
from by_the_clock import by_the_clock
from hypothesis import assume, given
from hypothesis import strategies as st
from minutes import Openings
from pool_referee import Pool
from pool_rules import Reading
from wild import often, simulation_of
from wild_pool import HORIZON_MIN, calm, wild

from sim.core.stack import Stack

clocked = st.builds(by_the_clock, st.randoms(use_true_random=False), wild())


def measured(simulation, log):
    """Metric -> its value."""
    values, _ = simulation.models["p"].measure(Stack([log]), 0.0)
    return {name: value.item() for (_, name), value in values.items()}


# Whatever happens


@often(80)
@given(st.one_of(wild(), clocked))
def test_every_log_passes_the_audit_and_a_reading_by_the_rules(scenario):
    """Tasks in one state, slots, work, limits, versions: see `Reading`."""
    simulation = simulation_of(scenario)
    logs = [simulation.run(k) for k in range(2)]
    stack = Stack(logs)
    assert stack.audit() is None
    assert simulation.models["p"].audit(stack) is None
    for log in logs:
        Reading(simulation, log)


@often(50)
@given(st.one_of(wild(), clocked))
def test_metrics_are_what_two_slow_readings_find(scenario):
    simulation = simulation_of(scenario)
    log = simulation.run()
    found = measured(simulation, log)
    for name, value in Pool(simulation, "p", log).metrics.items():
        np.testing.assert_allclose(found[name], value, rtol=1e-9, atol=1e-12, err_msg=name)
    if "updated_share" in found and Pool(simulation, "p", log).target:
        line = simulation.models["p"].timeline(log, "up_to_date")
        assert line.at(log.horizon) == found["updated_share"]
    tasks = Reading(simulation, log).tasks.values()
    assert found["requeues"] == sum(task.requeues for task in tasks)
    assert found["tasks_requeued"] == sum(task.requeues > 0 for task in tasks)


@often(20)
@given(st.one_of(wild(), clocked))
def test_equal_arguments_give_equal_logs(scenario):
    assert simulation_of(scenario).run(3).equals(simulation_of(scenario).run(3))


@often(25)
@given(wild(), st.integers(1, HORIZON_MIN - 1))
def test_a_shorter_run_is_the_beginning_of_a_longer_one(scenario, minutes):
    asked = sorted(scenario["operations"], key=lambda each: int(each["at"][:-3]))
    named = [each | {"name": f"operation-{k}"} for k, each in enumerate(asked)]  # alike in both
    within = [each for each in named if int(each["at"][:-3]) <= minutes]
    assume(within)
    whole = simulation_of(scenario | {"operations": named}).run().lines()
    short = {"horizon": f"{minutes}min", "operations": within}
    begun = simulation_of(scenario | short).run().lines()
    assert begun == [line for line in whole if float(line.split()[0]) <= minutes * 60]


@often(40)
@given(st.one_of(wild(), clocked))
def test_no_node_is_chosen_outside_the_windows(scenario):
    simulation = simulation_of(scenario)
    openings = Openings(simulation.scenario)
    windows = {
        f"upgrade by {each.name}": each.body.windows
        for each in simulation.scenario.operations
        if getattr(each.body, "windows", ())
    }
    for time, upgrade in Reading(simulation, simulation.run()).begun:
        if upgrade in windows:
            assert openings.are_open(windows[upgrade], time)


# An upgrade and nothing else


@often(40)
@given(calm(), st.sampled_from(["requeue", "taskcompletion", "terminate", "checkpoint"]))
def test_every_node_ends_on_the_target_version(scenario, mode):
    """Its start task may fail, its tasks may be anything: only what lasts too long holds it."""
    scenario["systems"]["p"]["interruptions"] = {"on_upgrade": mode}
    simulation = simulation_of(scenario)
    log = simulation.run()
    reading = Reading(simulation, log)
    versions = {version for _, version in reading.states.values()}
    held = measured(simulation, log)["finished"] == 0
    assert held or versions == {reading.target}
    assert len(reading.begun) == len(reading.states) or held


@often(40)
@given(calm())
def test_a_drain_loses_no_work(scenario):
    pool = scenario["systems"]["p"]
    pool["interruptions"] = {"on_upgrade": "taskcompletion"}
    pool["upgrade_policy"]["os_rolling_upgrade_deferral"] = True
    simulation = simulation_of(scenario)
    log = simulation.run()
    found = measured(simulation, log)
    assert found["lost_task_hours"] == found["requeues"] == 0
    assert sum(task.requeues for task in Reading(simulation, log).tasks.values()) == 0


@often(30)
@given(calm(), st.sampled_from(["requeue", "terminate", "checkpoint"]))
def test_an_upgrade_that_finds_no_running_task_loses_no_work(scenario, mode):
    """All tasks have ended when it begins: what follows is the same whatever the mode."""
    pool = scenario["systems"]["p"]
    pool["work"] = [{"tasks": 9, "service": "2min", "required_slots": 1}]
    scenario["operations"][0]["at"] = "60min"
    simulation = simulation_of(scenario)
    log = simulation.run()
    assert measured(simulation, log)["lost_task_hours"] == 0
    pool["interruptions"] = {"on_upgrade": mode}
    pool["checkpoint"] = {"every": "0s"}
    assert simulation_of(scenario).run().equals(log)


@often(20)
@given(calm())
def test_without_an_upgrade_the_pool_is_never_less_than_whole(scenario):
    simulation = simulation_of(scenario | {"operations": []})
    log = simulation.run()
    found = measured(simulation, log)
    assert found["min_capacity"] == 1
    assert found["lost_task_hours"] == found["requeues"] == 0
    assert "rollout_duration" not in found
