"""A cloud service `shop` of two roles for tests, and what is said of it."""

from __future__ import annotations

import pytest

from sim.core.errors import ScenarioError
from sim.scenario import Scenario


def scenario(*operations: dict[str, object], **shop: object) -> Scenario:
    roles = {"Web": {"instances": 4}, "Worker": {"instances": 2}}
    system = {"kind": "cloud_service", "roles": roles} | shop
    asked = [{"at": f"{minute}min", **each} for minute, each in enumerate(operations, 1)]
    return Scenario.from_dict({"systems": {"shop": system}, "operations": asked})


def upgrade(**body: object) -> dict[str, object]:
    return {"upgrade_deployment": body}


def refused(*operations: dict[str, object], **shop: object) -> list[str]:
    with pytest.raises(ScenarioError) as caught:
        scenario(*operations, **shop)
    return [f"{problem.path}: {problem.rule}" for problem in caught.value.problems]
