"""Chunks are measured in the process itself."""

import pytest

from sim.experiments.running import here
from sim.experiments.running.jobs import Job
from sim.files import loads
from sim.simulation import Simulation

TEXT = """\
horizon: 1h
systems:
  shop: {kind: cloud_service, roles: {WebRole: {instances: 4}}}
"""


def test_interruption_is_not_put_into_a_result(monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(here, "measure", interrupted)
    job = Job(Simulation(loads(TEXT)), range(100))
    with pytest.raises(KeyboardInterrupt):
        here.Here().submit(job, job.cut(1), whole=True)
