"""Results, runs and scenarios pickle: they go to other processes, and come back as they were."""

from __future__ import annotations

import pickle
import subprocess
import sys

import matplotlib.pyplot as plt
import numpy as np
import pytest
from pandas.testing import assert_frame_equal
from places import ROOT

import sim
from sim.results.sources import TABLES

FILES = {
    "cloud_service": "scenarios/in-place-or-swap.yaml",
    "batch_pool": "scenarios/requeue-drain-checkpoint.yaml",
    "arc_fleet": "tests/cases/arc-retry-cadence.yaml",
}


def again(thing):
    return pickle.loads(pickle.dumps(thing))


@pytest.fixture(scope="module", params=FILES.values(), ids=FILES)
def scenario(request):
    return sim.load(ROOT / request.param)


@pytest.fixture(scope="module")
def compared(scenario):
    return sim.compare(scenario, replications=2)


def test_a_scenario_is_equal_and_still_has_its_variants(scenario):
    copy = again(scenario)
    assert copy == scenario
    assert copy.variant_names == scenario.variant_names
    name = scenario.variant_names[-1]
    assert again(scenario.variant(name)) == scenario.variant(name) == copy.variant(name)


def test_a_run_has_the_same_log_and_all_that_is_made_of_it(scenario):
    run = sim.run_one(scenario, 1)
    copy = again(run)
    assert copy.log.equals(run.log)
    assert copy.log.lines() == run.log.lines()
    assert repr(copy) == repr(run)
    assert_frame_equal(copy.operations, run.operations)
    assert_frame_equal(copy.events, run.events)
    assert copy.explain() == run.explain()
    for (system, series, group), line in run.lines().items():
        mine = copy.timeline(system, series, group)
        assert (mine.times == line.times).all()
        assert mine.combine(line, np.equal).minimum() == 1
    plt.close(copy.plot.gantt())


@pytest.mark.parametrize("name", TABLES)
def test_compared_results_have_the_same_tables(compared, name):
    assert again(compared).table(name).equals(compared.table(name))


def test_results_are_about_the_same_and_can_be_replayed_drawn_and_saved(scenario, compared):
    copy = again(compared)
    assert copy.about == compared.about
    name = scenario.variant_names[-1]
    assert copy.replay(1, name).log.equals(compared.replay(1, name).log)
    plt.close(copy.plot.variants_metrics())
    assert again(sim.run(scenario, replications=2)).summary.equals(
        sim.run(scenario, replications=2).summary
    )


def test_results_that_were_used_pickle_too(compared, tmp_path):
    saved = compared.save(tmp_path / "results")
    assert_frame_equal(again(compared).summary, compared.summary)
    assert_frame_equal(again(sim.open_results(saved)).summary, sim.open_results(saved).summary)


def test_another_process_reads_them(compared, tmp_path):
    (tmp_path / "results.pickle").write_bytes(pickle.dumps(compared))
    code = (
        "import pickle, pathlib; r = pickle.loads(pathlib.Path('results.pickle').read_bytes()); "
        "print(len(r.summary), len(r.replay().events))"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [
        str(len(compared.summary)), str(len(compared.replay().events))
    ]  # fmt: skip
