"""A rule that says when there are replications enough, on samples without a simulation."""

import math

import numpy as np
import pytest

from sim.experiments.statistics.intervals import mean_limits
from sim.experiments.statistics.stopping import (
    Reached,
    Target,
    look_until_met,
    most_looks,
    projected,
    reached,
)


def scaled(asked, spread=1.0):
    """A look at means whose half-width is `spread` over the root of n."""
    return lambda n: [Reached(1.0, spread / math.sqrt(n), asked)]


@pytest.mark.parametrize(
    ("asked", "looks"),
    [
        (1.0, [30]),
        (0.15, [30, 45]),
        (0.1, [30, 60, 100]),
        (0.01, [30, 60, 120, 240, 480, 960, 1000]),
    ],
)
def test_each_look_is_at_what_the_half_width_projects_at_most_twice_as_many(asked, looks):
    assert look_until_met(scaled(asked), 1000) == looks


def test_a_mean_that_goes_on_being_too_wide_gets_one_more_value_at_least():
    seen = Reached(1.0, 0.1 + 1e-12, 0.1)
    assert projected(100, seen) == 101


def test_the_mean_that_needs_most_decides():
    def look(n):
        return [*scaled(0.15)(n), *scaled(0.1)(n), *scaled(10.0)(n)]

    assert look_until_met(look, 1000)[-1] == 100


def test_most_bounds_the_first_look_too():
    assert look_until_met(scaled(0.01), 40) == [30, 40]
    assert look_until_met(scaled(0.01), 30) == [30]


def test_no_look_stops_before_a_rare_event_may_be_expected():
    assert look_until_met(scaled(1.0), 1000, least=72) == [30, 60, 72]
    assert look_until_met(scaled(1.0), 50, least=72) == [30, 50]


def test_means_without_hope_hold_nothing_up():
    hopeless = Reached(math.nan, math.nan, 0.1)
    assert look_until_met(lambda _: [hopeless], 1000, least=72) == [30]
    assert look_until_met(lambda n: [hopeless, *scaled(0.15)(n)], 1000) == [30, 45]
    assert not hopeless.is_met


def test_relative_to_a_mean_of_0_there_is_no_projection():
    assert projected(30, Reached(0.0, 0.1, 0.0)) == math.inf
    assert look_until_met(lambda n: [Reached(0.0, 1 / n, 0.0)], 100) == [30, 60, 100]


def test_half_width_is_the_longer_side_of_the_interval_of_the_summary():
    values = np.random.default_rng(1).exponential(size=50)
    known = mean_limits(values, 0.975)
    found = reached(values, Target(0.2))
    assert (found.mean, found.half_width) == (known.mean, known.high - known.mean)
    assert known.mean - known.low < found.half_width
    assert found.asked == 0.2
    assert reached(-values, Target(0.2, relative=True)).asked == pytest.approx(0.2 * known.mean)


def test_equal_shares_of_0_are_no_certainty_and_equal_times_are():
    zeros = np.zeros(30)
    assert reached(zeros, Target(0.01), binary=True).half_width == pytest.approx(0.1157, abs=1e-4)
    assert reached(zeros, Target(0.01)).is_met


def test_without_chance_the_only_value_is_exact():
    assert reached([5.0], Target(0.01), random=False).is_met
    assert not reached([5.0], Target(0.01)).is_met


def test_a_missing_value_leaves_no_mean():
    assert reached([*range(40), math.nan], Target(0.01)).is_hopeless


def test_looks_at_objectives_are_at_fixed_numbers_whatever_means_need():
    assert look_until_met(scaled(0.15), 1000, is_undecided=lambda: False) == [30, 60]
    open_ones = iter([True, True, False])
    looks = look_until_met(lambda _: [], 1000, is_undecided=lambda: next(open_ones))
    assert looks == [30, 60, 120]
    looks = look_until_met(scaled(1.0), 1000, is_undecided=lambda: True)
    assert looks == [30, 60, 120, 240, 480, 960, 1000]


@pytest.mark.parametrize("most", [30, 31, 59, 60, 61, 960, 1000, 10_000, 1_000_000])
def test_there_are_no_more_looks_than_said(most):
    assert len(look_until_met(scaled(0.0), most, is_undecided=lambda: True)) == most_looks(most)
