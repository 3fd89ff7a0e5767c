"""Failures come by chance alone, and can be drawn again."""

import numpy as np
import pytest
from simpy import Environment

from sim.core.random_streams import Again, draws
from sim.core.units import YEAR
from sim.formats.distributions import Distribution
from sim.systems.base.context import Context
from sim.systems.base.failures import FailureProcess, Failures, redraw_failures

FAILURES = Failures(
    per_year=5000, recovery=Distribution.model_validate({"exponential": {"mean": "5min"}})
)
HORIZON = 6 * 3600.0


def failures(replication, members=3):
    """Member, time and recovery of each failure of a run."""
    context = Context(Environment(), draws(7, replication), HORIZON, None)
    found = []

    def fail(member, recovery):
        found.append((member, context.now, recovery))

    subjects = list(range(10, 10 + members))
    FailureProcess(context, "shop/web", FAILURES, subjects, fail).begin()
    context.run()
    return sorted(found)


def test_they_are_as_many_as_asked_for():
    counts = [len(failures(replication)) for replication in range(40)]
    assert np.mean(counts) == pytest.approx(3 * 5000 * HORIZON / YEAR, rel=0.15)


def test_more_members_change_nothing_for_those_there():
    assert failures(0) == [each for each in failures(0, members=5) if each[0] < 3]


def test_they_can_be_drawn_again_without_a_run():
    places = np.array([0, 1])
    again = redraw_failures(Again(7, np.array([0, 3])), "shop/web", FAILURES, places, 3, HORIZON)
    for place, replication in enumerate((0, 3)):
        mine = again.place == place
        drawn = zip(
            *(column[mine].tolist() for column in (again.member, again.time, again.recovery)),
            strict=True,
        )
        assert list(drawn) == failures(replication)


def test_nobody_fails_where_there_is_nobody():
    again = redraw_failures(Again(7, np.array([0])), "x", FAILURES, np.array([0]), 0, HORIZON)
    assert [len(column) for column in again] == [0, 0, 0, 0]
