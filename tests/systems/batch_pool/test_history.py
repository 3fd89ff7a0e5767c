"""What a log tells of a pool: its rows in order, runs of tasks, what nodes are busy with."""

from __future__ import annotations

import numpy as np
import pytest
from pool_log import BAG, UPGRADE, Pool

from sim.systems.batch_pool.history import (
    ENDINGS,
    carried,
    executions,
    history,
    in_statuses,
    occupancy,
    waits,
)
from sim.systems.batch_pool.states import DRAINING, IDLE, UNUSABLE

# Rows ---------------------------------------------------------------------------------------------

ROWS = """
    0 job/1 -> active
    0 job/0 -> active
    5 job/1 -> running because node-0
    10 node-1 -> unusable because failures
    10 node-0 -> unusable because failures
    10 job/1 -> active because node-0
    30 node-0 -> idle because failures
"""


def test_each_table_has_its_rows_in_its_order():
    pool = Pool()
    stack = pool.stack(ROWS, "7 node-1 -> unusable because failures")
    rows = history(pool.model.layout, stack)
    assert rows.of_tasks.tolist() == [1, 0, 2, 5]
    assert np.flatnonzero(rows.is_of_task).tolist() == [0, 1, 2, 5]
    assert rows.submissions.tolist() == [0, 1]
    nodes = rows.nodes
    assert nodes.row.tolist() == [4, 6, 3, 7]
    assert nodes.node.tolist() == [0, 0, 1, 1]
    assert nodes.replication.tolist() == [0, 0, 0, 1]
    assert nodes.follows.tolist() == [False, True, False, False]
    assert nodes.until.tolist() == [30, np.inf, np.inf, np.inf]
    assert (nodes.next_cause >= 0).tolist() == [True, False, False, False]


def test_the_history_of_a_stack_is_made_once():
    pool = Pool()
    stack = pool.stack(ROWS)
    assert history(pool.model.layout, stack) is history(pool.model.layout, stack)


def test_statuses_are_told_whatever_the_version():
    codes = np.array([0, 1, 2, 4, 5, 7], np.int16)
    assert in_statuses(codes, (1,), 3).tolist() == [False, True, False, True, False, True]
    assert in_statuses(codes[:0], (1,), 3).tolist() == []


# Runs and waits -----------------------------------------------------------------------------------

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


def runs_of(pool, *texts):
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
    assert runs_of(Pool(), STORY) == [
        (0, "job/0", "node-0", 40, "requeue"),
        (0, "job/0", "node-1", 940, "unfinished"),
        (0, "job/1", "node-1", 10, "completed"),
        (0, "job/2", "node-1", 20, "failed by itself"),
        (0, "job/2", "node-1", 930, "unfinished"),
    ]


def test_runs_of_one_replication_do_not_end_those_of_another():
    begins = "\n".join(STORY.strip().splitlines()[:4])
    assert runs_of(Pool(), begins, "", begins) == [
        (0, "job/0", "node-0", 1000, "unfinished"),
        (2, "job/0", "node-0", 1000, "unfinished"),
    ]


def test_of_no_work_there_is_no_run():
    assert runs_of(Pool(work=[]), "5 node-0 -> unusable because failures") == []
    assert runs_of(Pool(), "") == []


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
    assert runs_of(Pool(), TAKEN.format(state)) == [(0, "job/0", "node-0", 40, ending)]


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


# Nodes --------------------------------------------------------------------------------------------

BUSY = """
    0 job/0 -> active
    0 job/1 -> active
    0 job/0 -> running because node-1
    5 job/1 -> running because node-1
    10 node-0 -> unusable because failures
    20 node-1 -> running (scheduling disabled) because failures
    30 job/0 -> completed because node-1
"""


def test_slots_in_use_and_states_are_told_after_each_row_of_a_node():
    pool = Pool(task_slots_per_node=4, work=BAG | {"required_slots": 2})
    nodes = occupancy(pool.model.layout, pool.stack(BUSY, "", BUSY))
    assert nodes.opens.tolist() == [True, True, False, False, False] * 2
    assert nodes.used.tolist() == [0, 2, 4, 4, 2] * 2
    assert nodes.change.tolist() == [0, 2, 2, 0, -2] * 2
    assert nodes.code.tolist() == [UNUSABLE, IDLE, IDLE, DRAINING, DRAINING] * 2
    first = pool.model.layout.first_node
    assert (nodes.subject - first).tolist() == [0, 1, 0, 1]
