"""What a run is expected to cost is told, or refused, before it begins."""

import pytest
from made_results import CHANCE

from sim.core.errors import LongRunWarning, TooMuchError
from sim.files import loads
from sim.forecast.estimate import estimate
from sim.results import cost
from sim.simulation import Simulation


def expected(replications):
    return [estimate(Simulation(loads(CHANCE)), replications)]


def test_long_runs_are_warned_of_and_only_where_that_is_asked_for():
    with pytest.warns(LongRunWarning, match="500,000 replications are expected"):
        cost.afford(expected(500_000), force=False)
    assert cost.bear(expected(500_000), force=False) is None


def test_what_needs_more_memory_than_there_is_is_refused_unless_forced(monkeypatch):
    monkeypatch.setattr(cost, "available", lambda: 1e8)
    for check in (cost.afford, cost.bear):
        with pytest.raises(TooMuchError, match="asks for too much"):
            check(expected(10), force=False)
        assert check(expected(10), force=True) is None
