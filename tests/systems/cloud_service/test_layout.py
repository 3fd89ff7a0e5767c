"""Instances are spread over update domains."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.systems.cloud_service.layout import domains_in_use, update_domain


@pytest.mark.parametrize(
    ("instances", "sizes"), [(10, [2, 2, 2, 2, 2]), (14, [3, 3, 3, 3, 2]), (4, [1, 1, 1, 1])]
)
def test_instances_are_spread_evenly(instances, sizes):
    """The first two are the examples of "How to update a cloud service"."""
    domains = Counter(update_domain(k, 5) for k in range(instances))
    assert [domains[domain] for domain in range(domains_in_use(5, instances))] == sizes


@settings(derandomize=True)
@given(st.integers(1, 20), st.integers(1, 60))
def test_the_domain_is_the_same_by_the_number_of_domains_in_use(update_domains, largest):
    used = domains_in_use(update_domains, largest)
    for k in range(largest):
        assert update_domain(k, update_domains) == k % used
