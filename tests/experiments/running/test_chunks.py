"""A chunk of replications: what it comes to, and what is let go meanwhile."""

import gc
import pickle

from sim.core.log import Log
from sim.experiments.running import chunks
from sim.experiments.running.auditing import audit
from sim.experiments.running.chunks import Chunk, lost, measure
from sim.experiments.running.replications import replicate
from sim.files import loads
from sim.simulation import Simulation
from sim.systems.base.context import Context

POOL = """\
systems:
  pool: {kind: batch_pool, nodes: 2, work: {load: 80%, service: {exponential: {mean: 5min}}}}
"""


def alive(kind):
    return sum(isinstance(one, kind) for one in gc.get_objects())


def test_runs_are_forgotten_before_their_logs_are_analysed(monkeypatch):
    simulation = Simulation(loads(POOL))
    worlds = []

    def counting(*given):
        worlds.append(alive(Context))
        return audit(*given)

    monkeypatch.setattr(chunks, "STACK", 1)
    monkeypatch.setattr(chunks, "audit", counting)
    gc.disable()  # it must not depend on when the collector comes by itself
    try:
        replicate(simulation, range(3))
    finally:
        gc.enable()
    assert worlds == [0, 0, 0]


def test_only_the_first_log_is_there_when_the_next_one_begins(simulation, monkeypatch):
    logs, run = [], simulation.run

    def counting(number):
        logs.append(alive(Log))
        return run(number)

    monkeypatch.setattr(chunks, "STACK", 1)
    monkeypatch.setattr(simulation, "run", counting)
    replicate(simulation, range(4))
    assert logs == [0, 1, 1, 1]


def test_what_is_analysed_together_is_bounded_by_its_members_too(simulation, monkeypatch):
    monkeypatch.setattr(chunks, "STATES", 3 * simulation.subjects.count)
    measured = replicate(simulation, range(7))
    assert len(measured.sampled) == 3
    assert measured.numbers.tolist() == list(range(7))


def test_only_what_begins_a_scenario_has_the_first_log(simulation):
    first, other = (
        measure(simulation, Chunk([2, 3])),
        measure(simulation, Chunk([2, 3], is_first=False)),
    )
    assert first.first.tobytes() == simulation.run(2).rows.tobytes()
    assert other.first is None
    assert other.numbers.tolist() == [2, 3]
    assert other.sampled


def test_what_no_picture_needs_is_not_sampled(simulation):
    assert not measure(simulation, Chunk([2, 3], is_pictured=False)).sampled


def test_what_comes_back_is_small(simulation):
    part = measure(simulation, Chunk(range(1, 301), is_first=False, is_pictured=False))
    metrics = len(part.values) + len(part.rollouts_ended) + len(part.outcomes)
    assert len(pickle.dumps(part)) < 300 * 8 * metrics + 10_000


def test_what_is_lost_has_failed(simulation):
    part = lost(simulation, 4)
    assert [each.replication for each in part.failures] == [4]
    assert len(part.numbers) == 0
    assert (part.error.scenario, part.error.seed, part.error.replication) == ("shop", 7, 4)
