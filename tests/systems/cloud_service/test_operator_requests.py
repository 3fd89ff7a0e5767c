"""What the operators of a file may ask for."""

from __future__ import annotations

from service_log import Service

from sim.systems.cloud_service.operator_requests import operator_requests


def asked(*bodies, domains=2):
    """Name, kind and body of what operators may ask for, where these upgrades are requested."""
    requests = Service(*(("upgrade_deployment", body) for body in bodies)).model.layout.requests
    found = [*operator_requests(requests, domains)]
    return [(each.name, each.kind, each.body.model_dump(exclude_unset=True)) for each in found]


def test_an_operator_may_walk_each_domain_and_roll_back_in_auto():
    walked = {"mode": "Manual", "operator": {}}
    assert asked({"mode": "Auto"}, walked) == [
        ("upgrade_deployment-1-walk-0", "walk_upgrade_domain", {"upgrade_domain": 0}),
        ("upgrade_deployment-1-walk-1", "walk_upgrade_domain", {"upgrade_domain": 1}),
        ("upgrade_deployment-1-rollback", "rollback", {"mode": "Auto", "force": False}),
    ]


def test_a_rollback_is_forced_where_its_upgrade_was():
    *_, (_, _, back) = asked({"mode": "Manual", "operator": {}, "force": True})
    assert back == {"mode": "Auto", "force": True}
