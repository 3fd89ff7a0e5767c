"""A request is refused, or accepted and then ended; its rows say so."""

import pytest

from sim.core.log import ASKED, FAILED, OPERATION, REFUSED, SUCCEEDED
from sim.core.windows import Windows
from sim.systems.base.service import Call, Service


class Clock:
    """A context that keeps what is recorded."""

    now = 5.0

    def __init__(self):
        self.rows = []

    def record(self, *row):
        self.rows.append(row)


class Lift(Service):
    """Goes to a floor, unless it is moving."""

    is_moving = False
    went = ()

    def check_go(self, call):
        return "is moving" if self.is_moving and call.body else None

    def go(self, call):
        self.went += (call.body,)


@pytest.fixture
def lift():
    return Lift(Clock(), ("no such floor", "is moving"))


def call(rule=None, floor=3):
    return Call(0, 11, "go-0", "go", floor, 1, rule, Windows((), None))


def refused_by(number):
    return REFUSED + OPERATION.width * number


def test_what_is_accepted_is_carried_out_and_may_end_later(lift):
    asked = call()
    assert lift.handle(asked)
    assert lift.went == (3,)
    lift.context.now = 9.0
    lift.succeeds(asked, 7)
    assert lift.context.rows == [(5.0, 11, 0, ASKED, 1), (9.0, 11, ASKED, SUCCEEDED, 7)]


def test_what_breaks_a_rule_by_what_it_says_is_refused_whatever_the_state(lift):
    lift.is_moving = True
    assert not lift.handle(call("no such floor"))
    assert (lift.went, lift.context.rows) == ((), [(5.0, 11, 0, refused_by(1), 1)])


def test_the_state_of_the_service_refuses_too(lift):
    lift.is_moving = True
    assert not lift.handle(call())
    assert (lift.went, lift.context.rows) == ((), [(5.0, 11, 0, refused_by(2), 1)])


def test_a_request_ends_once(lift):
    asked = call()
    lift.handle(asked)
    lift.fails(asked, "is moving", 7)
    lift.succeeds(asked, 7)
    lift.fails(asked, "no such floor", 7)
    failed = FAILED + OPERATION.width * 2
    assert lift.context.rows[1:] == [(5.0, 11, ASKED, failed, 7)]
