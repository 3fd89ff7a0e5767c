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
from sim.core.log import Stack
from sim.core.units import show_duration, show_share, to_grid
from sim.files import load
from sim.forecast.dry_runs import dry_run_of
from sim.forecast.explanation import foretold, of_system
from sim.formats.distributions import Distribution
from sim.scenario import Scenario
from sim.simulation import Simulation

FILES = sorted([*ROOT.glob("scenarios/*.yaml"), *ROOT.glob("tests/cases/*.yaml")])
CHANCES = ("bad", "fails_to_start", "probability", "fails", "detects", "false_alarm")
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
    found = foretold(Simulation(scenario))
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
    for group, real in run.items():
        days = max(len(real), len(sample[group]))
        mean, seen = of_days(sample[group], days), of_days(real, days)
        deviation = np.sqrt(mean * (1 - mean) / int(model.nominal))
        assert np.all(np.abs(seen - mean) <= 4 * deviation + 0.03)


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


def case(name, variant=""):
    scenario = load(ROOT / "tests" / "cases" / f"{name}.yaml")
    return scenario.variant(variant) if variant else scenario


def last_line(scenario):
    simulation = Simulation(scenario)
    (name,) = simulation.models
    return of_system(simulation, name)[-1]


@pytest.mark.parametrize(
    ("variant", "words"),
    [
        (
            "as-it-was",
            "lowest capacity 0 % (0 of 2), first at 15min; downtime 6min (Web) from 15min",
        ),
        ("warm-in-onstart", "lowest capacity 50 % (1 of 2), first at 10min; available throughout"),
        ("three", "downtime 1min (Web) from 20min to 21min"),
    ],
)
def test_a_slow_start_that_meets_the_next_domain_is_downtime(variant, words):
    assert words in last_line(case("service-two-web-guest-os", variant))


def test_a_fix_is_told_with_those_that_retry_the_release_before():
    """12.5 % would be the share after a week, if nothing had been released before it."""
    line = last_line(case("arc-never-installs-then-fix"))
    first = float(line.split(" AzureMonitorLinuxAgent: ")[1].split(" %")[0])
    assert 66 < first < 76
    assert " % after 1 week, " in line


def test_a_drain_that_does_not_end_is_told():
    assert "upgrade_os-0 is not over at the end (1d12h)" in last_line(
        case("pool-drain-never-ends", "drain")
    )


def test_what_is_stuck_is_told_with_its_time():
    assert last_line(case("service-recycling")).endswith(
        "; upgrade_deployment-0 is stuck in domain 0 since 40min; a rollback or a fresh upgrade "
        "clears it."
    )
    assert (
        "; upgrade_deployment-0 is stuck from 40min to 2h; upgrade_deployment-0 is rolled back "
        "after 1h54; " in last_line(case("service-recycling", "rolled-back"))
    )


def test_what_comes_too_late_in_the_mean_case_is_told():
    late = {"at": {"exponential": {"mean": "3d"}}, "upgrade_deployment": {}}
    system = {"kind": "cloud_service", "roles": {"W": {"instances": 2, "restart": "1s"}}}
    scenario = Scenario.from_dict({"systems": {"s": system}, "operations": [late]})
    assert last_line(scenario).endswith("; upgrade_deployment-0 does not come by the end.")


SERVICE = """
horizon: 1d
systems:
  s:
    kind: cloud_service
    {more}
    roles:
      W: {{instances: {instances}, restart: {{exponential: {{mean: 4min}}}}{role}}}
operations:
  - {{at: 10min, upgrade_deployment: {{build: "2"{upgrade}}}}}
"""


def service(instances=4, more="", role="", upgrade=""):
    text = SERVICE.format(instances=instances, more=more, role=role, upgrade=upgrade)
    return Scenario.from_text(text)


@pytest.mark.parametrize(
    ("chance", "words"),
    [
        ("99%", "upgrade_deployment-0 is completed after 16min"),
        ("100%", "upgrade_deployment-0 is stuck in domain 0 since 40min"),
    ],
)
def test_what_has_a_chance_below_100_percent_does_not_happen(chance, words):
    assert words in last_line(service(more=f'builds: {{"2": {{fails_to_start: {chance}}}}}'))


def test_failures_do_not_come_and_leave_the_case_a_mean_one():
    line = last_line(service(role=", failures: {per_year: 9000, recovery: 5h}"))
    assert line.startswith("In the mean case (every time at its mean, nothing happens whose ")
    assert "lowest capacity 75 % (3 of 4), first at 10min" in line
    assert line.endswith(" usually takes longer, as it waits for the slowest.")


def test_what_is_too_large_is_said_to_be():
    for large in (
        service(200_000),
        case("arc-retry-cadence", "seconds"),
        service(upgrade=", mode: Manual, operator: {bake: 20h, look_every: 10ms, stop_above: 50%}"),
    ):
        assert last_line(large).startswith("It is too large to be walked through in advance: ")
        assert foretold(Simulation(large)) == []


def test_only_the_time_until_the_last_request_is_run_for_its_refusal():
    looks = ", mode: Manual, operator: {bake: 20h, look_every: 10ms, stop_above: 50%}"
    text = SERVICE.format(instances=4, more="", role="", upgrade=looks)
    swap = "  - {at: 11min, swap: {}}\n"
    ((_, sentence),) = foretold(Simulation(Scenario.from_text(text + swap)))
    assert sentence.startswith("swap-0 will be refused: 409 ConflictError")
    walk = "  - {at: 10min, walk_upgrade_domain: {upgrade_domain: 0}}\n"
    ((_, sentence),) = foretold(Simulation(Scenario.from_text(text + walk)))
    assert "409 ConflictError: the last walk is not complete" in sentence


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
        assert len(told) == len(foretold(simulation))


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
