"""Releases of an Arc fleet: whom they reach and when, in which order, and when they are over."""

from __future__ import annotations

import math

import pytest
from arc_story import PUBLISH, causes, extension, fleet, starts, told

A, B, C = (f"{kind} of machines-0" for kind in "ABC")
H, D = 3600.0, 86400.0
BOTH = f"{PUBLISH}\nat: 1h, publish_extension: {{type: B, version: 1.1}}"
TWO = [extension("A"), extension("B")]
MANY = "machines: 200"


def upgrade(run, number=0):
    return told(run, f"upgrade by publish_extension-{number}")


# Whom


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


# When


def test_a_machine_starts_when_it_has_discovered_the_release():
    run = fleet(discovery="3h")
    assert told(run, A)[0] == (4 * H, "installing/1.0")


def test_discovery_is_one_draw_a_machine_for_releases_of_one_instant():
    run = fleet(BOTH, TWO, machines=MANY, discovery="{uniform: {low: 0s, high: 12h}}")
    due = {kind: [told(run, f"{kind} of machines-{k}")[0][0] for k in range(200)] for kind in "AB"}
    assert due["A"] == due["B"]
    assert len(set(due["A"])) == 200


def test_releases_of_two_instants_are_discovered_each_at_a_time_of_its_own():
    second = "at: 61min, publish_extension: {type: B, version: 1.1}"
    run = fleet(
        f"{PUBLISH}\n{second}", TWO, machines=MANY, discovery="{uniform: {low: 0s, high: 12h}}"
    )
    due = [
        [told(run, f"{kind} of machines-{k}")[0][0] - at for k in range(200)]
        for kind, at in (("A", H), ("B", H + 60))
    ]
    assert not set(due[0]) & set(due[1])


def test_extensions_of_one_batch_are_applied_one_after_the_other_in_the_machines_list():
    run = fleet(BOTH, TWO)
    assert starts(run, A) == [H]
    assert told(run, B) == [
        (H, "waiting/1.0"),
        (H + 420, "installing/1.0"),
        (H + 540, "watching/1.1"),
        (H + 840, "current/1.1"),
    ]


def test_what_is_due_first_starts_first_whatever_its_place_in_the_list():
    """C keeps the machine busy until 2:07; B is due at 2:03, A at 2:05."""
    run = fleet(
        """at: 1h, publish_extension: {type: C, version: 1.1}
        at: 63min, publish_extension: {type: B, version: 1.1}
        at: 65min, publish_extension: {type: A, version: 1.1}""",
        [extension(kind) for kind in "ABC"],
        discovery="1h",
    )
    assert [starts(run, name) for name in (C, B, A)] == [[2 * H], [2 * H + 420], [2 * H + 840]]


def test_the_failure_of_one_does_not_stop_the_others():
    bad = "at: 1h, publish_extension: {type: A, version: 1.1, unhealthy: 100%}"
    run = fleet(f"{bad}\nat: 1h, publish_extension: {{type: B, version: 1.1}}", TWO, horizon="2h")
    assert told(run, A)[-1] == (H + 480, "backing_off/1.0")
    assert told(run, B)[1:] == [
        (H + 480, "installing/1.0"),
        (H + 600, "watching/1.1"),
        (H + 900, "current/1.1"),
    ]


def test_a_retry_that_is_due_while_the_machine_is_busy_waits():
    bad = "at: 1h, publish_extension: {type: A, version: 1.1, unhealthy: 100%}"
    b = "at: 2h, publish_extension: {type: B, version: 1.1}"
    run = fleet(f"{bad}\n{b}", TWO, retry_after="54min", horizon="8220s")
    assert starts(run, B) == [2 * H]
    assert told(run, A)[4:6] == [(H + 480 + 3240, "waiting/1.0"), (2 * H + 420, "installing/1.0")]


def test_at_one_instant_what_falls_due_stands_in_line_before_anything_starts():
    """A's retry and B's discovery fall on one instant: A comes first in the list."""
    bad = "at: 1h, publish_extension: {type: A, version: 1.1, unhealthy: 100%}"
    b = "at: 7680s, publish_extension: {type: B, version: 1.1}"
    run = fleet(f"{bad}\n{b}", TWO, horizon="3h")
    assert starts(run, A) == [H, 7680]
    assert told(run, B)[0] == (7680, "waiting/1.0")


# A newer release


def test_a_newer_release_supersedes_the_one_that_is_rolling_out():
    second = "at: 2h, publish_extension: {type: A, version: 1.2}"
    run = fleet(f"{PUBLISH}\n{second}", discovery="5h")
    assert upgrade(run) == [(H, "upgrading"), (2 * H, "superseded")]
    assert causes(run, "upgrade by publish_extension-0")[-1] == "upgrade by publish_extension-1"
    assert told(run, "publish_extension-0")[-1] == (2 * H, "Succeeded")


def test_the_earliest_discovery_installs_the_newest_release_and_the_other_lapses():
    second = "at: 2h, publish_extension: {type: A, version: 1.2}"
    run = fleet(f"{PUBLISH}\n{second}", discovery="5h")
    assert told(run, A) == [
        (6 * H, "installing/1.0"),
        (6 * H + 120, "watching/1.2"),
        (6 * H + 420, "current/1.2"),
    ]
    assert causes(run, A)[0] == "upgrade by publish_extension-1"


def test_a_release_that_has_ended_is_not_superseded():
    second = "at: 2h, publish_extension: {type: A, version: 1.2}"
    run = fleet(f"{PUBLISH}\n{second}")
    assert upgrade(run) == [(H, "upgrading"), (H + 420, "completed")]
    assert upgrade(run, 1) == [(2 * H, "upgrading"), (2 * H + 420, "completed")]


def test_a_release_of_another_type_supersedes_nothing():
    run = fleet(BOTH, TWO, discovery="5h")
    assert [state for _, state in upgrade(run)] == ["upgrading", "completed"]


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


# The end


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


def test_a_release_that_covers_nobody_supersedes_none():
    out = "at: 2h, set_automatic_upgrade: {type: A, group: m, enabled: false}"
    newer = "at: 3h, publish_extension: {type: A, version: 1.2}"
    away = "groups: {m: {count: 1}}"
    run = fleet(f"{PUBLISH}\n{out}\n{newer}", machines=away, discovery="90min")
    assert told(run, "upgrade by publish_extension-0")[-1] == (2 * H, "completed")
    assert told(run, "upgrade by publish_extension-1") == []


# Windows, connections, limits


def test_nothing_starts_outside_the_windows_of_a_release_and_what_is_under_way_finishes():
    at_night = "windows: [{from: '03:00', to: '03:10'}]"
    run = fleet(f"at: 1h, publish_extension: {{type: A, version: 1.1, {at_night}}}")
    assert told(run, A) == [
        (H, "waiting/1.0"),
        (3 * H, "installing/1.0"),
        (3 * H + 120, "watching/1.1"),
        (3 * H + 420, "current/1.1"),
    ]
    two = f"{PUBLISH}\nat: 9500s, publish_extension: {{type: B, version: 1.1, {at_night}}}"
    assert starts(fleet(two, TWO, discovery="18min"), B) == [3 * H]


def test_one_that_waits_for_its_window_lets_another_one_go_first():
    at_night = "windows: [{from: '03:00', to: '03:10'}]"
    operations = f"""at: 1h, publish_extension: {{type: A, version: 1.1, {at_night}}}
    at: 2h, publish_extension: {{type: B, version: 1.1}}"""
    run = fleet(operations, TWO)
    assert (starts(run, A), starts(run, B)) == ([3 * H], [2 * H])


def test_a_window_that_closes_while_the_machine_is_busy_is_missed():
    at_night = "windows: [{from: '01:00', to: '01:05'}]"
    operations = f"""{PUBLISH}
    at: 1h, publish_extension: {{type: B, version: 1.1, {at_night}}}"""
    assert starts(fleet(operations, TWO, horizon="30h"), B) == [25 * H]


def away(count, share="100%", on="8h", off="16h"):
    """Machines of which a share is away at times."""
    times = f"{{share: {share}, on: {on}, off: {off}}}"
    return f"groups: {{m: {{count: {count}, disconnected: {times}}}}}"


def test_a_disconnected_machine_catches_up_when_it_is_back():
    run = fleet(machines=away(60), horizon="3d")
    waited = 0
    for k in range(60):
        gone = [time for time, state in told(run, f"m-{k}") if state == "disconnected"]
        back = [time for time, state in told(run, f"m-{k}") if state == "connected"]
        is_away = any(a <= H < min(b for b in [*back, 9 * D] if b > a) for a in gone)
        (begins,) = starts(run, f"A of m-{k}")
        assert begins == (min(b for b in back if b > H) if is_away else H)
        waited += is_away
    assert 30 < waited < 50


def test_machines_are_away_for_their_share_of_the_time_from_the_start_on():
    run = fleet("", machines=away(3000), horizon="16h")
    assert run.series("by_state:current")[-1][1] == 3000  # they serve all the same
    gone = [run.about(f"m-{k}")[:1] for k in range(3000)]
    at_start = sum(lines != [] and lines[0].startswith("0 ") for lines in gone)
    assert abs(at_start / 3000 - 2 / 3) < 0.03
    assert all(len(lines) for lines in gone)
    assert {line.split(" because ")[1] for (line,) in gone} == {"network"}


def test_only_a_share_of_the_machines_is_ever_away():
    run = fleet("", machines=away(1000, share="30%"), horizon="1d")
    ever = sum(bool(run.about(f"m-{k}")) for k in range(1000))
    assert abs(ever / 1000 - 0.3) < 0.05


def test_what_is_under_way_goes_on_while_the_machine_is_away():
    run = fleet(machines=away(40, on="10min", off="10min"))
    spent = []
    for k in range(40):
        (begins,) = starts(run, f"A of m-{k}")
        ends, state = told(run, f"A of m-{k}")[-1]
        assert (pytest.approx(ends), state) == (begins + 420, "current/1.1")
        leaves = [time for time, state in told(run, f"m-{k}") if state == "disconnected"]
        spent.append(any(begins < time < begins + 420 for time in leaves))
    assert any(spent)


def test_at_most_so_many_machines_are_busy_and_the_others_wait():
    run = fleet(machines="machines: 5", max_concurrent=2)
    assert [starts(run, f"A of machines-{k}")[0] - H for k in range(5)] == [0, 0, 420, 420, 840]
    assert told(run, "A of machines-4")[0] == (H, "waiting/1.0")


def test_a_share_of_machines_rounds_down_but_lets_one_go():
    for share, at_once in (("50%", 2), ("10%", 1)):
        run = fleet(machines="machines: 5", max_concurrent=share)
        begun = [starts(run, f"A of machines-{k}")[0] for k in range(5)]
        assert begun.count(H) == at_once


def test_machines_that_wait_go_by_due_time_then_machine_then_list():
    """One at a time; B's release is due first on both, then A's on both."""
    operations = """at: 1h, publish_extension: {type: B, version: 1.1}
    at: 61min, publish_extension: {type: A, version: 1.1}"""
    run = fleet(operations, TWO, machines="machines: 2", max_concurrent=1)
    order = [("B", 0), ("B", 1), ("A", 0), ("A", 1)]
    begun = [starts(run, f"{kind} of machines-{k}") for kind, k in order]
    assert begun == [[H], [H + 420], [H + 840], [H + 1260]]


def test_a_machine_under_the_limit_counts_whatever_the_release():
    run = fleet(BOTH, TWO, machines="machines: 2", max_concurrent=1)
    order = [("A", 0), ("B", 0), ("A", 1), ("B", 1)]
    assert [starts(run, f"{kind} of machines-{k}")[0] - H for kind, k in order] == [
        0,
        420,
        840,
        1260,
    ]


def test_a_machine_that_is_away_does_not_hold_the_line():
    run = fleet(machines=away(30), max_concurrent=1, horizon="3d")
    begun = sorted(starts(run, f"A of m-{k}")[0] for k in range(30))
    assert begun[0] == H
    assert begun[5] == H + 5 * 420


def test_a_discovery_whose_release_was_installed_meanwhile_has_lapsed_for_later_ones_too():
    """1.2 is installed at the discovery of 1.1, at 6 h; its own, at 9 h, has lapsed."""
    operations = f"""{PUBLISH}
    at: 4h, publish_extension: {{type: A, version: 1.2}}
    at: 7h, publish_extension: {{type: A, version: 1.3}}"""
    assert starts(fleet(operations, discovery="5h"), A) == [6 * H, 12 * H]
