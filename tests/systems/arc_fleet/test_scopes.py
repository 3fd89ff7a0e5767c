"""Whom the rollouts of a fleet cover, and at which version, on hand-made logs."""

from __future__ import annotations

import pytest
from fleet_log import AGENT, PUBLISH, PUBLISHED, Fleet, accepted, begun, one, push, updates

NAN = pytest.approx(float("nan"), nan_ok=True)


DONE = PUBLISHED + "".join(updates(f"m-{k}", 100 * k + 200) for k in range(4))


def test_who_is_opted_out_before_the_publication_is_not_in_scope():
    opt_out = ("set_automatic_upgrade", {"type": "agent", "group": "a", "enabled": False})
    fleet = Fleet(opt_out, PUBLISH, groups={"a": {"count": 1}, "b": {"count": 1}})
    text = PUBLISHED + updates("b-0", 200)
    assert one(fleet, text, "updated_share") == [0.5]
    assert one(fleet, accepted(50, "set_automatic_upgrade-0") + text, "updated_share") == [1.0]


@pytest.mark.parametrize("time", [100, 150])
def test_who_is_opted_out_since_the_publication_stays_in_scope(time):
    opt_out = ("set_automatic_upgrade", {"type": "Agent", "group": "a", "enabled": False})
    fleet = Fleet(PUBLISH, opt_out, groups={"a": {"count": 1}, "b": {"count": 1}})
    text = PUBLISHED + accepted(time, "set_automatic_upgrade-0") + updates("b-0", 200)
    assert one(fleet, text, "updated_share") == [0.5]


def test_at_one_instant_the_order_of_the_file_tells_who_is_enrolled():
    opt_in = ("set_automatic_upgrade", {"type": "Agent", "enabled": True})
    asleep = AGENT | {"enable_automatic_upgrade": False}
    text = PUBLISHED + accepted(100, "set_automatic_upgrade-0") + updates("m-0", 200)
    assert one(Fleet(opt_in, PUBLISH, extensions=[asleep]), text, "updated_share") == [0.25]
    assert one(Fleet(PUBLISH, opt_in, extensions=[asleep]), text, "updated_share") == [0.0]


def test_a_refused_request_enrols_nobody():
    opt_in = ("set_automatic_upgrade", {"type": "Agent", "enabled": True})
    asleep = AGENT | {"enable_automatic_upgrade": False}
    refused = "50 set_automatic_upgrade-0 -> Refused/not supported" + PUBLISHED
    fleet = Fleet(opt_in, PUBLISH, extensions=[asleep])
    assert one(fleet, refused + updates("m-0", 200), "updated_share") == [0.0]


def test_a_put_enrols_the_machines_that_it_names():
    body = {"publisher": "p", "type": "AGENT", "version": "1.0", "group": "a"}
    put = ("put_extension", body | {"enable_automatic_upgrade": False})
    fleet = Fleet(put, PUBLISH, groups={"a": {"count": 1}, "b": {"count": 3}})
    text = accepted(50, "put_extension-0") + PUBLISHED + updates("b-0", 200)
    assert one(fleet, text, "updated_share") == [1 / 3]


def test_who_has_another_major_version_or_none_below_the_release_is_not_in_scope():
    groups = {name: {"count": 1} for name in "abcd"}
    written = [
        AGENT | {"groups": [name], "version": version}
        for name, version in zip("abcd", ("1.0", "1.1", "1.10", "2.0"), strict=True)
    ]
    fleet = Fleet(PUBLISH, groups=groups, extensions=written)
    assert one(fleet, PUBLISHED + updates("a-0", 200), "updated_share", "time_to_99") == [1, 300]


ENROLLED = {"publisher": "P", "type": "Agent", "enable_automatic_upgrade": True}


def put(version):
    return ("put_extension", ENROLLED | {"version": version, "auto_upgrade_minor_version": False})


def test_what_happens_before_the_publication_at_its_instant_counts_as_before():
    """m-0 gets 1.1 from a put at the instant at which that is published."""
    fleet = Fleet(put("1.1"), PUBLISH)
    text = accepted(50, "put_extension-0") + updates("m-1", 200)
    early = """
        60 Agent of m-0 -> installing because put_extension-0
        100 Agent of m-0 -> watching/1.1 because put_extension-0
        150 Agent of m-0 -> current because put_extension-0
    """
    assert one(fleet, text + early + PUBLISHED, "time_to_50") == [NAN]  # 1 of 3, without m-0
    late = early.replace("100 Agent", "101 Agent")
    assert one(fleet, text + late + PUBLISHED, "time_to_50") == [300]  # 2 of 4


def test_who_had_the_version_before_it_was_published_gets_there_anew():
    """A put brings it early, another one takes it back."""
    fleet = Fleet(put("1.1"), put("1.0"), PUBLISH)
    text = accepted(0, "put_extension-0") + accepted(50, "put_extension-1") + PUBLISHED
    early = """
        0 Agent of m-0 -> watching/1.1 because put_extension-0
        40 Agent of m-0 -> current because put_extension-0
        60 Agent of m-0 -> watching/1.0 because put_extension-1
        70 Agent of m-0 -> current because put_extension-1
    """
    text += early + early.replace("m-0", "m-1") + updates("m-2", 200)
    assert one(fleet, text, "time_to_50") == [NAN]
    assert one(fleet, text + updates("m-0", 300), "time_to_50") == [400]


def test_a_push_of_what_was_published_counts_from_the_publication():
    """Whether that found anybody enrolled or not."""
    asleep = AGENT | {"enable_automatic_upgrade": False}
    pushed = begun(500, "upgrade_extensions-0")
    for k in range(4):
        pushed += updates(f"m-{k}", 600, because="upgrade_extensions-0")
    for extensions, first in (([AGENT], PUBLISHED), ([asleep], accepted(100, PUBLISH[0] + "-0"))):
        fleet = Fleet(PUBLISH, push(), extensions=extensions)
        assert one(fleet, first + pushed, "time_to_50", "time_to_99") == [700, 700]


def test_a_type_counts_from_its_last_publication():
    fleet = Fleet(PUBLISH, ("publish_extension", {"type": "Agent", "version": "1.2"}))
    text = DONE + begun(750, "publish_extension-1")
    assert one(fleet, text, "time_to_50", "updated_share") == [NAN, 0.0]
    for k in range(2):
        text += updates(f"m-{k}", 760, version="1.2", because="publish_extension-1")
    assert one(fleet, text, "time_to_50", "updated_share") == [210, 0.5]


def test_a_release_that_touches_nothing_is_not_the_last_publication():
    fleet = Fleet(PUBLISH, ("publish_extension", {"type": "Agent", "version": "2.0"}))
    text = DONE + accepted(750, "publish_extension-1")
    assert one(fleet, text, "time_to_50", "updated_share") == [400, 1.0]


def test_a_push_covers_all_that_are_there_enrolled_or_not():
    asleep = AGENT | {"enable_automatic_upgrade": False}
    text = begun(100, "upgrade_extensions-0")
    text += updates("m-0", 200, because="upgrade_extensions-0")
    fleet = Fleet(push(), extensions=[asleep])
    assert one(fleet, text, "updated_share") == [0.25]


def test_a_push_to_some_of_what_was_published_leaves_the_others_in_scope():
    fleet = Fleet(PUBLISH, push(group="a"), groups={"a": {"count": 1}, "b": {"count": 3}})
    text = PUBLISHED + updates("b-0", 200) + begun(500, "upgrade_extensions-0")
    assert one(fleet, text, "updated_share", "time_to_50") == [0.25, NAN]
    assert fleet.series(text, "up_to_date") == [(0.0, 1.0), (100.0, 0.0), (400.0, 0.25)]


def test_a_push_of_another_version_has_a_scope_of_its_own():
    fleet = Fleet(PUBLISH, push("1.0", group="a"), groups={"a": {"count": 1}, "b": {"count": 3}})
    text = PUBLISHED + updates("b-0", 200) + begun(500, "upgrade_extensions-0")
    assert one(fleet, text, "updated_share") == [1.0]
    assert fleet.series(text, "up_to_date")[-1] == (500.0, 1.0)


def test_a_partial_version_is_pushed_as_its_newest_known_release():
    fleet = Fleet(PUBLISH, push("1"))
    text = PUBLISHED + begun(200, "upgrade_extensions-0")
    text += updates("m-0", 300, because="upgrade_extensions-0")
    assert one(fleet, text, "updated_share") == [0.25]
    before = Fleet(push("1"), PUBLISH)
    early = begun(50, "upgrade_extensions-0")
    assert one(before, early, "updated_share") == [1.0]  # 1.0 is the newest then
    assert one(before, early + PUBLISHED, "updated_share") == [0.0]
