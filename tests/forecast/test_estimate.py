"""What runs are expected to cost, told and bounded before they begin."""

from __future__ import annotations

import statistics
import warnings
from pathlib import Path

import pytest
from screens import assert_screen
from simpy import Environment

import sim
from sim import bounds
from sim.core.errors import LongRunWarning, TooMuchError
from sim.core.random_streams import draws
from sim.forecast import estimate as estimates
from sim.forecast.estimate import Estimate, estimate, sentence, too_large, warning
from sim.forecast.explanation import describe
from sim.results import cost
from sim.simulation import Simulation
from sim.systems.base.context import Context
from sim.systems.base.cost import Part

SCENARIOS = sorted((Path(__file__).parents[2] / "scenarios").glob("*.yaml"))

BAG = """\
horizon: 1h
replications: 7
systems:
  pool:
    kind: batch_pool
    nodes: 10
    work: {tasks: 1000, service: {exponential: {mean: 1s}}}
"""

SERVICE = """\
systems:
  shop:
    kind: cloud_service
    roles: {Web: {instances: 20, restart: 2min}}
operations:
  - {at: 1h, upgrade_deployment: {}}
"""


def of(text, replications=1):
    return estimate(Simulation(sim.loads(text)), replications)


def holding(rows=0.0, events=0.0, replications=1):
    """An estimate of so much."""
    path = ("systems", "pool", "work")
    part = Part(path, "tasks of job", "task", "job", rows, events)
    return Estimate(Simulation(sim.loads(BAG)), replications, [part])


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
def test_rows_of_the_shipped_scenarios_are_expected_within_a_factor_of_three(path):
    whole = sim.load(path)
    for name in whole.variant_names or ("",):
        simulation = Simulation(whole.variant(name) if name else whole)
        rows = statistics.mean(len(simulation.run(k)) for k in range(3))
        expected = estimate(simulation, 1).rows
        assert rows / 3 <= expected + 10, name
        assert expected <= 3 * rows + 10, name


def test_events_of_looks_and_failures_are_expected_too():
    looked = SERVICE.replace(
        "{}", "{mode: Manual, operator: {bake: 30min, look_every: 1s, stop_above: 50%}}"
    )
    failing = SERVICE.replace("restart", "failures: {per_year: 1e5, recovery: 5min}, restart")
    for text in (looked, failing):
        simulation = Simulation(sim.loads(text))
        context = Context(Environment(), draws(0, 0), simulation.scenario.horizon, None)
        for model in simulation.models.values():
            model.start(context)
        context.run()
        events = context.budget.spent
        assert events / 3 <= estimate(simulation, 1).events <= 3 * events


def test_explain_tells_it_in_a_sentence():
    assert describe(Simulation(sim.loads(BAG))).splitlines()[-1] != ""
    told = sentence(of(BAG, 7))
    assert told == (
        "Expected cost: about 3,000 rows of the log a replication; 7 replications take about 1s and "
        "210 MB of memory."
    )
    assert told in describe(Simulation(sim.loads(BAG)))


def test_what_is_not_random_is_expected_to_run_once():
    told = describe(Simulation(sim.loads(SERVICE)))
    assert "1 replication takes about 1s" in told


def test_large_numbers_are_told_in_two_digits():
    assert sentence(holding(rows=123_456, replications=2000)) == (
        "Expected cost: about 120,000 rows of the log a replication; 2,000 replications take about "
        "16min30s and 240 MB of memory."
    )


def test_a_long_or_a_large_run_is_warned_of():
    assert warning([holding(rows=10_000, replications=1000)]) is None
    assert warning([holding(rows=10_000, replications=2000)]) == (
        "scenario:7:11: 2,000 replications are expected to take about 1min22s and 230 MB of memory, "
        "most for tasks of job"
    )
    assert "3.2 GB" in warning([holding(rows=10_000_000)])
    several = [holding(rows=10_000, replications=800)] * 2
    assert warning(several[:1]) is None
    assert "1,600 replications" in warning(several)


def test_what_is_not_random_is_not_warned_of(monkeypatch):
    monkeypatch.setattr(estimates, "LONG", 0.01)
    assert warning([of(SERVICE, 1000)]) is None
    random = SERVICE.replace("2min", "{exponential: {mean: 2min}}")
    assert warning([of(random, 1000)]) is not None


def test_a_run_far_beyond_its_bounds_is_refused(monkeypatch):
    monkeypatch.setattr(bounds, "MOST_ROWS", 900)
    assert too_large([of(BAG)], None) is not None
    monkeypatch.setattr(bounds, "MOST_ROWS", 1100)
    assert too_large([of(BAG)], None) is None
    monkeypatch.setattr(bounds, "MOST_EVENTS", 600)
    assert "events a replication, most of tasks of job; 600 are the most" in str(
        too_large([of(BAG)], None)
    )


def test_a_run_that_needs_more_memory_than_there_is_is_refused_unless_forced(monkeypatch):
    scenario = sim.Scenario.from_text(BAG, "bag.yaml")
    monkeypatch.setattr(cost, "available", lambda: 1e8)
    for run, needed in ((sim.run, 210), (sim.run_one, 200)):
        with pytest.raises(TooMuchError) as error:
            run(scenario)
        assert str(error.value) == (
            f"bag.yaml:7:11: systems.pool.work: asks for too much: about {needed} MB of memory, most "
            "of it for tasks of job; this machine has 100 MB to spare; force=True runs it all the "
            "same"
        )
        run(scenario, force=True)
    monkeypatch.setattr(cost, "available", lambda: None)
    sim.run(scenario)


def test_python_is_warned_before_the_first_replication(monkeypatch):
    monkeypatch.setattr(estimates, "LONG", 0.001)
    with pytest.warns(LongRunWarning, match="7 replications are expected to take about 1s"):
        sim.run(sim.loads(BAG))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(LongRunWarning):
            sim.run_one(sim.loads(BAG))


# The shell ----------------------------------------------------------------------------------------


def test_the_shell_refuses_and_names_its_own_option(shell, folder, monkeypatch):
    (folder / "bag.yaml").write_text(BAG, encoding="utf-8")
    monkeypatch.setattr(bounds, "MOST_ROWS", 900)
    code, out, err = shell("run", "bag.yaml", "--no-files")
    assert (code, out) == (2, "")
    assert_screen("asks_for_too_much", err)
    code, out, err = shell("run", "bag.yaml", "--no-files", "--force")
    assert code == 2
    assert "replication 0 has 1,010 rows of the log" in err
    code, out, err = shell("validate", "bag.yaml")
    assert code == 0
    assert "bag.yaml:7:11: systems.pool.work: expected are about 3,000 rows" in err
    code, out, err = shell("explain", "bag.yaml")
    assert code == 0
    assert "`run` refuses that without --force" in " ".join(out.split())


def test_the_shell_warns_of_a_long_run_and_strict_does_not_mind(shell, folder, monkeypatch):
    (folder / "bag.yaml").write_text(BAG, encoding="utf-8")
    monkeypatch.setattr(estimates, "LONG", 0.001)
    code, _, err = shell("run", "bag.yaml", "--no-files", "--strict")
    assert code == 0
    assert err.startswith("warning: bag.yaml:7:11: 7 replications are expected to take about 1s")
    code, _, err = shell("run", "bag.yaml", "--no-files", "--quiet")
    assert (code, err) == (0, "")
    _, out, _ = shell("run", "bag.yaml", "--no-files", "--json")
    assert "7 replications are expected" in out


# Memory -------------------------------------------------------------------------------------------
