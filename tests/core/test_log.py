"""The log: rows go in and come out unchanged, and the audit names what is wrong with them."""

from __future__ import annotations

import math

import numpy as np
import pytest

from sim.core.log import ROW, Block, Log, Recorder, Stack, States, Subjects, next_of_each

LIGHT = States(("absent", "red", "green"), ("old", "new"))
SWITCH = States(("absent", "off", "on"))
RED, GREEN, NEW_RED, NEW_GREEN = 1, 2, 4, 5
OFF, ON = 1, 2
HORIZON = 100.0


def block(first, count, states, initial, kind="light", system="street", group=""):
    codes = np.array(initial, np.int16)
    return Block(system, kind, group, first, count, states, codes, lambda k: f"{kind} {k}", {})


SUBJECTS = Subjects(
    [
        block(0, 1, SWITCH, [OFF], "switch"),
        block(1, 3, LIGHT, [RED, RED, 0], group="a"),
        block(4, 1, LIGHT, [GREEN], group="b"),
    ]
)
ROWS = [
    (10.0, 0, OFF, ON, 0),
    (10.0, 1, RED, NEW_RED, 0),
    (20.0, 1, NEW_RED, NEW_GREEN, 0),
    (30.0, 3, 0, GREEN, 1),
    (30.0, 4, GREEN, 0, 1),
    (100.0, 1, NEW_GREEN, RED, 2),
]


def log(rows=ROWS, replication=0):
    recorder = Recorder()
    for row in rows:
        recorder.record(*row)
    return recorder.freeze(SUBJECTS, replication, HORIZON, drew=True)


def changed(place, **columns):
    """The log with other values in the columns of one row."""
    rows = log().rows.copy()
    for column, value in columns.items():
        rows[place][column] = value
    return Log(SUBJECTS, rows, 0, HORIZON, drew=True)


# States and subjects


def test_a_code_says_its_status_and_its_version():
    assert [LIGHT.status(code) for code in range(len(LIGHT))] == ["absent", "red", "green"] * 2
    assert [LIGHT.version(code) for code in range(len(LIGHT))] == ["old"] * 3 + ["new"] * 3


def test_a_subject_is_found_by_its_number():
    names = [SUBJECTS.name(number) for number in range(SUBJECTS.count)]
    assert names == ["switch 0", "light 0", "light 1", "light 2", "light 0"]
    assert [SUBJECTS.block_of(number).group for number in range(5)] == ["", "a", "a", "a", "b"]


def test_blocks_are_found_by_system_and_kind():
    assert [each.group for each in SUBJECTS.of("street", "light")] == ["a", "b"]
    assert SUBJECTS.of("avenue", "light") == []
    assert SUBJECTS.one("street", "switch") is SUBJECTS.blocks[0]
    with pytest.raises(ValueError, match="too many values"):
        SUBJECTS.one("street", "light")


def test_each_subject_has_its_initial_state_and_its_number_of_codes():
    assert SUBJECTS.initial.tolist() == [OFF, RED, RED, 0, GREEN]
    assert SUBJECTS.codes.tolist() == [3, 6, 6, 6, 6]


@pytest.mark.parametrize("first", [1, 3])
def test_blocks_with_a_gap_or_an_overlap_are_refused(first):
    with pytest.raises(ValueError, match="without gaps"):
        Subjects([block(0, 2, SWITCH, [0, 0]), block(first, 1, SWITCH, [0])])


# Recording


def test_rows_come_out_as_they_went_in():
    rows = log().rows
    assert rows.dtype == ROW
    assert ROW.itemsize == 20
    columns = ("time", "subject", "old", "new", "cause")
    assert [tuple(row[column] for column in columns) for row in rows] == ROWS


def test_a_log_knows_its_replication_and_whether_anything_was_drawn():
    frozen = Recorder().freeze(SUBJECTS, 7, HORIZON, drew=False)
    assert (frozen.replication, frozen.horizon, frozen.drew, len(frozen)) == (7, HORIZON, False, 0)


def test_nothing_can_be_recorded_after_the_end():
    recorder = Recorder()
    recorder.record(*ROWS[0])
    frozen = recorder.freeze(SUBJECTS, 0, HORIZON, drew=True)
    with pytest.raises(BufferError):
        recorder.record(*ROWS[1])
    assert len(frozen) == 1


def test_a_log_cannot_be_changed():
    with pytest.raises(AttributeError):
        log().horizon = 5.0


def test_lines_tell_each_row_in_words():
    assert log().lines() == [
        "10 switch 0 off -> on because switch 0",
        "10 light 0 red/old -> red/new because switch 0",
        "20 light 0 red/new -> green/new because switch 0",
        "30 light 2 absent -> green/old because light 0",
        "30 light 0 green/old -> absent because light 0",
        "100 light 0 green/new -> red/old because light 1",
    ]


def test_equal_rows_make_equal_logs():
    assert log().equals(log())
    assert log().equals(log(replication=3))


@pytest.mark.parametrize(
    "change",
    [
        {"time": math.nextafter(30.0, 31.0)},
        {"subject": 2},
        {"old": RED},
        {"new": RED},
        {"cause": 0},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_single_bit_makes_logs_differ(change):
    assert not log().equals(changed(3, **change))


def test_a_missing_row_makes_logs_differ():
    assert not log().equals(log(ROWS[:-1]))


# Stacks


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
