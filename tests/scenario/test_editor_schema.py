"""The schema by which editors check a file: numbers may be marked as guesses there."""

from __future__ import annotations

import json

import jsonschema
import pytest
from places import TESTS

from sim.formats.tree import Scalar, plain
from sim.formats.yaml_reading import read
from sim.scenario.editor_schema import editor_schema
from sim.scenario.file import json_schema

GOOD = (TESTS / "corpus" / "good" / "guesses.yaml").read_text(encoding="utf-8")


def as_an_editor_reads(value):
    if isinstance(value, dict):
        return {key: as_an_editor_reads(each) for key, each in value.items()}
    if isinstance(value, list):
        return [as_an_editor_reads(each) for each in value]
    if isinstance(value, Scalar) and value.plain:
        try:
            return json.loads(value)
        except ValueError:
            return str(value)
    return value


def valid(text):
    validator = jsonschema.Draft202012Validator(editor_schema())
    return validator.is_valid(as_an_editor_reads(plain(read(text, ""))))


def test_every_form_of_a_mark_is_accepted():
    jsonschema.Draft202012Validator.check_schema(editor_schema())
    assert valid(GOOD)
    assert not jsonschema.Draft202012Validator(json_schema()).is_valid(
        as_an_editor_reads(plain(read(GOOD, "")))
    )


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("update_domains: {value: 4, assumed: true}", "update_domains: {value: 4, assumed: maybe}"),
        ("mode: Manual", "mode: {value: Manual, assumed: true}"),
        ("kind: batch_pool", "kind: {value: batch_pool, assumed: true}"),
        ("    roles:\n", "    roles:\n      assumed: true\n"),
        ("systems:\n", "horizon: {value: 6h, assumed: true}\nsystems:\n"),
    ],
)
def test_marks_elsewhere_are_not(right, wrong):
    assert right in GOOD
    assert not valid(GOOD.replace(right, wrong, 1))


def test_all_else_is_as_in_the_schema_of_a_file():
    ours, plain_one = editor_schema(), json_schema()
    assert ours.keys() == plain_one.keys()
    assert ours["properties"] == plain_one["properties"]
    assert ours["$defs"].keys() - plain_one["$defs"].keys() == {"Guess"}
    assert ours["$defs"]["ObjectiveEntry"] == plain_one["$defs"]["ObjectiveEntry"]
