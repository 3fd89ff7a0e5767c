"""Parts of a run that nothing couples run one after the other, and write one log in order of time."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from simpy import Environment

from sim.core.log import Block, States, Subjects
from sim.core.random_streams import draws
from sim.formats.distributions import Distribution
from sim.systems.base.context import ACT, APART, LOOK, Context

SWITCH = States(("absent", "off", "on"))
SUBJECTS = Subjects(
    [Block("s", "switch", "", 0, 3, SWITCH, np.array([1, 1, 1], np.int16), str, {})]
)
HORIZON = 100.0


@pytest.fixture
def context():
    return Context(Environment(), draws(0, 0), HORIZON, None)


def switching(context, subject, *times):
    """Let a switch go on and off at some times."""
    for k, time in enumerate(times):
        codes = (1, 2) if k % 2 == 0 else (2, 1)
        context.call(
            time,
            ACT,
            subject,
            lambda event, on=context: on.record(on.now, subject, *event.argument, 0),
            codes,
        )


def frozen(context):
    return context.recorder.freeze(SUBJECTS, 0, HORIZON, drew=False)


def test_parts_that_ran_one_after_the_other_make_one_log_in_order_of_time(context):
    for subject, times in ((2, (10.0, 30.0, 30.0)), (1, (20.0, 30.0))):
        part = context.apart()
        switching(part, subject, *times)
        part.run()
    switching(context, 0, 5.0, 30.0)
    context.run()
    rows = frozen(context).rows
    told = [(float(row["time"]), int(row["subject"]), int(row["new"])) for row in rows]
    instant = [(30.0, 2, 1), (30.0, 2, 2), (30.0, 1, 1), (30.0, 0, 1)]
    assert told == [(5.0, 0, 2), (10.0, 2, 2), (20.0, 1, 2), *instant]


def test_a_part_has_its_own_clock_and_the_same_chances(context):
    part = context.apart()
    part.run()
    assert (part.now, context.now) == (HORIZON, 0.0)
    gaps = Distribution.memoryless(60.0)
    assert part.draws.times("gap", gaps) is context.draws.times("gap", gaps)


def test_a_part_runs_to_the_horizon_which_is_closed(context):
    part = context.apart()
    seen = []
    part.call(HORIZON, LOOK, 2**30, lambda _: seen.append("at the horizon"))
    part.call(HORIZON + 1, ACT, 0, lambda _: seen.append("after it"))
    part.run()
    assert seen == ["at the horizon"]


def test_nothing_can_be_recorded_after_the_end_of_a_run_in_parts(context):
    part = context.apart()
    switching(part, 0, 10.0)
    part.run()
    log = frozen(context)
    with pytest.raises(BufferError):
        part.record(20.0, 0, 2, 1, 0)
    assert len(log) == 1


def test_a_run_without_parts_keeps_its_rows_as_written(context):
    """So that the audit finds a process that writes into the past."""
    context.record(20.0, 0, 1, 2, 0)
    context.record(10.0, 1, 1, 2, 0)
    assert frozen(context).rows["time"].tolist() == [20.0, 10.0]


def test_merging_parts_takes_no_second_copy_of_the_log(context):
    rows = 50_000
    for part in (context.apart(), context.apart()):
        for place in range(rows):
            part.record(float(place % 90), 0, 1, 2, 0)
    tracemalloc.start()
    try:
        log = frozen(context)
        assert tracemalloc.get_traced_memory()[1] < 1.3 * log.rows.nbytes
    finally:
        tracemalloc.stop()
    assert (np.diff(log.rows["time"]) >= 0).all()


def test_rows_can_be_read_before_the_end_and_then_more_can_be_written(context):
    context.record(10.0, 0, 1, 2, 0)
    assert context.recorder.rows["time"].tolist() == [10.0]
    context.record(20.0, 1, 1, 2, 0)
    assert len(frozen(context)) == 2


def test_what_a_part_spends_is_spent_by_the_run_that_it_is_part_of(context):
    def run_apart(_):
        part = context.apart()
        for number in range(50):
            part.call(1.0, ACT, number, lambda _: None)
        part.run()

    context.call(HORIZON, APART, 0, run_apart)
    context.run()
    assert context.budget.spent == 50 + 1 + 1 + 1  # with both horizons, and the part itself


def test_a_run_has_come_as_far_as_its_last_part(context):
    def fail(_):
        raise ZeroDivisionError

    def run_apart(_):
        part = context.apart()
        part.call(40.0, ACT, 0, fail)
        part.run()

    context.call(90.0, ACT, 0, run_apart)
    assert context.reached == 0
    with pytest.raises(ZeroDivisionError):
        context.run()
    assert (context.now, context.reached) == (90, 40)
