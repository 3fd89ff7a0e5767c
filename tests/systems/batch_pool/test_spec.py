"""What a user may write of a Batch pool, and what is filled in."""

from __future__ import annotations

import numpy as np
import pytest
from any_pool import FILES, LOAD, pool, refused, scenario

from sim.core.rounding import Amount
from sim.formats.distributions import Distribution
from sim.scenario import Scenario

START = "2019-06-10T12:00"


def test_a_pool_has_the_documented_defaults():
    p = pool()
    assert (p.min_available, p.configuration, p.task_slots_per_node) == (
        Amount(1),
        "cloud_service",
        1,
    )
    assert (p.current_os_version, p.os_versions) == ("WA-GUEST-OS-5.30_201904-01", ())
    assert (p.node_fill_type, p.pace, p.pause, p.order) == ("spread", "waves", 0.0, "number")
    assert (p.max_concurrent, p.requeue_to) == (Amount(share=0.2), "front")
    assert (p.interruptions.on_upgrade, p.interruptions.on_failure) == ("requeue", "requeue")
    assert (p.checkpoint.every, p.checkpoint.cost) == (600.0, 0.0)
    assert (p.node_deallocation_option, p.retention_time) == ("requeue", 7 * 86400.0)
    assert (p.failures, p.work, p.cores) == (None, (), None)


def test_a_run_writes_a_checkpoint_after_each_full_stretch_but_not_at_its_end():
    saves = pool(checkpoint={"every": "30s", "cost": "6s"}).checkpoint
    work = np.array([0, 29, 30, 30.5, 60, 61])
    assert saves.cost_of(work).tolist() == [0, 0, 0, 6, 6, 12]
    assert [saves.cost_of(each) for each in work.tolist()] == [0, 0, 0, 6, 6, 12]
    assert not pool(checkpoint={"every": "0s"}).checkpoint.cost_of(work).any()


def test_a_checkpoint_keeps_the_work_before_it_once_it_is_finished():
    saves = pool(checkpoint={"every": "30s", "cost": "6s"}).checkpoint
    elapsed = np.array([0, 30, 35, 36, 71, 72])
    kept = saves.work_saved(elapsed)
    assert (kept.tolist(), saves.time_of(kept).tolist()) == (
        [0, 0, 0, 30, 30, 60],
        [0, 0, 0, 36, 36, 72],
    )
    assert saves.time_of(saves.work_saved(100.0)) == 72
    resumes = pool(checkpoint={"every": "0s"}).checkpoint
    assert resumes.time_of(resumes.work_saved(100.0)) == 100


@pytest.mark.parametrize(
    ("keys", "saves"),
    [
        ({}, False),
        ({"interruptions": {"on_failure": "checkpoint"}}, True),
        ({"interruptions": {"on_upgrade": "checkpoint"}}, True),
        (
            {"interruptions": {"on_upgrade": "checkpoint"}, "configuration": "virtual_machine"},
            False,
        ),
    ],
)
def test_tasks_write_checkpoints_where_an_interruption_can_use_them(keys, saves):
    assert pool(**keys).saves is saves


def test_times_of_a_node_are_as_recorded():
    p = pool()
    assert str(p.node_upgrade) == "lognormal (median 5min, p95 9min)"
    assert (p.create, p.reboot) == (Distribution.fixed(193.0), Distribution.fixed(131.0))
    assert p.reimage == p.node_upgrade
    assert pool(node_upgrade="6min").reimage == Distribution.fixed(360.0)
    assert pool(node_upgrade="6min", reimage="7min").reimage == Distribution.fixed(420.0)


def test_a_virtual_machine_pool_has_an_upgrade_policy():
    policy = pool(configuration="virtual_machine").upgrade_policy
    assert policy.max_batch_instance_percent == 0.2
    assert (policy.pause_time_between_batches, policy.os_rolling_upgrade_deferral) == (0.0, False)


def test_a_start_task_is_a_time_or_has_keys_of_its_own():
    assert pool().start_task.duration == Distribution.fixed(0.0)
    short = pool(start_task="30s").start_task
    assert (short.duration, short.fails, short.max_retry_count, short.wait_for_success) == (
        Distribution.fixed(30.0),
        0.0,
        0,
        True,
    )
    assert pool(start_task={"uniform": {"low": "1s", "high": "3s"}}).start_task.duration.mean == 2
    long = pool(start_task={"duration": "1min", "fails": "5%", "max_retry_count": -1}).start_task
    assert (long.duration.mean, long.fails, long.max_retry_count) == (60.0, 0.05, -1)


def test_a_scenario_lasts_a_day():
    assert scenario().horizon == 86400.0


def test_a_resolved_pool_reads_back_to_the_same():
    asked = scenario(
        {"resize": {"nodes": 9}},
        {"reimage_node": {"node": "node-8", "option": "taskcompletion"}},
        work=[LOAD, {"csv": "tasks.csv"}, {"swf": "jobs.swf", "jobs": 3, "slots": "processors"}],
        task_slots_per_node=2,
        start_task="30s",
        os_versions=[{"version": "a", "disabled": "2019-07-26"}],
        start=START,
    )
    again = Scenario.from_text(asked.to_yaml(), contents=FILES)
    assert again == asked
    assert again.to_yaml() == asked.to_yaml()


DURATION = "systems.p.preemptions.returns: must be a duration such as 90s or 5min"


@pytest.mark.parametrize(
    ("returns", "told"),
    [
        ("sometimes", f"{DURATION}, or never, got sometimes"),
        ("Never", f"{DURATION}, or never, got Never; did you mean never?"),
        (20, f"{DURATION}, or never, got 20 (a number without a unit)"),
        ("-1s", f"{DURATION}, never negative, got -1s"),
        (
            {"unifrm": {}},
            "systems.p.preemptions.returns.unifrm: unknown key, did you mean uniform?",
        ),
        (["never"], f"{DURATION}, got a list"),
    ],
)
def test_when_a_spot_node_returns_may_be_a_word_too(returns, told):
    assert refused(preemptions={"per_hour": 1, "returns": returns}) == [told]
    never = pool(preemptions={"per_hour": 1, "returns": "never"}).preemptions
    assert never.are_final
