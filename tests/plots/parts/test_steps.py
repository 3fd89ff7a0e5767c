from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sim.core.timelines import Timeline
from sim.plots.parts import steps
from sim.plots.parts.style import COLUMNS


def line(times, values, end):
    return Timeline(np.array(times, float), np.array(values, float), float(end))


def random_line(size, seed=1):
    rng = np.random.default_rng(seed)
    times = np.concatenate([[0.0], np.cumsum(rng.exponential(1, size - 1))])
    return Timeline(times, rng.integers(0, 100, size) / 100, float(times[-1]) + 1)


def test_few_steps_are_drawn_as_they_are():
    times, values = steps.corners(line([0, 10, 20], [1, 0.5, 1], 30), 0, 30)
    assert times.tolist() == [0, 10, 20, 30]
    assert values.tolist() == [1, 0.5, 1, 1]


def test_few_steps_are_all_kept_even_within_one_pixel_column():
    times, _ = steps.corners(
        line([0, 10, 10.001, 10.002, 10.003], [1, 0.5, 0.6, 0.7, 1], 1e6), 0, 1e6
    )
    assert times.tolist() == [0, 10, 10.001, 10.002, 10.003, 1e6]


def test_corners_begin_and_end_at_the_view():
    times, values = steps.corners(line([0, 10, 20], [1, 0.5, 1], 30), 5, 15)
    assert times.tolist() == [5, 10, 15]
    assert values.tolist() == [1, 0.5, 0.5]


def test_many_steps_are_thinned_to_a_few_a_pixel_column():
    times, values = steps.corners(random_line(100_000), 0, 1e9)
    assert len(times) <= 4 * COLUMNS + 1
    assert np.all(np.diff(times) >= 0)
    assert len(values) == len(times)


def test_thinning_keeps_what_each_pixel_column_shows():
    full = random_line(50_000)
    times, values = steps.corners(full, 0, 1e9)
    kept = Timeline(times[:-1], values[:-1], full.end)
    edges = np.linspace(0, full.end, COLUMNS + 1)
    for low, high in zip(edges[10:-1:97], edges[11::97], strict=False):
        inside = np.flatnonzero((full.times >= low + 1e-6) & (full.times < high - 1e-6))
        thinned = (kept.times >= low - 1e-6) & (kept.times < high + 1e-6)
        assert kept.values[thinned].min() <= full.values[inside].min()
        assert kept.values[thinned].max() >= full.values[inside].max()


def test_thinning_keeps_a_single_deep_dip_at_its_instant():
    for place in (70_000, 70_005, 70_010):
        full = random_line(100_000)
        full.values[place] = -1
        times, values = steps.corners(full, 0, 1e9)
        assert times[values.argmin()] == full.times[place]


def test_changes_are_the_first_and_the_last():
    assert steps.changes(line([0, 5, 10, 20], [1, 1, 0.5, 1], 30)).tolist() == [10, 20]
    assert steps.changes(line([0, 10], [1, 0], 30)).tolist() == [10, 10]
    assert steps.changes(line([0, 10], [1, 1], 30)).tolist() == []


def test_joined_intervals_are_their_union():
    assert steps.join([(5, 8), (0, 2), (1, 3), (3, 4), (6, 7)]) == [(0, 4), (5, 8)]
    assert steps.join([(0, 2), (2.25, 4)]) == [(0, 2), (2.25, 4)]
    assert steps.join([(0, 2), (3, 4)], gap=1) == [(0, 4)]
    assert steps.join([]) == []


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(1, 9)), max_size=20))
def test_joined_intervals_cover_the_same_instants(starts):
    intervals = [(a, a + width) for a, width in starts]
    joined = steps.join(intervals)
    covered = {t + 0.5 for a, b in intervals for t in range(a, b)}
    assert {t + 0.5 for t in range(60) if any(a < t + 0.5 < b for a, b in joined)} == covered
    assert all(b < c for (_, b), (c, _) in pairwise(joined))


def test_visible_intervals_are_cut_at_the_view():
    assert steps.visible([(0, 10), (20, 30), (50, 60)], 5, 25) == [(5, 10), (20, 25)]


def test_visible_intervals_close_holes_that_no_pixel_shows():
    intervals = [(k, k + 0.5) for k in range(100_000)]
    assert steps.visible(intervals, 0, 100_000) == [(0, 99_999.5)]


def test_bars_are_wide_enough_to_be_seen():
    assert steps.bars([(100, 100.001), (200, 300)], 0, 4500) == [(100, 10), (200, 100)]
