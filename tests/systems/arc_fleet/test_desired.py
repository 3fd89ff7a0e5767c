"""What the service of a fleet wants of its machines."""

from __future__ import annotations

import pytest
from arc_story import extension, fleet, told
from fleet_log import AGENT, PUBLISH, Fleet, push

from sim.systems.arc_fleet.desired import DesiredState

A = "A of machines-0"
H = 3600.0


def upgrade(run, number=0):
    return told(run, f"upgrade by publish_extension-{number}")


def test_a_release_of_another_major_version_is_recorded_and_touches_nothing():
    run = fleet("at: 1h, publish_extension: {type: A, version: 2.0}")
    assert run.lines == [
        "3600 publish_extension-0 absent -> InProgress because the scenario",
        "3600 publish_extension-0 InProgress -> Succeeded because publish_extension-0",
    ]


@pytest.mark.parametrize("version", ["1.0", "1.0.0", "0.9"])
def test_a_release_that_is_not_above_what_is_installed_touches_nothing(version):
    run = fleet(f"at: 1h, publish_extension: {{type: A, version: {version}}}")
    assert told(run, A) == upgrade(run) == []


def test_versions_are_compared_as_numbers():
    run = fleet(
        "at: 1h, publish_extension: {type: A, version: 1.10.15}", [extension(version="1.10.9")]
    )
    assert told(run, A)[-1][1] == "current/1.10.15"


def test_types_are_named_in_any_case():
    run = fleet("at: 1h, publish_extension: {type: a, version: 1.1}")
    assert told(run, A)[-1][1] == "current/1.1"


def test_a_release_below_one_that_is_on_its_way_touches_nothing():
    later = "at: 2h, publish_extension: {type: A, version: 1.1}"
    run = fleet(f"at: 1h, publish_extension: {{type: A, version: 1.2}}\n{later}", discovery="5h")
    assert told(run, A)[-1] == (6 * H + 420, "current/1.2")
    assert upgrade(run, 1) == []
    assert upgrade(run) == [(H, "upgrading"), (6 * H + 420, "completed")]


# By itself

ASLEEP = AGENT | {"enable_automatic_upgrade": False}
NEWER = ("publish_extension", {"type": "Agent", "version": "1.2", "unhealthy": "30%"})


def taken(*requests, count=None, **spec):
    """What is wanted after the first `count` of some requests, or after all, and their bodies."""
    made = Fleet(*requests, **spec)
    layout = made.model.layout
    desired = DesiredState(layout)
    for each in layout.requests[:count]:
        desired.take(each.name, each.body)
    return desired, [each.body for each in layout.requests]


def enrol(enabled):
    return ("set_automatic_upgrade", {"type": "Agent", "enabled": enabled})


def put(version, **keys):
    body = {"publisher": "P", "type": "Agent", "version": version}
    return ("put_extension", body | {"enable_automatic_upgrade": True} | keys)


def version(desired):
    (each,) = desired.every
    return None if each.version is None else each.layout.versions[each.version]


def test_what_may_be_installed_is_all_that_was_wanted_so_far():
    """Which attempts fail is left to a run."""
    desired, _ = taken(PUBLISH, push("1.0"), NEWER)
    assert version(desired) == "1.2"
    assert desired.every[0].spelled == ["1.0", "1.1", "1.2"]


def test_who_opts_in_is_to_have_the_newest_release_that_is_above_what_may_be_installed():
    asleep = {"extensions": [ASLEEP]}
    requests = (PUBLISH, NEWER, enrol(enabled=True))
    assert version(taken(*requests, count=2, **asleep)[0]) == "1.0"
    assert version(taken(*requests, **asleep)[0]) == "1.2"


def test_a_put_picks_the_newest_minor_version_or_the_newest_of_a_partial_one():
    assert version(taken(PUBLISH, put("1.0"))[0]) == "1.1"
    assert version(taken(PUBLISH, put("1", auto_upgrade_minor_version=False))[0]) == "1.1"
    assert version(taken(PUBLISH, put("1.0", auto_upgrade_minor_version=False))[0]) == "1.0"


def test_a_repair_gives_back_the_version_itself_or_the_newest_minor_one():
    for picks, repaired in ((True, "1.1"), (False, "1.0")):
        desired, _ = taken(PUBLISH, extensions=[ASLEEP | {"auto_upgrade_minor_version": picks}])
        assert desired.every[0].repaired("1.0") == repaired


@pytest.mark.parametrize(
    ("version", "before", "is_behind"),
    [
        ("1.1", (), True),
        ("1.0.0", (), False),
        ("0.9", (), False),
        ("2.0", (), False),  # of another major version
        ("1.1", (push("1.2"),), True),  # the push may fail
        ("1.3", (push("2.0"),), True),
        ("1.2", (NEWER,), False),
        ("1.1.5", (NEWER, PUBLISH), False),  # the newest release is 1.2, whatever came last
        ("1.3", (NEWER, PUBLISH), True),
    ],
)
def test_a_release_upgrades_what_may_be_below_it_where_no_newer_one_is_out(
    version, before, is_behind
):
    release = ("publish_extension", {"type": "Agent", "version": version})
    desired, (*_, body) = taken(*before, release, count=len(before))
    assert (desired.behind(body) == desired.every) == is_behind


def test_a_version_is_as_bad_as_its_first_publication_says():
    again = ("publish_extension", NEWER[1] | {"unhealthy": "90%"})
    desired, _ = taken(NEWER, again, unhealthy="5%")
    (each,) = desired.every
    spec = Fleet(unhealthy="5%").spec
    found = [each.faults(each.layout.number(text), spec) for text in ("1.2", "1.0")]
    assert found == [("publish_extension-0", 0.3), ("", 0.05)]


def test_a_release_takes_the_place_of_the_newest_one_that_upgrades_somebody():
    desired, (*_, last) = taken(PUBLISH, NEWER, count=1)
    assert desired.superseded(last) == "1.1"
    desired, (*_, last) = taken(PUBLISH, NEWER, count=1, extensions=[ASLEEP])
    assert desired.superseded(last) is None
    desired, (*_, last) = taken(NEWER, PUBLISH, count=1)
    assert desired.superseded(last) is None  # 1.1 upgrades nobody
    assert (desired.behind(last), desired.touched(last)) == ([], [])


def test_what_a_put_brings_is_missing_until_then():
    other = {"publisher": "P", "type": "Other", "version": "1.0", "group": "a"}
    requests = (("put_extension", other), ("repair_extension", {"type": "Other"}))
    groups = {"a": {"count": 1}, "b": {"count": 1}}
    desired, (body, repair) = taken(*requests, count=0, groups=groups)
    assert desired.is_missing(repair)
    assert not desired.is_missing(body)
    assert not taken(*requests, count=1, groups=groups)[0].is_missing(repair)


def test_a_push_is_missing_where_one_of_its_targets_is():
    both = ("upgrade_extensions", {"targets": {"P.Agent": "1.0", "P.Other": "1.0"}})
    desired, (body,) = taken(both)
    assert desired.is_missing(body)
    desired, (body,) = taken(push("1.0"))
    assert not desired.is_missing(body)
