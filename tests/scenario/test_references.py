"""What the parts of a scenario say about each other: names, times, bounds, files."""

from __future__ import annotations

from two_shops import SYSTEMS, problems

from sim.scenario import Scenario


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


def test_a_name_may_be_days():
    named = SYSTEMS.replace("shop:", "days:").replace("Web:", "days:")
    assert list(Scenario.from_text(named).systems["days"].roles) == ["days"]


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
