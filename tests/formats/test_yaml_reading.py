"""YAML text as a tree: what it holds, and what is refused of it."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import yaml
from screens import assert_screen

from sim.core.errors import ScenarioError
from sim.formats.tree import plain
from sim.formats.yaml_reading import read


def lines(text: bytes | str) -> list[str]:
    with pytest.raises(ScenarioError) as caught:
        read(text, "x.yaml")
    return [str(problem) for problem in caught.value.problems]


def test_scalars_keep_their_text():
    text = "a: 9.10\nb: no\nc: 5:00\nd: 1e4\ne: 0o17\nf: 'quoted'\ng: |\n  block\n"
    assert plain(read(text, "")) == {
        "a": "9.10",
        "b": "no",
        "c": "5:00",
        "d": "1e4",
        "e": "0o17",
        "f": "quoted",
        "g": "block\n",
    }


def test_quoted_and_block_scalars_are_not_plain():
    tree = plain(read("[a, 'b', \"c\"]", ""))
    assert [scalar.plain for scalar in tree] == [True, False, False]
    assert not plain(read("a: >\n  folded", ""))["a"].plain


def test_null_is_what_is_empty_or_written_as_null():
    tree = plain(read("[~, null, Null, NULL, '', 'null', nULL]", ""))
    assert tree == [None, None, None, None, "", "null", "nULL"]
    assert plain(read("a:\n", "")) == {"a": None}


def test_every_value_and_key_knows_its_place():
    tree = read("a: 1\nb:\n  - c: {d: 2}\n", "x.yaml")
    item = tree.value["b"].value[0]
    leaf = item.value["c"].value["d"]
    assert (tree.where, tree.key_where) == ("x.yaml:1:1", "")
    assert (item.where, item.key_where) == ("x.yaml:3:5", "")
    assert (leaf.where, leaf.key_where) == ("x.yaml:3:12", "x.yaml:3:9")


def test_byte_order_mark_and_windows_newlines_are_no_part_of_the_text():
    tree = read(b"\xef\xbb\xbfa: 1\r\nb: |\r\n  x\r\n", "x.yaml")
    assert plain(tree) == {"a": "1", "b": "x\n"}
    assert tree.where == "x.yaml:1:1"
    assert plain(read("\ufeffa: 1", "x.yaml")) == {"a": "1"}


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", "x.yaml: the file is empty"),
        ("# only a comment\n", "x.yaml: the file is empty"),
        ("---\n", "x.yaml: the file is empty"),
        (b"MZ\x90\x00", "x.yaml:1: not valid UTF-8"),
        (b"\n\n  a: \xff\n", "x.yaml:3: not valid UTF-8"),
        (b"\xff\xfea\x00", "x.yaml:1: not valid UTF-8"),
        ("a: \ud800", "x.yaml:1: not valid UTF-8"),
        ("a: 1\nb: \x00", "x.yaml:2:4: must be text, got the control character U+0000"),
        ("a: \x1b[0m", "x.yaml:1:4: must be text, got the control character U+001B"),
        (b" " * (2**20 + 1), "x.yaml: must be at most 1 MiB, got 1.0 MiB"),
        ("é" * 2**19 + "é", "x.yaml: must be at most 1 MiB, got 1.0 MiB"),
        ("%YAML 1.2\n---\na: 1", "x.yaml:1:1: directives (%) are not allowed"),
        ("%FOO\n---\na: 1", "x.yaml:1:5: not YAML: directives (%) are not allowed"),
        ("a: 'x", "x.yaml:1:6: not YAML: a quote is not closed"),
        (
            "a: b: c",
            (
                "x.yaml:1:5: not YAML: a second ': ' in one line, or a wrong indentation; "
                "quote text that holds ': '"
            ),
        ),
        (
            "a:\n\tb: 1",
            (
                "x.yaml:2:1: not YAML: a tab cannot indent, and text that starts with @, % or ` "
                "needs quotes"
            ),
        ),
        (
            "a: [1,\nb: 2",
            (
                "x.yaml:3:1: not YAML: did not find expected ',' or ']' "
                "(while parsing a flow sequence that begins in line 1)"
            ),
        ),
    ],
)
def test_what_is_no_yaml_is_one_clear_line(text, line):
    assert lines(text) == [line]


def test_what_is_forbidden_is_refused_all_at_once_in_file_order():
    text = """\
base: &base {a: 1}
other: *base
more:
  <<: *base
  tagged: !!int 5
  twice: 1
  twice: 2
list: [{x: &y z}]
? [complex]
: 1
---
second: 1
"""
    assert_screen("problems/forbidden_yaml", lines(text))


def test_alias_as_a_key_is_told_once():
    (line,) = lines("*a : 1")
    assert line.startswith("x.yaml:1:1: aliases are not allowed: ")


def test_keys_that_are_no_text_are_told_in_order_and_are_no_duplicates():
    told = lines("? [&x a]\n: 1\n? {b: c}\n: [&y d]\n")
    assert [line.split(":", 3)[1:3] for line in told] == [
        ["1", "3"],
        ["1", "4"],
        ["3", "3"],
        ["4", "4"],
    ]
    assert not any('""' in line or "duplicate" in line for line in told)


def test_file_of_exactly_1_mebibyte_is_read():
    assert plain(read(b"a: 1\n".ljust(2**20), "")) == {"a": "1"}


def test_syntax_error_comes_after_what_was_found_before_it():
    assert [line.split(":")[1] for line in lines("a: &x 1\na: 2\nb: 'open")] == ["1", "2", "3"]


def test_quoted_merge_key_is_a_key():
    assert plain(read("'<<': 1", "")) == {"<<": "1"}


@pytest.mark.parametrize("text", ["'': 1", "? \n: 1", "{? : 1}"])
def test_empty_key_is_refused(text):
    assert [line.split(": ", 1)[1] for line in lines(text)] == ["a key must be text, got nothing"]


def test_50_levels_are_read_and_51_refused():
    assert read("[" * 50 + "]" * 50, "")
    assert lines("[" * 51 + "]" * 51) == ["x.yaml:1:51: must be at most 50 levels deep"]


def test_levels_are_counted_by_nesting_not_by_number():
    assert len(read("[" + "[], {}, " * 60 + "]", "").value) == 120


@pytest.mark.parametrize("opening", ["[", "{a: ", "- ", "? ", "[\n", "{? "])
def test_endless_nesting_stops_at_the_limit(opening):
    # Reading on would take the C parser minutes: that it returns at all is the assertion.
    assert lines(opening * 200_000)[-1].endswith("must be at most 50 levels deep")


def test_limit_of_the_parser_itself_is_told_as_ours(monkeypatch):
    def deep(*_, **__):
        yield None
        mark = SimpleNamespace(line=0, column=1000)
        raise yaml.MarkedYAMLError(problem="exceeded maximum nesting depth", problem_mark=mark)

    monkeypatch.setattr(yaml, "parse", deep)
    assert lines("[" * 2000) == ["x.yaml:1:1001: must be at most 50 levels deep"]
