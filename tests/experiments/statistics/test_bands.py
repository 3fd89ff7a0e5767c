"""Quantiles of capacity over the replications."""

import numpy as np

from sim.core.timelines import Steps
from sim.experiments.statistics.bands import INSTANTS, band, instants


def steps(*runs, end=100.0):
    """A piece of replications, each a list of (time, value)."""
    start = np.cumsum([0, *map(len, runs)])
    times, values = np.array([step for run in runs for step in run]).T
    return Steps(start, times, values.astype(np.int64), end)


def dip(begin, until, depth):
    return [(0.0, 4000), (begin, 4000 - depth), (until, 4000)]


def test_band_has_the_quantiles_of_the_shares_at_each_instant():
    runs = [dip(10.0, 20.0 + k, 40 * k) for k in range(1, 101)]
    found = band([steps(*runs, end=200.0)], 4000)
    assert found.runs == 100
    at_15 = np.searchsorted(found.times, 15.0, side="right") - 1
    # The shares left are 0, 0.01, ... 0.99: the 5th, 50th and 95th of them.
    assert (found.p5[at_15], found.p50[at_15], found.p95[at_15]) == (0.04, 0.49, 0.94)
    assert (found.p5[0], found.p95[-1]) == (1.0, 1.0)


def test_pieces_make_one_band():
    runs = [dip(10.0, 20.0 + k, 40 * k) for k in range(1, 11)]
    whole, parts = band([steps(*runs)], 4000), band([steps(*runs[:3]), steps(*runs[3:])], 4000)
    assert parts.runs == 10
    for name in ("times", "p5", "p50", "p95"):
        assert getattr(parts, name).tolist() == getattr(whole, name).tolist()


def test_short_dip_in_a_long_window_is_in_the_band():
    runs = [dip(1000.0 + k / 8, 1060.0 + k / 8, 4000) for k in range(50)]
    found = band([steps(*runs, end=1e6)], 4000)
    assert found.p5.min() == 0.0
    assert ((found.times > 1000) & (found.times < 1070)).sum() > 50


def test_instants_are_few_and_within_the_window():
    runs = [dip(10.0 + k / 8, 20.0 + k / 8, 40) for k in range(500)]
    times = instants([steps(*runs)])
    assert len(times) <= 2 * INSTANTS
    assert (times[0], times[-1]) == (0.0, 100.0)
    assert (np.diff(times) > 0).all()


def test_value_at_the_instant_of_a_change_is_the_new_one():
    found = band([steps([(0.0, 4000), (50.0, 1000)])], 4000)
    assert found.p50[found.times == 50.0].tolist() == [0.25]


def test_members_that_weigh_nothing_have_full_capacity():
    found = band([steps([(0.0, 0), (50.0, 1000)])], 0)
    assert found.p5.tolist() == found.p95.tolist() == [1.0] * len(found.times)


def test_an_instant_at_which_most_replications_change_is_in_the_band():
    def run(k):
        later = [(500.0 + k / 8 + n, 4000 - n) for n in range(3 * INSTANTS)]
        return [(0.0, 4000), (123.456 if k else 333.25, 0), *later]

    found = band([steps(*map(run, range(3)), end=1e6)], 4000)
    before = np.flatnonzero(found.times == 123.456)
    assert found.p50[before].tolist() == [0.0]
    assert found.p50[before - 1].tolist() == [1.0]
    assert 333.25 not in found.times
