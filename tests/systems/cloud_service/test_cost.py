"""What a run of a cloud service is expected to cost, held against what it does cost."""

from __future__ import annotations

import pytest
from story import story

from sim.systems.cloud_service.cost import parts

W4 = "W: {instances: 4, restart: 100s}"
AUTO = "at: 10s, upgrade_deployment: {}"


def expected(told):
    """What makes rows, with how many."""
    return {part.what: part.rows for part in parts(told.model.layout) if part.rows}


def test_an_upgrade_costs_two_rows_an_instance_and_some_of_its_own():
    told = story(AUTO, W4)
    assert expected(told) == {
        "instances that upgrade_deployment-0 restarts": 4 * 2,
        # Four of the operation and its upgrade, two a domain, two of the lock, two of the target.
        "upgrade_deployment-0 itself": 6 + 2 * 2 + 2 * 2,
    }
    assert len(told.log) == 4 * 2 + 4 + 2 * 2 + 2 + 2


@pytest.mark.parametrize(
    ("operations", "roles"),
    [
        (AUTO, "W: {instances: 40, restart: 100s, slow_start: {for: 1min, serves: 50%}}"),
        (AUTO, "W: {instances: 40, stages: {stop: 1s, apply: 1s, start: 1s, on_start: 1s}}"),
        (f"{AUTO}\nat: 200s, rollback: {{}}\nat: 40min, guest_os_update: {{}}", W4),
        ("at: 10s, change_configuration: {configuration: {W: 60}}", W4),
        ("at: 10s, change_configuration: {restarts: true}", "W: {instances: 60, restart: 9s}"),
        ("at: 10s, reboot_instance: {instance: W_IN_1}\nat: 20s, host_os_update: {}", W4),
        (
            "at: 10s, upgrade_deployment: {mode: Manual, operator: {bake: 5min, stop_above: 10%}}",
            "W: {instances: 40, restart: 100s}",
        ),
        ("", "W: {instances: 100, failures: {per_year: 300, recovery: 5min}}"),
    ],
)
def test_the_rows_expected_are_about_those_that_come(operations, roles):
    told = story(operations, roles, horizon="2d")
    rows = sum(expected(told).values())
    assert len(told.log) == pytest.approx(rows, rel=0.35, abs=16)


def test_operations_after_the_horizon_cost_nothing():
    late = story("at: {exponential: {mean: 2h}}, upgrade_deployment: {}", W4, horizon="1h")
    assert sum(expected(late).values()) == 0


def test_a_build_on_which_nothing_starts_reaches_one_domain():
    never = 'builds: {"2": {fails_to_start: 100%}}'
    told = story(AUTO, W4, more=never)
    assert expected(told)["instances that upgrade_deployment-0 restarts"] == 4 * 2 / 2
    at_once = story("at: 10s, upgrade_deployment: {mode: Simultaneous}", W4, more=never)
    assert expected(at_once)["instances that upgrade_deployment-0 restarts"] == 4 * 2


def test_looks_of_an_operator_are_events_by_how_many_it_sees():
    asked = "at: 10s, upgrade_deployment: {mode: Manual, operator: {bake: 1h, stop_above: 1%}}"
    (looks,) = [
        part
        for part in parts(story(asked, "W: {instances: 400}", horizon="1d").model.layout)
        if "looks" in part.what
    ]
    # One bake between two domains: 12 looks and the walk's end, half of 400 seen at 100 an event.
    assert looks.events == looks.rows + 13 * (1 + 400 / 2 / 100)


def test_only_fault_domains_with_instances_fail():
    law = "fault_domain_failures: {per_year: 400, recovery: 1h}"
    four, very_many = (
        list(parts(story("", W4, more=f"{law}\n    fault_domains: {each}").model.layout))
        for each in (4, 10**12)
    )
    assert four == very_many
    assert sum(part.events for part in four) > 0


def test_extensions_cost_a_row_in_each_role_that_has_them():
    given = "extension_configuration: {all_roles: [{id: rdp}], named_roles: {W: [{id: log}]}}"
    more = "extensions: [{id: rdp}, {id: log}]"
    told = story(f"at: 10s, change_configuration: {{{given}}}", W4, more=more)
    assert expected(told)["extensions that change_configuration-0 configures"] == 3
    assert sum(" extension " in line for line in told.all_lines) == 3
