"""The series of a scale set's run, on hand-made logs."""

from __future__ import annotations

import pytest
from set_log import IMAGE, WALK, ScaleSet

from sim.systems.vm_scale_set.series import names

DIP = [(0, 1), (100, 0.5), (240, 1), (300, 0.5), (440, 1)]


def series(name, text=WALK, **spec):
    return ScaleSet(IMAGE, **spec).series(text, name)


def test_capacity_is_a_share_of_the_instances_at_time_0():
    assert series("capacity") == DIP
    assert series("capacity", "", unhealthy_instances=[0]) == [(0, 0.5)]


@pytest.mark.parametrize(("needed", "line"), [(1, [(0, 1)]), (2, [(t, v == 1) for t, v in DIP])])
def test_available_is_1_while_enough_instances_are_in_service(needed, line):
    assert series("available", min_available=needed) == line


def test_instances_are_those_that_are_there_in_service_or_not():
    text = "100 w_2 -> creating/2\n300 w_0 -> deleting\n400 w_0 -> absent"
    surge = {"max_surge": True, "max_batch_instance_percent": 0.5}
    assert series("instances", text, upgrade_policy=surge) == [(0, 2), (100, 3), (400, 2)]


def test_up_to_date_are_those_in_service_at_the_model_of_the_time():
    assert series("up_to_date") == [(0, 1), (100, 0), (240, 0.5), (440, 1)]


def test_states_and_versions_have_lines_of_their_own():
    assert series("by_version:2") == [(0, 0), (240, 1), (440, 2)]
    assert series("by_state:reimaging") == [(0, 0), (100, 1), (180, 0), (300, 1), (380, 0)]


def test_each_series_that_is_named_is_there():
    made = ScaleSet(IMAGE)
    lines = made.model.timelines(made.log(WALK))
    assert list(lines) == names(made.model.layout)
    assert {group for _, group in lines} == {""}
    assert {"capacity", "available", "instances", "up_to_date"} <= {name for name, _ in lines}
