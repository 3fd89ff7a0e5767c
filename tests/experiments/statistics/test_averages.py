"""A series averaged over even intervals, and over replications."""

from __future__ import annotations

import numpy as np
import pytest

from sim.core.timelines import Steps
from sim.experiments.statistics.averages import INTERVALS, Averages


def test_averages_are_those_of_step_functions_by_hand():
    # Two replications over 100 s: 4 from 25 s on, and 2 all the time.
    steps = Steps(np.array([0, 2, 3]), np.array([0.0, 25.0, 0.0]), np.array([0, 4, 2]), 100.0)
    found = Averages.of([steps])
    assert (found.runs, len(found.mean)) == (2, INTERVALS)
    assert np.allclose(found.mean[: INTERVALS // 4], 1.0)
    assert np.allclose(found.mean[INTERVALS // 4 :], 3.0)
    both = found + Averages.of([steps, steps])
    assert (both.runs, both.mean[-1]) == (4, pytest.approx(4.5))


def test_sums_are_the_same_in_any_order():
    rng = np.random.default_rng(1)
    parts = [
        Averages.of([Steps(np.array([0, 2]), np.array([0.0, at]), np.array([0, weight]), 97.0)])
        for at, weight in zip(rng.uniform(1, 96, 50), rng.integers(1, 10**9, 50), strict=True)
    ]
    forth, back = (sum(some[1:], some[0]) for some in (parts, parts[::-1]))
    assert forth.mean.tobytes() == back.mean.tobytes()
