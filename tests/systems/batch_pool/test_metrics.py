"""Metrics of a Batch pool, on hand-made logs."""

from __future__ import annotations

import pytest
from pool_log import BAG, ROLLOUT, UPGRADE, Pool

from sim.core.metrics import NO_ROLLBACKS, OF_ROLLBACKS
from sim.systems.batch_pool.metrics import BATCH_METRICS, OWN_METRICS

NAN = pytest.approx(float("nan"), nan_ok=True)


def one(pool, text, *names, warm_up=0.0):
    """Values of some metrics in one log."""
    found = pool.measure(text, warm_up=warm_up)
    return [found[name][0] for name in names]


def test_a_pool_has_the_common_metrics_and_its_own():
    assert NO_ROLLBACKS.items() <= BATCH_METRICS.items()
    assert list(BATCH_METRICS)[len(NO_ROLLBACKS) :] == [metric.name for metric in OWN_METRICS]
    assert [metric.name for metric in OWN_METRICS if metric.better == "higher"] == [
        "min_accepting",
        "tasks_completed",
    ]


# Capacity and availability


def test_capacity_is_of_the_slots_of_nodes_in_service():
    pool = Pool(UPGRADE, task_slots_per_node=4)
    assert one(pool, ROLLOUT, "min_capacity", "mean_capacity") == [0.5, 0.75]
    assert one(pool, ROLLOUT, "capacity_hours_lost") == [500 * 4 / 3600]
    assert one(pool, ROLLOUT, "mean_capacity", warm_up=500.0) == [0.9]


def test_a_draining_node_counts_until_it_is_taken():
    drains = """
        100 node-0 -> running (scheduling disabled) because upgrade by upgrade_os-0
        300 node-0 -> reimaging because upgrade by upgrade_os-0
    """
    assert one(Pool(UPGRADE), drains, "mean_capacity") == [0.65]


def test_a_draining_node_accepts_nothing_from_then_on():
    drains = """
        100 node-0 -> running (scheduling disabled) because upgrade by upgrade_os-0
        300 node-0 -> reimaging because upgrade by upgrade_os-0
        400 node-0 -> idle because upgrade by upgrade_os-0
        500 node-1 -> running (scheduling disabled) because disable_scheduling-0
        600 node-1 -> idle because enable_scheduling-0
    """
    asked = [(kind, {"node": "node-1"}) for kind in ("disable_scheduling", "enable_scheduling")]
    pool = Pool(UPGRADE, *asked, task_slots_per_node=4)
    assert one(pool, drains, "min_accepting", "min_capacity", "min_in_service") == [0.5, 0.5, 4]
    assert one(pool, drains, "min_accepting", "min_capacity", warm_up=400.0) == [0.5, 1]
    assert one(pool, drains, "min_accepting", "min_in_service", warm_up=600.0) == [1, 8]


@pytest.mark.parametrize(
    "state", ["offline", "creating", "waitingforstarttask", "starttaskfailed", "unusable"]
)
def test_other_states_are_out_of_service(state):
    assert one(Pool(), f"100 node-0 -> {state} because failures", "min_capacity") == [0.5]


def test_nodes_added_make_capacity_exceed_1():
    pool = Pool(("resize", {"nodes": 4}))
    grows = """
        100 node-2 -> creating because resize-0
        500 node-2 -> idle because resize-0
    """
    assert one(pool, grows, "min_capacity", "mean_capacity") == [1, 1.25]


@pytest.mark.parametrize(("needed", "downtime"), [(1, 0), (4, 0), (5, 500), ("60%", 500)])
def test_a_pool_is_available_while_it_has_min_available_slots(needed, downtime):
    pool = Pool(UPGRADE, task_slots_per_node=4, min_available=needed)
    assert one(pool, ROLLOUT, "downtime", "availability") == [downtime, 1 - downtime / 1000]
    assert one(pool, ROLLOUT, "outages") == [1 if downtime else 0]
    assert one(pool, ROLLOUT, "downtime", warm_up=400.0) == [200 if downtime else 0]


# Headlines

STREAM = {"load": "50%", "service": "100s"}
DRAINS = {"interruptions": {"on_upgrade": "taskcompletion"}}


@pytest.mark.parametrize(
    ("requests", "spec", "drains"),
    [
        ([UPGRADE], {}, False),
        ([UPGRADE], DRAINS, True),
        ([UPGRADE], DRAINS | {"work": []}, False),
        ([], DRAINS, False),
        ([("upgrade_image", {})], {"configuration": "virtual_machine"} | DRAINS, False),
        (
            [("upgrade_image", {})],
            {
                "configuration": "virtual_machine",
                "upgrade_policy": {"os_rolling_upgrade_deferral": True},
            },
            True,
        ),
        ([("resize", {"nodes": 1})], {}, False),
        ([("resize", {"nodes": 1})], {"node_deallocation_option": "taskcompletion"}, True),
        ([("resize", {"nodes": 5})], {"node_deallocation_option": "taskcompletion"}, False),
        ([("reboot_node", {"node": "node-0", "option": "retaineddata"})], {}, True),
        ([("disable_scheduling", {"node": "node-0", "option": "taskcompletion"})], {}, True),
        ([("disable_scheduling", {"node": "node-0"})], {}, False),
    ],
)
def test_what_accepts_tasks_is_a_headline_where_nodes_may_drain(requests, spec, drains):
    assert ("min_accepting" in Pool(*requests, **spec).model.headlines) == drains


# Rollouts


def test_a_rollout_lasts_from_its_acceptance_to_its_last_node():
    pool = Pool(UPGRADE)
    assert one(pool, ROLLOUT, "rollout_duration", "finished", "updated_share") == [500, 1, 1]
    assert pool.rollouts_ended(ROLLOUT)


def test_an_upgrade_that_has_not_ended_keeps_no_promise():
    unfinished = ROLLOUT[: ROLLOUT.index("600 upgrade")]
    assert one(Pool(UPGRADE), unfinished, "rollout_duration", "finished") == [NAN, 0]
    assert not Pool(UPGRADE).rollouts_ended(unfinished)


def test_an_upgrade_that_is_refused_updates_nothing_and_keeps_no_promise():
    refused = "100 upgrade_os-0 -> Refused/version unknown because the scenario"
    assert one(Pool(UPGRADE), refused, "rollout_duration", "finished", "updated_share") == [
        NAN,
        0,
        0,
    ]
    assert not Pool(UPGRADE).rollouts_ended(refused)


def test_what_does_not_apply_has_no_value():
    work = {metric.name for metric in OWN_METRICS} - {"min_accepting"}
    rollouts = OF_ROLLBACKS | {"rollout_duration", "finished", "done_at", "ended_in", "safe_end"}
    rollouts |= {"updated_share"}
    assert set(Pool().measure("")) == set(BATCH_METRICS) - rollouts
    assert set(Pool(UPGRADE, work=[]).measure(ROLLOUT)) == set(BATCH_METRICS) - work


# Requeues and what is lost


RUN = """
    0 job/0 -> active
    0 job/0 -> running because node-0
"""
TAKEN = """
    {at} node-0 -> reimaging because {by}
    {at} job/0 -> {to} because node-0
"""
UPGRADING = "upgrade by upgrade_os-0"
SAVED = "active (checkpointed)"


def taken(at, by=UPGRADING, to="active"):
    """The node of task 0 is taken, and what becomes of the task."""
    return TAKEN.format(at=at, by=by, to=to)


def back(at):
    """The node is back, and takes the task again."""
    return f"""
    {at} node-0 -> idle because {UPGRADING}
    {at} job/0 -> running because node-0
    """


def test_requeues_are_counted_all_and_tasks_once():
    twice = RUN + taken(50) + back(100) + taken(130)
    other = RUN.replace("job/0", "job/1").replace("node-0", "node-1")
    other = other + taken(60).replace("node-0", "node-1").replace("job/0", "job/1")
    pool = Pool(UPGRADE)
    found = pool.measure(twice, other, "", "")
    assert found["requeues"] == [2, 1, 0, 0]
    assert found["tasks_requeued"] == [1, 1, 0, 0]
    assert found["lost_task_hours"] == [80 / 3600, 60 / 3600, 0, 0]


def test_what_interrupts_a_task_need_not_be_an_upgrade():
    pool = Pool(("reboot_node", {"node": "node-0"}))
    for by in ("failures", "reboot_node-0"):
        text = RUN + taken(36, by)
        assert one(pool, text, "requeues", "lost_task_hours") == [1, 0.01]


def test_a_task_that_failed_by_itself_was_neither_requeued_nor_interrupted():
    failed = RUN + "100 job/0 -> {} because job/0"
    for state in ("active", "failed"):
        assert one(
            Pool(), failed.format(state), "requeues", "lost_task_hours", "tasks_completed"
        ) == [0, 0, 0]


def test_a_terminated_task_loses_its_whole_run_and_is_not_requeued():
    pool = Pool(UPGRADE, interruptions={"on_upgrade": "terminate"})
    text = RUN + taken(72, to="failed")
    assert one(pool, text, "requeues", "lost_task_hours", "tasks_completed") == [0, 0.02, 0]


def test_lost_execution_is_not_times_slots():
    pool = Pool(UPGRADE, task_slots_per_node=4, work=BAG | {"required_slots": 4})
    assert one(pool, RUN + taken(36), "lost_task_hours") == [0.01]


def checkpointing(every, cost="0s", on_failure="requeue", **more):
    """A pool whose upgrades interrupt by checkpoint."""
    return Pool(
        UPGRADE,
        interruptions={"on_upgrade": "checkpoint", "on_failure": on_failure},
        checkpoint={"every": every, "cost": cost},
        work=BAG | {"service": "1h"},
        **more,
    )


@pytest.mark.parametrize(
    ("elapsed", "lost"), [(29, 29), (35, 35), (36, 0), (40, 4), (71.5, 35.5), (72, 0)]
)
def test_a_checkpoint_keeps_all_up_to_the_last_finished_one(elapsed, lost):
    """Each 30 s of work are followed by a checkpoint of 6 s, which counts once it is finished."""
    pool = checkpointing("30s", "6s")
    text = RUN + taken(elapsed, to=SAVED)
    assert one(pool, text, "lost_task_hours", "requeues") == [lost / 3600, 1]


def test_a_checkpoint_at_every_moment_loses_nothing():
    assert one(checkpointing("0s"), RUN + taken(50.5, to=SAVED), "lost_task_hours") == [0]


def test_each_run_makes_its_checkpoints_anew():
    text = RUN + taken(40, to=SAVED) + back(100) + taken(135, to=SAVED)
    assert one(checkpointing("30s", "6s"), text, "lost_task_hours") == [(4 + 35) / 3600]


def test_a_return_to_the_start_loses_what_earlier_runs_had_kept():
    """Kept are 36 and 72 s; a failure throws both away with its own run, and the next one less."""
    text = RUN + taken(40, to=SAVED) + back(100) + taken(175, to=SAVED)
    text += back(200) + taken(210, "failures")
    assert one(checkpointing("30s", "6s"), text, "lost_task_hours") == [
        (4 + 3 + 10 + 36 + 72) / 3600
    ]
    text += back(300) + taken(305, "failures")
    assert one(checkpointing("30s", "6s"), text, "lost_task_hours") == [
        (4 + 3 + 10 + 36 + 72 + 5) / 3600
    ]


def test_a_terminated_task_loses_what_earlier_runs_had_kept():
    text = RUN + taken(40, to=SAVED) + back(100) + taken(110, "failures", "failed")
    pool = checkpointing("30s", "6s", "terminate")
    assert one(pool, text, "lost_task_hours") == [(4 + 10 + 36) / 3600]


def test_what_a_task_keeps_is_not_lost_with_another_task():
    text = RUN + taken(40, to=SAVED)
    other = """
        0 job/1 -> active
        300 node-0 -> idle because upgrade by upgrade_os-0
        300 job/1 -> running because node-0
    """
    text += other + taken(310, "failures").replace("job/0", "job/1")
    assert one(checkpointing("30s", "6s"), text, "lost_task_hours") == [(4 + 10) / 3600]


def test_after_a_failure_of_its_own_a_task_has_kept_nothing():
    text = RUN + taken(40, to=SAVED) + back(100) + "150 job/0 -> active because job/0"
    text += "\n200 job/0 -> running because node-0" + taken(210, "failures")
    assert one(checkpointing("30s", "6s"), text, "lost_task_hours") == [(4 + 10) / 3600]


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("resize", {"nodes": 1}),
        ("reboot_node", {"node": "node-0"}),
        ("reimage_node", {"node": "node-0"}),
        ("disable_scheduling", {"node": "node-0"}),
    ],
)
def test_an_operation_interrupts_by_its_own_option(kind, body):
    """It requeues, though an upgrade would let the tasks go on from their checkpoints."""
    text = RUN + taken(40, f"{kind}-0")
    interruptions = {"on_upgrade": "checkpoint", "on_failure": "checkpoint"}
    pool = Pool((kind, body), interruptions=interruptions, checkpoint={"every": "30s"})
    assert one(pool, text, "lost_task_hours") == [40 / 3600]


def test_an_upgrade_of_a_virtual_machine_pool_requeues_whatever_interruptions_say():
    pool = Pool(
        ("upgrade_image", {}),
        configuration="virtual_machine",
        interruptions={"on_upgrade": "checkpoint"},
        checkpoint={"every": "0s"},
    )
    text = RUN + taken(36, "upgrade by upgrade_image-0")
    assert one(pool, text, "lost_task_hours", "requeues") == [0.01, 1]


# Makespan


def ends(at, task, state="completed", begin=0):
    """A task is submitted and starts at `begin` and is over at `at`."""
    return f"""
    {begin} job/{task} -> active
    {begin} job/{task} -> running because node-0
    {at} job/{task} -> {state} because {"node-0" if state == "completed" else f"job/{task}"}
    """


def test_the_makespan_is_from_the_first_submission_to_the_last_end():
    text = ends(30, 0, begin=20) + ends(70, 1, begin=40) + ends(99, 2, "failed", begin=80)
    assert one(Pool(), text, "makespan") == [79]


def test_without_its_last_task_work_has_no_makespan():
    running = ends(30, 0) + ends(70, 1)
    for last in (
        "",
        "80 job/2 -> active",
        "80 job/2 -> active\n 80 job/2 -> running because node-0",
    ):
        assert one(Pool(), running + last, "makespan") == [NAN]


def test_tasks_of_a_stream_that_are_never_submitted_do_not_exist():
    stream = {"interarrival": {"exponential": {"mean": "100s"}}, "service": "10s"}
    assert one(Pool(work=stream), ends(30, 0) + ends(70, 1), "makespan") == [70]
    assert one(Pool(work=stream), ends(30, 0) + "80 job/1 -> active", "makespan") == [NAN]
    assert one(Pool(work=stream), "", "makespan") == [NAN]


def test_work_of_both_kinds_is_done_when_all_of_the_bag_and_what_came_of_the_stream_is():
    stream = {"interarrival": {"exponential": {"mean": "100s"}}, "service": "10s", "name": "s"}
    pool = Pool(work=[BAG | {"tasks": 1, "name": "job"}, stream])
    came = ends(70, 0).replace("job/", "s/")
    assert one(pool, ends(30, 0) + came, "makespan") == [70]
    assert one(pool, came, "makespan") == [NAN]


# Waits


def starts(task, submitted, started=None):
    """A task that waits."""
    row = f"\n{submitted} job/{task} -> active\n"
    return row if started is None else row + f"{started} job/{task} -> running because node-0\n"


def many(*waits):
    """A pool with so many tasks, submitted a second apart from 100 s on, and its log."""
    pool = Pool(work=BAG | {"tasks": len(waits)}, task_slots_per_node=256)
    return pool, "".join(starts(k, 100 + k, 100 + k + wait) for k, wait in enumerate(waits))


def test_a_wait_is_from_submission_to_the_first_start():
    text = starts(0, 10, 25) + taken(50) + back(300) + starts(1, 310, 315)
    assert one(Pool(UPGRADE), text, "wait_mean", "wait_p95", "tasks_waiting") == [10, 15, 0]


def test_who_has_not_started_counts_the_wait_so_far():
    text = starts(0, 10, 25) + starts(1, 100)
    assert one(Pool(), text, "wait_mean", "wait_p95", "tasks_waiting") == [457.5, 900, 1]


def test_who_is_requeued_is_not_waiting_any_more():
    assert one(Pool(UPGRADE), starts(0, 10, 25) + taken(50), "wait_mean", "tasks_waiting") == [
        15,
        0,
    ]


def test_only_tasks_submitted_in_the_window_count():
    text = starts(0, 10) + starts(1, 20, 24) + starts(2, 30, 36)
    assert one(Pool(), text, "wait_mean", "tasks_waiting", warm_up=20.0) == [5, 0]
    assert one(Pool(), text, "wait_mean", "tasks_waiting", warm_up=20.5) == [6, 0]


def test_of_no_task_there_is_no_wait():
    found = Pool().measure("", starts(0, 10, 14))
    assert found["wait_mean"] == [NAN, 4]
    assert found["wait_p95"] == [NAN, 4]
    assert found["tasks_waiting"] == [0, 0]


@pytest.mark.parametrize(("tasks", "nth"), [(1, 1), (19, 19), (20, 19), (21, 20), (40, 38)])
def test_the_p95_is_the_smallest_wait_that_95_percent_do_not_exceed(tasks, nth):
    pool, text = many(*range(tasks, 0, -1))
    assert one(pool, text, "wait_p95") == [nth]


# Completed


def test_completed_are_those_that_end_well_in_the_window():
    text = ends(30, 0) + ends(70, 1, "failed", begin=40) + ends(90, 2, begin=80)
    assert one(Pool(), text, "tasks_completed") == [2]
    assert one(Pool(), text, "tasks_completed", warm_up=30.0) == [2]
    assert one(Pool(), text, "tasks_completed", warm_up=30.5) == [1]


# Stacks


def test_replications_of_a_stack_are_measured_as_if_alone():
    pool = checkpointing("30s", "6s")
    texts = [
        RUN + taken(40) + back(100) + taken(110, "failures"),
        "",
        ROLLOUT,
        ends(30, 0) + starts(1, 40) + ends(200, 2, begin=90),
        RUN + taken(40),
    ]
    together = pool.measure(*texts, warm_up=35.0)
    for place, text in enumerate(texts):
        alone = pool.measure(text, warm_up=35.0)
        for name, values in alone.items():
            assert values == pytest.approx([together[name][place]], nan_ok=True), name
