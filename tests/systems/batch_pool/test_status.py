"""Get Pool at an instant, of hand-made logs."""

from __future__ import annotations

from pool_log import TARGET, UPGRADE, Pool

OLD = "WA-GUEST-OS-5.30_201904-01"
BY = "upgrade by upgrade_os-0"
WALK = f"""
    0 job/0 -> active
    0 job/1 -> active
    0 job/2 -> active
    0 job/0 -> running because node-0
    0 job/1 -> running because node-1
    100 upgrade_os-0 -> InProgress because the scenario
    100 {BY} -> upgrading because upgrade_os-0
    100 pool p -> upgrading because {BY}
    100 target of p -> requested/{TARGET} because {BY}
    100 node-0 -> reimaging because {BY}
    100 job/0 -> active because node-0
    100 job/1 -> completed because node-1
    100 job/0 -> running because node-1
    100 upgrade_os-0 -> Succeeded because upgrade_os-0
    300 node-0 -> waitingforstarttask/{TARGET} because {BY}
    320 node-0 -> idle/{TARGET} because {BY}
    320 job/2 -> running because node-0
    320 node-1 -> running (scheduling disabled) because {BY}
    350 node-1 -> reimaging because {BY}
    350 job/0 -> active because node-1
    500 node-1 -> idle/{TARGET} because {BY}
    500 {BY} -> completed because {BY}
    500 target of p -> reached because {BY}
    500 pool p -> active because {BY}
"""


def status(at, text=WALK, pool=None):
    pool = pool or Pool(UPGRADE)
    return pool.model.status(pool.log(text), at)


def test_get_pool_has_the_names_of_its_elements():
    assert status(310) == {
        "state": "upgrading",
        "allocationState": "steady",
        "currentOSVersion": OLD,
        "targetOSVersion": TARGET,
        "currentDedicatedNodes": 2,
        "targetDedicatedNodes": 2,
        "nodeStates": {"running": 1, "waitingforstarttask": 1},
        "nodeVersions": {OLD: 1, TARGET: 1},
    }


def test_an_upgrade_shows_where_nodes_come_from_until_all_are_done():
    shown = [status(at) for at in (0, 99, 100, 499, 500, 1000)]
    assert [each["state"] for each in shown] == [
        "active",
        "active",
        "upgrading",
        "upgrading",
        "active",
        "active",
    ]
    assert [each["currentOSVersion"] for each in shown] == [OLD] * 4 + [TARGET] * 2
    assert [each["targetOSVersion"] for each in shown] == [OLD] * 2 + [TARGET] * 4


def test_nodes_are_seen_running_while_tasks_run_on_them_or_while_they_drain():
    assert [status(at)["nodeStates"] for at in (0, 330, 360, 500)] == [
        {"running": 2},
        {"running": 2},
        {"reimaging": 1, "running": 1},
        {"idle": 1, "running": 1},
    ]


def test_a_resize_shows_the_nodes_that_are_there_and_those_that_are_wanted():
    text = """
    100 resize-0 -> InProgress because the scenario
    100 size of p -> asked for/3 because resize-0
    100 allocation of p -> resizing because resize-0
    100 node-2 -> creating because resize-0
    200 resize-1 -> Refused/resizing because the scenario
    300 node-2 -> idle because resize-0
    300 allocation of p -> steady because resize-0
    300 resize-0 -> Succeeded because resize-0
    """
    pool = Pool(("resize", {"nodes": 3}), ("resize", {"nodes": 7}))
    shown = [
        (each["allocationState"], each["currentDedicatedNodes"], each["targetDedicatedNodes"])
        for each in (status(at, text, pool) for at in (99, 100, 250, 300))
    ]
    assert shown == [("steady", 2, 2), ("resizing", 3, 3), ("resizing", 3, 3), ("steady", 3, 3)]
    assert status(150, text, pool)["nodeStates"] == {"creating": 1, "idle": 2}


def test_a_virtual_machine_pool_has_images_and_no_os_versions():
    pool = Pool(("upgrade_image", {}), configuration="virtual_machine")
    text = """
    100 upgrade by upgrade_image-0 -> upgrading because upgrade_image-0
    100 node-0 -> upgradingos because upgrade by upgrade_image-0
    300 node-0 -> idle/image 2 because upgrade by upgrade_image-0
    """
    shown = status(400, text, pool)
    assert "currentOSVersion" not in shown
    assert shown["nodeVersions"] == {"image 1": 1, "image 2": 1}
