"""Logs end to end: orders, final states, and an audit that names what is wrong with them."""

from __future__ import annotations

import math

import numpy as np
import pytest
from street_log import (
    GREEN,
    HORIZON,
    LIGHT,
    NEW_GREEN,
    OFF,
    ON,
    RED,
    ROWS,
    SUBJECTS,
    SWITCH,
    changed,
    log,
)

from sim.core.stack import Stack, next_of_each


def test_a_stack_holds_replication_after_replication():
    stack = Stack([log(ROWS[:2], 4), log([], 5), log(ROWS, 9)])
    assert stack.numbers.tolist() == [4, 5, 9]
    assert stack.replications == 3
    assert stack.start.tolist() == [0, 2, 2, 8]
    assert stack.replication.tolist() == [0, 0, 2, 2, 2, 2, 2, 2]
    assert stack.time.tolist() == [10, 10, 10, 10, 20, 30, 30, 100]


def test_the_first_row_at_a_time_is_one_of_its_replication():
    stack = Stack([log(ROWS[:2]), log([]), log()])
    asked = np.array([0, 0, 1, 2, 2, 2]), np.array([10.0, 11, 10, 10, 30, 101])
    assert stack.first_at(*asked).tolist() == [0, 2, 2, 2, 5, 8]
    assert stack.first_at(*asked, "right").tolist() == [2, 2, 2, 4, 7, 8]


def test_rows_by_subject_keep_the_order_of_time():
    stack = Stack([log(), log()])
    ordered = [(stack.replication[row], stack.subject[row], row) for row in stack.by_subject]
    assert ordered == sorted(ordered)
    assert len(set(stack.key.tolist())) == 8  # four subjects in each of two replications


def test_the_final_state_is_the_last_new_one_or_the_initial_one():
    stack = Stack([log(), log(ROWS[:3])])
    assert stack.final.tolist() == [[ON, RED, RED, GREEN, 0], [ON, NEW_GREEN, RED, 0, GREEN]]


def test_where_nothing_happens_the_final_state_is_the_initial_one():
    assert Stack([log([]), log([])]).final.tolist() == [SUBJECTS.initial.tolist()] * 2


def test_each_row_knows_the_next_one_of_its_subject():
    stack = Stack([log()])
    row = stack.by_subject
    after = next_of_each(stack.key[row], stack.time[row], math.inf)
    assert after.tolist() == [math.inf, 20, 100, math.inf, math.inf, math.inf]
    nobody = next_of_each(stack.key[:0], stack.cause[:0], -1)
    assert (nobody.dtype, len(nobody)) == (np.int32, 0)


# The audit


def test_a_history_passes_the_audit():
    assert Stack([log()]).audit() is None
    assert Stack([log([])]).audit() is None


def test_each_replication_of_a_stack_begins_anew():
    """Time starts again at 0, every subject in its initial state."""
    assert Stack([log(), log([]), log(ROWS[:1]), log(), log([])]).audit() is None


BACK = "time goes back"
OUTSIDE = "a row lies outside the scenario's time"
OLD = "a row's old state is not what the subject was in"
NEW = "a row's new state does not exist"
CAUSE = "a row's cause does not exist"
SUBJECT = "a row's subject does not exist"


@pytest.mark.parametrize(
    ("place", "change", "found", "rule"),
    [
        (2, {"time": 5.0}, 2, BACK),
        (3, {"time": 31.0}, 4, BACK),
        (0, {"time": -1.0}, 0, OUTSIDE),
        (5, {"time": 101.0}, 5, OUTSIDE),
        (5, {"time": math.nextafter(HORIZON, 101.0)}, 5, OUTSIDE),
        (5, {"time": math.inf}, 5, OUTSIDE),
        (3, {"time": math.nan}, 3, OUTSIDE),
        (0, {"old": ON}, 0, OLD),
        (2, {"old": NEW_GREEN}, 2, OLD),
        (1, {"new": NEW_GREEN}, 2, OLD),
        (3, {"old": RED}, 3, OLD),
        (1, {"subject": 2}, 2, OLD),
        (5, {"new": len(LIGHT)}, 5, NEW),
        (0, {"new": len(SWITCH)}, 0, NEW),
        (5, {"new": -1}, 5, NEW),
        (4, {"cause": SUBJECTS.count}, 4, CAUSE),
        (4, {"cause": -1}, 4, CAUSE),
        (3, {"subject": SUBJECTS.count}, 3, SUBJECT),
        (3, {"subject": -1}, 3, SUBJECT),
    ],
)
def test_a_corrupted_row_is_found_and_its_rule_named(place, change, found, rule):
    assert Stack([changed(place, **change)]).audit() == (found, rule)


@pytest.mark.parametrize(
    ("rows", "found", "rule"),
    [
        (ROWS[:1] + ROWS[2:], 1, OLD),
        (ROWS[:2] + ROWS[1:], 2, OLD),
        ([*ROWS[:1], ROWS[2], ROWS[1], *ROWS[3:]], 2, BACK),
        ([ROWS[0], (10.0, *ROWS[2][1:]), ROWS[1], *ROWS[3:]], 1, OLD),
    ],
    ids=["lost", "written twice", "in the wrong order", "in the wrong order at one instant"],
)
def test_a_row_out_of_place_is_found_and_its_rule_named(rows, found, rule):
    assert Stack([log(rows)]).audit() == (found, rule)


def test_a_bad_row_is_found_in_a_later_replication():
    stack = Stack([log(), log([]), changed(2, time=5.0)])
    assert stack.audit() == (len(ROWS) + 2, BACK)


def test_a_state_is_not_carried_over_from_another_replication():
    """The second log begins where the first one ended, which is no beginning."""
    assert Stack([log(ROWS[:1]), log([(5.0, 0, ON, OFF, 0)])]).audit() == (1, OLD)
