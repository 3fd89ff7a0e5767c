"""The steps of a start: when each comes, and in what order."""

from __future__ import annotations

import numpy as np
from set_story import EXTENSIONS, IMAGE
from set_world import World

from sim.systems.base.context import LOOK, RETURN
from sim.systems.vm_scale_set.states import EXTENSIONS_UPDATING, REIMAGING, WIDTH
from sim.systems.vm_scale_set.steps import ANSWERS, JUDGED, RUNS, plan

MEMBERS = np.array([1, 3])


def steps(state, *, runs=(100.0, 90.0), asked=(0, IMAGE), **spec):
    world = World(asked, **spec)
    attempts = np.zeros(2, np.int64)
    found = plan(world.layout, world.starts, MEMBERS, attempts, state, np.array(runs))
    first = world.layout.first_instance
    assert [each & 0xFFFFFFFF for each in found.priority] == [first + k for k in found.instance]
    rank = {RUNS: RETURN, ANSWERS: RETURN, JUDGED: LOOK}
    assert [each >> 32 for each in found.priority] == [rank[each] for each in found.step]
    return list(zip(found.time.tolist(), found.instance.tolist(), found.step.tolist(), strict=True))


def test_each_instance_runs_and_then_is_seen_to_be_healthy_in_order_of_time():
    assert steps(WIDTH + REIMAGING) == [
        (90, 3, RUNS),
        (100, 1, RUNS),
        (140, 3, ANSWERS),
        (150, 1, ANSWERS),
    ]


def test_one_that_answers_late_is_given_up_before():
    found = steps(WIDTH + REIMAGING, healthy_after="400s")
    assert found[2:4] == [(390, 3, JUDGED), (400, 1, JUDGED)]
    assert [each[2] for each in found[4:]] == [ANSWERS, ANSWERS]


def test_one_whose_extensions_are_new_serves_until_it_runs_on_them():
    found = steps(WIDTH + EXTENSIONS_UPDATING, asked=(0, EXTENSIONS))
    assert found == [(90, 3, ANSWERS), (100, 1, ANSWERS)]


def test_at_one_instant_an_instance_runs_before_it_is_seen_to_be_healthy():
    found = steps(WIDTH + REIMAGING, runs=(90.0, 90.0), healthy_after="0s")
    assert found == [(90, 1, RUNS), (90, 1, ANSWERS), (90, 3, RUNS), (90, 3, ANSWERS)]
