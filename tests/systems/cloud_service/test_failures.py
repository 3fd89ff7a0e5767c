"""Failures of instances and of racks, which go on whatever an upgrade does."""

from __future__ import annotations

import itertools
import re

import pytest
from story import story

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
        if " because failure" in line and "-> RestartingRole" in line
    ]


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
    causes = {line.split(" because ")[1] for line in told.lines if "-> RestartingRole" in line}
    assert causes == {"failure of fault domain 0", "failure of fault domain 1"}


RACKS = "fault_domain_failures: {per_year: 20000, recovery: 1min}"


def test_only_a_failed_fault_domain_loses_local_data_and_of_each_instance_once():
    """Source: "Disk partition preservation"."""
    keeping = failing(20_000).replace("W: {", "W: {local_storage: true, ")
    assert failures(story(NEVER, keeping))
    assert story(NEVER, keeping).measure("local_data_lost") == 0
    roles = "A: {instances: 3, local_storage: true}, B: {instances: 2}"
    told = story(NEVER, roles, more=RACKS)
    assert len(failures(told)) > len({name for _, name in failures(told)}) == 5
    assert told.measure("local_data_lost") == 3


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


def test_failures_befall_whoever_is_in_production():
    told = story("at: 30min, swap: {}", failing(50_000, "1s", 2), more='staging: {build: "2"}')
    for line in told.lines:
        if "-> RestartingRole" in line:
            assert ("(began in staging)" in line) == (float(line.split()[0]) > 1800)
