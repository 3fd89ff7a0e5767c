"""How the subjects of a cloud service are numbered, and in which domains instances are."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from service_log import UPGRADE, Service
from story import story

from sim.core.log import Subjects, the_scenario


@settings(derandomize=True, max_examples=30)
@given(st.integers(1, 20), st.integers(1, 60))
def test_the_domain_is_the_same_by_the_number_of_domains_in_use(update_domains, largest):
    roles = {"A": {"instances": largest}, "B": {"instances": 1}}
    made = layout(roles=roles, update_domains=update_domains)
    assert made.domains == min(update_domains, largest)
    assert made.domain_of.tolist() == [*(k % made.domains for k in range(largest)), 0]
    assert made.domain_members[0][-1] == largest


@pytest.mark.parametrize(
    ("instances", "sizes"), [(10, [2, 2, 2, 2, 2]), (14, [3, 3, 3, 3, 2]), (4, [1, 1, 1, 1])]
)
def test_instance_k_is_in_update_domain_k_mod_u(instances, sizes):
    """Source: "How to update a cloud service"; a real service of four."""
    told = story(
        "at: 10s, upgrade_deployment: {}",
        f"W: {{instances: {instances}, restart: 100s}}",
        domains=5,
    )
    shown = told.status(0.0)["RoleInstanceList"]
    domains = [each["InstanceUpgradeDomain"] for each in shown]
    assert [domains.count(domain) for domain in sorted(set(domains))] == sizes
    assert domains == [k % 5 for k in range(instances)]
    assert told.status(0.0)["UpgradeDomainCount"] == len(sizes)
    assert [each["InstanceFaultDomain"] for each in shown] == [k % 2 for k in range(instances)]


def test_each_role_is_spread_over_the_domains_by_itself():
    told = story(
        "at: 10s, upgrade_deployment: {}",
        "A: {instances: 3, restart: 100s}, B: {instances: 1, restart: 100s}",
    )
    assert [line.split()[1] for line in told.lines if "-> BusyRole" in line] == [
        "A_IN_0",
        "A_IN_2",
        "B_IN_0",
        "A_IN_1",
    ]


def layout(*requests, **spec):
    return Service(*requests, **spec).model.layout


def test_blocks_stand_in_order_and_without_gaps():
    operator = UPGRADE[1] | {"mode": "Manual", "operator": {}}
    roles = {"A": {"instances": 1}, "B": {"instances": 2}}
    grown = ("change_configuration", {"configuration": {"A": 3}})
    blocks = layout(
        ("upgrade_deployment", operator), grown, roles=roles, staging={"build": "3"}
    ).blocks
    assert [(block.kind, block.group, block.count) for block in blocks] == [
        ("actor", "", 3),
        ("operation", "", 2 + 2 + 1),  # the operator may walk two domains and roll back
        ("upgrade", "", 1),
        ("deployment", "", 2),
        ("target", "", 2 * 2),
        ("build", "", 3),
        ("fault_domain", "", 0),
        ("update_domain", "", 2),
        ("update_domain", "staging", 2),
        ("instance", "A", 3),
        ("instance", "B", 2),
        ("instance", "A", 3),
        ("instance", "B", 2),
        ("configuration", "", 2 * 2),
        ("known_configuration", "A", 3),
        ("known_configuration", "B", 2),
        ("known_configuration", "A", 3),
        ("known_configuration", "B", 2),
    ]
    assert all(one.first + one.count == other.first for one, other in pairwise(blocks))


def test_builds_are_numbered_from_the_one_that_runs_at_time_0():
    made = layout(UPGRADE, build="9", builds={"9": {}, "2": {}, "1": {}}, staging={"build": "4"})
    assert made.builds == ("9", "1", "2", "4")
    assert [made.initial_version(slot) for slot in (0, 1)] == [0, 3]


def test_instances_fail_by_themselves_and_with_their_fault_domain():
    law = {"per_year": 1, "recovery": "1h"}
    roles = {"A": {"instances": 3, "failures": law}, "B": {"instances": 2}}
    numbered = layout(roles=roles, fault_domain_failures=law)
    made = numbered.failing
    assert [(each.path, each.members) for each in made] == [
        ("s/A/failures", [[0], [1], [2]]),
        ("s/fault_domain_failures", [[0, 2, 3], [1, 4]]),
    ]
    name = Subjects([the_scenario(), *numbered.blocks]).name
    assert [[name(cause) for cause in each.causes] for each in made] == [
        ["failures"] * 3,
        ["failure of fault domain 0", "failure of fault domain 1"],
    ]
    none = layout(fault_domain_failures={"per_year": 0, "recovery": "1h"})
    assert none.failing == ()
    assert none.failures_of_domains.count == 0


def test_fault_domains_without_instances_cost_nothing():
    law = {"per_year": 1, "recovery": "1h"}
    made = layout(
        fault_domain_failures=law, fault_domains=10**15 - 1, roles={"A": {"instances": 2}}
    )
    assert made.fault_domains == 2
    assert [each.members for each in made.failing] == [[[0], [1]]]
