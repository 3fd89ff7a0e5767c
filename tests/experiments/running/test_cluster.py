"""A real Dask scheduler with workers: the same results, whoever of them is killed."""

import sys
import threading

import pytest
from dask_cluster import dask_cluster
from equality import equal

from sim.core.errors import ScenarioError
from sim.experiments.running import cluster, execution
from sim.experiments.running.execution import Execution
from sim.experiments.running.jobs import Job
from sim.experiments.running.replications import replicate

RUNS = range(300)


@pytest.fixture(scope="module")
def whole(simulation):
    return replicate(simulation, RUNS)


@pytest.fixture(scope="module")
def two():
    with dask_cluster(2) as started:
        yield started


@pytest.fixture(autouse=True)
def short_chunks(monkeypatch):
    monkeypatch.setattr(execution, "LONG", 0.02)
    monkeypatch.setattr(execution, "SHORT", 0.01)


def test_workers_of_a_scheduler_change_nothing(simulation, whole, two):
    with Execution(two.address) as one:
        (made,) = one.measured([Job(simulation, RUNS)], 0)
    assert equal(made, whole)


def test_only_worker_of_a_scheduler_changes_nothing(simulation, whole):
    with dask_cluster(1) as started, Execution(started.address) as one:
        (made,) = one.measured([Job(simulation, RUNS)], 0)
    assert equal(made, whole)


def test_executor_of_a_client_changes_nothing(simulation, whole, two):
    from distributed import Client  # noqa: PLC0415

    with Client(two.address, set_as_default=False) as client:
        with Execution(client.get_executor()) as one:
            (made,) = one.measured([Job(simulation, RUNS)], 0)
        assert equal(made, whole)


def test_worker_that_is_killed_loses_nothing(simulation, whole):
    with dask_cluster(2) as started, Execution(started.address) as one:
        place, submit = one._place, one._place.submit

        def killing(job, chunk, *, whole):
            if chunk.numbers[0] > 150:
                started.workers[0].kill()
            return submit(job, chunk, whole=whole)

        place.submit = killing
        (made,) = one.measured([Job(simulation, RUNS)], 0)
        assert started.workers[0].poll() is not None
    assert equal(made, whole)


def test_scheduler_whose_workers_are_all_gone_is_told_of(simulation, monkeypatch):
    monkeypatch.setattr(execution, "SILENCE", 0.2)
    monkeypatch.setattr(cluster, "ALONE", 1.0)
    with dask_cluster(1) as started, Execution(started.address) as one:
        submit = one._place.submit

        def killing(job, chunk, *, whole):
            if chunk.numbers[0] > 50:
                started.workers[0].kill()
            return submit(job, chunk, whole=whole)

        one._place.submit = killing
        rule = r"cluster tcp://.*: must have workers to the end, got none for 1 s: start some with"
        with pytest.raises(ScenarioError, match=rule):
            [*one.measured([Job(simulation, range(10_000))], 0)]


def test_scheduler_that_is_gone_is_told_of(simulation):
    with dask_cluster(1) as started, Execution(started.address) as one:
        submit = one._place.submit

        def killing(job, chunk, *, whole):
            future = submit(job, chunk, whole=whole)
            if chunk.numbers[0] > 50:
                started.scheduler.kill()
            return future

        one._place.submit = killing
        with pytest.raises(
            ScenarioError, match=r"cluster tcp://.*: must answer to the end, got no"
        ):
            [*one.measured([Job(simulation, range(10_000))], 0)]


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:1", "nowhere", "", "tcp://["])
def test_address_where_nobody_answers_is_told(address, monkeypatch):
    monkeypatch.setattr(cluster, "PATIENCE", 0.5)
    rule = "must be the address of a Dask scheduler that answers, got: "
    with pytest.raises(ScenarioError) as error:
        Execution(address)
    (problem,) = error.value.problems
    assert problem.where == f"cluster {address}"
    assert problem.rule.startswith(rule)


def test_client_of_no_address_is_gone_before_another_one_starts():
    before = set(threading.enumerate())
    with pytest.raises(ScenarioError, match="Dask scheduler that answers"):
        Execution("nowhere")
    loops = [each for each in set(threading.enumerate()) - before if each.name == "IO loop"]
    assert loops == []


def test_scheduler_without_workers_is_told(monkeypatch):
    monkeypatch.setattr(cluster, "PATIENCE", 1.0)
    with dask_cluster(0) as started:
        rule = "must have workers, got none in 1 s: start some with `dask worker`"
        with pytest.raises(ScenarioError, match=rule):
            Execution(started.address)


def test_workers_of_another_version_are_told(two, monkeypatch):
    monkeypatch.setattr(cluster, "__version__", "99.0")
    rule = r"must have workers with rollout-sim 99.0, got \d+\.\d+\.\d+$"
    with pytest.raises(ScenarioError, match=rule):
        Execution(two.address)


def test_without_dask_it_is_said_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ScenarioError, match=r"pip install 'rollout-sim\[cluster\]'"):
        Execution("tcp://127.0.0.1:8786")
