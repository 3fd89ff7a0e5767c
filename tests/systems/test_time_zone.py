"""A time zone changes its clock while systems run: hand-computed cases of Europe/Berlin."""

from __future__ import annotations

import datetime as dt
import pickle
from zoneinfo import ZoneInfo

import pytest
from arc_story import fleet, starts
from story import Story

import sim
from sim.cli import main
from sim.scenario import Scenario

HOUR = 3600.0
NIGHTS = 'windows: [{from: "22:00", to: "05:00"}]'


@pytest.mark.parametrize(
    ("start", "changes", "hours", "install", "usual", "then"),
    [
        # 2h25 each: three in seven hours, at 0h, 2h25 and 4h50; a fourth at 7h15 in eight hours.
        ("2026-10-10T12:00", 14, 1, "140min", [0, 145, 290], [0, 145, 290, 435]),
        # 2h10 each: four in seven hours, the last at 6h30; three in six hours.
        ("2027-03-13T12:00", 14, -1, "125min", [0, 130, 260, 390], [0, 130, 260]),
    ],
)
def test_a_month_of_nights_keeps_to_the_local_clock(start, changes, hours, install, usual, then):
    """One machine at a time, from 22:00 to 05:00; the night of the 14th day has 8 or 6 hours.

    Before the change 22:00 is 10 h after noon, after it one more or one less since the start.
    """
    told = fleet(
        f"at: 1h, publish_extension: {{type: A, version: 1.1, {NIGHTS}}}",
        machines="machines: 100",
        horizon="30d",
        start=f"start: {start}\ntime_zone: Europe/Berlin",
        install=install,
        max_concurrent=1,
    )
    found = sorted(
        at for name in told.by_subject if name.startswith("A of") for at in starts(told, name)
    )
    expected = []
    for night in range(30):
        opens = (10 + 24 * night + (hours if night > changes else 0)) * HOUR
        expected += [opens + 60 * minutes for minutes in (then if night == changes else usual)]
    assert found == expected[: len(found)]
    assert len(found) == min(100, len(expected))
    zone = ZoneInfo("Europe/Berlin")
    begin = dt.datetime.fromisoformat(start).replace(tzinfo=zone).astimezone(dt.UTC)
    first = {(begin + dt.timedelta(seconds=at)).astimezone(zone).hour for at in found}
    assert first <= {22, 23, 0, 1, 2, 3, 4}


def test_a_daily_curve_follows_the_clock_over_a_change():
    told = Story(
        """
start: 2026-10-24T12:00
time_zone: Europe/Berlin
horizon: 2d
systems:
  s:
    kind: cloud_service
    demand: {curve: {"00:00": 3, "14:00": 9, "02:30": 5}}
    roles: {W: {instances: 1, restart: 1h, serves_demand: 100}}
operations: []
"""
    )
    demand = told.model.layout.demand
    # On Sunday 02:30 comes twice, at 14h30 and 15h30: the first counts. The day has 25 hours.
    assert (demand.times / HOUR).tolist() == [0, 2, 12, 14.5, 27, 37, 39.5]
    assert demand.values.tolist() == [5, 9, 3, 5, 9, 3, 5]


def test_a_demand_of_an_hour_that_is_left_out_begins_after_it():
    told = Story(
        """
start: 2027-03-28T00:00
time_zone: Europe/Berlin
horizon: 6h
systems:
  s:
    kind: cloud_service
    demand: {curve: {"00:00": 3, "02:00": 4, "02:30": 5, "04:00": 6}}
    roles: {W: {instances: 1, restart: 1h, serves_demand: 100}}
operations: []
"""
    )
    demand = told.model.layout.demand
    assert (demand.times / HOUR).tolist() == [0, 2, 3]
    assert demand.values.tolist() == [3, 5, 6]


TEXT = """
start: 2026-10-24T12:00
time_zone: Europe/Berlin
horizon: 2d
replications: 2
systems:
  s:
    kind: cloud_service
    roles: {W: {instances: 5, restart: 1h}}
operations:
  - {at: "sun 01:30", upgrade_deployment: {}}
objectives:
  - {metric: done_at, at_most: "sun 06:00"}
"""


def test_a_start_without_an_offset_is_of_the_zone_and_reads_back():
    s = Scenario.from_text(TEXT)
    assert s.start is not None
    assert s.start.isoformat() == "2026-10-24T12:00:00+02:00"
    assert s.operations[0].at.mean == 13.5 * HOUR
    assert s.objectives[0].at_most == 19 * HOUR
    assert "time_zone: Europe/Berlin\n" in s.to_yaml()
    assert Scenario.from_text(s.to_yaml()) == s


@pytest.mark.parametrize(
    ("start", "saved"),
    [
        ("2026-10-24T10:00Z", "2026-10-24T12:00:00"),
        ("2026-10-25T02:30", "2026-10-25T02:30:00"),  # the first of two
        ("2026-10-25T02:30+01:00", "2026-10-25T02:30:00+01:00"),  # the second
        ("2027-03-28T02:30", "2027-03-28T03:00:00"),
        ("1850-01-01T12:00", "1850-01-01T12:00:00"),  # 53 min 28 s before UTC
    ],
)
def test_a_saved_start_is_the_same_instant(start, saved):
    text = TEXT.replace("2026-10-24T12:00", start).replace("horizon: 2d", "horizon: 9d")
    s = Scenario.from_text(text)
    again = Scenario.from_text(s.to_yaml())
    assert f"start: '{saved}'\n" in s.to_yaml()
    assert s.start is not None
    assert again.start is not None
    assert again.start.astimezone(dt.UTC) == s.start.astimezone(dt.UTC)
    assert again == s


def test_a_start_with_another_offset_is_the_same_instant():
    s = Scenario.from_text(TEXT.replace("12:00\n", "10:00Z\n"))
    assert s == Scenario.from_text(TEXT)
    assert s != s.override({"time_zone": "Europe/Paris"})


def test_a_scenario_with_a_zone_goes_to_other_processes():
    again = pickle.loads(pickle.dumps(Scenario.from_text(TEXT)))
    assert again == Scenario.from_text(TEXT)
    assert again.start.tzinfo is ZoneInfo("Europe/Berlin")


def test_what_is_shown_has_the_local_time_of_its_day(tmp_path, capsys):
    text = TEXT.replace("restart: 1h", "restart: {uniform: {low: 59min, high: 61min}}")
    file = tmp_path / "zone.yaml"
    file.write_text(text, encoding="utf-8")
    assert main(["explain", str(file)]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "starting at 2026-10-24 12:00 CEST (Europe/Berlin)" in said
    assert "At 13h30 (Sun 25 Oct 01:30)" in said
    assert main(["run", str(file), "--out", str(tmp_path / "out"), "--figures", "none"]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "window Sat 24 Oct 12:00..Mon 26 Oct 11:00 (Europe/Berlin)" in said
    assert "met: done at <= Sun 25 Oct 06:00" in said


def test_saved_results_know_the_zone_and_pictures_have_its_name(tmp_path):
    made = sim.run(sim.loads(TEXT))
    made.save(tmp_path / "out")
    about = sim.open_results(tmp_path / "out").about
    assert about.start_time is not None
    assert about.start_time.tzinfo is ZoneInfo("Europe/Berlin")
    for picture in (made.replay().plot.capacity(), made.replay().plot.gantt("s")):
        labels = [axes.get_xlabel() for axes in picture.figure.axes]
        assert any(label.startswith("local time, Europe/Berlin") for label in labels)
    steps = made.replay().timeline("s", "capacity").to_series()
    assert str(steps.index[-1]) == "2026-10-26 11:00:00+01:00"
