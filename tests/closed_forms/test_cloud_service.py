"""Answers known in advance: published examples and closed forms.

Exact cases are asserted exactly. Random ones must lie inside a 99.9 % interval at a fixed seed,
which is so narrow that an error of 2 % would be seen.
"""

from __future__ import annotations

from collections import Counter
from math import isclose

import numpy as np
import pytest
from known_answers import check

from sim.core.stack import Stack
from sim.scenario import Scenario
from sim.simulation import Simulation

AUTO = {"mode": "Auto"}
SIMULTANEOUS = {"mode": "Simultaneous"}
MANUAL = {"mode": "Manual", "operator": {"bake": "30min"}}
PER_STACK = 2000
"""Replications that are analysed together."""


def service(instances, upgrade, restart="120s", horizon="6h", seed=1):
    """A service of one role, upgraded after a minute."""
    role = {"instances": instances, "restart": restart}
    return Simulation(
        Scenario.from_dict(
            {
                "horizon": horizon,
                "seed": seed,
                "systems": {
                    "shop": {
                        "kind": "cloud_service",
                        "update_domains": 5,
                        "start_timeout": "52w",  # the walk waits for everyone
                        "roles": {"Web": role},
                    }
                },
                "operations": [{"at": "1min", "upgrade_deployment": upgrade}],
            }
        )
    )


def measured(simulation, replications=1):
    """Metric -> one value a replication, of logs that pass the audit."""
    parts = []
    model = simulation.models["shop"]
    for first in range(0, replications, PER_STACK):
        numbers = range(first, min(first + PER_STACK, replications))
        stack = Stack([simulation.run(number) for number in numbers])
        assert stack.audit() is None
        assert model.audit(stack) is None
        parts.append(model.measure(stack, simulation.scenario.warm_up)[0])
    return {name: np.concatenate([part["", name] for part in parts]) for _, name in parts[0]}


def domains(simulation, at=0.0):
    """Update domain -> how many instances Get Deployment shows in it."""
    status = simulation.models["shop"].status(simulation.run(), at)
    found = Counter(each["InstanceUpgradeDomain"] for each in status["RoleInstanceList"])
    assert status["UpgradeDomainCount"] == len(found)
    return [found[domain] for domain in sorted(found)]


# Deterministic


@pytest.mark.parametrize(("instances", "sizes"), [(10, [2, 2, 2, 2, 2]), (14, [3, 3, 3, 3, 2])])
def test_instances_are_spread_as_the_documents_show(instances, sizes):
    """Source: "How to update a cloud service"."""
    assert domains(service(instances, AUTO)) == sizes


def test_four_instances_are_in_domains_0_to_3():
    """Source: a real Get Deployment answer after a scale-out from 2 to 4 instances."""
    assert domains(service(4, AUTO)) == [1, 1, 1, 1]
    grown = service(2, {"mode": "Auto", "configuration": {"Web": 4}})
    assert domains(grown) == [1, 1]
    assert domains(grown, at=3600.0) == [1, 1, 1, 1]


@pytest.mark.parametrize(
    ("upgrade", "seconds", "lowest", "domains_out"),
    [
        (AUTO, 5 * 120, 0.8, 1),
        (SIMULTANEOUS, 120, 0.0, 5),
        (MANUAL, 5 * 120 + 4 * 1800, 0.8, 1),
    ],
    ids=["auto", "simultaneous", "manual"],
)
def test_a_walk_with_fixed_restarts_follows_from_arithmetic(upgrade, seconds, lowest, domains_out):
    found = measured(service(20, upgrade))
    assert found["rollout_duration"] == [seconds]
    assert found["min_capacity"] == [lowest]
    assert found["max_domains_out"] == [domains_out]
    assert found["capacity_hours_lost"] == [20 * 120 / 3600]
    assert found["downtime"] == [120 if lowest == 0 else 0]
    assert found["finished"] == [1]
    assert found["updated_share"] == [1]


# Random, with s the mean restart and H_k the k-th harmonic number

MEAN = 600.0
EXPONENTIAL = {"exponential": {"mean": "10min"}}


def harmonic(k):
    return sum(1 / i for i in range(1, k + 1))


@pytest.fixture(scope="module")
def auto():
    """Ten instances in five domains, each back after an exponential time."""
    return measured(service(10, AUTO, EXPONENTIAL, "1d"), 9_000)


def test_a_domain_of_m_instances_takes_s_times_h_m(auto):
    answer = 5 * harmonic(2)
    assert answer == 7.5
    check(auto["rollout_duration"] / MEAN, answer)


def test_all_at_once_take_s_times_h_n():
    answer = harmonic(10)
    assert isclose(answer, 2.928968, abs_tol=5e-7)
    found = measured(service(10, SIMULTANEOUS, EXPONENTIAL, "1d"), 14_000)
    check(found["rollout_duration"] / MEAN, answer)


def test_the_expected_lost_instance_time_is_n_times_s(auto):
    check(auto["capacity_hours_lost"] * 3600 / MEAN, 10)


@pytest.mark.parametrize("upgrade", [SIMULTANEOUS, MANUAL], ids=["simultaneous", "manual"])
def test_every_mode_loses_the_same_instance_time(auto, upgrade):
    """The same instances are out for the same times, be it together or one after the other."""
    found = measured(service(10, upgrade, EXPONENTIAL, "1d"), 200)
    np.testing.assert_allclose(
        found["capacity_hours_lost"], auto["capacity_hours_lost"][:200], rtol=1e-12
    )


def test_two_of_three_machines_available_nine_tenths_of_the_time_each():
    """Up for an hour and out for 400 s in the mean, by turns: 0.9 ** 3 + 3 * 0.9 ** 2 * 0.1."""
    role = {
        "instances": 3,
        "min_available": 2,
        "failures": {"per_year": 8760, "recovery": {"exponential": {"mean": "400s"}}},
    }
    simulation = Simulation(
        Scenario.from_dict(
            {
                "horizon": "31d",
                "warm_up": "1d",
                "systems": {"shop": {"kind": "cloud_service", "roles": {"Web": role}}},
            }
        )
    )
    found = measured(simulation, 8)
    check(found["availability"], 0.972)
    check(found["mean_capacity"], 0.9)
