"""The numbers of states are those of their names, and the names those of the Batch REST reference."""

from __future__ import annotations

import pytest

from sim.systems.batch_pool import states


def test_each_status_of_a_node_has_the_number_of_its_name():
    names = {
        "IDLE": "idle",
        "DRAINING": "running (scheduling disabled)",
        "OFFLINE": "offline",
        "CREATING": "creating",
        "WAITING_FOR_START_TASK": "waitingforstarttask",
        "START_TASK_FAILED": "starttaskfailed",
        "REIMAGING": "reimaging",
        "UPGRADING_OS": "upgradingos",
        "REBOOTING": "rebooting",
        "UNUSABLE": "unusable",
        "LEAVING": "leavingpool",
        "PREEMPTED": "preempted",
    }
    assert {each: states.NODE[getattr(states, each)] for each in names} == names
    assert set(names.values()) | {"absent"} == set(states.NODE)


def test_each_status_of_a_task_has_the_number_of_its_name():
    for name in ("ACTIVE", "RUNNING", "COMPLETED", "FAILED"):
        assert states.TASK[getattr(states, name)] == name.lower()
    assert states.TASK[states.CHECKPOINTED] == "active (checkpointed)"
    assert [states.TASK[status] for status in states.WAITING] == ["active", "active (checkpointed)"]


def test_what_is_not_there_has_the_number_0():
    kinds = (
        states.NODE,
        states.TASK,
        states.SIZE,
        states.POOL.statuses,
        states.ALLOCATION.statuses,
    )
    assert {statuses[0] for statuses in kinds} == {"absent"}


def test_only_nodes_that_accept_tasks_or_drain_are_in_service():
    assert [states.NODE[status] for status in states.IN_SERVICE] == [
        "idle",
        "running (scheduling disabled)",
    ]


@pytest.mark.parametrize(
    ("status", "busy", "seen"),
    [
        (states.IDLE, False, "idle"),
        (states.IDLE, True, "running"),
        (states.DRAINING, False, "running"),
    ],
)
def test_a_node_is_seen_running_while_tasks_run_or_it_drains(status, busy, seen):
    assert states.shown(status + states.WIDTH, busy=busy) == seen
    assert seen in states.SHOWN
