"""Demand as a file of steps, and how much of it is not served."""

import numpy as np
import pytest

from sim.core.timelines import Timeline, accumulate
from sim.systems.base.demand import read_steps, unserved


def test_a_csv_of_demand_is_read_as_steps():
    assert read_steps(b"value,time_s\n5,0\n7,60.5\n") == ((0.0, 5.0), (60.5, 7.0))


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (b"time_s,value\n0,5\n0,6\n", "that increase line by line"),
        (b"time_s,value\n-1,5\n", "times >= 0 in column time_s, got -1"),
        (b"time_s,value\n0,-5\n", "no demand below 0 in column value, got -5"),
        (b"time_s,value\n0,1e300\n", "0 or numbers from 0.000001 to 1e9 in column value, got 1e"),
        (b"time_s,value\n0,1\n9e99,2\n", "at most 10,000 years in column time_s, got 9e"),
        (b"time_s\n0\n", "must have one column value"),
    ],
)
def test_a_csv_of_demand_must_be_a_step_function(content, rule):
    with pytest.raises(ValueError, match=rule):
        read_steps(content)


def test_unserved_is_the_demand_above_what_is_served_from_the_first_time_on():
    demand = Timeline(np.array([0.0, 100.0]), np.array([5.0, 1.0]), 200.0)
    place, times = np.array([0, 0]), np.array([0.0, 50.0])
    served = accumulate(1, place, times, np.array([20, 20]), 200.0)
    assert unserved(demand, served, 10) == [3 * 50 + 1 * 50]
    assert unserved(demand, served.crop(40.0), 10) == [3 * 10 + 1 * 50]
