"""The series of a fleet's run, on hand-made logs."""

from __future__ import annotations

import pytest
from fleet_log import AGENT, PROBE, PUBLISH, PUBLISHED, Fleet, begun, returns, updates

from sim.systems.arc_fleet.states import EXTENSION

MIXED = PUBLISHED + updates("m-0", 200) + returns("m-1", 200) + returns("m-2", 300, then="failed")


def test_every_series_of_a_fleet_is_there_by_type():
    fleet = Fleet(PUBLISH, extensions=[AGENT | {"min_available": 1}, PROBE])
    by_state = [f"by_state:{status}" for status in EXTENSION[1:]]
    common = ["capacity", "ready", "up_to_date"]
    named = fleet.model.series()
    assert [name for name, group in named if not group] == [*common, "available", *by_state]
    of_agent = [*common, "available", *by_state, "by_version:1.0", "by_version:1.1"]
    assert [name for name, group in named if group == "Agent"] == of_agent
    assert [name for name, group in named if group == "Probe"] == [
        *common,
        *by_state,
        "by_version:1.0",
    ]
    for name, group in named:
        assert fleet.series(MIXED, name, group)


def test_a_series_that_is_not_there_is_no_series():
    for name, group in (("queue", ""), ("capacity", "Other")):
        with pytest.raises(KeyError):
            Fleet().series("", name, group)


def test_states_are_counted_and_versions_of_those_in_service():
    fleet = Fleet(PUBLISH)
    text = PUBLISHED + updates("m-0", 200)
    assert fleet.series(text, "by_state:watching") == [(0.0, 0), (300.0, 1), (400.0, 0)]
    assert fleet.series(text, "by_version:1.0", "Agent") == [(0.0, 4), (200.0, 3)]
    assert fleet.series(text, "by_version:1.1", "Agent") == [(0.0, 0), (300.0, 1)]
    assert fleet.series(text, "ready") == [(0.0, 4), (200.0, 3), (300.0, 4)]


def test_the_share_up_to_date_follows_from_good_verdicts():
    text = PUBLISHED + updates("m-0", 200) + updates("m-3", 500) + returns("m-1", 200)
    expected = [(0.0, 1.0), (100.0, 0.0), (400.0, 0.25), (700.0, 0.5)]
    assert Fleet(PUBLISH).series(text, "up_to_date") == expected


def test_before_anything_is_requested_all_is_up_to_date():
    assert Fleet().series("", "up_to_date") == [(0.0, 1.0)]
    at_once = "0 publish_extension-0 -> InProgress \n 0 upgrade by publish_extension-0 -> upgrading"
    assert Fleet(PUBLISH).series(at_once, "up_to_date") == [(0.0, 0.0)]


def test_a_release_that_nobody_is_enrolled_for_updates_nothing():
    asleep = AGENT | {"enable_automatic_upgrade": False}
    fleet = Fleet(PUBLISH, extensions=[asleep])
    assert fleet.series(PUBLISHED, "up_to_date") == [(0.0, 1.0), (100.0, 0.0)]
    assert fleet.measure(PUBLISHED)["updated_share"] == [0.0]


def test_a_newer_release_begins_the_share_anew():
    newer = ("publish_extension", {"type": "Agent", "version": "1.2"})
    text = PUBLISHED + updates("m-0", 200) + updates("m-1", 200) + begun(500, "publish_extension-1")
    text += updates("m-0", 600, version="1.2", because="publish_extension-1")
    expected = [(0.0, 1.0), (100.0, 0.0), (400.0, 0.5), (500.0, 0.0), (800.0, 0.25)]
    assert Fleet(PUBLISH, newer).series(text, "up_to_date") == expected


def test_of_all_types_those_requested_so_far_count():
    probe = ("publish_extension", {"type": "Probe", "version": "1.1"})
    fleet = Fleet(PUBLISH, probe, extensions=[AGENT, PROBE])
    text = PUBLISHED + updates("m-0", 200) + begun(500, "publish_extension-1")
    expected = [(0.0, 1.0), (100.0, 0.0), (400.0, 0.25), (500.0, 0.125)]
    assert fleet.series(text, "up_to_date") == expected
    assert fleet.series(text, "up_to_date", "Probe") == [(0.0, 1.0), (500.0, 0.0)]


def test_a_push_counts_those_that_have_its_version_already():
    push = ("upgrade_extensions", {"targets": {"P.Agent": "1.1"}})
    groups = {"a": {"count": 1}, "b": {"count": 3}}
    written = [
        AGENT | {"groups": ["a"], "version": "1.1"},
        AGENT | {"groups": ["b"]},
    ]
    fleet = Fleet(push, groups=groups, extensions=written)
    text = begun(100, "upgrade_extensions-0")
    text += updates("b-0", 200, because="upgrade_extensions-0")
    assert fleet.series(text, "up_to_date") == [(0.0, 1.0), (100.0, 0.25), (400.0, 0.5)]
    assert fleet.measure(text)["updated_share"] == [0.5]
