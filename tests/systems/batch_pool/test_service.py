"""What may be asked of a Batch pool while it is upgraded, and how pools of virtual machines are."""

from __future__ import annotations

import pytest
from pool_story import BAG, IMAGE, NEW, NEWER, UPGRADE, story, tasks

OTHER = {"upgrade_os": {"target_os_version": NEWER}}


def test_the_same_target_again_is_accepted_and_does_nothing():
    told = story((50, UPGRADE), (60, UPGRADE))
    assert told.request("upgrade_os-1") == ("Succeeded", 202, "")
    assert told.about("upgrade_os-1") == [
        "60 upgrade_os-1 absent -> InProgress because the scenario",
        "60 upgrade_os-1 InProgress -> Succeeded because upgrade_os-1",
    ]
    assert told.times == [50, 110]
    assert told.measure("finished") == 1
    assert told.measure("rollout_duration") == 120


def test_another_target_is_refused_while_one_is_on_and_the_same_afterwards():
    told = story((50, UPGRADE), (60, OTHER), (170, UPGRADE), (180, OTHER))
    assert told.request("upgrade_os-1") == ("Refused", 409, "UpgradePoolVersionConflict")
    assert told.request("upgrade_os-2") == ("Refused", 400, "PoolVersionEqualsUpgradeVersion")
    assert told.request("upgrade_os-3") == ("Succeeded", 202, "")
    assert told.series("by_version:" + NEWER)[-1][1] == 2


def test_refused_requests_change_nothing():
    told = story((60, IMAGE), (70, {"upgrade_os": {"target_os_version": "x"}}))
    assert [line.split()[1] for line in told.lines] == ["upgrade_image-0", "upgrade_os-0"]


def test_the_pool_is_at_its_old_version_until_all_nodes_are_done():
    told = story((50, UPGRADE))
    shown = [told.status(at) for at in (49, 50, 169, 170)]
    old = "WA-GUEST-OS-5.30_201904-01"
    assert [each["state"] for each in shown] == ["active", "upgrading", "upgrading", "active"]
    assert [each["currentOSVersion"] for each in shown] == [old, old, old, NEW]
    assert [each["targetOSVersion"] for each in shown] == [old, NEW, NEW, NEW]
    assert told.status(120)["nodeVersions"] == {old: 1, NEW: 1}


def test_the_star_is_the_newest_version_that_there_is_at_that_time():
    listed = [
        {"version": "WA-GUEST-OS-5.30_201904-01"},
        {"version": "WA-GUEST-OS-5.9_201701-01"},
        {"version": NEW, "released": "2019-05-01"},
        {"version": NEWER, "released": "2019-06-01"},
        {"version": "WA-GUEST-OS-6.1_201905-01"},
    ]

    def asked_on(day):
        latest = {"upgrade_os": {"target_os_version": "*"}}
        return story((50, latest), nodes=1, start=f"{day}T00:00", os_versions=listed)

    assert asked_on("2019-05-02").status(200)["currentOSVersion"] == NEW
    assert asked_on("2019-06-02").status(200)["currentOSVersion"] == NEWER
    equal = ("Refused", 400, "PoolVersionEqualsUpgradeVersion")
    assert asked_on("2019-04-02").request("upgrade_os-0") == equal


# Pools of virtual machines

MACHINES = {"configuration": "virtual_machine"}


def test_an_image_goes_in_batches_with_pauses_whatever_the_pool_says_of_upgrade_os():
    policy = {"max_batch_instance_percent": "40%", "pause_time_between_batches": "10s"}
    pool = {"nodes": 5, "pace": "rolling", "pause": "1h", "order": "idle_first", **MACHINES}
    told = story((50, IMAGE), upgrade_policy=policy, **pool)
    assert told.times == [50, 50, 120, 120, 190]
    assert told.about("node-0") == [
        "50 node-0 idle/image 1 -> upgradingos/image 1 because upgrade by upgrade_image-0",
        "110 node-0 upgradingos/image 1 -> idle/image 2 because upgrade by upgrade_image-0",
    ]
    assert told.about("pool p") == []  # its state knows no upgrades any more


@pytest.mark.parametrize(
    ("deferral", "runs"),
    [(False, [(0, 50, "active"), (110, 210, "completed")]), (True, [(0, 100, "completed")])],
)
def test_with_the_deferral_a_node_is_taken_when_its_tasks_are_done(deferral, runs):
    """What the pool says of upgrade_os would terminate them."""
    policy = {"os_rolling_upgrade_deferral": deferral}
    mode = {"interruptions": {"on_upgrade": "terminate"}}
    told = story((50, IMAGE), nodes=1, upgrade_policy=policy, **MACHINES, **mode, **tasks((0, 100)))
    assert [run[1:] for run in told.runs()[0]] == runs
    assert told.times == [runs[0][1]]


def test_one_image_at_a_time():
    told = story((50, IMAGE), (60, IMAGE), (900, IMAGE), **MACHINES)
    assert told.request("upgrade_image-1") == ("Refused", 409, "OperationInvalidForCurrentState")
    assert told.about("node-1")[-1].endswith("idle/image 4 because upgrade by upgrade_image-2")


# Several pools


@pytest.mark.parametrize("name", ["a", "z"])
def test_two_pools_do_not_know_of_each_other(name):
    other = {"kind": "batch_pool", "nodes": 3, "work": {"tasks": 5, "service": "70s"}}
    asked = {"upgrade_os": UPGRADE["upgrade_os"] | {"system": "p"}}
    alone, both = story((50, asked), work=BAG), story((50, asked), work=BAG, others={name: other})
    systems = [both.log.subjects.block_of(row["subject"]).system for row in both.log.rows]
    ours = [line for system, line in zip(systems, both.all_lines, strict=True) if system == "p"]
    assert ours == alone.all_lines
