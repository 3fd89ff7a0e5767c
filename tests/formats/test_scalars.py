"""What may be a scalar, and how its text or number is read."""

from __future__ import annotations

import re

import pytest
from pydantic_core import PydanticCustomError

from sim.formats.scalars import number_of, scalar_of, text_of
from sim.formats.yaml_reading import read

NUMBER = re.compile(r"[0-9]+")


def from_yaml(text):
    return read(f"key: {text}", "x").value["key"].value


@pytest.mark.parametrize(
    ("value", "text"), [("9.10", "9.10"), (9.1, "9.1"), (True, "true"), (3, "3")]
)
def test_what_comes_from_python_is_spelled_as_in_a_file(value, text):
    assert text_of(value) == text


def test_only_unquoted_text_is_a_number():
    assert number_of(from_yaml("12"), NUMBER) == 12
    assert number_of(from_yaml("'12'"), NUMBER) is None
    assert number_of(from_yaml("12s"), NUMBER) is None
    assert number_of("12", NUMBER) is None
    assert number_of(12, NUMBER) == 12
    assert number_of(True, NUMBER) is None


@pytest.mark.parametrize(("value", "shape"), [([], "a list"), ({}, "a mapping")])
def test_what_is_no_scalar_is_refused_by_its_shape(value, shape):
    with pytest.raises(PydanticCustomError, match=f"must be text, got {shape}"):
        scalar_of(value, "must be text")
