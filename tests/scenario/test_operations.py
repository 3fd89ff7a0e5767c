"""The operations of a file: whom each asks, when, and by what name."""

from __future__ import annotations

import pytest
from two_shops import SYSTEMS, TWO, problems

from sim.scenario import Scenario


def test_an_operation_goes_to_the_only_system_that_has_it():
    (operation,) = Scenario.from_text(SYSTEMS + "operations: [{at: 1h, swap: {}}]").operations
    assert operation.system == "shop"


def test_an_operation_says_which_of_several_systems_it_means():
    asked = "operations:\n  - {at: 1h, swap: {}}\n  - {at: 1h, swap: {system: dsk}}\n"
    assert problems(TWO + asked) == [
        (
            "5:20: operations.0.swap: missing key system, as several have the operation swap: "
            "desk, shop"
        ),
        (
            "6:29: operations.1.swap.system: must be a system of this file, got dsk; "
            "did you mean desk?"
        ),
    ]
    right = Scenario.from_text(TWO + "operations: [{at: 1h, swap: {system: desk}}]")
    assert right.operations[0].system == "desk"


def test_an_operation_has_exactly_one_key_that_says_what_is_asked():
    none, two = problems(SYSTEMS + "operations: [{at: 1h}, {at: 1h, swap: {}, rollback: {}}]")
    assert none.startswith("3:14: operations.0: must have exactly one of upgrade_deployment, ")
    assert two.endswith(", got rollback and swap")


def test_names_of_operations_are_told_apart():
    asked = """\
operations:
  - {at: 1h, name: first, swap: {}}
  - {at: 2h, name: first, swap: {}}
  - {at: 3h, name: swap-3, swap: {}}
  - {at: 4h, swap: {}}
"""
    assert problems(SYSTEMS + asked) == [
        "5:20: operations.1.name: must be the name of one operation only, got first",
        "6:20: operations.2.name: must be the name of one operation only, got swap-3",
    ]


@pytest.mark.parametrize(
    ("at", "rule"),
    [
        ("2h1s", "must not be after the horizon, 2h, got 2h1s"),
        ("{uniform: {low: 3h, high: 4h}}", "must not be after the horizon, 2h, got uniform"),
    ],
)
def test_an_operation_comes_not_after_the_horizon(at, rule):
    (problem,) = problems(SYSTEMS + f"horizon: 2h\noperations: [{{at: {at}, swap: {{}}}}]")
    assert problem.startswith(f"4:19: operations.0.at: {rule}")


@pytest.mark.parametrize(
    "at", ["0s", "2h", "{uniform: {low: 0s, high: 9h}}", "{exponential: {mean: 1w}}"]
)
def test_an_operation_may_come_at_the_start_at_the_horizon_or_by_chance_after_it(at):
    assert Scenario.from_text(SYSTEMS + f"horizon: 2h\noperations: [{{at: {at}, swap: {{}}}}]")
