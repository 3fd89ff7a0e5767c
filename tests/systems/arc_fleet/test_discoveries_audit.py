"""Releases that are not discovered as was drawn, on hand-made logs in which every time is fixed."""

from __future__ import annotations

import pytest
from fleet_log import PUBLISH, PUBLISHED, Fleet, accepted, returns, updates

TIMES = {
    "discovery": "50s",
    "install": "100s",
    "health_window": "100s",
    "rollback": "100s",
    "retry_after": "10h",
    "groups": {"m": {"count": 1}},
}
LOST = "f: a machine discovered a release and did not begin with it"
EARLY = "f: a release was begun with before the machine discovered it"


def broken(text, *requests, **spec):
    """The rule that a log of one machine breaks, which discovers the release of 1.1 at 150."""
    fleet = Fleet(PUBLISH, *requests, **TIMES | spec)
    return fleet.model.audit(fleet.stack(PUBLISHED + text))


@pytest.mark.parametrize(("begin", "rule"), [(150, None), (149, EARLY), (151, LOST)])
def test_a_release_is_begun_with_when_it_is_discovered(begin, rule):
    found = broken(updates("m-0", begin))
    assert found is None if rule is None else found.startswith(rule)


def test_a_discovery_beyond_the_horizon_is_none():
    assert broken("", discovery="20min") is None
    assert broken("", discovery="10min") == LOST


def test_who_was_opted_out_meanwhile_does_not_begin():
    opt_out = ("set_automatic_upgrade", {"type": "Agent", "enabled": False})
    assert broken(accepted(120, "set_automatic_upgrade-0"), opt_out) is None
    assert broken(accepted(160, "set_automatic_upgrade-0"), opt_out) == LOST


def test_releases_of_one_instant_are_discovered_together():
    newer = ("publish_extension", {"type": "Agent", "version": "1.2"})
    second = (
        "100 publish_extension-1 -> InProgress\n100 upgrade by publish_extension-1 -> upgrading"
    )
    text = second + updates("m-0", 150, version="1.2", because="publish_extension-1")
    assert broken(text, newer) is None


def test_what_backs_off_does_not_discover_again():
    assert broken(returns("m-0", 150), unhealthy="100%") is None
