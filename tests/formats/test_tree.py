"""Values and their places: paths, marks of guesses, walks."""

from __future__ import annotations

import pytest

from sim.formats.python_values import from_python
from sim.formats.tree import Node, Scalar, dotted, marked, plain, walk
from sim.formats.yaml_reading import read


def test_dotted_quotes_only_what_needs_it():
    path = ("roles", "Conference.Web.Admin", 0, "é name", 'a"b', "", "22:00", "a\nb")
    assert dotted(path) == (r'roles."Conference.Web.Admin".0."é name"."a\"b"."".22:00."a\nb"')


def test_nodes_compare_by_value_and_place():
    assert Node(Scalar("a"), "x:1:1") == Node("a", "x:1:1")
    assert Node("a", "x:1:1") != Node("a", "x:1:2")


def test_what_stands_below_a_node_is_found_by_key_or_place():
    tree = from_python({"a": [5, 6], "b": 7})
    assert tree.below("a").below(1).value == 6
    assert [tree.below("c"), tree.below(0), tree.below("b").below("x")] == [None, None, None]
    assert tree.below("a").below("0") is None


def test_a_tree_is_walked_through_in_the_order_of_the_file():
    tree = read("a: [1, {b: 2}]\nc:\n", "f")
    assert [node.where for node in walk(tree)] == [
        "f:1:1",
        "f:1:4",
        "f:1:5",
        "f:1:8",
        "f:1:12",
        "f:2:3",
    ]


def test_the_mark_of_a_guess_is_folded_into_its_value():
    tree = read("a: {value: 3, assumed: true}\nb: {x: 1, assumed: true}\nc: {x: 1}\n", "x.yaml")
    a, b, c = (tree.value[key] for key in "abc")
    assert (a.value, a.where, a.key_where, a.assumed) == ("3", "x.yaml:1:12", "x.yaml:1:1", True)
    assert (list(b.value), b.assumed, c.assumed) == (["x"], True, False)
    assert from_python({"value": 3, "assumed": True}).value == 3
    assert plain(tree)["a"] == {"value": "3", "assumed": True}
    assert plain(tree)["b"] == {"x": "1", "assumed": True}
    assert plain(a) == marked("3")


@pytest.mark.parametrize("mark", ["'true'", "yes", "1", "{x: true}"])
def test_what_is_no_flag_is_no_mark(mark):
    tree = read(f"a: {{value: 3, assumed: {mark}}}", "")
    assert list(tree.value["a"].value) == ["value", "assumed"]
    assert not read("a: {value: 3, assumed: false}", "").value["a"].assumed
