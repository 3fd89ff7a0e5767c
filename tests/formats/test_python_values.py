"""Python values as a tree."""

from __future__ import annotations

import fractions
import re

import numpy as np
import pytest

from sim.core.errors import ScenarioError
from sim.formats.python_values import from_python
from sim.formats.tree import Scalar, plain


def test_tree_from_python_keeps_values_and_the_place_given():
    value = {"a": [1, 2.5, True, None, "x"], "b": (np.int64(3), np.float64(0.5))}
    tree = from_python(value, "--set")
    assert plain(tree) == {"a": [1, 2.5, True, None, "x"], "b": [3, 0.5]}
    assert type(tree.value["b"].value[0].value) is int
    assert tree.value["a"].value[0].where == "--set"


def test_real_numbers_from_python_become_floats():
    assert plain(from_python(fractions.Fraction(1, 4))) == 0.25


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (
            {"a": [object()]},
            "a.0: must be a mapping, a list, text, a number or a boolean, got object",
        ),
        ({"a": 10**5000}, "a: must be a mapping, a list, text, a number or a boolean, got a huge"),
        ({"a": {1: 2}}, "a: a key must be text, got 1"),
        ({"a": b"x"}, "a: must be a mapping, a list, text, a number or a boolean, got bytes"),
    ],
)
def test_python_value_that_no_file_can_hold_is_refused(value, message):
    with pytest.raises(ScenarioError, match=re.escape(message)):
        from_python(value)


def test_python_value_that_holds_itself_is_refused():
    value: list[object] = []
    value.append(value)
    with pytest.raises(ScenarioError, match="at most 50 levels deep"):
        from_python(value)


def test_50_levels_from_python_are_taken_and_51_refused():
    value: object = []
    for _ in range(49):
        value = [value]
    assert plain(from_python(value)) == value
    with pytest.raises(ScenarioError, match=r"^--set: must be at most 50 levels deep$"):
        from_python([value], "--set")


def test_scalars_of_a_tree_survive_from_python():
    assert plain(from_python(Scalar("5", plain=True))).plain
