"""What a sweep is expected to cost."""

import warnings

import pytest
import swept

import sim
from sim.core.errors import LongRunWarning, TooMuchError
from sim.results.sweeps.sweep_cost import afford_sweep

PLAIN = swept.SHOP.partition("variants:")[0]


def test_a_short_sweep_is_not_warned_of():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        afford_sweep(swept.scenario(), swept.scenario().sweep, ["auto"], force=False)
    assert swept.scenario().sweep.size == 6


def test_a_long_one_is_told_as_a_whole():
    one = sim.loads(PLAIN).with_(replications=50_000)
    one = one.with_sweep({swept.DOMAINS: {"from": 1, "to": 300, "step": 1}})
    rule = "300 points with 50,000 replications each are expected to take about [0-9h]+ and"
    with pytest.warns(LongRunWarning, match=rule):
        afford_sweep(one, one.sweep, [], force=False)


def test_a_point_that_the_machine_cannot_bear_is_refused_unless_forced(monkeypatch):
    monkeypatch.setattr("sim.results.cost.available", lambda: 1e6)
    with pytest.raises(TooMuchError, match="asks for too much: about"):
        afford_sweep(swept.scenario(), swept.scenario().sweep, [], force=False)
    afford_sweep(swept.scenario(), swept.scenario().sweep, [], force=True)
