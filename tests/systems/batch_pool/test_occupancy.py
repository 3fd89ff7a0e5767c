"""What the nodes of a pool are busy with, row after row."""

from __future__ import annotations

import pytest
from pool_log import BAG, Pool

from sim.systems.batch_pool.occupancy import SHOWN, occupancy, shown
from sim.systems.batch_pool.states import DRAINING, IDLE, UNUSABLE, WIDTH

TEXT = """
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
    nodes = occupancy(pool.model.layout, pool.stack(TEXT, "", TEXT))
    assert nodes.opens.tolist() == [True, True, False, False, False] * 2
    assert nodes.used.tolist() == [0, 2, 4, 4, 2] * 2
    assert nodes.change.tolist() == [0, 2, 2, 0, -2] * 2
    assert nodes.code.tolist() == [UNUSABLE, IDLE, IDLE, DRAINING, DRAINING] * 2
    first = pool.model.layout.first_node
    assert (nodes.subject - first).tolist() == [0, 1, 0, 1]


@pytest.mark.parametrize(
    ("status", "busy", "seen"),
    [(IDLE, False, "idle"), (IDLE, True, "running"), (DRAINING, False, "running")],
)
def test_a_node_is_seen_running_while_tasks_run_or_it_drains(status, busy, seen):
    assert shown(status + WIDTH, busy=busy) == seen
    assert seen in SHOWN
