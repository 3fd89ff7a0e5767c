"""The public face: small, lazy, and still whole at the second call."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import sim

ROOT = Path(__file__).parents[1]

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
        "ModelError",
        "Results",
        "Run",
        "Scenario",
        "ScenarioError",
        "SimError",
        "compare",
        "load",
        "loads",
        "open_results",
        "run",
        "run_one",
    ]
    assert set(sim.__all__) <= set(dir(sim))


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


def test_face_fits_a_screen():
    assert len((ROOT / "sim/__init__.py").read_text().splitlines()) <= 60


def test_version_is_the_package_s():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert sim.__version__ == project["version"]
