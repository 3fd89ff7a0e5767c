"""Finished replications come back from the disk as they were, wherever they were cut."""

import pytest
from equality import equal
from failing import fail

import sim
from sim.core.errors import ScenarioError
from sim.experiments.running import execution, samples
from sim.experiments.running.execution import Execution
from sim.experiments.running.jobs import Job
from sim.experiments.running.replications import replicate
from sim.files.partial_folder import PartialFolder
from sim.results.kept import kept_parts
from sim.results.kept.kept_parts import KeptParts, about, digest_of
from sim.simulation import Simulation

TEXT = """\
name: shop
horizon: 2h
seed: 7
systems:
  shop:
    kind: cloud_service
    builds: {"42": {bad: 20%, fails_to_start: 60%}}
    roles: {WebRole: {instances: 4}, WorkerRole: {instances: 2}}
  pool: {kind: batch_pool, nodes: 2, work: {load: 80%, service: {exponential: {mean: 5min}}}}
operations:
  - at: 1min
    upgrade_deployment: {build: "42"}
"""
CERTAIN = """\
systems:
  shop: {kind: cloud_service, roles: {WebRole: {instances: 4, restart: 2min}}}
operations:
  - at: 1min
    upgrade_deployment: {build: "42"}
"""


@pytest.fixture(autouse=True)
def everything_is_kept(monkeypatch):
    monkeypatch.setattr(kept_parts, "WORTH_A_FILE", 0.0)
    monkeypatch.setattr(execution, "LONG", 0.01)
    monkeypatch.setattr(execution, "SHORT", 0.0)


def made(path, scenario, numbers, **settings):
    """What a job came to, and how many replications were made for it."""
    ran = []

    class Counting(Simulation):
        def run(self, replication=0):
            ran.append(replication)
            return super().run(replication)

    folder = PartialFolder(path, about(scenario), resume=True)
    try:
        with Execution(workers=1, kept=KeptParts(folder), **settings) as one:
            (measured,) = one.measured([Job(Counting(scenario), numbers)], 0)
    finally:
        folder.close()
    return measured, ran


@pytest.mark.parametrize("steps", [2_000_000, 150])
def test_what_is_there_is_not_made_again_and_changes_nothing(tmp_path, monkeypatch, steps):
    monkeypatch.setattr(samples, "SAMPLE_STEPS", steps)
    scenario = sim.loads(TEXT)
    whole = replicate(Simulation(scenario), range(30))
    for numbers in (range(5, 9), range(20, 30), range(2)):
        assert made(tmp_path / "p", scenario, numbers)[1] == [*numbers]
    measured, ran = made(tmp_path / "p", scenario, range(30))
    assert equal(measured, whole)
    assert ran == [*range(2, 5), *range(9, 20), 0]  # the last one for its log
    measured, ran = made(tmp_path / "p", scenario, range(30))
    assert equal(measured, whole)
    assert ran == [0]


def test_chunk_of_which_only_a_part_is_asked_for_is_made_again(tmp_path, monkeypatch):
    monkeypatch.setattr(execution, "LONG", 10.0)
    monkeypatch.setattr(execution, "SHORT", 10.0)
    scenario = sim.loads(TEXT)
    made(tmp_path / "p", scenario, range(10))  # the first one alone, then all others
    measured, ran = made(tmp_path / "p", scenario, range(8))
    assert equal(measured, replicate(Simulation(scenario), range(8)))
    assert ran == [*range(1, 8), 0]


def test_what_failed_comes_back_as_such(tmp_path, monkeypatch):
    scenario = sim.loads(TEXT)
    fail(monkeypatch, [3, 4], RuntimeError("boom"))
    first, _ = made(tmp_path / "p", scenario, range(8))
    again, ran = made(tmp_path / "p", scenario, range(8))
    assert equal(again, first)
    assert [each.replication for each in again.failures] == [3, 4]
    assert {*ran} <= {0, 3, 4}  # what failed in a chunk of its own is tried again


def test_what_all_failed_is_tried_again(tmp_path, monkeypatch):
    scenario = sim.loads(TEXT)
    with monkeypatch.context() as patch:
        fail(patch, range(8), RuntimeError("boom"))
        with pytest.raises(sim.ModelError, match="boom"):
            made(tmp_path / "p", scenario, range(8))
    assert equal(
        made(tmp_path / "p", scenario, range(8))[0], replicate(Simulation(scenario), range(8))
    )


def test_scenario_without_chance_is_known_for_good(tmp_path):
    scenario = sim.loads(CERTAIN)
    first, ran = made(tmp_path / "p", scenario, range(50))
    assert ran == [0]
    again, ran = made(tmp_path / "p", scenario, range(50))
    assert equal(again, first)
    assert (again.random, ran) == (False, [0])


def test_scenarios_are_told_apart_by_all_that_matters_and_by_nothing_else():
    scenario = sim.loads(TEXT)
    same = [scenario.with_(replications=9), sim.loads(f"# a word\n{TEXT}")]
    others = [scenario.with_(seed=8), scenario.override({"systems.pool.nodes": 3})]
    assert {digest_of(each) for each in same} == {digest_of(scenario)}
    assert len({digest_of(each) for each in (scenario, *others)}) == 3


@pytest.mark.usefixtures("quick_pictures")
def test_call_goes_on_with_what_an_earlier_one_has_finished(tmp_path):
    scenario = sim.loads(TEXT)
    whole = sim.run(scenario, replications=40).replications
    sim.run(scenario, replications=25, partial=tmp_path / "p")
    assert (tmp_path / "p").is_dir()
    assert sim.run(scenario, replications=40, partial=tmp_path / "p").replications.equals(whole)
    with pytest.raises(ScenarioError, match="seed was 7, is 8"):
        sim.run(scenario, seed=8, partial=tmp_path / "p")


def test_little_work_is_not_worth_a_folder(tmp_path, monkeypatch):
    monkeypatch.setattr(kept_parts, "WORTH_A_FILE", 60.0)
    made(tmp_path / "p", sim.loads(TEXT), range(5))
    assert not (tmp_path / "p").exists()
