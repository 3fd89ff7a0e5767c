"""What is wanted of whom, from the rows of a small system made by hand."""

from __future__ import annotations

import numpy as np
import pytest
from simpy import Environment

from sim.core.log import Recorder, States, Subjects, the_scenario
from sim.core.random_streams import draws
from sim.core.stack import Stack
from sim.systems.base.context import Context
from sim.systems.base.layout import Numbering
from sim.systems.base.targets import (
    INITIAL,
    REACHED,
    REQUESTED,
    ROLLED_BACK,
    Group,
    Spell,
    Target,
    Targets,
    share,
    target_states,
    up_to_date,
)

MEMBER = States(("absent", "up", "down"), ("a", "b"))
UP_A, DOWN_A, UP_B, DOWN_B = 1, 2, 4, 5
THERE = np.array([0, 1, 1, 0, 1, 1])
UP = np.array([0, 1, 0, 0, 1, 0])


class Small:
    """Two groups of two members, each group with a target, and what becomes of them."""

    def __init__(self):
        numbering = Numbering("small", 1)
        states = target_states(MEMBER.versions)
        self.targets = numbering.add("target", states, ("target of x", "target of y"), (1, 1))
        self.members = [
            numbering.add("member", MEMBER, ("0", "1"), (UP_A, UP_A), group=group) for group in "xy"
        ]
        self.subjects = Subjects([the_scenario(), *numbering.blocks])
        self.recorder = Recorder()
        self.context = Context(Environment(), draws(0, 0), 100.0, None, self.recorder)
        self.of = [Target(self.context, self.targets, place) for place in range(2)]
        self.states = {number: UP_A for block in self.members for number in block.numbers}

    def at(self, time, place, status, version):
        """A target becomes something."""
        self.context.now = float(time)
        self.of[place].becomes(status, version, 0)

    def move(self, time, group, number, code):
        """A member becomes something."""
        subject = self.members[group].first + number
        self.recorder.record(time, subject, self.states[subject], code, 0)
        self.states[subject] = code

    def log(self, replication=0):
        return self.recorder.freeze(self.subjects, replication, 100.0, drew=False)


def both_ways():
    """x is asked for b at 10 and taken back at 20; y is asked for b at 30, and has it at 40."""
    small = Small()
    small.at(10, 0, REQUESTED, 1)
    small.move(12, 0, 0, DOWN_B)
    small.move(14, 0, 0, UP_B)
    small.at(20, 0, ROLLED_BACK, 0)
    small.at(30, 1, REQUESTED, 1)
    small.move(35, 1, 0, UP_B)
    small.move(36, 1, 1, UP_B)
    small.at(40, 1, REACHED, 1)
    return small


def groups(small):
    return [Group(block, place, THERE, UP) for place, block in enumerate(small.members)]


def test_each_change_is_a_row_and_what_is_wanted_already_makes_none():
    small = Small()
    small.at(10, 0, REQUESTED, 1)
    small.at(20, 0, REQUESTED, 1)
    small.at(30, 0, REACHED, 1)
    log = small.log()
    assert log.lines() == [
        "10 target of x initial/a -> requested/b because the scenario",
        "30 target of x requested/b -> reached/b because the scenario",
    ]
    assert Stack([log]).audit() is None
    assert (small.of[0].status, small.of[0].version) == (REACHED, 1)
    assert (small.of[1].status, small.of[1].version) == (INITIAL, 0)


def test_at_the_horizon_a_rollback_gives_back_what_it_does_not_unask():
    logs = [both_ways().log(), Small().log(1)]
    targets = Targets(Stack(logs), logs[0].subjects.of("small", "target")[0])
    assert targets.version.tolist() == [[0, 1], [0, 0]]
    assert targets.requested.tolist() == [[1, 1], [0, 0]]
    assert targets.has("rolled_back").tolist() == [[True, False], [False, False]]
    assert targets.has("initial").tolist() == [[False, False], [True, True]]


def test_what_a_rollback_gives_back_is_not_asked_for_by_it():
    small = both_ways()
    small.at(50, 0, REQUESTED, 0)
    targets = Targets(Stack([small.log()]), small.targets)
    assert targets.requested.tolist() == [[0, 1]]


def test_spells_follow_each_other_and_the_last_of_an_instant_holds():
    small = both_ways()
    small.at(50, 1, REQUESTED, 0)
    small.of[1].becomes(ROLLED_BACK, 0, 0)
    targets = Targets(Stack([small.log()]), small.targets)
    assert targets.spells(1) == [
        Spell(0.0, INITIAL, 0),
        Spell(30.0, REQUESTED, 1),
        Spell(40.0, REACHED, 1),
        Spell(50.0, ROLLED_BACK, 0),
    ]


def test_before_a_row_a_target_is_what_the_rows_before_made_it():
    logs = [Small().log(), both_ways().log(1)]
    targets = Targets(Stack(logs), logs[0].subjects.of("small", "target")[0])
    rows = np.array([0, 1, 3, 4, 4])
    places, replications = np.array([0, 0, 0, 0, 1]), np.array([1, 1, 1, 1, 1])
    width = targets.width
    assert targets.before(replications, places, rows).tolist() == [
        INITIAL,
        width + REQUESTED,
        width + REQUESTED,
        ROLLED_BACK,
        INITIAL,
    ]


def test_updated_counts_those_in_scope_that_are_back_at_the_version():
    stack = Stack([both_ways().log()])
    x, y = groups(both_ways())
    asked = np.array([1])
    assert [part.tolist() for part in x.updated(stack, asked, np.array([True]))] == [[1], [2]]
    assert [part.tolist() for part in y.updated(stack, asked, np.array([True]))] == [[2], [2]]
    only = np.array([[False, True]])
    assert [part.tolist() for part in x.updated(stack, asked, only)] == [[0], [1]]
    assert share(np.array([1, 0]), np.array([2, 0])).tolist() == [0.5, 0.0]


def test_up_to_date_follows_what_is_wanted_at_the_time():
    small = both_ways()
    targets = Targets(Stack([small.log()]), small.targets)
    line = up_to_date(targets, groups(small))
    assert dict(zip(line.times.tolist(), line.values.tolist(), strict=True)) == pytest.approx(
        {0: 1.0, 10: 0.5, 14: 0.75, 30: 0.25, 35: 0.5, 36: 0.75}
    )
