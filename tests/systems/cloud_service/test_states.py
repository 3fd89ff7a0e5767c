"""Weights as whole numbers: sums over instances are exact, and what cannot be is refused."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from story import story

from sim.core.errors import ScenarioError
from sim.systems.cloud_service.states import LARGEST_SUM

SIMULTANEOUS = "at: 10s, upgrade_deployment: {mode: Simultaneous}"


def units(roles, more=""):
    return story("", roles, more=more).model.layout.units


def refused(roles, more=""):
    """What is said about the roles' weights, from the place on."""
    with pytest.raises(ScenarioError) as caught:
        story("", roles, more=more)
    return str(caught.value)


# The smallest inputs that once gave wrong numbers -------------------------------------------------


def test_light_instances_that_all_go_down_leave_nothing():
    told = story(SIMULTANEOUS, "W: {instances: 5000, weight: 0.0002, restart: 100s}")
    assert told.series("capacity") == [(0, 1), (10, 0), (110, 1)]
    assert told.measure("min_capacity") == 0
    assert told.measure("capacity_hours_lost") == pytest.approx(100 / 3600, rel=1e-12)


@pytest.mark.parametrize("weight", ["5e14", "1e15", "1e-7", "1e308", "5e-324"])
def test_weights_beyond_any_use_are_refused_with_their_place(weight):
    said = refused(f"W: {{instances: 5000, weight: {weight}}}")
    rule = f"systems.s.roles.W.weight: must be from 0.000001 to 1e9, got {weight}"
    assert said == f":8:42: {rule}"


def test_instances_that_serve_less_than_a_thousandth_of_the_unit_serve_it():
    roles = "W: {instances: 5000, serves_demand: 0.0004, restart: 100s}"
    told = story(SIMULTANEOUS, roles, more="demand: {constant: 3}")
    # 5,000 of them serve 2 of the 3, and for 100 s nothing.
    assert told.measure("unserved_demand") == 1 * 3500 + 3 * 100


@pytest.mark.parametrize("weight", [1e-6, 0.0001, 1, 123456, 1e9])
def test_capacity_is_a_share_whatever_one_instance_weighs(weight):
    roles = f"A: {{instances: 3, weight: {weight}, restart: 100s}}, B: {{instances: 1, "
    roles += f"weight: {weight}, restart: 100s}}"
    told = story("at: 10s, upgrade_deployment: {mode: Simultaneous, role_to_upgrade: A}", roles)
    assert told.series("capacity") == [(0, 1), (10, 0.25), (110, 1)]
    assert told.series("capacity", "A") == [(0, 1), (10, 0), (110, 1)]


def test_blast_radius_weighs_light_roles():
    faulty = 'builds: {"2": {fails_to_start: 100%}}'
    upgrade = "at: 10s, upgrade_deployment: {mode: Simultaneous, role_to_upgrade: A}"
    roles = "A: {instances: 3, weight: 0.0001}, B: {instances: 1, weight: 0.0003}"
    assert story(upgrade, roles, more=faulty).measure("blast_radius") == 0.5


# Units --------------------------------------------------------------------------------------------


def test_thousandths_do_where_they_always_did():
    assert units("W: {instances: 2}") == (1000, 1000, 1000)
    assert units("A: {instances: 2, weight: 2.5}, B: {instances: 1, serves_demand: 100}") == (
        *(1000, 1000, 1000),
    )
    slow = "W: {instances: 2, slow_start: {for: 1min, serves: 12.5%}}"
    assert units(slow) == (1000, 1000, 1000)


def test_units_are_as_fine_as_weights_and_shares_ask_for():
    assert units("A: {instances: 2, weight: 0.0025}, B: {instances: 2}").capacity == 10**4
    assert units("W: {instances: 2, serves_demand: 0.000001}").demand == 10**6
    slow = "W: {instances: 2, slow_start: {for: 1min, serves: 12.34%}}"
    assert units(slow) == (10**4, 10**4, 1000)
    factor = 'builds: {"1": {capacity_factor: 1.25%}}'
    assert units("W: {instances: 2, serves_demand: 0.01}", factor) == (10**4, 1000, 10**6)


def test_digits_without_end_are_kept_to_a_ten_billionth_of_the_weight():
    assert units("W: {instances: 2, weight: 0.3333333333333333}").capacity == 10**11


# What cannot be exact -----------------------------------------------------------------------------


def test_weights_too_far_apart_for_exact_sums_are_refused():
    said = refused("A: {instances: 5000, weight: 1e9}, B: {instances: 5000, weight: 0.0000123}")
    assert said.endswith(
        "systems.s.roles.A.weight: must be smaller or of fewer digits, so that sums over 10,000 "
        "instances are exact (the least weight is 1.23e-05), got 1e+09"
    )


def test_sums_too_large_are_refused_beside_the_role_that_asks_for_them():
    said = refused("A: {instances: 10000000, weight: 1, serves_demand: 1e9}")
    assert "systems.s.roles.A.serves_demand: must be smaller" in said


def test_instances_to_come_and_staged_ones_count():
    roles = "W: {instances: 2, weight: 1e9}"
    assert LARGEST_SUM // (10**9 * 1000) < 9_000_000
    grown = "at: 1s, change_configuration: {configuration: {W: 4000000}}"
    with pytest.raises(ScenarioError, match="sums over 8,000,000 instances"):
        story(grown, roles, more='staging: {build: "2"}')


# Any weights --------------------------------------------------------------------------------------

weights = st.floats(1e-6, 1e6).map(lambda weight: float(f"{weight:.4g}"))
percents = st.integers(0, 100)


@settings(derandomize=True, max_examples=60)
@given(st.lists(st.tuples(st.integers(1, 4), weights), min_size=2, max_size=4), percents, percents)
def test_capacity_is_that_of_exact_fractions(roles, factor, slow):
    """The first role goes to a build with a capacity factor and starts slowly on it."""
    fast = f"restart: 100s, slow_start: {{for: 50s, serves: {slow}%}}"
    written = ", ".join(
        f"R{k}: {{instances: {count}, weight: {weight}, {fast}}}"
        for k, (count, weight) in enumerate(roles)
    )
    upgrade = "at: 10s, upgrade_deployment: {build: '2', mode: Simultaneous, role_to_upgrade: R0}"
    builds = f'builds: {{"2": {{capacity_factor: {factor}%}}}}'
    told = story(upgrade, written, more=builds)
    of_each = [count * Fraction(str(weight)) for count, weight in roles]
    whole, rest = sum(of_each), sum(of_each[1:])
    parts = (Fraction(factor * slow, 10_000), Fraction(factor, 100))
    expected = {10: rest / whole}
    expected |= {t: (rest + of_each[0] * p) / whole for t, p in zip((110, 160), parts, strict=True)}
    capacity = told.model.timeline(told.log, "capacity")
    alone = told.model.timeline(told.log, "capacity", "R0")
    for time, share in expected.items():
        assert abs(Fraction(float(capacity.at(time))) - share) <= 1e-9
    for time, share in zip((110, 160), parts, strict=True):
        assert abs(Fraction(float(alone.at(time))) - share) <= 1e-9
