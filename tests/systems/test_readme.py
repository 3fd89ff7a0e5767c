"""The page on how to add a system: what it builds is run through the whole house."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from kiosks import CODE
from places import ROOT

SCENARIO = """# How long are kiosks out?
horizon: 1h
systems: {lobby: {kind: kiosks, kiosks: 4, update: 5min}}
operations:
  - {at: 10min, update_kiosks: {version: "2"}}
  - {at: 12min, update_kiosks: {version: "3"}}
"""

DRIVER = """
import json, sys
import sim.systems
sim.systems.FOLDERS += ("kiosks",)  # the one line
sim.systems.__path__.append(".")
{code}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder beside which the page's system stands, as if in sim/systems."""
    made = tmp_path_factory.mktemp("house")
    (made / "kiosks").mkdir()
    (made / "kiosks" / "__init__.py").write_text(CODE, encoding="utf-8")
    (made / "s.yaml").write_text(SCENARIO, encoding="utf-8")
    return made


def run(folder, code):
    """What code that knows the system prints."""
    done = subprocess.run(
        [sys.executable, "-c", DRIVER.format(code=code)],
        cwd=folder,
        env={"PYTHONPATH": str(ROOT), "NO_COLOR": "1", "MPLBACKEND": "agg"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    return done.stdout


def shell(folder, *words):
    """What the command prints."""
    return run(folder, f"from sim.cli import main\nsys.exit(main({list(words)!r}))")


def test_a_run_has_the_metrics_series_and_tables_that_follow_from_states(folder):
    told = json.loads(
        run(
            folder,
            """
import sim
METRICS = "min_capacity", "capacity_hours_lost", "rollout_duration", "finished", "updates"
one, summary = sim.run_one("s.yaml", 0), sim.run("s.yaml").summary
values = dict(zip(summary["metric"], summary["mean"]))
print(json.dumps({
    "values": {name: values[name] for name in METRICS},
    "capacity": one.timeline("lobby", "capacity").to_series().tolist(),
    "versions": one.status("lobby", "16min")["versions"],
    "operations": one.operations[["status", "http_status"]].values.tolist(),
    "out": one.members("lobby")["out_s"].tolist(),
}))
""",
        )
    )
    assert told["values"] == {
        "min_capacity": 0.75,
        "capacity_hours_lost": pytest.approx(4 * 5 / 60),
        "rollout_duration": 1200.0,
        "finished": 1.0,
        "updates": 4.0,
    }
    assert told["capacity"] == [1.0, 0.75, 1.0, 1.0]  # and the horizon
    assert told["versions"] == {"2": 1, "as shipped": 3}
    assert told["operations"] == [["Succeeded", 200], ["Refused", 409]]
    assert told["out"] == [300.0] * 4


def test_the_command_line_knows_it(folder):
    assert "kiosks: 4" in shell(folder, "new", "kiosks")
    assert "How many there are." in shell(folder, "keys", "kiosks")
    explained = " ".join(shell(folder, "explain", "s.yaml").split())
    assert "lobby: 4 kiosks." in explained
    assert "lowest capacity 75 %" in explained
    assert "an update is in progress; wait until it has ended" in explained
    answer = shell(folder, "run", "s.yaml", "--quiet", "--no-files")
    assert "75 %" in answer
    assert "20min" in answer


def test_results_are_saved_with_pictures(folder):
    shell(folder, "run", "s.yaml", "--quiet", "--out", "r", "--overwrite", "--figures", "all")
    figures = {path.stem for path in (folder / "r" / "figures").iterdir()}
    assert {"capacity", "kiosks"} <= figures
