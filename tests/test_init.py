"""The public face: small, lazy, and still whole at the second call."""

import subprocess
import sys
from pathlib import Path

import pytest
from places import ROOT

import sim

SCENARIO = """\
name: shop
horizon: 1h
replications: 3
systems:
  shop:
    kind: cloud_service
    roles: {WebRole: {instances: 2}}
operations:
  - at: 1min
    upgrade_deployment: {build: "42"}
"""


def run_python(code):
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_face_is_what_users_are_promised():
    assert sim.__all__ == [
        "Assumptions",
        "FindResults",
        "LongRunWarning",
        "ModelError",
        "Results",
        "Run",
        "Scenario",
        "ScenarioError",
        "SimError",
        "SweepResults",
        "TooMuchError",
        "assumptions",
        "compare",
        "explore",
        "find",
        "load",
        "loads",
        "open_results",
        "run",
        "run_one",
        "sweep",
    ]
    assert dir(sim) == sim.__all__


def test_every_public_name_can_be_had():
    assert [name for name in sim.__all__ if not callable(getattr(sim, name))] == []


def test_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'sweeep'"):
        _ = sim.sweeep


def test_no_submodule_bears_a_public_name():
    modules = {path.stem for path in (ROOT / "sim").iterdir()}
    assert modules & set(sim.__all__) == set()


def test_each_public_function_works_twice(tmp_path):
    file = tmp_path / "shop.yaml"
    file.write_text(SCENARIO)
    for _ in range(2):
        scenario = sim.load(file)
        assert sim.loads(SCENARIO) == scenario
        assert sim.run_one(scenario, 0).replication == 0
        folder = sim.run(scenario).save(tmp_path / "results", overwrite=True)
        assert sim.open_results(folder).about.name == "shop"
        assert sim.compare(scenario).about.compared


@pytest.mark.parametrize("kind", [str, Path])
def test_a_path_will_do_for_a_scenario(tmp_path, kind):
    file = kind(tmp_path / "shop.yaml")
    Path(file).write_text(SCENARIO)
    scenario = sim.load(file)
    assert sim.run_one(file, 2).log.equals(sim.run_one(scenario, 2).log)
    assert sim.run(file).summary.equals(sim.run(scenario).summary)
    assert sim.compare(file).comparison.equals(sim.compare(scenario).comparison)


def test_seed_and_replications_may_be_given_to_a_run():
    scenario = sim.loads(SCENARIO)
    other = scenario.with_(seed=2, replications=10)
    run = sim.run(scenario, replications=10, seed=2)
    assert (run.about.variants[0].replications, run.about.variants[0].seed) == (10, 2)
    assert run.replications.equals(sim.run(other).replications)
    compared = sim.compare(scenario, replications=10, seed=2)
    assert compared.replications.equals(sim.compare(other).replications)
    assert sim.run_one(scenario, 3, seed=2).log.equals(sim.run_one(other, 3).log)
    assert sim.run(scenario).about.variants[0].replications == 3


@pytest.mark.parametrize(
    ("given", "numbers", "message"),
    [
        ("nowhere.yaml", {}, "nowhere.yaml: must be a file, got a name that does not exist"),
        (SCENARIO, {}, "must be a path, got a text of several lines; sim.loads reads it"),
        (None, {}, "must be a scenario or the path of its file, got NoneType"),
        ("shop.yaml", {"replications": 0}, "must be a whole number, 1 or more, got 0"),
        ("shop.yaml", {"seed": -1}, "got -1"),
    ],
)
def test_what_is_no_scenario_or_no_such_number_is_told(
    given, numbers, message, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    Path("shop.yaml").write_text(SCENARIO)
    for ask in (sim.run, sim.compare):
        with pytest.raises(sim.ScenarioError) as error:
            ask(given, **numbers)
        assert message in str(error.value)


def test_face_imports_nothing_until_it_is_asked():
    heavy = "numpy pandas matplotlib scipy simpy pyarrow pydantic yaml"
    code = f"import sim, sys; print(*[m for m in '{heavy}'.split() if m in sys.modules])"
    assert run_python(code) == []


def test_running_and_saving_needs_no_pandas(tmp_path):
    file = tmp_path / "shop.yaml"
    file.write_text(SCENARIO)
    code = (
        f"import sim, sys; r = sim.run(sim.load({str(file)!r})); r.save({str(tmp_path / 'r')!r}); "
        "print('pandas' in sys.modules); r.summary; print('pandas' in sys.modules)"
    )
    assert run_python(code) == ["False", "True"]


@pytest.mark.parametrize("name", ["run", "compare", "sweep", "find", "open_results"])
def test_what_is_needed_later_or_by_another_command_is_not_imported(name):
    heavy = "scipy.special scipy.stats matplotlib ipywidgets dask sim.results.exploring"
    others = "sim.results.sensitivity" if name != "open_results" else "sim.results.runs"
    code = f"import sim, sys; sim.{name}; print(*[m for m in '{heavy} {others}'.split() if m in sys.modules])"
    assert run_python(code) == []


def test_face_fits_a_screen():
    assert len((ROOT / "sim/__init__.py").read_text().splitlines()) <= 60
