"""Scenarios that are drawn."""

SCENARIO = """\
name: shop
horizon: 2h
warm_up: 5min
start: 2026-11-20T14:00+01:00
replications: 20
systems:
  shop:
    kind: cloud_service
    roles: {WebRole: {instances: 20, min_available: 18}, WorkerRole: {instances: 10}}
operations:
  - at: 10min
    upgrade_deployment: {build: "42"}
  - {at: 11min, name: again, walk_upgrade_domain: {upgrade_domain: 0}}
objectives:
  - {metric: min_capacity, at_least: 75%}
  - {metric: min_capacity, at_least: 70%}
  - {metric: min_capacity, group: WebRole, at_least: 90%}
variants:
  auto: {}
  simultaneous: {operations.0.upgrade_deployment.mode: Simultaneous}
  nothing: {operations: []}
"""


ONE_ROLE = SCENARIO.replace(", WorkerRole: {instances: 10}", "").partition("objectives")[0]


TWO = """\
horizon: 1h
systems:
  a: {kind: cloud_service, roles: {WebRole: {instances: 2, restart: 2min}}}
  b: {kind: cloud_service, roles: {WebRole: {instances: 4, restart: 2min}}}
operations:
  - {at: 1min, upgrade_deployment: {system: b}}
"""


def labels(caught):
    return [(mark.at_s, mark.label) for mark in caught["marks"]]


POOL = """\
name: pool
horizon: 6h
warm_up: 1h
replications: 3
systems:
  render:
    kind: batch_pool
    nodes: 5
    task_slots_per_node: 2
    work: {load: 90%, service: {exponential: {mean: 10min}}}
operations:
  - {at: 2h, upgrade_os: {target_os_version: WA-GUEST-OS-5.31_201905-01}}
variants:
  requeue: {}
  drain: {systems.render.interruptions.on_upgrade: taskcompletion}
"""


ALONE = POOL.partition("variants")[0]


FLEET = """\
name: fleet
horizon: 10d
replications: 5
systems:
  shops:
    kind: arc_fleet
    machines: 4
    discovery: {uniform: {low: 0s, high: 5d}}
    extensions:
      - {publisher: Microsoft.Azure.Monitor, type: AzureMonitorLinuxAgent, version: 1.1.0,
         enable_automatic_upgrade: true}
operations:
  - {at: 1d, publish_extension: {type: AzureMonitorLinuxAgent, version: 1.2.0}}
variants:
  slow: {}
  fast: {systems.shops.discovery: 1h}
"""
