"""What operators ask of an Arc fleet: opting in and out, puts, pushes, repairs, and their ends."""

from __future__ import annotations

import pytest
from arc_story import PUBLISH, causes, extension, fleet, starts, told

A, B = "A of machines-0", "B of machines-0"
H = 3600.0
BAD = "at: 1h, publish_extension: {type: A, version: 1.1, unhealthy: 100%}"
OPT_OUT = "set_automatic_upgrade: {type: A, enabled: false}"
OPT_IN = "set_automatic_upgrade: {type: A, enabled: true}"
TWO = [extension("A"), extension("B")]
OUT = [extension(more="")]


def put(version, more="", kind="A"):
    return f"put_extension: {{publisher: P, type: {kind}, version: {version}{more}}}"


def push(version, kind="A", more=""):
    return f"upgrade_extensions: {{targets: {{P.{kind}: {version}}}{more}}}"


def ended(run, name):
    """When an operation succeeded; None while it is in progress."""
    rows = told(run, name)
    assert rows[0][1] == "InProgress"
    return rows[1][0] if rows[1:] and rows[1][1] == "Succeeded" else None


# Opting out and in


def test_opted_out_before_it_is_discovered_a_release_is_not_installed():
    run = fleet(f"{PUBLISH}\nat: 2h, {OPT_OUT}", discovery="3h")
    assert told(run, A) == []
    assert told(run, "upgrade by publish_extension-0")[-1] == (2 * H, "completed")
    assert causes(run, "upgrade by publish_extension-0")[-1] == "set_automatic_upgrade-0"


def test_what_is_under_way_finishes_when_it_is_opted_out():
    run = fleet(f"{PUBLISH}\nat: 61min, {OPT_OUT}")
    assert told(run, A)[-1] == (H + 420, "current/1.1")


def test_what_waits_does_not_start_when_it_is_opted_out():
    b = "at: 1h, publish_extension: {type: B, version: 1.1}"
    out = "set_automatic_upgrade: {type: B, enabled: false}"
    run = fleet(f"{PUBLISH}\n{b}\nat: 61min, {out}", TWO)
    assert told(run, B) == [(H, "waiting/1.0"), (H + 60, "current/1.0")]
    assert causes(run, B)[-1] == "set_automatic_upgrade-0"


def test_what_backs_off_is_not_tried_again_when_it_is_opted_out():
    run = fleet(f"{BAD}\nat: 90min, {OPT_OUT}")
    assert told(run, A)[-1] == (1.5 * H, "current/1.0")


def test_what_fails_after_it_was_opted_out_comes_to_rest_on_its_former_version():
    run = fleet(f"{BAD}\nat: 61min, {OPT_OUT}")
    assert told(run, A)[-1] == (H + 480, "current/1.0")


def test_opting_in_starts_a_discovery_of_the_newest_release():
    later = "at: 2h, publish_extension: {type: A, version: 1.2}"
    run = fleet(f"{PUBLISH}\n{later}\nat: 5h, {OPT_IN}", OUT, discovery="1h")
    assert told(run, A)[0] == (6 * H, "installing/1.0")
    assert told(run, A)[-1] == (6 * H + 420, "current/1.2")
    assert set(causes(run, A)) == {"upgrade by publish_extension-1"}


def test_opting_in_discovers_anew_and_what_was_planned_before_has_lapsed():
    operations = f"{PUBLISH}\nat: 2h, {OPT_OUT}\nat: 3h, {OPT_IN}"
    assert starts(fleet(operations, discovery="4h"), A) == [7 * H]


def test_opting_in_what_is_in_already_changes_nothing():
    run = fleet(f"{PUBLISH}\nat: 2h, {OPT_IN}", discovery="3h")
    assert starts(run, A) == [4 * H]


def test_opting_in_what_is_up_to_date_installs_nothing():
    run = fleet(f"{PUBLISH}\nat: 5h, {OPT_OUT}\nat: 6h, {OPT_IN}")
    assert starts(run, A) == [H]


def test_a_group_is_opted_out_by_itself():
    machines = "groups: {m: {count: 1}, n: {count: 1}}"
    out = "set_automatic_upgrade: {type: A, group: m, enabled: false}"
    run = fleet(f"at: 1min, {out}\n{PUBLISH}", machines=machines)
    assert told(run, "A of m-0") == []
    assert told(run, "A of n-0")[-1] == (H + 420, "current/1.1")


def test_one_that_is_opted_in_during_a_rollout_is_waited_for():
    machines = "groups: {m: {count: 1}, n: {count: 1}}"
    out = "set_automatic_upgrade: {type: A, group: m, enabled: false}"
    back = "set_automatic_upgrade: {type: A, group: m, enabled: true}"
    run = fleet(f"at: 1min, {out}\n{PUBLISH}\nat: 2h, {back}", machines=machines, discovery="2h")
    assert told(run, "upgrade by publish_extension-0") == [
        (H, "upgrading"),
        (4 * H + 420, "completed"),
    ]


# Puts


def test_a_put_installs_the_version_that_it_names_and_ends_with_it():
    run = fleet(f"at: 2h, {put('1.5')}", OUT)
    assert told(run, A) == [
        (2 * H, "installing/1.0"),
        (2 * H + 120, "watching/1.5"),
        (2 * H + 420, "current/1.5"),
    ]
    assert set(causes(run, A)) == {"put_extension-0"}
    assert ended(run, "put_extension-0") == 2 * H + 420
    assert causes(run, "put_extension-0")[-1] == A


def test_a_put_may_name_an_older_or_another_major_version():
    for version in ("0.9", "2.0"):
        assert told(fleet(f"at: 2h, {put(version)}", OUT), A)[-1][1] == f"current/{version}"


def test_a_put_of_the_version_that_is_there_installs_nothing():
    run = fleet(f"at: 2h, {put('1.0.0')}", OUT)
    assert told(run, A) == []
    assert ended(run, "put_extension-0") == 2 * H


def test_a_put_picks_the_newest_minor_version_unless_told_not_to():
    operations = f"at: 1h, publish_extension: {{type: A, version: 1.7.2}}\nat: 2h, {put('1.5')}"
    assert told(fleet(operations, OUT), A)[-1][1] == "current/1.7.2"
    as_written = operations[:-1] + ", auto_upgrade_minor_version: false}"
    assert told(fleet(as_written, OUT), A)[-1][1] == "current/1.5"


def test_a_partial_version_is_its_newest_release_that_is_known():
    more = ", auto_upgrade_minor_version: false"
    operations = f"""at: 1h, publish_extension: {{type: A, version: 1.5.3}}
    at: 2h, {put("1.5", more)}
    at: 3h, publish_extension: {{type: A, version: 1.5.9}}"""
    assert told(fleet(operations, OUT), A)[-1][1] == "current/1.5.3"


def test_a_put_creates_what_is_not_there():
    run = fleet(f"at: 2h, {put('2.1', kind='B')}", OUT)
    assert run.about(B)[0].startswith("7200 B of machines-0 absent -> installing/2.1 because put")
    assert told(run, B)[-1] == (2 * H + 420, "current/2.1")


def test_what_is_created_and_turns_out_unhealthy_has_failed_as_there_is_no_former_version():
    run = fleet(f"at: 2h, {put('2.1', kind='B')}", OUT, unhealthy="100%")
    assert told(run, B)[-2:] == [(2 * H + 120, "unhealthy/2.1"), (2 * H + 420, "failed/2.1")]


def test_what_is_yet_to_be_created_is_absent_while_its_machine_is_busy():
    run = fleet(f"{PUBLISH}\nat: 61min, {put('2.1', kind='B')}")
    assert run.about(B)[0].startswith(f"{H + 420:g} B of machines-0 absent -> installing/2.1")


def test_a_put_may_enrol_what_it_creates():
    more = ", enable_automatic_upgrade: true"
    operations = f"""at: 2h, {put("2.0", more, kind="B")}
    at: 5h, publish_extension: {{type: B, version: 2.1}}"""
    assert told(fleet(operations, OUT), B)[-1] == (5 * H + 420, "current/2.1")


def test_what_a_put_enrols_below_the_newest_release_is_upgraded_after_a_discovery():
    more = ", enable_automatic_upgrade: true, auto_upgrade_minor_version: false"
    run = fleet(
        f"{PUBLISH}\nat: 2h, {put('0.5', more)}\nat: 5h, {put('1.0', more)}", OUT, discovery="1h"
    )
    assert starts(run, A) == [2 * H, 5 * H, 6 * H + 420]
    assert told(run, A)[-1] == (6 * H + 840, "current/1.1")


def test_a_put_that_does_not_ask_for_automatic_upgrades_opts_out():
    run = fleet(f"at: 30min, {put('1.0')}\n{PUBLISH}")
    assert told(run, A) == []


@pytest.mark.parametrize("version", ["1.0", "1.1"])
def test_a_put_installs_anew_what_is_failed_whatever_version_that_has(version):
    as_written = ", auto_upgrade_minor_version: false"
    later = "at: 2h, publish_extension: {type: A, version: 1.1, unhealthy: 0%}"
    faults = "unhealthy: {machines: 100%}"
    bad = BAD.replace("unhealthy: 100%", faults)
    run = fleet(f"{bad}\n{later}\nat: 3h, {put(version, as_written)}", **FAILED)
    assert told(run, A)[3:6] == [
        (H + 480, "failed/1.1"),
        (3 * H, f"installing/{version}"),
        (3 * H + 120, f"{'watching' if version == '1.0' else 'unhealthy'}/{version}"),
    ]
    # There is nothing to go back to.
    ends = "current/1.0" if version == "1.0" else "failed/1.1"
    assert told(run, A)[6:] == [(3 * H + 420, ends)]
    assert ended(run, "put_extension-0") == 3 * H + 420


def test_what_was_tried_too_often_is_installed_anew_by_a_put_of_the_version_that_it_has():
    as_written = ", auto_upgrade_minor_version: false"
    run = fleet(f"{BAD}\nat: 3h, {put('1.0', as_written)}", max_attempts=1)
    assert told(run, A)[3:] == [
        (H + 480, "failed/1.0"),
        (3 * H, "installing/1.0"),
        (3 * H + 120, "watching/1.0"),
        (3 * H + 420, "current/1.0"),
    ]


def test_a_put_that_comes_while_an_attempt_fails_for_good_installs_anew_after_it():
    as_written = ", auto_upgrade_minor_version: false"
    run = fleet(f"{BAD}\nat: 61min, {put('1.0', as_written)}", **FAILED)
    assert told(run, A)[3:5] == [(H + 480, "failed/1.1"), (H + 480, "installing/1.0")]
    assert told(run, A)[-1] == (H + 900, "current/1.0")


def test_a_later_put_overtakes_one_that_has_not_begun():
    operations = f"{PUBLISH}\nat: 61min, {put('1.5')}\nat: 62min, {put('1.6')}"
    run = fleet(operations)
    assert told(run, A)[-1] == (H + 840, "current/1.6")
    assert ended(run, "put_extension-0") == H + 120
    assert ended(run, "put_extension-1") == H + 840


def test_a_put_of_what_is_just_being_installed_ends_with_that():
    run = fleet(f"{PUBLISH}\nat: 61min, {put('1.1')}")
    assert starts(run, A) == [H]
    assert ended(run, "put_extension-0") == H + 420


# Pushes


def test_a_push_installs_at_once_what_is_enrolled_and_what_is_not():
    for extensions in (OUT, None):
        run = fleet(f"at: 2h, {push('1.5')}", extensions, discovery="5h")
        assert told(run, A)[-1] == (2 * H + 420, "current/1.5")
        assert set(causes(run, A)) == {"upgrade by upgrade_extensions-0"}
        assert told(run, "upgrade by upgrade_extensions-0") == [
            (2 * H, "upgrading"),
            (2 * H + 420, "completed"),
        ]
        assert ended(run, "upgrade_extensions-0") == 2 * H + 420


def test_a_push_of_an_older_version_goes_back():
    run = fleet(f"at: 2h, {push('0.9')}", OUT)
    assert told(run, A)[-1] == (2 * H + 420, "current/0.9")


def test_an_enrolled_extension_that_was_pushed_back_discovers_the_newest_release_again():
    run = fleet(f"{PUBLISH}\nat: 5h, {push('1.0')}", discovery="1h")
    assert starts(run, A) == [2 * H, 5 * H, 6 * H + 420]
    assert told(run, A)[-1][1] == "current/1.1"


def test_a_push_names_several_extensions_which_go_one_after_the_other():
    run = fleet("at: 2h, upgrade_extensions: {targets: {P.A: 1.5, p.b: 1.6}}", TWO)
    assert told(run, A)[-1] == (2 * H + 420, "current/1.5")
    assert told(run, B)[-1] == (2 * H + 840, "current/1.6")
    assert ended(run, "upgrade_extensions-0") == 2 * H + 840


def test_a_push_that_fails_is_rolled_back_and_not_tried_again():
    run = fleet(f"at: 2h, {push('1.5')}", OUT, unhealthy="100%")
    assert told(run, A)[-1] == (2 * H + 480, "current/1.0")
    assert ended(run, "upgrade_extensions-0") == 2 * H + 480


def test_a_push_that_is_rolled_back_anywhere_has_failed_and_is_not_finished():
    run = fleet(f"at: 2h, {push('1.5')}", OUT, unhealthy="100%")
    assert told(run, "upgrade by upgrade_extensions-0")[-1] == (2 * H + 480, "failed")
    assert (run.measure("finished"), run.measure("updated_share")) == (0, 0)
    assert run.measure("ended_in") == 480


def test_a_push_that_a_put_overtakes_is_superseded_and_not_finished():
    run = fleet(f"{PUBLISH}\nat: 61min, {push('1.5')}\nat: 62min, {put('1.6')}")
    assert told(run, "upgrade by upgrade_extensions-0")[-1] == (H + 120, "superseded")
    assert run.measure("finished") == 0


def test_a_push_installs_anew_what_is_failed():
    run = fleet(f"{BAD}\nat: 2h, {OPT_OUT}\nat: 3h, {push('1.0')}", **FAILED)
    assert told(run, A)[3:] == [
        (H + 480, "failed/1.1"),
        (3 * H, "installing/1.0"),
        (3 * H + 120, "watching/1.0"),
        (3 * H + 420, "current/1.0"),
    ]
    assert told(run, "upgrade by upgrade_extensions-0")[-1] == (3 * H + 420, "completed")
    assert run.measure("stuck_machines") == 0
    assert run.measure("attempts_mean") == 2


def test_a_version_is_as_bad_pushed_as_it_was_published():
    run = fleet(f"{BAD}\nat: 2h, {push('1.1')}", OUT)
    assert told(run, A)[-1] == (2 * H + 480, "current/1.0")


def test_after_a_push_that_fails_an_enrolled_extension_is_tried_again_with_the_newest_release():
    run = fleet(f"{BAD}\nat: 90min, {push('1.1')}", retry_after="3h", horizon="5h")
    assert told(run, A)[7] == (1.5 * H + 480, "backing_off/1.0")
    assert told(run, A)[8] == (4.5 * H + 480, "installing/1.0")


def test_a_push_takes_the_place_of_what_waits():
    b = "at: 1h, publish_extension: {type: B, version: 1.1}"
    run = fleet(f"{PUBLISH}\n{b}\nat: 61min, {push('1.5', 'B')}", TWO)
    assert starts(run, B) == [H + 420]
    assert told(run, B)[-1] == (H + 840, "current/1.5")


def test_a_push_keeps_to_its_windows():
    windows = ", windows: [{from: '03:00', to: '04:00'}]"
    assert starts(fleet(f"at: 2h, {push('1.5', more=windows)}"), A) == [3 * H]


def test_a_push_waits_for_a_machine_that_is_away():
    machines = "groups: {m: {count: 30, disconnected: {share: 100%, on: 5h, off: 5h}}}"
    run = fleet(f"at: 2h, {push('1.5')}", machines=machines)
    begun = [starts(run, f"A of m-{k}")[0] for k in range(30)]
    assert min(begun) == 2 * H
    assert max(begun) <= 7 * H
    assert ended(run, "upgrade_extensions-0") == pytest.approx(max(begun) + 420)


def test_a_push_goes_only_to_its_group():
    machines = "groups: {m: {count: 1}, n: {count: 1}}"
    run = fleet(f"at: 2h, {push('1.5', more=', group: m')}", machines=machines)
    assert told(run, "A of m-0")[-1][1] == "current/1.5"
    assert told(run, "A of n-0") == []


def test_a_partial_version_may_be_known_from_machines_of_another_group():
    extensions = [extension("A", "1.1.5", "groups: [m]"), extension("A", "1.0", "groups: [n]")]
    machines = "groups: {m: {count: 1}, n: {count: 1}}"
    run = fleet(f"at: 2h, {push('1.1', more=', group: n')}", extensions, machines=machines)
    assert told(run, "A of n-0")[-1][1] == "current/1.1.5"
    assert run.measure("updated_share") == 1


# Repairs


FAILED = {"rollback_fails": "100%"}


def test_a_repair_installs_again_what_is_failed():
    run = fleet(
        f"{PUBLISH[:-1]}, unhealthy: 100%}}\nat: 90min, publish_extension: {{type: A, "
        "version: 1.2, unhealthy: 0%}\nat: 3h, repair_extension: {type: A}",
        **FAILED,
    )
    assert told(run, A)[3:] == [
        (H + 480, "failed/1.1"),
        (3 * H, "installing/1.2"),
        (3 * H + 120, "watching/1.2"),
        (3 * H + 420, "current/1.2"),
    ]
    assert set(causes(run, A)[4:]) == {"repair_extension-0"}
    assert ended(run, "repair_extension-0") == 3 * H + 420


def test_a_repair_without_the_newest_minor_version_installs_the_same_again():
    fixed = "at: 90min, publish_extension: {type: A, version: 1.2}"
    more = "enable_automatic_upgrade: true, auto_upgrade_minor_version: false"
    run = fleet(
        f"{BAD}\n{fixed}\nat: 3h, repair_extension: {{type: A}}", [extension(more=more)], **FAILED
    )
    assert [state for _, state in told(run, A)][4:6] == ["installing/1.1", "unhealthy/1.1"]


def test_a_repair_that_turns_out_unhealthy_has_failed_again():
    run = fleet(f"{BAD}\nat: 3h, repair_extension: {{type: A}}", **FAILED)
    assert told(run, A)[-1] == (3 * H + 420, "failed/1.1")


def test_a_repair_touches_only_what_is_failed():
    run = fleet(f"{PUBLISH}\nat: 3h, repair_extension: {{type: A}}")
    assert starts(run, A) == [H]
    assert ended(run, "repair_extension-0") == 3 * H


def test_what_is_repaired_gets_releases_again():
    later = "at: 5h, publish_extension: {type: A, version: 1.3}"
    operations = f"{BAD}\nat: 2h, publish_extension: {{type: A, version: 1.2}}"
    run = fleet(f"{operations}\nat: 3h, repair_extension: {{type: A}}\n{later}", **FAILED)
    assert told(run, A)[-1] == (5 * H + 420, "current/1.3")


def test_what_waits_for_its_repair_stays_failed():
    """B keeps the machine busy from 2:58 to 3:05."""
    b = "at: 10680s, publish_extension: {type: B, version: 1.1}"
    fixed = "at: 2h, publish_extension: {type: A, version: 1.2}"
    run = fleet(f"{BAD}\n{fixed}\n{b}\nat: 3h, repair_extension: {{type: A}}", TWO, **FAILED)
    assert told(run, A)[4] == (10680 + 420, "installing/1.2")


# Refusals


@pytest.mark.parametrize(
    "operation",
    [
        "set_automatic_upgrade: {publisher: P, type: B, enabled: false}",
        "repair_extension: {publisher: P, type: B}",
        push("1.5", "B"),
    ],
)
def test_a_request_for_what_is_not_there_yet_is_refused_and_changes_nothing(operation):
    run = fleet(f"at: 1h, {operation}\nat: 2h, {put('1.0', kind='B')}", OUT)
    name = operation.split(":")[0] + "-0"
    assert told(run, name) == [(H, "Refused/no such extension")]
    assert run.operation(name)["http_status"] == 404
    assert told(run, B)[0][0] == 2 * H


def test_enrolling_a_type_that_is_not_supported_is_refused():
    run = fleet(
        f"at: 1h, {OPT_IN.replace('A', 'D')}\n{PUBLISH}", [extension("D", more=""), extension()]
    )
    assert told(run, "set_automatic_upgrade-0") == [(H, "Refused/not supported")]


def test_an_operation_at_the_horizon_is_taken_and_a_later_one_is_not_sent():
    late = "{uniform: {low: 23h, high: 99d}}"
    run = fleet(f"at: 1d, {push('1.5')}\nat: {late}, {push('1.6')}")
    assert told(run, A) == [(24 * H, "installing/1.0")]
    assert told(run, "upgrade_extensions-1") == []


def test_a_random_time_of_an_operation_is_drawn_by_its_name():
    at = "at: {uniform: {low: 1h, high: 5h}}"
    run = fleet(f"{at}, {push('1.5')}")
    other = fleet(
        f"at: 10h, {push('1.7')}\n{at}, name: upgrade_extensions-0, {push('1.5')}".replace(
            "at: 10h", "at: 10h, name: other"
        )
    )
    assert told(run, "upgrade_extensions-0")[0] == told(other, "upgrade_extensions-0")[0]


def test_opting_in_where_nothing_is_newer_starts_no_discovery():
    operations = """at: 1h, set_automatic_upgrade: {type: A, enabled: true}
    at: 170min, publish_extension: {type: A, version: 1.1}"""
    run = fleet(operations, [extension(more="")], discovery="2h")
    assert starts(run, A) == [170 * 60 + 2 * H]
