"""Step functions and stays: the fast sums over a stack against a slow walk through each log."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.core.log import Block, Recorder, States, Subjects
from sim.core.stack import Stack
from sim.core.timelines import Members, Steps, Timeline, accumulate, stays, total

END = 20.0


def line(*pairs, end=END):
    times, values = zip(*pairs, strict=True)
    return Timeline(np.array(times, float), np.array(values, float), end, "share")


def pairs(timeline):
    return list(zip(timeline.times.tolist(), timeline.values.tolist(), strict=True))


DIP = line((0, 1), (5, 0.5), (8, 0.25), (10, 1))


# One step function


def test_a_value_holds_from_its_instant_until_the_next():
    times = np.array([0, 4.999, 5, 7.5, 8, 10, 20.0])
    assert DIP.at(times).tolist() == [1, 1, 0.5, 0.5, 0.25, 1, 1]
    assert DIP.resample(times).tolist() == DIP.at(times).tolist()
    assert DIP.at(8.0) == 0.25


@pytest.mark.parametrize("time", [-0.001, 20.001, [5.0, 21.0]])
def test_there_is_no_value_outside(time):
    with pytest.raises(ValueError, match=r"times must lie in \[0, 20\], got"):
        DIP.at(time)


def test_an_integral_is_the_sum_of_values_times_durations():
    assert DIP.integrate() == 5 * 1 + 3 * 0.5 + 2 * 0.25 + 10 * 1
    assert DIP.mean() == 17 / 20


def test_the_minimum_counts_what_happens_at_the_end():
    assert DIP.minimum() == 0.25
    assert line((0, 1), (20, 0)).minimum() == 0
    assert line((0, 1), (20, 0)).integrate() == 20


def test_a_timeline_of_no_length_has_its_only_value_as_mean():
    assert line((20, 0.5)).mean() == 0.5


def test_time_below_excludes_the_threshold_itself():
    assert DIP.time_below(0.5) == 2
    assert DIP.time_below(0.5 + 1e-8) == 5
    assert DIP.time_below(0.5 + 1e-10) == 2  # equal within the tolerance
    assert DIP.time_below(2) == 20


def test_intervals_below_are_maximal():
    assert DIP.intervals_below(1) == [(5, 10)]
    assert DIP.intervals_below(0.5) == [(8, 10)]
    assert DIP.intervals_below(0.25) == []
    twice = line((0, 0), (5, 1), (6, 0.5), (7, 0.25))
    assert twice.intervals_below(1) == [(0, 5), (6, 20)]


def test_a_crop_keeps_the_value_in_force_at_its_beginning():
    assert pairs(DIP.crop(6, 9)) == [(6, 0.5), (8, 0.25)]
    assert DIP.crop(6, 9).integrate() == 2 * 0.5 + 0.25
    assert pairs(DIP.crop(5, 8)) == [(5, 0.5), (8, 0.25)]
    assert pairs(DIP.crop(7, 7)) == [(7, 0.5)]
    assert DIP.crop(6, 9).unit == "share"


@pytest.mark.parametrize(("begin", "end"), [(-1, 5), (5, 21), (6, 5)])
def test_a_crop_lies_inside(begin, end):
    with pytest.raises(ValueError, match="a crop must lie in"):
        DIP.crop(begin, end)


def test_two_timelines_are_combined_at_every_instant_of_both():
    other = line((0, 0.5), (8, 0), (9, 2))
    lower = DIP.combine(other, np.minimum)
    assert pairs(lower) == [(0, 0.5), (5, 0.5), (8, 0), (9, 0.25), (10, 1)]
    assert pairs(lower.simplified()) == [(0, 0.5), (8, 0), (9, 0.25), (10, 1)]


def test_timelines_are_combined_where_both_are():
    short = line((6, 1), end=9)
    both = DIP.combine(short, np.add)
    assert pairs(both) == [(6, 1.5), (8, 1.25)]
    assert both.end == 9


# Step functions of a whole stack


def steps(*functions, end=END):
    """Step functions given as lists of (time, value)."""
    start = np.cumsum([0, *(len(function) for function in functions)])
    times = np.array([time for function in functions for time, _ in function], float)
    values = np.array([value for function in functions for _, value in function], np.int64)
    return Steps(start, times, values, end)


def unpacked(found):
    return [
        list(zip(found.times[a:b].tolist(), found.values[a:b].tolist(), strict=True))
        for a, b in zip(found.start[:-1], found.start[1:], strict=True)
    ]


TWO = steps([(0, 3), (5, 9), (12, 1), (20, 7)], [(0, 2)])


def test_each_step_function_has_its_own_numbers():
    assert TWO.integrate().tolist() == [3 * 5 + 9 * 7 + 1 * 8, 40]
    assert TWO.minimum().tolist() == [1, 2]
    assert TWO.maximum().tolist() == [9, 2]
    assert TWO.durations.tolist() == [5, 7, 8, 0, 20]
    assert TWO.replication.tolist() == [0, 0, 0, 0, 1]


def test_the_function_of_one_replication_is_divided_once():
    assert pairs(TWO.timeline(0, 2.0)) == [(0, 1.5), (5, 4.5), (12, 0.5), (20, 3.5)]
    assert TWO.timeline(1, unit="count").unit == "count"


@pytest.mark.parametrize("begin", [0.0, 3.0, 5.0, 6.0, 20.0])
def test_cropped_functions_are_those_cropped_one_by_one(begin):
    cropped = TWO.crop(begin)
    for place in range(2):
        alone = TWO.timeline(place).crop(begin, END)
        assert pairs(cropped.timeline(place)) == pairs(alone.simplified())


def test_changes_of_one_instant_make_one_value():
    found = accumulate(
        2,
        np.array([0, 0, 0, 0, 1, 1]),
        np.array([0, 4, 4, 6, 0, 0.0]),
        np.array([5, -2, 1, -1, 2, 1]),
        END,
    )
    assert unpacked(found) == [[(0, 5), (4, 4), (6, 3)], [(0, 3)]]


def test_a_sum_has_every_instant_of_its_parts():
    parts = [
        steps([(0, 1), (5, 2)], [(0, 4)]),
        steps([(0, 10), (5, 30), (7, 20)], [(0, 0), (3, 5)]),
    ]
    assert unpacked(total(parts)) == [[(0, 11), (5, 32), (7, 22)], [(0, 4), (3, 9)]]
    assert total(parts[:1]) is parts[0]


# From logs: against a slow walk through the rows

STATES = States(("absent", "low", "high"), ("old", "new"))
WEIGHT = np.array([0, 3, 10, 0, 4, 11])


def group(first, initial, name):
    codes = np.array(initial, np.int16)
    weights = {"weight": WEIGHT, "there": (np.arange(6) % 3 > 0).astype(np.int64)}
    return Block("s", "member", name, first, len(initial), STATES, codes, str, weights)


SUBJECTS = Subjects([group(0, [1, 2], "a"), group(2, [0], "b"), group(3, [5, 0, 1], "c")])

# Few instants, so that many rows share one.
histories = st.lists(
    st.tuples(st.integers(0, int(END)), st.integers(0, 5), st.integers(0, 5), st.integers(0, 5)),
    max_size=20,
)
stacks = st.lists(histories, min_size=1, max_size=4)
slowly = settings(max_examples=60, derandomize=True)


def log_of(history):
    """Rows (time, subject, new, cause) in order of time, each with the old state that belongs."""
    recorder, states = Recorder(), SUBJECTS.initial.tolist()
    for time, subject, new, cause in sorted(history, key=lambda row: row[0]):
        recorder.record(float(time), subject, states[subject], new, cause)
        states[subject] = new
    return recorder.freeze(SUBJECTS, 0, END, drew=True)


def walked(log, numbers, weight):
    """(time, total weight) after all rows of each instant, simplified."""
    states = SUBJECTS.initial.tolist()
    found = {0.0: sum(weight[states[number]] for number in numbers)}
    for row in log.rows:
        states[row["subject"]] = int(row["new"])
        found[float(row["time"])] = sum(weight[states[number]] for number in numbers)
    kept = []
    for time, value in found.items():
        if not kept or kept[-1][1] != value:
            kept.append((time, float(value)))
    return kept


@slowly
@given(stacks)
def test_weighed_members_are_what_a_walk_through_the_log_finds(histories):
    logs = [log_of(history) for history in histories]
    stack = Stack(logs)
    assert stack.audit() is None
    for blocks, numbers in ((SUBJECTS.blocks, range(6)), (SUBJECTS.blocks[2:], range(3, 6))):
        found = Members(stack, blocks).series("weight")
        for place, each in enumerate(logs):
            assert pairs(found.timeline(place)) == walked(each, numbers, WEIGHT)


@slowly
@given(stacks)
def test_the_members_of_all_groups_weigh_what_the_groups_weigh_together(histories):
    stack = Stack([log_of(history) for history in histories])
    everyone = Members(stack, SUBJECTS.blocks).series("weight")
    groups = [Members(stack, [each]).series("weight") for each in SUBJECTS.blocks]
    together = total(groups)
    for place in range(stack.replications):
        assert pairs(together.timeline(place)) == pairs(everyone.timeline(place))
    assert together.integrate().tolist() == everyone.integrate().tolist()


@slowly
@given(stacks)
def test_rows_that_change_a_weight_lead_from_its_first_value_to_its_last(histories):
    stack = Stack([log_of(history) for history in histories])
    members = Members(stack, SUBJECTS.blocks[:1])
    rows, change = members.changes("there")
    assert np.isin(stack.subject[rows], (0, 1)).all()
    assert (change != 0).all()
    assert members.initial("there") == 2
    change_of = np.bincount(stack.replication[rows], change, stack.replications)
    last = [(stack.final[place, :2] % 3 > 0).sum() for place in range(stack.replications)]
    assert (2 + change_of).tolist() == last


def test_a_stack_without_rows_has_the_initial_value_throughout():
    found = Members(Stack([log_of([]), log_of([])]), SUBJECTS.blocks).series("weight")
    assert unpacked(found) == [[(0, 3 + 10 + 11 + 3)]] * 2


@slowly
@given(stacks)
def test_a_subjects_stays_cover_the_whole_run_one_after_the_other(histories):
    stack = Stack([log_of(history) for history in histories])
    found = stays(stack, SUBJECTS.blocks[:2])
    key = found.replication * 3 + found.subject
    assert key.tolist() == sorted(key.tolist())
    for place in range(stack.replications * 3):
        mine = key == place
        assert found.since[mine][0] == 0
        assert found.until[mine][-1] == END
        assert found.since[mine][1:].tolist() == found.until[mine][:-1].tolist()
        assert found.begun_by[mine][1:].tolist() == found.ended_by[mine][:-1].tolist()
        assert (found.begun_by[mine][0], found.ended_by[mine][-1]) == (-1, -1)


@slowly
@given(stacks)
def test_stays_have_the_states_and_causes_of_the_rows(histories):
    stack = Stack([log_of(history) for history in histories])
    found = stays(stack, SUBJECTS.blocks)
    for place in range(stack.replications):
        for subject in range(6):
            mine = (found.replication == place) & (found.subject == subject)
            rows = np.flatnonzero((stack.replication == place) & (stack.subject == subject))
            initial = int(SUBJECTS.initial[subject])
            assert found.state[mine].tolist() == [initial, *stack.new[rows].tolist()]
            assert found.begun_by[mine].tolist() == [-1, *stack.cause[rows].tolist()]
            assert found.since[mine].tolist() == [0, *stack.time[rows].tolist()]


@slowly
@given(stacks)
def test_weighed_stays_sum_up_to_the_integral(histories):
    stack = Stack([log_of(history) for history in histories])
    found = stays(stack, SUBJECTS.blocks)
    weighed = (found.until - found.since) * WEIGHT[found.state]
    sums = np.bincount(found.replication, weighed, stack.replications)
    assert sums.tolist() == Members(stack, SUBJECTS.blocks).series("weight").integrate().tolist()


def test_columns_of_stays_have_the_types_that_they_are_said_to_have():
    found = stays(Stack([log_of([])]), SUBJECTS.blocks)
    kinds = (found.begun_by.dtype, found.ended_by.dtype, found.subject.dtype, found.state.dtype)
    assert kinds == (np.int64, np.int64, np.int64, np.int16)
