"""Which numbers come and go when the capacity changes."""

from types import SimpleNamespace

import pytest

from sim.systems.vm_scale_set.scaling import new_numbers, to_go


def instances(zone_of, present):
    """Instances as far as the choice looks at them."""
    free = sorted(set(range(len(zone_of))).difference(present))
    return SimpleNamespace(layout=SimpleNamespace(zone_of=zone_of), present=present, free=free)


@pytest.mark.parametrize(
    ("count", "numbers"),
    [(1, [4]), (2, [4, 3]), (4, [4, 3, 5, 6])],  # 3 in zone 0, 1 in zone 1; then 3 and 2, ...
)
def test_new_ones_come_where_there_are_fewest_the_lowest_number_first(count, numbers):
    those = instances([0, 1, 0, 0, 1, 1, 0, 1, 0], [0, 1, 2])
    assert new_numbers(those, count) == numbers


def test_a_zone_without_free_numbers_is_passed_over():
    assert new_numbers(instances([0, 0, 0, 1, 1], [0, 3]), 3) == [1, 4, 2]


def test_the_newest_goes_of_the_zone_that_has_most():
    those = instances([0, 0, 0, 1, 1], [0, 1, 2, 3, 4])
    assert to_go(those, 3, ()) == [2, 1, 4]


def test_those_that_are_kept_count_in_their_zone_and_stay():
    those = instances([0, 0, 0, 1, 1], [0, 1, 2, 3, 4])
    assert to_go(those, 2, {1, 2}) == [0, 4]


def test_a_large_set_is_halved_in_one_look_at_each_instance():
    zone_of = [number % 3 for number in range(30_000)]
    gone = to_go(instances(zone_of, list(range(30_000))), 15_000, ())
    assert sorted(gone) == list(range(15_000, 30_000))
