"""Scenarios whose results are looked at."""

import sim

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

OPERATOR = "Manual, operator: {bake: 30min}"


def certain(mode="Auto"):
    return sim.loads(HEAD.replace("RESTART", ", restart: 2min").replace("MODE", mode))


def value(results, metric, variant="baseline", column="mean"):
    rows = results.summary
    mine = rows[(rows.metric == metric) & (rows.variant == variant) & (rows.group == "")]
    return mine[column].item()
