"""What the house asks of a scale set's model."""

from __future__ import annotations

import pytest
from set_log import IMAGE, WALK, ScaleSet
from set_story import BAD, simulation, story
from set_story import IMAGE as ASKED

REIMAGE = ("reimage", {"instances": [7]})


def test_a_set_is_nominally_as_large_as_its_capacity_at_time_0():
    model = ScaleSet(("scale", {"instances": 7}), unhealthy_instances=[1]).model
    assert model.nominal == 2
    assert model.size == "2 instances"
    assert ScaleSet(instances=3000, zones=3).model.size == "3,000 instances in 3 zones"


def test_those_in_service_are_named():
    model = ScaleSet().model
    assert (model.member, model.in_service) == ("instance", ("healthy", "extensions updating"))


def test_what_a_request_says_is_judged_before_anything_runs():
    model = ScaleSet(REIMAGE, IMAGE).model
    reimage, update = model.operations
    rejection = model.rejection(reimage)
    assert (rejection.http_status, rejection.code) == (404, "InstanceIdNotFound")
    assert model.rejection(update) is None


def test_what_the_set_was_at_an_instant_is_read_from_the_rows_up_to_it():
    made = ScaleSet(IMAGE)
    log = made.log(WALK)
    found = [made.model.status(log, at)["statuses"] for at in (99, 100, 180, 240)]
    assert found == [
        {"healthy": 2},
        {"reimaging": 1, "healthy": 1},
        {"initializing": 1, "healthy": 1},
        {"healthy": 2},
    ]


def test_whether_versions_are_bad_is_drawn_once_a_replication():
    half = {"2": {"bad": "50%", "unhealthy": "100%"}}
    simulated = simulation((100, ASKED), versions=half)
    found = []
    for run in range(40):
        rows = [line for line in simulated.run(run).lines() if " version 2 " in line]
        assert len(rows) == 1
        found.append(rows[0].split()[-4])
        assert rows[0].startswith("0 version 2 absent -> ")
    assert set(found) == {"bad", "good"}
    assert 10 < found.count("bad") < 30


def test_a_version_that_is_bad_for_certain_is_so_in_each():
    told = story((100, ASKED), versions=BAD)
    assert told.lines[0] == "0 version 2 absent -> bad because the scenario"


def test_instances_fail_by_themselves():
    told = story(failures={"per_year": 10_000, "recovery": "5min"})
    assert {cause for *_, cause in told.rows} == {"failures"}
    assert story(failures={"per_year": 0, "recovery": "5min"}).rows == []


@pytest.mark.parametrize("name", ["capacity", "available", "instances", "up_to_date"])
def test_each_series_of_a_run_begins_at_time_0(name):
    assert story((100, ASKED)).series(name)[0][0] == 0


def test_members_are_told_with_their_places():
    (first, *_) = story((100, ASKED), zones=2).model.members(story((100, ASKED), zones=2).log)
    assert (first["instance"], first["zone"]) == ("w_0", 1)
