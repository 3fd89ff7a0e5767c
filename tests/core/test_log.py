"""The log: rows go in and come out unchanged, and tell what they are in words."""

from __future__ import annotations

import math

import pytest
from street_log import GREEN, HORIZON, LIGHT, OFF, RED, ROWS, SUBJECTS, SWITCH, block, changed, log

from sim.core.log import ROW, Recorder, Subjects

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
