"""Plain values as YAML: what is written reads back."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.formats.tree import Scalar, plain
from sim.formats.writing import write
from sim.formats.yaml_reading import read


def test_written_text_is_block_style_and_quotes_what_could_be_misread():
    value = {
        "name": "shop",
        "build": "9.10",
        "version": "1.37.0",
        "answers": ["no", "1e4", "0o17", "~", "", "<<"],
        "at": "5min",
        "share": "80%",
        "count": 5,
        "half": 0.5,
        "on": True,
        "gone": None,
        "none": {},
        "empty": [],
    }
    assert write(value) == (
        "name: shop\nbuild: '9.10'\nversion: 1.37.0\n"
        "answers:\n  - 'no'\n  - '1e4'\n  - '0o17'\n  - '~'\n  - ''\n  - '<<'\n"
        "at: 5min\nshare: 80%\ncount: 5\nhalf: 0.5\n'on': true\ngone: null\nnone: {}\nempty: []\n"
    )


@pytest.mark.parametrize(
    "text", ["\x85", "a\x85b", "a\u2028b", "\u2029", "a\rb", "\ufeffa", "a\n b\n"]
)
def test_strange_line_breaks_are_kept(text):
    assert plain(read(write({text: [text]}), "")) == {text: [text]}


def test_plain_scalars_are_written_plain():
    assert write({"build": Scalar("9.10"), "on": Scalar("on")}) == "build: 9.10\n'on': on\n"


def test_letters_of_all_alphabets_are_written_as_they_are():
    assert write({"é": "日本"}) == "é: 日本\n"


def test_shared_values_are_written_twice():
    shared = {"a": 1}
    assert write([shared, shared]) == "- a: 1\n- a: 1\n"


def test_long_text_is_broken_before_column_100():
    written = write({"text": "word and_a_long_one " * 30})
    assert max(map(len, written.splitlines())) <= 100


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=150)
values = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(allow_nan=False, allow_infinity=False),
        texts,
        st.from_regex(r"[-+.0-9a-fxoE_:~]{1,8}", fullmatch=True),
        st.sampled_from(["null", "true", "yes", "=", "<<", "- a", "a: b", "# x", " x ", "\ufeff"]),
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(texts, inner, max_size=4)),
    max_leaves=12,
)


def meaning(value):
    """Interpret plain scalars by YAML 1.2's core rules."""
    if isinstance(value, dict):
        return {key: meaning(child) for key, child in value.items()}
    if isinstance(value, list):
        return [meaning(child) for child in value]
    if not isinstance(value, Scalar) or not value.plain:
        return value
    if re.fullmatch(r"[-+]?[0-9]+", value):
        return int(value)
    if re.fullmatch(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", value):
        return float(value)
    return {"true": True, "false": False}.get(value, str(value))


@settings(derandomize=True)
@given(values.filter(lambda value: value is not None and "" not in keys_of(value)))
def test_written_values_read_back(value):
    assert meaning(plain(read(write(value), ""))) == value


def keys_of(value):
    if isinstance(value, dict):
        return {*value, *(key for child in value.values() for key in keys_of(child))}
    return {key for child in value for key in keys_of(child)} if isinstance(value, list) else set()
