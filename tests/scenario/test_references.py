"""What the parts of a scenario say about each other: names, times, bounds, files."""

from __future__ import annotations

import pytest

from sim.core.errors import ScenarioError
from sim.scenario import Scenario

SYSTEMS = """\
systems:
  shop: {kind: cloud_service, roles: {Web: {instances: 4}}}
"""
TWO = SYSTEMS + "  desk: {kind: cloud_service, roles: {Web: {instances: 4}}}\n"


def problems(text: str, **contents: bytes) -> list[str]:
    """Each problem after the file's name."""
    with pytest.raises(ScenarioError) as caught:
        Scenario.from_text(text, "x.yaml", contents)
    return [str(problem).removeprefix("x.yaml:") for problem in caught.value.problems]


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


def test_the_warm_up_ends_before_the_horizon():
    assert problems(SYSTEMS + "horizon: 2h\nwarm_up: 2h\n") == [
        "4:10: warm_up: must be below the horizon, 2h, got 2h"
    ]
    assert Scenario.from_text(SYSTEMS + "horizon: 2h\nwarm_up: 1h\n").warm_up == 3600.0


def test_days_of_the_week_need_a_start():
    body = "{windows: [{from: '22:00', to: '05:00'}, {days: [sat], from: '22:00', to: '05:00'}]}"
    asked = SYSTEMS + f"operations: [{{at: 1h, upgrade_deployment: {body}}}]\n"
    assert problems(asked) == [
        (
            "3:91: operations.0.upgrade_deployment.windows.1.days: days of the week need a `start` "
            "in the file"
        )
    ]
    assert Scenario.from_text(asked + "start: 2026-11-20\n")


def objective(entry: str) -> str:
    return SYSTEMS + f"objectives: [{{{entry}}}]\n"


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        (
            "metric: min_capcity, at_least: 80%",
            (
                "3:23: objectives.0.metric: must be a metric of this file's systems, got "
                "min_capcity; did you mean min_capacity?"
            ),
        ),
        (
            "metric: min_capacity, at_least: 80",
            "3:47: objectives.0.at_least: must be a share from 0% to 100%, got 80 ",
        ),
        (
            "metric: downtime, at_most: 5",
            "3:42: objectives.0.at_most: must be a duration such as 90s or 5min, got 5 ",
        ),
        (
            "metric: outages, at_most: 5%",
            "3:41: objectives.0.at_most: must be a number, got 5%",
        ),
        (
            "metric: outages, at_most: [5]",
            "3:41: objectives.0.at_most: must be a number, got a list",
        ),
        (
            "metric: outages",
            "3:14: objectives.0: must have exactly one of at_least or at_most, got none of them",
        ),
        (
            "metric: outages, at_most: 1, at_least: 1",
            (
                "3:14: objectives.0: must have exactly one of at_least or at_most, got at_least "
                "and at_most"
            ),
        ),
        (
            "metric: outages, at_most: 1, group: Wob",
            "3:51: objectives.0.group: must be a group of shop, got Wob; did you mean Web?",
        ),
        (
            "metric: finished, at_most: 1, group: Web",
            "3:52: objectives.0.group: must be left out, as finished has no groups, got Web",
        ),
        (
            "metric: outages, at_most: 1, system: shp",
            "3:52: objectives.0.system: must be a system of this file, got shp; did you mean shop?",
        ),
        (
            "metric: outages, at_most: 1, confidence: 100%",
            "3:56: objectives.0.confidence: must be above 0% and below 100%, got 100%",
        ),
    ],
)
def test_an_objective_asks_for_what_can_be_measured(entry, problem):
    (found,) = problems(objective(entry))
    assert found.startswith(problem)


def test_the_end_of_a_rollout_is_bounded_since_the_start():
    text = SYSTEMS + "operations: [{at: 1h, upgrade_deployment: {}}]\n"
    text += "objectives: [{metric: done_at, at_most: 3h}, {metric: safe_end, at_least: 1}]\n"
    done_at, safe_end = Scenario.from_text(text).objectives
    assert (done_at.at_most, safe_end.at_least) == (3 * 3600, 1)


def test_an_objective_says_which_of_several_systems_it_means():
    asked = "objectives: [{metric: outages, at_most: 1}]\n"
    assert problems(TWO + asked) == [
        "4:14: objectives.0: missing key system, as several have the metric outages: desk, shop"
    ]


def test_a_file_that_cannot_be_read_is_told_at_its_place():
    text = SYSTEMS.replace(
        "instances: 4", "instances: 4, restart: {empirical: {csv: r.csv, column: s}}"
    )
    assert problems(text) == [
        (
            "2:86: systems.shop.roles.Web.restart.empirical.csv: must name a file that can be read "
            "(from the scenario's folder), got r.csv"
        )
    ]
    (problem,) = problems(text, **{"r.csv": b"t\n1\n"})
    assert problem.startswith(
        "2:86: systems.shop.roles.Web.restart.empirical.csv: r.csv: must have "
    )


def test_a_time_from_a_file_that_cannot_be_read_is_one_problem():
    asked = "operations: [{at: {empirical: {csv: r.csv, column: s}}, swap: {}}]"
    assert problems(SYSTEMS + asked) == [
        (
            "3:37: operations.0.at.empirical.csv: must name a file that can be read (from the "
            "scenario's folder), got r.csv"
        )
    ]


def test_references_are_told_all_at_once_in_file_order():
    text = SYSTEMS.replace("kind: cloud_service", "kind: cloud_service, staging: {build: x}")
    text += "operations: [{at: 9d, upgrade_deployment: {role_to_upgrade: Wob}}]\nwarm_up: 2d\n"
    assert [problem.split(" ")[1] for problem in problems(text)] == [
        "operations.0.at:",
        "operations.0.upgrade_deployment.role_to_upgrade:",
        "warm_up:",
    ]


def test_a_million_replications_are_enough():
    text = "replications: 1000000000\nsystems: {a: {kind: batch_pool, nodes: 1}}\n"
    assert problems(text) == ["1:15: replications: must be at most 1,000,000, got 1000000000"]


FLEET = """\
systems:
  plant:
    kind: arc_fleet
    machines: 4
    extensions: [{publisher: P, type: Own, version: 1.0, enable_automatic_upgrade: true}]
    also_supported: [P/Own]
"""


@pytest.mark.parametrize(
    "name", ["time_to_0", "time_to_101", "time_to_x", "time_to_", "time_to_07"]
)
def test_a_metric_with_a_wrong_number_is_told_which_numbers_there_are(name):
    asked = f"objectives: [{{metric: {name}, at_most: 1d}}]\nprefer: [{name}]\n"
    rule = f"must be time_to_N, N a whole number from 1 to 100, got {name}"
    assert problems(FLEET + asked) == [
        f"7:23: objectives.0.metric: {rule}",
        f"8:10: prefer.0: {rule}",
    ]
    assert problems(SYSTEMS + asked)[0].endswith(rule)


@pytest.mark.parametrize(
    ("name", "kind"), [("time_to_75", "arc_fleet"), ("makespan", "batch_pool")]
)
def test_a_metric_of_another_kind_is_told_whose_it_is(name, kind):
    asked = f"objectives: [{{metric: {name}, at_most: 1d}}]\n"
    (problem,) = problems(SYSTEMS + asked)
    assert problem.endswith(
        f"must be a metric of this file's systems, got {name}, a metric of {kind}"
    )
