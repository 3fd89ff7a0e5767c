"""Requests for several nodes of a Batch pool: one operation, a row a node."""

from __future__ import annotations

import pytest
from any_pool import noted, scenario
from pool_story import BAG, UPGRADE, reboot, resize, simulation, story, tasks

from sim.forecast.explanation import describe

HAND = {"reboot": "50s", "work": (), "nodes": 4}


def disable(node, option="requeue"):
    return {"disable_scheduling": {"node": node, "option": option}}


def enable(node):
    return {"enable_scheduling": {"node": node}}


def answer(told, name):
    row = told.operation(name)
    return row["status"], row["http_status"], row["code"], row["message"]


def test_all_nodes_reboot_by_one_request_and_it_ends_with_the_last():
    told = story((100, reboot("all")), **HAND)
    assert told.lines == [
        "100 reboot_node-0 absent -> InProgress because the scenario",
        *(f"100 node-{k} idle/5.30 -> rebooting/5.30 because reboot_node-0" for k in range(4)),
        *(f"150 node-{k} rebooting/5.30 -> idle/5.30 because reboot_node-0" for k in range(4)),
        "150 reboot_node-0 InProgress -> Succeeded because reboot_node-0",
    ]
    assert answer(told, "reboot_node-0") == ("Succeeded", 202, "", "")
    assert told.measure("min_capacity") == 0


def test_a_list_takes_names_and_numbers_and_each_node_has_a_draw_of_its_own():
    times = {"uniform": {"low": "10s", "high": "90s"}}
    several = story((100, reboot([3, "node-1"])), **HAND | {"reboot": times})
    alone = story((100, reboot("node-3")), **HAND | {"reboot": times})
    assert [line for line in several.lines if " node-0 " in line or " node-2 " in line] == []
    assert several.statuses("node-3") == alone.statuses("node-3")
    assert several.statuses("node-1")[1] != several.statuses("node-3")[1]
    ended = max(several.statuses(node)[1][0] for node in ("node-1", "node-3"))
    assert several.operation("reboot_node-0")["ended_s"] == ended


def test_the_nodes_in_a_state_are_those_that_are_in_it_then():
    """Two of four nodes run a task at 50 s: one request for them, one for the others."""
    work = tasks((0, 200), (0, 200))
    busy = story((50, disable("running", "taskcompletion")), nodes=4, **work)
    assert [node for node in range(4) if busy.statuses(f"node-{node}")] == [0, 1]
    idle = story((50, disable("idle")), (60, enable("offline")), nodes=4, **work)
    assert [idle.statuses(f"node-{node}") for node in range(4)] == [
        [],
        [],
        [(50.0, "offline"), (60.0, "idle")],
        [(50.0, "offline"), (60.0, "idle")],
    ]


def test_nodes_whose_start_task_failed_are_mended_by_one_request():
    """All fail after the upgrade, which takes 60 s each, one by one; then they are reimaged."""
    spec = {"start_task": {"duration": "0s", "fails": "100%"}, "reimage": "30s", "work": ()}
    told = story((0, UPGRADE), (200, {"reimage_node": {"node": "starttaskfailed"}}), **spec)
    assert told.statuses("node-1")[-2:] == [(200.0, "reimaging"), (230.0, "starttaskfailed")]
    assert told.request("reimage_node-0") == ("Succeeded", 202, "")


def test_a_state_that_no_node_is_in_touches_nothing_and_says_so():
    told = story((100, reboot("starttaskfailed")), **HAND)
    assert told.lines == [
        "100 reboot_node-0 absent -> InProgress because the scenario",
        "100 reboot_node-0 InProgress -> Succeeded/no node because reboot_node-0",
    ]
    assert answer(told, "reboot_node-0") == (
        "Succeeded",
        202,
        "",
        "nothing happened: no node was starttaskfailed",
    )
    asked = simulation((100, reboot("starttaskfailed")), **HAND)
    assert "nothing happens: no node is starttaskfailed by then." in describe(asked)


def test_a_node_that_rejects_it_does_not_keep_the_others_from_it():
    told = story((90, disable("node-1")), (100, reboot("all")), **HAND)
    assert told.about("reboot_node-0") == [
        "100 reboot_node-0 absent -> InProgress because the scenario",
        "100 reboot_node-0 InProgress -> InProgress/node offline because node-1",
        "150 reboot_node-0 InProgress/node offline -> Failed/some nodes because reboot_node-0",
    ]
    assert [node for node in range(4) if (150.0, "idle") in told.statuses(f"node-{node}")] == [
        0,
        2,
        3,
    ]
    assert answer(told, "reboot_node-0") == (
        "Failed",
        409,
        "OperationNotValidOnNode",
        "node-1 is in state offline: allowed in idle, running, starttaskfailed; the others took it",
    )


def test_a_request_that_every_node_rejects_is_refused():
    asked = [(90, disable("all")), (100, reboot("all"))]
    told = story(*asked, **HAND)
    assert len([line for line in told.lines if "rebooting" in line]) == 0
    message = (
        "node-0 is in state offline: allowed in idle, running, starttaskfailed (so node-1, "
        "node-2, node-3)"
    )
    assert answer(told, "reboot_node-0") == (
        "Refused",
        409,
        "OperationNotValidOnNode",
        message,
    )
    notes = noted({"disable_scheduling": {"node": "all"}}, {"reboot_node": {"node": "all"}})
    assert notes == []  # what the service will refuse is told by the forecast
    assert f"OperationNotValidOnNode: {message}" in describe(simulation(*asked, **HAND))


def test_nodes_that_are_not_there_and_nodes_out_are_told_each_by_its_rule():
    """The pool has node-0 and node-1 by then; node-1 is being rebooted."""
    asked = [(50, resize(2)), (60, reboot("node-1")), (70, reboot(["node-1", "node-2", 3]))]
    told = story(*asked, **HAND)
    assert answer(told, "reboot_node-1") == (
        "Refused",
        409,
        "NodeBeingRebooted",
        "node-1 is in state rebooting: allowed in idle, running, starttaskfailed; the pool has no "
        "node-2 (so node-3)",
    )


def test_a_node_that_is_removed_meanwhile_fails_it_and_the_others_end_it():
    told = story((100, reboot("all")), (110, resize(3)), **HAND)
    assert told.about("reboot_node-0")[1:] == [
        "110 reboot_node-0 InProgress -> InProgress/node gone because node-3",
        "150 reboot_node-0 InProgress/node gone -> Failed/some nodes because reboot_node-0",
    ]
    assert answer(told, "reboot_node-0")[2:] == (
        "OperationInvalidForCurrentState",
        "node-3 was removed meanwhile; the others took it",
    )


def test_tasks_of_nodes_that_are_taken_together_wait_for_all_of_them():
    """No task goes from the first node to the second one, which is taken at the same instant."""
    told = story((50, reboot("all")), work=BAG, reboot="50s")
    assert told.runs()[0] == [("node-0", 0, 50, "active"), ("node-0", 100, 200, "completed")]
    assert told.measure("requeues") == 2


def test_nodes_that_drain_are_taken_each_when_it_is_empty():
    told = story((50, reboot("all", "taskcompletion")), reboot="50s", **tasks((0, 100), (0, 130)))
    assert told.statuses("node-0")[1:] == [(100.0, "rebooting"), (150.0, "idle")]
    assert told.statuses("node-1")[1:] == [(130.0, "rebooting"), (180.0, "idle")]
    assert told.operation("reboot_node-0")["ended_s"] == 180


@pytest.mark.parametrize(
    ("node", "told"),
    [
        ("all", "all nodes reboot (131s); running tasks go back to the queue"),
        ("running", "all nodes that are running then reboot (131s)"),
        ([2, "node-1"], "node-1, node-2 reboot (131s)"),
        (list(range(9)), "node-0, node-1, node-2, node-3, node-4 and 4 more reboot"),
        (3, "node-3 reboots (131s)"),
    ],
)
def test_explain_says_which_nodes_are_meant(node, told):
    asked = simulation((60, reboot(node)), nodes=9, work={"tasks": 99, "service": "10min"})
    assert told.replace("131s", "2min11s") in describe(asked)


def test_where_times_are_random_that_nobody_is_in_a_state_holds_in_the_mean_case():
    work = {"interarrival": {"exponential": {"mean": "50min"}}, "service": "10min"}
    told = describe(simulation((60, reboot("running")), work=work))
    assert "in the mean case nothing happens: no node is running by then." in told


def test_that_each_node_answers_by_itself_is_an_assumption():
    line = "of several nodes each answers a request by itself"
    assert line in scenario({"reboot_node": {"node": "all"}}).assumptions
    assert line not in scenario({"reboot_node": {"node": 1}}).assumptions


@pytest.mark.parametrize(("node", "nodes"), [("all", 9), ([1, 2], 2), (1, 1), ("unusable", 1)])
def test_what_a_request_costs_grows_with_the_nodes_that_it_means(node, nodes):
    asked = simulation((60, reboot(node)), nodes=9)
    rows = {part.what: part.rows for part in asked.kinds["p"].parts(asked.models["p"])}
    assert rows["nodes that reboot_node-0 takes"] == 3 * nodes + 8
