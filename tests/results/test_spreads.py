"""What a metric comes to over all replications, in the words of titles."""

import datetime as dt
import math

import numpy as np
import pytest

from sim.results.spreads import Spread, downtime, in_runs, sentence
from sim.systems import SYSTEM_TYPES

METRICS = SYSTEM_TYPES["cloud_service"].metrics
NAN = math.nan


def spread(metric, *values):
    return Spread(METRICS[metric], np.array(values, float), 7200.0)


@pytest.mark.parametrize(
    ("found", "told", "cell"),
    [
        (spread("min_capacity", 0.8), "80 %", "80 %"),
        (spread("min_capacity", 0.8, 0.8), "80 % in every run", "80 %"),
        (spread("min_capacity", 0.5, 0.8, 0.9), "median 80 %, bad 5 % 50 %", "80 % / 50 %"),
        (spread("rollout_duration", 60, 120, 600), "median 2min, bad 5 % 10min", "2min / 10min"),
        (spread("rollout_duration", 60, 60, NAN), "median 1min, bad 5 % > 2h", "1min / > 2h"),
        (spread("rollout_duration", NAN, NAN), "never by the end of the window", "never"),
    ],
)
def test_the_bad_end_of_a_metric_is_where_it_is_worse(found, told, cell):
    assert (found.text(), found.cell()) == (told, cell)


@pytest.mark.parametrize(
    ("values", "bound", "end"),
    [
        ((0.5, 0.8), 0.8, "; below 80 % in 50 % of runs"),
        ((0.8, 0.8), 0.8, "; never below 80 %"),
        ((0.5, 0.5), 0.8, "; below 80 % in every run"),
        ((0.5, 0.5), None, "in every run"),
    ],
)
def test_capacity_tells_in_how_many_runs_it_is_below_what_is_asked_for(values, bound, end):
    assert sentence(spread("min_capacity", *values), bound).endswith(end)


def test_other_metrics_tell_what_is_asked_for():
    said = sentence(spread("rollout_duration", 60.0, 60.0), 3600.0)
    assert said.endswith(": 1min in every run; objective: at most 1h")


def test_a_bound_on_the_mean_stands_beside_the_mean():
    done = spread("rollout_duration", 60.0, 60.0, 240.0)
    told = "median 1min, bad 5 % 4min"
    asked = "; mean 2min, objective: at most 1h"
    assert sentence(done, None, 3600.0).endswith(told + asked)
    assert sentence(done, 1800.0, 3600.0).endswith(f"{told}; objective: at most 30min{asked}")
    missed = spread("rollout_duration", 60.0, NAN)
    assert sentence(missed, None, 3600.0).endswith("; mean none, objective: at most 1h")
    assert sentence(spread("min_capacity", 0.5, 0.9), None, 0.8).endswith(
        "; mean 70 %, objective: at least 80 %"
    )


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ((0, 0), "shop is never down in 2 runs"),
        ((60, 60), "shop goes down in every run; downtime 1min in every run"),
        ((0, 60), "shop goes down in 50 % of runs; downtime median 0s, bad 5 % 1min"),
        (
            (*[0] * 30, 60),
            "shop goes down in 3.2 % of runs; when it does, for 1min (median)",
        ),
    ],
)
def test_downtime_that_is_rare_is_told_where_it_is_there(values, told):
    assert downtime("shop", spread("downtime", *values)) == told


def test_nowhere_is_no_words():
    assert in_runs(np.zeros(3, bool)) == ""


def test_an_instant_is_told_by_the_clock_of_the_scenario():
    start = dt.datetime(2026, 11, 20, 14, 0)  # noqa: DTZ001  (a clock without a zone)
    values = np.array([60.0, 120.0, NAN])
    done = Spread(METRICS["done_at"], values, 7200.0, start)
    assert done.text() == "median Fri 20 Nov 14:02, bad 5 % > Fri 20 Nov 16:00"
    assert Spread(METRICS["done_at"], values, 7200.0).text() == "median 2min, bad 5 % > 2h"
    duration = Spread(METRICS["rollout_duration"], values, 7200.0, start)
    assert duration.cell() == "2min / > 2h"
