"""The size of a Batch pool, in an upgrade or not: small stories."""

from __future__ import annotations

import pytest
from pool_story import BAG, IMAGE, NEW, UPGRADE, reboot, resize, story, tasks

PACES = ("waves", "rolling")
OPTIONS = ("requeue", "terminate", "taskcompletion", "retaineddata")
DRAIN = {"interruptions": {"on_upgrade": "taskcompletion"}}
DRAINING = "running (scheduling disabled)"


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
