"""The objectives of a file: which metric of whom, and its bounds."""

from __future__ import annotations

import pytest
from two_shops import SYSTEMS, TWO, problems

from sim.scenario import Scenario


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
            "metric: min_in_service, at_least: -1",
            "3:49: objectives.0.at_least: must be 0 or more, as no metric is below it, got -1",
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
