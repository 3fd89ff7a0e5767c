"""One extension on one machine: installed, watched, rolled back, tried again, repaired."""

from __future__ import annotations

import pytest
from arc_story import PUBLISH, causes, extension, fleet, starts, told

A, B = "A of machines-0", "B of machines-0"
TWO = [extension("A"), extension("B")]
H = 3600.0
BAD = "at: 1h, publish_extension: {type: A, version: 1.1, unhealthy: 100%}"


def test_the_new_version_is_there_after_the_installation_and_current_after_the_health_window():
    run = fleet()
    assert told(run, A) == [
        (H, "installing/1.0"),
        (H + 120, "watching/1.1"),
        (H + 420, "current/1.1"),
    ]
    assert set(causes(run, A)) == {"upgrade by publish_extension-0"}


def test_an_unhealthy_machine_gets_the_former_version_back_and_is_tried_again_an_hour_later():
    run = fleet(BAD, horizon="9120s")
    assert told(run, A) == [
        (H, "installing/1.0"),
        (H + 120, "unhealthy/1.1"),
        (H + 420, "rolling_back/1.1"),
        (H + 480, "backing_off/1.0"),
        (2 * H + 480, "installing/1.0"),
        (2 * H + 600, "unhealthy/1.1"),
        (2 * H + 900, "rolling_back/1.1"),
        (2 * H + 960, "backing_off/1.0"),
    ]


def test_the_time_to_the_retry_counts_from_the_end_of_the_rollback():
    run = fleet(BAD, retry_after="30min", rollback="10min", horizon="2h")
    assert [time for time, state in told(run, A) if state == "installing/1.0"] == [
        H,
        H + 420 + 600 + 1800,
    ]


def test_there_is_no_limit_to_attempts_unless_one_is_given():
    run = fleet(BAD, retry_after="10min", horizon="30h")
    attempts = [state for _, state in told(run, A) if state == "installing/1.0"]
    assert len(attempts) == 97  # one each 18 minutes of 29 hours


def test_after_the_last_attempt_an_extension_is_failed_on_its_former_version():
    run = fleet(BAD, max_attempts=2)
    assert told(run, A)[-2:] == [(2 * H + 900, "rolling_back/1.1"), (2 * H + 960, "failed/1.0")]


def test_attempts_are_counted_for_each_release_anew():
    second = "at: 90min, publish_extension: {type: A, version: 1.2, unhealthy: 100%}"
    run = fleet(f"{BAD}\n{second}", max_attempts=2)
    tried = [state for _, state in told(run, A) if state.startswith("unhealthy")]
    assert tried == ["unhealthy/1.1", "unhealthy/1.2", "unhealthy/1.2"]


def test_a_rollback_that_fails_leaves_the_new_version_failed_for_good():
    run = fleet(BAD, rollback_fails="100%")
    assert told(run, A)[-2:] == [(H + 420, "rolling_back/1.1"), (H + 480, "failed/1.1")]


def test_a_failed_extension_gets_no_later_release():
    later = "at: 5h, publish_extension: {type: A, version: 1.2}"
    run = fleet(f"{BAD}\n{later}", rollback_fails="100%")
    assert told(run, A)[-1] == (H + 480, "failed/1.1")


def test_an_early_verdict_comes_as_soon_as_the_machine_is_healthy():
    run = fleet(verdict="early", healthy_after="40s")
    assert told(run, A)[-1] == (H + 160, "current/1.1")


def test_a_machine_that_is_healthy_only_after_the_window_is_rolled_back_at_its_end():
    run = fleet(verdict="early", healthy_after="301s", horizon="70min")
    assert told(run, A)[1:3] == [(H + 120, "unhealthy/1.1"), (H + 420, "rolling_back/1.1")]


def test_a_machine_that_is_healthy_at_the_end_of_the_window_is_healthy_in_time():
    run = fleet(verdict="early", healthy_after="300s")
    assert told(run, A)[-1] == (H + 420, "current/1.1")


def test_a_bad_release_is_found_out_at_the_end_of_the_window_even_where_verdicts_are_early():
    run = fleet(BAD, verdict="early", healthy_after="40s", horizon="70min")
    assert told(run, A)[2] == (H + 420, "rolling_back/1.1")


def test_at_the_end_of_the_window_the_time_until_a_machine_is_healthy_does_not_count():
    assert told(fleet(healthy_after="10min"), A)[-1] == (H + 420, "current/1.1")


def test_what_happens_at_the_horizon_is_told_and_what_comes_later_is_not():
    assert told(fleet(horizon="4020s"), A)[-1] == (H + 420, "current/1.1")
    assert told(fleet(horizon="4019s"), A)[-1] == (H + 120, "watching/1.1")
    assert told(fleet(horizon="3719s"), A)[-1] == (H, "installing/1.0")
    assert told(fleet(BAD, horizon="4019s"), A)[-1] == (H + 120, "unhealthy/1.1")


def test_the_fleets_own_share_of_unhealthy_machines_holds_where_a_release_says_nothing():
    run = fleet(unhealthy="100%", horizon="70min")
    assert told(run, A)[-1] == (H + 480, "backing_off/1.0")


def test_a_release_that_says_how_bad_it_is_overrules_the_fleet():
    good = "at: 1h, publish_extension: {type: A, version: 1.1, unhealthy: 0%}"
    assert told(fleet(good, unhealthy="100%"), A)[-1] == (H + 420, "current/1.1")


@pytest.mark.parametrize(("os", "last"), [("linux", "backing_off/1.0"), ("windows", "current/1.1")])
def test_a_release_may_be_bad_on_one_operating_system_only(os, last):
    bad = "at: 1h, publish_extension: {type: A, version: 1.1, unhealthy: {os: linux}}"
    groups = f"groups: {{m: {{count: 1, os: {os}}}, other: {{count: 1, os: linux}}}}"
    run = fleet(bad, machines=groups, unhealthy="0%", horizon="70min")
    assert told(run, "A of m-0")[-1][1] == last


def test_a_release_that_is_bad_on_a_share_of_the_machines_is_always_bad_on_the_same_ones():
    bad = "at: 1h, publish_extension: {type: A, version: 1.1, unhealthy: {machines: 50%}}"
    run = fleet(bad, machines="machines: 40", retry_after="10min")
    tried = [[state for _, state in told(run, f"A of machines-{k}")] for k in range(40)]
    unhealthy = [states.count("unhealthy/1.1") for states in tried]
    assert {states[-1] for states, n in zip(tried, unhealthy, strict=True) if not n} == {
        "current/1.1"
    }
    assert all(n == 0 or n > 70 for n in unhealthy)
    assert 10 < sum(n > 0 for n in unhealthy) < 30


def test_extensions_that_are_not_enrolled_are_never_touched():
    run = fleet(PUBLISH, [extension("A", more=""), extension("B")])
    assert told(run, A) == []


def test_nothing_happens_without_a_release():
    assert len(fleet("").log) == 0


@pytest.mark.parametrize("most", [1, 2, 3])
def test_attempts_are_counted_anew_after_a_repair(most):
    more = "enable_automatic_upgrade: true, auto_upgrade_minor_version: false"
    bad = "at: 1h, publish_extension: {type: A, version: 1.1, unhealthy: 100%}"
    repair = "at: 12h, repair_extension: {type: A}"
    run = fleet(f"{bad}\n{repair}", [extension(more=more)], max_attempts=most)
    tried = [time for time, state in told(run, A) if state == "unhealthy/1.1"]
    assert sum(time < 12 * H for time in tried) == most
    assert sum(time > 12 * H for time in tried) == most


# A newer release


def test_the_earliest_discovery_installs_the_newest_release_and_the_other_lapses():
    second = "at: 2h, publish_extension: {type: A, version: 1.2}"
    run = fleet(f"{PUBLISH}\n{second}", discovery="5h")
    assert told(run, A) == [
        (6 * H, "installing/1.0"),
        (6 * H + 120, "watching/1.2"),
        (6 * H + 420, "current/1.2"),
    ]
    assert causes(run, A)[0] == "upgrade by publish_extension-1"


def test_one_that_waits_starts_with_the_newest_release():
    more = """at: 1h, publish_extension: {type: B, version: 1.1}
    at: 61min, publish_extension: {type: B, version: 1.2}"""
    run = fleet(f"{PUBLISH}\n{more}", TWO)
    assert [state for _, state in told(run, B)][-2:] == ["watching/1.2", "current/1.2"]


def test_what_is_under_way_finishes_and_goes_on_at_once_with_what_was_discovered_meanwhile():
    second = "at: 61min, publish_extension: {type: A, version: 1.2}"
    run = fleet(f"{PUBLISH}\n{second}")
    assert told(run, A)[2:4] == [(H + 420, "current/1.1"), (H + 420, "installing/1.1")]
    assert told(run, A)[-1] == (H + 840, "current/1.2")


def test_one_that_backs_off_is_upgraded_when_it_discovers_a_newer_release():
    bad = "at: 1h, publish_extension: {type: A, version: 1.1, unhealthy: 100%}"
    second = "at: 90min, publish_extension: {type: A, version: 1.2}"
    run = fleet(f"{bad}\n{second}", retry_after="5h")
    assert told(run, A)[4:] == [
        (1.5 * H, "installing/1.0"),
        (1.5 * H + 120, "watching/1.2"),
        (1.5 * H + 420, "current/1.2"),
    ]


def test_a_retry_that_comes_before_the_discovery_installs_the_newest_release():
    """The discovery of 1.2, at 8100 s, lapses: it was tried at 7380 s, and backs off since."""
    bad = "at: 1h, publish_extension: {type: A, version: 1.1, unhealthy: 100%}"
    second = "at: 105min, publish_extension: {type: A, version: 1.2, unhealthy: 100%}"
    run = fleet(f"{bad}\n{second}", discovery="30min", retry_after="25min", horizon="3h")
    tried = [(time, state) for time, state in told(run, A) if state.startswith("unhealthy")]
    assert [time - 120 for time, _ in tried] == [5400, 7380, 9360]
    assert [state for _, state in tried] == ["unhealthy/1.1", "unhealthy/1.2", "unhealthy/1.2"]


def test_a_discovery_whose_release_was_installed_meanwhile_has_lapsed_for_later_ones_too():
    """1.2 is installed at the discovery of 1.1, at 6 h; its own, at 9 h, has lapsed."""
    operations = f"""{PUBLISH}
    at: 4h, publish_extension: {{type: A, version: 1.2}}
    at: 7h, publish_extension: {{type: A, version: 1.3}}"""
    assert starts(fleet(operations, discovery="5h"), A) == [6 * H, 12 * H]


def test_a_release_discovered_in_a_push_is_due_after_it_where_a_put_asks_for_what_came_back():
    """The rollback at 480 s brings 1.0, which the PUT wants; each later attempt waits an hour."""
    operations = """at: 30min, publish_extension: {type: A, version: 1.1, unhealthy: 100%}
    at: 1h, upgrade_extensions: {targets: {P.A: 1.1}}
    at: 61min, put_extension: {publisher: P, type: A, version: 1.0, enable_automatic_upgrade: true, \
auto_upgrade_minor_version: false}"""
    run = fleet(operations, [extension(more="enable_automatic_upgrade: false")], horizon="4h")
    assert starts(run, A) == [H, H + 480, 2 * H + 960, 3 * H + 1440]
