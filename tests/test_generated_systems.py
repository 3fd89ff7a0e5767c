"""Systems and operations at random: every run keeps its model's own rules, and can be measured.

The short form runs always; ``pytest -m thorough`` runs 100,000 systems, which takes an hour.
"""

from __future__ import annotations

import random

import any_service
import pytest
import wild_fleet
from by_the_clock import sometimes_by_the_clock
from hypothesis import given, settings
from hypothesis import strategies as st
from wild import often
from wild_pool import wild

from sim.experiments.running.replications import replicate
from sim.scenario import Scenario
from sim.simulation import Simulation

SYSTEMS = {"services": any_service.scenario, "fleets": wild_fleet.scenario}
EACH = 33_400
chances = st.randoms(use_true_random=False)


def check(scenario):
    """Run two replications with all audits and metrics."""
    made = scenario if isinstance(scenario, Scenario) else Scenario.from_dict(scenario)
    measured = replicate(Simulation(made), range(2))
    assert measured.values


def numbered(kind, count):
    for seed in range(count):
        try:
            chance = random.Random(seed)
            check(sometimes_by_the_clock(chance, SYSTEMS[kind](chance)))
        except Exception as error:
            raise AssertionError(f"{kind} {seed}") from error


def test_a_release_is_discovered_while_an_older_version_is_put():
    """Once it was lost on a machine that a PUT was taking below it."""
    check(wild_fleet.scenario(random.Random(6286)))


def test_a_release_is_discovered_while_a_push_is_rolled_back_to_what_a_put_asks_for():
    """Once it was kept for the end of the next attempt, whose retry then came too early."""
    check(wild_fleet.scenario(random.Random(20465)))


@pytest.mark.parametrize("kind", SYSTEMS)
def test_a_system_at_random_keeps_its_rules(kind):
    numbered(kind, 60)


@often(60)
@given(st.builds(sometimes_by_the_clock, chances, wild()))
def test_a_pool_at_random_keeps_its_rules(scenario):
    check(scenario)


@pytest.mark.thorough
@pytest.mark.parametrize("kind", SYSTEMS)
def test_very_many_systems_keep_their_rules(kind):
    numbered(kind, EACH)


@pytest.mark.thorough
@given(st.data())
@settings(often(EACH))
def test_very_many_pools_keep_their_rules(data):
    check(sometimes_by_the_clock(data.draw(chances), data.draw(wild())))
