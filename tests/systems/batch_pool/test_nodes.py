"""What is asked of single nodes of a Batch pool and of its size, in an upgrade or not: stories."""

from __future__ import annotations

import pytest
from pool_story import BAG, IMAGE, NEW, UPGRADE, reboot, resize, story, tasks

PACES = ("waves", "rolling")
OPTIONS = ("requeue", "terminate", "taskcompletion", "retaineddata")
DRAIN = {"interruptions": {"on_upgrade": "taskcompletion"}}
DRAINING = "running (scheduling disabled)"


def disable(node, option="requeue"):
    return {"disable_scheduling": {"node": node, "option": option}}


def enable(node):
    return {"enable_scheduling": {"node": node}}


# Growth


def test_new_nodes_are_created_and_started_before_they_take_tasks():
    told = story((10, resize(2)), nodes=1, create="90s", start_task="20s", work=BAG)
    assert told.about("node-1", "resize-0", "allocation of p") == [
        "10 resize-0 absent -> InProgress because the scenario",
        "10 allocation of p steady -> resizing because resize-0",
        "10 node-1 absent -> creating/5.30 because resize-0",
        "100 node-1 creating/5.30 -> waitingforstarttask/5.30 because resize-0",
        "120 node-1 waitingforstarttask/5.30 -> idle/5.30 because resize-0",
        "120 allocation of p resizing -> steady because resize-0",
        "120 resize-0 InProgress -> Succeeded because resize-0",
    ]
    assert [runs[0][:2] for runs in told.runs().values()] == [
        ("node-0", 0),
        ("node-0", 100),
        ("node-1", 120),
    ]


def test_a_pool_that_is_resized_refuses_an_upgrade_and_another_resize():
    told = story((50, resize(3)), (60, UPGRADE), (70, resize(4)), create="30s")
    assert told.request("upgrade_os-0") == ("Refused", 409, "PoolBeingResized")
    assert told.request("resize-1") == ("Refused", 409, "PoolBeingResized")
    assert told.measure("finished") == 0


def test_a_resize_to_the_same_number_ends_at_once():
    told = story((50, resize(2)))
    assert [line.split()[1] for line in told.lines] == ["resize-0", "resize-0"]


def test_a_node_whose_start_task_fails_ends_the_resize_too():
    told = story((50, resize(3)), create="30s", start_task={"duration": "5s", "fails": "100%"})
    assert told.statuses("node-2")[-1] == (85, "starttaskfailed")
    assert told.operation("resize-0")["ended_s"] == 85


@pytest.mark.parametrize("asked", [UPGRADE, IMAGE])
def test_nodes_that_come_during_an_upgrade_come_at_its_target_and_are_not_taken(asked):
    kind = "cloud_service" if asked is UPGRADE else "virtual_machine"
    told = story((50, asked), (60, resize(4)), create="20s", configuration=kind)
    target = NEW if asked is UPGRADE else "image 2"
    shown = {"node-0": 50, "node-1": 110}
    assert told.taken == shown
    assert told.series(f"by_version:{target}") == [(0, 0), (80, 2), (110, 3), (170, 4)]
    assert told.measure("updated_share") == 1


def test_nodes_that_come_back_come_at_the_version_of_the_last_upgrade():
    told = story((50, resize(1)), (60, UPGRADE), (200, resize(2)), create="20s")
    assert told.about("node-1")[-1].startswith("220 node-1 creating/5.31 -> idle/5.31 ")


# Shrinking


@pytest.mark.parametrize(
    ("option", "gone", "run"),
    [
        ("requeue", 50, (0, 50, "active")),
        ("terminate", 50, (0, 50, "failed")),
        ("taskcompletion", 300, (0, 300, "completed")),
        ("retaineddata", 300 + 600, (0, 300, "completed")),
    ],
)
def test_nodes_with_the_highest_numbers_go_by_the_option(option, gone, run):
    told = story((50, resize(1, option)), retention_time="10min", **tasks((0, 300), (0, 300)))
    leaving = told.statuses("node-1")
    assert leaving[0] == ((50, "absent") if gone == 50 else (50, DRAINING))
    assert leaving[-1] == (gone, "absent")
    assert ((300, "leavingpool") in leaving) == (option == "retaineddata")
    assert told.runs()[1][0][1:] == run
    assert told.operation("resize-0")["ended_s"] == gone
    assert told.measure("requeues") == (option == "requeue")


def test_the_pools_own_option_holds_where_the_request_has_none():
    asked = {"resize": {"nodes": 1}}
    told = story((50, asked), node_deallocation_option="terminate", **tasks((0, 90), (0, 90)))
    assert told.runs()[1] == [("node-1", 0, 50, "failed")]


def test_data_that_was_never_there_is_not_waited_for():
    told = story((50, resize(1, "retaineddata")), **tasks((0, 900)))
    assert told.operation("resize-0")["ended_s"] == 50


def test_retention_counts_from_the_end_of_the_last_task():
    told = story((50, resize(1, "retaineddata")), retention_time="60s", **tasks((0, 20), (0, 30)))
    assert told.statuses("node-1") == [(50, "leavingpool"), (90, "absent")]


def test_a_node_that_fails_while_it_leaves_is_gone_at_once():
    told = story(
        (1, resize(0, "taskcompletion")),
        nodes=1,
        failures={"per_year": 400_000, "recovery": "100s"},
        **tasks((0, 9000)),
    )
    drains, (failed, status), gone = told.statuses("node-0")
    assert drains == (1, DRAINING)
    assert (status, gone) == ("unusable", (failed, "absent"))
    assert told.operation("resize-0")["ended_s"] == failed


@pytest.mark.parametrize("option", OPTIONS)
def test_a_node_that_is_out_of_service_goes_at_once(option):
    told = story((40, reboot("node-1")), (50, resize(1, option)), reboot="100s", work=BAG)
    assert told.statuses("node-1") == [(40, "rebooting"), (50, "absent")]
    assert told.request("reboot_node-0") == ("Failed", 409, "OperationInvalidForCurrentState")


# Shrinking while an upgrade is on


@pytest.mark.parametrize("pace", PACES)
@pytest.mark.parametrize(
    ("option", "runs"),
    [
        ("requeue", [(0, 60, "active")]),
        ("terminate", [(0, 60, "failed")]),
        ("taskcompletion", [(0, 300, "completed")]),
        ("retaineddata", [(0, 300, "completed")]),
    ],
)
def test_nodes_that_go_leave_the_upgrade_whatever_becomes_of_their_tasks(pace, option, runs):
    work = tasks((0, 300), (0, 300), (0, 300))
    pool = {"nodes": 3, "pace": pace, "retention_time": "10min"}
    told = story((50, UPGRADE), (60, resize(1, option)), **pool, **work)
    assert told.taken == {"node-0": 50}
    assert told.measure("rollout_duration") == 60
    assert [run[1:] for run in told.runs()[2][:1]] == runs
    assert told.measure("updated_share") == 1


@pytest.mark.parametrize("pace", PACES)
def test_the_last_one_that_waits_may_go_in_a_pause(pace):
    told = story((50, UPGRADE), (130, resize(1)), pace=pace, pause="10min")
    assert told.measure("rollout_duration") == 80
    assert told.measure("finished") == 1


@pytest.mark.parametrize("pace", PACES)
def test_all_may_go_while_the_walk_waits_for_a_window(pace):
    windows = [{"from": "00:10", "to": "00:20"}]
    asked = {"upgrade_os": UPGRADE["upgrade_os"] | {"windows": windows}}
    told = story((50, asked), (130, resize(0)), pace=pace)
    assert told.measure("rollout_duration") == 80
    assert told.taken == {}


@pytest.mark.parametrize("pace", PACES)
def test_a_node_that_is_out_by_the_upgrade_goes_and_the_next_follows(pace):
    work = tasks((0, 900), (1, 900))
    pool = {"nodes": 3, "order": "least_work_lost", "pace": pace}
    told = story((50, UPGRADE), (60, resize(2)), **pool, **work)
    assert told.taken == {"node-0": 120, "node-1": 60, "node-2": 50}


@pytest.mark.parametrize("pace", PACES)
@pytest.mark.parametrize("option", ["requeue", "taskcompletion"])
def test_a_node_that_drains_for_the_upgrade_and_goes_gives_its_place_to_one_other(pace, option):
    """node-1 drains for it; a place given back twice would take two nodes at a time."""
    told = story(
        (5, resize(3)),
        (50, UPGRADE),
        (60, resize(1, option)),
        nodes=2,
        pace=pace,
        order="idle_first",
        create="1s",
        **DRAIN,
        **tasks((0, 900), (1, 910), (10, 100)),
    )
    assert told.statuses("node-0")[0][0] == 50  # the first of those that are busy
    assert told.taken == {"node-0": 900}
    assert told.measure("rollout_duration") == 910


@pytest.mark.parametrize("pace", PACES)
def test_all_nodes_may_go_while_they_are_upgraded(pace):
    told = story((50, UPGRADE), (60, resize(0)), max_concurrent=2, pace=pace)
    assert told.measure("rollout_duration") == 10
    assert told.lines[-1] == "60 resize-0 InProgress -> Succeeded because resize-0"


def test_a_pool_without_nodes_is_upgraded_in_no_time():
    told = story((10, resize(0)), (50, UPGRADE), (70, resize(1)), create="5s")
    assert told.about("upgrade by upgrade_os-0", "pool p") == [
        "50 upgrade by upgrade_os-0 absent -> upgrading because upgrade_os-0",
        "50 pool p active -> upgrading because upgrade by upgrade_os-0",
        "50 upgrade by upgrade_os-0 upgrading -> completed because upgrade by upgrade_os-0",
        "50 pool p upgrading -> active because upgrade by upgrade_os-0",
    ]
    assert told.about("node-0")[-1] == "75 node-0 creating/5.31 -> idle/5.31 because resize-1"


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
