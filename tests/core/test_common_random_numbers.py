"""Random numbers belong to their owner: neither modes, nor others, nor the processor change them."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from places import ROOT
from referee import out_times, told
from wild import MODES, OPERATOR, calm, often, simulation_of, wild, with_upgrade

FAULTY = {"2": {"fails_to_start": "40%"}}


@often(40)
@given(calm(), st.booleans())
def test_every_mode_sees_the_same_restart_times(scenario, fails):
    scenario["systems"]["shop"]["builds"] = FAULTY if fails else {}
    logs = [
        simulation_of(with_upgrade(scenario, mode=mode, operator=OPERATOR)).run() for mode in MODES
    ]
    expected = out_times(logs[0])
    assert expected
    assert [out_times(log) for log in logs] == [expected] * 3


@often(40)
@given(wild())
def test_the_order_of_roles_and_builds_in_the_file_does_not_matter(scenario):
    shop = scenario["systems"]["shop"]
    turned = {key: dict(reversed(shop[key].items())) for key in ("roles", "builds")}
    other = scenario | {"systems": {"shop": shop | turned}}
    for replication in range(2):
        log = simulation_of(scenario).run(replication)
        assert log.equals(simulation_of(other).run(replication))


@often(40)
@given(wild(), wild(), st.sampled_from(["aaa", "zzz"]))
def test_another_system_changes_nothing(scenario, more, name):
    addressed = [
        {"at": each["at"], kind: {**body, "system": system}}
        for system, operations in (("shop", scenario["operations"]), (name, more["operations"]))
        for each in operations
        for kind, body in each.items()
        if kind != "at"
    ]
    both = scenario | {
        "systems": {**scenario["systems"], name: more["systems"]["shop"]},
        "operations": addressed,
    }
    assert told(simulation_of(both).run(), "shop") == told(simulation_of(scenario).run(), "shop")


@often(40)
@given(calm(), calm(), st.sampled_from(["Aaa", "Zzz"]))
def test_another_role_does_not_change_the_random_numbers_of_the_others(scenario, more, name):
    shop, *_ = scenario["systems"].values()
    role = next(iter(more["systems"]["shop"]["roles"].values()))
    larger = scenario | {"systems": {"shop": shop | {"roles": {**shop["roles"], name: role}}}}
    before, after = (out_times(simulation_of(each).run()) for each in (scenario, larger))
    assert before.items() <= after.items()
    assert any(instance.startswith(name) for instance in after)


@often(40)
@given(calm(), st.integers(1, 5))
def test_more_instances_do_not_change_the_random_numbers_of_those_there(scenario, more):
    shop, *_ = scenario["systems"].values()
    grown = {
        name: role | {"instances": role["instances"] + more} for name, role in shop["roles"].items()
    }
    larger = scenario | {"systems": {"shop": shop | {"roles": grown}}}
    before, after = (out_times(simulation_of(each).run()) for each in (scenario, larger))
    assert before.items() < after.items()


@often(40)
@given(wild(), st.integers(0, 3))
def test_failures_fall_at_the_moments_that_chance_alone_sets(scenario, replication):
    """Each happens to whom it finds in service. Where recovery takes no time, that is everyone.

    Fault domains take time to recover, so here they do not fail.
    """

    def rows_of(recovery, operations):
        role = {"instances": 4, "failures": {"per_year": 5000, "recovery": recovery}}
        shop = scenario["systems"]["shop"] | {"roles": {"Web": role}}
        shop.pop("fault_domain_failures", None)
        changes = {"systems": {"shop": shop}, "operations": operations}
        log = simulation_of(scenario | changes).run(replication)
        (block,) = log.subjects.of("shop", "instance")
        for number in block.numbers:
            rows = log.rows[log.rows["subject"] == number]
            statuses = np.array([block.states.status(int(code)) for code in rows["new"]])
            yield rows["time"], np.append("ReadyRole", statuses)

    asked = [{"at": "20min", "upgrade_deployment": {"build": "2"}}]
    alone, upgraded = rows_of("0s", []), rows_of("5min", asked)
    for (moments, unhurt), (times, statuses) in zip(alone, upgraded, strict=True):
        failures = moments[unhurt[1:] == "RestartingRole"]
        before = statuses[np.searchsorted(times, failures)]
        failed = failures[before == "ReadyRole"]
        assert times[statuses[1:] == "RestartingRole"].tolist() == failed.tolist()


# Processors

RUNS = """
import json, sys
from sim.scenario import Scenario
from sim.simulation import simulate
scenario = Scenario.from_dict(json.load(sys.stdin))
print(*(simulate(scenario, k).rows.tobytes().hex() for k in range(8)))
"""


def wide_instructions():
    """Vector instructions that NumPy would use here and can be told not to."""
    from numpy._core._multiarray_umath import (  # noqa: PLC0415 (only this test looks inside)
        __cpu_dispatch__,
        __cpu_features__,
    )

    return [name for name in __cpu_dispatch__ if __cpu_features__.get(name)]


def drawn_in_every_way():
    """A scenario with 200 instances, whose times need logarithms, exponentials and powers."""
    drawn = {
        "lognormal": {"lognormal": {"median": "4min", "p95": "9min"}},
        "exponential": {"exponential": {"mean": "4min"}},
        "weibull": {"weibull": {"shape": 1.5, "scale": "4min"}},
        "triangular": {"triangular": {"low": "1min", "mode": "2min", "high": "9min"}},
    }
    roles = {
        name: {
            "instances": 50,
            "restart": restart,
            "failures": {"per_year": 500, "recovery": restart},
        }
        for name, restart in drawn.items()
    }
    service = {"kind": "cloud_service", "builds": FAULTY, "roles": roles}
    return with_upgrade({"systems": {"shop": service}}, mode="Auto")


class OffByABit:
    """NumPy, but for the last bit of its exponentials and logarithms."""

    def __getattr__(self, name):
        return getattr(np, name)

    def exp(self, x, out):
        np.exp(x, out=out)
        np.nextafter(out, np.inf, out=out)

    def log1p(self, x):
        return np.nextafter(np.log1p(x), np.inf)


def test_the_last_bit_of_an_exponential_or_a_logarithm_changes_no_log(monkeypatch):
    """Processors differ in it; the time grid swallows it."""
    simulation = simulation_of(drawn_in_every_way())
    logs = [simulation.run(k) for k in range(8)]
    monkeypatch.setattr("sim.formats.distributions.np", OffByABit())
    assert all(log.equals(simulation.run(k)) for k, log in enumerate(logs))


def test_logs_are_equal_without_the_processors_wide_vector_instructions():
    if not wide_instructions():
        pytest.skip("NumPy uses no instructions here that it could do without")
    scenario = drawn_in_every_way()
    here = " ".join(simulation_of(scenario).run(k).rows.tobytes().hex() for k in range(8))
    run = subprocess.run(
        [sys.executable, "-c", RUNS],
        input=json.dumps(scenario),
        env={**os.environ, "NPY_DISABLE_CPU_FEATURES": " ".join(wide_instructions())},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout.strip() == here
