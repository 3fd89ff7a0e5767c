"""Properties that hold in every run, whatever happens to a service.

The scenarios come from `wild`, the second reading of a log from `referee`.
"""

from __future__ import annotations

import random
from collections import Counter

import any_service
import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from referee import Referee, out_times, told
from wild import HORIZON_MIN, MODES, OPERATOR, calm, often, simulation_of, wild, with_upgrade

from sim.core.log import Log
from sim.core.stack import Stack
from sim.core.timelines import stays
from sim.systems.cloud_service.defaults import configuration


def measured(simulation, logs, system="shop"):
    """(group, metric) -> one value a log, and where promises were kept."""
    return simulation.models[system].measure(Stack(logs), simulation.scenario.warm_up)


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
        "local_data_lost": referee.local_data_lost(),
    }
    if ("", "finished") in found:
        alone |= referee.rollouts() | {"updated_share": referee.updated_share()}
    found_alone = {name: found["", name].item() for name in alone}
    assert found_alone == pytest.approx(alone, nan_ok=True)


def test_instances_failed_are_what_a_walk_through_the_rows_finds():
    """Of services with shorter time-outs and more requests at once, and of their staging slots."""
    for seed in range(200):
        simulation = simulation_of(any_service.scenario(random.Random(seed)))
        log = simulation.run()
        found, _ = measured(simulation, [log], "s")
        count = Referee(simulation, "s", log).instances_failed()
        assert found["", "instances_failed"].tolist() == [count], seed


@often(60)
@given(wild())
def test_each_role_has_the_configuration_that_a_walk_through_the_rows_finds(scenario):
    simulation = simulation_of(scenario)
    model, log = simulation.models["shop"], simulation.run()
    number = Referee(simulation, "shop", log).configuration_number()
    shown = model.status(log, log.horizon)["RoleList"]
    assert {role["ConfigurationNumber"] for role in shown} == {number}
    there = [row for row in model.members(log) if row["status"] != "absent"]
    assert {row["configuration"] for row in there} == {number}


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


@often(40)
@given(wild())
def test_the_share_updated_is_where_the_series_ends_if_nothing_was_rolled_back(scenario):
    simulation = simulation_of(scenario)
    model, log = simulation.models["shop"], simulation.run()
    found, _ = measured(simulation, [log])
    rollouts = model.layout.upgrades[: model.layout.rollouts]
    began = [name for name in Referee(simulation, "shop", log).accepted() if name in rollouts]
    assume(began and not found["", "rolled_back"].item())
    bodies = [model.layout.rollout(rollouts.index(name)).body for name in began]
    covered = {getattr(body, "role_to_upgrade", None) for body in bodies}
    assume(None in covered or covered >= set(model.layout.spec.roles))
    end = model.timeline(log, "up_to_date").values[-1]
    assert found["", "updated_share"].item() == pytest.approx(end)


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


# The audit of a service


def corrupted(log, change):
    rows = log.rows.copy()
    change(rows)
    return Stack([Log(log.subjects, rows, 0, log.horizon, drew=True)])


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
