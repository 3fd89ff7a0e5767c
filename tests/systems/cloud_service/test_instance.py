"""The life of a role instance: stages, attempts, faults, failures, and which end counts."""

from __future__ import annotations

import pytest
from story import story

W1 = "W: {instances: 1, restart: 100s}"
FAILING = 'builds: {"2": {fails_to_start: 50%}}'
NEVER = 'builds: {"2": {fails_to_start: 100%}}'
LATENT = 'builds: {"2": {unhealthy_later: {probability: 100%, after: 10min}}}'
UPGRADE = "at: 10s, upgrade_deployment: {}"


# Restarts -------------------------------------------------------------------------------------


def test_a_single_restart_is_spent_in_busy_role():
    assert story(UPGRADE, W1).about("W_IN_0") == [
        "10 W_IN_0 ReadyRole/1 -> BusyRole/2 because update domain 0",
        "110 W_IN_0 BusyRole/2 -> ReadyRole/2 because update domain 0",
    ]


def test_stages_have_their_own_statuses_and_times():
    roles = "W: {instances: 1, stages: {stop: 10s, apply: 20s, start: 30s, on_start: 40s}}"
    assert story(UPGRADE, roles).brief("W_IN_0") == [
        "10 StoppingRole/2",
        "20 StoppingVM/2",
        "40 StartingRole/2",
        "70 BusyRole/2",
        "110 ReadyRole/2",
    ]


def test_a_stage_left_out_takes_no_time():
    roles = "W: {instances: 1, stages: {apply: 20s}}"
    assert story(UPGRADE, roles).brief("W_IN_0") == [
        "10 StoppingRole/2",
        "10 StoppingVM/2",
        "30 StartingRole/2",
        "30 BusyRole/2",
        "30 ReadyRole/2",
    ]


@pytest.mark.parametrize("kind", ["reboot_instance", "reimage_instance"])
def test_reboot_and_reimage_take_the_roles_restart_on_the_same_build(kind):
    told = story(f"at: 10s, {kind}: {{instance: W_IN_1}}")
    assert told.lines == [
        f"10 {kind}-0 absent -> InProgress because the scenario",
        f"10 W_IN_1 ReadyRole/1 -> BusyRole/1 because {kind}-0",
        f"110 W_IN_1 BusyRole/1 -> ReadyRole/1 because {kind}-0",
        f"110 {kind}-0 InProgress -> Succeeded because {kind}-0",
    ]


def test_a_reboot_goes_through_the_stages():
    roles = "W: {instances: 1, stages: {stop: 10s, on_start: 40s}}"
    told = story("at: 10s, reboot_instance: {instance: W_IN_0}", roles)
    assert told.brief("W_IN_0")[0] == "10 StoppingRole/1"
    assert told.ready("W_IN_0") == [60]


def test_a_restart_that_is_overtaken_is_abandoned():
    told = story(
        """
        at: 10s, reboot_instance: {instance: W_IN_0}
        at: 50s, reboot_instance: {instance: W_IN_0}
        """,
        W1,
    )
    assert told.brief("W_IN_0") == ["10 BusyRole/1", "50 BusyRole/1", "150 ReadyRole/1"]
    # Both asked for an instance that is Ready again, and both have it.
    assert told.brief("reboot_instance-0")[-1] == "150 Succeeded"
    assert told.brief("reboot_instance-1")[-1] == "150 Succeeded"


def test_instances_of_one_instant_come_back_in_order_of_number():
    told = story(UPGRADE, "B: {instances: 2, restart: 100s}, A: {instances: 2, restart: 100s}")
    rows = [line.split()[1] for line in told.lines if line.startswith("110 ") and "Ready" in line]
    assert rows[:2] == ["A_IN_0", "B_IN_0"]


# Attempts that fail ---------------------------------------------------------------------------


def attempts(told, first, each):
    """How many further attempts every instance needed, from the instants at which it is Ready."""
    counts = []
    for domain in ("0", "1", "2", "3", "4"):
        instance = f"W_IN_{domain}"
        took = told.ready(instance)[0] - told.taken_at(instance) - first
        assert took % each == 0
        cycled = [line for line in told.brief(instance) if "CyclingRole" in line]
        assert len(cycled) == (took > 0)  # a retry stays CyclingRole to its end
        counts.append(took / each)
    return counts


def test_a_failed_start_is_tried_again_by_the_whole_restart_on_the_new_build():
    told = story(UPGRADE, "W: {instances: 5, restart: 100s}", domains=5, more=FAILING)
    assert max(attempts(told, 100, 100)) > 1
    failed = next(line for line in told.lines if "CyclingRole" in line)
    assert failed.endswith("BusyRole/2 -> CyclingRole/2 because build 2")


def test_with_stages_a_further_attempt_is_start_and_on_start():
    stages = "{stop: 10s, apply: 20s, start: 30s, on_start: 40s}"
    told = story(UPGRADE, f"W: {{instances: 5, stages: {stages}}}", domains=5, more=FAILING)
    assert max(attempts(told, 100, 70)) > 1


def test_a_build_that_never_starts_cycles_for_ever():
    told = story(UPGRADE, W1, more=NEVER)
    assert told.brief("W_IN_0") == ["10 BusyRole/2", "110 CyclingRole/2"]


def test_attempts_that_take_no_time_come_to_an_end():
    told = story(UPGRADE, "W: {instances: 1, stages: {stop: 10s}}", more=NEVER)
    assert told.brief("W_IN_0")[-1] == "20 CyclingRole/2"


def test_a_good_build_has_no_faults():
    more = 'builds: {"2": {bad: 0%, fails_to_start: 100%}}'
    assert story(UPGRADE, W1, more=more).ready("W_IN_0") == [110]


def test_whether_a_build_is_bad_is_drawn_once_a_run():
    more = 'builds: {"2": {bad: 50%, fails_to_start: 100%}}'
    roles = "W: {instances: 6, restart: 100s}"
    failed = set()
    for run in range(20):
        told = story("at: 10s, upgrade_deployment: {mode: Simultaneous}", roles, more=more, run=run)
        cycling = ["110 CyclingRole/2" in told.brief(f"W_IN_{k}") for k in range(6)]
        assert len(set(cycling)) == 1
        assert told.brief("build 2") == [f"0 {'bad' if cycling[0] else 'good'}"]
        failed.add(cycling[0])
    assert failed == {True, False}


@pytest.mark.parametrize(
    ("operation", "instance", "tried"),
    [
        ("reboot_instance: {instance: W_IN_0}", "W_IN_0", 610),
        ("reimage_instance: {instance: W_IN_0}", "W_IN_0", 610),
        ("host_os_update: {duration: 50s}", "W_IN_0", 560),
        ("guest_os_update: {duration: 50s}", "W_IN_0", 560),
        ("change_configuration: {configuration: {W: 2}}", "W_IN_1", 530),
        ("change_configuration: {restarts: true}", "W_IN_0", 610),
    ],
)
def test_every_start_on_a_bad_build_may_fail_whatever_its_reason(operation, instance, tried):
    more = 'build: "2", builds: {"2": {fails_to_start: 100%}}'.replace(", b", "\n    b")
    roles = "W: {instances: 1, restart: 100s, create: 20s}"
    told = story(f"at: 510s, {operation}", roles, more=more)
    assert told.brief(instance)[-1] == f"{tried} CyclingRole/2"


def test_a_recovery_on_a_bad_build_may_fail_too():
    more = 'build: "2"\n    builds: {"2": {fails_to_start: 100%}}'
    roles = "W: {instances: 1, restart: 100s, failures: {per_year: 50000, recovery: 20s}}"
    failed, cycling = story("at: 59min, rollback: {}", roles, more=more).about("W_IN_0")[:2]
    assert failed.endswith("ReadyRole/2 -> RestartingRole/2 because failures")
    assert cycling.endswith("RestartingRole/2 -> CyclingRole/2 because build 2")


# Faults that show later -----------------------------------------------------------------------


def test_a_latent_fault_shows_a_while_after_ready_and_stays_until_the_next_restart():
    told = story(f"{UPGRADE}\nat: 30min, reboot_instance: {{instance: W_IN_0}}", W1, more=LATENT)
    assert told.about("W_IN_0") == [
        "10 W_IN_0 ReadyRole/1 -> BusyRole/2 because update domain 0",
        "110 W_IN_0 BusyRole/2 -> ReadyRole/2 because update domain 0",
        "710 W_IN_0 ReadyRole/2 -> UnresponsiveRole/2 because build 2",
        "1800 W_IN_0 UnresponsiveRole/2 -> BusyRole/2 because reboot_instance-0",
        "1900 W_IN_0 BusyRole/2 -> ReadyRole/2 because reboot_instance-0",
        "2500 W_IN_0 ReadyRole/2 -> UnresponsiveRole/2 because build 2",
    ]


def test_a_restart_before_it_shows_takes_the_fault_away_and_draws_anew():
    told = story(f"{UPGRADE}\nat: 500s, reboot_instance: {{instance: W_IN_0}}", W1, more=LATENT)
    assert told.brief("W_IN_0")[2:] == [
        "500 BusyRole/2",
        "600 ReadyRole/2",
        "1200 UnresponsiveRole/2",
    ]


def test_a_latent_fault_is_drawn_at_each_start():
    more = 'builds: {"2": {unhealthy_later: {probability: 50%, after: 1min}}}'
    reboots = [f"at: {k}min, reboot_instance: {{instance: W_IN_0}}" for k in range(10, 59, 4)]
    told = story("\n".join([UPGRADE, *reboots]), W1, more=more)
    starts, shown = len(told.ready("W_IN_0")), sum("-> Unresp" in x for x in told.lines)
    assert starts == 14
    assert 2 < shown < 12


def test_the_build_at_time_0_has_no_start_and_so_no_latent_fault():
    more = 'build: "2"\n    ' + LATENT
    assert story("at: 59min, rollback: {}", W1, more=more).about("W_IN_0") == []


def test_a_latent_fault_may_show_while_the_instance_is_still_cold():
    roles = "W: {instances: 1, restart: 100s, slow_start: {for: 20min, serves: 50%}}"
    told = story(UPGRADE, roles, more=LATENT)
    assert told.brief("W_IN_0") == [
        "10 BusyRole/2",
        "110 ReadyRole (slow start)/2",
        "710 UnresponsiveRole/2",
    ]


# Slow start -----------------------------------------------------------------------------------

COLD = "W: {instances: 2, restart: 100s, slow_start: {for: 30s, serves: 50%}}"


def test_a_cold_instance_is_ready_and_serves_less_for_a_while():
    told = story(UPGRADE, COLD)
    assert told.brief("W_IN_0") == [
        "10 BusyRole/2",
        "110 ReadyRole (slow start)/2",
        "140 ReadyRole/2",
    ]
    capacity = dict(told.series("capacity"))
    assert (capacity[10], capacity[110], capacity[140], capacity[240]) == (0.5, 0.25, 0.5, 1.0)
    assert dict(told.series("available"))[110] == 0  # a lone cold one is not one that serves


def test_a_cold_instance_opens_the_gate_and_is_not_out():
    told = story(UPGRADE, COLD)
    assert told.brief("update domain 1")[0] == "110 updating"
    assert told.measure("max_domains_out") == 1


def test_a_restart_ends_a_slow_start():
    told = story(f"{UPGRADE}\nat: 120s, reboot_instance: {{instance: W_IN_0}}", COLD)
    assert told.brief("W_IN_0")[2:] == [
        "120 BusyRole/2",
        "220 ReadyRole (slow start)/2",
        "250 ReadyRole/2",
    ]


# The later of two ends ------------------------------------------------------------------------


@pytest.mark.parametrize(("restart", "ready"), [("20s", 110), ("80s", 110), ("200s", 230)])
def test_a_restart_within_a_host_update_ends_at_the_later_of_both(restart, ready):
    told = story(
        """
        at: 10s, host_os_update: {duration: 100s}
        at: 30s, reboot_instance: {instance: W_IN_0}
        """,
        f"W: {{instances: 1, restart: {restart}}}",
    )
    assert told.brief("W_IN_0") == ["10 StartingVM/1", "30 BusyRole/1", f"{ready} ReadyRole/1"]
    assert told.brief("reboot_instance-0")[-1] == f"{ready} Succeeded"
    assert told.brief("host_os_update-0")[-1] == f"{ready} Succeeded"


@pytest.mark.parametrize(("restart", "ready"), [("20s", 110), ("80s", 110), ("200s", 230)])
def test_a_turn_within_a_creation_ends_at_the_later_of_both(restart, ready):
    told = story(
        """
        at: 10s, change_configuration: {configuration: {W: 2}}
        at: 30s, upgrade_deployment: {mode: Simultaneous}
        """,
        f"W: {{instances: 1, create: 100s, restart: {restart}}}",
    )
    assert told.about("W_IN_1") == [
        "10 W_IN_1 absent -> CreatingVM/1 because change_configuration-0",
        "30 W_IN_1 CreatingVM/1 -> BusyRole/2 because update domain 1",
        f"{ready} W_IN_1 BusyRole/2 -> ReadyRole/2 because update domain 1",
    ]
    assert told.brief("upgrade by upgrade_deployment-0")[-1] == f"{ready} completed"


@pytest.mark.parametrize(("restart", "later"), [(20, 100), (200, 210)])
def test_a_turn_within_a_recovery_ends_at_the_later_of_both(restart, later):
    """`later` is counted from the failure; the turn comes 10 s after it."""
    roles = (
        f"W: {{instances: 1, restart: {restart}s, failures: {{per_year: 9000, recovery: 100s}}}}"
    )
    failed = float(story("at: 3h, rollback: {}", roles, horizon="3h").lines[0].split()[0])
    told = story(f"at: {failed + 10}s, upgrade_deployment: {{}}", roles, horizon="3h")
    assert told.lines[0].endswith("W_IN_0 ReadyRole/1 -> RestartingRole/1 because failures")
    assert told.ready("W_IN_0")[0] == pytest.approx(failed + later, abs=1e-2)
    assert told.brief("W_IN_0")[1].endswith("BusyRole/2")


def test_an_attempt_that_fails_within_a_host_update_is_tried_again_within_it():
    told = story(
        """
        at: 10s, host_os_update: {duration: 1000s}
        at: 30s, reboot_instance: {instance: W_IN_0}
        """,
        W1,
        more='build: "2"\n    builds: {"2": {fails_to_start: 50%}}',
        run=2,
    )
    # Whatever the number of attempts that fit in: not before the host is back.
    assert "CyclingRole/2" in told.brief("W_IN_0")[2]
    assert told.ready("W_IN_0") == [1010]


def test_a_host_update_within_a_creation_does_not_shorten_it():
    told = story(
        """
        at: 10s, change_configuration: {configuration: {W: 2}}
        at: 20s, host_os_update: {duration: 50s}
        """,
        "W: {instances: 1, restart: 100s, create: 1000s}",
        domains=1,
    )
    assert told.brief("W_IN_1") == ["10 CreatingVM/1", "20 StartingVM/1", "1010 ReadyRole/1"]


def test_a_created_instance_has_nothing_from_one_of_that_number_that_was_removed():
    told = story(
        """
        at: 10s, host_os_update: {duration: 1000s}
        at: 20s, change_configuration: {configuration: {W: 1}}
        at: 30s, change_configuration: {configuration: {W: 2}}
        """,
        "W: {instances: 2, restart: 100s, create: 50s}",
        domains=1,
    )
    assert told.brief("W_IN_1") == [
        "10 StartingVM/1",
        "20 absent",
        "30 CreatingVM/1",
        "80 ReadyRole/1",
    ]


# Where an instance lives ----------------------------------------------------------------------
