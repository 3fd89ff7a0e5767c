"""One replication, as a user holds it."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

import sim
from sim.core.errors import ModelError, ScenarioError
from sim.results.single_run import NamedTimeline
from sim.results.tables import OPERATIONS
from sim.simulation import simulate

SCENARIO = """\
name: shop
horizon: 1h
START
systems:
  shop:
    kind: cloud_service
    roles: {WebRole: {instances: 20, restart: 2min}}
operations:
  - at: 10min
    upgrade_deployment: {build: "42"}
"""


def run(start="", scenario=SCENARIO, replication=0):
    return sim.run_one(sim.loads(scenario.replace("START", start)), replication)


@pytest.fixture(scope="module")
def one():
    return run()


def rejection(call, *arguments):
    with pytest.raises(ScenarioError) as error:
        call(*arguments)
    return str(error.value)


def test_run_knows_what_it_is_of(one):
    assert (one.scenario.name, one.replication, one.variant) == ("shop", 0, "baseline")
    assert repr(one) == "<Run of shop, baseline, replication 0>"
    assert run(replication=5).replication == 5


def test_run_is_the_simulation_s_log(one):
    assert one.log.equals(simulate(one.scenario))


def test_variant_s_run_bears_its_name():
    scenario = sim.loads(SCENARIO.replace("START", ""))
    assert sim.run_one(scenario.variant("simultaneous")).variant == "simultaneous"


@pytest.mark.parametrize("kind", [int, np.int8, np.int64, np.uint64])
def test_replication_may_be_of_any_integer_type(kind):
    found = run(replication=kind(3))
    assert found.log.equals(run(replication=3).log)
    assert type(found.replication) is int


@pytest.mark.parametrize(
    ("given", "got"),
    [
        (-1, "-1"),
        (2**31, "2147483648"),
        (2**64, "18446744073709551616"),
        pytest.param(10**5000, "a huge number", id="huge"),
        (0.5, "0.5"),
        (3.0, "3.0"),
        (True, "True"),
        ("3", "'3'"),
        (None, "None"),
    ],
)
def test_other_replications_are_refused_in_words(given, got):
    rule = f"a replication must be a whole number from 0 to 2^31 - 1, got {got}"
    assert rule in rejection(lambda: run(replication=given))


def test_last_replication_is_like_any_other():
    assert run(replication=2**31 - 1).replication == 2**31 - 1


def test_run_audits_itself(monkeypatch):
    monkeypatch.setattr(
        "sim.systems.cloud_service.model.Model.audit", lambda _model, _stack: "out of line"
    )
    with pytest.raises(ModelError, match="out of line"):
        run()


# Timelines ----------------------------------------------------------------------------------------


def test_timeline_is_exact(one):
    line = one.timeline("shop", "capacity")
    assert line.times.tolist() == [0.0, 600.0, 1200.0]
    assert line.values.tolist() == [1.0, 0.8, 1.0]  # noqa: PD011
    assert (line.end, line.unit, line.name) == (3600.0, "share", "shop capacity")
    assert one.timeline("shop", "ready", "WebRole").name == "WebRole ready"


def test_cropped_timeline_is_still_one_with_a_name(one):
    assert one.timeline("shop", "capacity").crop(60.0, 120.0).name == "shop capacity"


def test_every_series_is_among_the_lines(one):
    lines = one.lines()
    assert ("shop", "capacity", "WebRole") in lines
    assert ("shop", "by_update_domain:4", "") in lines
    assert lines["shop", "ready", ""].minimum() == 16


def test_what_a_run_does_not_have_is_told_with_the_nearest_name(one):
    assert "did you mean shop?" in rejection(one.timeline, "shpo", "capacity")
    assert "must be a series of shop, got capacty; did you mean capacity?" in rejection(
        one.timeline, "shop", "capacty"
    )
    assert "must be a group of shop, got WebRol; did you mean WebRole?" in rejection(
        one.timeline, "shop", "capacity", "WebRol"
    )
    assert "a series of WebRole" in rejection(one.timeline, "shop", "up_to_date", "WebRole")
    assert "did you mean shop?" in rejection(one.members, "shpo")
    assert "did you mean shop?" in rejection(one.dips, "shpo")


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


def test_operations_have_the_columns_of_the_result_folder(one):
    operations = one.operations
    assert list(operations.columns) == OPERATIONS.names
    (row,) = operations.to_dict("records")
    assert (row["variant"], row["name"], row["status"]) == (
        "baseline",
        "upgrade_deployment-0",
        "Succeeded",
    )
    assert (row["at_s"], row["ended_s"], row["http_status"]) == (600.0, 1200.0, 200)


def test_scenario_without_operations_has_an_empty_table():
    quiet = run(scenario=SCENARIO.partition("operations")[0])
    assert list(quiet.operations.columns) == OPERATIONS.names
    assert quiet.operations.empty
    assert list(quiet.dips("shop").columns) == ["start_s", "end_s", "depth", "lost_hours", "causes"]


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
    assert page.startswith("<div><b>&lt;shop&gt;, baseline, replication 0</b>")
    assert "<div>&nbsp;&nbsp;update domain 0" in page
    line = named.timeline("shop", "capacity")._repr_html_()
    assert "<b>shop capacity</b>" in line
    assert "3 steps, lowest 0.8, mean 0.9667 share" in line


@pytest.mark.parametrize("below", [90, -0.1])
def test_dips_are_sought_below_a_share(one, below):
    with pytest.raises(ScenarioError, match="below must be a share between 0 and 1, got"):
        one.dips("shop", below=below)
