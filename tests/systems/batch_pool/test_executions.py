"""Runs of tasks as a log tells them: where, from when to when, and how they ended."""

from __future__ import annotations

import pytest
from pool_log import BAG, UPGRADE, Pool

from sim.systems.batch_pool.executions import ENDINGS, carried, executions, waits

STORY = """
    0 job/0 -> active
    0 job/1 -> active
    5 job/2 -> active
    0 job/0 -> running because node-0
    10 job/1 -> running because node-1
    20 job/1 -> completed because node-1
    30 job/2 -> running because node-1
    40 node-0 -> unusable because failures
    40 job/0 -> active because node-0
    50 job/2 -> active because job/2
    60 job/0 -> running because node-1
    70 job/2 -> running because node-1
"""


def told(pool, *texts):
    """Each run as (replication, task, node, seconds, ending)."""
    runs = executions(pool.model, pool.stack(*texts))
    name = pool.subjects.name
    return [
        (place, name(task), name(node), seconds, ENDINGS[ending])
        for place, task, node, seconds, ending in zip(
            runs.replication.tolist(),
            runs.task.tolist(),
            runs.node.tolist(),
            runs.elapsed.tolist(),
            runs.ending.tolist(),
            strict=True,
        )
    ]


def test_each_run_has_its_node_its_length_and_its_end():
    assert told(Pool(), STORY) == [
        (0, "job/0", "node-0", 40, "requeue"),
        (0, "job/0", "node-1", 940, "unfinished"),
        (0, "job/1", "node-1", 10, "completed"),
        (0, "job/2", "node-1", 20, "failed by itself"),
        (0, "job/2", "node-1", 930, "unfinished"),
    ]


def test_runs_of_one_replication_do_not_end_those_of_another():
    begins = "\n".join(STORY.strip().splitlines()[:4])
    assert told(Pool(), begins, "", begins) == [
        (0, "job/0", "node-0", 1000, "unfinished"),
        (2, "job/0", "node-0", 1000, "unfinished"),
    ]


def test_of_no_work_there_is_no_run():
    assert told(Pool(work=[]), "5 node-0 -> unusable because failures") == []
    assert told(Pool(), "") == []


def interrupted(by, *operations, rows="", **spec):
    """How the run of a task ends whose node `by` takes."""
    text = f"""
    0 job/0 -> active
    0 job/0 -> running because node-0
    {rows}
    40 node-0 -> unusable because {by}
    40 job/0 -> active because node-0
    """
    ((*_, ending),) = told(Pool(*operations, **spec), text)
    return ending


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
        assert interrupted(f"{kind}-0", asked) == option


def test_a_resize_interrupts_as_it_says_or_as_the_pool_does():
    asked = ("resize", {"nodes": 1})
    assert interrupted("resize-0", asked, node_deallocation_option="terminate") == "terminate"
    said = ("resize", {"nodes": 1, "node_deallocation_option": "requeue"})
    assert interrupted("resize-0", said, node_deallocation_option="terminate") == "requeue"


def test_what_waits_for_tasks_does_not_interrupt_them():
    drains = {"interruptions": {"on_upgrade": "taskcompletion"}}
    assert interrupted("upgrade by upgrade_os-0", UPGRADE, **drains) == "unexplained"
    for option in ("taskcompletion", "retaineddata"):
        asked = ("reboot_node", {"node": "node-0", "option": option})
        assert interrupted("reboot_node-0", asked) == "unexplained"


def test_a_failure_of_a_draining_node_interrupts_as_a_failure():
    drains = "20 node-0 -> running (scheduling disabled) because upgrade by upgrade_os-0"
    spec = {"interruptions": {"on_upgrade": "taskcompletion"}}
    assert interrupted("failures", UPGRADE, rows=drains, **spec) == "requeue"


@pytest.mark.parametrize(("deferral", "mode"), [(False, "requeue"), (True, "unexplained")])
def test_an_upgrade_of_an_image_defers_or_requeues(deferral, mode):
    spec = {
        "configuration": "virtual_machine",
        "interruptions": {"on_upgrade": "checkpoint"},
        "upgrade_policy": {"os_rolling_upgrade_deferral": deferral},
    }
    assert interrupted("upgrade by upgrade_image-0", ("upgrade_image", {}), **spec) == mode


def test_nothing_interrupts_without_a_row_of_the_node_at_that_instant():
    text = """
    0 job/0 -> active
    0 job/0 -> running because node-0
    {} node-{} -> unusable because failures
    40 job/0 -> active because node-0
    """
    assert told(Pool(), text.format(40, 0))[0][-1] == "requeue"
    assert told(Pool(), text.format(39, 0))[0][-1] == "unexplained"
    assert told(Pool(), text.format(40, 1))[0][-1] == "unexplained"


def test_a_run_finds_done_what_checkpoints_before_it_kept():
    pool = Pool(
        UPGRADE,
        interruptions={"on_upgrade": "checkpoint"},
        checkpoint={"every": "30s", "cost": "6s"},
        work=BAG | {"service": "10min"},
    )
    text = """
    0 job/0 -> active
    0 job/0 -> running because node-0
    """
    upgrade = "upgrade by upgrade_os-0"
    for at, by in ((75, upgrade), (200, "failures"), (300, upgrade)):
        text += f"""
        {at} node-0 -> unusable because {by}
        {at} job/0 -> active because node-0
        {at} node-0 -> idle because {by}
        {at} job/0 -> running because node-0
        """
    runs = executions(pool.model, pool.stack(text))
    assert carried(pool.model.layout, runs).tolist() == [0, 60, 0, 60]


def test_waits_last_to_the_first_start_or_to_the_horizon():
    pool = Pool()
    found = waits(pool.model.layout, pool.stack(STORY, "7 job/1 -> active"))
    assert found.seconds.tolist() == [0, 10, 25, 993]
    assert found.started.tolist() == [True, True, True, False]
