"""What `explain` claims of the mean case is what a run without any chance comes to."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import numpy as np
import pytest
import wild
import wild_fleet
import wild_pool
from hypothesis import given
from hypothesis import strategies as st
from places import ROOT
from pydantic import BaseModel
from wild import often

from sim.core.errors import ScenarioError
from sim.core.stack import Stack
from sim.core.units import show_duration, show_share, to_grid
from sim.files import load
from sim.forecast.dry_runs import dry_run_of
from sim.forecast.explanation import of_system, predicted_rejections
from sim.formats.distributions import Distribution
from sim.scenario import Scenario
from sim.simulation import Simulation

FILES = sorted([*ROOT.glob("scenarios/*.yaml"), *ROOT.glob("tests/cases/*.yaml")])
CHANCES = ("bad", "fails_to_start", "probability", "fails", "detects", "false_alarm", "unhealthy")
LEFT_OUT = {"failures": None, "fault_domain_failures": None, "work": ()}


def variants(path):
    """A file without its variants, and each of them; none where the file is refused."""
    try:
        scenario = load(path)
    except ScenarioError:
        return []
    return [scenario, *map(scenario.variant, scenario.variant_names)]


def fixed(part, name=""):
    """A part of a scenario in which every time is its mean and no chance below 1 is left."""
    if isinstance(part, Distribution):
        part = Distribution.fixed(to_grid(part.mean))
    elif name in LEFT_OUT:
        part = LEFT_OUT[name]
    elif name in CHANCES and isinstance(part, float):
        part = float(part >= 1)
    elif isinstance(part, BaseModel):
        values = {key: getattr(part, key) for key in type(part).model_fields}
        part = part.model_copy(update={key: fixed(value, key) for key, value in values.items()})
    elif isinstance(part, dict):
        part = {key: fixed(value) for key, value in part.items()}
    elif isinstance(part, tuple):
        part = tuple(map(fixed, part))
    return part


def twin(scenario):
    """A scenario without chance and without work, and its only run."""
    operations = tuple(
        replace(each, at=fixed(each.at), body=fixed(each.body)) for each in scenario.operations
    )
    simulation = Simulation(
        replace(scenario, systems=fixed(scenario.systems), operations=operations)
    )
    log = simulation.run()
    assert not log.drew
    return simulation, log


def drains(spec):
    return spec.kind == "batch_pool" and spec.work and spec.walk_rules.mode == "taskcompletion"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_claims_of_the_mean_case_are_what_a_run_without_chance_comes_to(path):
    for scenario in variants(path):
        for name, spec in scenario.systems.items():
            if spec.kind != "arc_fleet" and scenario.operations and not drains(spec):
                compare(scenario, name)


def compare(scenario, name):
    line = of_system(Simulation(scenario), name)[-1]
    simulation, log = twin(scenario)
    model = simulation.models[name]
    values, _ = model.measure(Stack([log]), scenario.warm_up)
    lowest, down = float(values["", "min_capacity"][0]), float(values["", "downtime"][0])
    steady = f"capacity stays at {show_share(lowest)}" in line
    assert steady or lowest < 1
    assert steady or f"lowest capacity {show_share(lowest)} (" in line
    assert (f"downtime {show_duration(down)} " in line) == (down > 0)
    assert ("available throughout" in line) == (down == 0)
    if ("", "finished") in values and len(model.layout.upgrades) == 1:
        duration = float(np.nan_to_num(values["", "rollout_duration"][0]))
        assert (" is completed after " in line) == (duration > 0)
        assert (f" is completed after {show_duration(duration)}" in line) == (duration > 0)
    refused = {row["name"] for row in model.operations_table(log) if row["status"] == "Refused"}
    found = predicted_rejections(Simulation(scenario))
    assert refused <= {sentence.split()[0] for _, sentence in found}


ARC = [path for path in FILES if "arc_fleet" in path.read_text(encoding="utf-8")]


@pytest.mark.parametrize("path", ARC, ids=lambda path: path.stem)
def test_shares_up_to_date_of_a_fleet_are_those_of_a_run(path):
    scenario = variants(path)[0]
    simulation = Simulation(scenario)
    ((name, model),) = simulation.models.items()
    dry_run, log = dry_run_of(simulation, name), simulation.run()
    assert dry_run is not None
    told = simulation.kinds[name].progress
    sample, run = shares(told(dry_run.model, dry_run.log)), shares(told(model, log))
    assert sample.keys() == run.keys()
    sizes = {each.name: each.count for each in model.layout.groups}
    for group, real in run.items():
        days = max(len(real), len(sample[group]))
        mean, seen = of_days(sample[group], days), of_days(real, days)
        deviation = np.sqrt(mean * (1 - mean) / sizes.get(group, int(model.nominal)))
        assert np.all(np.abs(seen - mean) <= 4 * deviation + 0.03)


def test_shares_over_time_are_told_of_the_first_groups_under_one_head():
    agent = {"publisher": "P", "type": "A", "version": "1.0", "enable_automatic_upgrade": True}
    fleet = {
        "kind": "arc_fleet",
        "groups": {f"g{k:02}": {"count": 1} for k in range(13)},
        "also_supported": ["P/A"],
        "extensions": [agent],
    }
    release = {"at": "1h", "publish_extension": {"type": "A", "version": "1.1"}}
    given = {"systems": {"f": fleet}, "operations": [release]}
    line = of_system(Simulation(Scenario.from_dict(given)), "f")[-1]
    head = "up to date with what was last released or pushed, A: "
    assert line.count("last released or pushed") == line.count(head) == 1
    assert "; g00: " in line
    assert "; g10: " in line
    assert "g11" not in line
    assert line.endswith("; 2 more groups: see `run`.")


BY_CLOCK = """
start: 2026-11-20T14:00
horizon: 3h
systems:
  s:
    kind: cloud_service
    on_start_timeout: stuck
    builds: {"2": {fails_to_start: 100%}}
    roles: {W: {instances: 2, restart: 10min, min_available: 2}}
operations:
  - at: 10min
    upgrade_deployment: {build: "2"}
  - at: 1h
    rollback: {}
"""


@pytest.mark.parametrize(
    ("start", "told"),
    [
        (
            "start: 2026-11-20T14:00",
            "lowest capacity 50 % (1 of 2), first at Fri 20 Nov 14:10; downtime 1h (W) from Fri 20 "
            "Nov 14:10 to Fri 20 Nov 15:10; upgrade_deployment-0 is stuck from Fri 20 Nov 14:40 to "
            "Fri 20 Nov 15:00; ",
        ),
        (
            "seed: 1",
            "lowest capacity 50 % (1 of 2), first at 10min; downtime 1h (W) from 10min to 1h10; "
            "upgrade_deployment-0 is stuck from 40min to 1h; ",
        ),
    ],
)
def test_instants_are_told_by_the_clock_where_there_is_one(start, told):
    scenario = Scenario.from_text(BY_CLOCK.replace("start: 2026-11-20T14:00", start))
    assert told in of_system(Simulation(scenario), "s")[-1]


def test_the_end_of_what_is_not_over_is_told_by_the_clock():
    text = BY_CLOCK.replace("3h", "50min").replace("  - at: 1h\n    rollback: {}\n", "")
    text = text.replace("on_start_timeout: stuck", "start_timeout: 2h")
    line = of_system(Simulation(Scenario.from_text(text)), "s")[-1]
    assert "from Fri 20 Nov 14:10 to the end; " in line
    assert "upgrade_deployment-0 is not over at the end (Fri 20 Nov 14:50)" in line


def test_when_a_request_fails_is_told_by_the_clock():
    text = """
start: 2026-11-20T14:00
systems:
  p: {kind: batch_pool, nodes: 2, reboot: 5min}
operations:
  - at: 1h
    reboot_node: {node: node-1}
  - at: 62min
    resize: {nodes: 1}
"""
    line = of_system(Simulation(Scenario.from_text(text)), "p")[-1]
    assert "reboot_node-0 fails at Fri 20 Nov 15:02: 409 " in line


def of_days(line, days):
    """A line that stays where it ends."""
    return np.pad(line, (0, days - len(line)), "edge")


def shares(rows):
    """By type the share up to date, day by day."""
    groups = dict.fromkeys(row["group"] for row in rows)
    return {
        group: np.array([row["up_to_date"] for row in rows if row["group"] == group])
        for group in groups
    }


# Whatever is asked -------------------------------------------------------------------------------


@often(80)
@given(wild.wild())
def test_claims_about_any_service_are_what_a_run_without_chance_comes_to(asked):
    scenario = Scenario.from_dict(asked)
    (name,) = scenario.systems
    compare(scenario, name)


@often(60)
@given(
    st.one_of(wild_pool.wild(), st.integers(0, 10**9).map(lambda k: wild_fleet.scenario(Random(k))))
)
def test_refusals_foretold_of_any_pool_and_fleet_are_those_that_are_explained(asked):
    simulation = Simulation(Scenario.from_dict(asked))
    (name,) = simulation.models
    lines = of_system(simulation, name)
    told = [
        line for line in lines if " refused in the mean case: " in line or " will be re" in line
    ]
    if not (simulation.scenario.systems[name].kind == "batch_pool" and asked_of_work(simulation)):
        assert len(told) == len(predicted_rejections(simulation))


def asked_of_work(simulation):
    """Whether answers may rest on tasks, which warnings leave out."""
    (spec,) = simulation.scenario.systems.values()
    return bool(spec.work)


@often(150)
@given(st.integers(0, 10**9))
def test_what_is_said_to_do_nothing_on_any_fleet_does_nothing_in_a_run(number):
    scenario = Scenario.from_dict(wild_fleet.scenario(Random(number)))
    simulation = Simulation(scenario)
    ((name, model),) = simulation.models.items()
    rows = {row["name"]: row for row in model.operations_table(simulation.run())}
    for line in of_system(simulation, name):
        if "Nothing happens, as it is installed already." in line:
            row = next(row for name, row in rows.items() if f", {name}: " in line)
            assert row["status"] == "InProgress" or row["message"].startswith("installs nothing")
