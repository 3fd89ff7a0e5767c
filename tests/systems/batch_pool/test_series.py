"""The series of a Batch pool, on hand-made logs."""

from __future__ import annotations

import pytest
from pool_log import BAG, TARGET, UPGRADE, Pool

OLD = "WA-GUEST-OS-5.30_201904-01"
WALK = f"""
    0 job/0 -> active
    0 job/1 -> active
    0 job/2 -> active
    10 job/0 -> running because node-0
    20 job/1 -> running because node-1
    100 upgrade by upgrade_os-0 -> upgrading because upgrade_os-0
    100 target of p -> requested/{TARGET} because upgrade by upgrade_os-0
    100 node-0 -> reimaging because upgrade by upgrade_os-0
    100 job/0 -> active because node-0
    100 node-1 -> running (scheduling disabled) because upgrade by upgrade_os-0
    120 job/1 -> completed because node-1
    150 node-1 -> reimaging because upgrade by upgrade_os-0
    400 node-0 -> waitingforstarttask/{TARGET} because upgrade by upgrade_os-0
    450 node-0 -> idle/{TARGET} because upgrade by upgrade_os-0
    450 job/0 -> running because node-0
    500 node-1 -> idle/{TARGET} because upgrade by upgrade_os-0
    550 job/0 -> completed because node-0
"""


def walk(name, **spec):
    """A series of the walk."""
    return Pool(UPGRADE, **spec).series(WALK, name)


def test_nodes_count_those_in_service_and_accepting_the_slots_of_enabled_ones():
    assert walk("nodes") == [(0, 2), (100, 1), (150, 0), (450, 1), (500, 2)]
    slots = {"task_slots_per_node": 4}
    assert walk("accepting", **slots) == [(0, 8), (100, 0), (450, 4), (500, 8)]


def test_capacity_is_a_share_of_the_slots_at_the_start():
    assert walk("capacity") == [(0, 1), (100, 0.5), (150, 0), (450, 0.5), (500, 1)]


@pytest.mark.parametrize(("needed", "back"), [(4, 450), ("60%", 500)])
def test_available_is_1_while_enough_slots_are_in_service(needed, back):
    found = walk("available", min_available=needed, task_slots_per_node=4)
    assert found == [(0, 1), (100 if needed == "60%" else 150, 0), (back, 1)]


def test_the_queue_counts_active_tasks_and_running_their_slots():
    assert walk("queue") == [(0, 3), (10, 2), (20, 1), (100, 2), (450, 1)]
    two = {"task_slots_per_node": 4, "work": BAG | {"required_slots": 2}}
    assert walk("queue", **two) == walk("queue")
    assert walk("running", **two) == [
        (0, 0),
        (10, 2),
        (20, 4),
        (100, 2),
        (120, 0),
        (450, 2),
        (550, 0),
    ]


def test_utilisation_is_slots_in_use_of_those_in_service():
    assert walk("utilisation") == [
        (0, 0),
        (10, 0.5),
        (20, 1),
        (120, 0),
        (450, 1),
        (500, 0.5),
        (550, 0),
    ]


def test_a_node_in_service_is_running_while_tasks_run_on_it_or_while_it_drains():
    assert walk("by_state:running") == [
        (0, 0),
        (10, 1),
        (20, 2),
        (100, 1),
        (150, 0),
        (450, 1),
        (550, 0),
    ]
    assert walk("by_state:idle") == [(0, 2), (10, 1), (20, 0), (500, 1), (550, 2)]


def test_a_node_is_running_until_its_last_task_has_ended():
    text = """
    0 job/0 -> active
    0 job/1 -> active
    10 job/0 -> running because node-0
    20 job/1 -> running because node-0
    50 job/0 -> completed because node-0
    60 job/1 -> completed because node-0
    """
    pool = Pool(task_slots_per_node=2)
    assert pool.series(text, "by_state:running") == [(0, 0), (10, 1), (60, 0)]


def test_nodes_that_are_busy_to_the_horizon_are_all_running():
    text = """
    0 job/0 -> active
    0 job/1 -> active
    10 job/0 -> running because node-0
    20 job/1 -> running because node-1
    """
    assert Pool().series(text, "by_state:running") == [(0, 0), (10, 1), (20, 2)]


def test_every_node_is_seen_in_one_state():
    pool = Pool(UPGRADE, ("resize", {"nodes": 3}))
    text = (
        WALK
        + """
    600 node-2 -> creating because resize-0
    700 node-2 -> starttaskfailed because resize-0
    800 node-2 -> absent because resize-0
    """
    )
    lines = pool.model.timelines(pool.log(text))
    states = [line for (name, _), line in lines.items() if name.startswith("by_state:")]
    for at, nodes in ((0, 2), (110, 2), (425, 2), (600, 3), (799, 3), (800, 2), (1000, 2)):
        assert sum(line.at(at).item() for line in states) == nodes


def test_versions_count_nodes_in_service():
    assert walk(f"by_version:{OLD}") == [(0, 2), (100, 1), (150, 0)]
    assert walk(f"by_version:{TARGET}") == [(0, 0), (450, 1), (500, 2)]


def test_up_to_date_is_who_is_in_service_at_the_version_last_requested_of_those_present():
    assert walk("up_to_date") == [(0, 1), (100, 0), (450, 0.5), (500, 1)]
    pool = Pool(UPGRADE, ("resize", {"nodes": 1}))
    gone = WALK + "600 size of p -> asked for/1 because resize-0\n"
    gone += "600 node-1 -> absent because resize-0\n 700 node-0 -> unusable because failures"
    assert pool.series(gone, "up_to_date")[-2:] == [(500, 1), (700, 0)]
    none = gone + "\n800 node-0 -> absent because resize-0"
    assert pool.series(none, "up_to_date")[-1] == (700, 0)


def test_all_series_are_named_and_each_is_the_same_alone():
    pool = Pool(UPGRADE)
    log, model = pool.log(WALK), pool.model
    lines = model.timelines(log)
    assert list(lines) == model.series()
    for (name, group), line in lines.items():
        alone = model.timeline(log, name, group)
        assert (alone.times.tolist(), alone.values.tolist(), alone.unit) == (
            line.times.tolist(),
            line.values.tolist(),
            line.unit,
        )
    assert {line.unit for line in lines.values()} == {"share", "0/1", "count"}


def test_without_work_there_is_no_series_of_work():
    names = [name for name, _ in Pool(UPGRADE, work=[]).model.series()]
    assert not {"queue", "running", "utilisation", "by_state:running"} & set(names)
    assert Pool(UPGRADE, work=[]).series("", "by_state:idle") == [(0, 2)]


@pytest.mark.parametrize(("name", "group"), [("ready", ""), ("queue", "job")])
def test_a_series_that_is_not_there_is_a_key_error(name, group):
    with pytest.raises(KeyError):
        Pool().model.timeline(Pool().log(""), name, group)
