"""Metrics of fleets to which much happens, against a slow walk through the rows of their logs."""

from __future__ import annotations

import math
import random

import pytest
import wild_fleet
from fleet_referee import Fleet

from sim.core.stack import Stack
from sim.scenario import Scenario
from sim.simulation import Simulation
from sim.systems.arc_fleet.scopes import Scopes

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
OF_OPERATIONS = {"rollout_duration", "finished", "done_at", "ended_in", "safe_end"}
OF_REQUESTS = {"updated_share", "time_to_50", "time_to_90", "time_to_99"}
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
        found = compared(simulation, "plant", log, values, k)
        assert not math.isnan(found["", "time_to_50"])


def compared(simulation, system, log, values, k):
    """Every metric of every group that a fleet has in a replication, as the slow walk finds it."""
    walk, layout = Fleet(simulation, system, log), simulation.models[system].layout
    groups = ("", *layout.types, *layout.machine_groups)
    expected = {(kind, name): v for kind in groups for name, v in walk.metrics(kind).items()}
    found = {key: float(v[k]) for key, v in values.items() if key[1] not in OF_OPERATIONS}
    # What the file asks of nobody is not measured.
    missing = expected.keys() - found.keys()
    assert all(name in OF_REQUESTS and not walk.lasts(kind) for kind, name in missing)
    assert found == pytest.approx({key: expected[key] for key in found}, nan_ok=True)
    return found


def check(seed):
    """Two replications of a fleet at random, whose groups mostly have laws of their own."""
    chance = random.Random(seed)
    given = wild_fleet.scenario(chance)
    for place, operation in enumerate(given["operations"]):
        operation["at"] += f"{3 * place + 3}s"  # all else falls on whole minutes, or is random
    for group in given["systems"]["p"]["groups"].values():
        group.update(wild_fleet.laws(chance, 0.5))
    simulation = Simulation(Scenario.from_dict(given))
    logs = [simulation.run(k) for k in range(2)]
    model = simulation.models["p"]
    values, _ = model.measure(Stack(logs), 0.0)
    for k, log in enumerate(logs):
        found = compared(simulation, "p", log, values, k)
        lines, scopes = model.timelines(log), Scopes(model.layout, Stack([log]))
        for kind, name in found:
            # Where all that asks for a version is refused, nobody is behind, and nothing updated.
            is_asked = any(scopes.asked_at(each)[0] < math.inf for each in scopes.asked(kind))
            if name == "updated_share" and is_asked:
                assert lines["up_to_date", kind].values[-1] == pytest.approx(found[kind, name])


@pytest.mark.parametrize("first", range(0, 300, 50))
def test_the_metrics_of_fleets_at_random_are_those_of_a_slow_walk_by_group_too(first):
    for seed in range(first, first + 50):
        try:
            check(seed)
        except Exception as error:
            raise AssertionError(f"seed {seed}") from error


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
