"""What pictures show of many replications: enough of them, wherever a piece ends."""

import numpy as np
import pytest

from sim.core.timelines import Steps
from sim.experiments.running import chunks, samples
from sim.experiments.running.replications import replicate
from sim.experiments.running.samples import Samples
from sim.files import loads
from sim.simulation import Simulation

CHANCE = """\
name: shop
horizon: 1h
systems:
  shop:
    kind: cloud_service
    roles: {WebRole: {instances: 4}, WorkerRole: {instances: 2}}
operations:
  - at: 1min
    upgrade_deployment: {build: "42"}
"""


@pytest.fixture
def simulation():
    return Simulation(loads(CHANCE))


def test_capacity_is_remembered_only_as_far_as_a_picture_needs(simulation, monkeypatch):
    monkeypatch.setattr(chunks, "STACK", 1)
    monkeypatch.setattr(samples, "SAMPLE_RUNS", 3)
    assert len(replicate(simulation, range(7)).sampled) == 3
    monkeypatch.setattr(samples, "SAMPLE_RUNS", 100)
    monkeypatch.setattr(samples, "SAMPLE_STEPS", 1)
    assert len(replicate(simulation, range(7)).sampled) == 1


def test_capacity_is_that_of_the_timelines(simulation):
    (piece,) = replicate(simulation, range(2)).sampled
    model = simulation.models["shop"]
    for place in range(2):
        line = model.timeline(simulation.run(place), "capacity")
        seen = piece["shop", "capacity"].timeline(place, 1000 * model.nominal)
        assert seen.times.tolist() == line.times.tolist()
        assert seen.values.tolist() == line.values.tolist()


def piece(*lengths):
    """Replications with so many steps each."""
    start = np.cumsum([0, *lengths])
    return {("shop", "capacity"): Steps(start, np.zeros(start[-1]), np.arange(start[-1]), 9.0)}


def kept(pieces):
    """How many steps each replication has that is kept."""
    return [
        length
        for each in Samples(pieces).pieces
        for length in np.diff(each["shop", "capacity"].start).tolist()
    ]


def test_pieces_may_be_cut_anywhere(monkeypatch):
    monkeypatch.setattr(samples, "SAMPLE_STEPS", 6)
    for pieces in (
        [piece(2, 3, 4, 1)],
        [piece(2), piece(3), piece(4), piece(1)],
        [piece(2, 3), piece(4, 1)],
    ):
        assert kept(pieces) == [2, 3, 4]
    monkeypatch.setattr(samples, "SAMPLE_RUNS", 2)
    assert kept([piece(2, 3, 4, 1)]) == kept([piece(2), piece(3, 4, 1)]) == [2, 3]


def test_what_is_cut_off_keeps_no_memory(monkeypatch):
    monkeypatch.setattr(samples, "SAMPLE_RUNS", 1)
    (one,) = Samples([piece(2, 3)]).pieces
    steps = one["shop", "capacity"]
    assert steps.values.base is None
    assert steps.values.tolist() == [0, 1]
