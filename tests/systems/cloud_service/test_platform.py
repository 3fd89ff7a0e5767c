"""What the platform does by itself: guest and host OS updates, failures of instances and racks."""

from __future__ import annotations

import itertools
import math
import re

import pytest
from story import story

W2 = "W: {instances: 2, restart: 100s}"
NEVER = "at: 59min, rollback: {}"
"""An operation that is refused: nothing is asked for."""


def failing(per_year, recovery="16min", instances=4):
    failures = f"{{per_year: {per_year}, recovery: {recovery}}}"
    return f"W: {{instances: {instances}, restart: 100s, failures: {failures}}}"


def failures(told):
    """(seconds, instance) of the failures."""
    return [
        (float(line.split()[0]), line.split()[1])
        for line in told.lines
        if line.endswith("because failures") and "-> RestartingRole" in line
    ]


# Guest OS and host OS -------------------------------------------------------------------------


def test_a_guest_os_update_restarts_everyone_domain_by_domain_on_the_same_build():
    assert story("at: 10s, guest_os_update: {}").lines == [
        "10 guest_os_update-0 absent -> InProgress because platform",
        "10 upgrade by guest_os_update-0 absent -> upgrading because guest_os_update-0",
        "10 update domain 0 at rest -> updating because upgrade by guest_os_update-0",
        "10 W_IN_0 ReadyRole/1 -> BusyRole/1 because update domain 0",
        "110 W_IN_0 BusyRole/1 -> ReadyRole/1 because update domain 0",
        "110 update domain 0 updating -> at rest because upgrade by guest_os_update-0",
        "110 update domain 1 at rest -> updating because upgrade by guest_os_update-0",
        "110 W_IN_1 ReadyRole/1 -> BusyRole/1 because update domain 1",
        "210 W_IN_1 BusyRole/1 -> ReadyRole/1 because update domain 1",
        "210 update domain 1 updating -> at rest because upgrade by guest_os_update-0",
        "210 upgrade by guest_os_update-0 upgrading -> completed because update domain 1",
        "210 guest_os_update-0 InProgress -> Succeeded because update domain 1",
    ]


def test_a_guest_os_update_may_have_a_time_of_its_own():
    roles = "W: {instances: 2, stages: {stop: 1h}}"
    told = story("at: 10s, guest_os_update: {duration: 30s}", roles)
    assert told.brief("W_IN_0") == ["10 BusyRole/1", "40 ReadyRole/1"]
    assert story("at: 10s, guest_os_update: {}", roles).brief("W_IN_0")[0] == "10 StoppingRole/1"


def test_a_host_os_update_takes_15_to_20_minutes_by_default():
    """Source: "Role instance restarts FAQ"."""
    told = story("at: 10s, host_os_update: {}", "W: {instances: 8, restart: 100s}", domains=1)
    times = [told.ready(f"W_IN_{k}")[0] - 10 for k in range(8)]
    assert all(900 <= each <= 1200 for each in times)
    assert len(set(times)) == 8


def test_the_platforms_updates_are_upgrades_but_no_rollouts():
    told = story("at: 10s, guest_os_update: {}\nat: 20s, host_os_update: {duration: 100s}")
    values, kept = told.model.measure(told.stack, 0.0)
    assert ("", "finished") not in values
    assert kept.all()
    beside = story("at: 10s, guest_os_update: {}\nat: 1000s, upgrade_deployment: {}")
    assert beside.measure("rollout_duration") == 200
    assert beside.status(50)["Locked"] is False


def test_the_platforms_updates_have_a_duration_of_their_own():
    """From the first one's begin to the last one's end; it is no metric where there is none."""
    one = story("at: 10s, guest_os_update: {}")
    assert one.measure("platform_update_duration") == 200
    two = story("at: 10s, guest_os_update: {}\nat: 500s, host_os_update: {duration: 100s}")
    assert two.measure("platform_update_duration") == 690
    beside = story("at: 10s, upgrade_deployment: {}\nat: 50s, guest_os_update: {}")
    assert beside.measure("platform_update_duration") == 360
    with pytest.raises(KeyError):
        story("at: 10s, upgrade_deployment: {}").measure("platform_update_duration")


@pytest.mark.parametrize(
    "operations",
    [
        "at: 3500s, guest_os_update: {}",
        "at: 10s, guest_os_update: {}\nat: 3500s, host_os_update: {duration: 100s}",
        "at: 10s, guest_os_update: {}\nat: {exponential: {mean: 9d}}, guest_os_update: {}",
    ],
)
def test_the_duration_of_platform_updates_is_missing_while_one_has_not_ended(operations):
    assert math.isnan(story(operations).measure("platform_update_duration"))


def test_the_duration_is_a_headline_where_only_the_platform_updates():
    assert "platform_update_duration" in story("at: 10s, guest_os_update: {}").model.headlines
    beside = story("at: 10s, guest_os_update: {}\nat: 20s, upgrade_deployment: {}").model
    assert "rollout_duration" in beside.headlines
    assert "platform_update_duration" not in beside.headlines


def test_an_update_of_the_platform_leaves_each_role_its_build():
    told = story(
        """
        at: 10s, upgrade_deployment: {role_to_upgrade: B}
        at: 600s, guest_os_update: {}
        """,
        "A: {instances: 1, restart: 100s}, B: {instances: 1, restart: 100s}",
    )
    assert told.brief("A_IN_0")[-1] == "700 ReadyRole/1"
    assert told.brief("B_IN_0")[-1] == "700 ReadyRole/2"


def test_an_update_of_the_platform_goes_on_with_its_instances_after_a_swap():
    told = story(
        "at: 10s, guest_os_update: {}\nat: 50s, swap: {}",
        more='staging: {build: "2"}',
    )
    assert told.brief("W_IN_1") == [
        "50 ReadyRole (staging)/1",
        "110 BusyRole (staging)/1",
        "210 ReadyRole (staging)/1",
    ]
    assert told.brief("W_IN_1 (began in staging)") == ["50 ReadyRole/2"]
    assert told.brief("guest_os_update-0")[-1] == "210 Succeeded"


# Failures -------------------------------------------------------------------------------------


def test_a_failed_instance_is_restarting_and_back_on_its_build_after_its_recovery():
    told = story(NEVER, failing(5000, "10min", 1), horizon="1d")
    lines = told.about("W_IN_0")
    assert len(lines) > 4
    for out, back in zip(lines[::2], lines[1::2], strict=False):
        assert out.endswith("W_IN_0 ReadyRole/1 -> RestartingRole/1 because failures")
        assert back.endswith("W_IN_0 RestartingRole/1 -> ReadyRole/1 because failures")
        assert float(back.split()[0]) - float(out.split()[0]) == pytest.approx(600, abs=0.5)
    assert told.measure("instances_failed") == 0


def test_failures_come_as_often_as_said():
    found = failures(story(NEVER, failing(100, "1s", 50), horizon="30d"))
    assert len(found) == pytest.approx(50 * 100 * 30 / 365, rel=0.15)


def test_a_failure_of_a_member_that_is_out_is_ignored_and_moves_no_other():
    """The recovery is longer than most gaps: those that fall into it do nothing."""
    short = failures(story(NEVER, failing(20_000, "1s"), horizon="6h"))
    long = failures(story(NEVER, failing(20_000, "1h"), horizon="6h"))
    assert set(long) < set(short)
    for k in range(4):
        times = [time for time, name in long if name == f"W_IN_{k}"]
        assert all(b - a >= 3600 for a, b in itertools.pairwise(times))


@pytest.mark.parametrize("mode", ["Auto", "Manual", "Simultaneous"])
def test_failures_fall_at_the_same_moments_in_every_mode(mode):
    calm = dict.fromkeys(failures(story(NEVER, failing(20_000, "1s"))))
    rolling = failures(
        story(f"at: 10min, upgrade_deployment: {{mode: {mode}}}", failing(20_000, "1s"))
    )
    assert set(rolling) <= set(calm)
    assert len(rolling) >= len(calm) - 4


def test_an_instance_that_does_not_exist_does_not_fail():
    told = story(
        """
        at: 20min, change_configuration: {configuration: {W: 4}}
        at: 40min, change_configuration: {configuration: {W: 1}}
        """,
        failing(50_000, "1s", 1),
    )
    later = [time for time, name in failures(told) if name != "W_IN_0"]
    assert later
    assert all(1200 < time < 2400 for time in later)


def test_a_suspended_instance_does_not_fail():
    told = story("at: 1s, update_status: {status: Suspended}", failing(50_000, "1s"))
    assert failures(told) == []


def test_a_fault_domain_fails_with_all_its_instances_for_the_same_time():
    told = story(
        NEVER,
        "A: {instances: 4, restart: 100s}, B: {instances: 3, restart: 100s}",
        more="fault_domain_failures: {per_year: 9000, recovery: {uniform: {low: 1min, high: 9min}}}",
        horizon="3h",
    )
    together = {}
    for time, name in failures(told):
        together.setdefault(time, []).append(name)
    assert len(together) > 2
    racks = [["A_IN_0", "A_IN_2", "B_IN_0", "B_IN_2"], ["A_IN_1", "A_IN_3", "B_IN_1"]]
    assert min(map(sorted, together.values())) == racks[0]
    assert all(sorted(names) in racks for names in together.values())
    time, names = next(iter(together.items()))
    backs = {next(each for each in told.ready(name) if each > time) for name in names}
    assert len(backs) == 1


def test_a_fault_domain_without_instances_does_not_fail():
    told = story(
        NEVER,
        "W: {instances: 2, restart: 100s}",
        more="fault_domains: 5\n    fault_domain_failures: {per_year: 50000, recovery: 1min}",
    )
    assert {name for _, name in failures(told)} == {"W_IN_0", "W_IN_1"}


def test_a_single_failure_and_one_of_its_fault_domain_do_not_add_up():
    told = story(
        NEVER,
        failing(9000, "10min", 2),
        more="fault_domains: 1\n    fault_domain_failures: {per_year: 9000, recovery: 10min}",
        horizon="6h",
    )
    for name in ("W_IN_0", "W_IN_1"):
        states = [re.split("[ /]", line)[1] for line in told.brief(name)]
        assert states == ["RestartingRole", "ReadyRole"] * (len(states) // 2) + (
            ["RestartingRole"] if len(states) % 2 else []
        )


def test_failures_count_as_domains_out_whatever_the_cause():
    told = story(NEVER, failing(5000, "20min", 5), domains=5, horizon="1d")
    assert told.measure("max_domains_out") > 1


def test_failures_strike_whoever_is_in_production():
    told = story("at: 30min, swap: {}", failing(50_000, "1s", 2), more='staging: {build: "2"}')
    for line in told.lines:
        if "-> RestartingRole" in line:
            assert ("(began in staging)" in line) == (float(line.split()[0]) > 1800)
