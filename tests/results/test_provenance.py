"""Results tell where they come from."""

import json
from hashlib import sha256

import numpy as np
import pandas as pd
import pytest
from made_results import CHANCE, OBJECTIVE, VARIANTS

import sim
from sim.core.errors import ScenarioError

pytestmark = pytest.mark.usefixtures("quick_pictures")


def test_reference_neither_passes_nor_fails_a_comparison():
    fails = OBJECTIVE.replace("80%", "90%")
    results = sim.compare(sim.loads(CHANCE + fails + VARIANTS))
    met = {one.name: (one.meets_all, one.reference) for one in results.about.variants}
    assert met == {
        "auto": (False, False),
        "simultaneous": (False, False),
        "nothing": (True, True),
    }
    assert not results.about.objectives_met


def test_one_variant_that_meets_every_objective_is_enough(compared):
    assert [one.meets_all for one in compared.about.variants] == [True, False, True]
    assert compared.about.objectives_met


def test_provenance_tells_where_results_come_from(tmp_path):
    demand = "time_s,value\n0,100\n"
    text = CHANCE.replace("20}", "20, serves_demand: 10}").replace(
        "    roles", "    demand: {csv: demand.csv}\n    roles"
    )
    (tmp_path / "shop.yaml").write_text(text)
    (tmp_path / "demand.csv").write_text(demand)
    results = sim.run(sim.load(tmp_path / "shop.yaml"))
    folder = results.save(tmp_path / "r", command="rollout-sim run shop.yaml")
    content = (folder / "provenance.json").read_text()
    provenance = json.loads(content)
    assert provenance["made_by"] == f"rollout-sim {sim.__version__}"
    assert provenance["command"] == "rollout-sim run shop.yaml"
    assert provenance["versions"]["numpy"] == np.__version__
    assert provenance["versions"]["pandas"] == pd.__version__
    about = provenance["results"]
    assert about["inputs"] == {
        "demand.csv": sha256(demand.encode()).hexdigest(),
        "shop.yaml": sha256(text.encode()).hexdigest(),
    }
    assert about["variants"][0]["seed"] == 0
    assert about["wall_time_s"] > 0
    assert str(tmp_path) not in content


def test_folder_of_another_version_says_so(ran, tmp_path):
    folder = ran.save(tmp_path / "r")
    (folder / "provenance.json").write_text('{"made_by": "rollout-sim 9.9", "results": {}}')
    with pytest.raises(
        ScenarioError,
        match=r"must be results in the form that this version reads.*rollout-sim 9\.9",
    ):
        sim.open_results(folder)
