"""Scenarios in which something goes wrong."""

from __future__ import annotations

from functools import cache

from places import CASES

import sim

STUCK_WHEN_BAD = """\
replications: 40
horizon: 4h
systems:
  shop:
    kind: cloud_service
    builds: {"2": {bad: 50%, fails_to_start: 100%}}
    roles: {web: {instances: 4, restart: 4min, min_available: 3}}
operations:
  - {at: 10min, upgrade_deployment: {build: "2"}}
"""


FAILED_SET = """\
name: web
horizon: 4h
systems:
  web:
    kind: vm_scale_set
    instances: 20
    versions: {"42": {unhealthy: 100%}}
    upgrade_policy: {mode: rolling}
operations:
  - {at: 10min, update_model: {image: "42"}}
objectives: [{metric: min_capacity, at_least: 75%}]
"""
"""An upgrade that fails in every run and meets the objective."""

ROLLED_BACK = STUCK_WHEN_BAD + "  - {at: 2h, rollback: {}}\n"

NOBODY_UP = STUCK_WHEN_BAD.replace("bad: 50%, ", "").replace("4min,", "4min, min_healthy: 0,")
"""An upgrade that is completed, by time-outs, with every instance down."""


@cache
def ran(text):
    return sim.run(sim.loads(text))


@cache
def compared(name):
    return sim.compare(sim.load(CASES / f"{name}.yaml"))
