"""A shop whose build is bad in some replications, and rolled back in these."""

from __future__ import annotations

from sim.scenario import Scenario


def shop(bad="20%", **more):
    build = {"bad": bad, "unhealthy_later": {"probability": "100%", "after": "1min"}}
    system = {
        "kind": "cloud_service",
        "builds": {"2": build},
        "roles": {"Web": {"instances": 4, "restart": "2min"}},
    }
    upgrade = {
        "mode": "Manual",
        "operator": {"bake": "5min", "look_every": "1min", "stop_above": "10%", "then": "rollback"},
    }
    operations = [{"at": "1min", "upgrade_deployment": upgrade}]
    return Scenario.from_dict(
        {"horizon": "6h", "systems": {"shop": system}, "operations": operations} | more
    )
