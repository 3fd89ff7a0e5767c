"""A small service whose restarts are left to chance, or are known."""

from __future__ import annotations

CHANCE = """\
name: shop
horizon: 1h
seed: 7
systems:
  shop:
    kind: cloud_service
    roles: {WebRole: {instances: 4}, WorkerRole: {instances: 2}}
operations:
  - at: 1min
    upgrade_deployment: {build: "42"}
"""
CERTAIN = CHANCE.replace("{instances: 4}", "{instances: 4, restart: 2min}").replace(
    "{instances: 2}", "{instances: 2, restart: 2min}"
)
