"""A job: replications in chunks that end in any order."""

import pytest

from sim.core.errors import TooMuchError
from sim.experiments.running.chunks import measure
from sim.experiments.running.jobs import Job
from sim.files import loads
from sim.simulation import Simulation

CHANCE = """\
horizon: 1h
systems:
  shop: {kind: cloud_service, roles: {WebRole: {instances: 4}}}
operations:
  - at: 1min
    upgrade_deployment: {build: "42"}
"""


@pytest.fixture
def simulation():
    return Simulation(loads(CHANCE))


def test_job_is_cut_to_the_last_replication(simulation):
    job = Job(simulation, range(5, 12))
    chunks = [job.cut(3) for _ in range(3)]
    assert [list(chunk.numbers) for chunk in chunks] == [[5, 6, 7], [8, 9, 10], [11]]
    assert [chunk.is_first for chunk in chunks] == [True, False, False]
    assert job.left == 0


def test_parts_find_their_place(simulation):
    job = Job(simulation, range(6))
    chunks = [job.cut(2) for _ in range(3)]
    for chunk in reversed(chunks):
        assert not job.is_complete
        job.take(chunk, measure(simulation, chunk))
    assert job.is_complete
    assert job.measured().numbers.tolist() == [*range(6)]


def test_first_fault_in_order_is_raised(simulation):
    job = Job(simulation, range(6))
    first, second, third = (job.cut(2) for _ in range(3))
    job.take(third, TooMuchError.of("the third"))
    job.take(first, measure(simulation, first))
    assert not job.is_complete
    job.take(second, TooMuchError.of("the second"))
    assert job.is_complete
    with pytest.raises(TooMuchError, match="the second"):
        job.measured()


def test_no_replication_is_a_mistake(simulation):
    with pytest.raises(ValueError, match="got none"):
        Job(simulation, [])


def test_pictures_that_have_enough_ask_for_no_more(simulation, monkeypatch):
    monkeypatch.setattr("sim.experiments.running.samples.SAMPLE_RUNS", 2)
    job = Job(simulation, range(6))
    first = job.cut(2)
    assert first.is_pictured
    job.take(first, measure(simulation, first))
    assert not job.cut(2).is_pictured


def test_equal_scenarios_have_one_digest(simulation):
    again = Job(Simulation(loads(CHANCE)), [1])
    assert Job(simulation, [0]).pickled[1] == again.pickled[1]
    other = Job(Simulation(loads(CHANCE + "seed: 8\n")), [0])
    assert Job(simulation, [0]).pickled[1] != other.pickled[1]
