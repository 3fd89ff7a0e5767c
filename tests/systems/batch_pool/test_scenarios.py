"""The shipped scenarios of Batch pools: that the answers told in them hold."""

import math
import re
from functools import cache

import pytest
from places import SCENARIOS

import sim
from sim.formats.swf import read_jobs

FOLDER = SCENARIOS


@cache
def answer(name):
    return sim.compare(sim.load(FOLDER / f"{name}.yaml"))


def means(name, metric):
    """Variant -> mean of a metric; NaN where a run misses it."""
    rows = answer(name).rows("summary")
    return {row["variant"]: row["mean"] for row in rows if row["metric"] == metric}


def verdicts(name):
    """Variant -> the verdict on each objective."""
    found = {}
    for row in answer(name).rows("objectives"):
        found.setdefault(row["variant"], []).append(row["verdict"])
    return found


# Requeue, drain, checkpoint ----------------------------------------------------------------------


def test_only_checkpoints_lose_little_and_are_done_soon():
    assert verdicts("requeue-drain-checkpoint") == {
        "requeue": ["missed", "met"],
        "drain": ["met", "missed"],
        "checkpoint": ["met", "met"],
        "shortest-first": ["missed", "met"],
        "nothing": ["met", "missed"],  # a reference: it upgrades nothing
    }
    assert answer("requeue-drain-checkpoint").conclusion.best == ("checkpoint",)


def test_drains_lose_no_work_and_checkpoints_at_most_ten_minutes_a_requeue():
    lost = means("requeue-drain-checkpoint", "lost_task_hours")
    requeues = means("requeue-drain-checkpoint", "requeues")
    assert lost["drain"] == lost["nothing"] == requeues["drain"] == 0
    assert 0 < lost["checkpoint"] <= requeues["checkpoint"] / 6
    assert lost["requeue"] > 1.5 * lost["shortest-first"] > 1.5 * lost["checkpoint"]


def test_waves_that_drain_wait_for_their_longest_task():
    done = means("requeue-drain-checkpoint", "rollout_duration")
    assert done["drain"] > 3 * done["requeue"] == 3 * done["checkpoint"]


def test_every_mode_completes_the_same_tasks_in_the_end():
    completed = means("requeue-drain-checkpoint", "tasks_completed")
    assert len(set(completed.values())) == 1


# Two nodes ---------------------------------------------------------------------------------------


def test_two_nodes_go_dark_together_or_one_after_the_other():
    dark = means("two-nodes-go-dark", "downtime")
    assert dark["one-at-a-time"] == dark["start-task-retried"] == 0
    assert dark["both-at-once"] > dark["start-task-fails"] > 0
    assert means("two-nodes-go-dark", "min_capacity")["both-at-once"] == 0
    assert {name: verdict for name, (verdict,) in verdicts("two-nodes-go-dark").items()} == {
        "one-at-a-time": "met",
        "both-at-once": "missed",
        "start-task-fails": "missed",
        "start-task-retried": "met",
    }


def test_the_default_takes_one_node_of_two():
    scenario = sim.load(FOLDER / "two-nodes-go-dark.yaml")
    default = scenario.override({"systems.reports.max_concurrent": "20%"})
    assert [*sim.run_one(default).log.rows] == [*sim.run_one(scenario).log.rows]


def test_a_third_node_does_not_rule_it_out():
    scenario = sim.load(FOLDER / "two-nodes-go-dark.yaml")
    three = {"systems.reports.nodes": 3, "systems.reports.max_concurrent": 3}
    assert sim.run_one(scenario.override(three)).timeline("reports", "capacity").minimum() == 0


# Waves within a weekend --------------------------------------------------------------------------


def test_one_node_at_a_time_misses_the_weekend_and_half_of_them_darken_it():
    assert verdicts("weekend-waves") == {
        "one-node": ["missed", "missed"],
        "two-nodes": ["met", "met"],
        "four-nodes": ["met", "met"],
        "twelve-nodes": ["met", "missed"],
        "two-nodes-rolling": ["met", "met"],
    }
    assert math.isnan(means("weekend-waves", "rollout_duration")["one-node"])
    assert set(means("weekend-waves", "lost_task_hours").values()) == {0}


@pytest.mark.parametrize("variant", ["one-node", "four-nodes", "two-nodes-rolling"])
def test_nodes_begin_to_drain_within_the_window_alone(variant):
    run = sim.run_one(sim.load(FOLDER / "weekend-waves.yaml").variant(variant))
    events = run.events
    taken = events[events["new"].str.contains("scheduling disabled|reimaging")]
    first = taken.drop_duplicates("subject")["time_s"]
    assert len(first) > 12
    clock = run.scenario.start.hour * 3600 + first
    assert ((clock % 86400 >= 6 * 3600) & (clock % 86400 < 18 * 3600)).all()
    assert set(clock // 86400) <= {1, 2}  # it is Friday on day 0


# An image by its policy --------------------------------------------------------------------------


def test_deferral_loses_nothing_and_half_a_pool_at_a_time_makes_up_for_its_slowness():
    assert verdicts("image-by-policy") == {
        "interrupts": ["missed", "met"],
        "defers": ["met", "missed"],
        "interrupts-half": ["missed", "met"],
        "defers-half": ["met", "met"],
    }
    assert means("image-by-policy", "min_capacity")["interrupts-half"] == pytest.approx(0.5)


def test_a_pool_of_virtual_machines_refuses_upgrade_os():
    scenario = sim.load(FOLDER / "image-by-policy.yaml")
    (row,) = sim.run_one(
        scenario.override({"operations": [{"at": "2h", "upgrade_os": {"target_os_version": "*"}}]})
    ).operations_table.to_pylist()
    assert (row["status"], row["http_status"]) == ("Refused", 409)
    assert "upgrade_image" in row["message"]


# A month of jobs ---------------------------------------------------------------------------------


def test_sunday_requeues_fewer_jobs_than_tuesday_and_loses_as_much():
    requeued = means("month-of-jobs", "tasks_requeued")
    lost = means("month-of-jobs", "lost_task_hours")
    assert requeued["sunday"] < 0.5 * requeued["tuesday"]
    assert lost["sunday"] == pytest.approx(lost["tuesday"], rel=0.1)
    assert lost["drain"] == 0
    assert {name: verdict for name, (verdict,) in verdicts("month-of-jobs").items()} == {
        "tuesday": "missed",
        "sunday": "missed",
        "drain": "met",
        "checkpoint": "met",
    }


def test_the_days_of_the_month_are_what_their_variants_say():
    scenario = sim.load(FOLDER / "month-of-jobs.yaml")
    start = scenario.start
    for name in scenario.variant_names:
        (operation,) = scenario.variant(name).operations
        day, hour = divmod(operation.at.mean + start.hour * 3600, 86400)
        assert hour == 10 * 3600
        weekday = (start.weekday() + day) % 7
        assert weekday == (6 if name == "sunday" else 1)
        assert 7 <= day < 14


def test_every_job_of_the_log_is_completed():
    content = (FOLDER / "month-of-jobs.swf").read_bytes()
    jobs = read_jobs(content)
    assert set(means("month-of-jobs", "tasks_completed").values()) == {len(jobs.submit)}
    assert f"; MaxJobs: {len(jobs.submit)}" in content.decode().splitlines()


def test_the_log_is_what_its_header_says():
    text = (FOLDER / "month-of-jobs.swf").read_text(encoding="utf-8")
    assert "synthetic" in text
    jobs = read_jobs(text.encode())
    hour, day = jobs.submit // 3600 % 24, jobs.submit // 86400
    working = (hour >= 8) & (hour < 18) & (day % 7 < 5)
    assert 0 <= jobs.submit.min() <= jobs.submit.max() < 30 * 86400
    assert working.sum() == pytest.approx(22 * 10 * 5, rel=0.1)  # 22 weekdays of the 30 days
    assert math.exp(abs(math.log(sorted(jobs.run_time)[len(jobs.run_time) // 2] / 1800))) < 1.1
    assert jobs.run_time.max() <= 2 * 86400
    shares = [(jobs.processors == size).mean() for size in (1, 2, 4)]
    assert shares == pytest.approx([0.5, 0.3, 0.2], abs=0.03)
    every = [line for line in text.splitlines() if not line.startswith(";")]
    assert all(len(line.split()) == 18 for line in every)


def test_another_log_can_be_given_without_touching_the_file(tmp_path):
    (tmp_path / "own.swf").write_text("1 0 -1 600 4 -1 -1 4\n2 60 -1 60 9 -1 -1 9\n")
    scenario = sim.load(
        FOLDER / "month-of-jobs.yaml", {"systems.cluster.work.swf": str(tmp_path / "own.swf")}
    )
    (warning,) = scenario.warnings
    assert re.search(r"1 job of .*own.swf dropped: larger than a node of 4$", warning)
    assert sim.run(scenario.with_(replications=1)).rows("summary")


# The pool alone ----------------------------------------------------------------------------------


def erlang_wait(servers, busy, service):
    """Mean wait of M/M/c: Erlang's chance to wait x service / (servers - busy)."""
    blocked = 1.0
    for k in range(1, servers + 1):
        blocked = busy * blocked / (k + busy * blocked)
    return servers * blocked / (servers - busy * (1 - blocked)) * service / (servers - busy)


def test_waits_named_in_the_comment_are_those_of_the_formula():
    text = (FOLDER / "pool-alone.yaml").read_text(encoding="utf-8")
    for servers in (9, 10, 11):
        assert f"{erlang_wait(servers, 8, 600):.1f} s" in text


@pytest.mark.parametrize(("variant", "servers"), [("ten-nodes", 10), ("eleven-nodes", 11)])
def test_pool_alone_waits_as_the_formula_says(variant, servers):
    rows = answer("pool-alone").rows("summary")
    (row,) = [r for r in rows if (r["variant"], r["metric"]) == (variant, "wait_mean")]
    error = (row["ci95_high"] - row["ci95_low"]) / 4
    assert abs(row["mean"] - erlang_wait(servers, 8, 600)) < 3 * error


def test_slots_of_few_nodes_serve_as_those_of_many():
    rows = answer("pool-alone").rows("replications")
    waits = {
        name: [r["value"] for r in rows if (r["variant"], r["metric"]) == (name, "wait_mean")]
        for name in ("ten-nodes", "two-nodes-of-five")
    }
    assert waits["ten-nodes"] == waits["two-nodes-of-five"]


# Office hours ------------------------------------------------------------------------------------


def test_an_upgrade_costs_least_at_night_and_most_while_people_work():
    lost = means("office-hours", "lost_task_hours")
    assert min(lost, key=lost.get) == "night"
    by_day = ("noon", "ten", "three-pm")
    assert min(lost[name] for name in by_day) > 3 * lost["night"]
    assert verdicts("office-hours")["night"] == ["met"]
    assert {verdicts("office-hours")[name][0] for name in by_day} == {"missed"}
    duration = means("office-hours", "rollout_duration")
    assert len(set(duration.values())) == 1  # the same draws, whenever it begins


def test_a_pool_that_is_small_at_night_saves_a_third_and_draining_costs_nothing():
    saved, lost = (
        means("daily-autoscale", name) for name in ("capacity_hours_lost", "lost_task_hours")
    )
    assert saved["always-thirty"] == 0
    # Twenty of thirty slots, from 20:00 to 07:00 in three nights.
    assert saved["requeue"] == pytest.approx(20 * 11 * 3, rel=0.02)
    assert lost["requeue"] > 1
    assert lost["drain"] == lost["four-at-night"] == 0
    assert verdicts("daily-autoscale")["drain"] == ["met"]
