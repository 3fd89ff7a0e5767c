"""Rows that were kept come back in order; the bytes do not tell who has kept them, or whether."""

import pickle
from concurrent.futures import ThreadPoolExecutor

import pytest
from dask_cluster import dask_cluster
from made_results import CHANCE, VARIANTS

import sim
from sim.core.errors import ScenarioError
from sim.experiments.running import execution
from sim.files.part_files import PartsFolder
from sim.results.kept import kept_parts
from sim.results.kept.kept_parts import KeptParts
from sim.simulation import Simulation

KEEP = ("timelines", "events")
NAMES = ("timelines.parquet", "events.parquet")


@pytest.fixture(autouse=True)
def short_chunks(monkeypatch, quick_pictures):  # noqa: ARG001
    monkeypatch.setattr(execution, "LONG", 0.01)
    monkeypatch.setattr(execution, "SHORT", 0.0)
    monkeypatch.setattr(kept_parts, "WORTH_A_FILE", 0.0)


@pytest.fixture(scope="module")
def scenario():
    return sim.loads(CHANCE + VARIANTS).with_(replications=23)


def contents(results, tmp_path, name="r"):
    folder = results.save(tmp_path / name, keep=KEEP, figures="none")
    return [(folder / each).read_bytes() for each in NAMES]


@pytest.fixture(scope="module")
def afterwards(scenario, tmp_path_factory):
    """The files where all replications are run again when they are saved."""
    return contents(sim.compare(scenario, workers=1), tmp_path_factory.mktemp("again"))


@pytest.fixture
def never_again(monkeypatch):
    """Fails the test if a replication is run for its rows alone."""
    monkeypatch.setattr("sim.results.sources._again", lambda *_: pytest.fail("it was run again"))


@pytest.mark.usefixtures("never_again")
def test_this_process_keeps_what_it_makes(scenario, afterwards, tmp_path):
    assert contents(sim.compare(scenario, workers=1, keep=KEEP), tmp_path) == afterwards


@pytest.mark.usefixtures("never_again")
def test_workers_keep_what_they_make(scenario, afterwards, tmp_path):
    assert contents(sim.compare(scenario, workers=2, keep=KEEP), tmp_path) == afterwards


@pytest.mark.usefixtures("never_again")
def test_workers_of_a_scheduler_keep_what_they_make(scenario, afterwards, tmp_path):
    with dask_cluster(2) as started:
        results = sim.compare(scenario, executor=started.address, keep=KEEP)
    assert contents(results, tmp_path) == afterwards


@pytest.mark.usefixtures("never_again")
def test_rows_come_back_from_where_the_folder_is_not_seen(
    scenario, afterwards, tmp_path, monkeypatch
):
    monkeypatch.setattr(PartsFolder, "is_here", False)
    with ThreadPoolExecutor(2) as threads:
        results = sim.compare(scenario, executor=threads, keep=KEEP)
    assert contents(results, tmp_path) == afterwards


@pytest.mark.usefixtures("never_again")
def test_a_folder_for_what_is_finished_has_the_rows_too(scenario, afterwards, tmp_path):
    first = scenario.with_(replications=11)
    sim.compare(first, workers=1, keep=KEEP, partial=tmp_path / "p")
    results = sim.compare(scenario, workers=1, keep=KEEP, partial=tmp_path / "p")
    assert contents(results, tmp_path) == afterwards


@pytest.mark.usefixtures("never_again")
def test_what_was_finished_without_its_rows_is_made_for_them(scenario, afterwards, tmp_path):
    sim.compare(scenario, workers=1, partial=tmp_path / "p")
    results = sim.compare(scenario, workers=1, keep=KEEP, partial=tmp_path / "p")
    assert contents(results, tmp_path) == afterwards


def test_rows_that_were_lost_are_made_again(scenario, afterwards, tmp_path):
    results = sim.compare(scenario, workers=1, keep=KEEP, partial=tmp_path / "p")
    lost, changed, *_ = sorted((tmp_path / "p/parts").glob("*.parquet"))
    lost.unlink()
    changed.write_bytes(b"cut short")
    assert contents(results, tmp_path) == afterwards


def test_a_temporary_folder_goes_with_its_results(scenario, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    results = sim.run(scenario.variant("auto"), replications=3, workers=1, keep=["events"])
    assert list(tmp_path.glob("rollout-sim-*/partial/parts/events-*"))
    del results
    assert list(tmp_path.glob("rollout-sim-*")) == []


def test_what_cannot_be_kept_is_refused_before_anything_runs(scenario, monkeypatch):
    monkeypatch.setattr(Simulation, "run", lambda *_: pytest.fail("something was run"))
    with pytest.raises(ScenarioError, match="must be something to keep, got evnts"):
        sim.run(scenario, keep=["evnts"])


def test_the_parent_keeps_no_rows_in_memory(scenario, monkeypatch):
    monkeypatch.setattr(PartsFolder, "is_here", False)
    taken = []
    add = KeptParts.add

    def look(self, job, part):
        found = add(self, job, part)
        taken.append((bool(part.kept), found.kept))
        return found

    monkeypatch.setattr(KeptParts, "add", look)
    sim.run(scenario.variant("auto"), replications=9, workers=1, keep=["events"])
    assert {*map(repr, taken)} == {"(True, {})"}


def test_results_with_rows_pickle(scenario, tmp_path):
    results = sim.run(scenario.variant("auto"), replications=3, workers=1, keep=KEEP)
    again = pickle.loads(pickle.dumps(results))
    assert contents(again, tmp_path, "a") == contents(results, tmp_path, "b")
