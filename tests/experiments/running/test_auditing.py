"""What no replication may do: arithmetic that overflows, a history that breaks."""

import numpy as np
import pytest

from sim.core.errors import ModelError
from sim.core.log import Log
from sim.core.stack import Stack
from sim.experiments.running.auditing import audit
from sim.experiments.running.replications import replicate
from sim.files import loads
from sim.simulation import Simulation

CHANCE = """\
name: shop
horizon: 1h
seed: 7
systems:
  shop:
    kind: cloud_service
    roles: {WebRole: {instances: 4}}
operations:
  - at: 1min
    upgrade_deployment: {build: "42"}
"""


@pytest.fixture
def simulation():
    return Simulation(loads(CHANCE))


def test_history_that_breaks_is_told_with_its_replication_and_time(simulation):
    logs = [simulation.run(number) for number in (4, 5)]
    rows = logs[1].rows.copy()
    rows["old"][-1] += 1
    logs[1] = Log(simulation.subjects, rows, 5, logs[1].horizon, drew=True)
    with pytest.raises(ModelError, match="old state is not what") as error:
        audit(simulation, Stack(logs), logs)
    assert (error.value.replication, error.value.time) == (5, rows["time"][-1])


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: np.float64(1e308) * 10,
        lambda: np.array([1.0]) / np.array([0.0]),
        lambda: np.array([np.inf]) - np.inf,
        lambda: np.int64(2**62) * np.int64(4),
        lambda: np.array([10**30], np.int64),
    ],
)
@pytest.mark.parametrize("where", ["start", "audit", "measure"])
def test_arithmetic_that_warns_is_an_error_and_never_an_answer(simulation, where, wrong):
    model = simulation.models["shop"]
    real = getattr(model, where)

    def measured(*given):
        wrong()
        return real(*given)

    setattr(model, where, measured)
    with pytest.raises(ModelError, match=r"(FloatingPoint|Overflow)Error") as error:
        replicate(simulation, range(3, 6))
    assert (error.value.scenario, error.value.replication) == ("shop", 3)
