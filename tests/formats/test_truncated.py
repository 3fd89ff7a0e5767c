"""Cut distributions, against closed forms and scipy.stats."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, special, stats
from some_times import LOGNORMAL, OBSERVED, OBSERVED_LINE, SIGMA, known, times

from sim.core.random_streams import Draws
from sim.core.units import GRID
from sim.formats.distributions import Distribution

EXPONENTIAL = {"exponential": {"mean": "8s"}}
WEIBULL = {"weibull": {"shape": 1.5, "scale": "10min"}}
TRIANGULAR = {"triangular": {"low": "1min", "mode": "2min", "high": "9min"}}
UNIFORM = {"uniform": {"low": "5min", "high": "2h"}}

LAWS = {
    "exponential": (EXPONENTIAL, stats.expon(scale=8)),
    "lognormal": (LOGNORMAL, stats.lognorm(SIGMA, scale=240)),
    "weibull": (WEIBULL, stats.weibull_min(1.5, scale=600)),
    "triangular": (TRIANGULAR, stats.triang(1 / 8, 60, 480)),
    "uniform": (UNIFORM, stats.uniform(300, 6900)),
}
SHARES = [(0.0, 0.3), (0.05, 0.95), (0.2, 0.4), (0.4, 0.41), (0.7, 1.0), (0.6, 0.999)]


def cut(written, low, high=math.inf):
    """A distribution of which the times from `low` to `high`, seconds, are left."""
    bounds = {"min": f"{low!r}s"} | ({} if math.isinf(high) else {"max": f"{high!r}s"})
    return known({**written, **bounds})


def on_grid(seconds):
    return round(seconds / GRID) * GRID


@pytest.mark.parametrize("shares", SHARES)
@pytest.mark.parametrize("name", LAWS)
def test_a_draw_keeps_its_rank_in_the_part_that_is_left(name, shares):
    """F(x) = F(min) + u (F(max) - F(min)), by scipy's F."""
    written, law = LAWS[name]
    low, high = (on_grid(bound) if math.isfinite(bound) else bound for bound in law.ppf(shares))
    u = np.random.default_rng(1).random(2000)
    below, upto = law.cdf([low, high])
    expected = law.ppf(below + u * (upto - below))
    drawn = cut(written, low, high).quantile(u)
    assert np.abs(drawn - np.clip(expected, low, high)).max() <= GRID / 2 + 1e-7
    assert cut(written, low, high).highest == min(high, law.support()[1])


@pytest.mark.parametrize("shares", SHARES)
@pytest.mark.parametrize("name", LAWS)
def test_the_mean_is_that_of_the_part_that_is_left(name, shares):
    written, law = LAWS[name]
    low, high = (on_grid(bound) if math.isfinite(bound) else bound for bound in law.ppf(shares))
    total, _ = integrate.quad(law.sf, low, min(high, law.ppf(1 - 1e-15)), epsabs=1e-11, limit=500)
    mass = law.sf(low) - law.sf(high)
    expected = low + (total - law.sf(high) * (high - low if mass and law.sf(high) else 0)) / mass
    assert cut(written, low, high).mean == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(("low", "high"), [(0, 20), (5, 20), (5, 5.5), (300, 301), (300, 400)])
def test_the_cut_exponential_has_its_closed_form(low, high):
    """Mean: low + m - w / (e^(w/m) - 1); quantile: low - m log(1 - u (1 - e^(-w/m)))."""
    width, u = high - low, np.linspace(0, 0.999, 500)
    law = cut(EXPONENTIAL, float(low), float(high))
    assert law.mean == pytest.approx(low + 8 - width / math.expm1(width / 8), rel=1e-9)
    exact = low - 8 * np.log1p(u * np.expm1(-width / 8))
    assert np.abs(law.quantile(u) - exact).max() <= GRID / 2 + 1e-9


@pytest.mark.parametrize("low", [0.001, 240.0, 3000.0, 40_000.0, 500_000.0])
@pytest.mark.parametrize("factor", [1.0001, 1.1, 20.0, math.inf])
def test_the_cut_lognormal_has_its_closed_form(low, factor):
    """The mean by log_ndtr, which keeps all digits where F is 1: 500,000 s is 1e-54 away."""
    low, high = on_grid(low), on_grid(low * factor) if math.isfinite(factor) else math.inf
    if low == high:
        high += GRID
    a, b = (math.log(bound / 240) / SIGMA for bound in (low, high))

    def log_mass(a, b):
        upper = special.log_ndtr(-a), special.log_ndtr(-b)
        lower = special.log_ndtr(b), special.log_ndtr(a)
        first, second = upper if a > 0 else lower
        return first + math.log(-math.expm1(second - first))

    shifted = log_mass(a - SIGMA, b - SIGMA) - log_mass(a, b)
    expected = 240 * math.exp(SIGMA**2 / 2 + shifted)
    found = cut(LOGNORMAL, low, high).mean
    # The closed form itself loses digits where the part is narrow.
    assert found == pytest.approx(expected, rel=1e-9 if factor > 1.01 else 1e-6)
    assert low <= found <= high


def test_far_tails_keep_their_digits():
    """Beyond F = 1 - 1e-16 an exponential forgets how far it is: min + an exponential."""
    u = np.array([0.0, 0.1, 0.5, 0.9, 1 - 2.0**-53])
    for low in (300.0, 1000.0, 3000.0):
        assert np.abs(cut(EXPONENTIAL, low).quantile(u) - (low - 8 * np.log1p(-u))).max() < 1e-3
        assert cut(EXPONENTIAL, low).mean == pytest.approx(low + 8, rel=1e-12)
    lowest = stats.lognorm(SIGMA, scale=240).ppf(1e-30)
    assert 0.95 * lowest < cut(LOGNORMAL, 0.0, on_grid(lowest)).mean < lowest


@pytest.mark.parametrize("name", LAWS)
def test_a_part_without_width_is_a_fixed_time(name):
    written, law = LAWS[name]
    middle = on_grid(law.median())
    fixed, narrow = cut(written, middle, middle), cut(written, middle, middle + GRID)
    assert (fixed.mean, fixed.highest, fixed.is_random) == (middle, middle, False)
    assert fixed.quantile(np.array([0.0, 0.9])).tolist() == [middle, middle]
    assert narrow.mean == pytest.approx(middle + GRID / 2, abs=1e-7)


@pytest.mark.parametrize("name", LAWS)
def test_bounds_that_cut_nothing_change_nothing(name):
    written, law = LAWS[name]
    u = np.concatenate([[0.0, 1 - 2.0**-53], np.random.default_rng(2).random(20_000)])
    whole, same = known(written), cut(written, 0.0, 400 * 86_400.0)
    assert (whole.quantile(u) == same.quantile(u)).all()
    assert (whole.quantile_in_time(u) == same.quantile_in_time(u)).all()
    assert same.mean == pytest.approx(law.mean(), rel=1e-12)


@pytest.mark.parametrize("name", LAWS)
def test_100_000_keyed_draws_are_of_the_part(name):
    written, law = LAWS[name]
    low, high = (on_grid(bound) for bound in law.ppf([0.2, 0.9]))
    below, upto = law.cdf([low, high])
    drawn = Draws(7, 3).times("shop/restart", cut(written, low, high)).vector(100_000)
    found = stats.kstest(drawn, lambda x: np.clip((law.cdf(x) - below) / (upto - below), 0, 1))
    assert found.pvalue > 0.001
    assert (low, high) == pytest.approx((drawn.min(), drawn.max()), abs=0.01 * (high - low))


@given(
    st.sampled_from(sorted(LAWS)),
    st.floats(0, 0.9999),
    st.floats(0, 1),
    st.floats(0, 1, exclude_max=True),
)
def test_no_draw_leaves_its_bounds(name, begin, width, u):
    written, law = LAWS[name]
    low = on_grid(law.ppf(begin))
    high = max(on_grid(law.ppf(begin + (0.99999 - begin) * width)), GRID)
    part = cut(written, low, max(low, high))
    for share in (0.0, u, 1 - 2.0**-53):
        assert low <= part.quantile(np.array([share]))[0] <= max(low, high)
        assert low <= part.quantile_in_time(np.array([share]))[0] <= max(low, high)
    assert low <= part.mean * (1 + 1e-12)
    assert part.mean <= max(low, high) * (1 + 1e-12)


def test_of_observed_times_those_between_are_equally_likely():
    part = {**OBSERVED, "min": "2min", "max": "10min"}
    assert times(part, 0.0, 0.66, 0.67, 0.99) == [120, 120, 600, 600]
    assert (known(part).mean, known(part).highest) == (280.0, 600.0)
    assert not known({**OBSERVED, "max": "1min"}).is_random


def test_a_cut_through_interpolated_times_ends_on_their_line():
    """1, 2, 2 and 10 min stand at 0, 1/3, 2/3 and 1: 90 s at 1/6, 5 min at 2/3 + 3/8 of 1/3."""
    part = {**OBSERVED_LINE, "min": "90s", "max": "5min"}
    first, last = 1 / 6, 2 / 3 + 1 / 8
    shares = [(place - first) / (last - first) for place in (1 / 3, 0.5, 2 / 3, 0.75)]
    assert times(part, 0.0, *shares, 1 - 2.0**-53) == [90, 120, 120, 120, 240, 300]
    pieces = (1 / 6 * 105, 1 / 3 * 120, 1 / 8 * 210)
    assert known(part).mean == pytest.approx(sum(pieces) / (last - first), rel=1e-12)
    assert times({**OBSERVED_LINE, "min": "3min", "max": "5min"}, 0.0, 0.5) == [180, 240]
    assert times({**OBSERVED_LINE, "min": "3min", "max": "3min"}, 0.0, 0.5) == [180, 180]
    assert times({**OBSERVED_LINE, "max": "2min"}, 0.0, 0.25, 0.5, 0.9) == [60, 90, 120, 120]


def test_times_of_a_file_are_cut_on_the_grid_as_the_bounds_are():
    """0.1 s is at most 100 ms and 0.2 s at least 200 ms, whichever way the grid rounds them."""
    column = {"csv": "times.csv", "column": "s"}
    contents = {"times.csv": b"s\n0.1\n0.2\n0.3\n"}
    grid = [on_grid(each) for each in (0.1, 0.2)]
    for observed in (column, column | {"interpolate": True}):
        for kept, bounds in enumerate([{"max": "100ms"}, {"min": "200ms", "max": "200ms"}]):
            written = Distribution.model_validate({"empirical": observed, **bounds})
            part = written.with_contents(contents)
            assert (part.mean, part.highest) == (grid[kept], grid[kept])
            assert part.quantile(np.array([0.0, 0.9])).tolist() == [grid[kept]] * 2
