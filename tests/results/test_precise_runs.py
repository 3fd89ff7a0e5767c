"""Runs with as many replications as a precision needs are those of that number of replications."""

import json
import warnings

import pytest
from made_results import CHANCE, OBJECTIVE, VARIANTS

import sim
from sim.core.errors import LongRunWarning, ScenarioError
from sim.experiments.running import samples as pictured

pytestmark = pytest.mark.usefixtures("quick_pictures")

PRECISION = {"capacity_hours_lost": 0.05}
TOLD = ("provenance.json", "answer.txt", "objectives.csv", "report.html")
"""What tells of the looks: verdicts share their error."""


def files(results, folder):
    saved = results.save(folder)
    every = sorted(path for path in saved.rglob("*") if path.is_file())
    return {
        str(path.relative_to(saved)): path.read_bytes() for path in every if path.name not in TOLD
    }


@pytest.mark.parametrize("samples", [(2_000, 2_000_000), (45, 2_000_000), (2_000, 400)])
@pytest.mark.parametrize("run", [sim.run, sim.compare])
def test_results_are_those_of_as_many_replications(run, samples, tmp_path, monkeypatch):
    monkeypatch.setattr(pictured, "SAMPLE_RUNS", samples[0])
    monkeypatch.setattr(pictured, "SAMPLE_STEPS", samples[1])
    scenario = sim.loads(CHANCE + OBJECTIVE + VARIANTS)
    precise = run(scenario, precision=PRECISION, max_replications=100)
    n = precise.about.precision.replications
    assert len(precise.about.precision.looks) > 1
    assert {one.replications for one in precise.about.variants if one.random} == {n}
    plain = files(run(scenario, replications=n), tmp_path / "plain")
    assert f"replications: {n}\n".encode() in plain["scenario.resolved.yaml"]
    assert files(precise, tmp_path / "precise") == plain
    assert len(plain) > 6


def test_provenance_holds_what_was_asked_and_reached(tmp_path):
    precise = sim.run(sim.loads(CHANCE), precision=PRECISION)
    folder = precise.save(tmp_path / "r")
    told = json.loads((folder / "provenance.json").read_text())["results"]["precision"]
    assert told["stopped"] == "met"
    assert told["most"] == 10_000
    assert told["replications"] == told["looks"][-1]
    assert told["means"][0]["metric"] == "capacity_hours_lost"
    assert told["means"][0]["asked"] == 0.05
    read = sim.open_results(folder).about.precision
    assert list(read.means) == list(precise.about.precision.means)
    assert read.sentence == precise.about.precision.sentence


def test_runs_of_a_given_number_have_no_precision(ran):
    assert ran.about.precision is None


def test_nothing_random_runs_once():
    results = sim.run(sim.loads(CHANCE.replace("20}", "20, restart: 2min}")), precision=PRECISION)
    assert results.about.variants[0].replications == 1
    assert results.about.precision.stopped == "deterministic"


@pytest.mark.parametrize("beside", [{"replications": 5}, {"replay": 0}])
def test_a_given_number_of_replications_is_refused_beside_it(beside):
    (name,) = beside
    with pytest.raises(ScenarioError, match=f"precision: must not be given together with {name}"):
        sim.run(sim.loads(CHANCE), precision=PRECISION, **beside)
    with pytest.raises(ScenarioError, match="together with replications"):
        sim.compare(sim.loads(CHANCE + VARIANTS), precision=PRECISION, replications=5)


def test_most_needs_a_precision():
    with pytest.raises(ScenarioError, match="max_replications: needs a precision"):
        sim.compare(sim.loads(CHANCE + VARIANTS), max_replications=50)


def test_long_run_is_warned_of_once_before_the_look_that_makes_it_long(monkeypatch):
    scenario = sim.loads(CHANCE)
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always", LongRunWarning)
        monkeypatch.setattr("sim.forecast.estimate.LONG", 0.1)
        sim.run(scenario, precision={"capacity_hours_lost": 0.001}, max_replications=200)
    (warning,) = told
    assert issubclass(warning.category, LongRunWarning)
    assert ": 200 replications are expected" not in str(warning.message)
    assert " replications are expected to take about" in str(warning.message)
    monkeypatch.setattr("sim.forecast.estimate.LONG", 60.0)
    sim.run(scenario, precision={"min_capacity": 0.5}, max_replications=1_000_000)  # warns not
