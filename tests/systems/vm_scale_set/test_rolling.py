"""Rolling upgrades of scale sets: who is taken when, and when and how it ends. Small stories."""

from __future__ import annotations

import pytest
from set_story import BAD, BY, CANCEL, EXTENSIONS, IMAGE, SIZE, story

BEFORE = "MaxUnhealthyInstancePercentExceededBeforeRollingUpgrade"
UPGRADED = "MaxUnhealthyUpgradedInstancePercentExceededInRollingUpgrade"
DURING = "MaxUnhealthyInstancePercentExceededInRollingUpgrade"

TWENTY = {"max_batch_instance_percent": 0.2, "max_unhealthy_instance_percent": 0.2}
ANY_HEALTH = {
    "max_unhealthy_instance_percent": "100%",
    "max_unhealthy_upgraded_instance_percent": "100%",
}
SURGE = {"max_surge": True}
GOES_BACK = {"rollback_failed_instances_on_policy_breach": True}
FOLLOWS = {"enabled": True, "discovery": "0s"}
PUBLISH = {"publish_image": {"image": "2"}}


def reimage(*numbers):
    return {"reimage": {"instances": list(numbers)}}


def within(*windows):
    """A new image, in windows as pairs."""
    shown = [{"from": since, "to": until} for since, until in windows]
    return {"update_model": {"image": "2", "windows": shown}}


# The walk


def test_a_batch_goes_when_all_of_the_one_before_are_healthy():
    told = story((100, IMAGE))
    assert told.lines == [
        "100 update_model-0 absent -> InProgress because the scenario",
        f"100 {BY} absent -> upgrading because update_model-0",
        f"100 batch of w at rest -> upgrading because {BY}",
        "100 w_0 healthy/1 -> reimaging/2 because batch of w",
        "100 w_1 healthy/1 -> reimaging/2 because batch of w",
        "200 w_0 reimaging/2 -> initializing/2 because batch of w",
        "200 w_1 reimaging/2 -> initializing/2 because batch of w",
        "250 w_0 initializing/2 -> healthy/2 because batch of w",
        "250 w_1 initializing/2 -> healthy/2 because batch of w",
        f"250 batch of w upgrading -> at rest because {BY}",
        f"250 batch of w at rest -> upgrading because {BY}",
        "250 w_2 healthy/1 -> reimaging/2 because batch of w",
        "250 w_3 healthy/1 -> reimaging/2 because batch of w",
        "350 w_2 reimaging/2 -> initializing/2 because batch of w",
        "350 w_3 reimaging/2 -> initializing/2 because batch of w",
        "400 w_2 initializing/2 -> healthy/2 because batch of w",
        "400 w_3 initializing/2 -> healthy/2 because batch of w",
        f"400 batch of w upgrading -> at rest because {BY}",
        f"400 {BY} upgrading -> completed because {BY}",
        f"400 update_model-0 InProgress -> Succeeded because {BY}",
    ]
    assert told.wants == [
        f"100 model of w initial/1 -> requested/2 because {BY}",
        f"400 model of w requested/2 -> reached/2 because {BY}",
    ]


@pytest.mark.parametrize(
    ("asked", "work", "batch"),
    [(IMAGE, "reimaging", 150), (SIZE, "updating", 250), (EXTENSIONS, "extensions updating", 200)],
)
def test_a_new_image_reimages_a_new_size_restarts_new_extensions_leave_in_service(
    asked, work, batch
):
    told = story((100, asked))
    assert told.batches(work) == {100: [0, 1], 100 + batch: [2, 3]}
    assert told.ended() == (100 + 2 * batch, "Succeeded", "")
    assert told.measure("min_capacity") == (1 if asked is EXTENSIONS else 0.5)


def test_of_several_changes_the_image_says_what_is_done():
    both = {"update_model": {"image": "2", "size": "2", "extensions": "2"}}
    assert story((100, both)).batches("reimaging") == {100: [0, 1], 250: [2, 3]}
    size = {"update_model": {"size": "2", "extensions": "2"}}
    assert story((100, size)).batches("updating") == {100: [0, 1], 350: [2, 3]}


def test_a_batch_waits_for_its_slowest_instance():
    told = story((100, IMAGE), reimage={"uniform": {"low": "60s", "high": "200s"}})
    back = dict(zip("0123", (told.states(k)[-1][0] for k in range(4)), strict=True))
    assert list(told.batches()) == [100, max(back["0"], back["1"])]
    assert told.ended()[0] == max(back["2"], back["3"])
    assert len(set(back.values())) == 4


# How a batch is formed


@pytest.mark.parametrize(
    ("instances", "share", "sizes"),
    [
        (10, 0.2, [2] * 5),
        (7, 0.2, [1] * 7),
        (4, 0.05, [1] * 4),
        (6, 0.5, [3, 3]),
        (5, 0.5, [2, 2, 1]),
        (3, "100%", [3]),
    ],
)
def test_the_share_of_a_batch_is_rounded_down_and_at_least_one(instances, share, sizes):
    told = story((0, IMAGE), instances=instances, policy={"max_batch_instance_percent": share})
    taken = list(told.batches().values())
    assert [len(each) for each in taken] == sizes
    assert [each for batch in taken for each in batch] == list(range(instances))


def test_a_batch_stays_inside_an_update_domain():
    told = story((0, IMAGE), instances=14, update_domains=5)
    assert told.batches() == {
        0: [0, 5, 10],
        150: [1, 6, 11],
        300: [2, 7, 12],
        450: [3, 8, 13],
        600: [4, 9],
    }
    assert told.ended()[0] == 750


def test_a_domain_that_is_larger_than_a_batch_takes_several():
    told = story((0, IMAGE), instances=8, update_domains=2, policy=TWENTY | ANY_HEALTH)
    assert list(told.batches().values()) == [[0], [2], [4], [6], [1], [3], [5], [7]]


@pytest.mark.parametrize("keys", [{"orchestration": "flexible"}, {"zones": 1}])
def test_flexible_sets_and_those_in_zones_have_no_update_domains(keys):
    told = story((0, IMAGE), update_domains=2, **keys)
    assert told.batches() == {0: [0, 1], 150: [2, 3]}


@pytest.mark.parametrize("zones", [2, [3, 2]])
def test_a_batch_stays_inside_a_zone(zones):
    told = story((0, IMAGE), instances=5, zones=zones)
    assert told.batches() == {0: [0, 1], 150: [2], 300: [3, 4]}


def test_with_cross_zone_upgrades_it_does_not():
    told = story((0, IMAGE), instances=5, zones=2, policy={"enable_cross_zone_upgrade": True})
    assert told.batches() == {0: [0, 1], 150: [2, 3], 300: [4]}


def test_unhealthy_instances_go_first_only_if_that_is_asked_for():
    unhealthy = {"unhealthy_instances": [3]}
    assert story((0, IMAGE), **unhealthy).batches() == {0: [0, 1], 150: [2, 3]}
    first = {"prioritize_unhealthy_instances": True}
    assert story((0, IMAGE), policy=first, **unhealthy).batches() == {0: [0, 3], 150: [1, 2]}


def test_unhealthy_instances_that_go_first_choose_the_zone_and_the_domain():
    first = {"prioritize_unhealthy_instances": True}
    told = story((0, IMAGE), policy=first, unhealthy_instances=[3], update_domains=2)
    assert told.batches() == {0: [1, 3], 150: [0, 2]}
    told = story((0, IMAGE), policy=first, unhealthy_instances=[3], zones=2)
    assert told.batches() == {0: [2, 3], 150: [0, 1]}


def test_an_unhealthy_instance_restarts_even_for_extensions():
    told = story((0, EXTENSIONS), unhealthy_instances=[1])
    assert told.states(0, 1)[:2] == [(0, "extensions updating"), (0, "updating")]
    assert told.states(1)[1:] == [(200, "initializing"), (250, "healthy")]
    assert told.batches("extensions updating") == {0: [0], 250: [2, 3]}


# Thresholds


@pytest.mark.parametrize(("unhealthy", "begins"), [([7, 8], True), ([7, 8, 9], False)])
def test_an_upgrade_does_not_begin_where_more_than_the_share_are_unhealthy(unhealthy, begins):
    told = story((100, IMAGE), instances=10, policy=TWENTY, unhealthy_instances=unhealthy)
    if begins:
        assert told.ended() == (100 + 5 * 150, "Succeeded", "")
    else:
        assert told.batches() == {}
        assert told.ended() == (100, "Failed", BEFORE)
        assert told.rollout() == [(100, "upgrading"), (100, "failed")]


def test_a_share_that_a_float_only_nearly_holds_is_not_exceeded_by_itself():
    """0.29 x 100 is 28.999999999999996."""
    policy = {"max_unhealthy_instance_percent": 0.29}

    def begins(unhealthy):
        keys = {"instances": 100, "unhealthy_instances": list(range(unhealthy))}
        return bool(story((0, IMAGE), policy=policy, **keys).batches())

    assert (begins(29), begins(30)) == (True, False)


def test_an_upgrade_ends_after_a_batch_of_which_too_many_are_unhealthy():
    told = story((100, IMAGE), instances=10, policy=TWENTY, versions=BAD)
    assert told.batches() == {100: [0, 1]}
    assert told.ended() == (100 + 100 + 300, "Failed", UPGRADED)
    assert told.rollout() == [(100, "upgrading"), (500, "failed")]
    assert told.measure("instances_failed") == 2
    assert told.measure("updated_share") == 0


def test_the_share_of_the_upgraded_is_compared_strictly():
    """Instance 0 is reimaged once more while another one is upgraded: 1 of 4 is more than 20 %."""
    one_by_one = {"instances": 5, "policy": TWENTY}
    told = story((100, IMAGE), (650, reimage(0)), **one_by_one)
    assert told.ended() == (100 + 4 * 150, "Failed", UPGRADED)
    told = story((100, IMAGE), (800, reimage(0)), **one_by_one)
    assert told.ended() == (100 + 5 * 150, "Succeeded", "")


def test_whoever_is_unhealthy_after_a_batch_counts_before_the_next_one():
    """Those that are reimaged are at the model then and are passed over."""
    keys = {"instances": 10, "policy": TWENTY}
    told = story((100, IMAGE), (200, reimage(7, 8, 9)), **keys)
    assert told.ended() == (250, "Failed", DURING)
    told = story((100, IMAGE), (200, reimage(8, 9)), **keys)
    assert told.batches() == {100: [0, 1], 250: [2, 3], 400: [4, 5], 550: [6, 7]}


def test_unhealthy_batches_add_up_to_a_breach_of_the_whole_set():
    policy = TWENTY | {"max_unhealthy_upgraded_instance_percent": "100%"}
    told = story((100, IMAGE), instances=10, policy=policy, versions=BAD)
    assert told.batches() == {100: [0, 1], 500: [2, 3]}
    assert told.ended() == (900, "Failed", DURING)


def test_an_upgrade_that_may_fail_everywhere_completes():
    told = story((100, IMAGE), policy=ANY_HEALTH, versions=BAD)
    assert told.ended() == (900, "Succeeded", "")
    assert told.states(3) == [(500, "reimaging"), (600, "initializing"), (900, "unhealthy")]


def test_after_a_breach_failed_instances_stay_or_go_back_as_the_policy_says():
    told = story((100, IMAGE), versions=BAD)
    assert told.ended() == (500, "Failed", UPGRADED)
    assert told.status(1000)["versions"] == {"2": 2, "1": 2}
    told = story((100, IMAGE), versions=BAD, policy=GOES_BACK)
    assert told.rollout() == [(100, "upgrading"), (500, "rolling_back"), (570, "failed")]
    assert told.ended() == (570, "Failed", UPGRADED)
    assert told.states(1)[-2:] == [(500, "restoring"), (570, "healthy")]
    assert told.status(1000)["versions"] == {"1": 4}
    assert told.measure("instances_rolled_back") == 2


def test_only_those_that_failed_go_back():
    """Instance 0 is being reimaged again when the second batch ends: 1 of 2 upgraded ones."""
    told = story((100, IMAGE), (350, reimage(0)), policy=GOES_BACK | TWENTY, instances=5)
    assert told.rollout() == [(100, "upgrading"), (400, "rolling_back"), (470, "failed")]
    assert told.status(1000)["versions"] == {"1": 4, "2": 1}


def test_a_breach_of_the_whole_set_takes_nothing_back():
    policy = TWENTY | GOES_BACK | {"max_unhealthy_upgraded_instance_percent": "100%"}
    told = story((100, IMAGE), instances=10, policy=policy, versions=BAD)
    assert told.rollout() == [(100, "upgrading"), (900, "failed")]
    assert told.measure("instances_rolled_back") == 0


# Pauses, windows, cancellation


def test_a_pause_goes_from_the_end_of_a_batch_to_the_start_of_the_next():
    told = story((100, IMAGE), policy={"pause_time_between_batches": "30s"})
    assert told.walk == [
        (100, "upgrading"),
        (250, "at rest"),
        (250, "pausing"),
        (280, "at rest"),
        (280, "upgrading"),
        (430, "at rest"),
    ]
    assert told.ended()[0] == 430


def test_a_batch_begins_in_a_window_only_and_is_finished_outside():
    told = story((100, within(("01:00", "01:02"))), horizon="30h")
    assert told.batches() == {3600: [0, 1], 86400 + 3600: [2, 3]}
    assert told.ended() == (90150, "Succeeded", "")


def test_a_window_is_looked_at_after_the_pause():
    asked = within(("00:00", "00:05"), ("01:00", "02:00"))
    told = story((100, asked), policy={"pause_time_between_batches": "60s"})
    assert told.batches() == {100: [0, 1], 3600: [2, 3]}


def test_who_is_unhealthy_counts_when_the_window_opens():
    """Not when the upgrade was requested: by then instance 3 is healthy again."""
    asked = within(("01:00", "02:00"))
    told = story((100, asked), (3550, reimage(1, 2, 3)))
    assert told.ended() == (3600, "Failed", BEFORE)
    told = story((100, asked), (100, reimage(1, 2, 3)))
    assert told.batches() == {3600: [0]}


def test_a_cancel_lets_the_batch_end_and_no_other_begin():
    told = story((100, IMAGE), (120, CANCEL))
    assert told.batches() == {100: [0, 1]}
    assert told.rollout() == [(100, "upgrading"), (250, "cancelled")]
    assert told.ended() == (250, "Failed", "OperationPreempted")
    assert told.ended("cancel_rolling_upgrade-0") == (250, "Succeeded", "")
    assert told.status(250)["versions"] == {"2": 2, "1": 2}


def test_a_cancel_ends_a_pause_and_a_wait_for_a_window_at_once():
    told = story((100, IMAGE), (260, CANCEL), policy={"pause_time_between_batches": "100s"})
    assert told.ended() == (260, "Failed", "OperationPreempted")
    assert told.walk[-2:] == [(250, "pausing"), (260, "at rest")]
    told = story((100, within(("01:00", "02:00"))), (260, CANCEL))
    assert told.ended() == (260, "Failed", "OperationPreempted")
    assert told.batches() == {}


def test_a_cancel_in_the_last_batch_comes_too_late():
    told = story((100, IMAGE), (300, CANCEL))
    assert told.ended() == (400, "Succeeded", "")
    assert told.ended("cancel_rolling_upgrade-0") == (400, "Succeeded", "")


def test_a_cancel_does_not_hide_a_breach():
    told = story((100, IMAGE), (120, CANCEL), versions=BAD)
    assert told.ended() == (500, "Failed", UPGRADED)


# Surge


def test_a_surge_creates_as_many_before_it_deletes():
    told = story((100, IMAGE), policy=SURGE)
    assert told.batches("creating") == {100: [4, 5], 330: [0, 1]}
    assert told.batches("deleting") == {300: [0, 1], 530: [2, 3]}
    assert told.ended() == (560, "Succeeded", "")
    assert told.states(0) == [
        (300, "deleting"),
        (330, "absent"),
        (330, "creating"),
        (480, "initializing"),
        (530, "healthy"),
    ]
    assert told.measure("min_capacity") == 1
    assert told.measure("surge_peak") == 2
    assert told.measure("surge_vm_hours") == pytest.approx(2 * 2 * 230 / 3600)
    assert told.measure("batches") == 2


def test_new_instances_come_in_the_zones_of_those_that_they_replace():
    told = story((0, IMAGE), policy=SURGE, zones=2)
    zones = told.model.layout.zone_of
    made = told.batches("creating")
    gone = told.batches("deleting")
    assert [[zones[each] for each in batch] for batch in made.values()] == [[0, 0], [1, 1]]
    assert list(gone.values()) == [[0, 1], [2, 3]]


@pytest.mark.parametrize(("quota", "work"), [(5, "reimaging"), (6, "creating")])
def test_a_batch_for_which_the_quota_is_too_small_goes_in_place(quota, work):
    told = story((100, IMAGE), policy=SURGE, quota=quota)
    assert len(told.batches(work)) == 2
    assert set(told.batches()) == set(told.batches(work))


def test_the_quota_is_looked_at_before_each_batch():
    """A scale-out fills it in the pause."""
    policy = SURGE | {"pause_time_between_batches": "60s"}
    told = story((100, IMAGE), (350, {"scale": {"instances": 5}}), policy=policy, quota=6)
    assert told.batches("creating") == {100: [4, 5]}
    assert told.batches("reimaging") == {390: [2, 3]}
    assert told.ended() == (540, "Succeeded", "")


def test_new_instances_that_fail_are_deleted_and_the_old_ones_stay():
    told = story((100, IMAGE), policy=SURGE | GOES_BACK, versions=BAD)
    assert told.states(4) == [
        (100, "creating"),
        (250, "initializing"),
        (550, "unhealthy"),
        (550, "deleting"),
        (580, "absent"),
    ]
    assert told.states(0) == []
    assert told.ended() == (580, "Failed", UPGRADED)
    assert told.rollout() == [(100, "upgrading"), (580, "failed")]
    assert told.measure("min_capacity") == 1
    assert told.status(1000)["versions"] == {"1": 4}


def test_where_many_may_fail_a_surge_goes_on_with_the_others():
    told = story((100, IMAGE), policy=SURGE | ANY_HEALTH, versions=BAD)
    assert told.batches("creating") == {100: [4, 5], 580: [4, 5]}
    assert told.ended() == (1060, "Succeeded", "")
    assert told.measure("updated_share") == 0
    # Completed, as Azure calls it; but nobody is at the model that was asked for.
    assert not any("reached" in line for line in told.wants)
    assert told.measure("finished") == 0
    assert told.measure("ended_in") == 960


# Automatic rollback


def test_an_automatic_upgrade_gives_instances_that_fail_their_disks_back():
    told = story((100, PUBLISH), automatic_os_upgrade=FOLLOWS, versions=BAD)
    assert told.batches() == {100: [0, 1]}
    assert told.states(0)[-2:] == [(500, "restoring"), (570, "healthy")]
    assert told.ended("publish_image-0") == (570, "Failed", UPGRADED)
    assert told.rollout("publish_image-0") == [(100, "upgrading"), (570, "failed")]
    assert told.measure("instances_rolled_back") == 2
    assert told.status(1000)["versions"] == {"1": 4}


def test_one_that_got_its_disk_back_is_not_taken_again():
    told = story((100, PUBLISH), automatic_os_upgrade=FOLLOWS, versions=BAD, policy=ANY_HEALTH)
    assert told.batches() == {100: [0, 1], 570: [2, 3]}
    assert told.ended("publish_image-0") == (1040, "Succeeded", "")
    assert told.measure("finished") == told.measure("safe_end") == 0


def test_without_automatic_rollback_instances_keep_the_new_image():
    follows = FOLLOWS | {"disable_automatic_rollback": True}
    told = story((100, PUBLISH), automatic_os_upgrade=follows, versions=BAD)
    assert told.ended("publish_image-0") == (500, "Failed", UPGRADED)
    assert told.status(1000)["versions"] == {"2": 2, "1": 2}


def test_an_upgrade_that_a_user_starts_restores_nobody():
    started = {"start_os_upgrade": {"image": "2"}}
    told = story((100, started), automatic_os_upgrade=FOLLOWS, versions=BAD)
    assert told.ended("start_os_upgrade-0") == (500, "Failed", UPGRADED)
    assert told.measure("instances_rolled_back") == 0


# Who is passed over


def test_one_that_is_protected_by_then_is_passed_over():
    protect = {"set_protection": {"instances": [3], "protect_from_scale_set_actions": True}}
    told = story((100, IMAGE), (200, protect))
    assert told.batches() == {100: [0, 1], 250: [2]}
    assert told.ended() == (400, "Succeeded", "")


def test_an_upgrade_to_where_all_are_already_completes_at_once():
    told = story((100, IMAGE), (1000, IMAGE))
    assert told.ended("update_model-1") == (1000, "Succeeded", "")
    assert told.rollout("update_model-1") == [(1000, "upgrading"), (1000, "completed")]


def test_an_empty_update_begins_again_with_those_that_are_left():
    told = story((100, IMAGE), (120, CANCEL), (300, {"update_model": {}}))
    assert told.batches() == {100: [0, 1], 300: [2, 3]}
    assert told.ended("update_model-1") == (450, "Succeeded", "")
    assert told.measure("updated_share") == 1


def test_one_that_is_reimaged_is_reimaged_again_by_an_upgrade_of_the_size():
    told = story((100, reimage(0)), (150, SIZE))
    assert told.states(0) == [
        (100, "reimaging"),
        (150, "reimaging"),
        (250, "initializing"),
        (300, "healthy"),
    ]
    assert told.states(1)[0] == (150, "updating")
    assert told.ended("reimage-0")[:2] == (300, "Succeeded")
