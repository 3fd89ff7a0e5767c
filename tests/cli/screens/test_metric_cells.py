"""What a metric comes to, in the cells of a table."""

from __future__ import annotations

import datetime as dt

import pytest
from summary_rows import METRICS, NAN, row, setting, system

from sim.cli.screens.metric_cells import metric_columns, spread


def cells(of, **about):
    """Mean, interval, p50, bad 5 %, worst of a row."""
    return list(spread(of, METRICS[of["metric"]], setting(**about)))


def test_quantile_among_the_missing_is_above_the_horizon():
    of = row("rollout_duration", NAN, of=(60.0, 90.0, NAN, NAN), missing=20)
    assert cells(of) == ["-", "never in 20 runs", "1min30s", "> 6h", "never (run 17)"]


EVENING = dt.datetime(2026, 11, 20, 22, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("start", "expected"),
    [
        (None, ["1h41", "1h41..1h43", "1h41", "4h05", "4h20 (run 17)"]),
        (EVENING, ["23:41", "23:41..23:43", "23:41", "02:05", "02:20 (run 17)"]),
    ],
)
def test_points_in_time_are_shown_by_the_clock_where_there_is_one(start, expected):
    of = (6000.0, 6060.0, 14700.0, 15600.0)
    found = cells(row("done_at", 6060.0, of=of, ci95_low=6060.0, ci95_high=6180.0), start=start)
    assert found == expected


def test_points_in_time_that_never_came_are_beyond_the_end_of_the_clock():
    of = row("done_at", NAN, of=(6000.0, 6060.0, NAN, NAN), missing=20)
    expected = ["-", "never in 20 runs", "23:41", "> 04:00", "never (run 17)"]
    assert cells(of, start=EVENING) == expected


def test_rollback_that_is_missing_is_nothing_bad():
    of = row("rollback_duration", NAN, of=(60.0, NAN, NAN, NAN), missing=199)
    assert cells(of) == ["-", "never in 199 runs", "never", "never", "run 17"]


def test_share_of_runs_has_no_interval_above_100_percent():
    of = row("finished", 0.98, of=(0.0, 1.0, 1.0, 1.0), ci95_low=0.95, ci95_high=1.01)
    assert cells(of)[1] == "95..100 %"


def test_what_never_varies_says_so_once():
    assert cells(row("min_capacity", 0.8)) == ["80 %", "in every run", "", "", ""]


def test_column_has_a_dash_where_a_variant_has_no_such_metric():
    rows = [row("min_capacity", 0.7, of=(0.2, 0.75, 0.85, 0.9), variant="auto")]
    (column,) = metric_columns(setting(), system(), "", ["auto", "nothing"], rows)
    assert (column.heading, column.cells) == ("lowest\ncapacity\n(bad 5 %)", ("20 %", "-"))
