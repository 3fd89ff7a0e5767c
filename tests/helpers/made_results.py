"""Scenarios whose results are looked at."""

HEAD = """\
# Question: does it stay up?
name: shop
horizon: 6h
systems:
  shop:
    kind: cloud_service
    roles: {WebRole: {instances: 20RESTART}}
operations:
  - at: 10min
    upgrade_deployment: {build: "42", mode: MODE}
"""


CHANCE = HEAD.replace("RESTART", "").replace("MODE", "Auto") + "replications: 5\n"


REFUSED = CHANCE.replace("replications", "  - {at: 2h, swap: {}}\nreplications")


OBJECTIVE = "objectives: [{metric: min_capacity, at_least: 80%}]\n"


VARIANTS = """\
variants:
  auto: {}
  simultaneous: {operations.0.upgrade_deployment.mode: Simultaneous}
  nothing: {operations: []}
"""
