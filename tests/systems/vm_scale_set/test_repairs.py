"""Automatic instance repairs: what is done with an unhealthy instance, when, how many at once."""

from __future__ import annotations

import pytest
from set_story import BAD, EXTENSIONS, IMAGE, story

from sim.scenario import Scenario
from sim.simulation import Simulation
from sim.systems.vm_scale_set.instances import Instances

ANY_HEALTH = {
    "max_unhealthy_instance_percent": "100%",
    "max_unhealthy_upgraded_instance_percent": "100%",
}
AUTOMATIC = {"mode": "automatic"}
NOBODY = {"set_protection": {"instances": [3]}}
"""A request that changes nothing, and yet begins the grace period again."""


def repairs(action="replace", grace="10min"):
    return {"repairs": {"action": action, "grace_period": grace}}


def begun(told, work="deleting"):
    """When a repair took which instance, for the first time of each."""
    found = {}
    for time, subject, _, new, cause in told.rows:
        if cause == "automatic repairs" and new == work:
            found.setdefault(int(subject.removeprefix("w_")), time)
    return found


# What is done


@pytest.mark.parametrize(
    ("action", "rows"),
    [
        (
            "replace",
            [
                (0, "deleting"),
                (30, "absent"),
                (30, "creating"),
                (180, "initializing"),
                (230, "healthy"),
            ],
        ),
        ("reimage", [(0, "reimaging"), (100, "initializing"), (150, "healthy")]),
        ("restart", [(0, "restarting"), (40, "initializing"), (90, "healthy")]),
    ],
)
def test_an_unhealthy_instance_is_repaired_by_the_action(action, rows):
    told = story(unhealthy_instances=[1], **repairs(action))
    assert told.states(1) == rows
    assert {cause for *_, cause in told.rows} == {"automatic repairs"}


@pytest.mark.parametrize(
    ("action", "model"), [("replace", "2"), ("reimage", "2"), ("restart", "1")]
)
def test_a_repair_gives_the_latest_model_but_a_restart(action, model):
    told = story(
        (100, {"update_model": {"image": "2"}}),
        policy={"mode": "manual"},
        unhealthy_instances=[0, 1],
        **repairs(action),
    )
    versions = told.status(5000)["versions"]
    # Instance 0 was repaired before, and 1 after the model was changed.
    assert versions == ({"1": 4} if model == "1" else {"1": 3, "2": 1})


def test_a_repair_on_a_bad_version_comes_again_and_again():
    told = story((100, IMAGE), instances=1, policy=AUTOMATIC, versions=BAD, **repairs("restart"))
    assert told.states(0)[:7] == [
        (100, "reimaging"),
        (200, "initializing"),
        (500, "unhealthy"),
        (700, "restarting"),
        (740, "initializing"),
        (1040, "unhealthy"),
        (1040, "restarting"),
    ]


def test_the_number_of_one_that_is_replaced_is_not_given_to_another():
    told = story((10, {"scale": {"instances": 5}}), unhealthy_instances=[1], **repairs())
    assert told.states(1)[:3] == [(0, "deleting"), (30, "absent"), (30, "creating")]
    assert told.states(4)[0] == (10, "creating")


# When


def test_nothing_is_repaired_within_the_grace_period_after_a_request():
    keys = {"policy": AUTOMATIC, "versions": BAD, "instances": 1}
    assert begun(story((100, IMAGE), **keys, **repairs())) == {0: 700}
    assert begun(story((100, IMAGE), **keys, **repairs(grace="20min"))) == {0: 1300}


def test_the_grace_period_begins_again_with_each_request_that_is_accepted():
    keys = {"policy": AUTOMATIC, "versions": BAD, "instances": 4, **repairs()}
    assert min(begun(story((100, IMAGE), (550, NOBODY), **keys)).values()) == 1150
    missing = {"reimage": {"instances": [9]}}
    more = (9000, {"scale": {"instances": 12}})
    assert min(begun(story((100, IMAGE), (550, missing), more, **keys)).values()) == 700


def test_an_image_that_is_published_is_no_request():
    keys = {"policy": AUTOMATIC, "versions": BAD, "instances": 1, **repairs()}
    assert begun(story((100, IMAGE), (550, {"publish_image": {"image": "3"}}), **keys)) == {0: 700}


def test_the_grace_period_begins_also_with_the_last_return_of_an_instance():
    """It is healthy at 2250 and turns unhealthy 100 s later."""
    later = {"2": {"unhealthy_later": {"probability": "100%", "after": "2000s"}}}
    told = story((0, IMAGE), policy=AUTOMATIC, instances=1, versions=later, **repairs("restart"))
    assert told.states(0)[2:6] == [
        (150, "healthy"),
        (2150, "unhealthy"),
        (2150, "restarting"),
        (2190, "initializing"),
    ]
    soon = {"2": {"unhealthy_later": {"probability": "100%", "after": "100s"}}}
    told = story((0, IMAGE), policy=AUTOMATIC, instances=1, versions=soon, **repairs("restart"))
    # Healthy at 150 and, restarted at 750, at 840: ten minutes after each it may be repaired.
    assert [time for time, new in told.states(0) if new == "restarting"][:2] == [750, 1440]


def test_a_failure_is_repaired_before_it_recovers_but_no_start_shortens_its_recovery():
    failures = {"per_year": 20_000, "recovery": "20min"}
    told = story(instances=1, failures=failures, horizon="2h", **repairs("restart"))
    first = told.states(0)[:4]
    at = first[0][0]
    assert [(round(time - at, 3), new) for time, new in first] == [
        (0, "failed"),
        (0, "restarting"),
        (1200, "initializing"),
        (1250, "healthy"),
    ]


# How many


@pytest.mark.parametrize(("instances", "at_once"), [(4, 1), (20, 1), (39, 1), (40, 2), (60, 3)])
def test_at_most_five_percent_are_repaired_at_once_and_at_least_one(instances, at_once):
    told = story(instances=instances, unhealthy_instances=[0, 1, 2, 3], **repairs())
    times = [230 * (place // at_once) for place in range(4)]
    assert list(begun(told).values()) == times
    assert list(begun(told)) == [0, 1, 2, 3]


def test_those_that_are_given_up_at_one_instant_begin_together():
    """At 1100, by when nothing was changed for more than ten minutes: two of forty."""
    health = {"health": {"wait": "15min"}}
    told = story((100, IMAGE), instances=40, policy=AUTOMATIC, versions=BAD, **health, **repairs())
    assert [number for number, time in begun(told).items() if time == 1100] == [0, 1]


def test_those_that_turned_unhealthy_first_go_first():
    later = {"2": {"unhealthy_later": {"probability": "100%", "after": "1000s"}}}
    asked = (
        (0, IMAGE),
        (100, {"manual_upgrade": {"instances": [3]}}),
        (101, {"manual_upgrade": {"instances": [0]}}),
    )
    told = story(*asked, policy={"mode": "manual"}, versions=later, **repairs("restart"))
    assert begun(told, "restarting") == {3: 1250, 0: 1340}


# Who is held back


def test_nothing_is_repaired_while_a_rolling_upgrade_runs():
    """Both batches are given up, at 500 and 900; its grace period ends at 700."""
    told = story((100, IMAGE), policy=ANY_HEALTH, versions=BAD, **repairs())
    assert told.ended()[0] == 900
    assert begun(told)[0] == 900
    pause = ANY_HEALTH | {"pause_time_between_batches": "1000s"}
    told = story((100, IMAGE), policy=pause, versions=BAD, **repairs())
    assert told.ended()[0] == 1900
    assert begun(told)[0] == 1900


def test_a_repair_that_is_under_way_goes_on():
    told = story((10, EXTENSIONS), unhealthy_instances=[3], **repairs("reimage"))
    assert told.states(3)[:3] == [(0, "reimaging"), (100, "initializing"), (150, "healthy")]
    assert told.batches("extensions updating") == {10: [0, 1], 210: [2, 3]}


def test_an_upgrade_takes_one_that_waits_for_its_repair():
    told = story((0, IMAGE), policy=AUTOMATIC, unhealthy_instances=[0, 1], **repairs("restart"))
    assert begun(told, "restarting") == {0: 0}
    assert told.states(1) == [(0, "reimaging"), (100, "initializing"), (150, "healthy")]


def test_a_protected_instance_is_not_repaired():
    protect = {"set_protection": {"instances": [1], "protect_from_scale_set_actions": True}}
    told = story((10, protect), unhealthy_instances=[0, 1, 2], **repairs())
    assert begun(told) == {0: 0, 2: 610}


def test_one_that_is_protected_no_more_is_repaired_after_the_grace_period():
    body = {"instances": [1], "protect_from_scale_set_actions": True}
    protect, end = {"set_protection": body}, {"set_protection": {"instances": [1]}}
    told = story((10, protect), (5000, end), unhealthy_instances=[0, 1], **repairs())
    assert begun(told) == {0: 0, 1: 5600}


def test_without_repairs_an_unhealthy_instance_stays_so():
    assert story(unhealthy_instances=[0, 1, 2]).rows == []


def test_a_manual_change_is_over_when_a_repair_brings_the_last_instance_to_it():
    asked = (100, IMAGE), (110, {"manual_upgrade": {"instances": [0, 1, 3]}})
    keys = {"policy": {"mode": "manual"}, "unhealthy_instances": [0, 2]}
    told = story(*asked, **keys, **repairs("reimage"))
    # Instance 0 is repaired first; of 2 the repair may begin ten minutes after the last request.
    assert begun(told, "reimaging") == {0: 0, 2: 710}
    assert told.rollout() == [(100, "upgrading"), (860, "completed")]


def looks(count, monkeypatch):
    """How often an instance is looked at while as many are repaired, on a version that is bad."""
    seen, whole = [], Instances.is_given_up

    def is_given_up(self, instance):
        seen.append(instance)
        return whole(self, instance)

    with monkeypatch.context() as patch:
        patch.setattr(Instances, "is_given_up", is_given_up)
        spec = {"kind": "vm_scale_set", "instances": count, "repairs": {}}
        bad = {"upgrade_policy": {"mode": "automatic"}, "versions": {"2": {"unhealthy": "100%"}}}
        asked = [{"at": "1s", "update_model": {"image": "2"}}]
        scenario = {"horizon": "2h", "systems": {"w": spec | bad}, "operations": asked}
        Simulation(Scenario.from_dict(scenario)).run()
    return len(seen)


def test_twice_as_many_that_wait_for_repair_are_looked_at_twice_as_often(monkeypatch):
    assert looks(400, monkeypatch) < 2.5 * looks(200, monkeypatch)
