"""A node as the service believes it to be: when it is in service, what it keeps, who waits for it."""

from __future__ import annotations

import pytest

from sim.systems.batch_pool.node import Claim, Execution, Node, Stay
from sim.systems.batch_pool.states import DRAINING, IDLE, OFFLINE, REBOOTING, UNUSABLE

STAY = Stay(None, 0, [], True, 0, 0.0)


def node(status=IDLE, stay=None):
    made = Node(3, 103, status)
    made.stay = stay
    return made


@pytest.mark.parametrize(
    ("status", "stay", "is_up"),
    [
        (IDLE, None, True),
        (DRAINING, None, True),
        (OFFLINE, None, True),
        (OFFLINE, STAY, False),  # its data is kept before a reboot
        (REBOOTING, STAY, False),
        (UNUSABLE, STAY, False),
    ],
)
def test_a_node_is_up_unless_something_else_than_its_scheduling_keeps_it_out(status, stay, is_up):
    assert node(status, stay).is_up is is_up
    assert node(status, stay).is_offline is (is_up and status == OFFLINE)


def test_data_is_kept_from_the_end_of_the_last_task_and_only_where_there_was_one():
    empty, used = node(), node()
    used.spare.append(Execution(used))
    used.since = 100.0
    assert empty.data_retained(60.0, 30.0) == 0
    assert [used.data_retained(60.0, now) for now in (100.0, 130.0, 160.0, 900.0)] == [60, 30, 0, 0]


def test_runs_under_way_are_told_in_order_of_task():
    made = node()
    for task in (7, -1, 2, 5):
        Execution(made).task = task
    assert [run.task for run in made.running()] == [2, 5, 7]


def test_who_waits_for_a_node_takes_it_once():
    taken, made = [], node(DRAINING)
    made.emptied()  # nobody waits
    made.claim = Claim(taken.append, lost=None)
    made.emptied()
    made.emptied()
    assert taken == [made]
    assert made.claim is None
