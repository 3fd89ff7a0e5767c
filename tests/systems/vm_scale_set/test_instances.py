"""The life of instances: when they run, are healthy, given up, failed, restored, gone."""

from __future__ import annotations

from random import Random

import pytest
from set_story import BAD, EXTENSIONS, IMAGE, SIZE, story
from set_world import FAILURES, World
from wild import simulation_of
from wild_scale_set import scenario

from sim.systems.vm_scale_set import instances as instances_module
from sim.systems.vm_scale_set.instances import Instances
from sim.systems.vm_scale_set.states import (
    CREATING,
    EXTENSIONS_UPDATING,
    FAILED,
    HEALTHY,
)

# A start


@pytest.mark.parametrize(
    ("asked", "rows"),
    [
        (IMAGE, [(100, "reimaging"), (200, "initializing"), (250, "healthy")]),
        (SIZE, [(100, "updating"), (300, "initializing"), (350, "healthy")]),
        (EXTENSIONS, [(100, "extensions updating"), (300, "healthy")]),
        (
            {"scale": {"instances": 5}},
            [(100, "creating"), (250, "initializing"), (300, "healthy")],
        ),
    ],
)
def test_an_instance_runs_after_its_start_and_is_healthy_once_its_application_answers(asked, rows):
    number = 4 if "scale" in asked else 0
    assert story((100, asked)).states(number) == rows


@pytest.mark.parametrize(
    ("answers", "health", "seen"),
    [
        ("51s", {}, 55),
        ("50s", {}, 50),
        ("51s", {"interval": "20s"}, 60),
        ("50s", {"probes": 3}, 60),
        ("0s", {"probes": 3, "interval": "10s"}, 20),
        ("51s", {"source": "load_balancer", "interval": "15s", "probes": 2}, 75),
        ("51s", {"source": "load_balancer", "interval": "1s"}, 51),
    ],
)
def test_an_answer_is_seen_by_the_probes_that_follow_it(answers, health, seen):
    told = story((100, IMAGE), healthy_after=answers, health=health)
    assert told.states(0) == [
        (100, "reimaging"),
        (200, "initializing"),
        (200 + seen, "healthy"),
    ]
    assert list(told.batches()) == [100, 200 + seen]


def test_without_a_source_of_health_one_that_runs_is_taken_for_healthy():
    """It serves only when its application answers, at any second."""
    policy = {"mode": "automatic"}
    keys = {"health": {"source": "none"}, "policy": policy, "healthy_after": "51s"}
    told = story((100, {"start_os_upgrade": {"image": "2"}}), **keys)
    assert told.batches() == {100: [0, 1], 200: [2, 3]}
    assert told.states(0) == [(100, "reimaging"), (200, "initializing"), (251, "healthy")]
    assert told.ended("start_os_upgrade-0") == (300, "Succeeded", "")
    assert told.measure("min_capacity") == 0


def test_without_a_source_of_health_a_bad_version_is_not_seen():
    keys = {"health": {"source": "none"}, "policy": {"mode": "automatic"}, "versions": BAD}
    told = story((100, {"start_os_upgrade": {"image": "2"}}), **keys)
    assert told.ended("start_os_upgrade-0") == (300, "Succeeded", "")
    assert told.states(0)[1:] == [(200, "initializing"), (500, "unhealthy")]
    assert told.measure("availability") == pytest.approx(200 / 10800)


@pytest.mark.parametrize(
    ("health", "given_up"),
    [
        ({}, 500),
        ({"wait": "2min"}, 320),
        ({"grace_period": "10min"}, 1100),
        ({"grace_period": "10min", "grace_extends_wait": False}, 500),
    ],
)
def test_one_that_is_not_healthy_in_time_is_given_up(health, given_up):
    told = story((100, IMAGE), health=health, versions=BAD)
    assert told.states(0)[1:] == [(200, "initializing"), (given_up, "unhealthy")]
    assert told.ended()[0] == given_up


def test_one_that_answers_too_late_is_healthy_all_the_same():
    told = story((100, IMAGE), healthy_after="320s")
    assert told.states(0)[1:] == [(200, "initializing"), (500, "unhealthy"), (520, "healthy")]
    assert told.ended()[:2] == (500, "Failed")


def test_one_that_is_healthy_at_the_very_end_of_the_wait_is_healthy():
    told = story((100, IMAGE), healthy_after="300s")
    assert told.states(0)[1:] == [(200, "initializing"), (500, "healthy")]
    assert told.ended() == (900, "Succeeded", "")


def test_new_extensions_on_which_an_instance_is_not_healthy_take_it_out_at_their_end():
    told = story((100, EXTENSIONS), versions=BAD)
    assert told.states(0) == [
        (100, "extensions updating"),
        (300, "initializing"),
        (600, "unhealthy"),
    ]
    assert told.ended()[:2] == (600, "Failed")


def test_a_version_that_is_good_in_a_replication_does_no_harm():
    half = {"2": {"bad": "50%", "unhealthy": "100%"}}
    ends = [story((100, IMAGE), versions=half, run=run).ended()[:2] for run in range(12)]
    assert set(ends) == {(400, "Succeeded"), (500, "Failed")}


def test_any_of_the_faulty_parts_of_a_model_does_harm():
    both = {"update_model": {"image": "2", "size": "3"}}
    for name in "23":
        versions = {name: {"unhealthy": "100%"}}
        assert story((100, both), versions=versions).ended()[:2] == (500, "Failed")


# Unhealthy later


LATER = {"2": {"unhealthy_later": {"probability": "100%", "after": "1000s"}}}


def test_one_may_turn_unhealthy_some_time_after():
    told = story((100, IMAGE), versions=LATER)
    assert told.states(0)[2:] == [(250, "healthy"), (1250, "unhealthy")]
    assert told.states(2)[2:] == [(400, "healthy"), (1400, "unhealthy")]
    assert told.rows[-1] == (1400, "w_3", "healthy", "unhealthy", "version 2")
    assert told.ended() == (400, "Succeeded", "")
    assert told.measure("instances_failed") == 4


def test_it_does_not_if_something_else_happened_to_it_meanwhile():
    told = story((100, IMAGE), (1200, {"reimage": {"instances": [0]}}), versions=LATER)
    assert told.states(0)[3:] == [
        (1200, "reimaging"),
        (1300, "initializing"),
        (1350, "healthy"),
        (2350, "unhealthy"),
    ]


def test_each_faulty_part_may_turn_it_unhealthy_the_first_one_does():
    later = {
        name: {"unhealthy_later": {"probability": "100%", "after": after}}
        for name, after in (("2", "1000s"), ("3", "500s"))
    }
    told = story((100, {"update_model": {"image": "2", "size": "3"}}), versions=later)
    assert told.states(0)[2:] == [(250, "healthy"), (750, "unhealthy")]


def test_it_may_while_a_batch_is_under_way_and_counts_at_its_end():
    soon = {"2": {"unhealthy_later": {"probability": "100%", "after": "100s"}}}
    told = story((100, IMAGE), versions=soon)
    assert told.states(0)[2:] == [(250, "healthy"), (350, "unhealthy")]
    assert told.ended()[:2] == (400, "Failed")


# Failures


def test_a_failure_hits_one_in_service_which_is_back_after_its_recovery():
    world = World()
    world.fail(10, 0, 500)
    assert world.run() == {0: [(10, "failed"), (510, "healthy")]}


def test_a_failure_of_one_that_is_out_changes_nothing():
    world = World()
    world.start(0)
    world.fail(50, 0, 500)
    world.fail(120, 0, 500)
    assert world.run() == {0: [(0, "reimaging"), (100, "initializing"), (150, "healthy")]}


def test_no_start_shortens_the_recovery_from_a_failure():
    world = World()
    world.fail(10, 0, 500)
    world.at(20, world.start, 0, 1)
    assert world.run() == {
        0: [(10, "failed"), (20, "reimaging"), (510, "initializing"), (560, "healthy")],
        1: [(20, "reimaging"), (120, "initializing"), (170, "healthy")],
    }


def test_nor_does_a_restore():
    world = World()
    world.fail(10, 0, 500)
    world.at(20, world.restore, 0)
    world.at(20, world.restore, 1)
    assert world.run() == {
        0: [(10, "failed"), (20, "restoring"), (510, "healthy")],
        1: [(20, "restoring"), (90, "healthy")],
    }


def test_a_new_instance_knows_nothing_of_the_failure_of_the_one_before():
    world = World()
    world.fail(10, 0, 500)
    world.at(20, world.delete, 0)
    world.at(60, world.start, 0, status=CREATING)
    assert world.run()[0][1:] == [
        (20, "deleting"),
        (50, "absent"),
        (60, "creating"),
        (210, "initializing"),
        (260, "healthy"),
    ]


def test_a_failure_ends_an_update_of_extensions_and_nobody_waits_for_it():
    world = World()
    batch = world.start(0, status=EXTENSIONS_UPDATING)
    ended = []
    batch.over.callbacks.append(lambda _: ended.append(world.context.now))
    world.fail(30, 0, 500)
    assert world.run() == {0: [(0, "extensions updating"), (30, "failed"), (530, "healthy")]}
    assert (ended, batch.failed) == ([30], [0])


def test_a_failure_leaves_the_model_as_it_is():
    world = World((0, IMAGE))
    world.start(0, version=1)
    world.fail(200, 0, 500)
    world.run()
    assert (world.instances.status(0), world.instances.version(0)) == (HEALTHY, 1)


def test_failures_of_a_set_come_by_themselves():
    told = story(failures={"per_year": 20_000, "recovery": "7min"}, horizon="1d")
    rows = [(time, new) for time, subject, _, new, _ in told.rows if subject == "w_0"]
    fails = [time for time, new in rows if new == "failed"]
    back = [time for time, new in rows if new == "healthy"]
    assert len(fails) > 20
    assert [after - before for before, after in zip(fails, back, strict=False)] == [420.0] * len(
        back
    )


class Watches:
    """Who wants to know of every instance."""

    def __init__(self, context):
        self.context, self.seen = context, []

    def changed(self, instance):
        self.seen.append((self.context.now, instance))


def test_watchers_hear_who_is_healthy_unhealthy_or_gone():
    world = World((0, IMAGE), versions=BAD)
    watches = Watches(world.context)
    world.instances.watching.append(watches)
    world.start(0)
    world.start(1, version=1)
    world.delete(2)
    world.fail(5, 3, 20)
    world.run()
    assert watches.seen == [(5, 3), (25, 3), (30, 2), (150, 0), (400, 1)]
    assert world.instances.changed_at == {3: 25, 0: 150}


# Many at once


def crowd(source="application", policy=None, late="301s"):
    """500 instances, of which some fail, some answer too late, while others are asked for more."""
    spread = {"exponential": {"mean": "2min"}}
    system = {
        "kind": "vm_scale_set",
        "instances": 500,
        "upgrade_policy": policy or {"max_unhealthy_instance_percent": "100%"},
        "failures": {"per_year": 2000, "recovery": spread},
        "health": {"source": source},
        "reimage": spread,
        "healthy_after": {"uniform": {"low": "0s", "high": late}},
    }
    asked = [
        {"at": "1s", "update_model": {"image": "2"}},
        {"at": "2min", "reimage": {"instances": [3, 4, 5, 100, 200, 499]}},
        {"at": "3min", "scale": {"instances": 700}},
    ]
    return {"horizon": "2h", "systems": {"s": system}, "operations": asked}


@pytest.mark.parametrize(
    ("trees", "many"),
    [
        ([scenario(Random(seed)) for seed in range(100)], 1),
        ([scenario(Random(seed)) for seed in range(100, 200)], 1),
        ([crowd()], 8),
        ([crowd(late="500s")], 2),
        ([crowd("none", {"mode": "automatic"})], 8),
    ],
)
def test_steps_that_are_done_at_once_are_those_that_are_done_one_by_one(monkeypatch, trees, many):
    """Whatever comes between them: failures, other requests, verdicts, the end of a batch."""
    whole, done = Instances._sweeper, [0]

    def sweeper(self, *given):
        at_once = whole(self, *given)

        def counted(*asked):
            count = at_once(*asked)
            done[0] += count
            return count

        return counted

    monkeypatch.setattr(Instances, "_sweeper", sweeper)
    for tree in trees:
        wild = simulation_of(tree)
        monkeypatch.setattr(instances_module, "MANY", many)
        swept = wild.run(0)
        monkeypatch.setattr(instances_module, "MANY", 10**6)
        assert swept.equals(wild.run(0))
    assert done[0] > 100


# What they are


def test_instances_tell_who_is_there_who_is_free_and_who_is_pending():
    world = World((0, IMAGE), (0, {"scale": {"instances": 6}}), unhealthy_instances=[3])
    instances = world.instances
    assert instances.present == [0, 1, 2, 3]
    assert instances.free == [4, 5]
    instances.reserved.add(4)
    assert instances.free == [5]
    assert instances.unhealthy == [3]
    assert instances.pending(1).tolist() == [0, 1, 2, 3]
    assert instances.pending(1, {0}, [2]).tolist() == [1, 3]
    assert instances.pending(0).tolist() == []
    world.delete(0)
    world.start(1, version=1)
    instances.fail(2, 10.0, FAILURES)
    assert instances.present == [1, 2, 3]
    assert instances.free == [5]  # one that is being deleted has its number still
    assert instances.pending(1).tolist() == [2, 3]
    assert instances.on_their_way == [1]
    assert instances.unhealthy == [1, 2, 3]
    assert [instances.is_given_up(k) for k in range(4)] == [False, False, True, True]
    assert [instances.counts_unhealthy(k) for k in range(4)] == [False, True, True, True]
    assert (instances.status(2), instances.version(1)) == (FAILED, 1)


def test_without_a_source_of_health_only_what_runs_or_not_is_seen():
    policy = {"mode": "manual"}
    world = World(health={"source": "none"}, policy=policy, unhealthy_instances=[3])
    assert world.instances.unhealthy == []
    assert not world.instances.is_given_up(3)
    world.start(0)
    world.instances.fail(1, 10.0, FAILURES)
    assert world.instances.unhealthy == [0, 1]
    assert world.instances.is_given_up(1)


def test_one_that_is_created_or_updates_its_extensions_is_not_unhealthy():
    world = World((0, {"scale": {"instances": 5}}))
    world.start(4, status=CREATING)
    world.start(0, status=EXTENSIONS_UPDATING)
    assert world.instances.unhealthy == []
    assert world.instances.on_their_way == [0, 4]
    assert world.instances.status(1) == HEALTHY
