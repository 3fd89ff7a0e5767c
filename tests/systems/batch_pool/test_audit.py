"""What a Batch pool's audit finds in hand-made logs that break a rule each."""

from __future__ import annotations

import pytest
from pool_log import BAG, SOUND, SUBMITTED, UPGRADE, Pool

from sim.core.stack import Stack
from sim.systems.batch_pool import audit
from sim.systems.batch_pool.draws import redraw_tasks


def test_a_sound_history_breaks_no_rule():
    assert Pool().audit(SOUND, SUBMITTED, SOUND) is None


def test_the_audit_tells_the_rule_and_the_pool():
    assert Pool().audit("") == "p: a task was not submitted when and as it was due"
    assert Pool().audit(SOUND, "") == "p: a task was not submitted when and as it was due"


def test_without_work_there_is_nothing_to_audit():
    assert Pool(work=[]).audit("5 node-0 -> unusable because failures") is None


@pytest.mark.parametrize(
    "row",
    [
        "0 job/0 -> completed because node-0",
        "0 job/0 -> failed because node-0",
        "0 job/0 -> absent because node-0",
        "300 job/0 -> active because node-0",
        "300 job/1 -> running because node-0",
        "300 job/2 -> absent because node-0",
    ],
)
def test_tasks_only_move_as_tasks_may(row):
    assert "two states" in (Pool().audit(SOUND + row) or "")


SIZES = """submit_s,service_s,required_slots
0,100,1
0,100,3
0,100,2
"""


def test_a_task_keeps_its_required_slots():
    pool = Pool(work={"csv": "csv"}, csv=SIZES, task_slots_per_node=4)
    text = """
    0 job/0 -> active/1 slots
    0 job/1 -> active/3 slots
    0 job/2 -> active/2 slots
    0 job/0 -> running because node-0
    0 job/1 -> running because node-0
    """
    assert pool.audit(text) is None
    assert "two states" in (pool.audit(text + "5 job/2 -> running/1 slots because node-1") or "")
    full = text + "0 job/2 -> running because node-0"
    assert pool.audit(full) == "p: a node runs more than it has slots"
    assert (
        pool.audit(
            full.replace("job/2 -> running because node-0", "job/2 -> running because node-1")
        )
        is None
    )


def test_a_task_requires_the_slots_that_it_was_submitted_with():
    pool = Pool(work={"csv": "csv"}, csv=SIZES, task_slots_per_node=4)
    text = "\n".join(f"0 job/{k} -> active/1 slots" for k in range(3))
    assert pool.audit(text) == "p: a task was not submitted when and as it was due"


# Nodes


def test_a_node_runs_no_more_than_it_has_slots():
    early = SUBMITTED + "0 job/0 -> running because node-0\n 0 job/1 -> running because node-0"
    assert Pool().audit(early) == "p: a node runs more than it has slots"
    assert Pool(task_slots_per_node=2).audit(early) is None
    large = Pool(task_slots_per_node=3, work=BAG | {"required_slots": 2})
    assert large.audit(early) == "p: a node runs more than it has slots"


def test_a_slot_is_free_again_when_its_run_ends():
    assert Pool().audit(SOUND.replace("100 job/1", "99 job/1").replace("200", "199")) == (
        "p: a node runs more than it has slots"
    )


@pytest.mark.parametrize(
    "state",
    ["running (scheduling disabled)", "offline", "creating", "reimaging", "unusable", "absent"],
)
def test_no_task_starts_on_a_node_that_takes_none(state):
    text = f"0 node-0 -> {state} because failures" + SUBMITTED
    text += "10 job/0 -> running because node-0"
    assert Pool().audit(text) == "p: a task started on a node that takes none"


def test_no_task_starts_on_a_node_that_is_not_there():
    text = SUBMITTED + "10 job/0 -> running because node-2"
    pool = Pool(("resize", {"nodes": 3}))
    assert pool.audit(text) == "p: a task started on a node that takes none"


def test_a_node_that_goes_out_of_service_leaves_no_task_running():
    text = SUBMITTED + "0 job/0 -> running because node-0\n 10 node-0 -> {} because failures"
    assert Pool().audit(text.format("unusable")) == (
        "p: a task runs on a node that is out of service"
    )
    assert Pool().audit(text.format("running (scheduling disabled)")) is None
    at_once = text.format("unusable") + "\n10 job/0 -> active because node-0"
    assert Pool().audit(at_once) is None


@pytest.mark.parametrize("work", [BAG, []])
def test_a_node_that_leaves_is_gone_for_good(work):
    pool = Pool(("resize", {"nodes": 1}), work=work)
    text = SUBMITTED * bool(work) + "10 node-1 -> leavingpool because resize-0\n"
    assert pool.audit(text + "20 node-1 -> absent because resize-0") is None
    back = text + "20 node-1 -> idle because failures"
    assert pool.audit(back) == "p: a node that was leaving came back"


# How runs end


def test_a_task_is_not_interrupted_for_no_reason():
    text = SUBMITTED + "0 job/0 -> running because node-0\n 10 job/0 -> active because node-0"
    assert Pool().audit(text) == (
        "p: a task was interrupted though nothing took its node at that instant"
    )


def test_a_run_ends_on_its_own_node():
    text = SUBMITTED + "0 job/0 -> running because node-0\n 100 job/0 -> completed because node-1"
    assert Pool().audit(text) == "p: a task ended on another node than it ran on"


NOTHING_TOOK_IT = "p: a task was interrupted though nothing took its node at that instant"
ELSEWHERE = "p: an interrupted task went elsewhere than what took its node says"
STATES = {"requeue": "active", "terminate": "failed", "checkpoint": "active (checkpointed)"}
"""Mode of an interruption -> what it makes of a task."""


def interrupted(by, *operations, rows="", **spec):
    """How `by` must interrupt the task of a node that it takes; else the rule that any way breaks.

    Any other way breaks the rule that says so.
    """
    text = f"""
    {SUBMITTED}
    0 job/0 -> running because node-0
    {rows}
    40 node-0 -> unusable because {by}
    40 job/0 -> {{}} because node-0
    """
    pool = Pool(*operations, **spec)
    found = {mode: pool.audit(text.format(state)) for mode, state in STATES.items()}
    fitting = [mode for mode, rule in found.items() if rule is None]
    rules = set(found.values()) - {None}
    if not fitting:
        (rule,) = rules
        return rule
    assert rules == {ELSEWHERE}
    (mode,) = fitting
    return mode


@pytest.mark.parametrize("mode", ["requeue", "terminate", "checkpoint"])
def test_an_upgrade_and_a_failure_interrupt_as_the_pool_wants_it(mode):
    upgrade = {"interruptions": {"on_upgrade": mode}}
    assert interrupted("upgrade by upgrade_os-0", UPGRADE, **upgrade) == mode
    assert interrupted("failures", UPGRADE, **upgrade) == "requeue"
    assert interrupted("failures", interruptions={"on_failure": mode}) == mode


@pytest.mark.parametrize("option", ["requeue", "terminate"])
def test_an_operation_interrupts_as_it_says(option):
    for kind in ("reboot_node", "reimage_node", "disable_scheduling"):
        asked = (kind, {"node": "node-0", "option": option})
        modes = {"on_upgrade": "checkpoint", "on_failure": "checkpoint"}
        assert interrupted(f"{kind}-0", asked, interruptions=modes) == option


def test_a_resize_interrupts_as_it_says_or_as_the_pool_does():
    asked = ("resize", {"nodes": 1})
    assert interrupted("resize-0", asked, node_deallocation_option="terminate") == "terminate"
    said = ("resize", {"nodes": 1, "node_deallocation_option": "requeue"})
    assert interrupted("resize-0", said, node_deallocation_option="terminate") == "requeue"


def test_what_waits_for_tasks_does_not_interrupt_them():
    drains = {"interruptions": {"on_upgrade": "taskcompletion"}}
    assert interrupted("upgrade by upgrade_os-0", UPGRADE, **drains) == NOTHING_TOOK_IT
    for option in ("taskcompletion", "retaineddata"):
        asked = ("reboot_node", {"node": "node-0", "option": option})
        assert interrupted("reboot_node-0", asked) == NOTHING_TOOK_IT


def test_a_failure_of_a_draining_node_interrupts_as_a_failure():
    drains = "20 node-0 -> running (scheduling disabled) because upgrade by upgrade_os-0"
    spec = {"interruptions": {"on_upgrade": "taskcompletion"}}
    assert interrupted("failures", UPGRADE, rows=drains, **spec) == "requeue"


@pytest.mark.parametrize(("deferral", "mode"), [(False, "requeue"), (True, NOTHING_TOOK_IT)])
def test_an_upgrade_of_an_image_defers_or_requeues(deferral, mode):
    spec = {
        "configuration": "virtual_machine",
        "interruptions": {"on_upgrade": "checkpoint"},
        "upgrade_policy": {"os_rolling_upgrade_deferral": deferral},
    }
    assert interrupted("upgrade by upgrade_image-0", ("upgrade_image", {}), **spec) == mode


def test_nothing_interrupts_without_a_row_of_the_node_at_that_instant_and_before():
    text = (
        SUBMITTED
        + """
    0 job/0 -> running because node-0
    {} node-{} -> unusable because failures
    40 job/0 -> active because node-0
    """
    )
    assert Pool().audit(text.format(40, 0)) is None
    assert Pool().audit(text.format(39, 0)) == NOTHING_TOOK_IT
    assert Pool().audit(text.format(40, 1)) == NOTHING_TOOK_IT
    after = "40 job/0 -> active because node-0\n40 node-0 -> unusable because failures"
    late = SUBMITTED + "0 job/0 -> running because node-0\n" + after
    assert Pool().audit(late) == NOTHING_TOOK_IT


def test_the_requeues_counted_are_those_in_the_log(monkeypatch):
    monkeypatch.setattr(audit, "requeued", lambda runs: runs.ending < 0)
    assert Pool().audit(SOUND) == "p: the requeues counted are not those in the log"


# Work


@pytest.mark.parametrize("at", [99, 101])
def test_a_completed_task_has_run_for_its_service_time(at):
    text = SUBMITTED + f"0 job/0 -> running because node-0\n {at} job/0 -> completed because node-0"
    assert Pool().audit(text) == "p: a completed task was not given the time that it needs"


def test_a_requeued_task_runs_from_its_start():
    text = SOUND.replace("200 job/1", "160 job/1").replace("200 job/2", "160 job/2")
    assert Pool().audit(text) == "p: a completed task was not given the time that it needs"


RESUMED = """
    0 job/0 -> active
    0 job/1 -> active
    0 job/2 -> active
    0 job/0 -> running because node-0
    {cut} node-0 -> unusable because failures
    {cut} job/0 -> active (checkpointed) because node-0
    {cut} node-0 -> idle because failures
    {cut} job/0 -> running because node-0
    {end} job/0 -> completed because node-0
"""


@pytest.mark.parametrize(
    ("every", "cost", "cut", "end"),
    [
        ("0s", "0s", 37.5, 100),
        ("30s", "0s", 40, 110),
        ("30s", "6s", 35, 35 + 100 + 18),
        ("30s", "6s", 36, 36 + 70 + 12),
        ("30s", "6s", 80, 80 + 40 + 6),
        ("50s", "6s", 55, 55 + 100 + 6),
        ("50s", "6s", 56, 56 + 50),
    ],
)
def test_a_task_goes_on_from_its_last_checkpoint_and_pays_for_the_next_ones(every, cost, cut, end):
    pool = Pool(
        interruptions={"on_failure": "checkpoint"}, checkpoint={"every": every, "cost": cost}
    )
    assert pool.audit(RESUMED.format(cut=cut, end=end)) is None
    assert pool.audit(RESUMED.format(cut=cut, end=end + 1)) is not None
    assert pool.audit(RESUMED.format(cut=cut, end=end - 1)) is not None


def test_tasks_are_submitted_when_they_are_due():
    stream = {"interarrival": "400s", "service": "10s"}
    text = "400 job/0 -> active\n 800 job/1 -> active"
    assert Pool(work=stream).audit(text) is None
    for wrong in ("400 job/0 -> active", text.replace("800", "799")):
        assert (
            Pool(work=stream).audit(wrong) == "p: a task was not submitted when and as it was due"
        )


def test_each_replication_is_held_against_its_own_tasks():
    stream = {"interarrival": {"exponential": {"mean": "300s"}}, "service": "1s"}
    pool = Pool(work=stream)

    def arrivals(replication):
        (tasks,) = redraw_tasks(pool.model.layout, 0, replication)
        rows = [f"{at!r} job/{k} -> active" for k, at in enumerate(tasks.submit.tolist())]
        return pool.log("\n".join(rows), replication)

    logs = [arrivals(replication) for replication in (3, 7)]
    assert next(audit.broken_rules(pool.model.layout, Stack(logs)), None) is None
    wrong = [pool.log("", 3), logs[1]]
    assert next(audit.broken_rules(pool.model.layout, Stack(wrong)), None) is not None
