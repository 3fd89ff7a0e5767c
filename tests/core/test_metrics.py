"""Metrics from step functions and from rows of upgrades and operations, on hand-made ones."""

from __future__ import annotations

import numpy as np
import pytest
from story import Story

from sim.core.metrics import (
    METRICS,
    NO_ROLLBACKS,
    OF_ROLLBACKS,
    Key,
    availability,
    capacity,
)
from sim.core.timelines import Steps
from sim.systems import SYSTEM_TYPES

HOUR = 3600.0


def steps(*functions, end, begin=0.0):
    """Step functions given as lists of (time, value), cropped from `begin` on."""
    start = np.cumsum([0, *(len(function) for function in functions)])
    times = np.array([time for function in functions for time, _ in function], float)
    values = np.array([value for function in functions for _, value in function], np.int64)
    return Steps(start, times, values, end).crop(begin)


def listed(values):
    return {name: value.tolist() for name, value in values.items()}


# What metrics say of themselves


def test_every_metric_is_found_by_its_name_and_has_a_meaning():
    for metrics in (METRICS, *(kind.metrics for kind in SYSTEM_TYPES.values())):
        assert all(name == metric.name for name, metric in metrics.items())
        assert all(metric.meaning.endswith(".") and metric.label for metric in metrics.values())


def test_every_system_has_the_common_metrics():
    assert all(NO_ROLLBACKS.items() <= kind.metrics.items() for kind in SYSTEM_TYPES.values())


def test_only_cloud_services_have_the_metrics_of_rollbacks():
    having = [name for name, kind in SYSTEM_TYPES.items() if OF_ROLLBACKS & kind.metrics.keys()]
    assert having == ["cloud_service"]
    assert METRICS.items() <= SYSTEM_TYPES["cloud_service"].metrics.items()


def test_metrics_know_their_better_direction():
    higher = {name for name, metric in METRICS.items() if metric.better == "higher"}
    assert higher == {
        *("min_capacity", "mean_capacity", "min_in_service", "availability"),
        *("safe_end", "updated_share"),
    }
    # A rollback may be what keeps a bad build from everyone, a finish what brings it to them.
    neither = {name for name, metric in METRICS.items() if not metric.better}
    assert neither == {"finished", "rolled_back"}


def test_a_key_says_what_a_number_is_about():
    assert Key("shop", "", "finished") == ("shop", "", "finished")


# Capacity


def test_capacity_is_the_weight_in_service_by_the_nominal_one():
    dip = [(0, 4000), (2 * HOUR, 3000), (4 * HOUR, 1000), (5 * HOUR, 4000)]
    found = capacity(steps(dip, [(0, 4000)], end=10 * HOUR), 4000, 1000)
    assert listed(found) == {
        "min_capacity": [0.25, 1],
        "mean_capacity": [(2 * 4 + 2 * 3 + 1 + 5 * 4) / 40, 1],
        "capacity_hours_lost": [2 * 1 + 1 * 3, 0],
    }


def test_more_than_nominal_makes_up_for_no_loss():
    found = capacity(steps([(0, 1000), (HOUR, 3000)], end=2 * HOUR), 2000, 1000)
    assert listed(found) == {
        "min_capacity": [0.5],
        "mean_capacity": [1],
        "capacity_hours_lost": [1],
    }


def test_what_happens_at_the_horizon_counts_for_the_minimum():
    assert capacity(steps([(0, 2000), (HOUR, 0)], end=HOUR), 2000, 1000)["min_capacity"] == [0]


def test_only_the_window_counts():
    dip = [(0, 0), (HOUR, 1000), (2 * HOUR, 2000)]
    found = capacity(steps(dip, end=3 * HOUR, begin=1.5 * HOUR), 2000, 1000)
    assert listed(found) == {
        "min_capacity": [0.5],
        "mean_capacity": [(0.5 * 1 + 1 * 2) / 1.5 / 2],
        "capacity_hours_lost": [0.5],
    }


def test_a_group_that_weighs_nothing_has_nothing_to_lose():
    found = capacity(steps([(0, 0)], end=HOUR), 0, 1000)
    assert listed(found) == {
        "min_capacity": [1],
        "mean_capacity": [1],
        "capacity_hours_lost": [0],
    }


# Availability


def outages(*functions, end=100.0, begin=0.0):
    return listed(availability(steps(*functions, end=end, begin=begin)))


def test_an_outage_is_a_maximal_time_without_availability():
    found = outages([(0, 1), (10, 0), (15, 0), (30, 1), (50, 0), (60, 1)])
    assert found == {
        "availability": [0.7],
        "downtime": [30],
        "outages": [2],
        "longest_outage": [20],
    }


def test_outages_of_several_replications_are_kept_apart():
    found = outages([(0, 1), (90, 0)], [(0, 0), (5, 1)], [(0, 1)], [(0, 0)])
    assert found == {
        "availability": [0.9, 0.95, 1, 0],
        "downtime": [10, 5, 0, 100],
        "outages": [1, 1, 0, 1],
        "longest_outage": [10, 5, 0, 100],
    }


def test_an_outage_that_began_before_the_window_counts_from_its_beginning():
    found = outages([(0, 1), (10, 0), (30, 1)], begin=20.0)
    assert (found["outages"], found["downtime"], found["longest_outage"]) == ([1], [10], [10])
    assert found["availability"] == [1 - 10 / 80]


def test_an_outage_that_begins_at_the_horizon_counts_but_has_no_length():
    found = outages([(0, 1), (100, 0)])
    assert (found["outages"], found["downtime"]) == ([1], [0])


# Of a cloud service: what is easily got wrong

SERVICE = "kind: cloud_service, update_domains: 2, start_timeout: 20min"
WEB = "roles: {Web: {instances: 4, restart: 8min}}"


def story(service, *operations):
    return Story(
        f"horizon: 2h\nsystems: {{shop: {{{SERVICE}, {service}}}}}\n"
        f"operations: [{', '.join(operations)}]"
    )


def test_role_weight_and_the_builds_share_enter_capacity_and_not_availability():
    roles = (
        "roles: {A: {instances: 1, weight: 3, restart: 8min}, "
        "B: {instances: 2, min_available: 2, restart: 8min}}"
    )
    upgrade = "{at: 1min, upgrade_deployment: {mode: Simultaneous, role_to_upgrade: A}}"
    told = story(f"builds: {{'2': {{capacity_factor: 50%}}}}, {roles}", upgrade)
    assert [value for _, value in told.series("capacity")] == [1, 2 / 5, 3.5 / 5]
    assert [value for _, value in told.series("capacity", "A")] == [1, 0, 0.5]
    assert [value for _, value in told.series("available")] == [1, 0, 1]
    assert [value for _, value in told.series("available", "B")] == [1]
    assert [value for _, value in told.series("ready")] == [3, 2, 3]


def test_a_members_weight_is_exact_to_parts_of_it_that_no_thousandth_tells():
    roles = "roles: {A: {instances: 1}, B: {instances: 1, weight: 0.0014}}"
    upgrade = "{at: 1min, upgrade_deployment: {mode: Simultaneous, role_to_upgrade: A}}"
    told = story(f"builds: {{'2': {{capacity_factor: 99.94%}}}}, {roles}", upgrade)
    assert [value for _, value in told.series("capacity")] == [1, 14 / 10014, 10008 / 10014]


def test_an_instance_that_is_removed_during_its_turn_has_not_failed():
    fewer = "{at: 5min, change_configuration: {configuration: {Web: 2}}}"
    told = story(WEB, "{at: 1min, upgrade_deployment: {}}", fewer)
    assert told.measure("instances_failed") == 0


def test_an_instance_that_another_turn_takes_is_judged_by_that_one():
    """Out from minute 1 to minute 26: the takeover at minute 18 gives it eight minutes again."""
    slow = "builds: {'2': {fails_to_start: 100%}, '3': {}}"
    upgrades = (
        "{at: 1min, upgrade_deployment: {build: '2'}}",
        "{at: 18min, upgrade_deployment: {build: '3'}}",
    )
    assert story(f"{slow}, {WEB}", *upgrades).measure("instances_failed") == 0
    later = upgrades[1].replace("18min", "21.1min")
    assert story(f"{slow}, {WEB}", upgrades[0], later).measure("instances_failed") == 2


def test_an_instance_that_is_back_at_the_time_out_has_not_failed():
    upgrade = "{at: 1min, upgrade_deployment: {}}"
    assert story(WEB.replace("8min", "20min"), upgrade).measure("instances_failed") == 0
    assert story(WEB.replace("8min", "20.001min"), upgrade).measure("instances_failed") == 4


@pytest.mark.parametrize(
    "role",
    [
        "restart: 0s",
        "stages: {stop: 0s, apply: 0s, start: 0s, on_start: 0s}",
        "restart: 0s, slow_start: {for: 0s, serves: 50%}",
    ],
)
def test_an_instance_that_restarts_in_no_time_has_not_failed(role):
    told = story(WEB.replace("restart: 8min", role), "{at: 1min, upgrade_deployment: {}}")
    assert told.measure("instances_failed") == 0


def test_a_restart_of_a_swapped_deployment_brings_it_up_to_date():
    restart = "{at: 12min, change_configuration: {restarts: true}}"
    told = story(f"staging: {{build: '2'}}, {WEB}", "{at: 1min, swap: {}}", restart)
    assert told.measure("finished") == 1
    assert told.measure("updated_share") == 1


def test_after_the_rollback_of_a_takeover_the_target_is_the_last_completed_build():
    told = story(
        f"builds: {{'2': {{}}, '3': {{}}}}, {WEB}",
        "{at: 1min, upgrade_deployment: {build: '2'}}",
        "{at: 12min, upgrade_deployment: {build: '3'}}",
        "{at: 16min, rollback: {}}",
    )
    minutes = [(seconds / 60, share) for seconds, share in told.series("up_to_date")]
    assert minutes == [(0, 1), (1, 0), (9, 0.5), (12, 0), (24, 0.5), (32, 1)]
    assert told.measure("updated_share") == 0  # of build 3, which was last requested
