"""`results.plot.warm_up`, its table, its sentence and its file."""

from __future__ import annotations

import pandas as pd
import pytest
from artists import title

import sim
from sim.core.errors import ScenarioError
from sim.results.notes import notes
from sim.scenario import Scenario

POOL = {
    "name": "queue",
    "horizon": "3d",
    "replications": 20,
    "systems": {
        "p": {
            "kind": "batch_pool",
            "nodes": 2,
            "work": {"load": "90%", "service": {"exponential": {"mean": "10min"}}},
        }
    },
}
UPGRADE = {"at": "1h", "upgrade_os": {"target_os_version": "WA-GUEST-OS-5.31_201905-01"}}


@pytest.fixture(scope="module")
def results():
    return sim.run(Scenario.from_dict(POOL))


def test_the_picture_says_from_when_on_it_is_steady(results):
    (told,) = results.about.warm_ups
    assert told.steady_from_s > 0
    assert title(results.plot.warm_up()).startswith("Steady from ")
    assert [name for name, _ in results.plot.figures() if "distribution" not in name] == [
        "queue",
        "warm_up",
    ]


def test_the_answer_warns_of_a_warm_up_that_is_short(results):
    (said,) = notes(results)["baseline"]
    assert said.startswith("warm_up 0s is short: by MSER-5 the tasks there are steady only after ")


def test_a_folder_holds_it(results, tmp_path):
    folder = results.save(tmp_path / "r")
    table = pd.read_csv(folder / "warm_up.csv")
    assert table.columns.tolist() == ["variant", "system", "time_s", "mean", "error"]
    assert table.error.idxmin() * 3 * 86400 / len(table) == results.about.warm_ups[0].steady_from_s
    again = sim.open_results(folder)
    assert title(again.plot.warm_up()) == title(results.plot.warm_up())
    assert tuple(again.about.warm_ups) == results.about.warm_ups


def test_a_rollout_needs_no_warm_up_and_a_pool_without_a_stream_has_none(tmp_path):
    rollout = sim.run(Scenario.from_dict(POOL | {"operations": [UPGRADE], "replications": 2}))
    assert rollout.about.warm_ups == ()
    assert "warm_up" not in [
        name for name, _ in rollout.plot.figures() if "distribution" not in name
    ]
    idle = {"p": {"kind": "batch_pool", "nodes": 2}}
    alone = sim.run(Scenario.from_dict(POOL | {"systems": idle}))
    with pytest.raises(ScenarioError, match="p has no streams of work"):
        alone.plot.warm_up()
    assert not (alone.save(tmp_path / "s") / "warm_up.csv").exists()
