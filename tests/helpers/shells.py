"""Scenarios for the command line, and the program in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys

from places import ROOT

CERTAIN = """\
# Question: does the shop keep 80 % of its capacity?
name: shop-build-42
horizon: 6h
systems:
  shop:
    kind: cloud_service
    roles:
      WebRole: {instances: 20, min_available: 14, restart: 2min}
operations:
  - at: 10min
    upgrade_deployment: {build: "42"}
objectives:
  - {metric: min_capacity, at_least: 80%}
"""
RANDOM = CERTAIN.replace("2min", "{exponential: {mean: 2min}}").replace(
    "objectives:", "replications: 30\nobjectives:"
)
VARIANTS = RANDOM + (
    "variants:\n"
    "  auto: {}\n"
    "  simultaneous: {operations.0.upgrade_deployment.mode: Simultaneous}\n"
    "  nothing: {operations: []}\n"
)


def python(*words, **settings):
    """Runs Python in a process of its own that knows our package."""
    settings = {"capture_output": True, "text": True, "encoding": "utf-8"} | settings
    environment = os.environ | {"PYTHONPATH": str(ROOT)} | settings.pop("env", {})
    return subprocess.run([sys.executable, *words], env=environment, check=False, **settings)


SWAP = "operations.+={at: 2h, swap: {}}"
REFUSED = (
    "operations.1.swap: swap-0 will be refused: 409 ConflictError: "
    "there is no staging deployment to swap"
)
