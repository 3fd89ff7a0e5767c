"""Metrics of fleets to which much happens, against a slow walk through the rows of their logs."""

from __future__ import annotations

import math

import pytest
from fleet_referee import Fleet

from sim.core.log import Stack
from sim.scenario import Scenario
from sim.simulation import Simulation

TEXT = """
horizon: 90d
systems:
  plant:
    kind: arc_fleet
    groups:
      shops: {count: 30, os: linux}
      ships:
        count: 20
        os: linux
        disconnected: {share: 60%, on: {exponential: {mean: 8h}}, off: {exponential: {mean: 6d}}}
      desks: {count: 10, os: windows}
    discovery: {uniform: {low: 0s, high: 20d}}
    unhealthy: 15%
    rollback_fails: 10%
    also_supported: [P/Agent, P/VaultLinux, P/VaultWindows, P/ProbeLinux]
    MORE
    extensions:
      - {publisher: P, type: Agent, version: 1.37.0, enable_automatic_upgrade: true}
      - publisher: P
        type: VaultLinux
        version: 2.0.1
        enable_automatic_upgrade: true
        groups: [shops]
      - {publisher: P, type: VaultLinux, version: 2.0.0, groups: [ships]}
      - {publisher: P, type: VaultWindows, version: 1.5.0, enable_automatic_upgrade: true}
operations:
  - {at: 1h, publish_extension: {type: Agent, version: 1.38.0}}
  - {at: 1h, publish_extension: {type: VaultLinux, version: 2.1.0}}
  - {at: 2h, publish_extension: {type: VaultWindows, version: 2.0.0}}
  - {at: 10d, set_automatic_upgrade: {type: Agent, group: shops, enabled: false}}
  - {at: 15d, publish_extension: {type: Agent, version: 1.39.0}}
  - {at: 20d, set_automatic_upgrade: {type: Agent, group: shops, enabled: true}}
  - at: 25d
    publish_extension: {type: VaultLinux, version: 2.2.0, unhealthy: {machines: 20%}}
  - {at: 30d, upgrade_extensions: {targets: {P.VaultLinux: "2"}, group: ships}}
  - at: 35d
    put_extension:
      publisher: P
      type: VaultWindows
      version: "1.4"
      auto_upgrade_minor_version: false
  - {at: 40d, repair_extension: {type: VaultLinux}}
  - {at: 41d, repair_extension: {type: Agent}}
  - at: 45d
    put_extension: {publisher: P, type: ProbeLinux, version: "9.5", enable_automatic_upgrade: true}
"""
PUSH = "  - {at: 50d, upgrade_extensions: {targets: {P.VaultLinux: '2.0.0'}}}\n"
MORE = ["verdict: early", "max_concurrent: 3", "counts_as_out: [watching, backing_off]"]


@pytest.mark.parametrize("more", MORE)
@pytest.mark.parametrize("last", ["", PUSH])
def test_the_metrics_are_those_of_a_slow_walk(more, last):
    simulation = Simulation(Scenario.from_text(TEXT.replace("MORE", more) + last))
    model = simulation.models["plant"]
    logs = [simulation.run(k) for k in range(4)]
    stack = Stack(logs)
    assert stack.audit() is None
    assert model.audit(stack) is None
    values, _ = model.measure(stack, 0.0)
    for k, log in enumerate(logs):
        fleet = Fleet(simulation, "plant", log)
        expected = {
            ("", "capacity_hours_lost"): fleet.hours_lost,
            ("", "attempts_mean"): fleet.attempts_mean,
            ("", "rollbacks"): fleet.rollbacks,
            ("", "stuck_machines"): fleet.stuck_machines,
        }
        for kind in ("", "Agent", "VaultLinux"):
            expected[kind, "updated_share"] = fleet.updated_share(kind)
            for percent in (50, 90, 99):
                expected[kind, f"time_to_{percent}"] = fleet.time_to(percent / 100, kind)
        found = {key: float(values[key][k]) for key in expected}
        assert found == pytest.approx(expected, nan_ok=True)
        assert not math.isnan(found["", "time_to_50"])


@pytest.mark.parametrize("last", ["", PUSH])
def test_the_curve_ends_at_the_updated_share(last):
    simulation = Simulation(Scenario.from_text(TEXT.replace("MORE", "verdict: early") + last))
    model, log = simulation.models["plant"], simulation.run(0)
    values, _ = model.measure(Stack([log]), 0.0)
    lines = model.timelines(log)
    for kind in ("", "Agent", "VaultLinux"):
        assert lines["up_to_date", kind].values[-1] == values[kind, "updated_share"][0]


def test_the_extensions_of_machines_add_up_to_the_metrics():
    simulation = Simulation(Scenario.from_text(TEXT.replace("MORE", "verdict: early")))
    model, log = simulation.models["plant"], simulation.run(0)
    values, _ = model.measure(Stack([log]), 0.0)
    rows = model.members(log)
    assert sum(row["rollbacks"] for row in rows) == values["", "rollbacks"][0]
    tried = [row["attempts"] for row in rows if row["attempts"]]
    assert sum(tried) / len(tried) == values["", "attempts_mean"][0]
    failed = {row["machine"] for row in rows if row["provisioning_state"] == "Failed"}
    assert len(failed) == values["", "stuck_machines"][0]
