"""A scenario of a shop, and what is wrong with a text."""

from __future__ import annotations

import pytest

from sim.core.errors import ScenarioError
from sim.scenario import Scenario

MINIMAL = {
    "systems": {"shop": {"kind": "cloud_service", "roles": {"Web": {"instances": 4}}}},
}


SHOP = """\
# yaml-language-server: $schema=scenario.schema.json
# Question: does the shop keep 80 % of its capacity?
horizon: 6h
warm_up: 1min
seed: 7
replications: 50
start: 2026-11-20T14:00+01:00
systems:
  shop:
    kind: cloud_service
    builds:
      "42": {bad: 5%, unhealthy_later: {probability: 10%, after: {uniform: {low: 5min, high: 2h}}}}
    staging: {build: "42"}
    extensions: [{id: rdp, json: true}]
    demand: {curve: {"00:00": 300, "14:00": 1900}}
    roles:
      Worker:
        instances: 3
        stages: {stop: 30s, start: 2min}
        failures: {per_year: 1, recovery: 16min}
      Conference.Web: {instances: 8, min_available: 75%, slow_start: {for: 2min, serves: 50%}}
operations:
  - at: 10min
    name: rollout
    upgrade_deployment:
      mode: manual
      windows: [{days: [fri, sat], from: "22:00", to: "05:00"}]
      extended_properties: [{name: owner, value: null}, {name: team, value: "7"}]
      extension_configuration:
        all_roles: [{id: rdp}]
        named_roles: {Worker: [{id: rdp, state: disable}]}
      operator: {bake: 30min, stop_above: 10%, then: rollback}
  - {at: {uniform: {low: 1h, high: 2h}}, host_os_update: {}}
  - {at: 5h, swap: {}}
objectives:
  - {metric: min_capacity, at_least: 80%, in_runs: 95%}
  - {metric: rollout_duration, at_most: 3h, of: mean}
  - {metric: outages, group: Worker, at_most: 2}
variants:
  manual: {}
  auto:
    operations.rollout.upgrade_deployment.mode: Auto
  more:
    systems.shop.roles."Conference.Web".instances: 10
"""


def scenario(text: str = SHOP, **contents: bytes) -> Scenario:
    return Scenario.from_text(text, "scenarios/shop.yaml", contents)


def problems(text: str) -> list[str]:
    with pytest.raises(ScenarioError) as caught:
        Scenario.from_text(text, "shop.yaml")
    return [str(problem) for problem in caught.value.problems]
