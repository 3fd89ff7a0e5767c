"""What a Batch pool shows of a run: its nodes, its operations, lanes, what was killed."""

from __future__ import annotations

from lanes import activity, bars
from pool_log import OLD, TARGET, UPGRADE, WALK, Pool

from sim.systems.batch_pool.tables import progress_text

# Nodes


def test_nodes_tell_what_they_went_through_and_how_they_are():
    pool = Pool(UPGRADE)
    names = ("node", "state", "os_version", "times_out", "out_s", "tasks_completed", "requeues")
    rows = [tuple(row[name] for name in names) for row in pool.model.members(pool.log(WALK))]
    assert rows == [
        ("node-0", "running", TARGET, 1, 220, 0, 1),
        ("node-1", "idle", TARGET, 1, 150, 1, 1),
    ]


def test_only_nodes_that_were_ever_there_are_told_of():
    pool = Pool(("resize", {"nodes": 4}), ("resize", {"nodes": 1}))
    text = """
    100 node-2 -> creating because resize-0
    300 node-2 -> idle because resize-0
    400 node-2 -> absent because resize-1
    """
    rows = pool.model.members(pool.log(text))
    assert [(row["node"], row["state"], row["os_version"]) for row in rows] == [
        ("node-0", "idle", OLD),
        ("node-1", "idle", OLD),
        ("node-2", "absent", ""),
    ]
    assert (rows[2]["times_out"], rows[2]["out_s"]) == (1, 200)


# Operations


def test_operations_are_answered_202_and_those_of_scheduling_200():
    kinds = ("reboot_node", "reimage_node", "disable_scheduling", "enable_scheduling")
    asked = [(kind, {"node": "node-0"}) for kind in kinds]
    pool = Pool(UPGRADE, ("resize", {"nodes": 3}), *asked)
    names = ("upgrade_os", "resize", *kinds)
    text = "\n".join(
        f"{100 + k} {name}-0 -> InProgress because the scenario" for k, name in enumerate(names)
    )
    rows = pool.model.operations_table(pool.log(text))
    assert [row["http_status"] for row in rows] == [202, 202, 202, 202, 200, 200]
    assert [row["at_s"] for row in rows] == [100, 101, 102, 103, 104, 105]


def test_a_refused_operation_has_its_code_and_a_message_about_it():
    pool = Pool(UPGRADE)
    (row,) = pool.model.operations_table(
        pool.log("100 upgrade_os-0 -> Refused/version unknown because the scenario")
    )
    assert (row["status"], row["http_status"], row["code"]) == ("Refused", 400, "OSVersionNotFound")
    assert TARGET in row["message"]


# Lanes


def test_a_lane_shows_when_its_node_is_in_service_and_why_it_is_not():
    text = (
        WALK
        + """
    600 node-0 -> unusable because failures
    700 node-0 -> starttaskfailed because failures
    """
    )
    pool = Pool(UPGRADE)
    assert bars(pool.model, pool.log(text)) == [
        ("node-0", 0, 100, "ready"),
        ("node-0", 320, 600, "ready"),
        ("node-0", 600, 700, "other"),
        ("node-0", 100, 320, "updating"),
        ("node-0", 700, 1000, "failing"),
        ("node-1", 0, 320, "ready"),
        ("node-1", 500, 1000, "ready"),
        ("node-1", 320, 350, "draining"),
        ("node-1", 350, 500, "updating"),
    ]


def test_a_node_that_is_created_or_removed_is_not_out():
    text = """
    100 node-2 -> creating because resize-0
    200 node-2 -> waitingforstarttask because resize-0
    300 node-2 -> idle because resize-0
    400 node-2 -> rebooting because failures
    500 node-2 -> waitingforstarttask because failures
    600 node-2 -> idle because failures
    700 node-2 -> leavingpool because resize-0
    """
    pool = Pool(("resize", {"nodes": 3}))
    assert [bar for bar in bars(pool.model, pool.log(text)) if bar[0] == "node-2"] == [
        ("node-2", 300, 400, "ready"),
        ("node-2", 600, 700, "ready"),
        ("node-2", 100, 300, "scaling"),
        ("node-2", 700, 1000, "scaling"),
        ("node-2", 400, 600, "other"),
    ]


def test_an_absent_node_has_no_lane():
    pool = Pool(("resize", {"nodes": 3}))
    assert {lane for lane, *_ in bars(pool.model, pool.log(""))} == {"node-0", "node-1"}


def test_however_many_nodes_there_are_each_has_a_lane():
    pool = Pool(nodes=1000)
    found = activity(pool.model, pool.log("100 node-0 -> unusable because failures"))
    assert (found.what, found.failing, found.lanes) == ("nodes", "its start task failed", 1000)
    assert found.shares()["other"].values.tolist() == [0.0, 0.001]


# Progress


def test_running_tasks_that_terminate_killed_are_told_with_their_work():
    text = """
    0 job/0 -> active
    0 job/1 -> active
    0 job/0 -> running because node-0
    0 job/1 -> running because node-1
    1800 node-0 -> rebooting because reboot_node-0
    1800 job/0 -> failed because node-0
    1900 job/1 -> failed because job/1
    """
    pool = Pool(("reboot_node", {"node": "node-0", "option": "terminate"}), horizon=3600.0)
    stack = pool.stack(text)
    assert progress_text(pool.model.layout, stack) == [
        "1 running task killed by terminate, never to be completed (0.5 task-hours of work)"
    ]
    assert progress_text(pool.model.layout, pool.stack("")) == []
