"""The rows of a pool in the orders in which they are read."""

from __future__ import annotations

import numpy as np
from pool_log import Pool

from sim.systems.batch_pool.history import history, in_statuses

TEXT = """
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
    stack = pool.stack(TEXT, "7 node-1 -> unusable because failures")
    rows = history(pool.model.layout, stack)
    assert rows.of_tasks.tolist() == [1, 0, 2, 5]
    assert rows.of_tasks_in_time.tolist() == [0, 1, 2, 5]
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
    stack = pool.stack(TEXT)
    assert history(pool.model.layout, stack) is history(pool.model.layout, stack)


def test_statuses_are_told_whatever_the_version():
    codes = np.array([0, 1, 2, 4, 5, 7], np.int16)
    assert in_statuses(codes, (1,), 3).tolist() == [False, True, False, True, False, True]
    assert in_statuses(codes[:0], (1,), 3).tolist() == []
