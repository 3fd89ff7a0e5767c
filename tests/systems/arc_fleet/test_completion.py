"""When a release has ended, and how: completed, failed, superseded."""

from __future__ import annotations

import math

import pytest
from arc_story import PUBLISH, causes, extension, fleet, told

H = 3600.0
BOTH = f"{PUBLISH}\nat: 1h, publish_extension: {{type: B, version: 1.1}}"
TWO = [extension("A"), extension("B")]


def upgrade(run, number=0):
    return told(run, f"upgrade by publish_extension-{number}")


def test_a_newer_release_supersedes_the_one_that_is_rolling_out():
    second = "at: 2h, publish_extension: {type: A, version: 1.2}"
    run = fleet(f"{PUBLISH}\n{second}", discovery="5h")
    assert upgrade(run) == [(H, "upgrading"), (2 * H, "superseded")]
    assert causes(run, "upgrade by publish_extension-0")[-1] == "upgrade by publish_extension-1"
    assert told(run, "publish_extension-0")[-1] == (2 * H, "Succeeded")


def test_a_release_that_has_ended_is_not_superseded():
    second = "at: 2h, publish_extension: {type: A, version: 1.2}"
    run = fleet(f"{PUBLISH}\n{second}")
    assert upgrade(run) == [(H, "upgrading"), (H + 420, "completed")]
    assert upgrade(run, 1) == [(2 * H, "upgrading"), (2 * H + 420, "completed")]


def test_a_release_of_another_type_supersedes_nothing():
    run = fleet(BOTH, TWO, discovery="5h")
    assert [state for _, state in upgrade(run)] == ["upgrading", "completed"]


def test_a_release_is_complete_when_the_last_machine_is_up_to_date():
    run = fleet(machines="machines: 30", discovery="{uniform: {low: 0s, high: 12h}}")
    last = max(told(run, f"A of machines-{k}")[-1][0] for k in range(30))
    assert upgrade(run) == [(H, "upgrading"), (last, "completed")]
    assert told(run, "publish_extension-0")[-1] == (last, "Succeeded")
    (cause,) = causes(run, "upgrade by publish_extension-0")[1:]
    assert told(run, cause)[-1] == (last, "current/1.1")


@pytest.mark.parametrize("keys", [{"rollback_fails": "100%"}, {"max_attempts": 1}])
def test_one_that_is_failed_is_not_waited_for_and_its_release_has_failed(keys):
    bad = "at: 1h, publish_extension: {type: A, version: 1.1, unhealthy: 100%}"
    run = fleet(bad, **keys)
    assert upgrade(run)[-1] == (H + 480, "failed")
    assert (run.measure("finished"), run.measure("ended_in")) == (0, 480)


def test_a_release_has_failed_with_one_that_was_failed_before_it_and_nothing_replaces():
    bad = "at: 1h, publish_extension: {type: A, version: 1.1, unhealthy: 100%}"
    run = fleet(
        f"{bad}\nat: 3h, publish_extension: {{type: A, version: 1.2}}", rollback_fails="100%"
    )
    assert told(run, "upgrade by publish_extension-1") == [(3 * H, "upgrading"), (3 * H, "failed")]


def test_a_release_with_one_that_is_failed_and_was_mended_before_its_end_is_completed():
    bad = "at: 1h, publish_extension: {type: A, version: 1.1, unhealthy: {machines: 50%}}"
    fixed = "at: 3h, publish_extension: {type: A, version: 1.2}"
    repair = "at: 3h, repair_extension: {type: A}"
    run = fleet(f"{bad}\n{fixed}\n{repair}", machines="machines: 8", rollback_fails="100%")
    assert told(run, "upgrade by publish_extension-0")[-1][1] == "failed"
    assert told(run, "upgrade by publish_extension-1")[-1] == (3 * H + 420, "completed")
    assert run.measure("finished") == 1


def test_one_that_backs_off_is_waited_for():
    bad = "at: 1h, publish_extension: {type: A, version: 1.1, unhealthy: 100%}"
    assert upgrade(fleet(bad)) == [(H, "upgrading")]


def test_a_release_that_covers_nobody_begins_no_rollout():
    pushed = f"at: 30min, upgrade_extensions: {{targets: {{P.A: 1.2}}}}\n{PUBLISH}"
    for operations, extensions in ((PUBLISH, [extension(more="")]), (pushed, None)):
        run = fleet(operations, extensions)
        assert upgrade(run) == []
        assert told(run, "publish_extension-0") == [(H, "InProgress"), (H, "Succeeded")]
    assert run.measure("finished") == 1  # the push


def test_where_nobody_is_covered_nothing_is_finished_nor_any_promise_kept():
    run = fleet(PUBLISH, [extension(more="")])
    assert (run.measure("finished"), run.measure("updated_share")) == (0, 0)
    assert math.isnan(run.measure("rollout_duration"))
    assert math.isnan(run.measure("time_to_50"))
    assert not run.rollouts_ended
    assert run.series("up_to_date") == [(0, 1), (H, 0)]


OPT_OUT = "at: 90min, set_automatic_upgrade: {type: A, group: machines, enabled: false}"


def test_a_release_whose_machines_are_all_opted_out_before_they_hear_of_it_took_nobody():
    run = fleet(f"{PUBLISH}\n{OPT_OUT}", discovery="1h")
    assert upgrade(run) == [(H, "upgrading"), (1.5 * H, "completed")]
    assert (run.measure("finished"), run.rollouts_ended) == (0, False)
    some = fleet(f"{PUBLISH}\n{OPT_OUT}", discovery="10min")
    assert (some.measure("finished"), some.rollouts_ended) == (1, True)


def test_a_release_of_which_no_machine_is_left_to_upgrade_is_done():
    pushed = "at: 70min, upgrade_extensions: {targets: {P.A: 1.1}}"
    run = fleet(f"{PUBLISH}\n{pushed}", discovery="1h")
    assert upgrade(run)[-1][1] == "completed"
    assert run.rollouts_ended


def test_a_release_that_covers_nobody_supersedes_none():
    out = "at: 2h, set_automatic_upgrade: {type: A, group: m, enabled: false}"
    newer = "at: 3h, publish_extension: {type: A, version: 1.2}"
    away = "groups: {m: {count: 1}}"
    run = fleet(f"{PUBLISH}\n{out}\n{newer}", machines=away, discovery="90min")
    assert told(run, "upgrade by publish_extension-0")[-1] == (2 * H, "completed")
    assert told(run, "upgrade by publish_extension-1") == []
