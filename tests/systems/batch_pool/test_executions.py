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
    runs = executions(pool.model.layout, pool.stack(*texts))
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


TAKEN = """
    0 job/0 -> active
    0 job/0 -> running because node-0
    40 node-0 -> unusable because failures
    40 job/0 -> {} because node-0
"""


@pytest.mark.parametrize(
    ("state", "ending"),
    [("active", "requeue"), ("failed", "terminate"), ("active (checkpointed)", "checkpoint")],
)
def test_what_becomes_of_a_task_tells_how_it_was_interrupted(state, ending):
    assert told(Pool(), TAKEN.format(state)) == [(0, "job/0", "node-0", 40, ending)]


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
    saved = "active (checkpointed)"
    for at, by, to in ((75, upgrade, saved), (200, "failures", "active"), (300, upgrade, saved)):
        text += f"""
        {at} node-0 -> unusable because {by}
        {at} job/0 -> {to} because node-0
        {at} node-0 -> idle because {by}
        {at} job/0 -> running because node-0
        """
    runs = executions(pool.model.layout, pool.stack(text))
    assert carried(pool.model.layout, runs).tolist() == [0, 60, 0, 60]


def test_waits_last_to_the_first_start_or_to_the_horizon():
    pool = Pool()
    found = waits(pool.model.layout, pool.stack(STORY, "7 job/1 -> active"))
    assert found.seconds.tolist() == [0, 10, 25, 993]
    assert found.started.tolist() == [True, True, True, False]
