"""The world's clock: what happens at one instant goes by rank, then by the subject's number."""

from __future__ import annotations

from itertools import permutations

import pytest
from simpy import Environment

from sim.core.random_streams import draws
from sim.systems.base.context import (
    ACT,
    DISPATCH,
    HORIZON,
    LOOK,
    RETURN,
    SUBMIT,
    Budget,
    Context,
    EventSequence,
    ManyAtOnce,
    TooLongError,
)


@pytest.fixture
def context():
    return Context(Environment(), draws(0, 0), 1000.0, None)


def test_ranks_are_in_the_order_of_the_contract():
    assert [RETURN, ACT, SUBMIT, DISPATCH, LOOK, HORIZON] == [1, 2, 3, 4, 5, 9]


RANKED = [(RETURN, 7), (ACT, 2), (ACT, 3), (SUBMIT, 1), (LOOK, 0), (HORIZON, 0)]


def test_at_one_instant_things_happen_by_rank_and_number_however_they_were_planned(context):
    for order in permutations(RANKED):
        seen = []
        for due in order:
            context.call(5.0, *due, lambda event, to=seen: to.append(event.argument), due)
        context.run()
        assert seen == RANKED


def test_time_goes_before_rank(context):
    seen = []
    context.call(2.0, RETURN, 0, lambda _: seen.append(("late", context.now)))
    context.call(1.0, LOOK, 9, lambda _: seen.append(("early", context.now)))
    context.run()
    assert seen == [("early", 1.0), ("late", 2.0)]


def test_numbers_do_not_reach_into_the_next_rank(context):
    seen = []
    context.call(1.0, RETURN, 2**31 - 1, lambda _: seen.append("return"))
    context.call(1.0, ACT, 0, lambda _: seen.append("act"))
    context.run()
    assert seen == ["return", "act"]


def test_alike_events_happen_in_the_order_in_which_they_were_planned(context):
    seen = []
    for k in range(5):
        context.call(1.0, ACT, 4, lambda event: seen.append(event.argument), k)
    context.run()
    assert seen == [0, 1, 2, 3, 4]


def test_a_process_waits_for_an_event_in_its_rank(context):
    seen = []

    def walk(name, rank, number):
        yield context.after(3.0, rank, number)
        seen.append(name)
        yield context.after(0.0, rank, number)
        seen.append(f"{name} again")

    context.start(walk("look", LOOK, 1))
    context.start(walk("act", ACT, 2))
    context.start(walk("return", RETURN, 3))
    context.run()
    assert seen == ["return", "return again", "act", "act again", "look", "look again"]


def test_what_an_event_causes_at_its_instant_comes_in_its_own_rank_if_that_is_still_to_come(
    context,
):
    seen = []

    def act(_event):
        seen.append("act")
        context.call(0.0, LOOK, 0, lambda _: seen.append("caused look"))
        context.call(0.0, RETURN, 0, lambda _: seen.append("caused return"))

    context.call(1.0, ACT, 0, act)
    context.call(1.0, ACT, 1, lambda _: seen.append("next act"))
    context.call(1.0, LOOK, 1, lambda _: seen.append("look"))
    context.run()
    assert seen == ["act", "caused return", "next act", "caused look", "look"]


def test_a_moment_waits_until_it_is_armed(context):
    seen = []
    moment = context.event()

    def wait():
        yield moment
        seen.append(context.now)

    context.start(wait())
    context.call(5.0, ACT, 0, lambda _: context.trigger(moment, 2.5, LOOK, 0))
    context.run()
    assert seen == [7.5]


def test_an_armed_moment_comes_in_its_rank(context):
    seen = []
    first, second = context.event(), context.event()
    first.callbacks.append(lambda _: seen.append("look"))
    second.callbacks.append(lambda _: seen.append("return"))
    context.trigger(first, 1.0, LOOK, 0)
    context.trigger(second, 1.0, RETURN, 9)
    context.run()
    assert seen == ["return", "look"]


def test_a_process_begins_before_anything_else_of_its_instant(context):
    seen = []

    def story():
        seen.append("begins")
        yield context.after(0.0, RETURN, 0)
        seen.append("goes on")

    def act(_event):
        context.call(0.0, RETURN, 0, lambda _: seen.append("caused return"))
        context.start(story())
        seen.append("act")

    context.call(1.0, ACT, 0, act)
    context.call(1.0, ACT, 1, lambda _: seen.append("next act"))
    context.run()
    assert seen == ["act", "begins", "caused return", "goes on", "next act"]


def test_the_last_rank_ends_a_run_after_all_else_of_its_instant():
    """SimPy itself would stop before the events at a number."""
    context = Context(Environment(), draws(0, 0), 10.0, None)
    seen = []
    context.call(10.0, LOOK, 2**30, lambda _: seen.append("at the horizon"))
    context.call(10.5, RETURN, 0, lambda _: seen.append("after it"))
    context.run()
    assert seen == ["at the horizon"]
    assert context.now == 10.0


def test_what_comes_before_all_that_is_queued_need_not_be_queued(context):
    seen = []

    def look(event):
        at = {time: (time, RETURN << 32, next(context.numbers), event) for time in (2.0, 5.0, 7.0)}
        seen.extend((context.advance_to(entry), context.now) for entry in at.values())

    context.call(1.0, ACT, 0, look)
    context.call(5.0, LOOK, 0, lambda _: seen.append(context.now))
    context.run()
    assert seen == [(True, 2.0), (True, 5.0), (False, 5.0), 5.0]
    assert context.budget.spent == 2 + 2 + 1  # with the horizon


def test_each_world_has_a_log_of_its_own(context):
    other = Context(Environment(), draws(0, 0), 1000.0, None)
    context.record(1.0, 0, 0, 1, 0)
    rows = [len(each.recorder.freeze(None, 0, 10.0, drew=False)) for each in (context, other)]
    assert rows == [1, 0]


# What is known in advance


def due(time, rank, number, *more):
    return (time, rank << 32 | number, *more)


KNOWN = [due(2.0, RETURN, 3, "a"), due(2.0, LOOK, 1, "b"), due(7.0, ACT, 5, "c")]


def told(context, *known):
    """What happens of a sequence, with its time, as a list that grows."""
    seen = []
    EventSequence(context, known, lambda each: seen.append((context.now, *each[2:])))
    return seen


def test_what_is_known_in_advance_happens_at_its_time_in_order(context):
    seen = told(context, *KNOWN)
    context.run()
    assert seen == [(2.0, "a"), (2.0, "b"), (7.0, "c")]


def test_others_come_between_by_time_rank_and_subject(context):
    seen = told(context, *KNOWN)
    for time, rank, number in [(2.0, RETURN, 2), (2.0, RETURN, 4), (2.0, LOOK, 2), (6.5, LOOK, 9)]:
        context.call(time, rank, number, lambda event: seen.append(event.argument), (rank, number))
    context.run()
    assert seen == [
        (RETURN, 2),
        (2.0, "a"),
        (RETURN, 4),
        (2.0, "b"),
        (LOOK, 2),
        (LOOK, 9),
        (7.0, "c"),
    ]


def test_it_comes_after_what_is_alike_and_is_in_the_queue_already(context):
    seen = told(context, due(2.0, ACT, 1, "first"), due(5.0, ACT, 7, "known"))
    context.call(5.0, ACT, 7, lambda _: seen.append("planned"))
    context.run()
    assert seen == [(2.0, "first"), "planned", (5.0, "known")]


def test_what_one_of_them_causes_at_its_instant_comes_before_the_next(context):
    seen = []

    def then(each):
        seen.append(each[2])
        if each[2] == "a":
            context.call(0.0, ACT, 0, lambda _: seen.append("caused"))

    EventSequence(context, KNOWN, then)
    context.run()
    assert seen == ["a", "caused", "b", "c"]


def test_a_process_that_one_of_them_wakes_goes_on_before_the_next(context):
    seen, moment = [], context.event()

    def wait():
        yield moment
        seen.append("awake")

    def then(each):
        seen.append(each[2])
        if each[2] == "a":
            context.trigger(moment, 0.0, ACT, 4)

    context.start(wait())
    EventSequence(context, KNOWN, then)
    context.run()
    assert seen == ["a", "awake", "b", "c"]


def test_several_sequences_are_merged(context):
    seen = []
    for name in "xyz":
        known = [due(float(k), ACT, ord(name), f"{name}{k}") for k in range(1, 4)]
        EventSequence(context, known, lambda each: seen.append(each[2]))
    context.run()
    assert seen == ["x1", "y1", "z1", "x2", "y2", "z2", "x3", "y3", "z3"]


def test_a_sequence_is_as_good_as_single_events(context):
    known = sorted(due(float(k * k % 11), 1 + k % 3, k * 7 % 5) for k in range(60))
    other = Context(Environment(), draws(0, 0), 1000.0, None)
    seen, singly = [], []
    for half in (known[::2], known[1::2]):
        EventSequence(context, half, seen.append)
    for each in known:
        other.call(
            each[0],
            each[1] >> 32,
            each[1] & 0xFFFFFFFF,
            lambda event: singly.append(event.argument),
            each,
        )
    context.run()
    other.run()
    assert seen == singly == known
    assert context.budget.spent == other.budget.spent == 61


def test_only_the_next_of_them_is_in_the_queue(context):
    told(context, *(due(float(k), ACT, 0) for k in range(100)))
    assert len(context.event_queue) == 1


def test_each_of_them_costs_one_event_and_the_end_of_the_run_one_more(context):
    told(context, *(due(float(k // 3), ACT, k) for k in range(100)))
    context.call(5.5, LOOK, 0, lambda _: None)
    context.run()
    assert context.budget.spent == 100 + 1 + 1


def test_many_of_them_may_be_done_at_once_up_to_what_else_happens(context):
    """Who does so is asked each time that the sequence goes on, and counts them as events."""
    seen, asked = [], []
    known = [due(float(k), ACT, 0, k) for k in range(10)]

    def at_once(first, until):
        asked.append((first[2], until))
        done = [each[2] for each in known[first[2] : -1] if each[0] < until]
        seen.append(done)
        return len(done)

    ManyAtOnce(context, known, lambda each: seen.append((context.now, each[2])), at_once)
    context.call(4.5, LOOK, 0, lambda _: seen.append("else"))
    context.run()
    assert asked == [(0, 4.5), (5, 1000.0)]
    assert seen == [[0, 1, 2, 3, 4], "else", [5, 6, 7, 8], (9.0, 9)]
    assert context.budget.spent == 10 + 1 + 1


def test_nothing_is_known_in_advance(context):
    assert told(context) == []
    assert context.event_queue == []


def test_the_horizon_is_closed_for_what_is_known_too(context):
    seen = told(context, due(999.0, ACT, 0), due(1000.0, LOOK, 0), due(1000.5, RETURN, 0))
    context.run()
    assert seen == [(999.0,), (1000.0,)]
    assert context.now == 1000.0


def test_what_is_known_may_be_too_much_for_a_run():
    context = Context(Environment(), draws(0, 0), 1000.0, None, budget=Budget(events=50))
    seen = told(context, *(due(1.0, ACT, k) for k in range(100)))
    with pytest.raises(TooLongError) as caught:
        context.run()
    assert (caught.value.now, caught.value.what) == (1.0, "events")
    assert caught.value.subjects == [99]
    assert len(seen) == 100
