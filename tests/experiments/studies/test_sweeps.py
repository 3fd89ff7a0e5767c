"""Sweeps run: what is kept of each point, against the point run alone."""

from dataclasses import replace

import numpy as np
import pytest
import swept
from swept import DOMAINS, SHOP, run

import sim
from sim.core.metrics import Key
from sim.experiments.objectives import experiments
from sim.experiments.running.execution import Execution
from sim.experiments.studies import sweeps
from sim.experiments.studies.sweep_conclusion import conclude
from sim.experiments.summaries import summarise
from sim.simulation import Simulation

CAPACITY = Key("shop", "", "min_capacity")
DURATION = Key("shop", "", "rollout_duration")


def alone(scenario):
    with Execution(workers=1) as execution:
        named = [("", Simulation(scenario))]
        return next(experiments(named, range(scenario.replications), execution=execution))


def test_each_alternative_comes_to_what_it_does_alone():
    scenario, found = swept.scenario(), swept.swept()
    assert [tuple(each) for each in found.alternatives] == [
        (point, variant) for point in range(6) for variant in ("auto", "at_once")
    ]
    for place, (number, variant) in enumerate(found.alternatives):
        point = scenario.point(scenario.sweep.changes(number)).variant(variant)
        one = alone(point)
        for row in summarise(one):
            key = Key(row.system, row.group, row.metric)
            for name in ("mean", "ci95_low", "p95", "n", "worst_replication"):
                assert found.column(key, name)[place] == pytest.approx(
                    getattr(row, name), nan_ok=True
                )
        assert [each.verdict for each in found.judged[place]] == [v.verdict for v in one.verdicts]
        assert found.values[CAPACITY][place] == pytest.approx(one.measured.values[CAPACITY])


def test_all_points_see_the_same_random_numbers():
    text = SHOP.partition("variants:")[0]
    one = sim.loads(text).with_sweep({"horizon": ["3h", "4h"]})
    first, second = run(one).values[DURATION]
    assert first.tolist() == second.tolist()


def test_values_are_kept_as_long_as_they_fit(monkeypatch):
    one = sim.loads(SHOP.partition("variants:")[0]).with_sweep({DOMAINS: [2, 3]})
    whole = run(one)
    kept = len(whole.values) * 12 * 2
    monkeypatch.setattr(sweeps, "MOST_VALUES", kept)
    assert run(one).values.keys() == whole.values.keys()
    monkeypatch.setattr(sweeps, "MOST_VALUES", kept - 1)
    assert run(one).values == {}


def test_wanted_metrics_are_kept_beside_the_headlines():
    one = sim.loads(SHOP.partition("variants:")[0]).with_sweep({DOMAINS: [2]})
    key = Key("shop", "", "mean_capacity")
    assert key not in run(one).values
    assert run(one, wanted=[key]).values[key].shape == (1, 12)


def test_a_point_without_chance_is_the_same_in_every_replication():
    restarts = "systems.shop.roles.WebRole.restart"
    one = sim.loads(SHOP.partition("variants:")[0]).with_sweep(
        {restarts: ["4min", {"lognormal": {"median": "4min", "p95": "9min"}}]}
    )
    fixed, random = run(one).values[DURATION]
    assert len(set(fixed.tolist())) == 1
    assert len(set(random.tolist())) == 12


def test_a_failed_replication_is_left_out_of_all_points_so_that_they_stay_paired(monkeypatch):
    one = sim.loads(SHOP.partition("variants:")[0]).with_sweep({DOMAINS: [2, 4]})
    whole = run(one).values[DURATION]
    original = Simulation.run

    def fails(self, replication=0):
        if replication == 3 and self.scenario.systems["shop"].update_domains == 4:
            raise sim.ModelError("broken", scenario="", seed=0, replication=3, time=0.0)
        return original(self, replication)

    monkeypatch.setattr(Simulation, "run", fails)
    found = run(one)
    (failed,) = found.failed
    assert (failed.point, failed.replication, failed.rerun) == (1, 3, "--replay 3 --seed 0")
    assert found.values[DURATION].tolist() == np.delete(whole, 3, axis=1).tolist()
    assert found.column(DURATION, "n").tolist() == [12, 11]


def fail_at(monkeypatch, *domains):
    original = Simulation.run

    def fails(self, replication=0):
        if self.scenario.systems["shop"].update_domains in domains:
            raise sim.ModelError("broken", scenario="", seed=0, replication=replication, time=0.0)
        return original(self, replication)

    monkeypatch.setattr(Simulation, "run", fails)


def test_a_point_at_which_all_fails_costs_no_other_point(monkeypatch):
    one = sim.loads(SHOP.partition("variants:")[0]).with_sweep({DOMAINS: [2, 4, 5]})
    whole = run(one).values[DURATION]
    fail_at(monkeypatch, 4)
    found = run(one)
    assert [each.point for each in found.alternatives] == [0, 1, 2]
    assert found.lost.tolist() == [False, True, False] == (~found.able).tolist()
    (lost,) = found.failed
    assert (lost.point, lost.replication, lost.message, lost.nothing_known) == (
        *(1, 0, "broken", True),
    )
    assert found.values[DURATION][[0, 2]].tolist() == whole[[0, 2]].tolist()
    assert np.isnan(found.values[DURATION][1]).all()
    conclusion = conclude(found, one.sweep)
    assert conclusion.verdicts == ["missed", "failed", "met"]
    told = "nothing is known of 1 point: every replication failed"
    assert told in conclusion.conclusion.sentences


def test_a_sweep_of_which_all_fails_raises_the_first_fault(monkeypatch):
    fail_at(monkeypatch, 2, 4)
    one = sim.loads(SHOP.partition("variants:")[0]).with_sweep({DOMAINS: [2, 4]})
    with pytest.raises(sim.ModelError, match="broken") as error:
        run(one)
    assert error.value.replication == 0


def test_a_reference_and_what_ends_badly_are_on_no_front():
    found = swept.swept()
    assert found.able.all()
    without = replace(
        found, asks=np.arange(12) != 0, ended_well=np.where(np.arange(12) == 1, 0.4, 1)
    )
    assert without.references.tolist() == [True] + [False] * 11
    assert without.able.tolist() == [False, False] + [True] * 10
    nothing = replace(found, asks=np.zeros(12, bool))
    assert not nothing.references.any()


def test_what_befell_rollouts_is_counted_by_point():
    one = sim.loads(SHOP.partition("variants:")[0]).with_sweep(
        {"horizon": ["20min", "30min", "3h"]}
    )
    (happened,) = [each for each in run(one).happenings if each.what == "not over"]
    assert (happened.points, happened.most, happened.at) == (2, 1.0, 0)
