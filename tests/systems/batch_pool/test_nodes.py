"""What is asked of single nodes of a Batch pool, in an upgrade or not: small stories."""

from __future__ import annotations

import pytest
from pool_story import BAG, UPGRADE, reboot, resize, story, tasks

PACES = ("waves", "rolling")
OPTIONS = ("requeue", "terminate", "taskcompletion", "retaineddata")
DRAIN = {"interruptions": {"on_upgrade": "taskcompletion"}}
DRAINING = "running (scheduling disabled)"


def disable(node, option="requeue"):
    return {"disable_scheduling": {"node": node, "option": option}}


def enable(node):
    return {"enable_scheduling": {"node": node}}


# Reboots and reimages


@pytest.mark.parametrize("kind", ["reboot", "reimage"])
@pytest.mark.parametrize(
    ("option", "begins", "run"),
    [
        ("requeue", 50, (0, 50, "active")),
        ("terminate", 50, (0, 50, "failed")),
        ("taskcompletion", 300, (0, 300, "completed")),
        ("retaineddata", 900, (0, 300, "completed")),
    ],
)
def test_a_node_is_restarted_by_the_option(kind, option, begins, run):
    asked = {f"{kind}_node": {"node": "node-0", "option": option}}
    keys = {"reboot": "100s", "reimage": "100s", "start_task": "7s", "retention_time": "10min"}
    told = story((50, asked), nodes=1, **keys, **tasks((0, 300)))
    found = dict(reversed([each[::-1] for each in told.statuses("node-0")]))
    assert found[f"{kind.removesuffix('e')}ing"] == begins
    assert found["waitingforstarttask"] == begins + 100
    assert told.statuses("node-0")[-1] == (begins + 107, "idle")
    assert told.runs()[0][0][1:] == run
    assert told.operation(f"{kind}_node-0")["ended_s"] == begins + 107
    assert told.about("node-0")[-1].split()[-3:-2] == ["idle/5.30"]


@pytest.mark.parametrize("pace", PACES)
def test_a_node_that_was_upgraded_may_be_rebooted_while_the_upgrade_goes_on(pace):
    told = story((50, UPGRADE), (120, reboot("node-0")), pace=pace, reboot="100s")
    assert told.times == [50, 110]
    assert told.measure("rollout_duration") == 120
    assert (
        told.about("node-0")[-1] == "220 node-0 rebooting/5.31 -> idle/5.31 because reboot_node-0"
    )


def test_a_node_that_is_out_refuses_what_is_asked_of_it():
    told = story(
        (50, UPGRADE),
        (60, reboot("node-0")),
        (70, disable("node-0")),
        (80, reboot("node-2")),
        (120, reboot("node-0")),
        (900, resize(3)),
        start_task="20s",
    )
    assert told.request("reboot_node-0") == ("Refused", 409, "NodeBeingReimaged")
    assert told.request("disable_scheduling-0") == ("Refused", 409, "NodeBeingReimaged")
    assert told.request("reboot_node-1") == ("Refused", 404, "NodeNotFound")
    assert told.request("reboot_node-2") == ("Refused", 409, "NodeBeingStarted")


def test_a_node_that_drains_for_the_upgrade_refuses_a_reboot():
    told = story((50, UPGRADE), (60, reboot("node-0")), **DRAIN, **tasks((0, 300)))
    assert told.request("reboot_node-0") == ("Refused", 409, "OperationNotValidOnNode")
    assert told.times == [300, 360]


@pytest.mark.parametrize("kind", ["reboot", "reimage"])
@pytest.mark.parametrize("option", OPTIONS)
def test_a_node_whose_start_task_failed_is_restarted_at_once_and_may_mend(kind, option):
    """Run 8 draws a failure first and a success at the restart."""
    asked = {f"{kind}_node": {"node": "node-1", "option": option}}
    start = {"duration": "20s", "fails": "50%"}
    keys = {"start_task": start, "reboot": "60s", "reimage": "60s", "create": "30s"}
    told = story((50, resize(2)), (200, asked), nodes=1, run=8, **keys)
    out = f"{kind.removesuffix('e')}ing"
    assert told.statuses("node-1")[2:] == [
        (100, "starttaskfailed"),
        (200, out),
        (260, "waitingforstarttask"),
        (280, "idle"),
    ]
    assert told.request(f"{kind}_node-0") == ("Succeeded", 202, "")


@pytest.mark.parametrize("pace", PACES)
def test_a_broken_node_that_is_rebooted_while_the_upgrade_goes_on_is_upgraded_once(pace):
    """It is back at the later of both ends, and that its start task fails again ends both."""
    start = {"duration": "20s", "fails": "100%"}
    told = story(
        (50, resize(2)), (200, UPGRADE), (210, reboot("node-1")), nodes=1, pace=pace,
        start_task=start, reboot="600s", create="30s",
    )  # fmt: skip
    assert told.taken == {"node-0": 200, "node-1": 280}
    assert told.statuses("node-1")[3:] == [
        (210, "rebooting"),
        (280, "reimaging"),
        (810, "waitingforstarttask"),
        (830, "starttaskfailed"),
    ]
    assert told.measure("finished") == 0


def test_a_broken_node_takes_no_order_to_rest_and_says_what_it_is():
    start = {"duration": "5s", "fails": "100%"}
    told = story((50, resize(3)), (200, disable("node-2")), create="30s", start_task=start)
    assert told.operation("disable_scheduling-0")["message"] == (
        "node-2 is in state starttaskfailed: allowed in idle, running, offline"
    )


# Scheduling


@pytest.mark.parametrize(
    ("option", "statuses", "run"),
    [
        ("requeue", [(50, "offline")], (0, 50, "active")),
        ("terminate", [(50, "offline")], (0, 50, "failed")),
        ("taskcompletion", [(50, DRAINING), (90, "offline")], (0, 90, "completed")),
    ],
)
def test_a_disabled_node_takes_no_tasks_until_it_is_enabled(option, statuses, run):
    asked = [(50, disable("node-0", option)), (200, enable("node-0"))]
    told = story(*asked, nodes=1, **tasks((0, 90), (60, 10)))
    assert told.statuses("node-0") == [*statuses, (200, "idle")]
    assert told.runs()[0][0][1:] == run
    assert min(begin for _, begin, *_ in told.runs()[1]) >= 200


def test_a_disabled_node_is_upgraded_and_stays_offline():
    told = story((40, disable("node-0")), (50, UPGRADE), nodes=1, work=BAG)
    assert told.statuses("node-0") == [(40, "offline"), (50, "reimaging"), (110, "offline")]
    assert told.measure("updated_share") == 0  # back, but not in service
    assert told.measure("finished") == 1


def test_scheduling_that_is_enabled_meanwhile_is_so_when_the_node_returns():
    told = story((40, disable("node-0")), (50, UPGRADE), (60, enable("node-0")), nodes=1)
    assert told.statuses("node-0")[-1] == (110, "idle")


def test_a_node_that_drains_for_the_upgrade_may_be_disabled_and_is_taken_at_once():
    asked = [(50, UPGRADE), (60, disable("node-0", "requeue")), (70, enable("node-0"))]
    told = story(*asked, nodes=1, **DRAIN, **tasks((0, 300)))
    assert told.statuses("node-0") == [
        (50, DRAINING),
        (60, "offline"),
        (60, "reimaging"),
        (120, "idle"),
    ]
    assert told.runs()[0] == [("node-0", 0, 60, "active"), ("node-0", 120, 420, "completed")]


def test_one_that_may_finish_its_tasks_is_taken_when_they_are_done_and_stays_offline():
    asked = [(50, UPGRADE), (60, disable("node-0", "taskcompletion"))]
    told = story(*asked, nodes=1, **DRAIN, **tasks((0, 300)))
    assert told.statuses("node-0") == [(50, DRAINING), (300, "reimaging"), (360, "offline")]


def test_a_node_that_is_enabled_again_is_idle_since_then():
    asked = [(10, disable("node-0")), (50, enable("node-0"))]
    told = story(*asked, **tasks((0, 5), (20, 10), (60, 9), (61, 9)))
    assert [runs[0][0] for runs in told.runs().values()] == [
        "node-0",
        "node-1",
        "node-1",  # idle since 30
        "node-0",
    ]


def test_a_scheduling_state_that_a_node_is_in_already_is_refused():
    told = story((50, enable("node-0")), (60, disable("node-0")), (70, disable("node-0")))
    already = ("Refused", 409, "NodeAlreadyInTargetSchedulingState")
    assert told.request("enable_scheduling-0") == already
    assert told.request("disable_scheduling-1") == already
