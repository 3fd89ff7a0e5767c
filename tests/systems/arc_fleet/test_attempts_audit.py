"""Attempts that did not go as they were drawn, on hand-made logs in which every time is fixed."""

from __future__ import annotations

import pytest
from fleet_log import PUBLISH, PUBLISHED, Fleet, accepted, begun, returns, updates

TIMES = {
    "discovery": "0s",
    "install": "100s",
    "health_window": "100s",
    "rollback": "100s",
    "retry_after": "300s",
    "groups": {"m": {"count": 1}},
}
BAD = {"unhealthy": "100%"}


def broken(text, *requests, **spec):
    """The rule that a log of one machine breaks, which the release of 1.1 reaches at 100."""
    fleet = Fleet(PUBLISH, *requests, **TIMES | spec)
    return fleet.model.audit(fleet.stack(PUBLISHED + text))


def test_an_attempt_that_ends_well_passes():
    assert broken(updates("m-0", 100)) is None


def test_attempts_that_end_badly_are_tried_again_until_the_horizon():
    assert broken(returns("m-0", 100) + returns("m-0", 700), **BAD) is None


@pytest.mark.parametrize(
    ("right", "wrong", "rule"),
    [
        ("200 Agent", "201 Agent", "an installation did not take the time that was drawn for it"),
        ("watching/1.1", "watching/1.2", "an installation brought another version than was asked"),
        ("300 Agent", "299 Agent", "a health verdict did not fall when it was due"),
        ("-> current", "-> failed", "a health verdict had no consequence, or another one"),
    ],
)
def test_an_attempt_goes_as_it_was_drawn(right, wrong, rule):
    other = ("publish_extension", {"type": "Agent", "version": "1.2"})
    text = updates("m-0", 100).replace(right, wrong)
    assert broken(text, other).startswith(f"f: {rule}")


@pytest.mark.parametrize(("story", "unhealthy"), [(returns, "0%"), (updates, "100%")])
def test_a_verdict_is_the_one_that_was_drawn(story, unhealthy):
    rule = "f: a machine was not found healthy or unhealthy as was drawn"
    assert broken(story("m-0", 100), unhealthy=unhealthy) == rule


def test_an_installation_has_an_operation_that_asked_for_it():
    text = "500 Agent of m-0 -> installing because network"
    rule = "f: an installation began that no operation asked for"
    assert broken(updates("m-0", 100) + text) == rule


@pytest.mark.parametrize(
    ("right", "wrong", "keys", "rule"),
    [
        ("400 Agent", "399 Agent", {}, "a rollback did not take the time that was drawn for it"),
        ("backing_off/1.0", "failed", {}, "a rollback did not fail or succeed as was drawn"),
        (
            "backing_off/1.0",
            "backing_off",
            {"rollback_fails": "100%"},
            "a rollback did not fail or succeed as was drawn",
        ),
        ("backing_off/1.0", "failed/1.0", {}, "attempts did not end with `max_attempts`"),
        (
            "backing_off/1.0",
            "backing_off/1.0",
            {"max_attempts": 1},
            "attempts did not end with `max_attempts`",
        ),
        (
            "backing_off/1.0",
            "current/1.0",
            {},
            "an enrolled extension was not tried again after a rollback",
        ),
    ],
)
def test_a_rollback_goes_as_it_was_drawn(right, wrong, keys, rule):
    text = returns("m-0", 100).replace(right, wrong)
    assert broken(text, **BAD, **keys) == f"f: {rule}"


def test_an_early_verdict_falls_as_soon_as_the_machine_is_healthy():
    early = {"verdict": "early", "healthy_after": "30s"}
    due = updates("m-0", 100).replace("300 Agent", "230 Agent")
    assert broken(due, **early) is None
    assert broken(updates("m-0", 100), **early).endswith("did not fall when it was due")


@pytest.mark.parametrize("begin", [699, 701])
def test_a_retry_comes_when_it_is_due(begin):
    text = returns("m-0", 100) + returns("m-0", begin)
    assert broken(text, **BAD, horizon=1010.0) == "f: a retry did not come when it was due"


def test_of_two_attempts_at_most_the_second_one_ends_as_failed():
    text = returns("m-0", 100) + returns("m-0", 700).replace("backing_off", "failed")
    assert broken(text, **BAD, max_attempts=2) is None
    assert broken(returns("m-0", 100) + returns("m-0", 700), **BAD, max_attempts=2) is not None


def test_attempts_at_another_release_are_counted_for_themselves():
    """1.2 is discovered at 500, while 1.1 backs off: its first failure is not the second one."""
    newer = ("publish_extension", {"type": "Agent", "version": "1.2"})
    second = returns("m-0", 500, because="publish_extension-1").replace("/1.1", "/1.2")
    text = returns("m-0", 100) + begun(500, "publish_extension-1") + second
    assert broken(text, newer, **BAD, max_attempts=2) is None
    failed = text.replace(" 800 Agent of m-0 -> backing_off", " 800 Agent of m-0 -> failed")
    assert broken(failed, newer, **BAD, max_attempts=2) is not None


def test_who_was_opted_out_is_not_tried_again():
    out = ("set_automatic_upgrade", {"type": "Agent", "enabled": False})
    text = returns("m-0", 100).replace("backing_off", "current")
    assert broken(accepted(150, "set_automatic_upgrade-0") + text, out, **BAD) is None
