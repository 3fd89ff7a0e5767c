"""Sweeps from Python: run, looked at, saved and opened."""

import json

import numpy as np
import pytest
import swept
from effort import lines
from swept import AT, DOMAINS, SHOP

import sim
from sim.core.errors import ScenarioError
from sim.experiments.objectives import experiments
from sim.experiments.running.execution import Execution
from sim.scenario import points
from sim.simulation import Simulation

PLAIN = SHOP.partition("variants:")[0]
FILES = {
    "scenario.resolved.yaml",
    "sweep.csv",
    "sweep.parquet",
    "points.csv",
    "objectives.csv",
    "provenance.json",
    "report.html",
}


def test_values_may_be_any_series():
    scenario = sim.loads(PLAIN)
    found = [
        sim.sweep(scenario, {DOMAINS: values}, replications=2).points.update_domains.tolist()
        for values in (
            [2, 3],
            range(2, 4),
            np.arange(2, 4),
            (2, 3),
            {"from": 2, "to": 3, "step": 1},
        )
    ]
    assert found == [[2.0, 3.0]] * 5


def test_all_variants_run_at_each_point_or_only_one():
    assert swept.results().about.variants == ["auto", "at_once"]
    found = sim.sweep(swept.scenario(), variant="at_once", replications=2)
    assert found.points.variant.tolist() == ["at_once"] * 6
    with pytest.raises(ScenarioError, match="at_one"):
        sim.sweep(swept.scenario(), variant="at_one")


def test_variant_by_itself_has_the_sweep_of_an_only_one():
    one = swept.scenario().variant("at_once")
    found = sim.sweep(one, {DOMAINS: [2, 3]}, replications=2)
    assert found.about.variants == ["baseline"]
    assert set(found.points.variant) == {"baseline"}
    assert "2 points" in found._repr_html_()


def test_what_is_wrong_is_told_before_anything_runs(monkeypatch):
    monkeypatch.setattr("sim.results.sweeps.sweep_results.run", None)
    scenario = sim.loads(PLAIN)
    for over, rule in (
        (None, "must name what to vary"),
        (5, "must be PATH: values"),
        ({DOMAINS: [2, 0]}, "point 1 \\(update_domains 0\\)"),
        ({DOMAINS: []}, "must not be empty"),
    ):
        with pytest.raises(ScenarioError, match=rule):
            sim.sweep(scenario, over)
    for front, rule in ((["min_capacity"], "needs two"), (["min_capacity", "done"], "done")):
        with pytest.raises(ScenarioError, match=rule):
            sim.sweep(scenario, {DOMAINS: [2]}, front=front)


def test_the_front_is_a_table_of_its_means():
    results = swept.results()
    front = results.front()
    assert list(front.columns[-4:]) == ["mean", "ci95_low", "ci95_high", "front"]
    on = front[front.front == "yes"]
    conclusion = results.about.conclusion
    assert on.point.tolist()[::2] == [point for point, _ in conclusion.front]
    assert on.metric.tolist()[:2] == ["min_capacity", "rollout_duration"]
    capacities = on[on.metric == "min_capacity"]["mean"].tolist()
    assert capacities == sorted(capacities, reverse=True)
    other = results.front(["mean_capacity", "min_capacity"])
    assert set(other.metric) == {"mean_capacity", "min_capacity"}


def test_a_saved_sweep_is_opened_as_it_was(tmp_path):
    results = swept.results()
    folder = results.save(tmp_path / "small", figures="none", answer="what I was told\n")
    found = {path.name for path in folder.iterdir()}
    assert found == FILES | {"answer.txt"}
    again = sim.open_results(folder)
    assert isinstance(again, sim.SweepResults)
    for name in ("table", "points", "objectives"):
        assert getattr(again, name).equals(getattr(results, name)), name
    assert again.front().equals(results.front())
    assert again.about.conclusion.sentences == results.about.conclusion.sentences
    provenance = json.loads((folder / "provenance.json").read_text(encoding="utf-8"))
    assert provenance["sweep"]["axes"][1]["path"] == AT
    assert (folder / "sweep.csv").read_text(encoding="utf-8").startswith("point,update_domains,")


def test_the_main_pictures_are_the_front_and_the_lines(tmp_path):
    main = swept.results().save(tmp_path / "main")
    assert {path.name for path in (main / "figures").glob("*.png")} == {"front.png", "lines.png"}


def test_a_sweep_takes_less_than_twice_the_effort_of_its_runs_alone():
    """Counted in lines: seconds depend on what else the machine does."""
    scenario = sim.loads(PLAIN).with_sweep({DOMAINS: [2, 3, 4, 5, 6]}).with_(replications=20)
    simulations = [Simulation(each) for each in points.points(scenario, scenario.sweep)]

    def alone():
        with Execution(workers=1) as execution:
            named = [("", each) for each in simulations]
            assert len(list(experiments(named, range(20), execution=execution))) == 5

    sim.sweep(scenario, workers=1)  # what is made once is made by now
    assert lines(lambda: sim.sweep(scenario, workers=1)) < 2 * lines(alone)
