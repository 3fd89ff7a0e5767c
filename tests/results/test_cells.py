"""Headline metrics as cells."""

import math

from sim.results.cells import asked, cell, heading, number
from sim.systems import SYSTEM_TYPES

METRICS = SYSTEM_TYPES["cloud_service"].metrics
RUNS = {"n": 20, "missing": 0}
ROW = {"mean": 1200.0, "p5": 600.0, "p50": 900.0, "p95": 1800.0, **RUNS}


def test_a_time_is_shown_by_its_median_and_its_bad_tail(ran):
    metric = METRICS["rollout_duration"]
    assert cell(ROW, metric, ran.about) == "15min / 30min"
    assert heading(metric).endswith("p50 / bad 5 %")
    assert number(ROW, metric) == 900.0
    assert cell({**ROW, "p95": math.nan, "missing": 2}, metric, ran.about) == "15min / > 6h"


def test_what_came_in_no_run_never_did(ran):
    missing = dict.fromkeys(("mean", "p5", "p50", "p95"), math.nan) | {"n": 20, "missing": 20}
    assert cell(missing, METRICS["rollout_duration"], ran.about) == "never"


def test_an_extreme_is_shown_by_its_bad_tail(ran):
    metric = METRICS["min_capacity"]
    row = {"mean": 0.9, "p5": 0.7, "p50": 0.9, "p95": 1.0, **RUNS}
    assert cell(row, metric, ran.about) == "70 %"
    assert heading(metric).endswith("(bad 5 %)")
    assert number(row, metric) == 0.7


def test_anything_else_by_its_mean_and_what_is_not_there_by_a_dash(ran):
    metric = METRICS["capacity_hours_lost"]
    assert cell({"mean": 2.5, **RUNS}, metric, ran.about) == "2.5"
    assert number({"mean": 2.5}, metric) == 2.5
    assert cell(None, metric, ran.about) == "-"


def test_an_objective_names_its_metric_as_tables_do(ran):
    assert asked("WebRole min_capacity >= 80 % in all runs", ran.about.kinds.values()) == (
        "WebRole lowest capacity >= 80 % in all runs"
    )
    assert asked("at least 9 in service in all runs", ran.about.kinds.values()).startswith(
        "at least 9 in service"
    )
