"""The picture of a warm-up: the mean over the runs, and where it is cut."""

import numpy as np
from artists import found, legend_labels, shown_axes, title

from sim.plots import warm_up

MEANS = np.array([1.0, 3.0, 4.0, 4.0, 4.0, 4.0])
ERRORS = np.array([0.9, 0.4, 0.1, 0.2])


def drawn(errors=ERRORS, warm_up_s=0.0):
    page = warm_up.figure(MEANS, errors, 3600.0, what="tasks", warm_up=warm_up_s, subtitle="s")
    return page, shown_axes(page)


def test_the_cut_is_where_the_least_error_is_left():
    page, (above, below) = drawn()
    assert title(page) == "Steady from 20min on (MSER-5)"
    for axes in (above, below):
        (line,) = found(axes, "cut")
        assert line.get_xdata() == [1200.0, 1200.0]
    (error,) = found(below, "error")
    assert error.get_xdata().tolist() == [0.0, 600.0, 1200.0, 1800.0]
    (mean,) = found(above, "mean")
    assert mean.get_data().values.tolist() == MEANS.tolist()
    assert (above.get_ylabel(), below.get_ylabel()) == ("tasks", "error left")


def test_what_is_given_is_drawn_beside_it():
    page, (above, _) = drawn(warm_up_s=900.0)
    assert found(above, "warm_up")[0].get_xdata() == [900.0, 900.0]
    assert legend_labels(page) == ["mean over the runs", "steady from here on (MSER-5)", "warm_up"]


def test_a_run_that_is_too_short_has_no_cut():
    page, (above, _) = drawn(np.array([0.9, 0.5, 0.2]))
    assert title(page) == "No steady state within half of the horizon (MSER-5)"
    assert found(above, "cut") == []


def test_a_run_that_is_steady_from_the_start_says_so():
    assert title(drawn(np.array([0.1, 0.2, 0.3]))[0]) == "Steady from the start on (MSER-5)"
