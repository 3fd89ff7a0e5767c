"""Halving among values that are judged with noise, against looking at every value."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.experiments.statistics.bisection import bisect, most_judged


def law(changes_at, open_ones=()):
    """Values from `changes_at` on are met, those before are missed, some are undecided."""

    def judge(place):
        if place in open_ones:
            return "undecided"
        return "met" if place >= changes_at else "missed"

    return judge


@given(st.integers(1, 300).flatmap(lambda n: st.tuples(st.just(n), st.integers(1, n))))
def test_without_noise_the_bracket_is_one_step_wide(case):
    last, change = case
    found = bisect(last, law(change))
    assert (found.end, found.missed, found.met) == ("bracket", change - 1, change)
    assert len(found.judged) <= most_judged(last)
    assert found.breaks == []
    assert found.between == []


@given(st.data())
def test_both_ends_are_as_they_were_judged_and_as_near_as_halving_brings_them(data):
    last = data.draw(st.integers(2, 120))
    change = data.draw(st.integers(1, last))
    width = data.draw(st.integers(0, 20))
    open_ones = range(max(1, change - width), min(last, change + width))
    found = bisect(last, law(change, open_ones))
    assert found.end == "bracket"
    assert found.missed == max(open_ones.start - 1 if open_ones else change - 1, 0)
    assert found.met == (open_ones.stop if open_ones else change)
    assert set(found.between) <= set(open_ones)
    assert bool(found.between) == bool(open_ones)


OUTCOMES = st.sampled_from(["met", "missed", "undecided"])


@given(st.data())
def test_bracket_is_spoilt_by_no_more_verdicts_than_said(data):
    """Both ends hold as long as no verdict is wrong on the path that halving takes without noise;
    on it any may be undecided, and beside it whatever it is.
    """
    last = data.draw(st.integers(2, 120))
    change = data.draw(st.integers(1, last))
    right = law(change)
    true = bisect(last, right)
    path = set(true.judged) - ({true.beyond} if true.beyond else set())
    assert len(path) + 1 <= most_judged(last)

    def judge(place):
        if place not in path:
            return data.draw(OUTCOMES)
        return data.draw(st.sampled_from([right(place), "undecided"]))

    found = bisect(last, judge)
    assert found.missed is None or found.missed < change
    assert found.met is None or found.met >= change


def test_one_place_beyond_the_answer_tells_whether_more_is_always_better():
    found = bisect(64, lambda place: "missed" if place < 20 or 30 < place < 64 else "met")
    assert (found.missed, found.met) == (63, 64)
    found = bisect(64, lambda place: "missed" if place < 20 or place == 42 else "met")
    assert (found.missed, found.met, found.beyond) == (19, 20, 42)
    assert found.breaks == [42]


@pytest.mark.parametrize(
    ("first", "last", "end", "judged"),
    [
        ("met", "met", "first", [0, 10, 5]),
        ("met", "missed", "first", [0, 10]),
        ("met", "undecided", "first", [0, 10]),
        ("missed", "missed", "none", [0, 10]),
        ("undecided", "missed", "none", [0, 10]),
        ("missed", "undecided", "open", [0, 10]),
    ],
)
def test_ends_may_answer_before_anything_between_is_tried(first, last, end, judged):
    found = bisect(10, lambda place: {0: first, 10: last}.get(place, "met"))
    assert (found.end, list(found.judged)) == (end, judged)
    assert found.met == (0 if first == "met" else None)
    assert found.missed == (0 if first == "missed" else None)


def test_first_place_that_is_undecided_leaves_the_bracket_open_below():
    found = bisect(10, law(4, {0, 1, 2, 3}))
    assert (found.end, found.missed, found.met) == ("bracket", None, 4)
    assert found.between == [0, 2, 3]


def test_two_places_are_the_least():
    found = bisect(1, law(1))
    assert (found.missed, found.met, found.beyond) == (0, 1, None)
    assert most_judged(1) == 3
    assert most_judged(64) == 9
