"""The load of a pool's open jobs over the time of a scenario, and what is told of it."""

from __future__ import annotations

import datetime as dt

import pytest

from sim.files import loads
from sim.simulation import Simulation
from sim.systems.base.operation import Span
from sim.systems.batch_pool.offered_load import (
    OfferedLoad,
    how_long_it_grows,
    of_all_slots,
    of_slots_left,
)
from sim.systems.batch_pool.workload import Job

HOUR, DAY = 3600.0, 86400.0
FRIDAY = dt.datetime.fromisoformat("2026-11-20T06:00")
TWO_STEPS = {"00:00": "50%", "12:00": "100%"}


def job(**more):
    return Job.model_validate({"load": "80%", "service": "8min"} | more)


ONE = job(curve=TWO_STEPS, days=["mon", "fri"])
STEADY = job(load="40%")


def load(*jobs, hours=216):
    return OfferedLoad.of(jobs, 10, Span(hours * HOUR, FRIDAY))


def test_it_is_that_of_the_stretch_of_time_that_the_scenario_takes():
    """Of 10 slots 4 all the time, and 4 or 8 more: by hand, on two Fridays and a Monday."""
    both = load(ONE, STEADY, Job.model_validate({"tasks": 3, "service": "1s"}))
    told = [both.at(each * HOUR) for each in (0, 5.9, 6, 17.9, 18, 66, 78, 216)]
    assert told == pytest.approx([8, 8, 12, 12, 4, 8, 12, 4])
    assert both.peak == pytest.approx(12)
    assert both.mean == pytest.approx(4 + 8 * (6 * 0.5 + 12 + 18 + 18) / 216)
    assert load(ONE, STEADY, hours=20).mean == pytest.approx(4 + 8 * (6 * 0.5 + 12) / 20)


def test_a_peak_outside_a_short_horizon_is_none():
    short = load(ONE, STEADY, hours=6)
    assert (short.peak, short.mean, short.changes) == (8, 8, False)
    assert load(ONE, STEADY, hours=66).peak_from(18 * HOUR) == 4
    assert load(ONE, STEADY, hours=67).peak_from(18 * HOUR) == 8


def test_without_a_curve_it_is_always_the_same():
    assert not load(STEADY).changes
    assert load(STEADY).mean == STEADY.offered(10)
    assert load().peak == 0


def test_days_that_do_not_come_bring_nothing():
    assert load(job(days=["sun"]), hours=6).peak == 0


def test_a_queue_under_a_load_that_changes_may_be_worked_off_later():
    assert how_long_it_grows(load(STEADY)) == "without end"
    assert how_long_it_grows(load(ONE)) == "up to the horizon"


POOL = """\
horizon: 2d
start: 2026-11-20T06:00
systems:
  p:
    kind: batch_pool
    nodes: 10
    node_upgrade: 5min
    work:
      - load: 80%
        service: 8min
        name: job
        curve: {"00:00": 20%, "07:30": 150%, "12:00": 60%, "22:00": 0%}
        days: [mon, fri, sat]
operations: [{at: 1h, upgrade_os: {target_os_version: WA-GUEST-OS-5.31_201905-01}}]
"""


def layout(text=POOL):
    return Simulation(loads(text)).models["p"].layout


def test_explain_tells_the_curve_and_the_load_before_during_and_at_its_peak():
    """By hand: 13.05 h at the full rate on Friday and 14.25 h on Saturday, of 48 h."""
    text = " ".join(" ".join(Simulation(loads(POOL)).models["p"].describe(None)).split())
    assert (
        "job: tasks of 8min, exponential (mean 1min) apart at 100 % of its curve (00:00 20 %, "
        "07:30 150 %, 12:00 60 %, 22:00 0 %; mon, fri, sat); about 1,638 tasks in all."
    ) in text
    assert (
        "Offered load: 45.5 % of 10 slots on average up to the horizon, 120 % at its peak; the "
        "queue grows while it is 100 % or more."
    ) in text
    assert (
        "Offered load meanwhile: 20 % of the slots that are left when it begins, 150 % at its peak "
        "up to the horizon; WARNING: the queue grows then, if the upgrade still goes on."
    ) in text


def test_what_comes_after_the_horizon_is_not_told():
    made = layout(POOL.replace("2d", "80min"))
    assert of_all_slots(made.spec, made.span) == ["Offered load: 16 % of 10 slots."]
    assert of_slots_left(made.spec, 10, HOUR, made.span) == [
        "Offered load meanwhile: 20 % of the slots that are left."
    ]
    assert of_slots_left(made.spec, 1, HOUR, made.span) == ["While all nodes are out no task runs."]


def test_an_overload_is_warned_of_over_the_time_that_there_is():
    made = layout(POOL.replace("2d", "5h"))
    (told,) = of_all_slots(made.spec, made.span)
    assert told == (
        "Offered load: 88.8 % of 10 slots on average up to the horizon, 120 % at its peak; the "
        "queue grows while it is 100 % or more."
    )
    made = layout(POOL.replace("2d", "5h").replace("80%", "100%"))
    (told,) = of_all_slots(made.spec, made.span)
    assert told.endswith("WARNING: at 100 % or above the queue grows up to the horizon.")
