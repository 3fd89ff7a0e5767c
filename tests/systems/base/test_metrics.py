"""Metrics that follow from states, of kiosks: two of them, each out for five minutes in turn."""

import numpy as np
import pytest
from kiosks import log_of, model, request

from sim.core.log import UNIT
from sim.core.stack import Stack
from sim.core.timelines import Members
from sim.systems.base.metrics import (
    OF_MEMBERS,
    at_least,
    of_members,
    of_rollouts,
    taken_by_upgrades,
)


@pytest.fixture(scope="module")
def kiosks():
    return model(request(0, 10, "2"), request(1, 12, "3"))


@pytest.fixture(scope="module")
def stack(kiosks):
    return Stack([log_of(kiosks)])


@pytest.fixture(scope="module")
def members(kiosks, stack):
    return Members(stack, [block for block in kiosks.blocks if block.kind == "kiosk"])


def taken(one, stack):
    blocks = [block for block in one.blocks if block.kind == "kiosk"]
    return taken_by_upgrades(one.layout, stack, blocks)


def test_capacity_is_that_of_the_members_in_service(members):
    values = of_members(members, UNIT, 0.0)
    assert values["min_capacity"].tolist() == [0.5]
    assert values["capacity_hours_lost"] == pytest.approx(2 * 5 / 60)
    assert "downtime" not in values


def test_what_was_before_the_warm_up_counts_for_nothing(members):
    assert of_members(members, UNIT, 1200.0)["min_capacity"].tolist() == [1.0]


def test_availability_is_told_where_it_is_known_what_is_needed(members):
    both = at_least(members.series("ready"), 2)
    assert of_members(members, UNIT, 0.0, both)["downtime"].tolist() == [600.0]
    one = at_least(members.series("ready"), 1)
    assert of_members(members, UNIT, 0.0, one)["downtime"].tolist() == [0.0]


def test_what_is_measured_of_members_is_named(members):
    up = at_least(members.series("ready"), 1)
    assert sorted(of_members(members, UNIT, 0.0, up)) == sorted(OF_MEMBERS)


def test_a_promise_is_kept_where_every_rollout_is_accepted_and_ends(kiosks, stack):
    found = of_rollouts(kiosks.layout, stack, taken(kiosks, stack))
    assert found.values["rollout_duration"].tolist() == [600.0]
    assert found.rollouts_ended.tolist() == [False]  # the second one is refused


def test_a_rollout_that_need_not_end_may_be_cut_by_the_horizon():
    late = model(request(0, 55, "2"))
    stack = Stack([log_of(late)])
    assert of_rollouts(late.layout, stack, taken(late, stack)).rollouts_ended.tolist() == [False]
    assert of_rollouts(
        late.layout, stack, taken(late, stack), np.array([False])
    ).rollouts_ended.tolist() == [True]


def test_members_are_taken_by_the_rows_that_an_upgrade_causes(kiosks, stack):
    rows = taken(kiosks, stack)
    assert stack.time[rows].tolist() == [600.0, 900.0, 900.0, 1200.0]
    assert not len(taken_by_upgrades(kiosks.layout, stack, kiosks.blocks[:1]))
