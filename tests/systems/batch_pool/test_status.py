"""Get Pool at an instant, and who is up to date, of hand-made logs."""

from __future__ import annotations

import pytest
from pool_log import OLD, ROLLOUT, TARGET, UPGRADE, WALK, Pool

# Get Pool


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


# Who is up to date


def updated_share(pool, text):
    """The share at the horizon; also the last value of its series."""
    share = pool.measure(text)["updated_share"][0]
    assert pool.series(text, "up_to_date")[-1][1] == share
    return share


@pytest.mark.parametrize(
    ("state", "share"),
    [
        (f"idle/{TARGET}", 1),
        (f"running (scheduling disabled)/{TARGET}", 1),
        (f"waitingforstarttask/{TARGET}", 0.5),
        (f"offline/{TARGET}", 0.5),
        ("idle", 0.5),
        ("absent", 1),
    ],
)
def test_updated_is_who_is_back_in_service_at_the_target_of_those_present(state, share):
    ends = ROLLOUT + f"700 node-0 -> {state} because failures"
    if state == "idle":
        ends = ends.replace(f"400 node-0 -> idle/{TARGET}", "400 node-0 -> idle")
        ends = ends.replace("700 node-0 -> idle", "700 node-0 -> unusable")
    assert updated_share(Pool(UPGRADE), ends) == share


def test_updated_is_to_the_version_last_requested():
    other = ("upgrade_os", {"target_os_version": "WA-GUEST-OS-5.32_201906-01"})
    again = (
        ROLLOUT
        + """
        700 upgrade by upgrade_os-1 -> upgrading because upgrade_os-1
        700 target of p -> requested/WA-GUEST-OS-5.32_201906-01 because upgrade by upgrade_os-1
        700 node-0 -> reimaging because upgrade by upgrade_os-1
        800 node-0 -> idle/WA-GUEST-OS-5.32_201906-01 because upgrade by upgrade_os-1
    """
    )
    assert updated_share(Pool(UPGRADE, other), again) == 0.5


LEAVES = """
    700 resize-0 -> InProgress because the scenario
    700 size of p -> asked for/1 because resize-0
    700 node-1 -> {state} because resize-0
"""


@pytest.mark.parametrize("state", ["running (scheduling disabled)", "leavingpool", "absent"])
@pytest.mark.parametrize("behind", [0, 1])
def test_a_node_that_is_to_go_is_not_in_scope(state, behind):
    """Whether it, or the one that stays, is behind: only what stays counts."""
    begins = ROLLOUT[: ROLLOUT.index("400 node-0")]
    done = f"400 node-{1 - behind} -> idle/{TARGET} because upgrade by upgrade_os-0"
    text = begins + done + LEAVES.format(state=state)
    pool = Pool(UPGRADE, ("resize", {"nodes": 1, "node_deallocation_option": "retaineddata"}))
    assert updated_share(pool, text) == behind


def test_of_no_node_none_is_updated():
    gone = """
        700 node-0 -> absent because resize-0
        700 node-1 -> absent because resize-0
    """
    pool = Pool(UPGRADE, ("resize", {"nodes": 0}))
    assert updated_share(pool, ROLLOUT + gone) == 0
    assert pool.series(ROLLOUT + gone, "up_to_date")[-1] == (700, 0)


def test_before_anything_was_asked_for_nobody_is_updated_and_all_are_up_to_date():
    pool = Pool(UPGRADE)
    assert pool.measure("")["updated_share"] == [0]
    assert pool.series("", "up_to_date") == [(0, 1)]
