"""The relaxation time against the spectrum of the queue, computed from its generator."""

from __future__ import annotations

import math

import numpy as np
import pytest
from any_pool import LOAD, scenario
from foretelling import told as foretold
from scipy.linalg import eigvalsh_tridiagonal

from sim.systems.batch_pool.relaxation import of_pool, relaxation_time, told


def by_spectrum(servers, load, states=1500):
    """1 / gap of a queue that is cut off far above; the mean time of a task is 1."""
    births = np.full(states, load * servers)
    deaths = np.minimum(np.arange(1, states + 1), servers).astype(float)
    diagonal = np.zeros(states + 1)
    diagonal[:-1] += births
    diagonal[1:] += deaths
    eigenvalues = eigvalsh_tridiagonal(
        diagonal, -np.sqrt(births * deaths), select="i", select_range=(0, 1)
    )
    return 1 / eigenvalues[1]


@pytest.mark.parametrize("servers", [1, 4, 20, 100])
@pytest.mark.parametrize("load", [0.3, 0.7, 0.9])
def test_it_is_that_of_the_birth_and_death_process_within_a_third(servers, load):
    assert relaxation_time(servers, load, 1.0) == pytest.approx(
        by_spectrum(servers, load), rel=1 / 3
    )


def test_one_server_has_the_known_form():
    assert relaxation_time(1, 0.64, 60.0) == pytest.approx(60.0 / 0.2**2)


def test_a_pool_says_it_and_the_warm_up_that_leaves_little():
    pool = scenario(work=LOAD).systems["p"]
    tau = 600.0 / min(1.0, 4 * (1 - math.sqrt(0.8)) ** 2)
    assert of_pool(pool) == pytest.approx(tau)
    (line,) = [each for each in foretold(scenario(work=LOAD)) if "relaxation" in each]
    assert [line] == told(pool)
    assert line == (
        "A pool that begins empty forgets that with a relaxation time of 3h44 (as an M/M/4 queue): "
        "a `warm_up` of 14h57 leaves 2 % of it."
    )


@pytest.mark.parametrize(
    "work",
    [
        LOAD | {"load": "100%"},
        LOAD | {"curve": {"00:00": "50%"}},
        {"tasks": 4, "service": "10min"},
        [],
    ],
)
def test_a_pool_without_a_steady_state_says_nothing(work):
    assert told(scenario(work=work).systems["p"]) == []


def test_of_several_streams_the_mean_is_over_what_they_keep_busy():
    two = [{"load": "20%", "service": "10min"}, {"load": "40%", "service": "40min"}]
    pool = scenario(work=two).systems["p"]
    assert of_pool(pool) == pytest.approx(relaxation_time(4, 0.6, 1800.0))
