"""What may be asked of a scale set, when it is refused, and how it ends. Small stories."""

from __future__ import annotations

import numpy as np
import pytest
from set_story import BAD, BY, CANCEL, EXTENSIONS, IMAGE, SIZE, story

MANUAL = {"mode": "manual"}
AUTOMATIC = {"mode": "automatic"}
FOLLOWS = {"enabled": True, "discovery": "50s"}
START = {"start_os_upgrade": {"image": "2"}}
ANY_HEALTH = {
    "max_unhealthy_instance_percent": "100%",
    "max_unhealthy_upgraded_instance_percent": "100%",
}


def upgrade(*numbers):
    return {"manual_upgrade": {"instances": list(numbers) or "all"}}


def reimage(*numbers):
    return {"reimage": {"instances": list(numbers) or "all"}}


def scale(instances):
    return {"scale": {"instances": instances}}


def publish(image, **keys):
    return {"publish_image": {"image": image, **keys}}


def update(image):
    return {"update_model": {"image": image}}


def keep(*numbers):
    return {"set_protection": {"instances": list(numbers), "protect_from_scale_in": True}}


def protect(*numbers, protected=True):
    body = {"instances": list(numbers), "protect_from_scale_set_actions": protected}
    return {"set_protection": body}


def there(told, at=10_000):
    """The numbers of the instances that are there at a time."""
    states = told.log.until(float(at))
    first = told.model.layout.first_instance
    final = type(told.stack)([states]).final[0, first:]
    return [number for number, code in enumerate(final) if code]


# Automatic


def test_the_mode_automatic_takes_all_at_once():
    told = story((100, IMAGE), policy=AUTOMATIC)
    assert told.lines == [
        "100 update_model-0 absent -> InProgress because the scenario",
        f"100 {BY} absent -> upgrading because update_model-0",
        *(f"100 w_{k} healthy/1 -> reimaging/2 because {BY}" for k in range(4)),
        *(f"200 w_{k} reimaging/2 -> initializing/2 because {BY}" for k in range(4)),
        *(f"250 w_{k} initializing/2 -> healthy/2 because {BY}" for k in range(4)),
        f"250 {BY} upgrading -> completed because {BY}",
        f"250 update_model-0 InProgress -> Succeeded because {BY}",
    ]
    assert told.measure("min_capacity") == 0
    assert told.measure("batches") == 0
    assert "rollingUpgrades/latest" not in told.status(300)


def test_it_has_failed_where_any_instance_is_unhealthy():
    told = story((100, IMAGE), policy=AUTOMATIC, versions=BAD)
    assert told.ended() == (500, "Failed", "VMExtensionProvisioningError")
    assert told.rollout() == [(100, "upgrading"), (500, "failed")]


def test_a_newer_change_supersedes_it_and_takes_instances_again():
    told = story((100, IMAGE), (150, update("3")), policy=AUTOMATIC)
    assert told.ended("update_model-0") == (150, "Failed", "OperationPreempted")
    assert told.rollout("update_model-0") == [(100, "upgrading"), (150, "superseded")]
    assert told.ended("update_model-1") == (300, "Succeeded", "")
    assert told.states(0) == [
        (100, "reimaging"),
        (150, "reimaging"),
        (250, "initializing"),
        (300, "healthy"),
    ]


def test_a_rolling_upgrade_that_is_started_supersedes_it_too():
    told = story((100, EXTENSIONS), (150, START), policy=AUTOMATIC)
    assert told.ended("update_model-0") == (150, "Failed", "OperationPreempted")
    assert told.batches("reimaging") == {150: [0, 1], 300: [2, 3]}


def test_those_that_it_has_taken_out_count_against_a_rolling_upgrade():
    told = story((100, SIZE), (150, START), policy=AUTOMATIC)
    breach = "MaxUnhealthyInstancePercentExceededBeforeRollingUpgrade"
    assert told.ended("start_os_upgrade-0") == (150, "Failed", breach)


def test_protected_instances_stay_as_they_are():
    told = story((50, protect(2)), (100, IMAGE), policy=AUTOMATIC)
    assert told.states(2) == []
    assert told.ended() == (250, "Succeeded", "")
    # It is not covered: the rollout is finished, and says whom it left.
    assert (told.measure("finished"), told.measure("updated_share")) == (1, 0.75)
    assert told.model.shortfalls(told.stack)["without some members"] == [250]


@pytest.mark.parametrize("policy", [AUTOMATIC, MANUAL, None])
def test_an_upgrade_of_which_all_are_protected_took_nobody_and_is_no_finish(policy):
    told = story((50, protect(0, 1, 2, 3)), (100, IMAGE), policy=policy)
    assert told.rollout() == [(100, "upgrading"), (100, "completed")]
    assert (told.measure("finished"), told.measure("safe_end"), told.rollouts_ended) == (
        0,
        0,
        False,
    )
    assert told.measure("ended_in") == 0
    short = told.model.shortfalls(told.stack)
    assert short["without any member"] == [100]
    assert np.isnan(short["without some members"]).all()


def test_who_was_left_behind_before_is_told_beside_an_upgrade_that_took_nobody():
    later = (1000, protect(0, 1, 2, 3)), (1100, {"update_model": {"image": "3"}})
    told = story((50, protect(0)), (100, IMAGE), *later, policy=None)
    short = told.model.shortfalls(told.stack)
    assert short["without any member"] == [1100]
    ends = [time for time, state in told.rollout() if state == "completed"]
    assert short["without some members"].tolist() == ends


@pytest.mark.parametrize("policy", [AUTOMATIC, MANUAL, None])
def test_an_upgrade_to_what_everybody_has_had_nothing_to_do_and_is_done(policy):
    told = story((100, update("1")), policy=policy)
    assert (told.measure("finished"), told.rollouts_ended) == (1, True)
    assert np.isnan(list(told.model.shortfalls(told.stack).values())).all()


def test_another_upgrade_of_which_only_protected_instances_are_left_had_nothing_to_do():
    told = story((50, protect(2)), (100, IMAGE), (900, IMAGE))
    assert told.rollout("update_model-1") == [(900, "upgrading"), (900, "completed")]
    assert (told.measure("finished"), told.rollouts_ended) == (1, True)


LATER = {"update_model": {"image": "2", "windows": [{"from": "00:10", "to": "00:20"}]}}
"""It may take nobody until 600 s."""


def test_an_upgrade_that_is_cancelled_before_its_first_window_never_happened():
    told = story((100, LATER), (200, CANCEL))
    assert told.rollout() == [(100, "upgrading"), (200, "cancelled")]
    assert told.rollouts_ended is False
    assert story((100, LATER), (620, CANCEL)).rollouts_ended is True
    by_hand = story((100, LATER), (150, reimage(0)), (200, CANCEL))
    assert by_hand.rollouts_ended is False
    assert by_hand.status(500)["versions"] == {"2": 1, "1": 3}


def test_an_upgrade_that_breaks_a_threshold_before_its_first_window_never_happened():
    ill = {"unhealthy_instances": [0, 1, 2]}
    told = story((100, LATER), **ill)
    assert told.rollout()[-1][1] == "failed"
    assert told.rollouts_ended is False


def test_a_surge_takes_those_whose_successors_it_creates():
    told = story((100, IMAGE), policy={"max_surge": True} | ANY_HEALTH, versions=BAD)
    assert told.measure("finished") == 0  # nobody is replaced
    assert told.rollouts_ended is True


# Manual


def test_the_mode_manual_sets_the_model_and_takes_nobody():
    told = story((100, IMAGE), policy=MANUAL)
    assert [line for line in told.lines if "w_" in line] == []
    assert told.ended() == (100, "Succeeded", "")
    assert told.rollout() == [(100, "upgrading")]
    assert told.status(200)["latestModelApplied"] == {"true": 0, "false": 4}
    assert told.rollouts_ended is False


def test_a_manual_change_to_the_model_that_all_have_ends_at_once():
    told = story((100, update("1")), policy=MANUAL)
    assert told.rollout() == [(100, "upgrading"), (100, "completed")]


def test_manual_upgrades_take_those_that_are_named_all_at_once():
    told = story((100, IMAGE), (200, upgrade(0, 2, 3, 0)), (500, upgrade()), policy=MANUAL)
    assert [told.states(k)[0] for k in range(4)] == [
        (200, "reimaging"),
        (500, "reimaging"),
        (200, "reimaging"),
        (200, "reimaging"),
    ]
    assert [len(told.states(k)) for k in range(4)] == [3] * 4
    assert told.ended("manual_upgrade-0") == (350, "Succeeded", "")
    assert told.ended("manual_upgrade-1") == (650, "Succeeded", "")
    assert told.rollout() == [(100, "upgrading"), (650, "completed")]
    assert told.measure("rollout_duration") == 550


def test_a_manual_upgrade_of_who_is_up_to_date_ends_at_once():
    told = story((100, upgrade(0)), policy=MANUAL)
    assert told.ended("manual_upgrade-0") == (100, "Succeeded", "")
    assert told.states(0) == []


def test_a_manual_upgrade_fails_where_instances_are_unhealthy_then_and_so_does_the_change():
    told = story((100, IMAGE), (200, upgrade(0)), (1000, upgrade()), policy=MANUAL, versions=BAD)
    failed = "VMExtensionProvisioningError"
    assert told.ended("manual_upgrade-0") == (600, "Failed", failed)
    assert told.ended("manual_upgrade-1") == (1400, "Failed", failed)
    assert told.rollout() == [(100, "upgrading"), (1400, "failed")]


def test_a_manual_change_ends_once_the_last_unprotected_instance_is_at_it():
    told = story((100, IMAGE), (200, upgrade(0, 1, 2)), (400, protect(3)), policy=MANUAL)
    assert told.rollout() == [(100, "upgrading"), (400, "completed")]


def test_a_manual_upgrade_reaches_protected_instances_that_it_names():
    """Protection is from actions on the set, the user's own on an instance still work."""
    told = story((50, protect(3)), (100, IMAGE), (200, upgrade(3)), policy=MANUAL)
    assert told.states(3)[-1] == (350, "healthy")


def test_a_manual_change_ends_when_a_scale_in_deletes_the_last_old_instance():
    told = story((100, IMAGE), (200, upgrade(0, 1, 2)), (400, scale(3)), policy=MANUAL)
    assert told.states(3) == [(400, "deleting"), (430, "absent")]
    assert told.rollout()[-1] == (430, "completed")


# Reimage


def test_a_reimage_takes_instances_at_once_whatever_the_batches_to_the_latest_model():
    told = story((100, IMAGE), (120, CANCEL), (300, reimage(1, 2, 3)))
    assert [told.states(k)[-1] for k in range(4)] == [(250, "healthy")] + [(450, "healthy")] * 3
    assert told.ended("reimage-0") == (450, "Succeeded", "")
    assert told.status(500)["versions"] == {"2": 4}


def test_a_reimage_is_not_refused_while_a_rolling_upgrade_runs():
    told = story((100, IMAGE), (150, reimage(3)))
    assert told.ended("reimage-0") == (300, "Succeeded", "")
    assert told.batches() == {100: [0, 1], 250: [2]}


def test_a_reimage_heals_and_fails_where_instances_are_unhealthy_after_it():
    told = story((100, reimage(0)), unhealthy_instances=[0])
    assert told.states(0)[-1] == (250, "healthy")
    told = story((100, IMAGE), (600, reimage(0)), versions=BAD)
    assert told.ended("reimage-0") == (1000, "Failed", "VMExtensionProvisioningError")


def test_a_reimage_of_one_that_is_created_creates_it_again():
    told = story((100, scale(5)), (150, reimage(4)))
    assert told.states(4) == [
        (100, "creating"),
        (150, "creating"),
        (300, "initializing"),
        (350, "healthy"),
    ]


def test_a_reimage_passes_over_protected_instances():
    told = story((50, protect(2)), (100, reimage()))
    assert told.states(2) == []
    assert told.ended("reimage-0") == (250, "Succeeded", "")


def test_requests_about_instances_that_are_not_there_are_refused():
    for asked in (upgrade(4), reimage(4), keep(4)):
        (name,) = asked
        told = story((100, asked), (200, scale(5)))
        assert told.request(f"{name}-0") == ("Refused", 404, "InstanceIdNotFound")
        told = story((100, scale(5)), (200, asked))
        assert told.request(f"{name}-0")[0] == "Succeeded"


# What is refused while a rolling upgrade runs


@pytest.mark.parametrize(
    "asked",
    [
        IMAGE,
        EXTENSIONS,
        START,
        upgrade(3),
        scale(3),
        {"update_model": {}},
        {"start_extension_upgrade": {"extensions": "2"}},
    ],
)
def test_a_rolling_upgrade_lets_nothing_else_change_the_model_or_delete(asked):
    (kind,) = asked
    name = f"{kind}-{int(kind == 'update_model')}"
    told = story((100, IMAGE), (200, asked))
    assert told.request(name) == ("Refused", 409, "OperationNotAllowed")
    assert told.ended() == (400, "Succeeded", "")
    assert told.request(name)[0] == story((100, IMAGE), (399, asked)).request(name)[0]
    assert story((100, IMAGE), (401, asked)).request(name)[0] == "Succeeded"


def test_it_does_so_in_a_pause_and_while_it_waits_for_a_window():
    pause = {"pause_time_between_batches": "100s"}
    told = story((100, IMAGE), (300, EXTENSIONS), policy=pause)
    assert told.request("update_model-1")[:2] == ("Refused", 409)
    window = {"windows": [{"from": "01:00", "to": "02:00"}]}
    told = story((100, {"update_model": {"image": "2", **window}}), (300, EXTENSIONS))
    assert told.request("update_model-1")[:2] == ("Refused", 409)


@pytest.mark.parametrize("asked", [reimage(3), scale(5), scale(4), keep(1), publish("9")])
def test_what_neither_changes_the_model_nor_deletes_is_taken(asked):
    (kind,) = asked
    told = story((100, IMAGE), (200, asked))
    assert told.request(f"{kind}-0")[0] == "Succeeded"


def test_a_message_names_what_is_in_the_way():
    told = story((100, IMAGE), (200, EXTENSIONS), (210, START))
    rolling = "a rolling upgrade is in progress: wait until it has ended, or cancel it first"
    assert told.operation("update_model-1")["message"] == rolling
    assert told.operation("start_os_upgrade-0")["message"] == (
        "another rolling upgrade is in progress"
    )


# Cancel


def test_a_cancel_is_refused_where_no_rolling_upgrade_runs():
    told = story((50, CANCEL), (100, IMAGE), (401, CANCEL))
    for name in ("cancel_rolling_upgrade-0", "cancel_rolling_upgrade-1"):
        assert told.request(name) == ("Refused", 409, "OperationNotAllowed")
    told = story((100, IMAGE), (150, CANCEL), policy=AUTOMATIC)
    assert told.request("cancel_rolling_upgrade-0")[0] == "Refused"


def test_two_cancels_both_succeed_when_it_ends():
    told = story((100, IMAGE), (120, CANCEL), (130, CANCEL))
    ends = [told.ended(f"cancel_rolling_upgrade-{k}") for k in range(2)]
    assert ends == [(250, "Succeeded", "")] * 2
    assert told.request("update_model-0") == ("Failed", 409, "OperationPreempted")


# Upgrades that are started


@pytest.mark.parametrize("policy", [MANUAL, AUTOMATIC, {}])
def test_upgrades_that_are_started_go_in_batches_in_every_mode(policy):
    told = story((100, START), policy=policy)
    assert told.batches("reimaging") == {100: [0, 1], 250: [2, 3]}
    asked = {"start_extension_upgrade": {"extensions": "2"}}
    told = story((100, asked), policy=policy)
    assert told.batches("extensions updating") == {100: [0, 1], 300: [2, 3]}
    assert told.ended("start_extension_upgrade-0") == (500, "Succeeded", "")


def test_an_upgrade_without_an_image_takes_the_one_published_last():
    latest = {"start_os_upgrade": {}}
    told = story((100, publish("2")), (200, publish("3")), (300, latest))
    assert told.status(400)["model"] == "3"
    assert told.request("publish_image-0")[0] == "Succeeded"


def test_it_is_refused_where_none_was_published():
    told = story((100, {"start_os_upgrade": {}}), (200, publish("2")))
    assert told.request("start_os_upgrade-0") == ("Refused", 409, "OperationNotAllowed")
    assert "no image was published" in told.operation("start_os_upgrade-0")["message"]


def test_other_parts_of_the_model_stay_as_they_were_changed():
    told = story((100, SIZE), (1000, EXTENSIONS), (2000, START))
    model = told.model.layout.models[-1]
    assert model == ("2", "2", "2")
    assert told.status(3000)["versions"] == {"2 + 2 + 2": 4}


# Images that are published


def test_an_image_is_nobodys_request():
    row = story((100, publish("2"))).operation("publish_image-0")
    assert (row["status"], row["http_status"], row["request_id"]) == ("Succeeded", None, "")


def test_a_set_that_does_not_follow_stays_as_it_is():
    told = story((100, publish("2")))
    assert told.batches() == {}
    assert told.ended("publish_image-0") == (100, "Succeeded", "")


@pytest.mark.parametrize("policy", [MANUAL, AUTOMATIC, {}])
def test_one_that_follows_is_upgraded_in_batches_after_the_discovery(policy):
    told = story((100, publish("2")), automatic_os_upgrade=FOLLOWS, policy=policy)
    assert told.batches() == {150: [0, 1], 300: [2, 3]}
    assert told.rollout("publish_image-0") == [(150, "upgrading"), (450, "completed")]
    assert told.ended("publish_image-0") == (450, "Succeeded", "")


def test_an_image_may_have_a_discovery_and_windows_of_its_own():
    windows = [{"from": "01:00", "to": "02:00"}]
    asked = publish("2", discovery="300s", windows=windows)
    told = story((100, asked), automatic_os_upgrade=FOLLOWS)
    assert told.wants[0].startswith("400 model of w initial/1 -> requested/2")
    assert told.batches() == {3600: [0, 1], 3750: [2, 3]}


def test_a_newer_image_supersedes_one_that_is_not_discovered_yet():
    told = story((100, publish("2")), (120, publish("3")), automatic_os_upgrade=FOLLOWS)
    assert told.ended("publish_image-0") == (150, "Failed", "OperationPreempted")
    assert told.rollout("publish_image-0") == []  # it has never begun
    assert told.ended("publish_image-0") == (150, "Failed", "OperationPreempted")
    assert list(told.batches()) == [170, 320]
    assert told.status(1000)["versions"] == {"3": 4}


def test_an_automatic_upgrade_waits_for_the_rolling_upgrade_that_is_on():
    told = story((100, SIZE), (200, publish("2")), automatic_os_upgrade=FOLLOWS)
    assert told.ended() == (600, "Succeeded", "")
    assert list(told.batches("reimaging")) == [600, 750]
    assert told.ended("publish_image-0") == (900, "Succeeded", "")


def test_while_it_waits_a_newer_image_takes_its_place():
    asked = (100, SIZE), (200, publish("2")), (300, publish("3"))
    told = story(*asked, automatic_os_upgrade=FOLLOWS)
    assert told.ended("publish_image-0") == (350, "Failed", "OperationPreempted")
    assert list(told.batches("reimaging")) == [600, 750]
    assert told.status(2000)["versions"] == {"3 + 2": 4}


def test_one_that_waits_is_superseded_at_its_turn_by_an_image_that_is_out_by_then():
    asked = (100, SIZE), (200, publish("2")), (580, publish("3"))
    told = story(*asked, automatic_os_upgrade=FOLLOWS)
    assert told.ended("publish_image-0") == (600, "Failed", "OperationPreempted")
    assert list(told.batches("reimaging")) == [630, 780]


def test_an_image_that_is_published_while_it_is_rolled_out_is_followed_afterwards():
    told = story((100, publish("2")), (200, publish("3")), automatic_os_upgrade=FOLLOWS)
    assert told.ended("publish_image-0") == (450, "Succeeded", "")
    assert list(told.batches()) == [150, 300, 450, 600]
    assert told.status(2000)["versions"] == {"3": 4}


def test_an_image_that_was_not_upgraded_to_by_a_breach_is_not_tried_again():
    told = story((100, publish("2")), automatic_os_upgrade=FOLLOWS, versions=BAD, horizon="2d")
    assert list(told.batches()) == [150]
    assert told.request("publish_image-0")[:2] == ("Failed", None)


# Size


def test_new_instances_come_at_the_latest_model():
    told = story((100, IMAGE), (120, CANCEL), (300, scale(6)))
    assert [told.states(k) for k in (4, 5)] == [
        [(300, "creating"), (450, "initializing"), (500, "healthy")]
    ] * 2
    assert told.ended("scale-0") == (500, "Succeeded", "")
    assert told.status(600)["versions"] == {"2": 4, "1": 2}
    assert told.status(600)["capacity"] == 6


def test_a_rolling_upgrade_passes_over_new_instances_which_have_its_model():
    told = story((100, IMAGE), (150, scale(6)))
    # Of six instances three at once: the share is of those that are there.
    assert told.batches() == {100: [0, 1], 250: [2, 3]}
    assert told.batches("creating") == {}
    told = story((100, IMAGE), (150, scale(7)), instances=5)
    assert told.batches() == {100: [0, 1], 250: [2, 3, 4]}


def test_a_scale_out_on_which_instances_are_not_healthy_fails():
    told = story((100, IMAGE), (120, CANCEL), (600, scale(5)), versions=BAD, policy=ANY_HEALTH)
    assert told.ended("scale-0") == (1050, "Failed", "VMExtensionProvisioningError")


def test_a_scale_out_beyond_the_quota_is_refused():
    told = story((100, scale(6)), (200, scale(5)), quota=5)
    assert told.request("scale-0") == ("Refused", 409, "OperationNotAllowed")
    assert told.operation("scale-0")["message"] == (
        "the new instances, with all that there are now, would exceed the quota"
    )
    assert told.request("scale-1")[0] == "Succeeded"
    assert there(told) == [0, 1, 2, 3, 4]


def test_instances_of_a_surge_count_against_the_quota():
    surge = {"max_surge": True, "pause_time_between_batches": "60s"}
    told = story((100, IMAGE), (200, scale(5)), (340, scale(5)), policy=surge, quota=6)
    assert told.request("scale-0")[0] == "Refused"
    assert told.request("scale-1")[0] == "Succeeded"


def test_instances_that_are_being_deleted_count_against_the_quota():
    told = story((100, scale(3)), (129, scale(5)), (131, scale(5)), quota=5)
    assert [told.request(f"scale-{k}")[0] for k in range(3)] == [
        "Succeeded",
        "Refused",
        "Succeeded",
    ]


def test_one_that_is_being_replaced_counts_against_the_quota():
    """At this instant it is gone, and its successor is not there yet."""
    repairs = {"action": "replace", "grace_period": "10min"}
    spec = {"repairs": repairs, "unhealthy_instances": [0], "quota": 5}
    told = story((20, scale(3)), (30, scale(5)), **spec)
    assert told.states(0)[1:3] == [(30, "absent"), (30, "creating")]
    assert told.states(3) == [(20, "deleting"), (50, "absent")]
    assert told.request("scale-1")[0] == "Refused"


def test_a_scale_in_deletes_the_newest_ones():
    told = story((100, scale(2)))
    assert [told.states(k) for k in (2, 3)] == [[(100, "deleting"), (130, "absent")]] * 2
    assert told.ended("scale-0") == (130, "Succeeded", "")
    assert told.measure("min_capacity") == 0.5


def test_an_instance_stops_serving_when_its_deletion_begins():
    told = story((100, scale(3)))
    assert told.series("capacity") == [(0, 1), (100, 0.75)]
    assert told.series("instances") == [(0, 4), (130, 3)]


def test_the_same_size_again_does_nothing():
    told = story((100, scale(4)))
    assert told.ended("scale-0") == (100, "Succeeded", "")
    assert there(told) == [0, 1, 2, 3]


def test_a_scale_out_fills_the_zone_with_fewest_instances():
    told = story((100, scale(6)), zones=[3, 1])
    zone_of = told.model.layout.zone_of
    assert sorted(zone_of[each] for each in there(told)) == [0, 0, 0, 1, 1, 1]
    told = story((100, scale(5)), zones=2)
    assert sorted(told.model.layout.zone_of[each] for each in there(told)) == [0, 0, 0, 1, 1]


def test_a_scale_in_balances_zones():
    told = story((100, scale(2)), zones=[3, 1])
    assert there(told) == [0, 3]
    told = story((100, scale(3)), zones=[2, 2])
    assert there(told) == [0, 2, 3]


def test_numbers_of_deleted_instances_are_used_again():
    told = story((100, scale(2)), (300, scale(4)))
    assert there(told) == [0, 1, 2, 3]
    assert told.states(3)[-3:] == [(300, "creating"), (450, "initializing"), (500, "healthy")]


# Protection


def test_a_scale_in_passes_over_those_that_are_kept():
    told = story((50, keep(3)), (100, scale(2)))
    assert there(told) == [0, 3]
    told = story((50, protect(3)), (100, scale(2)))
    assert there(told) == [0, 3]


def test_a_zone_whose_instances_are_all_kept_gives_none():
    told = story((50, keep(0, 1, 2)), (100, scale(3)), zones=[3, 1])
    assert there(told) == [0, 1, 2]


def test_a_scale_in_is_refused_where_too_few_may_go():
    told = story((50, keep(1, 2, 3)), (100, scale(2)), (200, scale(3)))
    assert told.request("scale-0") == ("Refused", 409, "OperationNotAllowed")
    assert told.operation("scale-0")["message"] == (
        "too few instances are without protection from scale-in"
    )
    assert there(told) == [1, 2, 3]
    assert told.status(300)["capacity"] == 3


def test_one_that_is_kept_is_upgraded_all_the_same():
    told = story((50, keep(0)), (100, IMAGE))
    assert told.batches() == {100: [0, 1], 250: [2, 3]}


def test_protection_may_end():
    told = story((50, protect(0)), (60, protect(0, protected=False)), (100, IMAGE))
    assert told.batches() == {100: [0, 1], 250: [2, 3]}
    told = story((50, keep(3)), (60, protect(3, protected=False)), (100, scale(3)))
    assert there(told) == [0, 1, 2]


def test_a_new_instance_has_none_of_the_protection_of_its_number():
    """A surge deletes those that are kept from a scale-in, and uses their numbers again."""
    asked = (50, keep(0, 1)), (100, IMAGE), (1000, scale(1))
    told = story(*asked, policy={"max_surge": True})
    assert told.request("scale-0")[0] == "Succeeded"
    assert len(there(told)) == 1


# One after the other


def test_an_upgrade_completes_before_the_next_one_begins():
    told = story((100, IMAGE), (500, update("3")), policy=MANUAL)
    assert told.ended("update_model-0") == (100, "Succeeded", "")
    assert told.rollout("update_model-0") == [(100, "upgrading"), (500, "superseded")]


def test_a_rolling_upgrade_that_ended_early_is_not_superseded():
    told = story((100, IMAGE), (120, CANCEL), (500, update("3")))
    assert told.rollout("update_model-0")[-1] == (250, "cancelled")
    assert told.batches() == {100: [0, 1], 500: [0, 1], 650: [2, 3]}
