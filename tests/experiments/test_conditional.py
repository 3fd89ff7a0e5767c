"""Outcomes under a condition that is read from the log."""

from __future__ import annotations

import numpy as np
import pytest
from perhaps_bad import shop
from scipy import stats

from sim.core.metrics import Metric
from sim.experiments.conditional import conditions_of, never, of_chance, split
from sim.experiments.objectives import experiments
from sim.experiments.running.execution import Execution
from sim.scenario import Scenario
from sim.simulation import Simulation


def made(scenario, n=60):
    with Execution() as execution:
        (one,) = experiments([("it", Simulation(scenario))], range(n), execution=execution)
    return one


@pytest.fixture(scope="module")
def one():
    return made(shop())


def test_a_bad_build_is_read_from_the_log(one):
    bad = conditions_of(one)["shop", "bad build 2"]
    reached = one.measured.values[
        next(k for k in one.measured.values if k.metric == "blast_radius")
    ]
    assert 0 < bad.sum() < 30
    assert (bad == (reached > 0)).all()
    assert not conditions_of(one)["shop", "bad build 1"].any()


def test_a_rollback_is_a_condition_and_its_chance_is_not_known(one):
    assert (
        conditions_of(one)["shop", "rolled back"] == conditions_of(one)["shop", "bad build 2"]
    ).all()
    assert of_chance(one.scenario) == {("shop", "bad build 2"): 0.2}
    assert of_chance(shop(bad="100%")) == {}


def test_a_version_of_a_scale_set_may_be_bad_too():
    version = {"bad": "30%", "unhealthy": "100%"}
    system = {"kind": "vm_scale_set", "instances": 4, "versions": {"2": version}}
    asked = [{"at": "1min", "update_model": {"image": "2"}}]
    scenario = Scenario.from_dict({"horizon": "2h", "systems": {"w": system}, "operations": asked})
    assert of_chance(scenario) == {("w", "bad version 2"): 0.3}
    assert 3 < conditions_of(made(scenario, 40))["w", "bad version 2"].sum() < 25


def test_both_parts_are_summarised_as_they_are_by_themselves():
    metric = Metric("rollout_duration", "s", "lower", "done in", "")
    rng = np.random.default_rng(3)
    values, holds = rng.normal(50.0, 5.0, 40), np.arange(40) < 12
    yes, no = split(values, holds, metric, variant="v", condition="c", system="s")
    assert (yes.holds, yes.n, no.holds, no.n) == ("yes", 12, "no", 28)
    assert yes.mean == pytest.approx(values[:12].mean())
    assert yes.p50 == np.sort(values[:12])[5]
    low, high = stats.t.interval(0.95, 11, values[:12].mean(), stats.sem(values[:12]))
    assert (yes.ci95_low, yes.ci95_high) == pytest.approx((low, high), rel=0.03)


def test_what_is_missing_leaves_no_mean_and_nothing_leaves_nothing():
    metric = Metric("rollout_duration", "s", "lower", "done in", "")
    yes, no = split(
        np.array([1.0, np.nan]), np.ones(2, bool), metric, variant="v", condition="c", system="s"
    )
    assert (np.isnan(yes.mean), yes.missing, yes.p50) == (True, 1, 1.0)
    assert (no.n, np.isnan(no.mean), np.isnan(no.p50)) == (0, True, True)


def test_what_never_happened_says_how_many_runs_would_show_it():
    assert never("bad build 2", 10, 0.05) == (
        "bad build 2 in none of 10 runs, with a chance of 5 %: needs n >= 59 to be seen"
    )
    assert never("stuck", 100, None) == (
        "stuck in none of 100 runs: at most in 2.95 % of runs at 95 % confidence; what happens in 1 % of them "
        "needs n >= 299 to be seen"
    )
