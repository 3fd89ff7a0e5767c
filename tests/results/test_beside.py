"""Which lines stand beside that of the whole."""

import numpy as np
import pytest

from sim.core.timelines import Timeline
from sim.results.beside import accepting_beside, apart, groups_apart


def line(*values, unit="share"):
    return Timeline(np.array([0.0, 5.0]), np.array(values, float), 10.0, unit)


def test_a_group_that_is_all_has_no_line_beside_groups_that_differ():
    whole = Timeline(np.array([0.0, 5.0]), np.array([0.0, 1.0]), 10.0)
    other = Timeline(np.array([0.0, 7.0]), np.array([0.0, 1.0]), 10.0)
    parts = {"a part": other, "another": other}
    assert list(groups_apart(whole, {"all of it": whole} | parts)) == ["a part", "another"]
    assert len(groups_apart(whole, {"all of it": whole, "a part": other})) == 2
    assert groups_apart(whole, {"all of it": whole}) == {}


def test_lines_that_are_hardly_seen_to_differ_are_one():
    assert not apart(line(1, 0.5), line(1, 0.509))
    assert apart(line(1, 0.5), line(1, 0.511))


@pytest.mark.parametrize(("slots", "beside"), [((8, 8), []), ((8, 4), ["accepting new tasks"])])
def test_slots_that_take_no_new_tasks_are_seen_beside_those_in_service(slots, beside):
    found = accepting_beside(line(1, 1), line(*slots, unit="count"), 8)
    assert list(found) == beside
    assert all(each.unit == "share" and each.values.tolist() == [1, 0.5] for each in found.values())


def test_more_groups_than_can_be_followed_are_left_out():
    groups = {f"group {number}": line(1, 0.5) for number in range(7)}
    assert groups_apart(line(1, 1), groups) == {}
    groups.popitem()
    assert list(groups_apart(line(1, 1), groups)) == list(groups)
