"""Replications in stacks: what is measured, what is kept, and whose fault a broken run is."""

import gc
import io

import numpy as np
import pytest
from failing import AT, fail

from sim.core.errors import ModelError, NoMemoryError
from sim.core.log import Log
from sim.core.metrics import Key
from sim.experiments import replications
from sim.experiments.failures import Failure
from sim.experiments.replications import audit, replicate
from sim.files import loads
from sim.simulation import Simulation
from sim.systems.base.context import Context

CHANCE = """\
name: shop
horizon: 1h
seed: 7
systems:
  shop:
    kind: cloud_service
    roles: {WebRole: {instances: 4}, WorkerRole: {instances: 2}}
operations:
  - at: 1min
    upgrade_deployment: {build: "42"}
"""
CERTAIN = CHANCE.replace("{instances: 4}", "{instances: 4, restart: 2min}").replace(
    "{instances: 2}", "{instances: 2, restart: 2min}"
)
HOURS = Key("shop", "", "capacity_hours_lost")


POOL = """\
systems:
  pool: {kind: batch_pool, nodes: 2, work: {load: 80%, service: {exponential: {mean: 5min}}}}
"""


@pytest.fixture
def simulation():
    return Simulation(loads(CHANCE))


class Broken(Simulation):
    """One replication of it claims that its last row came out of another state."""

    def run(self, replication=0):
        log = super().run(replication)
        if replication != 3:
            return log
        rows = log.rows.copy()
        rows["old"][-1] += 1
        return Log(log.subjects, rows, log.replication, log.horizon, log.drew)


def test_every_replication_is_measured(simulation):
    measured = replicate(simulation, range(5))
    assert measured.numbers.tolist() == [0, 1, 2, 3, 4]
    assert {len(values) for values in measured.values.values()} == {5}
    assert measured.rollouts_ended["shop"].tolist() == [True] * 5
    assert len(set(measured.values[HOURS])) == 5


def test_stacks_change_nothing(simulation, monkeypatch):
    whole = replicate(simulation, range(7))
    monkeypatch.setattr(replications, "STACK", 1)
    single = replicate(simulation, range(7))
    assert len(whole.sampled) == 1
    assert len(single.sampled) == 7
    assert single.numbers.tolist() == whole.numbers.tolist()
    assert single.first.equals(whole.first)
    for key, values in whole.values.items():
        assert np.array_equal(single.values[key], values, equal_nan=True)


def alive(kind):
    return sum(isinstance(one, kind) for one in gc.get_objects())


def test_runs_are_forgotten_before_their_logs_are_analysed(monkeypatch):
    simulation = Simulation(loads(POOL))
    worlds = []

    def counting(*given):
        worlds.append(alive(Context))
        return audit(*given)

    monkeypatch.setattr(replications, "STACK", 1)
    monkeypatch.setattr(replications, "audit", counting)
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

    monkeypatch.setattr(replications, "STACK", 1)
    monkeypatch.setattr(simulation, "run", counting)
    replicate(simulation, range(4))
    assert logs == [0, 1, 1, 1]


def test_replication_is_the_same_alone(simulation):
    together, alone = replicate(simulation, range(5)), replicate(simulation, [4])
    assert alone.numbers.tolist() == [4]
    assert alone.values[HOURS][0] == together.values[HOURS][4]


def test_scenario_without_chance_runs_once():
    measured = replicate(Simulation(loads(CERTAIN)), range(100))
    assert not measured.random
    assert measured.numbers.tolist() == [0]


def test_scenario_with_chance_says_so(simulation):
    assert replicate(simulation, range(2)).random


def test_only_the_first_log_is_kept(simulation):
    measured = replicate(simulation, range(2, 5))
    assert measured.first.replication == 2
    assert measured.first.equals(simulation.run(2))


def test_further_replications_can_be_joined(simulation):
    joined = replicate(simulation, range(3)).joined(replicate(simulation, range(3, 5)))
    whole = replicate(simulation, range(5))
    assert joined.numbers.tolist() == whole.numbers.tolist()
    assert joined.values[HOURS].tolist() == whole.values[HOURS].tolist()
    assert joined.rollouts_ended["shop"].tolist() == whole.rollouts_ended["shop"].tolist()
    assert joined.first.replication == 0


def test_capacity_is_remembered_only_as_far_as_a_picture_needs(simulation, monkeypatch):
    monkeypatch.setattr(replications, "STACK", 1)
    monkeypatch.setattr(replications, "SAMPLE_RUNS", 3)
    assert len(replicate(simulation, range(7)).sampled) == 3
    monkeypatch.setattr(replications, "SAMPLE_RUNS", 100)
    monkeypatch.setattr(replications, "SAMPLE_STEPS", 1)
    assert len(replicate(simulation, range(7)).sampled) == 1


def test_capacity_is_that_of_the_timelines(simulation):
    (piece,) = replicate(simulation, range(2)).sampled
    model = simulation.models["shop"]
    for place in range(2):
        line = model.timeline(simulation.run(place), "capacity")
        seen = piece["shop", "capacity"].timeline(place, 1000 * model.nominal)
        assert seen.times.tolist() == line.times.tolist()
        assert seen.values.tolist() == line.values.tolist()


def test_broken_run_is_told_so_that_it_can_be_reproduced():
    with pytest.raises(ModelError) as error:
        replicate(Broken(loads(CHANCE)), [3])
    fault = error.value
    assert (fault.scenario, fault.seed, fault.replication) == ("shop", 7, 3)
    assert fault.time == pytest.approx(Simulation(loads(CHANCE)).run(3).rows["time"][-1])
    assert "old state is not what the subject was in" in str(fault)


def is_without(measured, whole, failed):
    """Whether it is the whole but for the replications that failed."""
    stay = ~np.isin(whole.numbers, failed)
    assert measured.numbers.tolist() == whole.numbers[stay].tolist()
    for of in ("values", "rollouts_ended", "outcomes"):
        kept, every = getattr(measured, of), getattr(whole, of)
        assert list(kept) == list(every)
        for key, values in every.items():
            assert np.array_equal(kept[key], values[stay], equal_nan=of != "rollouts_ended")
    return [each.replication for each in measured.failures] == failed


def test_broken_run_leaves_the_others_as_they_are():
    broken, whole = Broken(loads(CHANCE)), replicate(Simulation(loads(CHANCE)), range(6))
    measured = replicate(broken, range(6))
    assert is_without(measured, whole, [3])
    (failure,) = measured.failures
    assert failure.time_s == Simulation(loads(CHANCE)).run(3).rows["time"][-1]
    assert "old state is not what the subject was in" in failure.message


def test_run_that_breaks_down_leaves_the_others_as_they_are(simulation, monkeypatch):
    whole = replicate(simulation, range(6))
    fail(monkeypatch, [0, 4], RuntimeError("boom"))
    measured = replicate(simulation, range(6))
    assert is_without(measured, whole, [0, 4])
    assert measured.first.replication == 1
    assert measured.failures[1] == Failure(4, AT, "RuntimeError: boom")
    joined = replicate(simulation, range(3)).joined(replicate(simulation, range(3, 6)))
    assert is_without(joined, whole, [0, 4])


def test_further_memory_may_fail_one_replication_and_not_the_first(simulation, monkeypatch):
    fail(monkeypatch, [2], MemoryError())
    (failure,) = replicate(simulation, range(4)).failures
    assert failure.replication == 2
    assert "does not have the memory for replication 2" in failure.message
    with pytest.raises(NoMemoryError, match="replication 2"):
        replicate(simulation, range(2, 4))


def test_rule_of_the_model_is_told_with_the_replication_that_breaks_it(simulation, monkeypatch):
    def audit(stack):
        return "shop: out of line" if 2 in stack.numbers else None

    whole = replicate(simulation, range(5))
    monkeypatch.setattr(simulation.models["shop"], "audit", audit, raising=False)
    measured = replicate(simulation, range(5))
    assert is_without(measured, whole, [2])
    assert measured.failures[0].message == "shop: out of line"
    with pytest.raises(ModelError, match="shop: out of line") as error:
        replicate(simulation, [2])
    assert error.value.replication == 2


def test_analysis_that_fails_for_one_replication_leaves_the_others(simulation, monkeypatch):
    model = simulation.models["shop"]
    real = model.measure

    def measure(stack, *rest):
        return {}[1] if 2 in stack.numbers else real(stack, *rest)

    whole = replicate(simulation, range(5))
    monkeypatch.setattr(model, "measure", measure)
    measured = replicate(simulation, range(5))
    assert is_without(measured, whole, [2])
    assert measured.failures == [Failure(2, None, "KeyError: 1")]


def test_fault_of_all_together_is_nobodys_and_is_raised(simulation, monkeypatch):
    model = simulation.models["shop"]
    real = model.measure

    def measure(stack, *rest):
        return {}[1] if len(stack.numbers) > 1 else real(stack, *rest)

    monkeypatch.setattr(model, "measure", measure)
    with pytest.raises(KeyError):
        replicate(simulation, range(5))
    assert replicate(simulation, [0]).numbers.tolist() == [0]


def test_some_of_the_replications(simulation):
    whole = replicate(simulation, range(5))
    some = whole.only(np.isin(whole.numbers, [1, 4]))
    assert is_without(some, whole, [0, 2, 3]) is False  # nobody says that those failed
    assert some.numbers.tolist() == [1, 4]


def test_no_replication_is_a_mistake(simulation):
    with pytest.raises(ValueError, match="got none"):
        replicate(simulation, [])


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize(
    ("stream", "asked", "shown"),
    [(Terminal, True, True), (Terminal, False, False), (io.StringIO, True, False)],
)
def test_progress_is_shown_only_where_it_is_asked_for_and_seen(
    simulation, monkeypatch, stream, asked, shown
):
    stderr = stream()
    monkeypatch.setattr("sys.stderr", stderr)
    replicate(simulation, range(3), progress=asked, label="auto")
    assert ("auto" in stderr.getvalue()) == shown


def test_what_is_analysed_together_is_bounded_by_its_members_too(simulation, monkeypatch):
    monkeypatch.setattr(replications, "STATES", 3 * simulation.subjects.count)
    measured = replicate(simulation, range(7))
    assert len(measured.sampled) == 3
    assert measured.numbers.tolist() == list(range(7))


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
