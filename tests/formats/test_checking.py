from __future__ import annotations

from typing import Annotated, Literal

import pytest
from pydantic import Field, field_validator, model_validator
from pydantic.json_schema import SkipJsonSchema
from screens import assert_screen

from sim.core.errors import MOST_PROBLEMS
from sim.formats.checking import check, joined, nearest, show, suggest
from sim.formats.fields import Count, Duration, Name, Number, Share, Spec
from sim.formats.python_values import from_python
from sim.formats.tree import Node, Scalar
from sim.formats.yaml_reading import read


class Range(Spec):
    low: Duration
    high: Duration

    @model_validator(mode="after")
    def _in_order(self) -> Range:
        if self.low > self.high:
            raise ValueError("low must not exceed high")
        return self


class Role(Spec):
    instances: Count
    restart: Range | SkipJsonSchema[None] = None
    for_: Duration = Field(alias="for", default=0.0)


class Service(Spec):
    kind: Literal["cloud_service"]
    mode: Literal["Auto", "Manual", "Simultaneous"] = "Auto"
    roles: dict[Name, Role] = Field(default_factory=dict)
    steps: list[Range] = Field(default_factory=list)


class Pool(Spec):
    kind: Literal["batch_pool"]
    nodes: Count


class File(Spec):
    systems: dict[Name, Annotated[Service | Pool, Field(discriminator="kind")]] = Field(
        default_factory=dict
    )
    load: Share | Range = 0.5
    mode: Literal["on", "off"] | Range = "on"
    numbers: dict[Name, Number] = Field(default_factory=dict)
    few: list[Count] = Field(default_factory=list, min_length=1, max_length=2)
    several: tuple[Count, ...] = Field(default=(), min_length=2)
    bounded: float = Field(default=1.0, gt=0)
    at_least: float = Field(default=1.0, ge=0.5)
    below: float = Field(default=1.0, lt=2)
    at_most: float = Field(default=1.0, le=1)
    work: Range | list[Range] | SkipJsonSchema[None] = None
    switches: dict[Literal["on", "off"], Count] = Field(default_factory=dict)
    even: Count = 0

    @field_validator("even")
    @classmethod
    def _is_even(cls, number: int) -> int:
        if number % 2:
            raise ValueError("must be even")
        return number


def problems_of(text: str, model: type[Spec] = File) -> list[str]:
    problems = []
    assert check(model, read(text, "x"), (), problems) is None
    return [str(problem) for problem in problems]


def test_all_problems_come_at_once_in_file_order():
    text = """\
systems:
  shop:
    kind: cloud_service
    mod: Auto
    mode: Manul
    roles:
      Web: {for: 5}
      "a.b": {instances: -1, restart: {low: 1s}}
      Other: 5
    steps: {low: 1s}
  pool:
    kind: batch_pool
    nodes: many
lod: 5%
"""
    assert_screen("problems/keys_and_values", problems_of(text))


def test_every_missing_key_is_told():
    assert problems_of("load: {}") == [
        "x:1:7: load: missing key low",
        "x:1:7: load: missing key high",
    ]


def test_path_of_the_node_begins_every_path():
    problems = []
    check(Range, read("low: 1s", "x"), ("operations", 0, "a b"), problems)
    assert problems[0].path == 'operations.0."a b"'


def test_system_named_like_its_kind_keeps_its_path():
    text = "systems: {cloud_service: {kind: cloud_service, roles: {Web: {}}}}"
    assert problems_of(text) == ["x:1:61: systems.cloud_service.roles.Web: missing key instances"]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (
            "{kind: cloudservice}",
            (
                "x:1:21: systems.s.kind: must be cloud_service or batch_pool, got cloudservice; "
                "did you mean cloud_service?"
            ),
        ),
        ("{nodes: 3}", "x:1:14: systems.s: missing key kind"),
        ("5", "x:1:14: systems.s: must be a mapping (keys and values), got 5"),
        (" ", "x:1:15: systems.s: null is not allowed here: leave the key out"),
        (
            "{kind: batch_pool, nodes: 3, roles: {}}",
            "x:1:43: systems.s.roles: unknown key, roles stands under systems.NAME "
            "(cloud_service); known here: kind, nodes",
        ),
    ],
)
def test_kind_decides_which_keys_are_known(text, line):
    assert problems_of(f"systems: {{s: {text}}}") == [line]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("load: x", "x:1:7: load: must be a share such as 80% or 0.8, got x"),
        ("load: [1]", "x:1:7: load: must be a share such as 80% or 0.8, got a list"),
        ("load: {low: 1s}", "x:1:7: load: missing key high"),
        ("load: {low: 2s, high: 1s}", "x:1:7: load: low must not exceed high"),
        ("load: ", "x:1:6: load: null is not allowed here: leave the key out"),
        ("mode: of", "x:1:7: mode: must be on or off, got of; did you mean off?"),
        ("mode: {low: 1s}", "x:1:7: mode: missing key high"),
        ("mode: [1]", "x:1:7: mode: must be on or off, got a list"),
        ("work: {low: 1s}", "x:1:7: work: missing key high"),
        ("work: [{low: 1s}]", "x:1:8: work.0: missing key high"),
        ("work: [5]", "x:1:8: work.0: must be a mapping (keys and values), got 5"),
        ("work: ~", "x:1:7: work: null is not allowed here: leave the key out"),
        ("work: 5", "x:1:7: work: must be a mapping (keys and values), got 5"),
    ],
)
def test_union_tells_only_of_the_alternative_that_was_meant(text, line):
    assert problems_of(text) == [line]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("[1]", "x:1:1: must be a mapping (keys and values), got a list"),
        ("text", "x:1:1: must be a mapping (keys and values), got text"),
        ("few: []", "x:1:6: few: must not be empty"),
        ("few: [1, 2, 3]", "x:1:6: few: must hold at most 2 items, got a list"),
        ("even: 3", "x:1:7: even: must be even, got 3"),
        (
            "switches: {of: 1}",
            "x:1:12: switches.of: must be on or off, got of; did you mean off?",
        ),
        ("few: [~]", "x:1:7: few.0: null is not allowed here: leave the item out"),
        ("several: [1, x]", "x:1:14: several.1: must be a whole number, 0 or more, got x"),
        ("several: [1]", "x:1:10: several: must hold at least 2 items, got a list"),
        ("several: 1", "x:1:10: several: must be a list (items begin with '- '), got 1"),
        ("at_least: 0", "x:1:11: at_least: must be at least 0.5, got 0"),
        ("below: 2", "x:1:8: below: must be below 2, got 2"),
        ("at_most: 2", "x:1:10: at_most: must be at most 1, got 2"),
        ("bounded: 0", "x:1:10: bounded: must be above 0, got 0"),
        ("bounded: x", "x:1:10: bounded: must be of another form, got x"),
        (
            'numbers: {"a/b": 1}',
            (
                "x:1:11: numbers.a/b: must be a name, without slashes, control characters "
                'or spaces around it, got "a/b"'
            ),
        ),
        ("numbers: {a: x}", "x:1:14: numbers.a: must be a number, got x"),
    ],
)
def test_problem_is_told_in_our_words_at_its_place(text, line):
    assert problems_of(text) == [line]


def test_python_name_of_a_key_is_unknown_in_a_file():
    assert problems_of("{instances: 1, for_: 3s}", Role) == [
        "x:1:16: for_: unknown key, did you mean for?"
    ]


def test_value_from_python_has_no_place():
    problems = []
    assert check(Role, from_python({"instances": "5"}), (), problems) is None
    assert str(problems[0]) == (
        'instances: must be a whole number, 0 or more, got "5" '
        "(text, not a number: leave the quotes out)"
    )


def test_long_and_strange_values_are_shown_on_one_line():
    (line,) = problems_of(f'load: "a\\n\\e{"b" * 100}"')
    assert line == f'x:1:7: load: must be a share such as 80% or 0.8, got "a\\n\\u001b{"b" * 47}...'
    assert line.isprintable()


def test_what_is_right_appends_nothing():
    problems = []
    assert check(Range, read("{low: 1s, high: 2s}", "x"), (), problems) == Range(
        low="1s", high="2s"
    )
    assert problems == []


def test_of_many_problems_no_more_are_gathered_than_are_told():
    found = problems_of("numbers:\n" + "".join(f"  k{i}: x\n" for i in range(20_000)))
    assert len(found) == MOST_PROBLEMS + 1
    assert len(problems_of("".join(f"k{i}: x\n" for i in range(5_000)))) == MOST_PROBLEMS + 1


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "null"),
        (True, "true"),
        (0.5, "0.5"),
        ("é", '"é"'),
        (Scalar("é"), "é"),
        (Scalar("5", plain=False), '"5"'),
        ([], "a list"),
        ({}, "a mapping"),
    ],
)
def test_value_is_shown_as_a_file_would_spell_it(value, shown):
    assert show(Node(value)) == shown


def test_nearest_ignores_case_and_punctuation():
    assert nearest("UpdateDomains", ["update_domains", "roles"]) == "update_domains"
    assert nearest("x", ["update_domains"]) is None
    assert suggest("x", ["a_key", "b_key"]) == "known here: a_key, b_key"
    assert suggest("x", []) == "no key is known here"


def test_words_are_joined_as_in_a_sentence():
    assert joined(["a"]) == "a"
    assert joined(["a", "b"]) == "a or b"
    assert joined(["a", "b", "c"], "and") == "a, b and c"
