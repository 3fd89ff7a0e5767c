"""Get Latest Rolling Upgrade and the OS upgrade history at an instant."""

from __future__ import annotations

import pytest
from set_log import BEGUN, FIRST, IMAGE, UP, WALK, ScaleSet
from set_story import BAD, CANCEL, story
from set_story import IMAGE as ASKED

FOLLOWS = {"enabled": True, "discovery": "50s"}
BREACH = "MaxUnhealthyUpgradedInstancePercentExceededInRollingUpgrade"
PAUSE = {"pause_time_between_batches": "100s"}


def status(at, text=WALK, *requests, **spec):
    made = ScaleSet(*(requests or (IMAGE,)), **spec)
    return made.model.status(made.log(text), at)


def publish(image):
    return {"publish_image": {"image": image}}


def started(at, image):
    return (at, {"start_os_upgrade": {"image": image}})


# The set


def test_a_set_shows_its_capacity_its_model_and_its_instances():
    shown = status(200)
    shown.pop("rollingUpgrades/latest")
    assert shown == {
        "capacity": 2,
        "model": "2",
        "instances": 2,
        "latestModelApplied": {"true": 1, "false": 1},
        "statuses": {"initializing": 1, "healthy": 1},
        "versions": {"2": 1, "1": 1},
    }


def test_the_capacity_is_what_was_asked_for_the_instances_those_that_are_there():
    text = """
    100 scale-0 -> InProgress
    100 capacity of w -> asked for/3 because scale-0
    200 w_2 -> creating because scale-0
    """
    shown = [status(at, text, ("scale", {"instances": 3})) for at in (99, 100, 200)]
    assert [(each["capacity"], each["instances"]) for each in shown] == [(2, 2), (3, 2), (3, 3)]


def test_a_model_that_is_wanted_is_applied_to_nobody_at_first():
    assert status(99)["latestModelApplied"] == {"true": 2, "false": 0}
    assert status(100, BEGUN)["latestModelApplied"] == {"true": 0, "false": 2}


# The latest rolling upgrade


def test_before_any_rolling_upgrade_there_is_none_to_show():
    assert "rollingUpgrades/latest" not in status(99)
    assert "osUpgradeHistory" not in status(1000)


def test_the_latest_upgrade_has_the_names_of_the_rest_api():
    policy = {
        "max_batch_instance_percent": "50%",
        "max_unhealthy_instance_percent": "29%",
        "max_unhealthy_upgraded_instance_percent": "7%",
        "pause_time_between_batches": "60s",
    }
    assert status(250, upgrade_policy=policy)["rollingUpgrades/latest"] == {
        "policy": {
            "maxBatchInstancePercent": 50,
            "maxUnhealthyInstancePercent": 29,
            "maxUnhealthyUpgradedInstancePercent": 7,
            "pauseTimeBetweenBatches_s": 60.0,
            "maxSurge": False,
        },
        "runningStatus": {
            "code": "RollingForward",
            "startTime_s": 100.0,
            "lastAction": "Start",
            "lastActionTime_s": 100.0,
        },
        "progress": {
            "successfulInstanceCount": 1,
            "failedInstanceCount": 0,
            "inProgressInstanceCount": 0,
            "pendingInstanceCount": 1,
        },
        "error": None,
    }


@pytest.mark.parametrize(
    ("at", "progress"),
    [
        (100, (0, 0, 1, 1)),
        (200, (0, 0, 1, 1)),
        (240, (1, 0, 0, 1)),
        (300, (1, 0, 1, 0)),
        (440, (2, 0, 0, 0)),
        (1000, (2, 0, 0, 0)),
    ],
)
def test_progress_counts_those_that_are_done_failed_under_way_and_to_come(at, progress):
    assert tuple(status(at)["rollingUpgrades/latest"]["progress"].values()) == progress


@pytest.mark.parametrize(
    "keys",
    [
        {},
        {"policy": PAUSE},
        {"versions": BAD},
        {"versions": BAD, "policy": {"rollback_failed_instances_on_policy_breach": True}},
        {"policy": {"max_surge": True}},
        {"policy": {"max_surge": True}, "versions": BAD},
        {"unhealthy_instances": [3]},
        {"failures": {"per_year": 20_000, "recovery": "5min"}},
    ],
)
def test_the_counts_add_up_to_the_instances(keys):
    told = story((100, ASKED), (200, CANCEL), instances=8, **keys)
    for at in range(100, 800, 10):
        leaving = told.status(at)["statuses"].get("deleting", 0)
        assert sum(told.progress(at)) == told.status(at)["instances"] - leaving or at > 250


def test_the_codes_are_those_of_the_running_status():
    def codes(*times, **keys):
        told = story((100, ASKED), **keys)
        return [told.latest(at)["runningStatus"]["code"] for at in times]

    assert codes(100, 399, 400) == ["RollingForward", "RollingForward", "Completed"]
    assert codes(499, 500, versions=BAD) == ["RollingForward", "Faulted"]
    goes_back = {"rollback_failed_instances_on_policy_breach": True}
    found = codes(499, 500, 569, 570, versions=BAD, policy=goes_back)
    assert found == ["RollingForward", "RollingBack", "RollingBack", "Faulted"]


def test_a_cancel_is_the_last_action_from_when_it_was_accepted():
    told = story((50, CANCEL), (100, ASKED), (120, CANCEL), (130, CANCEL))
    shown = [told.latest(at)["runningStatus"] for at in (119, 120, 249, 250)]
    assert [each["lastAction"] for each in shown] == ["Start"] + ["Cancel"] * 3
    assert [each["lastActionTime_s"] for each in shown] == [100, 120, 120, 120]
    assert [each["code"] for each in shown] == ["RollingForward"] * 3 + ["Cancelled"]
    assert told.progress(250) == (2, 0, 0, 2)


def test_a_cancel_may_come_at_the_instant_of_the_start():
    told = story((100, ASKED), (100, CANCEL))
    running = told.latest(100)["runningStatus"]
    assert (running["lastAction"], running["lastActionTime_s"]) == ("Cancel", 100)


def test_a_cancel_of_another_upgrade_is_not_its_last_action():
    told = story((100, ASKED), (120, CANCEL), (300, {"update_model": {}}))
    assert told.latest(300)["runningStatus"]["lastAction"] == "Start"
    assert told.latest(299)["runningStatus"]["lastAction"] == "Cancel"


def test_an_upgrade_that_ended_by_a_breach_tells_by_which():
    told = story((100, ASKED), versions=BAD)
    assert told.latest(499)["error"] is None
    assert told.latest(500)["error"] == {
        "code": BREACH,
        "message": "more of the upgraded instances are unhealthy than "
        "max_unhealthy_upgraded_instance_percent allows",
    }
    assert told.progress(500) == (0, 2, 0, 2)


def test_one_that_was_cancelled_or_completed_has_no_error():
    assert story((100, ASKED), (120, CANCEL)).latest(300)["error"] is None
    assert story((100, ASKED)).latest(500)["error"] is None


def test_one_that_goes_back_is_under_way_and_has_failed_afterwards():
    goes_back = {"rollback_failed_instances_on_policy_breach": True}
    told = story((100, ASKED), versions=BAD, policy=goes_back)
    assert told.progress(499) == (0, 0, 2, 2)
    assert told.progress(500) == (0, 0, 2, 2)
    assert told.progress(570) == (0, 2, 0, 2)


def test_the_progress_of_one_that_has_ended_is_that_at_its_end():
    told = story((100, ASKED), (120, CANCEL), (300, {"reimage": {"instances": "all"}}))
    assert told.progress(250) == told.progress(1000) == (2, 0, 0, 2)


def test_an_upgrade_without_batches_is_no_rolling_upgrade():
    told = story((100, ASKED), policy={"mode": "automatic"})
    assert "rollingUpgrades/latest" not in told.status(1000)


def test_an_image_that_is_not_discovered_yet_is_no_rolling_upgrade_yet():
    told = story((100, publish("2")), automatic_os_upgrade=FOLLOWS)
    assert "rollingUpgrades/latest" not in told.status(149)
    assert told.latest(150)["runningStatus"]["startTime_s"] == 150


def test_the_latest_is_the_one_that_began_last():
    told = story((1000, ASKED), started(100, "3"))
    assert told.latest(999)["runningStatus"]["startTime_s"] == 100
    assert told.latest(1000)["runningStatus"]["startTime_s"] == 1000


@pytest.mark.parametrize("mode", ["manual", "rolling"])
def test_an_upgrade_to_what_is_wanted_already_is_shown_too(mode):
    """By a change that nobody follows, or by an upgrade that was cancelled."""
    told = story((100, ASKED), (120, CANCEL), started(1000, "2"), policy={"mode": mode})
    assert told.latest(1000)["runningStatus"]["startTime_s"] == 1000
    assert told.latest(2000)["runningStatus"]["code"] == "Completed"
    (attempt,) = told.status(2000)["osUpgradeHistory"]
    assert (attempt["startedBy"], attempt["targetImageReference"]) == ("User", "2")


def test_so_is_an_image_that_is_published_again():
    asked = (100, publish("2")), (200, CANCEL), (1000, publish("2"))
    told = story(*asked, automatic_os_upgrade=FOLLOWS)
    assert told.latest(1049)["runningStatus"]["code"] == "Cancelled"
    assert told.latest(1050)["runningStatus"]["startTime_s"] == 1050
    assert len(told.status(2000)["osUpgradeHistory"]) == 2


# The history


def test_the_history_is_of_images_that_users_or_azure_roll_out():
    told = story((100, publish("2")), (1000, ASKED), automatic_os_upgrade=FOLLOWS)
    (attempt,) = told.status(2000)["osUpgradeHistory"]
    assert attempt == {
        "runningStatus": {"code": "Completed", "startTime_s": 150.0, "endTime_s": 450.0},
        "progress": {
            "successfulInstanceCount": 4,
            "failedInstanceCount": 0,
            "inProgressInstanceCount": 0,
            "pendingInstanceCount": 0,
        },
        "error": None,
        "startedBy": "Platform",
        "targetImageReference": "2",
        "rollbackInfo": {
            "successfullyRolledbackInstanceCount": 0,
            "failedRolledbackInstanceCount": 0,
        },
    }


def test_one_that_is_on_has_no_end_yet():
    told = story(started(100, "2"))
    (attempt,) = told.status(300)["osUpgradeHistory"]
    assert (attempt["startedBy"], attempt["runningStatus"]["endTime_s"]) == ("User", None)


def test_instances_that_got_their_disks_back_are_counted():
    told = story((100, publish("2")), automatic_os_upgrade=FOLLOWS, versions=BAD)
    (attempt,) = told.status(2000)["osUpgradeHistory"]
    assert attempt["rollbackInfo"]["successfullyRolledbackInstanceCount"] == 2
    assert attempt["error"]["code"] == BREACH
    assert list(attempt["progress"].values()) == [0, 2, 0, 2]


def test_each_attempt_has_its_own_errors_and_returns():
    asked = (100, publish("3")), (2000, publish("2"))
    told = story(*asked, automatic_os_upgrade=FOLLOWS, versions=BAD)
    good, bad = told.status(5000)["osUpgradeHistory"]
    assert (good["error"], list(good["progress"].values())) == (None, [4, 0, 0, 0])
    assert (bad["error"]["code"], list(bad["progress"].values())) == (BREACH, [0, 2, 0, 2])
    counts = [each["rollbackInfo"]["successfullyRolledbackInstanceCount"] for each in (good, bad)]
    assert counts == [0, 2]


def test_the_history_keeps_the_last_five():
    told = story(*(started(1000 * k, str(k)) for k in range(1, 8)))
    shown = [
        [each["targetImageReference"] for each in told.status(at)["osUpgradeHistory"]]
        for at in (5999, 6000, 9000)
    ]
    assert shown == [list("12345"), list("23456"), list("34567")]


def test_the_history_goes_back_two_months():
    told = story(started(0, "2"), started(86400, "3"), horizon="70d")

    def shown(at):
        history = told.status(at).get("osUpgradeHistory", [])
        return [each["targetImageReference"] for each in history]

    assert shown(60 * 86400 - 1) == ["2", "3"]
    assert shown(60 * 86400) == ["3"]
    assert shown(61 * 86400) == []


def test_what_later_upgrades_delete_does_not_change_the_history():
    told = story(started(100, "2"), started(2000, "3"), policy={"max_surge": True})
    shown = [list(each["progress"].values()) for each in told.status(5000)["osUpgradeHistory"]]
    assert shown == [[4, 0, 0, 0]] * 2


def test_old_instances_whose_replacement_failed_have_failed():
    told = story((100, ASKED), versions=BAD, policy={"max_surge": True})
    assert told.progress(300) == (0, 0, 2, 4)
    assert told.progress(550) == told.progress(580) == (0, 2, 0, 2)


def test_superseded_upgrades_are_not_shown():
    asked = (100, publish("2")), (120, publish("3"))
    told = story(*asked, automatic_os_upgrade=FOLLOWS)
    (attempt,) = told.status(2000)["osUpgradeHistory"]
    assert attempt["targetImageReference"] == "3"


def test_hand_made_rows_are_told_at_any_time():
    text = BEGUN + FIRST + f"500 {UP} -> cancelled because {UP}"
    assert status(600, text)["rollingUpgrades/latest"]["runningStatus"]["code"] == "Cancelled"
