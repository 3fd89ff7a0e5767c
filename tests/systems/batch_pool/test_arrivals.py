"""Streams of tasks whose rate changes over the day and the week."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from scipy import stats

from sim.core.random_streams import draws
from sim.core.stack import Stack
from sim.files import loads
from sim.simulation import Simulation
from sim.systems.base.operation import Span
from sim.systems.batch_pool.arrivals import Rate
from sim.systems.batch_pool.cost import parts
from sim.systems.batch_pool.draws import redraw_tasks
from sim.systems.batch_pool.workload import Job

HOUR, DAY = 3600.0, 86400.0
TWO_STEPS = {"00:00": "50%", "12:00": "100%"}
OFFICE = {"09:00": "100%", "17:00": "20%", "21:00": "0%"}
BERLIN = ZoneInfo("Europe/Berlin")
FRIDAY = dt.datetime.fromisoformat("2026-11-20T06:00")


def job(**more):
    return Job.model_validate({"load": "80%", "service": "8min"} | more)


def rate(horizon=2 * DAY, start=None, **more):
    return Rate.of(job(**more), Span(horizon, start))


def hours(of, *passed):
    """When so many hours at the full rate have passed, in hours."""
    return (of.instants(np.array(passed) * HOUR) / HOUR).tolist()


def test_the_rate_at_an_instant_is_that_of_its_piece():
    office = rate(curve=OFFICE)
    at = np.array([0, 8.9, 9, 16.9, 17, 20.9, 21, 33, 48]) * HOUR
    assert office.levels_at(at).tolist() == [0, 0, 1, 1, 0.2, 0.2, 0, 1, 0]
    assert rate(start=FRIDAY, horizon=HOUR, days=["mon"]).levels_at(at).tolist() == [0] * len(at)


# The inversion ------------------------------------------------------------------------------------


def test_a_curve_of_two_steps_is_inverted_as_by_hand():
    """Half the rate until noon: 6 h of it have passed by then, 18 h by midnight."""
    two = rate(curve=TWO_STEPS)
    assert two.total == 36 * HOUR
    assert hours(two, 0, 3, 6, 7, 18, 19, 24, 36) == [0, 6, 12, 13, 24, 26, 36, 48]


def test_nothing_comes_while_the_rate_is_0():
    """From midnight to 9 nothing, till 17 8 h, till 21 0.8 h."""
    office = rate(curve=OFFICE)
    assert office.total == pytest.approx(2 * 8.8 * HOUR)
    assert hours(office, 0, 1, 8, 8.4, 8.8, 9.8) == [9, 10, 17, 19, 21, 34]


def test_the_last_step_holds_over_midnight():
    night = rate(horizon=12 * HOUR, curve={"06:00": "0%", "22:00": "50%"})
    assert (night.total, hours(night, 1, 3)) == (3 * HOUR, [2, 6])


def test_the_clock_of_the_start_says_where_the_curve_is():
    late = rate(horizon=DAY, start=FRIDAY.replace(hour=15), curve=OFFICE)
    assert hours(late, 1, 2, 2.8, 3.8) == [1, 2, 6, 19]


def test_other_days_bring_nothing():
    """From Friday 6:00: 18 h of Friday, then those of Monday from hour 66 on."""
    some = rate(horizon=7 * DAY, start=FRIDAY, days=["fri", "mon"])
    assert hours(some, 1, 17.5, 19, 42, 43) == [1, 17.5, 67, 90, 163]
    assert some.total == (18 + 24 + 6) * HOUR
    none = rate(horizon=DAY, start=FRIDAY, days=["wed"])
    assert (none.total, none.instants(np.zeros(0)).tolist()) == (0.0, [])


@pytest.mark.parametrize(
    ("day", "long", "nine"),
    [("2026-10-25T00:00", 25, 10), ("2027-03-28T00:00", 23, 8)],
)
def test_the_curve_follows_the_clock_over_its_changes(day, long, nine):
    """In the night of the change 9:00 comes an hour later, or earlier, than 9 h after midnight."""
    curve = {"00:00": "0%", "09:00": "100%"}
    start = dt.datetime.fromisoformat(day).replace(tzinfo=BERLIN)
    changed = rate(horizon=long * HOUR, start=start, curve=curve)
    assert changed.total == 15 * HOUR
    assert hours(changed, 0.5, 15) == [nine + 0.5, long]


def test_without_a_curve_time_passes_as_it_is():
    plain = rate()
    assert plain.total == 2 * DAY
    seconds = np.array([0.0, 1 / 1024, 5000.25, 2 * DAY])
    assert (plain.instants(seconds) == seconds).all()


# What comes ---------------------------------------------------------------------------------------

POOL = """\
horizon: 2d
start: 2026-11-20T06:00
systems:
  p:
    kind: batch_pool
    nodes: 10
    node_upgrade: 5min
    work: [{load: LOAD, service: 8min, name: job, curve: CURVE, days: [mon, fri, sat]}]
operations: [{at: 1h, upgrade_os: {target_os_version: WA-GUEST-OS-5.31_201905-01}}]
"""
CURVE = '{"00:00": 20%, "07:30": 150%, "12:00": 60%, "22:00": 0%}'


def simulation(load="80%", curve=CURVE):
    return Simulation(loads(POOL.replace("LOAD", load).replace("CURVE", curve)))


def arrivals(made, replication):
    (tasks,) = redraw_tasks(made.models["p"].layout, made.scenario.seed, replication)
    return tasks.submit


def test_as_many_come_each_hour_as_the_integral_of_the_rate_says():
    """Chi-squared over 400 replications, of the counts and of how they vary: they are Poisson."""
    made, runs = simulation(), 400
    edges = np.arange(49) * HOUR
    counts = np.array([np.histogram(arrivals(made, k), edges)[0] for k in range(runs)])
    # By hand: the share of the rate in each hour from Friday 6:00 to Sunday 6:00.
    friday = [0.2] * 7 + [0.85] + [1.5] * 4 + [0.6] * 10 + [0.0] * 2
    expected = np.array(friday[6:] + friday + [0.0] * 6) * HOUR / (8 * 60 / (0.8 * 10))
    some = expected > 0
    assert (counts[:, ~some] == 0).all()
    total = expected[some] * runs
    found = ((counts[:, some].sum(axis=0) - total) ** 2 / total).sum()
    assert 0.001 < stats.chi2(some.sum()).sf(found) < 0.999
    spread = ((counts[:, some] - expected[some]) ** 2 / expected[some]).sum()
    assert 0.001 < stats.chi2(runs * some.sum()).sf(spread) < 0.999


def test_variants_see_the_same_arrivals_and_another_curve_moves_them():
    made, other = simulation(), simulation(curve='{"00:00": 100%}')
    same = Simulation(made.scenario.override({"systems.p.interruptions.on_upgrade": "terminate"}))
    for run in range(3):
        assert arrivals(made, run).tolist() == arrivals(same, run).tolist()
        # Both are the same gaps, by the integral of the rate up to each task.
        passed, plain = (made.models["p"].layout.jobs[0].rate, arrivals(other, run))
        steady = other.models["p"].layout.jobs[0].rate
        gaps = draws(0, run).times("p/job/interarrival", job().gaps(10)).vector(50).cumsum()
        assert (arrivals(made, run)[:50] == passed.instants(gaps)).all()
        assert (plain[:50] == steady.instants(gaps)).all()


def test_gaps_that_add_up_to_all_of_the_rate_bring_the_task_of_the_last_instant():
    """11,862 s of the full rate, but for the last bit of their sum: a task in each second."""
    curve = '{"03:00": 8.9%, "16:00": 24.6%, "23:00": 10.4%}'
    text = POOL.replace("horizon: 2d\nstart: 2026-11-20T06:00", "horizon: 1d")
    text = text.replace("load: LOAD", "interarrival: 1s").replace(", days: [mon, fri, sat]", "")
    made = Simulation(loads(text.replace("CURVE", curve)))
    assert made.models["p"].layout.jobs[0].rate.passed[-1] < 11_862
    assert made.models["p"].layout.jobs[0].rate.total == 11_862
    assert (len(arrivals(made, 0)), arrivals(made, 0)[-1]) == (11_862, DAY)


def test_twice_the_load_brings_the_same_tasks_in_half_of_the_time_at_full_rate():
    half, whole = (arrivals(simulation(load), 0) for load in ("40%", "80%"))
    of = simulation().models["p"].layout.jobs[0].rate
    gaps = draws(0, 0).stream("p/job/interarrival").vector(20)
    for submit, mean in ((half, 120.0), (whole, 60.0)):
        passed = np.cumsum(np.rint(-mean * np.log1p(-gaps) * 1024) / 1024)
        assert (submit[:20] == of.instants(passed)).all()


def test_a_run_with_a_curve_passes_its_audit_and_ends_within_the_horizon():
    made = simulation()
    for run in range(5):
        log = made.run(run)
        assert made.models["p"].audit(Stack([log])) is None
        assert arrivals(made, run)[-1] <= 2 * DAY


def test_a_curve_reads_back_and_is_changed_by_its_path():
    scenario = simulation().scenario
    assert loads(scenario.to_yaml()).systems == scenario.systems
    changed = scenario.override({'systems.p.work.job.curve."07:30"': "0%"})
    assert changed.systems["p"].work[0].curve == {0: 0.2, 27_000: 0.0, 43_200: 0.6, 79_200: 0.0}
    alone = Simulation(changed.override({"systems.p.work.job.days": ["sat"]}))
    # Saturday begins 18 h after the start; 1.5 h of the full rate come until 7:30, 6 h from noon.
    assert alone.models["p"].layout.jobs[0].rate.total == pytest.approx(7.5 * HOUR)


def test_what_will_come_is_known_in_advance():
    made = simulation()
    room, rate_of_job = made.models["p"].layout.jobs[0].room, made.models["p"].layout.jobs[0].rate
    expected = rate_of_job.total / 60
    assert expected < max(len(arrivals(made, k)) for k in range(20)) < room < 2 * expected
    tasks = next(part for part in parts(made.models["p"].layout) if part.kind == "task")
    assert tasks.rows == pytest.approx(3 * expected, rel=0.01)
