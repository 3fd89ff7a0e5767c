"""A Batch pool as a queueing model: answers known in advance.

A pool without upgrades is the queue of the textbooks. Closed forms hold for runs far longer than
a test may take, so each is reached in two steps: a run of the pool is equal to a recursion on the
same tasks, to the last digit; the recursion on very many tasks agrees with the closed form, inside
a 99.9 % interval so narrow that an error of 2 % would be seen. Sums of times are exact, as all lie
on one grid.
"""

from __future__ import annotations

from math import ceil, exp

import numpy as np
import pytest
from places import DATA
from pool_story import UPGRADE, PoolStory, simulation, story

from sim.core.stack import Stack
from sim.experiments.statistics.intervals import student
from sim.systems.batch_pool.draws import redraw_tasks

MEAN = 100.0
"""Mean service time of most queues below, seconds: the unit of time of the closed forms."""


def exponential(seconds):
    return {"exponential": {"mean": f"{seconds}s"}}


def queue(servers, gap, service, count, **more):
    """A pool of single-slot nodes at which some `count` tasks arrive, `gap` seconds apart."""
    work = {"interarrival": exponential(gap), "service": service}
    return simulation(horizon=f"{ceil(count * gap)}s", nodes=servers, work=work, **more)


def drawn(made):
    """Submission and service times of the tasks of replication 0."""
    (only,) = redraw_tasks(made.models["p"].layout, made.scenario.seed, 0)
    return only.submit, only.service


def moments(log, status):
    """When each task came to be `status` last, in order of number; NaN where it never did."""
    block = log.subjects.one("p", "task")
    at = np.full(block.count, np.nan)
    theirs = log.rows[log.rows["subject"] >= block.first]
    there = theirs[theirs["new"] == block.states.statuses.index(status)]
    at[there["subject"] - block.first] = there["time"]
    return at


def waits(gaps, service, servers):
    """Waits of tasks in order of submission: the recursion of Kiefer and Wolfowitz.

    Arrays have shape (runs, tasks); gap k is the time before task k. A run begins with idle
    servers. For one server it is Lindley's recursion.
    """
    free_in = np.zeros((len(gaps), servers))
    found = np.empty_like(gaps)
    for task in range(gaps.shape[1]):
        free_in = np.sort(np.maximum(free_in - gaps[:, task, None], 0))
        found[:, task] = free_in[:, 0]
        free_in[:, 0] += service[:, task]
    return found


def means_of(values, parts=200):
    """Means of consecutive parts, as neighbours may be alike."""
    return values[: len(values) // parts * parts].reshape(parts, -1).mean(axis=1)


def check(means, answer):
    """A 99.9 % interval holds the answer and is narrow enough to miss one that is 2 % off."""
    interval = student(means, 0.999)
    assert interval.low <= answer <= interval.high
    assert not interval.low <= answer * 1.02 <= interval.high
    assert not interval.low <= answer * 0.98 <= interval.high


# Queues

TWO_POINTS = {"empirical": {"values": ["0s", "0s", "300s"]}}
"""Mean 100 s, squared coefficient of variation 2."""

QUEUES = {
    # M/M/c of the rates (.2, .1); mean wait by Erlang's C
    "M/M/3": (3, 5, exponential(10), 1.0, 40 / 9, 7_000_000),
    "M/M/4": (4, 5, exponential(10), 1.0, 20 / 23, 8_000_000),
    # M/G/1 at load 0.8; mean wait by Pollaczek and Khinchine
    "M/D/1": (1, 125, "100s", MEAN, 2.0, 3_000_000),
    "M/M/1": (1, 125, exponential(100), MEAN, 4.0, 6_000_000),
    "M/G/1": (1, 125, TWO_POINTS, MEAN, 6.0, 8_000_000),
}
LENGTH, WARM_UP = 10_000, 1000
"""Tasks of a run of the recursion, and those of them that come before the steady state."""


@pytest.mark.parametrize("name", QUEUES)
def test_a_pool_is_the_queue_of_the_recursion(name):
    servers, gap, service, *_ = QUEUES[name]
    made = queue(servers, gap, service, 5000)
    log = made.run(0)
    submit, service = drawn(made)
    expected = waits(np.diff(submit, prepend=0)[None], service[None], servers)[0]
    started = np.flatnonzero(submit + expected <= log.horizon)
    begun = moments(log, "running")[: len(submit)]
    np.testing.assert_array_equal(begun[started], (submit + expected)[started])
    assert np.isnan(begun).sum() == len(submit) - len(started)
    values, _ = made.models["p"].measure(Stack([log]), 0.0)
    so_far = np.minimum(expected, log.horizon - submit)
    assert values["", "wait_mean"][0] == pytest.approx(so_far.mean())
    assert values["", "wait_p95"][0] == np.sort(so_far)[ceil(0.95 * len(submit)) - 1]


@pytest.mark.parametrize("name", QUEUES)
def test_the_mean_wait_of_a_queue_is_the_closed_form(name):
    servers, gap, service, unit, answer, count = QUEUES[name]
    submit, service = drawn(queue(servers, gap, service, count))
    gaps = np.diff(submit, prepend=0)
    whole = len(gaps) // LENGTH * LENGTH
    runs = waits(gaps[:whole].reshape(-1, LENGTH), service[:whole].reshape(-1, LENGTH), servers)
    check(runs[:, WARM_UP:].mean(axis=1) / unit, answer)


def test_a_queue_without_chance_waits_for_nothing_or_ever_longer():
    """D/D/1: what ends as the next one comes frees the node for it."""
    for service, step in (("9s", 0), ("10s", 0), ("11s", 1), ("0s", 0)):
        told = story(nodes=1, horizon="1000s", work={"interarrival": "10s", "service": service})
        begun = [runs[0][1] for runs in told.runs().values() if runs]
        assert begun == [(10 + step) * (task + 1) - step for task in range(len(begun))]
        assert told.measure("tasks_waiting") == 100 - len(begun)


def test_load_sets_arrivals_so_that_so_many_slots_are_busy():
    """The mean of running slots over slots in service, M/M/c: load, whatever the number."""
    pool = {"nodes": 5, "task_slots_per_node": 4, "horizon": "4d"}
    told = story(**pool, work={"load": "70%", "service": exponential(60)})
    used = told.model.timeline(told.log, "utilisation").mean()
    work = drawn(told.simulation)[1].sum() / (20 * told.log.horizon)
    assert used == pytest.approx(work, rel=0.002)  # but for what runs on at the horizon
    assert used == pytest.approx(0.7, rel=0.02)


# Breakdowns: M/M/1 whose node fails at rate .1 while it is up, idle too, and is repaired at rate .5

BREAKDOWNS = {
    "failures": {"per_year": 0.1 / MEAN * 365 * 86400, "recovery": exponential(200)},
    "interruptions": {"on_failure": "checkpoint"},
    "checkpoint": {"every": "0s"},  # preemptive-resume
}


def ends(submit, service, failed, repaired):
    """When each task ends at one node that is down from `failed` to `repaired`, again and again.

    Lindley's recursion on the clock of the node, which stands still while it is down.
    """
    down = np.cumsum(repaired - failed)
    before = np.concatenate([[0], down])
    failed_at = failed - before[:-1]

    outages = np.searchsorted(failed, submit)  # those that began before
    last = np.maximum(outages - 1, 0)
    cut = np.where(outages > 0, np.minimum(submit, repaired[last]) - failed[last], 0)
    arrives = submit - before[last] - cut
    work = np.cumsum(service)
    idle = np.maximum.accumulate(arrives - (work - service))
    done = work + idle
    return done + before[np.searchsorted(failed_at, done)]  # what ends as it fails has ended


def test_a_pool_is_the_queue_with_breakdowns_of_the_recursion():
    made = queue(1, 200, exponential(100), 3000, **BREAKDOWNS)
    log = made.run(0)
    submit, service = drawn(made)
    node = log.rows[log.rows["subject"] == log.subjects.one("p", "node").first]
    failed, repaired = node["time"][::2], node["time"][1::2]
    assert len(failed) > 200
    expected = ends(submit, service, failed, np.append(repaired, np.inf)[: len(failed)])
    done = moments(log, "completed")[: len(submit)]
    in_time = expected <= log.horizon
    np.testing.assert_array_equal(done[in_time], expected[in_time])
    assert np.isnan(done[~in_time]).all()


def test_the_mean_number_present_with_breakdowns_is_the_closed_form():
    """Were the node to fail only while it is busy, it would be 1.75."""
    made = queue(1, 200, exponential(100), 4_000_000)
    submit, service = drawn(made)
    chance = np.random.default_rng(1)
    count = ceil(made.scenario.horizon / 1200 * 1.1)
    up, down = chance.exponential(1000, count), chance.exponential(200, count)
    failed = np.cumsum(up + down) - down
    inside = ends(submit, service, failed, failed + down) - submit
    edges = np.linspace(0, made.scenario.horizon, 201)
    present = np.histogram(submit, edges, weights=inside)[0] / np.diff(edges)
    check(present, 1 + 11 / 12)  # by Little's law


# Interruptions


@pytest.mark.parametrize(("outage", "answer"), [(0, 6.487213), (20, 7.784655)])
def test_a_task_that_is_restarted_from_scratch_takes_the_closed_form(outage, answer):
    """Work of 5, interruptions at rate .1: (1 / .1 + outage) (exp(.1 5) - 1). The unit is 10 s."""
    assert answer == pytest.approx((10 + outage / 10) * (exp(0.5) - 1), abs=5e-7)
    made = simulation(
        horizon="15d",
        nodes=1,
        failures={"per_year": 0.01 * 365 * 86400, "recovery": f"{outage}s"},
        work={"tasks": 16_000, "service": "50s"},
    )
    log = made.run(0)
    done = moments(log, "completed")
    check(means_of(np.diff(done, prepend=0)) / 10, answer)
    node = log.subjects.one("p", "node").first
    failures = np.sum((log.rows["subject"] == node) & (log.rows["time"] <= done[-1])) // 2
    values, _ = made.models["p"].measure(Stack([log]), 0.0)
    lost = done[-1] - 16_000 * 50 - failures * outage
    assert values["", "lost_task_hours"][0] * 3600 == pytest.approx(lost)


BUSY = {"tasks": 400, "service": {"uniform": {"low": "5s", "high": "15s"}}}
"""One node is never idle for 2000 s or more."""


def caught(times, work):
    """Of the task that a busy node runs at each of the `times`: seconds done, seconds to come."""
    ends = np.cumsum(work)
    task = np.searchsorted(ends, times)
    return times - (ends - work)[task], ends[task] - times


@pytest.mark.parametrize("mode", ["requeue", "taskcompletion"])
def test_an_upgrade_at_any_time_loses_what_was_done_or_waits_for_what_is_to_come(mode):
    any_time = {"uniform": {"low": "1000s", "high": "2000s"}}
    pool = {"nodes": 1, "work": BUSY, "interruptions": {"on_upgrade": mode}}
    made = simulation((any_time, UPGRADE), **pool)
    for run in range(10):
        told = PoolStory(made, run)
        (work,) = redraw_tasks(told.model.layout, made.scenario.seed, run)
        asked = told.operation("upgrade_os-0")["ended_s"]
        done, to_come = caught(asked, work.service)
        assert told.measure("lost_task_hours") == (done / 3600 if mode == "requeue" else 0)
        assert told.times == [asked if mode == "requeue" else asked + to_come]


@pytest.mark.parametrize("which", [0, 1], ids=["done", "to come"])
def test_the_mean_of_either_is_half_the_mean_square_over_the_mean(which):
    """E[W^2] / (2 E[W]); each moment falls anywhere into 1000 s of its own."""
    made = simulation(nodes=1, work=BUSY | {"tasks": 3_030_000})
    _, work = drawn(made)
    windows = np.arange(1, 30_001)
    times = (windows + np.random.default_rng(1).random(len(windows))) * 1000
    check(means_of(caught(times, work)[which]), 65 / 12)


# A real log

LOG = DATA / "swf" / "NASA-iPSC-1993-3.1-cln.swf"


@pytest.mark.skipif(not LOG.is_file(), reason="the real log is not beside the repository")
def test_the_first_2000_jobs_of_a_real_log_on_three_nodes():
    """SimPy, salabim, Ciw, desmod and SimGrid agree on this answer to the last digit."""
    told = story(
        horizon="13d",
        nodes=3,
        work={"swf": "nasa.swf", "jobs": 2000},
        contents={"nasa.swf": LOG.read_bytes()},
    )
    wait = moments(told.log, "running") - drawn(told.simulation)[0]
    assert np.nanmax(moments(told.log, "completed")) == 1_067_997
    assert told.measure("makespan") == 1_067_997
    assert told.measure("wait_mean") == wait.mean() == 1065.9285
    assert wait.max() == 16_159
    assert told.measure("tasks_completed") == 2000
