"""What a user may write of a cloud service, and how it reads back."""

from __future__ import annotations

from any_shop import scenario
from hypothesis import given, settings
from hypothesis import strategies as st
from story import Story, story

from sim.core.rounding import Amount
from sim.core.stack import Stack
from sim.scenario import Scenario
from sim.simulation import Simulation

# Defaults ----------------------------------------------------------------------------------------


def test_a_service_has_the_documented_defaults():
    shop = scenario().systems["shop"]
    assert (shop.update_domains, shop.fault_domains, shop.build) == (5, 2, "1")
    assert (shop.start_timeout, shop.on_start_timeout) == (1800.0, "continue")
    assert (shop.deployment, shop.staging, shop.demand, shop.builds) == ("shop", None, None, {})
    assert (shop.extensions, shop.fault_domain_failures) == ((), None)


def test_a_role_has_the_documented_defaults():
    web = scenario().systems["shop"].roles["Web"]
    assert str(web.restart) == "lognormal (median 4min, p95 9min)"
    assert web.create == web.restart
    assert (web.min_available, web.min_healthy, web.weight) == (Amount(1), Amount(1), 1.0)
    assert (web.slow_start, web.failures, web.stages, web.local_storage) == (
        None,
        None,
        None,
        False,
    )
    assert web.serves_demand == 0.0


def test_a_build_behaves_well_unless_told():
    build = scenario(builds={"42": {}}).systems["shop"].builds["42"]
    assert (build.bad, build.fails_to_start, build.capacity_factor) == (1.0, 0.0, 1.0)
    assert build.unhealthy_later is None


# References --------------------------------------------------------------------------------------


# Demand ------------------------------------------------------------------------------------------


def test_demand_is_constant_or_a_curve_of_the_day():
    assert scenario(demand={"constant": 5}).systems["shop"].demand.constant == 5.0
    curve = scenario(demand={"curve": {"00:00": 3, "14:30": 9}}).systems["shop"].demand.curve
    assert curve == {0.0: 3.0, 52200.0: 9.0}


# Assumptions and warnings ------------------------------------------------------------------------


SERVING = "W: {instances: 2, restart: 100s, serves_demand: 50}"


def test_a_daily_curve_holds_each_value_until_the_next_and_wraps():
    told = story(
        "at: 23h, upgrade_deployment: {mode: Simultaneous}",
        SERVING.replace("100s", "2h"),
        more='demand: {curve: {"06:00": 10, "23:30": 80}}',
        horizon="2d",
    )
    # Out from 23:00 to 01:00: 10 for half an hour, then 80 over midnight.
    assert told.measure("unserved_demand") == 10 * 1800 + 80 * 5400


def test_the_curve_follows_the_clock_of_the_start():
    told = Story(
        """
start: 2026-03-02T22:30:00
horizon: 4h
systems:
  s:
    kind: cloud_service
    demand: {curve: {"23:00": 40, "01:00": 0}}
    roles: {W: {instances: 1, restart: 1h, serves_demand: 100}}
operations:
  - {at: 1h, upgrade_deployment: {}}
"""
    )
    assert told.measure("unserved_demand") == 40 * 3600
    assert told.model.layout.demand.times.tolist() == [0, 1800, 9000]


def test_demand_from_a_file_is_none_before_its_first_time():
    text = """
horizon: 1000s
systems:
  s:
    kind: cloud_service
    demand: {csv: demand.csv}
    roles: {W: {instances: 1, restart: 1h, serves_demand: 100}}
operations:
  - {at: 50s, upgrade_deployment: {}}
"""
    content = {"demand.csv": b"time_s,value\n100,10\n400,70\n"}
    simulation = Simulation(Scenario.from_text(text, "x.yaml", content))
    values, _ = simulation.models["s"].measure(Stack([simulation.run()]), 0.0)
    assert values["", "unserved_demand"][0] == 10 * 300 + 70 * 600


# Any scenario ------------------------------------------------------------------------------------

durations = st.sampled_from(["0s", "1.5s", "250ms", "1h30min", "PT5M", "2d"])
shares = st.sampled_from(["0%", "12.5%", "33.333%", 0.8, "100%"])
numbers = st.one_of(st.integers(0, 10**6), st.floats(1e-6, 1e6).map(lambda x: float(f"{x:.5g}")))
# Of roles that differ by more digits the sums would not be exact: the reader refuses those.
demands = st.integers(0, 10**5).map(lambda hundredths: hundredths / 100)
distributions = st.one_of(
    durations,
    st.just({"uniform": {"low": "1s", "high": "1min"}}),
    st.just({"lognormal": {"mean": "5min", "sd": "90s"}}),
    st.just({"weibull": {"shape": 1.5, "scale": "1h"}}),
    st.just({"empirical": {"values": ["1s", "2s", "2s"], "interpolate": True}}),
)
failures = st.fixed_dictionaries({"per_year": numbers, "recovery": distributions})
names = st.text(st.characters(codec="utf-8", categories=["L", "N", "P"]), min_size=1, max_size=8)
names = names.filter(lambda name: "/" not in name and "\\" not in name)
times = st.one_of(
    st.fixed_dictionaries({}, optional={"restart": distributions}),
    st.fixed_dictionaries(
        {
            "stages": st.fixed_dictionaries(
                {}, optional={"stop": distributions, "start": distributions}
            )
        }
    ),
)
roles = st.builds(
    lambda role, timing: role | timing,
    st.fixed_dictionaries(
        {"instances": st.integers(1, 50)},
        optional={
            "min_available": st.one_of(st.integers(0, 50), st.just("75%")),
            "weight": st.integers(1, 10**4).map(lambda thousandths: thousandths / 1000),
            "create": distributions,
            "slow_start": st.fixed_dictionaries({"for": distributions, "serves": shares}),
            "serves_demand": demands,
            "failures": failures,
            "local_storage": st.booleans(),
        },
    ),
    times,
)
builds = st.just({}) | st.fixed_dictionaries({"capacity_factor": shares}, optional={"bad": shares})
bodies = st.fixed_dictionaries(
    {"build": st.just("1")},
    optional={
        "mode": st.sampled_from(["auto", "Manual", "SIMULTANEOUS"]),
        "force": st.booleans(),
        "label": st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "Zs"])),
        "windows": st.just([{"from": "22:00", "to": "05:00:30"}]),
        "extended_properties": st.lists(
            st.fixed_dictionaries({"name": names, "value": st.none() | names}), max_size=3
        ),
        "operator": st.fixed_dictionaries({}, optional={"bake": durations, "detects": shares}),
    },
)
services = st.fixed_dictionaries(
    {
        "kind": st.just("cloud_service"),
        "roles": st.dictionaries(names, roles, min_size=1, max_size=3),
    },
    optional={
        "update_domains": st.integers(1, 20),
        "builds": st.dictionaries(names, builds, max_size=2),
        "demand": st.just({"curve": {"00:00": 1, "23:59:59": 2.5}}),
        "fault_domain_failures": failures,
    },
)


@settings(max_examples=60)
@given(st.dictionaries(names, services, min_size=1, max_size=2), st.lists(bodies, max_size=2))
def test_any_resolved_scenario_reads_back_to_an_equal_one(systems, upgrades):
    system = next(iter(systems))
    operations = [
        {"at": "1min", "upgrade_deployment": {"system": system, **body}} for body in upgrades
    ]
    s = Scenario.from_dict({"systems": systems, "operations": operations}, "any")
    assert Scenario.from_text(s.to_yaml(), "any") == s
