"""What members do: who is on which lane, and how many do what."""

from itertools import pairwise

import numpy as np
import pytest

from sim.core.timelines import Sojourns
from sim.systems.base.activity import Activity

ORDER = ("ready", "other", "updating")
READY, OTHER, UPDATING = range(3)


def activity(*stays):
    """Of stays (member, lane, since, until, category)."""
    member, lane, since, until, category = (np.array(column) for column in zip(*stays, strict=True))
    none = np.zeros(len(stays), np.int64)
    times = since.astype(float), until.astype(float)
    spent = Sojourns(none, member, none.astype(np.int16), *times, none, none)
    return Activity("nodes", "dead", spent, lane, category.astype(np.int8), ORDER, "n{}".format)


TWO = activity(
    (0, 0, 0, 10, READY),
    (0, 0, 10, 40, UPDATING),
    (0, 0, 40, 100, READY),
    (1, 0, 0, 30, READY),
    (1, 0, 30, 60, UPDATING),
    (1, 0, 60, 100, READY),
    (2, 1, 0, 50, READY),
    (2, -1, 50, 100, OTHER),
)


def test_stays_on_a_lane_are_joined_by_what_is_done():
    assert TWO.bars() == [
        ("n0", 0, 30, "ready"),
        ("n0", 40, 100, "ready"),
        ("n0", 10, 60, "updating"),
        ("n1", 0, 50, "ready"),
    ]


def test_stays_that_touch_are_joined_and_others_are_not():
    apart = activity((0, 0, 0, 10, READY), (0, 0, 10, 20, READY), (0, 0, 30, 40, READY))
    assert apart.bars() == [("n0", 0, 20, "ready"), ("n0", 30, 40, "ready")]


def test_what_takes_no_time_and_who_is_not_there_has_no_lane():
    none = activity((0, 0, 5, 5, UPDATING), (1, -1, 0, 100, READY))
    assert (none.bars(), none.lanes, none.members) == ([], 0, 0)
    assert none.shares() == {}


def test_lanes_and_members_are_counted_and_rest_is_told():
    assert (TWO.lanes, TWO.members, TWO.is_quiet) == (2, 3, False)
    assert activity((0, 0, 0, 10, READY)).is_quiet


def test_shares_are_of_those_that_are_there():
    shares = TWO.shares()
    assert list(shares) == ["ready", "updating"]
    assert shares["ready"].times.tolist() == [0, 10, 30, 40, 50, 60]
    assert shares["updating"].times is shares["ready"].times
    expected = [1, 2 / 3, 1 / 3, 2 / 3, 1 / 2, 1]
    assert shares["ready"].values.tolist() == pytest.approx(expected)
    assert (shares["ready"].end, shares["ready"].unit) == (100, "share")
    assert shares["updating"].at(np.array([5.0, 35.0, 55.0])).tolist() == pytest.approx(
        [0, 2 / 3, 1 / 2]
    )


def test_what_begins_at_once_holds_from_the_start_on():
    found = activity((0, 0, 0, 0, READY), (0, 0, 0, 50, UPDATING), (0, 0, 50, 100, READY)).shares()
    assert found["updating"].times.tolist() == [0, 50]
    assert found["updating"].values.tolist() == [1, 0]


@pytest.mark.parametrize("seed", range(5))
def test_shares_and_bars_are_those_of_each_instant(seed):
    rng = np.random.default_rng(seed)
    stays = []
    for member in range(30):
        cuts = np.unique([0, *rng.integers(1, 99, 6), 100])
        for since, until in pairwise(cuts):
            stays.append((member, member // 3, since, until, rng.integers(3)))
    made = activity(*stays)
    bars, shares = made.bars(), made.shares()
    for at in rng.uniform(0, 100, 20):
        now = [(lane, doing) for _, lane, since, until, doing in stays if since <= at < until]
        here = {(label, name) for label, since, until, name in bars if since <= at < until}
        assert here == {(f"n{lane}", ORDER[doing]) for lane, doing in now}
        for place, name in enumerate(ORDER):
            share = sum(doing == place for _, doing in now) / 30
            assert float(shares[name].at(float(at))) == pytest.approx(share)
