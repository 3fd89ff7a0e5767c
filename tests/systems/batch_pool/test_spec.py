"""What a user may write of a Batch pool, what is filled in, and what refers to nothing."""

from __future__ import annotations

import numpy as np
import pytest
from any_pool import FILES, LOAD, noted, pool, refused, scenario

from sim.core.rounding import Amount
from sim.formats.distributions import Distribution
from sim.scenario import Scenario

START = "2019-06-10T12:00"

# Defaults ----------------------------------------------------------------------------------------


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
    kept = saves.work_kept(elapsed)
    assert (kept.tolist(), saves.time_of(kept).tolist()) == (
        [0, 0, 0, 30, 30, 60],
        [0, 0, 0, 36, 36, 72],
    )
    assert saves.time_of(saves.work_kept(100.0)) == 72
    resumes = pool(checkpoint={"every": "0s"}).checkpoint
    assert resumes.time_of(resumes.work_kept(100.0)) == 100


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


def test_operations_have_the_documented_defaults():
    asked = scenario(
        {"upgrade_os": {"target_os_version": "WA-GUEST-OS-5.31_201905-01"}},
        {"resize": {"nodes": 0}},
        {"reboot_node": {"node": "node-3"}},
        {"disable_scheduling": {"node": "node-0"}},
        node_deallocation_option="terminate",
    )
    upgrade, resize, reboot, disable = (each.body for each in asked.operations)
    assert (upgrade.api_version, upgrade.windows) == ("2018-08-01.7.0", ())
    assert resize.node_deallocation_option == "terminate"
    assert (reboot.option, disable.option) == ("requeue", "requeue")


def test_a_resize_may_say_itself_what_happens_to_tasks():
    asked = scenario({"resize": {"nodes": 2, "node_deallocation_option": "retaineddata"}})
    assert asked.operations[0].body.node_deallocation_option == "retaineddata"


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


# What must not be --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        (
            {"task_slots_per_node": 257},
            "task_slots_per_node: must be at most 256, got 257",
        ),
        (
            {"task_slots_per_node": 9, "cores": 2},
            "task_slots_per_node: must be at most 8 (4 for each of 2 cores), got 9",
        ),
        (
            {"task_slots_per_node": 257, "cores": 100},
            "task_slots_per_node: must be at most 256, got 257",
        ),
        ({"max_concurrent": 0}, "max_concurrent: must be 1 or more, or a share, got 0"),
        (
            {"checkpoint": {"every": "0s", "cost": "1s"}},
            "checkpoint.cost: must be 0s where every is 0s: such checkpoints would never end, "
            "got 1s",
        ),
        (
            {"start_task": {"fails": "100%", "max_retry_count": -1}},
            "start_task.fails: must be below 100% where nothing limits the retries, got 100%",
        ),
        (
            {"os_versions": [{"version": "a"}, {"version": "a"}]},
            "os_versions.1.version: must be listed once, got a again",
        ),
        (
            {"os_versions": [{"version": "a", "expires": "2020-01-01"}]},
            "os_versions.0.expires: a date needs a `start` in the file",
        ),
        ({"nodes": 10**12}, "nodes: must be at most 1,000,000, got 1000000000000"),
        (
            {"start_task": {"duraton": "3s"}},
            "start_task.duraton: unknown key, did you mean duration?",
        ),
        (
            {"start_task": {"duration": 3}},
            "start_task.duration: must be a duration such as 90s or 5min, got 3 (a number without",
        ),
        (
            {"start_task": {"lognormal": {"median": "3s"}}},
            "start_task.lognormal: must have median and p95, or mean and sd, got median",
        ),
        ({"start_task": ["3s"]}, "start_task: must be a duration such as 90s or 5min, got a list"),
        (
            {"start_task": {"duration": "3s", "uniform": {"low": "1s", "high": "2s"}}},
            "start_task.duration: must not be given together with uniform",
        ),
    ],
)
def test_a_pool_that_could_not_be_is_refused(keys, told):
    (rule,) = refused(**keys)
    assert rule.startswith(f"systems.p.{told}")


@pytest.mark.parametrize(("slots", "cores"), [(256, 64), (8, 2), (256, None)])
def test_a_node_has_up_to_four_slots_a_core_and_256(slots, cores):
    keys = {"cores": cores} if cores else {}
    assert pool(task_slots_per_node=slots, **keys).slots == 4 * slots


@pytest.mark.parametrize("kind", ["reboot_node", "reimage_node", "enable_scheduling"])
def test_a_node_that_is_never_there_is_refused(kind):
    rule = f"operations.0.{kind}.node: must be a node of p, node-0 to node-3, got node-4"
    assert refused({kind: {"node": "node-4"}}) == [rule]
    assert refused({kind: {"node": "node-04"}}) == [rule.replace("got node-4", "got node-04")]
    (told,) = refused({kind: {"node": "node-02"}})
    assert told.endswith("got node-02; did you mean node-2?")
    (told,) = refused({kind: {"node": "TVM 3"}})
    assert told.endswith("node-0 to node-3, got TVM 3; did you mean node-3?")
    assert refused({kind: {"node": "master"}}) == [rule.replace("got node-4", "got master")]


def test_a_pool_cannot_be_asked_to_be_larger_than_memory():
    assert refused({"resize": {"nodes": 1_000_001}}) == [
        "operations.0.resize.nodes: must be at most 1,000,000, got 1000001"
    ]


def test_a_node_that_a_resize_brings_can_be_named():
    scenario({"reboot_node": {"node": "node-8"}}, {"resize": {"nodes": 9}})


@pytest.mark.parametrize("version", ["2018-08-01.7.0", "2016-02-01.3.0", "2025-06-01"])
def test_versions_of_the_api_are_dates_that_may_have_a_number(version):
    body = {"target_os_version": "*", "api_version": version}
    assert scenario({"upgrade_os": body}).operations[0].body.api_version == version
    (told,) = refused({"upgrade_os": body | {"api_version": f"v{version}"}})
    assert f'must be a version such as 2018-08-01.7.0, got "v{version}"' in told


# What is legal and yet hardly meant ---------------------------------------------------------------

UPGRADE = {"upgrade_os": {"target_os_version": "WA-GUEST-OS-5.31_201905-01"}}


def test_an_upgrade_that_may_take_the_whole_pool_is_noted():
    rule = "systems.p.max_concurrent: an upgrade may take all 4 nodes at once: no task then runs"
    assert noted(UPGRADE, max_concurrent="100%") == [rule]
    assert noted(UPGRADE, max_concurrent=4) == [rule]
    assert noted(UPGRADE, max_concurrent=3) == []
    assert noted(max_concurrent=4) == []
    assert noted(UPGRADE, nodes=1) == [
        "systems.p.max_concurrent: an upgrade may take the only node: no task then runs"
    ]
    images = {"configuration": "virtual_machine", "upgrade_policy": {}}
    images["upgrade_policy"]["max_batch_instance_percent"] = "100%"
    assert noted({"upgrade_image": {}}, **images) == [
        "systems.p.upgrade_policy.max_batch_instance_percent: an upgrade may take all 4 nodes at "
        "once: no task then runs"
    ]
    assert noted({"upgrade_image": {}}, configuration="virtual_machine") == []


def test_a_pool_that_is_never_available_is_noted():
    told = noted(min_available=5)
    assert told == [
        "systems.p.min_available: the pool has only 4 slots, so it is never available, got 5"
    ]
    assert noted(min_available=4) == noted(min_available="100%") == []


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        ({"upgrade_policy": {"max_batch_instance_percent": "10%"}}, "virtual_machine pools"),
        ({"configuration": "virtual_machine", "pace": "rolling"}, "goes by its upgrade_policy"),
        ({"checkpoint": {"every": "1min"}}, "no interruption is checkpoint"),
        ({"retention_time": "1d"}, "nothing asks for retaineddata"),
    ],
)
def test_a_key_that_only_another_mode_uses_is_noted(keys, told):
    (note,) = noted(**keys)
    key = next(each for each in keys if each != "configuration")
    assert note.startswith(f"systems.p.{key}: changes nothing: ")
    assert told in note


def test_interruptions_of_a_virtual_machine_pool_follow_its_policy():
    keys = {"configuration": "virtual_machine", "interruptions": {"on_upgrade": "terminate"}}
    (note,) = noted(**keys)
    assert note.startswith("systems.p.interruptions.on_upgrade: changes nothing")


@pytest.mark.parametrize(
    "keys",
    [
        {"checkpoint": {"every": "1min"}, "interruptions": {"on_failure": "checkpoint"}},
        {"checkpoint": {"every": "10min", "cost": "0s"}},
        {"upgrade_policy": {"max_batch_instance_percent": "20%"}},
    ],
)
def test_a_key_that_is_used_or_says_nothing_new_is_not_noted(keys):
    assert noted(**keys) == []


def test_a_retention_that_a_request_asks_for_is_not_noted():
    asked = {"reboot_node": {"node": "node-0", "option": "retaineddata"}}
    assert noted(asked, retention_time="1d") == []
    resize = {"resize": {"nodes": 2}}
    keys = {"retention_time": "1d", "node_deallocation_option": "retaineddata"}
    assert noted(resize, **keys) == []


# Assumptions and variants -------------------------------------------------------------------------


def test_the_footer_names_the_assumptions_in_force():
    assert list(scenario().assumptions) == ["no failures"]
    assert list(scenario(UPGRADE).assumptions) == [
        "node_upgrade (lognormal, median 5min)",
        "max_concurrent 20 %",
        "pace waves",
        "order number",
        "no failures",
    ]
    keys = {"node_upgrade": "5min", "max_concurrent": 1, "pace": "waves", "order": "number"}
    failing = {"failures": {"per_year": 1, "recovery": "1h"}}
    assert list(scenario(UPGRADE, **keys, **failing).assumptions) == []
    assert list(scenario({"resize": {"nodes": 9}}, **failing).assumptions) == ["create (3min13s)"]
    assert list(scenario({"resize": {"nodes": 2}}, **failing).assumptions) == []
    reboot = {"reboot_node": {"node": "node-0"}}
    assert list(scenario(reboot, **failing).assumptions) == ["reboot (2min11s)"]
    reimage = {"reimage_node": {"node": "node-0"}}
    assert list(scenario(reimage, **failing).assumptions) == [
        "node_upgrade (lognormal, median 5min)",
        "reimage as node_upgrade",
    ]
    assert list(scenario(reimage, reimage="5min", **failing).assumptions) == []


def test_an_image_upgrade_goes_by_the_policy_and_assumes_less():
    asked = scenario({"upgrade_image": {}}, configuration="virtual_machine")
    assert list(asked.assumptions) == ["node_upgrade (lognormal, median 5min)", "no failures"]


def test_what_is_refused_assumes_nothing():
    asked = scenario(UPGRADE, {"reimage_node": {"node": "node-0"}}, configuration="virtual_machine")
    assert list(asked.assumptions) == ["no failures"]
    assert list(scenario({"upgrade_image": {}}).assumptions) == ["no failures"]


@pytest.mark.parametrize(
    ("mode", "assumed"),
    [("requeue", True), ("checkpoint", True), ("terminate", False), ("taskcompletion", False)],
)
def test_where_requeued_tasks_wait_is_assumed_where_an_upgrade_requeues(mode, assumed):
    asked = scenario(UPGRADE, work=LOAD, interruptions={"on_upgrade": mode})
    assert ("requeue_to front" in asked.assumptions) is assumed


def test_checkpoints_are_assumed_where_tasks_write_them_and_nothing_is_said_of_them():
    told = "checkpoint every 10min, at no cost"
    mode = {"interruptions": {"on_failure": "checkpoint"}}
    assert told in scenario(work=LOAD, **mode).assumptions
    assert told not in scenario(**mode).assumptions
    assert told not in scenario(work=LOAD).assumptions
    assert told not in scenario(work=LOAD, checkpoint={"every": "10min"}, **mode).assumptions


def test_a_comparison_varies_what_happens_to_running_tasks():
    asked = scenario(UPGRADE)
    variants = asked.default_variants()
    assert list(variants) == ["requeue", "taskcompletion", "terminate", "checkpoint"]
    for name in variants:
        assert asked.variant(name).systems["p"].interruptions.on_upgrade == name


def test_a_comparison_of_a_virtual_machine_pool_varies_the_deferral():
    asked = scenario({"upgrade_image": {}}, configuration="virtual_machine")
    assert list(asked.default_variants()) == ["requeue", "taskcompletion"]
    policies = [
        asked.variant(name).systems["p"].upgrade_policy for name in asked.default_variants()
    ]
    assert [each.os_rolling_upgrade_deferral for each in policies] == [False, True]


def test_a_pool_that_is_not_upgraded_has_nothing_to_compare():
    assert scenario({"resize": {"nodes": 3}}).default_variants() == {}


def test_the_footer_names_what_deferral_and_waiting_reboots_assume():
    deferred = "a deferred node waits until it is idle"
    lost = "a reboot or reimage that waits is lost to the upgrade"
    drain = {"interruptions": {"on_upgrade": "taskcompletion"}, "work": LOAD}
    waits = {"reboot_node": {"node": "node-0", "option": "taskcompletion"}}
    assert deferred in scenario(UPGRADE, **drain).assumptions
    assert deferred not in scenario(UPGRADE, work=LOAD).assumptions
    assert lost in scenario(UPGRADE, waits, work=LOAD).assumptions
    assert lost not in scenario(UPGRADE, {"reboot_node": {"node": "node-0"}}, work=LOAD).assumptions
