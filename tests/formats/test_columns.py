from __future__ import annotations

import pytest

from sim.formats import columns as columns_of
from sim.formats.columns import read_column, read_columns


def test_a_column_is_found_by_its_name():
    content = b"role,seconds\nWebRole,240\nWorkerRole,95.5\n"
    assert read_column(content, "seconds") == (240.0, 95.5)


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbfseconds,role\n1,a\n2,b\n",  # a byte order mark, as Excel writes it
        b"seconds,role\r\n1,a\r\n2,b\r\n",
        b"seconds,role\n1,a\n\n2,b",  # an empty line, and none at the end
        b' "seconds" , role\n 1 ,a\n 2,b\n'.replace(b' "', b'"'),
        b'"seconds","a, ""role"""\n"1",a\n"2",b\n',
    ],
)
def test_what_spreadsheets_write_is_read(content):
    assert read_column(content, "seconds") == (1.0, 2.0)


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (b"", "must have one column seconds, got none in: no header"),
        (b"a,b\n1,2\n", "must have one column seconds, got none in: a, b"),
        (b"seconds,seconds\n1,2\n", "got more than one in: seconds, seconds"),
        (b"seconds\n", "must have a number in column seconds, got no line below the header"),
        (b"seconds\n1\n4min\n", "must have a number in column seconds, got 4min at line 3"),
        (b"a,seconds\n1,2\n3\n", 'must have a number in column seconds, got "" at line 3'),
        (b"seconds\nnan\n", "got nan at line 2"),
        (b"seconds\ninf\n", "got inf at line 2"),
        (b"seconds\n\n\nx\n", "got x at line 4"),
        (b"seconds\n\xff\n", "not valid UTF-8 at line 2"),
        (b"seconds\n" + b"1" * 200_000 + b"\n", "must be CSV, got field larger than field limit"),
    ],
)
def test_what_is_no_column_of_numbers_is_refused_with_its_line(content, rule):
    with pytest.raises(ValueError) as refused:
        read_column(content, "seconds")
    assert rule in str(refused.value)


def test_several_columns_are_read_in_one_go_whatever_stands_between():
    content = b"\xef\xbb\xbfa,what,b,c\n1,x,2,3\n\n4,y,5,6\n"
    columns = read_columns(content, ["b", "a"])
    assert {name: list(column) for name, column in columns.items()} == {"b": [2, 5], "a": [1, 4]}


def test_an_optional_column_may_be_missing_but_not_be_there_twice():
    assert list(read_columns(b"a\n1\n", ["a"], optional=["b"])) == ["a"]
    assert list(read_columns(b"b,a\n2,1\n", ["a"], optional=["b"])) == ["a", "b"]
    with pytest.raises(ValueError, match="must have one column b, got more than one"):
        read_columns(b"b,a,b\n2,1,2\n", ["a"], optional=["b"])


def test_an_optional_column_that_is_there_must_hold_numbers():
    with pytest.raises(ValueError, match='must have a number in column b, got "" at line 3'):
        read_columns(b"a,b\n1,2\n3\n", ["a"], optional=["b"])


def test_no_more_lines_are_read_than_fit_into_memory(monkeypatch):
    monkeypatch.setattr(columns_of, "MOST_LINES", 3)
    assert read_column(b"a\n1\n2\n", "a") == (1.0, 2.0)
    for content in (b"a\n1\n2\n3\n", b"a\n1\n" + b"\n" * 10):
        with pytest.raises(ValueError, match="must have at most 3 lines, got more"):
            read_column(content, "a")
