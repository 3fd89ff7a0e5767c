"""Each metric over the replications, in one row."""

import dataclasses
import math

import numpy as np
import pytest
from scipy import stats

from sim.core.metrics import METRICS, Key
from sim.experiments.objectives import Experiment
from sim.experiments.running.replications import Measured
from sim.experiments.summaries import Summary, summarise, worst
from sim.files import loads
from sim.simulation import Simulation

NAN = math.nan


@pytest.fixture(scope="module")
def simulation():
    return Simulation(
        loads("systems: {shop: {kind: cloud_service, roles: {WebRole: {instances: 2}}}}")
    )


@pytest.fixture
def summary(simulation):
    def make(metric, values):
        values = np.array(values, float)
        numbers = np.arange(10, 10 + len(values))
        key = Key("shop", "", metric)
        measured = Measured(numbers, {key: values}, {}, True, None, ())
        (row,) = summarise(Experiment("auto", simulation, measured, (), open_ended=False))
        return row

    return make


def test_columns_are_those_of_the_result_folder():
    assert [field.name for field in dataclasses.fields(Summary)] == [
        *("variant", "system", "group", "metric", "unit", "mean", "ci95_low", "ci95_high"),
        *("min", "p5", "p50", "p95", "max", "n", "missing", "worst_replication"),
        *("p5_low", "p5_high", "p50_low", "p50_high", "p95_low", "p95_high", "skewness"),
    ]


def test_row_has_mean_interval_and_quantiles(summary):
    values = [float(k) for k in range(1, 201)]
    row = summary("downtime", values)
    known = stats.t.interval(0.95, 199, np.mean(values), stats.sem(values))
    assert (row.variant, row.system, row.group, row.unit) == ("auto", "shop", "", "s")
    assert (row.mean, row.min, row.max) == (100.5, 1.0, 200.0)
    assert (row.p5, row.p50, row.p95) == (10.0, 100.0, 190.0)
    assert (row.ci95_low, row.ci95_high) == pytest.approx(known)
    assert (row.n, row.missing, row.worst_replication) == (200, 0, 209)


def test_missing_value_takes_the_mean_away_and_ranks_last(summary):
    row = summary("rollout_duration", [4.0, NAN, 2.0, 3.0])
    assert (row.min, row.p50, row.missing, row.n) == (2.0, 3.0, 1, 4)
    assert [math.isnan(value) for value in (row.mean, row.ci95_low, row.p95, row.max)] == [True] * 4
    assert row.worst_replication == 11


def test_quantiles_have_limits_where_there_are_replications_enough(summary):
    row = summary("downtime", [float(k) for k in range(1, 59)])
    assert math.isnan(row.p5_low)
    assert math.isnan(row.p95_high)
    assert (row.p5_high, row.p95_low) == (7.0, 52.0)
    row = summary("downtime", [float(k) for k in range(1, 60)])
    assert (row.p5_low, row.p50_low, row.p50_high, row.p95_high) == (1.0, 23.0, 37.0, 59.0)


def test_limit_that_falls_on_what_is_missing_is_none(summary):
    row = summary("rollout_duration", [float(k) for k in range(1, 59)] + [NAN])
    assert (row.p95, row.p95_low) == (57.0, 53.0)
    assert math.isnan(row.p95_high)


def test_skewness_is_that_of_the_values(summary):
    values = [1.0, 2.0, 4.0, 9.0]
    assert summary("downtime", values).skewness == pytest.approx(stats.skew(values))
    assert math.isnan(summary("downtime", [2.0, 2.0]).skewness)
    assert math.isnan(summary("rollout_duration", [1.0, 2.0, NAN]).skewness)


def test_worst_replication_is_in_the_bad_direction_and_the_first_of_several():
    values = np.array([0.5, 0.2, 0.9, 0.2, 0.9])
    assert worst(METRICS["min_capacity"], values) == 1
    assert worst(METRICS["downtime"], values) == 2
    assert worst(METRICS["rolled_back"], np.array([0.0, 1.0])) == 0


def test_no_rollback_is_not_the_worst_rollback():
    values = np.array([NAN, 60.0, 90.0, NAN])
    assert worst(METRICS["rollback_duration"], values) == 2
    assert worst(METRICS["rollout_duration"], values) == 0


def test_rows_go_by_system_group_and_the_order_of_metrics(simulation):
    keys = [
        Key("shop", "WebRole", "downtime"),
        Key("shop", "", "finished"),
        Key("shop", "WebRole", "min_capacity"),
        Key("shop", "", "min_capacity"),
    ]
    measured = Measured(np.arange(1), {key: np.ones(1) for key in keys}, {}, True, None, ())
    rows = summarise(Experiment("baseline", simulation, measured, (), open_ended=False))
    assert [(row.group, row.metric) for row in rows] == [
        ("", "min_capacity"),
        ("", "finished"),
        ("WebRole", "min_capacity"),
        ("WebRole", "downtime"),
    ]
