"""One replication, as a user holds it."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from one_run import SCENARIO, rejection, run

import sim
from sim.core.errors import ScenarioError
from sim.results.single_run import NamedTimeline
from sim.simulation import simulate


@pytest.fixture(scope="module")
def one():
    return run()


def test_run_knows_what_it_is_of(one):
    assert (one.scenario.name, one.replication, one.variant) == ("shop", 0, "baseline")
    assert repr(one) == "<Run of shop, baseline, replication 0>"
    assert run(replication=5).replication == 5


def test_run_is_the_simulation_s_log(one):
    assert one.log.equals(simulate(one.scenario))


def test_variant_s_run_bears_its_name():
    scenario = sim.loads(SCENARIO.replace("START", ""))
    assert sim.run_one(scenario.variant("simultaneous")).variant == "simultaneous"


# Timelines ----------------------------------------------------------------------------------------


def test_timeline_is_exact(one):
    line = one.timeline("shop", "capacity")
    assert line.times.tolist() == [0.0, 600.0, 1200.0]
    assert line.values.tolist() == [1.0, 0.8, 1.0]  # noqa: PD011
    assert (line.end, line.unit, line.name) == (3600.0, "share", "shop capacity")
    assert one.timeline("shop", "ready", "WebRole").name == "WebRole ready"


def test_cropped_timeline_is_still_one_with_a_name(one):
    assert one.timeline("shop", "capacity").crop(60.0, 120.0).name == "shop capacity"


def test_series_is_indexed_by_the_hours_since_the_start(one):
    series = one.timeline("shop", "capacity").to_series()
    assert series.index.equals(pd.Index([0.0, 1 / 6, 1 / 3, 1.0], name="hours"))
    assert series.tolist() == [1.0, 0.8, 1.0, 1.0]
    assert series.name == "shop capacity"


def test_series_is_plotted_by_pandas_over_its_hours(one):
    axes = one.timeline("shop", "capacity").to_series().plot(drawstyle="steps-post")
    (line,) = axes.lines
    assert line.get_xdata().tolist() == [0.0, 1 / 6, 1 / 3, 1.0]
    axes.figure.clear()


@pytest.mark.parametrize("offset", ["", "+01:00", "Z"])
def test_series_of_a_scenario_with_a_start_is_indexed_by_date(offset):
    start = dt.datetime.fromisoformat(f"2026-11-20T14:00{offset}")
    series = run(f"start: 2026-11-20T14:00{offset}").timeline("shop", "capacity").to_series()
    minutes = [dt.timedelta(minutes=m) for m in (0, 10, 20, 60)]
    assert [each.to_pydatetime() for each in series.index] == [start + m for m in minutes]
    assert series.index.unit == "us"


def test_series_of_a_change_at_the_end_has_no_instant_twice():
    line = NamedTimeline(np.array([0.0, 5.0]), np.array([1.0, 0.5]), 5.0, "share", "x")
    assert line.to_series().tolist() == [1.0, 0.5]


def test_series_keeps_its_unit_of_time_whatever_its_length():
    for end in (1.0, 1e9, 1e11):  # nanoseconds would end after 292 years
        start = dt.datetime(1, 1, 1, tzinfo=dt.UTC)
        line = NamedTimeline(np.array([0.0]), np.array([1.0]), end, "share", "x", start)
        index = line.to_series().index
        assert index.unit == "us"
        assert (index[-1] - index[0]).total_seconds() == end


# Tables -------------------------------------------------------------------------------------------


def test_members_have_a_row_each(one):
    members = one.members("shop")
    assert len(members) == 20
    first = members.iloc[0]
    assert (first.instance, first.status, first.build) == ("WebRole_IN_0", "ReadyRole", "42")
    assert members.out_s.tolist() == [120.0] * 20


def test_events_are_the_log_in_words(one):
    events = one.events
    assert len(events) == len(one.log)
    assert (events.variant == "baseline").all()
    assert events.cause.iloc[-1] == one.log.subjects.name(int(one.log.rows["cause"][-1]))


def test_walk_is_one_dip_with_five_causes(one):
    (dip,) = one.dips("shop").itertuples()
    assert (dip.start_s, dip.end_s, dip.depth) == (600.0, 1200.0, pytest.approx(0.2))
    assert dip.lost_hours == pytest.approx(20 * 120 / 3600)
    assert len(dip.causes) == 5
    assert dip.causes[0].startswith("update domain 0")


def test_dips_may_be_sought_below_a_threshold(one):
    assert len(one.dips("shop", 0.81)) == 1
    assert one.dips("shop", below=0.8).empty


def test_status_is_what_the_service_shows_then(one):
    before, during = one.status("shop", 0), one.status("shop", "15min")
    assert (before["Locked"], before["UpgradeStatus"]) == (False, None)
    assert during["UpgradeStatus"] == {
        "UpgradeType": "Auto",
        "CurrentUpgradeDomainState": "During",
        "CurrentUpgradeDomain": 2,
    }
    assert one.status("shop", 900.0) == during


def test_the_groups_of_a_system_are_named(one):
    with pytest.raises(ScenarioError, match="must be a group of shop, got x; known: WebRole"):
        one.timeline("shop", "capacity", "x")


def test_status_may_be_asked_for_by_the_clock_where_there_is_one(one):
    by_clock = sim.run_one(sim.loads(SCENARIO.replace("START", "start: 2026-11-20T14:00")))
    during = by_clock.status("shop", "15min")
    assert during["Locked"]
    for at in ("14:15", "fri 14:15", "2026-11-20T14:15"):
        assert by_clock.status("shop", at) == during
    assert "must lie between 0s and 1h, got 23h" in rejection(by_clock.status, "shop", "13:00")
    assert "a clock time needs a `start`" in rejection(one.status, "shop", "14:15")


def test_status_outside_the_run_is_refused(one):
    assert "must lie between 0s and 1h, got 2h" in rejection(one.status, "shop", "2h")
    assert "must be a duration" in rejection(one.status, "shop", "later")
    assert "did you mean shop?" in rejection(one.status, "shpo", 0)


def test_run_explains_itself(one):
    told = one.explain()
    assert "upgrade_deployment-0 at 10min: Succeeded at 20min." in told
    assert told.count("update domain") == 5
    assert "shop: capacity falls by 20 % at 10min for 10min (0.667 hours lost)" in told


def test_run_and_timeline_show_themselves_in_a_notebook():
    named = run(scenario=SCENARIO.replace("name: shop", 'name: "<shop>"'))
    page = named._repr_html_()
    assert "<b>&lt;shop&gt;, baseline, replication 0</b>" in page
    assert "<shop>" not in page
    line = named.timeline("shop", "capacity")._repr_html_()
    assert "<b>shop capacity</b>" in line
    assert "3 steps, lowest 0.8, mean 0.9667 share" in line


@pytest.mark.parametrize("below", [90, -0.1])
def test_dips_are_sought_below_a_share(one, below):
    with pytest.raises(ScenarioError, match="below must be a share between 0 and 1, got"):
        one.dips("shop", below=below)


def test_timeline_of_a_run_is_plotted_in_one_line():
    one = run("start: 2026-11-20T14:00+01:00")
    picture = one.timeline("shop", "ready", "WebRole").plot()
    picture.draw_without_rendering()
    (axes,) = picture.axes
    assert axes.get_ylabel() == "WebRole ready (count)"
    assert axes.get_xlabel().startswith("local time")
