"""What a replication of a cloud service takes, counted in lines of Python, not in seconds.

The bounds lie some percent above what it takes: what a replication does again and again that could
be done once for all of them, or once a turn, is seen at once.
"""

from __future__ import annotations

import pytest
from effort import lines
from story import story

from sim.experiments.running.replications import replicate

RESTART = "{lognormal: {median: 4min, p95: 11min}}"


@pytest.fixture(scope="module")
def simulation():
    return upgraded(50)


def upgraded(instances, domains=5):
    """A service that is upgraded once; what all replications have in common is made."""
    roles = f"Web: {{instances: {instances}, restart: {RESTART}}}"
    return story("at: 1s, upgrade_deployment: {}", roles, domains=domains, horizon="30d").simulation


def effort(simulation):
    """Lines of one replication."""
    return lines(lambda: simulation.run(1))


def test_an_instance_costs_its_way_out_and_back(simulation):
    assert effort(upgraded(100)) - effort(simulation) <= 50 * 47


def test_a_turn_costs_what_it_waits_for(simulation):
    assert effort(upgraded(50, domains=10)) - effort(simulation) <= 5 * 215


def test_what_all_replications_have_in_common_is_made_once(simulation):
    assert effort(simulation) <= 50 * 47 + 5 * 215 + 600


def test_replications_are_audited_and_measured_together(simulation):
    def beside(count):
        numbers = range(count)
        ran = lines(lambda: [simulation.run(number) for number in numbers])
        return lines(lambda: replicate(simulation, numbers)) - ran

    beside(10)  # what is made once
    assert beside(30) - beside(10) <= 20 * 35
