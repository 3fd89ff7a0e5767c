"""Metrics of pools to which much happens, against a slow walk through the rows of their logs."""

from __future__ import annotations

import pytest
from pool_referee import Pool

from sim.core.stack import Stack
from sim.scenario import Scenario
from sim.simulation import Simulation

TEXT = """
horizon: 8h
warm_up: WARM_UP
systems:
  p:
    kind: batch_pool
    nodes: 9
    min_available: 12
    task_slots_per_node: 2
    start_task: {duration: 20s, fails: 5%, max_retry_count: 1}
    max_concurrent: 4
    retention_time: 10min
    failures: {per_year: 4000, recovery: {uniform: {low: 2min, high: 20min}}}
    interruptions: {on_upgrade: UPGRADE, on_failure: FAILURE}
    checkpoint: {every: 3min, cost: 15s}
    PACE
    work: WORK
operations:
  - {at: 45min, upgrade_os: {target_os_version: WA-GUEST-OS-5.31_201905-01}}
  - {at: 50min, reboot_node: {node: node-3}}
  - {at: 80min, disable_scheduling: {node: node-2, option: terminate}}
  - {at: 120min, resize: {nodes: 11}}
  - {at: 160min, upgrade_os: {target_os_version: WA-GUEST-OS-5.32_201906-01}}
  - {at: 170min, enable_scheduling: {node: node-2}}
  - {at: 200min, resize: {nodes: 7, node_deallocation_option: taskcompletion}}
  - {at: 230min, reimage_node: {node: node-1, option: retaineddata}}
"""
STREAM = """
      - name: urgent
        priority: 5
        load: 30%
        service: {exponential: {mean: 8min}}
        fails: 10%
        max_task_retry_count: 1
      - {name: large, load: 40%, required_slots: 2, service: {lognormal: {median: 9min, p95: 30min}}}
"""
BAG = "{tasks: 150, service: {uniform: {low: 1min, high: 20min}}, fails: 5%}"
PACES = ("pace: rolling", "requeue_to: back", "order: least_work_lost")


def simulation(text=TEXT, **words):
    """The pool with these words put in."""
    for word, value in words.items():
        text = text.replace(word.upper(), value)
    return Simulation(Scenario.from_text(text))


@pytest.mark.parametrize(("work", "warm_up"), [(STREAM, "30min"), (BAG, "0s")])
@pytest.mark.parametrize(
    ("on_upgrade", "on_failure", "pace"),
    [
        ("requeue", "checkpoint", PACES[0]),
        ("checkpoint", "requeue", PACES[1]),
        ("terminate", "checkpoint", PACES[2]),
        ("taskcompletion", "terminate", PACES[0]),
    ],
)
def test_the_metrics_are_those_of_a_slow_walk(work, warm_up, on_upgrade, on_failure, pace):
    made = simulation(upgrade=on_upgrade, failure=on_failure, pace=pace, work=work, warm_up=warm_up)
    model = made.models["p"]
    logs = [made.run(k) for k in range(3)]
    stack = Stack(logs)
    assert stack.audit() is None
    assert model.audit(stack) is None
    values, _ = model.measure(stack, made.scenario.warm_up)
    for k, log in enumerate(logs):
        expected = Pool(made, "p", log).metrics
        found = {name: float(values["", name][k]) for name in expected}
        assert found == pytest.approx(expected, nan_ok=True)
        assert found["requeues"] + found["lost_task_hours"] > 0


@pytest.mark.parametrize("nodes", [5, 14])
def test_what_is_asked_at_the_very_beginning_does_not_change_what_shares_are_of(nodes):
    """The pool has the nodes that the file says at time 0; the resize is asked for at once."""
    first = f"operations:\n  - {{at: 0s, resize: {{nodes: {nodes}}}}}"
    text = TEXT.replace("operations:", first)
    words = {"upgrade": "requeue", "failure": "requeue", "pace": PACES[1], "work": BAG}
    made = simulation(text, warm_up="0s", **words)
    model, log = made.models["p"], made.run(0)
    values, _ = model.measure(Stack([log]), 0.0)
    expected = Pool(made, "p", log).metrics
    assert {name: float(values["", name][0]) for name in expected} == pytest.approx(expected)
    assert model.timeline(log, "capacity").at(0.0) == min(nodes, 9) / 9


def test_what_nodes_and_tasks_do_adds_up():
    made = simulation(upgrade="requeue", failure="checkpoint", pace="", work=STREAM, warm_up="0s")
    model, log = made.models["p"], made.run(0)
    values, _ = model.measure(Stack([log]), 0.0)
    rows = model.members(log)
    assert sum(row["tasks_completed"] for row in rows) == values["", "tasks_completed"][0]
    assert sum(row["requeues"] for row in rows) == values["", "requeues"][0]
    lines = {name: line for (name, _), line in model.timelines(log).items()}
    for at in range(0, int(log.horizon) + 1, 600):
        shown = model.status(log, at)
        states = {name: lines[f"by_state:{name}"].at(at) for name in shown["nodeStates"]}
        assert states == shown["nodeStates"]
        assert sum(states.values()) == shown["currentDedicatedNodes"]
        slots = lines["nodes"].at(at) * 2
        assert lines["running"].at(at) <= slots
        assert lines["utilisation"].at(at) * slots == pytest.approx(lines["running"].at(at))
