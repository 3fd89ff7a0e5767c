"""MSER-5 against a computation by hand, on series whose transient is known, and of pools."""

from __future__ import annotations

import math

import numpy as np
import pytest

from sim.experiments.objectives import experiments
from sim.experiments.running.execution import Execution
from sim.experiments.statistics.averages import INTERVALS
from sim.experiments.warm_up import BATCH, mser5, warm_ups
from sim.scenario import Scenario
from sim.simulation import Simulation


def by_hand(values):
    """The same by the formula, one cut at a time."""
    batches = [np.mean(values[k : k + 5]) for k in range(0, len(values) // 5 * 5, 5)]
    k = len(batches)
    statistics = []
    for d in range(k // 2 + 1):
        left = batches[d:]
        mean = sum(left) / len(left)
        statistics.append(sum((each - mean) ** 2 for each in left) / (k - d) ** 2)
    return statistics, statistics.index(min(statistics))


def ar1(n, phi, start, seed):
    """x[t] = phi x[t-1] + e: from `start` on it forgets a share 1 - phi of it each step."""
    rng = np.random.default_rng(seed)
    noise, found = rng.standard_normal(n), np.empty(n)
    level = start
    for t in range(n):
        level = phi * level + noise[t]
        found[t] = level
    return found


def test_three_batches_by_hand():
    # Means 9, 1 and 3. All: mean 13/3, squares 196/9 + 100/9 + 16/9 = 312/9, over 9: 3.852;
    # without the first: mean 2, squares 2, over 4: 0.5.
    found = mser5(np.repeat([9.0, 1.0, 3.0], 5))
    assert found.batches.tolist() == [9.0, 1.0, 3.0]
    assert np.allclose(found.statistic, [312 / 81, 0.5])
    assert (found.first, found.is_too_short) == (1, True)


@pytest.mark.parametrize("n", [10, 14, 100, 1001])
def test_it_is_the_formula(n):
    values = ar1(n, 0.8, 5.0, seed=n)
    found, (statistics, first) = mser5(values), by_hand(values)
    assert np.allclose(found.statistic, statistics)
    assert found.first == first
    assert len(found.batches) == n // BATCH


def test_a_level_that_never_changes_is_steady_at_once():
    found = mser5(np.full(50, 7.0))
    assert (found.first, found.is_too_short) == (0, False)


def test_fewer_than_ten_values_are_refused():
    with pytest.raises(ValueError, match="10 values or more, got 9"):
        mser5(np.zeros(9))


def test_a_transient_is_cut_where_it_is_over():
    """AR(1) from 100 on, of which 0.98^t is left: after 230 steps 1, the size of its own noise."""
    cuts = [BATCH * mser5(ar1(2_000, 0.98, 100.0, seed)).first for seed in range(20)]
    assert 100 < np.median(cuts) < 400
    assert np.median([BATCH * mser5(ar1(2_000, 0.98, 0.0, s)).first for s in range(20)]) < 100


def test_a_trend_to_the_end_is_too_short_to_tell():
    found = mser5(np.arange(1_000.0))
    assert found.is_too_short


def pool(load="90%", horizon="20h", **more):
    service = {"exponential": {"mean": "10min"}}
    system = {"kind": "batch_pool", "nodes": 1, "work": {"load": load, "service": service}}
    return Scenario.from_dict(
        {"systems": {"p": system}, "horizon": horizon, "replications": 40} | more
    )


def found(scenario):
    with Execution() as execution:
        (one,) = experiments(
            [("baseline", Simulation(scenario))], range(scenario.replications), execution=execution
        )
    return one, list(warm_ups([one]))


def test_a_queue_that_begins_empty_needs_a_warm_up():
    """M/M/1 at 80 %: of its start 2 % are left after four relaxation times, 4 x 897 min / 10 ..."""
    one, (told,) = found(pool("80%", "4d"))
    relaxation = 600.0 / (1 - math.sqrt(0.8)) ** 2
    assert 0.2 * relaxation < told.steady_from_s < 6 * relaxation
    assert told.sentence.startswith(
        "warm_up 0s is short: by MSER-5 the tasks there are steady only"
    )
    late = np.mean(one.measured.averages["p"].mean[INTERVALS // 2 :])
    assert late == pytest.approx(4.0, rel=0.25)  # rho / (1 - rho)


def test_a_long_enough_warm_up_is_not_told_of():
    _, (told,) = found(pool("80%", "4d", warm_up="2d"))
    assert told.sentence == ""


def test_an_overload_is_too_short_to_tell():
    _, (told,) = found(pool("150%", "2d"))
    assert math.isnan(told.steady_from_s)
    assert "no steady state within 1d" in told.sentence


@pytest.mark.parametrize(
    "more",
    [
        {
            "operations": [
                {"at": "1h", "upgrade_os": {"target_os_version": "WA-GUEST-OS-5.31_201905-01"}}
            ]
        },
        {
            "systems": {
                "p": {"kind": "batch_pool", "nodes": 1, "work": {"tasks": 9, "service": "10min"}}
            }
        },
        {
            "systems": {
                "p": {
                    "kind": "batch_pool",
                    "nodes": 1,
                    "work": {"load": "50%", "curve": {"00:00": "50%"}, "service": "10min"},
                }
            }
        },
    ],
    ids=["rollout", "batch", "curve"],
)
def test_nothing_is_told_where_no_steady_state_is_asked_for(more):
    assert (
        found(
            pool(
                **more,
            )
        )[1]
        == []
    )


def test_a_variant_without_a_rollout_beside_one_that_has_one_is_no_question_of_it():
    still = pool("80%", "2d", replications=2)
    upgrade = {"at": "1h", "upgrade_os": {"target_os_version": "WA-GUEST-OS-5.31_201905-01"}}
    asking = pool("80%", "2d", replications=2, operations=[upgrade])
    both = [found(each)[0] for each in (asking, still)]
    assert list(warm_ups(both)) == []
