"""What `explain` says of a cloud service before anything runs."""

from __future__ import annotations

import pytest
from story import story

W4 = "W: {instances: 4, restart: 100s}"
STAGING = 'staging: {build: "2"}'


def said(operations, roles=W4, **more):
    return story(operations, roles, **more).model.before()


def lowest(operations, roles=W4, **more):
    """The sentences about how low capacity goes."""
    return [line for line in said(operations, roles, **more) if line.startswith("While ")]


@pytest.mark.parametrize(
    ("operation", "sentence"),
    [
        ("upgrade_deployment: {}", "While domain 0 is out, 2 of 4 serve: capacity 50 %"),
        ("host_os_update: {}", "While domain 0 is out, 2 of 4 serve: capacity 50 %"),
        ("upgrade_deployment: {mode: Simultaneous}", "While everything is out, 0 of 4 serve"),
    ],
)
def test_the_lowest_capacity_is_the_arithmetic_of_domains(operation, sentence):
    (line,) = lowest(f"at: 10s, {operation}")
    assert line.startswith(sentence)


def test_weights_and_the_build_at_time_0_count():
    roles = "A: {instances: 2, weight: 3}, B: {instances: 2}"
    (line,) = lowest(
        "at: 10s, upgrade_deployment: {}", roles, more='builds: {"1": {capacity_factor: 50%}}'
    )
    assert line.startswith("While domain 0 is out, 2 of 4 serve: capacity 50 %")


@pytest.mark.parametrize(
    ("roles", "more"),
    [
        ("W: {instances: 2, weight: 0.0004}", ""),
        ("W: {instances: 2}", 'builds: {"1": {capacity_factor: 0%}}'),
    ],
)
def test_members_that_weigh_nothing_have_nothing_to_lose(roles, more):
    (line,) = lowest("at: 10s, upgrade_deployment: {}", roles, more=more)
    assert line.startswith("While domain 0 is out, 0 of 0 serve: capacity 100 %")


def test_an_upgrade_in_staging_takes_no_capacity():
    asked = "at: 10s, upgrade_deployment: {slot: staging, build: '3'}\nat: 50min, swap: {}"
    assert lowest(asked, more=STAGING) == []
    assert any(
        "build 3 for all roles in the staging slot, Auto." in x for x in said(asked, more=STAGING)
    )


def test_a_named_deployment_takes_capacity_where_it_is_surely_in_production():
    named = "at: 10s, upgrade_deployment: {deployment: s, build: '3'}"
    assert len(lowest(named, more=STAGING)) == 1
    assert lowest(named.replace("t: s,", "t: s-staging,"), more=STAGING) == []
    assert lowest(f"at: 1s, swap: {{}}\n{named}", more=STAGING) == []
    assert any("of the deployment s, Auto." in line for line in said(named, more=STAGING))


def test_an_operator_under_another_mode_is_noted():
    asked = "at: 10s, upgrade_deployment: {mode: MODE, operator: {bake: 1min}}"
    for mode in ("Auto", "Simultaneous"):
        line = next(x for x in said(asked.replace("MODE", mode)) if x.startswith("At 10s"))
        assert "The operator acts under Manual only." in line
    assert not any("Manual only" in line for line in said(asked.replace("MODE", "Manual")))


@pytest.mark.parametrize(
    ("operation", "sentence"),
    [
        ("reboot_instance: {instance: W_IN_1}", "reboot_instance-0: reboot instance W_IN_1."),
        ("update_status: {status: suspended}", "update_status-0: update status Suspended."),
        ("rollback: {mode: manual}", "rollback-0: rollback Manual."),
    ],
)
def test_an_operation_is_told_with_what_it_asks(operation, sentence):
    assert f"At 10s, {sentence}" in said(f"at: 10s, {operation}")
