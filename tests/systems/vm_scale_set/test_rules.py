"""How many a batch takes, and whom, and how many may be unhealthy."""

from __future__ import annotations

import numpy as np
import pytest

from sim.systems.vm_scale_set.defaults import resolve
from sim.systems.vm_scale_set.rules import allowed, batch_limit, lowest, next_batch
from sim.systems.vm_scale_set.spec import VmScaleSet


@pytest.mark.parametrize(
    ("share", "whole", "most"),
    [(0.2, 10, 2), (0.2, 4, 0), (0.3, 10, 3), (0.29, 100, 29), (1.0, 7, 7), (0.0, 7, 0)],
)
def test_a_share_of_a_whole_is_rounded_down(share, whole, most):
    assert allowed(share, whole) == most
    assert allowed(share, np.array([whole, 0])).tolist() == [most, 0]


@pytest.mark.parametrize(("instances", "most"), [(1, 1), (4, 1), (10, 2), (14, 2), (15, 3)])
def test_a_batch_takes_at_most_its_share_and_at_least_one(instances, most):
    written = VmScaleSet.model_validate({"kind": "vm_scale_set", "instances": 10})
    assert batch_limit(resolve("w", written), instances) == most


def batch(places, pending, limit, urgent=()):
    waits, first = np.zeros((2, 1, len(places)), bool)
    waits[0, list(pending)] = first[0, list(urgent)] = True
    return np.flatnonzero(next_batch(np.array(places), waits, first, np.array([limit]))).tolist()


def test_a_batch_is_of_one_place_and_takes_the_lowest_numbers():
    assert batch([0, 1, 0, 1, 0], range(5), 2) == [0, 2]
    assert batch([0, 1, 0, 1, 0], range(5), 9) == [0, 2, 4]
    assert batch([0, 1, 0, 1, 0], [1, 3, 4], 9) == [4]
    assert batch([0, 1, 0, 1, 0], [3, 1], 9) == [1, 3]


def test_urgent_ones_come_first_and_say_in_which_place():
    assert batch([0, 1, 0, 1, 1], range(5), 2, urgent=[4]) == [1, 4]
    assert batch([0, 1, 0, 1, 1], range(5), 1, urgent=[4]) == [4]
    assert batch([0, 1, 0, 1, 1], range(5), 2, urgent=[0, 3]) == [0, 2]
    assert batch([0, 1, 0, 1, 1], [1, 3], 2, urgent=[0]) == [1, 3]  # one that is up to date


def test_several_sets_are_looked_at_together():
    pending = np.array([[True, True, True], [False, True, True]])
    found = next_batch(np.zeros(3, int), pending, np.zeros((2, 3), bool), np.array([2, 1]))
    assert found.tolist() == [[True, True, False], [False, True, False]]
    assert lowest(pending, np.array([0, -1])).any() == np.False_
