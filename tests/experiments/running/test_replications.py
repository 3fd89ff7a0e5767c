"""Replications in stacks: what is measured, what is kept, and whose fault a broken run is."""

import numpy as np
import pytest
from failing import AT, fail
from small_shop import CERTAIN, CHANCE

from sim.core.errors import ModelError, NoMemoryError
from sim.core.log import Log
from sim.core.metrics import Key
from sim.experiments.running import chunks
from sim.experiments.running.failures import Failure
from sim.experiments.running.replications import replicate
from sim.files import loads
from sim.simulation import Simulation

HOURS = Key("shop", "", "capacity_hours_lost")


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
    monkeypatch.setattr(chunks, "STACK", 1)
    single = replicate(simulation, range(7))
    assert len(whole.sampled) == 1
    assert len(single.sampled) == 7
    assert single.numbers.tolist() == whole.numbers.tolist()
    assert single.first.equals(whole.first)
    for key, values in whole.values.items():
        assert np.array_equal(single.values[key], values, equal_nan=True)


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
