"""Properties that hold in every run, whatever befalls a service.

The scenarios come from `wild`, the second reading of a log from `referee`.
"""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from referee import Referee
from wild import HORIZON_MIN, calm, wild

from sim.log import Log, Stack
from sim.scenario import Scenario
from sim.simulation import Simulation
from sim.systems.cloud_service.defaults import configuration
from sim.timelines import stays

MODES = ("Auto", "Manual", "Simultaneous")
OPERATOR = {"bake": "7min"}


def often(examples):
    checks = [HealthCheck.too_slow, HealthCheck.data_too_large]
    return settings(
        deadline=None, max_examples=examples, derandomize=True, suppress_health_check=checks
    )


def simulation_of(scenario):
    return Simulation(Scenario.from_dict(scenario))


def measured(simulation, logs, system="shop"):
    """(group, metric) -> one value a log, and where promises were kept."""
    return simulation.models[system].measure(Stack(logs), simulation.scenario.warm_up)


def told(log, system):
    """The rows of one system in words, free of numbering: times to the last bit."""
    mine = [log.subjects.block_of(number).system == system for number in log.rows["subject"]]
    lines = [line.split(" ", 1)[1] for line in log.lines()]
    return [
        (float(row["time"]), line)
        for row, line, is_mine in zip(log.rows, lines, mine, strict=True)
        if is_mine
    ]


def with_upgrade(scenario, **body):
    """The scenario with a single upgrade, of another mode or with an operator."""
    return scenario | {"operations": [{"at": "1min", "upgrade_deployment": body}]}


# What every log is


@often(80)
@given(wild())
def test_every_log_passes_the_audit(scenario):
    simulation = simulation_of(scenario)
    stack = Stack([simulation.run(k) for k in range(3)])
    assert stack.audit() is None
    assert simulation.models["shop"].audit(stack) is None


@often(30)
@given(wild())
def test_equal_arguments_give_equal_logs(scenario):
    one, other = simulation_of(scenario), simulation_of(scenario)
    logs = [one.run(k) for k in range(2)]
    assert all(log.equals(other.run(k)) for k, log in enumerate(logs))


@often(60)
@given(wild())
def test_instances_come_and_go_only_as_accepted_operations_say(scenario):
    simulation = simulation_of(scenario)
    log = simulation.run()
    referee = Referee(simulation, "shop", log)
    asked = {each.name: configuration(each.body) for each in simulation.scenario.operations}
    counts = {name: role.instances for name, role in referee.spec.roles.items()}
    for name in referee.accepted():
        counts |= asked[name]
    assert referee.counts() == Counter(counts)
    for _, block, row in referee.rows:
        if block.kind == "instance" and 0 in (row["old"], row["new"]):
            assert log.subjects.block_of(row["cause"]).kind == "operation"


@often(40)
@given(wild(), st.integers(1, HORIZON_MIN - 1))
def test_a_shorter_run_is_the_beginning_of_a_longer_one(scenario, minutes):
    horizon = {"horizon": f"{minutes}min", "warm_up": "0s"}
    within = [each for each in scenario["operations"] if int(each["at"][:-3]) <= minutes]
    late = [each for each in scenario["operations"] if int(each["at"][:-3]) > minutes]
    whole = simulation_of(scenario | {"operations": within + late}).run()
    begun = simulation_of(scenario | horizon | {"operations": within}).run()
    early = [row for row in told(whole, "shop") if row[0] <= minutes * 60]
    assert told(begun, "shop") == early


@often(60)
@given(wild())
def test_no_user_walk_opens_a_domain_outside_its_windows(scenario):
    simulation = simulation_of(scenario)
    log = simulation.run()
    windowed = {
        f"upgrade by {each.name}"
        for each in simulation.scenario.operations
        if getattr(each.body, "windows", ())
    }
    rolling_back = set()
    for time, line in told(log, "shop"):
        cause = line.split(" because ")[1]
        if "-> rolling_back" in line:
            rolling_back.add(line.split(" upgrading")[0].split(" stuck")[0])
        if "-> updating" in line and cause in windowed - rolling_back:
            assert 1800 <= time < 3600 or 7200 <= time < 8100


# Metrics by a second path


@often(80)
@given(wild())
def test_metrics_are_what_a_walk_through_the_rows_finds(scenario):
    simulation = simulation_of(scenario)
    log = simulation.run()
    found, _ = measured(simulation, [log])
    referee = Referee(simulation, "shop", log)
    for group in ("", *referee.spec.roles):
        for expected in (
            referee.capacity(group),
            referee.availability(group),
            referee.bad_builds(group),
        ):
            assert {name: found[group, name].item() for name in expected} == pytest.approx(expected)
    alone = {
        "max_domains_out": referee.max_domains_out(),
        "instances_failed": referee.instances_failed(),
        "unserved_demand": referee.unserved_demand(40),
    }
    if ("", "finished") in found:
        alone |= referee.rollouts() | {"updated_share": referee.updated_share()}
    found_alone = {name: found["", name].item() for name in alone}
    assert found_alone == pytest.approx(alone, nan_ok=True)


@often(40)
@given(wild())
def test_capacity_hours_lost_are_the_sum_of_weighed_stays(scenario):
    """Where capacity never exceeds the nominal one: nobody comes, and no build serves more."""
    operations = [
        {"at": each["at"], kind: {**body, "configuration": {}}}
        for each in scenario["operations"]
        for kind, body in each.items()
        if kind in ("upgrade_deployment", "change_configuration")
    ]
    simulation = simulation_of(scenario | {"operations": operations, "warm_up": "0s"})
    stack = Stack([simulation.run(k) for k in range(2)])
    found, _ = simulation.models["shop"].measure(stack, 0.0)
    lost = np.zeros(2)
    for block in stack.subjects.of("shop", "instance"):
        spent = stays(stack, [block])
        weight = block.weights["capacity"]
        missing = weight[block.initial].max() - weight[spent.state]
        lost += np.bincount(spent.replication, missing * (spent.until - spent.since), 2)
    np.testing.assert_allclose(found["", "capacity_hours_lost"], lost / 1000 / 3600, rtol=1e-12)


@often(40)
@given(wild())
def test_stacked_replications_have_the_metrics_that_each_has_alone(scenario):
    simulation = simulation_of(scenario)
    logs = [simulation.run(k) for k in range(4)]
    together, kept = measured(simulation, logs)
    for place, log in enumerate(logs):
        alone, kept_alone = measured(simulation, [log])
        assert alone.keys() == together.keys()
        assert kept_alone.tolist() == [kept[place]]
        for key, values in together.items():
            np.testing.assert_array_equal(alone[key], values[place : place + 1], str(key))


@often(40)
@given(wild())
def test_series_agree_with_each_other_and_with_the_metrics(scenario):
    simulation = simulation_of(scenario | {"warm_up": "0s"})
    model, log = simulation.models["shop"], simulation.run()
    found, _ = measured(simulation, [log])
    lines = {(name, group): model.timeline(log, name, group) for name, group in model.series()}
    times = np.unique(np.concatenate([line.times for line in lines.values()]))
    at = {key: line.at(times) for key, line in lines.items()}
    ready = at["ready", ""]
    roles = [group for name, group in lines if name == "ready" and group]
    assert (ready == sum(at["ready", role] for role in roles)).all()
    for kind in ("by_version", "by_update_domain"):
        parts = [values for (name, _), values in at.items() if name.startswith(f"{kind}:")]
        assert (ready == sum(parts)).all()
    assert (ready == at["by_state:ReadyRole", ""]).all()
    assert lines["capacity", ""].minimum() == pytest.approx(found["", "min_capacity"].item())
    assert lines["available", ""].mean() == pytest.approx(found["", "availability"].item())
    available = [at["available", role] for role in roles]
    assert (at["available", ""] == np.min(available, axis=0)).all()
    assert ((at["up_to_date", ""] >= 0) & (at["up_to_date", ""] <= 1)).all()


# Calm services


@often(50)
@given(calm(), st.sampled_from(MODES))
def test_without_failures_capacity_stays_within_0_and_1(scenario, mode):
    simulation = simulation_of(with_upgrade(scenario, mode=mode, operator=OPERATOR))
    log = simulation.run()
    line = simulation.models["shop"].timeline(log, "capacity")
    assert line.minimum() >= 0
    assert line.values.max() <= 1
    assert line.values[[0, -1]].tolist() == [1, 1]


@often(50)
@given(calm(), st.sampled_from(["Auto", "Manual"]))
def test_a_walk_never_has_two_domains_out(scenario, mode):
    simulation = simulation_of(with_upgrade(scenario, mode=mode, operator=OPERATOR))
    found, kept = measured(simulation, [simulation.run(k) for k in range(2)])
    assert found["", "max_domains_out"].tolist() == [1, 1]
    assert found["", "finished"].tolist() == [1, 1]
    assert found["", "updated_share"].tolist() == [1, 1]
    assert kept.all()


@often(50)
@given(calm())
def test_a_walk_takes_the_sum_of_its_domains_longest_restarts(scenario):
    simulation = simulation_of(scenario)
    log = simulation.run()
    found, _ = measured(simulation, [log])
    longest = Counter()
    for name, seconds in out_times(log).items():
        domain = int(name.rpartition("_")[2]) % scenario["systems"]["shop"]["update_domains"]
        longest[domain] = max(longest[domain], seconds)
    assert found["", "rollout_duration"].item() == longest.total()


# Luck


def out_times(log, system="shop"):
    """Instance -> seconds from its stop to its Ready, where it is out once."""
    stopped, back = {}, {}
    for row in log.rows:
        block = log.subjects.block_of(row["subject"])
        if (block.system, block.kind) == (system, "instance"):
            name = log.subjects.name(row["subject"])
            if block.states.status(int(row["new"])).startswith("ReadyRole"):
                back.setdefault(name, float(row["time"]))
            else:
                stopped.setdefault(name, float(row["time"]))
    return {name: back.get(name, math.inf) - time for name, time in stopped.items()}


FAULTY = {"2": {"fails_to_start": "40%"}}


@often(40)
@given(calm(), st.booleans())
def test_every_mode_sees_the_same_restart_times(scenario, fails):
    scenario["systems"]["shop"]["builds"] = FAULTY if fails else {}
    logs = [
        simulation_of(with_upgrade(scenario, mode=mode, operator=OPERATOR)).run() for mode in MODES
    ]
    expected = out_times(logs[0])
    assert expected
    assert [out_times(log) for log in logs] == [expected] * 3


@often(40)
@given(wild())
def test_the_order_of_roles_and_builds_in_the_file_does_not_matter(scenario):
    shop = scenario["systems"]["shop"]
    turned = {key: dict(reversed(shop[key].items())) for key in ("roles", "builds")}
    other = scenario | {"systems": {"shop": shop | turned}}
    for replication in range(2):
        log = simulation_of(scenario).run(replication)
        assert log.equals(simulation_of(other).run(replication))


@often(40)
@given(wild(), wild(), st.sampled_from(["aaa", "zzz"]))
def test_another_system_changes_nothing(scenario, more, name):
    addressed = [
        {"at": each["at"], kind: {**body, "system": system}}
        for system, operations in (("shop", scenario["operations"]), (name, more["operations"]))
        for each in operations
        for kind, body in each.items()
        if kind != "at"
    ]
    both = scenario | {
        "systems": {**scenario["systems"], name: more["systems"]["shop"]},
        "operations": addressed,
    }
    assert told(simulation_of(both).run(), "shop") == told(simulation_of(scenario).run(), "shop")


@often(40)
@given(calm(), calm(), st.sampled_from(["Aaa", "Zzz"]))
def test_another_role_does_not_change_the_luck_of_the_others(scenario, more, name):
    shop, *_ = scenario["systems"].values()
    role = next(iter(more["systems"]["shop"]["roles"].values()))
    larger = scenario | {"systems": {"shop": shop | {"roles": {**shop["roles"], name: role}}}}
    before, after = (out_times(simulation_of(each).run()) for each in (scenario, larger))
    assert before.items() <= after.items()
    assert any(instance.startswith(name) for instance in after)


@often(40)
@given(calm(), st.integers(1, 5))
def test_more_instances_do_not_change_the_luck_of_those_there(scenario, more):
    shop, *_ = scenario["systems"].values()
    grown = {
        name: role | {"instances": role["instances"] + more} for name, role in shop["roles"].items()
    }
    larger = scenario | {"systems": {"shop": shop | {"roles": grown}}}
    before, after = (out_times(simulation_of(each).run()) for each in (scenario, larger))
    assert before.items() < after.items()


@often(40)
@given(wild(), st.integers(0, 3))
def test_failures_fall_at_the_moments_that_chance_alone_sets(scenario, replication):
    """Each strikes whom it finds in service. Where recovery takes no time, that is everyone."""

    def rows_of(recovery, operations):
        role = {"instances": 4, "failures": {"per_year": 5000, "recovery": recovery}}
        shop = scenario["systems"]["shop"] | {"roles": {"Web": role}}
        changes = {"systems": {"shop": shop}, "operations": operations}
        log = simulation_of(scenario | changes).run(replication)
        (block,) = log.subjects.of("shop", "instance")
        for number in block.numbers:
            rows = log.rows[log.rows["subject"] == number]
            statuses = np.array([block.states.status(int(code)) for code in rows["new"]])
            yield rows["time"], np.append("ReadyRole", statuses)

    asked = [{"at": "20min", "upgrade_deployment": {"build": "2"}}]
    alone, upgraded = rows_of("0s", []), rows_of("5min", asked)
    for (moments, unhurt), (times, statuses) in zip(alone, upgraded, strict=True):
        failures = moments[unhurt[1:] == "RestartingRole"]
        before = statuses[np.searchsorted(times, failures)]
        struck = failures[before == "ReadyRole"]
        assert times[statuses[1:] == "RestartingRole"].tolist() == struck.tolist()


# The audit of a service


def corrupted(log, change):
    rows = log.rows.copy()
    change(rows)
    return Stack([Log(log.subjects, rows, 0, log.horizon, drew=True)])


def test_the_audit_sees_two_domains_that_have_their_turn_at_once():
    service = {"kind": "cloud_service", "roles": {"Web": {"instances": 2, "restart": "4min"}}}
    simulation = simulation_of(with_upgrade({"systems": {"shop": service}}, mode="Auto"))
    model, log = simulation.models["shop"], simulation.run()
    (domains,) = log.subjects.of("shop", "update_domain")
    at_rest = np.flatnonzero(
        (log.rows["subject"] == domains.first) & (log.rows["new"] == domains.initial[0])
    )

    def overlap(rows):
        """Domain 0 comes to rest a minute later, after domain 1 began and its instance stopped."""
        begin = at_rest[0]
        rows[begin : begin + 3] = rows[[begin + 1, begin + 2, begin]]
        rows["time"][begin + 2] += 60.0

    stack = corrupted(log, overlap)
    assert stack.audit() is None  # each row by itself is right
    assert model.audit(stack) == "shop: two update domains had their turn at once"
    assert model.audit(Stack([log])) is None


@often(40)
@given(wild(), st.data())
def test_the_audit_sees_a_row_that_was_lost_or_changed(scenario, data):
    log = simulation_of(scenario).run()
    if not len(log):
        return
    place = data.draw(st.integers(0, len(log) - 1))

    def belief(rows):
        rows["old"][place] += 1

    assert corrupted(log, belief).audit() == (
        place,
        "a row's old state is not what the subject was in",
    )

    def haste(rows):
        rows["time"][place] = -1.0

    assert corrupted(log, haste).audit() is not None


# Processors

RUNS = """
import json, sys
from sim.scenario import Scenario
from sim.simulation import simulate
scenario = Scenario.from_dict(json.load(sys.stdin))
print(*(simulate(scenario, k).rows.tobytes().hex() for k in range(8)))
"""


def wide_instructions():
    """Vector instructions that NumPy would use here and can be told not to."""
    from numpy._core._multiarray_umath import (  # noqa: PLC0415 (only this test looks inside)
        __cpu_dispatch__,
        __cpu_features__,
    )

    return [name for name in __cpu_dispatch__ if __cpu_features__.get(name)]


def drawn_in_every_way():
    """A scenario with 200 instances, whose times need logarithms, exponentials and powers."""
    drawn = {
        "lognormal": {"lognormal": {"median": "4min", "p95": "9min"}},
        "exponential": {"exponential": {"mean": "4min"}},
        "weibull": {"weibull": {"shape": 1.5, "scale": "4min"}},
        "triangular": {"triangular": {"low": "1min", "mode": "2min", "high": "9min"}},
    }
    roles = {
        name: {
            "instances": 50,
            "restart": restart,
            "failures": {"per_year": 500, "recovery": restart},
        }
        for name, restart in drawn.items()
    }
    service = {"kind": "cloud_service", "builds": FAULTY, "roles": roles}
    return with_upgrade({"systems": {"shop": service}}, mode="Auto")


class OffByABit:
    """NumPy, but for the last bit of its exponentials and logarithms."""

    def __getattr__(self, name):
        return getattr(np, name)

    def exp(self, x, out):
        np.exp(x, out=out)
        np.nextafter(out, np.inf, out=out)

    def log1p(self, x):
        return np.nextafter(np.log1p(x), np.inf)


def test_the_last_bit_of_an_exponential_or_a_logarithm_changes_no_log(monkeypatch):
    """Processors differ in it; the time grid swallows it."""
    simulation = simulation_of(drawn_in_every_way())
    logs = [simulation.run(k) for k in range(8)]
    monkeypatch.setattr("sim.distributions.np", OffByABit())
    assert all(log.equals(simulation.run(k)) for k, log in enumerate(logs))


def test_logs_are_equal_without_the_processors_wide_vector_instructions():
    if not wide_instructions():
        pytest.skip("NumPy uses no instructions here that it could do without")
    scenario = drawn_in_every_way()
    here = " ".join(simulation_of(scenario).run(k).rows.tobytes().hex() for k in range(8))
    run = subprocess.run(
        [sys.executable, "-c", RUNS],
        input=json.dumps(scenario),
        env={**os.environ, "NPY_DISABLE_CPU_FEATURES": " ".join(wide_instructions())},
        cwd=Path(__file__).parents[1],
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout.strip() == here
