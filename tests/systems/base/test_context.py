"""The world's clock: what happens at one instant goes by rank, then by the subject's number."""

from __future__ import annotations

from itertools import permutations

import pytest
from simpy import Environment

from sim.core.random_streams import draws
from sim.systems.base.context import ACT, DISPATCH, HORIZON, LOOK, RETURN, SUBMIT, Context


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
