"""What `explain` says of a cloud service before anything runs."""

from __future__ import annotations

import pytest
from foretelling import foreseen, told
from story import story

W4 = "W: {instances: 4, restart: 100s}"
STAGING = 'staging: {build: "2"}'


def said(operations, roles=W4, **more):
    return told(story(operations, roles, **more).simulation.scenario)


def comes_to(operations, roles=W4, **more):
    """What it comes to in the mean case."""
    return foreseen(story(operations, roles, **more).simulation.scenario)


@pytest.mark.parametrize(
    ("operation", "text"),
    [
        ("upgrade_deployment: {}", "lowest capacity 50 % (2 of 4), first at 10s; available thr"),
        ("host_os_update: {}", "lowest capacity 50 % (2 of 4), first at 10s; available through"),
        (
            "upgrade_deployment: {mode: Simultaneous}",
            "lowest capacity 0 % (0 of 4), first at 10s; downtime 1min40s (W) from 10s to 1min50s",
        ),
    ],
)
def test_the_lowest_capacity_is_that_of_the_mean_case(operation, text):
    assert text in comes_to(f"at: 10s, {operation}")


def test_weights_and_the_build_at_time_0_count():
    roles = "A: {instances: 2, weight: 3}, B: {instances: 2}"
    more = 'builds: {"1": {capacity_factor: 50%}}'
    line = comes_to("at: 10s, upgrade_deployment: {build: '1'}", roles, more=more)
    assert "lowest capacity 50 % (2 of 4)" in line


def test_members_that_weigh_nothing_have_nothing_to_lose():
    roles, zero = "W: {instances: 2, restart: 1s}", 'builds: {"1": {capacity_factor: 0%}}'
    line = comes_to("at: 10s, upgrade_deployment: {build: '1'}", roles, more=zero)
    assert "capacity stays at 100 %; available throughout" in line


def test_what_is_in_staging_and_a_swap_are_told():
    lines = said("at: 1h, swap: {}", more=STAGING)
    assert lines[0] == (
        "s: 4 instances of 1 role in 2 update domains, on build 1; in staging as many, on build 2."
    )
    assert (
        "At 1h, swap-0: the deployments in production and in staging change places. Build 2 comes "
        "into production."
    ) in lines


def test_what_a_swap_brings_and_that_it_is_bad_hangs_on_what_was_before():
    asked = """
at: 1h, swap: {}
at: 2h, upgrade_deployment: {slot: staging, role_to_upgrade: A, build: '3'}
at: 3h, swap: {}
at: 4h, swap: {}
"""
    roles = "A: {instances: 2, restart: 100s}, B: {instances: 2, restart: 100s}"
    bad = 'builds: {"2": {}, "3": {bad: 20%, fails_to_start: 50%}}'
    lines = said(asked, roles, more=f"{bad}\n    {STAGING}", horizon="5h")
    ends = [line.partition("change places.")[2] for line in lines if "swap-" in line]
    assert ends == [
        " In the mean case build 2 comes into production.",
        " In the mean case build 3 comes into production. With a chance of 20 % the build is bad: a "
        "start fails with a chance of 50 % and is tried again. In the mean case build 1 comes into "
        "production.",
        " In the mean case build 2 comes into production.",
    ]


def test_an_upgrade_in_staging_takes_no_capacity():
    asked = "at: 10s, upgrade_deployment: {slot: staging, build: '3'}\nat: 50min, swap: {}"
    assert "capacity stays at 100 %; available throughout" in comes_to(asked, more=STAGING)
    assert any(
        "build 3 for all roles in the staging slot, Auto." in x for x in said(asked, more=STAGING)
    )


def test_a_named_deployment_takes_capacity_where_it_is_in_production():
    named = "at: 10s, upgrade_deployment: {deployment: s, build: '3'}"
    assert "capacity 50 %" in comes_to(named, more=STAGING)
    assert "capacity stays" in comes_to(named.replace("t: s,", "t: s-staging,"), more=STAGING)
    assert "capacity stays" in comes_to(f"at: 1s, swap: {{}}\n{named}", more=STAGING)
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
    before = "at: 5s, upgrade_deployment: {}"
    assert f"At 10s, {sentence}" in said(f"{before}\nat: 10s, {operation}")


@pytest.mark.parametrize(
    ("keys", "text"),
    [
        (
            "",
            "at least 1 serves; a walk goes on only while at least 1 upgraded instance is Ready; a r",
        ),
        (
            ", min_available: 60%, min_healthy: 75%",
            "at least 6 serve (60 % of 9, rounded up, is 6); a walk goes on only while at least 7 "
            "upgraded instances are Ready (75 % of 9, rounded up, is 7); a restart takes 1s.",
        ),
        (
            ", slow_start: {for: 2min, serves: 20%}",
            " a restart takes 1s, and for 2min after it an instance serves 20 %.",
        ),
    ],
)
def test_what_a_role_needs_is_told_with_its_rounding(keys, text):
    (line,) = [x for x in said("", f"W: {{instances: 9, restart: 1s{keys}}}") if x[:2] == "W:"]
    assert text in line


def test_how_surely_an_operator_sees_is_told():
    operator = "{bake: 1h, stop_above: 10%, detects: 95%, false_alarm: 1%}"
    asked = f"at: 10s, upgrade_deployment: {{mode: Manual, operator: {operator}}}"
    assert any(
        "Above 10 % not Ready the operator stops, if it notices, with a chance of 95 % a bake; with a chance of 1 % a bake "
        "also without reason." in line
        for line in said(asked)
    )


def test_domains_are_those_in_use_at_the_operation():
    """Two at time 0, four from the scale-out on."""
    asked = (
        "at: 1min, upgrade_deployment: {}\n"
        "at: 20min, change_configuration: {configuration: {W: 4}}\n"
        "at: 40min, upgrade_deployment: {}"
    )
    roles = "W: {instances: 2, restart: 1min}"
    lines = said(asked, roles, domains=5)
    assert lines[0] == "s: 2 instances of 1 role in 2 update domains, on build 1."
    assert [x for x in lines if x.startswith("Domain")] == [
        "Domain 0: W_IN_0.",
        "Domain 1: W_IN_1.",
    ]
    told_of = [x for x in lines if x.startswith("At ")]
    assert [x.endswith("There are 4 update domains by then.") for x in told_of] == [0, 1, 1]
    grown = story(asked, roles, domains=5)
    assert grown.model.size == "2 instances, 2 update domains"
    assert grown.model.size_in(grown.log) == "2 instances, 2 update domains (4 from 20min on)"
    by_clock = story(asked, roles, domains=5, horizon="1h\nstart: 2026-11-20T14:00")
    size = by_clock.model.size_in(by_clock.log)
    assert size == "2 instances, 2 update domains (4 from Fri 20 Nov 14:20 on)"


def test_a_refused_request_is_told_as_refused_and_nothing_else():
    lines = said(
        "at: 10s, upgrade_deployment: {}\nat: 15s, walk_upgrade_domain: {upgrade_domain: 0}"
    )
    assert [line for line in lines if "walk_upgrade_domain" in line] == [
        "At 15s, walk_upgrade_domain-0: it will be refused: 409 ConflictError: the update in "
        "progress is not Manual: allowed under Manual alone."
    ]


def test_a_refusal_that_rests_on_random_times_is_one_of_the_mean_case():
    asked = "at: 10s, upgrade_deployment: {}\nat: 50min, rollback: {}"
    line = said(asked, "W: {instances: 2}")[-1]
    assert line.startswith("At 50min, rollback-0: it is refused in the mean case: 409 ")


@pytest.mark.parametrize(
    ("operation", "why"),
    [
        ("update_status: {status: Running}", "the deployment is Running already"),
        (
            "change_configuration: {}",
            "no instance restarts, and no role is given another number of instances",
        ),
        (
            "change_configuration: {configuration: {W: 4}}",
            "the roles have those numbers of instances already",
        ),
    ],
)
def test_a_request_that_changes_nothing_says_why(operation, why):
    assert said(f"at: 10s, {operation}")[-1].endswith(f" Nothing happens: {why}.")
    assert "Nothing happens" not in said("at: 10s, update_status: {status: Suspended}")[-1]


OFTEN = "{per_year: 1, recovery: 16min}"


def test_what_fails_by_itself_is_told_with_what_is_lost():
    roles = f"A: {{instances: 3, failures: {OFTEN}, local_storage: true}}, B: {{instances: 2}}"
    lines = said("", roles, more="fault_domain_failures: {per_year: 0.5, recovery: 1h}")
    assert "An instance of A fails 1 time a year and is back after 16min." in lines
    assert (
        "Each of the 2 fault domains fails 0.5 times a year and is back after 1h, with all its "
        "instances; those of A lose their local data."
    ) in lines
    lines = said("", "A: {instances: 1}", more=f"fault_domain_failures: {OFTEN}")
    alone = "The fault domain fails 1 time a year and is back after 16min, with all its instances."
    assert alone in lines
    assert not any(" fails " in line for line in said(""))
