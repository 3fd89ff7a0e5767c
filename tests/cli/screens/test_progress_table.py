"""The table of how far a rollout had come by which day."""

from __future__ import annotations

import pytest
from screens import assert_screen

from sim.cli.screens.console import Style
from sim.cli.screens.progress_table import progress_table

PLAIN = Style()


def days(shares, group="", held_by="", since=0.0):
    rows = [{"group": group, "up_to_date": share, "held_by": ""} for share in shares]
    rows[-1:] = [row | {"held_by": held_by} for row in rows[-1:]]
    return [row | {"day": k, "at_s": since + k * 86400} for k, row in enumerate(rows)]


def lines(rows, which=""):
    return progress_table(rows, which, PLAIN)


def columns(rows):
    return lines(rows)[1].split()


def test_a_rollout_is_told_day_by_day():
    told = lines(days([0, 0.25, 0.5, 1]), " in replication 0")
    assert_screen("cli/progress_table", told)


@pytest.mark.parametrize(
    ("last", "shown"),
    [
        (1, ["1d"]),
        (8, ["1d", "2d", "3d", "4d", "5d", "6d", "7d", "8d"]),
        (9, ["2d", "4d", "6d", "8d", "9d"]),
        (58, ["14d", "28d", "42d", "56d", "58d"]),
        (400, ["91d", "182d", "273d", "364d", "400d"]),
        (5000, ["5000d"]),
    ],
)
def test_many_days_are_told_in_steps_and_the_last_one_always(last, shown):
    assert columns(days([k / last for k in range(last + 1)])) == shown


def test_several_types_have_a_row_each_and_one_that_is_done_stays_so():
    rows = days([0, 0.25, 0.75]) + days([0, 0.5], "a") + days([0, 0, 1], "b")
    _, _, *table = lines(rows)
    assert [row.split() for row in table] == [
        ["all", "25", "%", "75", "%"],
        ["a", "50", "%", "50", "%"],
        ["b", "0", "%", "100", "%"],
    ]


def test_rows_that_do_not_begin_at_once_say_when_each_does():
    rows = days([0, 0.1, 0.6, 1]) + days([0, 0.5, 1], "a", since=86400) + days([0, 1], "b")
    *_, told = lines(rows)
    assert told == "requested first at 0s of all, b, at 1d of a"


def test_a_type_that_is_all_has_no_row_beside_groups_that_differ():
    rows = days([0, 0.5]) + days([0, 0.5], "Agent") + days([0, 1], "a") + days([0, 0], "b")
    assert [row.split()[0] for row in lines(rows)[2:]] == ["all", "a", "b"]


def test_what_holds_the_rest_of_a_group_stands_behind_its_days():
    rows = days([0, 0.5], held_by="3 failed") + days([0, 1], "a") + days([0, 0.2], "b", "3 failed")
    assert_screen("cli/progress_table_with_the_rest", lines(rows))


def test_where_all_are_one_row_the_sentence_tells_what_holds_the_rest():
    assert lines(days([0, 0.5], held_by="3 failed"))[1:] == ["     1d", "all  50 %"]


def test_reasons_that_leave_no_room_are_told_by_the_first_of_them():
    long = "1,234 not discovered, 217 on another version, 31 rolled back, 3 failed"
    rows = days([0, 0.1, 0.2, 0.5], held_by=long) + days([0, 0.1, 0.2, 0.5], "a", long)
    rows += days([0, 0, 0, 0], "b", "9 failed")
    assert_screen("cli/progress_table_with_long_reasons", lines(rows))


def test_days_give_way_to_what_holds_the_rest():
    shares = [k / 56 for k in range(57)]
    assert len(columns(days(shares))) == 8
    rows = days(shares, held_by="25 not discovered, 11 backing off, 3 failed")
    rows += days([0, 0.5], "a", "9 failed")
    assert columns(rows) == ["14d", "28d", "42d", "56d", "the", "rest"]


def test_the_only_type_is_all():
    rows = days([0, 1]) + days([0, 1], "a")
    assert [row.split()[0] for row in lines(rows)[2:]] == ["all"]


def test_what_was_over_within_a_day_has_no_table():
    assert lines(days([0])) == []


def test_nothing_published_has_no_table():
    assert lines([]) == []
