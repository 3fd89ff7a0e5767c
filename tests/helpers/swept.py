"""A small sweep of two axes with two variants, run once for all tests of what becomes of it."""

from functools import cache

import sim
from sim.experiments.running.execution import Execution
from sim.experiments.studies import sweeps

DOMAINS = "systems.shop.update_domains"
AT = "operations.0.at"
SHOP = """\
# Question: how many domains, and when?
name: small-sweep
horizon: 3h
replications: 12
systems:
  shop:
    kind: cloud_service
    roles: {WebRole: {instances: 12, min_available: 9, restart: {lognormal: {median: 4min, p95: 9min}}}}
operations:
  - at: 10min
    upgrade_deployment: {mode: Auto}
objectives:
  - {metric: min_capacity, at_least: 75%, in_runs: 70%}
variants:
  auto: {}
  at_once: {operations.0.upgrade_deployment.mode: Simultaneous}
"""
SWEEP = f"""\
sweep:
  {DOMAINS}: [2, 4, 12]
  {AT}: [10min, 20min]
"""


@cache
def scenario(text=SHOP + SWEEP):
    return sim.loads(text)


@cache
def results():
    return sim.sweep(scenario())


def run(one, variants=(), wanted=()):
    """What an experiment with a sweep keeps."""
    with Execution(workers=1) as execution:
        return sweeps.run(one, one.sweep, variants, wanted, execution=execution)


@cache
def swept():
    return run(scenario(), ("auto", "at_once"))
