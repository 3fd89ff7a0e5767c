"""Families of distributions: their quantiles and means, against scipy.stats where it has them."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from some_times import (
    CONTENTS,
    EVERY,
    FILE,
    LOGNORMAL,
    OBSERVED,
    OBSERVED_LINE,
    SIGMA,
    known,
    times,
)

from sim.core.units import GRID

SCIPY = {
    "uniform": stats.uniform(300, 6900),
    "triangular": stats.triang(1 / 8, 60, 480),
    "no rise": stats.triang(0, 60, 480),
    "no fall": stats.triang(1, 60, 480),
    "exponential": stats.expon(scale=8),
    "lognormal": stats.lognorm(SIGMA, scale=240),
    "weibull": stats.weibull_min(1.5, scale=600),
}


@pytest.mark.parametrize("name", SCIPY)
def test_quantiles_and_means_agree_with_scipy_stats(name):
    u = np.random.default_rng(1).random(5000)
    assert np.abs(known(EVERY[name]).quantile(u) - SCIPY[name].ppf(u)).max() <= GRID / 2 + 1e-9
    assert known(EVERY[name]).mean == pytest.approx(SCIPY[name].mean())
    assert known(EVERY[name]).highest == SCIPY[name].support()[1]


@pytest.mark.parametrize("name", EVERY)
def test_a_random_instant_falls_into_draws_by_their_length(name):
    """What draws up to a time add to the mean, by a sum over many of them."""
    law = known(EVERY[name])
    drawn = law.quantile((np.arange(400_000) + 0.5) / 400_000)
    for share in (0.01, 0.3, 0.5, 0.8, 0.99):
        limit = law.quantile_in_time(np.array([share]))[0]
        shorter = drawn[drawn < limit].sum() / drawn.sum()
        upto = drawn[drawn <= limit].sum() / drawn.sum()
        assert shorter - 2e-3 <= share <= upto + 2e-3
    ends = law.quantile_in_time(np.array([0.0, 1 - 2.0**-53]))
    assert (np.isfinite(ends) & (ends >= law.quantile(np.zeros(1)))).all()
    assert ends.max() <= law.highest


def test_a_lognormal_has_its_median_and_its_95th_percentile():
    assert times(LOGNORMAL, 0.5, 0.95) == [240.0, 540.0]


def test_a_lognormal_may_be_given_by_mean_and_standard_deviation():
    u = (np.arange(200_000) + 0.5) / 200_000
    drawn = known(EVERY["lognormal by mean"]).quantile(u)
    assert drawn.mean() == pytest.approx(300, rel=1e-4)
    assert drawn.std() == pytest.approx(120, rel=1e-3)
    assert known(EVERY["lognormal by mean"]).mean == 300.0


def test_observed_times_are_equally_likely():
    assert times(OBSERVED, 0.0, 0.24, 0.25, 0.74, 0.75, 0.99) == [60, 60, 120, 120, 600, 600]
    assert (known(OBSERVED).mean, known(OBSERVED).highest) == (225.0, 600.0)


def test_interpolated_times_lie_on_lines_between_the_observed_ones():
    # four times: they stand at 0, 1/3, 2/3 and 1
    assert times(OBSERVED_LINE, 0.0, 1 / 6, 0.5, 5 / 6) == [60.0, 90.0, 120.0, 360.0]
    assert known(OBSERVED_LINE).mean == (90 + 120 + 360) / 3
    assert known(OBSERVED_LINE).highest == 600.0


def test_one_observed_time_needs_no_line():
    alone = {"empirical": {"values": ["4min"], "interpolate": True}}
    assert times(alone, 0.0, 0.9) == [240.0, 240.0]
    assert known(alone).mean == 240.0


@given(st.integers(1, 200), st.floats(0, 1, exclude_max=True))
def test_no_share_falls_beyond_the_observed_times(n, u):
    observed = known({"empirical": {"values": [f"{k}s" for k in range(n)]}})
    assert observed.quantile(np.array([u])) == min(math.floor(u * n), n - 1)
    assert observed.quantile(np.array([1 - 2.0**-53])) == n - 1


@pytest.mark.parametrize(
    "written",
    [
        {"uniform": {"low": "4min", "high": "4min"}},
        {"triangular": {"low": "4min", "mode": "4min", "high": "4min"}},
        {"empirical": {"values": ["4min", "4min"]}},
    ],
)
def test_what_has_no_width_is_not_random(written):
    assert not known(written).is_random
    assert times(written, 0.0, 0.7) == [240.0, 240.0]


@pytest.mark.parametrize(
    "widest",
    [
        {"weibull": {"shape": 0.05, "scale": "520000w"}},
        {"lognormal": {"median": "1s", "p95": "1000000s"}},
        {"lognormal": {"mean": "1s", "sd": "1000000s"}},
        {"exponential": {"mean": "520000w"}},
    ],
)
def test_the_widest_that_is_allowed_stays_finite(widest):
    assert np.isfinite(times(widest, 0.0, 1 - 2.0**-53)).all()
    assert math.isfinite(known(widest).mean)


def test_another_content_takes_the_place_of_the_first():
    first = known(FILE).with_contents(CONTENTS)
    assert first.mean == 225.0
    assert first.with_contents({"times.csv": b"seconds\n7\n"}).mean == 7.0
    assert first.mean == 225.0


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (b"hours\n1\n", "must have one column seconds"),
        (b"seconds\n1\n-5\n", "in column seconds, got -5 to 1"),
        (b"seconds\n1e300\n", "must be 0 or more seconds, at most 10,000 years"),
    ],
)
def test_a_file_without_times_is_refused(content, rule):
    with pytest.raises(ValueError) as refused:
        known(FILE).with_contents({"times.csv": content})
    assert rule in str(refused.value)
