"""A small simulation, and a place to run what is tested.

Opt in by ROLLOUT_SIM_DASK=1: what begins in this process begins on a Dask cluster instead.

With `-n 0`: a cluster of its own for each of pytest's workers would be too much.
"""

from __future__ import annotations

import os

import pytest
from small_shop import CHANCE

from sim.experiments.running import execution
from sim.experiments.running.places import Workers
from sim.files import loads
from sim.simulation import Simulation


@pytest.fixture(scope="session")
def simulation():
    return Simulation(loads(CHANCE))


@pytest.fixture(scope="session")
def dask_client():
    """A scheduler and two workers in threads of this process, so that what tests patch is seen."""
    from distributed import Client, LocalCluster  # noqa: PLC0415

    settings = {"n_workers": 2, "threads_per_worker": 1, "processes": False}
    with (
        LocalCluster(**settings, dashboard_address=None, silence_logs=50) as cluster,
        Client(cluster, set_as_default=False) as client,
    ):
        yield client


@pytest.fixture(autouse=True)
def everything_on_dask(request, monkeypatch):
    if not os.environ.get("ROLLOUT_SIM_DASK"):
        return
    client = request.getfixturevalue("dask_client")
    monkeypatch.setattr(execution, "Here", lambda: Workers(client.get_executor()))
