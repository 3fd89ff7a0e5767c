"""Scenarios whose smallest or largest value is known in a closed form."""

from __future__ import annotations

import math

CAPACITY = """\
name: shop
horizon: 6h
systems:
  shop: {kind: cloud_service, roles: {Web: {instances: 40, restart: 2min}}}
operations: [{at: 1min, upgrade_deployment: {build: "2", mode: Auto}}]
objectives: [{metric: min_capacity, at_least: 90%}]
"""
"""Nothing is random: of d domains one is out at a time, so 10 of them keep 90 %."""

DOMAINS = "systems.shop.update_domains"

BAKE = """\
name: bake
horizon: 12h
systems:
  shop:
    kind: cloud_service
    update_domains: 2
    builds:
      "2": {unhealthy_later: {probability: 100%, after: {exponential: {mean: 10min}}}}
    roles: {Web: {instances: 2, restart: 1min}}
operations:
  - at: 1min
    upgrade_deployment:
      build: "2"
      mode: Manual
      operator: {bake: 1h, look_every: 12h, stop_above: 10%, then: rollback}
objectives: [{metric: blast_radius, at_most: 50%, in_runs: 95%}]
"""
"""The first of two domains is bad after an exponential time; the operator looks when it is baked.

A bake of b catches it with a chance of 1 - exp(-b / 10min).
"""

BAKED = "operations.0.upgrade_deployment.operator.bake"

CATCHES = 600 * math.log(20)
"""Seconds of a bake that catches it with 95 %: ln 20 times its mean."""
