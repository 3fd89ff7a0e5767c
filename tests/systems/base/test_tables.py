"""How often members were out, from their stays."""

from dataclasses import fields

import numpy as np

from sim.core.timelines import Sojourns
from sim.systems.base.tables import being_created, time_out

NAMES = [field.name for field in fields(Sojourns)]


def spent(*rows):
    """Stays: subject, state, since, until."""
    subject, state, since, until = map(np.array, zip(*rows, strict=True))
    none = np.zeros(len(rows), np.int64)
    values = {
        "subject": subject, "state": state, "since": since, "until": until,
    }  # fmt: skip
    return Sojourns(**{name: values.get(name, none) for name in NAMES})


STAYS = spent(
    (4, 1, 0.0, 10.0),
    (4, 2, 10.0, 14.0),
    (4, 3, 14.0, 15.0),
    (4, 1, 15.0, 20.0),
    (4, 2, 20.0, 30.0),
    (5, 2, 0.0, 3.0),
    (5, 1, 3.0, 30.0),
)
OUT = STAYS.state > 1


def test_stays_that_follow_each_other_are_one_time_out():
    out = time_out(STAYS, OUT, 4, 3)
    assert out.times.tolist() == [2, 1, 0]
    assert out.seconds.tolist() == [15.0, 3.0, 0.0]


def test_the_end_of_one_member_and_the_beginning_of_the_next_are_two():
    assert OUT[4]
    assert OUT[5]
    assert time_out(STAYS, OUT, 4, 2).times.sum() == 3


def test_a_member_is_being_created_until_its_first_start_is_over():
    creating, starts = 2, 3
    found = being_created(STAYS, STAYS.state == creating, STAYS.state == starts)
    assert found.tolist() == [False, True, True, False, True, True, False]
    later = spent((4, 2, 0.0, 9.0), (5, 3, 0.0, 9.0))  # of another member
    assert being_created(later, later.state == 2, later.state == 3).tolist() == [True, False]
