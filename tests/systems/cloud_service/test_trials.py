"""Operators that cannot see the only fault of their build."""

from __future__ import annotations

import pytest

from sim.scenario import Scenario
from sim.systems.cloud_service.requests import UpgradeDeployment
from sim.systems.cloud_service.trials import trials

FAILS = {"bad": "5%", "fails_to_start": "30%"}
LATER = {"probability": "10%", "after": "5min"}
WATCHED = {"bake": "10min", "stop_above": "10%", "detects": "80%", "then": "stop"}


def made(build=FAILS, operator=WATCHED, mode="Manual", **more):
    body = {"build": "2", "mode": mode, "operator": operator}
    system = {"kind": "cloud_service", "builds": {"2": build}, "roles": {"Web": {"instances": 4}}}
    scenario = Scenario.from_dict(
        {
            "systems": {"shop": system},
            "operations": [{"at": "1min", "upgrade_deployment": body, **more}],
        }
    )
    return [*trials(scenario.systems["shop"], scenario.operations)]


def test_the_build_is_bad_for_certain_and_who_looks_sees_what_is_there():
    (trial,) = made()
    assert trial.path == ("operations", 0, "upgrade_deployment", "operator", "stop_above")
    build = trial.spec.builds["2"]
    assert (build.bad, build.fails_to_start) == (1.0, 0.3)
    body = trial.operation.body
    assert isinstance(body, UpgradeDeployment)
    assert body.operator is not None
    assert (body.operator.detects, body.operator.false_alarm) == (1.0, 0.0)
    assert (body.operator.then, body.operator.stop_above) == ("rollback", 0.1)
    assert trial.acts == "upgrade_deployment-0-rollback"
    assert trial.is_spread("shop/Web/fails_to_start/upgrade_deployment-0")
    assert not trial.is_spread("shop/Web/restart/upgrade_deployment-0")


@pytest.mark.parametrize(
    "given",
    [
        {"build": FAILS | {"unhealthy_later": LATER}},
        {"build": {"unhealthy_later": LATER}},
        {"build": FAILS | {"bad": "0%"}},
        {"build": FAILS | {"fails_to_start": "100%"}},
        {"operator": {"bake": "10min"}},
        {"mode": "Auto"},
    ],
)
def test_where_something_else_is_to_be_seen_or_nobody_looks_nothing_is_tried(given):
    assert made(**given) == []


def test_what_is_repeated_is_tried_once():
    assert len(made(every="2h")) == 1
    later = FAILS | {"unhealthy_later": LATER | {"probability": "0%"}}
    assert len(made(build=later)) == 1
