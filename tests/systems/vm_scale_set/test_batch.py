"""Who waits for instances: a batch, two batches for the same one."""

from __future__ import annotations

from set_story import BAD, IMAGE
from set_world import World

from sim.systems.vm_scale_set.batch import Batch, Both
from sim.systems.vm_scale_set.states import UPDATING


def test_a_batch_is_over_when_all_have_settled():
    world = World((0, IMAGE), versions=BAD)
    batch = world.start(0, 1, version=0)
    world.start(2, version=1)
    ended = []
    batch.over.callbacks.append(lambda _: ended.append(world.context.now))
    world.run()
    assert (ended, batch.failed) == ([150], [])
    assert world.batches[1].failed == [2]


def test_a_batch_of_nobody_is_over_at_once():
    world = World()
    batch, ended = Batch(world.context, 0, []), []
    batch.over.callbacks.append(lambda _: ended.append(world.context.now))
    world.run()
    assert ended == [0]


def test_one_that_is_deleted_has_settled_and_is_not_healthy():
    world = World()
    batch = world.delete(3)
    assert world.run() == {3: [(0, "deleting"), (30, "absent")]}
    assert batch.failed == [3]


def test_who_takes_an_instance_again_does_not_leave_the_first_one_waiting():
    world = World()
    first, seen = world.start(0), []
    first.over.callbacks.append(lambda _: seen.append(("first", world.context.now)))

    def again():
        second = world.start(0, status=UPDATING)
        second.over.callbacks.append(lambda _: seen.append(("second", world.context.now)))

    world.at(60, again)
    assert world.run() == {
        0: [(0, "reimaging"), (60, "updating"), (260, "initializing"), (310, "healthy")]
    }
    assert seen == [("first", 310), ("second", 310)]


class Heard:
    """Who waits, and what it heard."""

    def __init__(self, name, seen):
        self.name, self.seen = name, seen

    def settled(self, instance, *, is_healthy):
        self.seen.append((self.name, instance, is_healthy))


def test_of_two_who_wait_both_hear_in_the_order_in_which_they_took_it():
    seen = []
    first, second = Heard("first", seen), Heard("second", seen)
    assert Both.of(None, second) is second
    Both.of(first, second).settled(7, is_healthy=False)
    assert seen == [("first", 7, False), ("second", 7, False)]
