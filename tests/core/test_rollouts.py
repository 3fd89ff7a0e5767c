"""What became of rollouts, from rows made by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from sim.core.log import (
    ASKED,
    COMPLETED,
    FAILED,
    OPERATION,
    REFUSED,
    ROLLED_BACK,
    ROLLING_BACK,
    STUCK,
    SUCCEEDED,
    SUPERSEDED,
    UPGRADE,
    UPGRADE_CANCELLED,
    UPGRADE_FAILED,
    UPGRADING,
    Block,
    Recorder,
    Subjects,
)
from sim.core.rollouts import rollouts, took_nobody
from sim.core.stack import Stack

OPERATIONS = Block("s", "operation", "", 0, 3, OPERATION, np.zeros(3, np.int16), str, {})
UPGRADES = Block("s", "upgrade", "", 3, 3, UPGRADE, np.zeros(3, np.int16), str, {})
MEMBERS = Block("s", "member", "", 6, 1, OPERATION, np.zeros(1, np.int16), str, {})
SUBJECTS = Subjects([OPERATIONS, UPGRADES, MEMBERS])
FIRST, SECOND, PLATFORM = 3, 4, 5
MEMBER = 6


def stack_of(*histories):
    """Logs of rows (time, subject, state)."""
    logs = []
    for replication, history in enumerate(histories):
        recorder, states = Recorder(), [0] * SUBJECTS.count
        for time, subject, state in history:
            recorder.record(time, subject, states[subject], state, 0)
            states[subject] = state
        logs.append(recorder.freeze(SUBJECTS, replication, 1000.0, drew=True))
    stack = Stack(logs)
    assert stack.audit() is None
    return stack


def told(stack, asked=2, must_end=(True, True), is_at_none=None):
    taken, must = np.flatnonzero(stack.about(MEMBER, 1)), np.array(must_end[:asked])
    return rollouts(stack, range(asked), UPGRADES, must, taken, is_at_none=is_at_none)


def outcome(history, asked=2, must_end=(True, True), is_at_none=None):
    """Duration, finished, rollback's duration, rolled back, kept of a service asked for two."""
    found = told(stack_of(history), asked, must_end, is_at_none)
    names = ("rollout_duration", "finished", "rollback_duration", "rolled_back")
    values = [found.values[name].item() for name in names]
    return [None if math.isnan(value) else value for value in values], found.rollouts_ended.item()


def ends(history):
    """done_at, ended_in, safe_end of a service asked for two rollouts."""
    found = told(stack_of(history)).values
    values = [found[name].item() for name in ("done_at", "ended_in", "safe_end")]
    return [None if math.isnan(value) else value for value in values]


BOTH = [
    (10, 0, ASKED),
    (10, FIRST, UPGRADING),
    (60, FIRST, COMPLETED),
    (60, 0, SUCCEEDED),
    (100, 1, ASKED),
    (100, SECOND, UPGRADING),
]
"""The first rollout is done, the second one under way."""
DONE = [*BOTH, (150, SECOND, COMPLETED), (150, 1, SUCCEEDED)]
TAKES = (120, MEMBER, 1)
"""A member is taken while the second one is on."""


def test_a_duration_runs_from_the_first_acceptance_to_the_last_end():
    assert outcome(DONE) == ([140, 1, None, 0], True)
    assert outcome(DONE[:4], asked=1) == ([50, 1, None, 0], True)


def test_a_rollout_that_is_under_way_is_not_finished():
    assert outcome(BOTH) == ([None, 0, None, 0], False)


def test_a_rollout_that_is_stuck_is_neither_ended_nor_finished():
    assert outcome([*BOTH, (150, SECOND, STUCK)]) == ([None, 0, None, 0], False)


def test_a_rollout_that_was_stuck_may_still_finish():
    story = [*BOTH, (150, SECOND, STUCK), (160, SECOND, UPGRADING), (170, SECOND, COMPLETED)]
    assert outcome(story) == ([160, 1, None, 0], True)


def test_a_rollback_is_an_end_but_no_finish():
    story = [*BOTH, TAKES, (150, SECOND, ROLLING_BACK), (200, SECOND, ROLLED_BACK)]
    assert outcome(story) == ([None, 0, 190, 1], True)


def test_a_rollback_under_way_has_begun_and_not_ended():
    assert outcome([*BOTH, (150, SECOND, ROLLING_BACK)]) == ([None, 0, None, 1], False)


def test_the_last_one_requested_decides():
    """The first was rolled back, the second completed: the system is where it was wanted."""
    story = [
        (10, FIRST, UPGRADING),
        (15, MEMBER, 1),
        (20, FIRST, ROLLING_BACK),
        (30, FIRST, ROLLED_BACK),
        (10, 0, FAILED),
        *DONE[4:],
    ]
    story.sort(key=lambda row: row[0])
    assert outcome(story) == ([140, 1, 20, 1], True)


def test_a_failed_rollout_has_ended_and_is_not_finished():
    failed = [*BOTH, TAKES, (150, SECOND, UPGRADE_FAILED)]
    assert outcome(failed) == ([None, 0, None, 0], True)
    assert ends(failed) == [None, 140, 0]
    first = [(10, FIRST, UPGRADING), (50, MEMBER, 1), (60, FIRST, UPGRADE_FAILED), *DONE[4:]]
    assert outcome([(10, 0, ASKED), *first]) == ([140, 1, None, 0], True)


@pytest.mark.parametrize("end", [UPGRADE_FAILED, UPGRADE_CANCELLED, ROLLED_BACK])
@pytest.mark.parametrize("at", [100, 150])
def test_a_rollout_that_ends_without_taking_anybody_keeps_no_promise(end, at):
    """Capacity, say, never fell. It may have waited for a window."""
    nobody = [*BOTH, (at, SECOND, end)]
    assert outcome(nobody)[1] is False
    before = [*BOTH[:3], (80, MEMBER, 1), *BOTH[3:]]  # by the first one, or by nobody
    before.sort(key=lambda row: row[0])
    assert outcome([*before, (at, SECOND, end)])[1] is False
    assert outcome([*BOTH, (at, MEMBER, 1), (at, SECOND, end)])[1] is True
    assert outcome([*BOTH, (at, SECOND, end), (at, MEMBER, 1)])[1] is False
    first = [(10, 0, ASKED), (10, FIRST, UPGRADING), (10, FIRST, end), *DONE[4:]]
    assert outcome(first) == ([140, 1, None if end != ROLLED_BACK else 0, 0], False)
    found = told(stack_of(nobody, DONE, first))
    assert found.rollouts_ended.tolist() == [False, True, False]


def test_a_rollout_that_had_nothing_to_do_is_done():
    assert outcome(DONE, is_at_none=lambda rows: np.zeros(len(rows), bool)) == (
        [140, 1, None, 0],
        True,
    )


def test_a_rollout_that_is_completed_and_took_none_of_those_that_it_is_for_is_not_done():
    """As where all are protected."""

    def is_at_none(rows):
        return np.ones(len(rows), bool)

    assert outcome(DONE, is_at_none=is_at_none) == ([None, 0, None, 0], False)
    both = [*DONE[:2], (15, MEMBER, 1), *DONE[2:]]
    assert outcome(both, is_at_none=is_at_none) == ([None, 0, None, 0], False)
    assert ends([*both]) == [150, 140, 1]
    some = [*both[:-2], TAKES, *both[-2:]]
    assert outcome(some, is_at_none=is_at_none) == ([140, 1, None, 0], True)
    # The last one decides what is finished; each must have taken some for a promise to be kept.
    assert outcome([*DONE[:-2], TAKES, *DONE[-2:]], is_at_none=is_at_none) == (
        [140, 1, None, 0],
        False,
    )


def test_who_is_left_is_asked_of_those_alone_that_took_nobody():
    asked = []

    def is_at_none(rows):
        asked.extend(rows.tolist())
        return np.ones(len(rows), bool)

    outcome([*DONE[:2], (15, MEMBER, 1), *DONE[2:]], is_at_none=is_at_none)
    assert asked == [7]


def test_an_upgrade_that_another_takes_over_need_take_nobody():
    story = [*BOTH[:2], (100, FIRST, SUPERSEDED), (100, SECOND, UPGRADING), TAKES]
    assert outcome([(5, 1, ASKED), *story, (150, SECOND, COMPLETED)])[1] is True


def test_an_update_of_the_platform_may_take_nobody():
    platform = [(200, PLATFORM, UPGRADING), (200, PLATFORM, UPGRADE_FAILED)]
    assert outcome([*DONE, *platform]) == ([140, 1, None, 0], True)
    nobody = took_nobody(stack_of([*DONE, *platform]), UPGRADES, np.zeros(0, np.intp))
    assert nobody.tolist() == [[False, False, True]]


def test_a_finish_has_an_instant_and_is_safe():
    assert ends(DONE) == [150, 140, 1]


def test_a_rollback_to_its_end_is_safe_and_no_finish():
    assert ends([*BOTH, (150, SECOND, ROLLING_BACK), (200, SECOND, ROLLED_BACK)]) == [None, 190, 1]


@pytest.mark.parametrize("state", [UPGRADING, STUCK, ROLLING_BACK])
def test_what_has_not_ended_is_not_safe(state):
    under_way = BOTH if state == UPGRADING else [*BOTH, (150, SECOND, state)]
    assert ends(under_way) == [None, None, 0]
    assert ends([(10, FIRST, UPGRADING), *DONE[4:]]) == [None, None, 0]


def test_what_never_began_has_no_end():
    assert ends([]) == [None, None, 0]
    assert ends([(100, 0, REFUSED), (100, 1, REFUSED)]) == [None, None, 0]


def test_a_takeover_ends_the_former_rollout():
    story = [
        (10, 0, ASKED),
        (10, FIRST, UPGRADING),
        (20, 1, ASKED),
        (20, FIRST, SUPERSEDED),
        (20, 0, FAILED),
        (20, SECOND, UPGRADING),
        (50, SECOND, COMPLETED),
    ]
    assert outcome(story) == ([40, 1, None, 0], True)
    assert outcome(story[:-1]) == ([None, 0, None, 0], False)


def test_a_completed_last_one_is_no_finish_while_a_former_one_is_under_way():
    story = [(10, 0, ASKED), (10, FIRST, UPGRADING), *DONE[4:]]
    assert outcome(story) == ([None, 0, None, 0], False)


def test_a_refused_rollout_keeps_no_promise():
    refused = [*DONE[:4], (100, 1, REFUSED)]
    assert outcome(refused) == ([50, 1, None, 0], False)
    assert outcome([(100, 0, REFUSED)], asked=1) == ([None, 0, None, 0], False)


def test_a_rollout_that_never_came_keeps_no_promise():
    assert outcome([]) == ([None, 0, None, 0], False)
    assert outcome(DONE[:4])[1] is False


def test_a_rollout_that_is_accepted_and_has_not_begun_is_not_over():
    """An image that is not discovered yet; one that a newer one takes over never begins."""
    waits = [*DONE[:4], (100, 1, ASKED)]
    assert outcome(waits) == ([None, 0, None, 0], False)
    assert outcome([*waits, (150, 1, FAILED)]) == ([50, 1, None, 0], True)
    assert outcome(waits, must_end=(True, False)) == ([None, 0, None, 0], True)


def test_a_rollout_that_need_not_end_keeps_its_promise_under_way():
    assert outcome(BOTH, must_end=(True, False)) == ([None, 0, None, 0], True)
    assert outcome(BOTH, must_end=(False, True))[1] is False


def test_updates_of_the_platform_are_no_rollouts():
    with_platform = [(5, PLATFORM, UPGRADING), *DONE, (300, PLATFORM, STUCK)]
    assert outcome(with_platform) == outcome(DONE)


def test_each_replication_of_a_stack_has_its_own_outcome():
    stack = stack_of(DONE, [], BOTH, DONE)
    found = told(stack)
    assert found.rollouts_ended.tolist() == [True, False, False, True]
    np.testing.assert_equal(found.values["rollout_duration"], [140, math.nan, math.nan, 140])
    assert found.values["finished"].tolist() == [1, 0, 0, 1]


@pytest.mark.parametrize("rule", [0, 1, 2])
def test_a_refusal_counts_whatever_its_rule(rule):
    """An operation's version is the rule that refused it."""
    many = type(OPERATION)(OPERATION.statuses, ("", "too old", "locked"))
    block = Block("s", "operation", "", 0, 3, many, np.zeros(3, np.int16), str, {})
    recorder = Recorder()
    recorder.record(10.0, 0, 0, REFUSED + rule * OPERATION.width, 0)
    log = recorder.freeze(Subjects([block, UPGRADES]), 0, 1000.0, drew=False)
    none = np.zeros(0, np.intp)
    found = rollouts(Stack([log]), range(1), UPGRADES, np.ones(1, bool), none)
    assert found.rollouts_ended.tolist() == [False]
