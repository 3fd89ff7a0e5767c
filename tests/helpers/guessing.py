"""A walk of four domains whose answer is known, with guesses that matter and some that do not."""

from __future__ import annotations

import copy

from sim.scenario import Scenario

WALK = {
    "name": "walk",
    "horizon": "6h",
    "systems": {
        "shop": {
            "kind": "cloud_service",
            "update_domains": 4,
            "roles": {
                "Web": {
                    "instances": 8,
                    "min_healthy": 1,
                    "restart": {"value": "4min", "assumed": True},
                    "create": {"value": "7min", "assumed": True},
                }
            },
        }
    },
    "operations": [{"at": "1min", "upgrade_deployment": {"mode": "Auto"}}],
    "objectives": [{"metric": "rollout_duration", "at_most": "20min", "of": "mean"}],
}
"""A domain takes 4 min, so all take 16; nothing is created."""

RESTART, CREATE = "systems.shop.roles.Web.restart", "systems.shop.roles.Web.create"


def is_doubled(scenario) -> bool:
    """Whether the restart takes twice its time, which no point of the hypercube is sure to do."""
    return scenario.systems["shop"].roles["Web"].restart.mean == 2 * 240.0


def walk(**more) -> Scenario:
    return Scenario.from_dict(copy.deepcopy(WALK) | more)


def two_ways(**more) -> Scenario:
    """By hand with a bake of 3 min, or all at once: both are done within 25 min as it is."""
    manual = {"operations.0.upgrade_deployment": {"mode": "Manual", "operator": {"bake": "2min"}}}
    at_once = {"operations.0.upgrade_deployment.mode": "Simultaneous"}
    objectives = [
        {"metric": "rollout_duration", "at_most": "25min", "of": "mean"},
        {"metric": "min_capacity", "at_least": "50%", "of": "mean"},
    ]
    variants = {"auto": {}, "manual": manual, "at_once": at_once}
    return walk(objectives=objectives, variants=variants, prefer=["rollout_duration"], **more)


def rolled_back(bad="20%", **more) -> Scenario:
    """By hand with a bake of 10 min after each domain; where the build is bad it never ends well."""
    build = {"bad": bad, "unhealthy_later": {"probability": "100%", "after": "1min"}}
    operator = {"bake": "10min", "look_every": "5min", "stop_above": "10%", "then": "rollback"}
    body = {"build": "2", "mode": "Manual", "operator": operator}
    asked = [{"at": "1min", "upgrade_deployment": body}]
    scenario = walk(**{"objectives": [], "replications": 40, "operations": asked} | more)
    return scenario.override({"systems.shop.builds": {"2": build}})
