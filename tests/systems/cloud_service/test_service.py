"""Scaling, suspending, the staging slot and its swap."""

from __future__ import annotations

import pytest
from story import builds, story

W2 = "W: {instances: 2, restart: 100s}"
CREATED = "W: {instances: 2, restart: 100s, create: 30s}"
STAGING = 'staging: {build: "2"}'


# Scaling --------------------------------------------------------------------------------------


def test_new_instances_come_after_create_with_the_next_numbers():
    told = story("at: 10s, change_configuration: {configuration: {W: 4}}", CREATED, domains=5)
    assert told.lines == [
        "10 change_configuration-0 absent -> InProgress because the scenario",
        "10 W_IN_2 absent -> CreatingVM/1 because change_configuration-0",
        "10 W_IN_3 absent -> CreatingVM/1 because change_configuration-0",
        "40 W_IN_2 CreatingVM/1 -> ReadyRole/1 because change_configuration-0",
        "40 W_IN_3 CreatingVM/1 -> ReadyRole/1 because change_configuration-0",
        "40 change_configuration-0 InProgress -> Succeeded because change_configuration-0",
    ]
    assert told.measure("max_domains_out") == 0  # what is being created is not out
    assert told.series("capacity")[-1] == (40, 2.0)  # nominal never changes


def test_without_a_time_of_its_own_a_creation_takes_as_long_as_a_restart():
    told = story("at: 10s, change_configuration: {configuration: {W: 3}}")
    assert told.ready("W_IN_2") == [110]
    roles = "W: {instances: 2, stages: {stop: 10s, apply: 20s, start: 30s, on_start: 40s}}"
    told = story("at: 10s, change_configuration: {configuration: {W: 3}}", roles)
    assert told.brief("W_IN_2") == ["10 CreatingVM/1", "110 ReadyRole/1"]


def test_the_highest_numbers_go_first_and_at_once():
    told = story("at: 10s, change_configuration: {configuration: {W: 1}}", "W: {instances: 3}")
    assert told.lines == [
        "10 change_configuration-0 absent -> InProgress because the scenario",
        "10 W_IN_2 ReadyRole/1 -> absent because change_configuration-0",
        "10 W_IN_1 ReadyRole/1 -> absent because change_configuration-0",
        "10 change_configuration-0 InProgress -> Succeeded because change_configuration-0",
    ]
    assert told.measure("min_capacity") == pytest.approx(1 / 3)
    assert told.measure("max_domains_out") == 0


def test_a_real_service_that_grew_from_2_to_4_has_the_domains_0_to_3():
    told = story("at: 10s, change_configuration: {configuration: {W: 4}}", CREATED, domains=5)
    assert told.status(5)["UpgradeDomainCount"] == 2
    assert told.status(10)["UpgradeDomainCount"] == 4
    shown = told.status(60)["RoleInstanceList"]
    assert [each["InstanceUpgradeDomain"] for each in shown] == [0, 1, 2, 3]


def test_the_count_of_domains_does_not_shrink():
    told = story(
        """
        at: 10s, change_configuration: {configuration: {W: 4}}
        at: 20s, change_configuration: {configuration: {W: 1}}
        """,
        CREATED,
        domains=5,
    )
    assert told.status(60)["UpgradeDomainCount"] == 4


def test_scaling_ends_when_those_asked_for_are_ready_or_gone():
    told = story(
        """
        at: 10s, change_configuration: {configuration: {W: 4}}
        at: 20s, change_configuration: {configuration: {W: 3}}
        """,
        CREATED,
    )
    assert told.brief("change_configuration-0") == ["10 InProgress", "40 Succeeded"]
    assert told.brief("change_configuration-1") == ["20 InProgress", "20 Succeeded"]


def test_a_new_instance_is_on_the_build_of_the_last_completed_upgrade():
    told = story(
        """
        at: 10s, upgrade_deployment: {}
        at: 600s, change_configuration: {configuration: {W: 3}}
        """
    )
    assert told.brief("W_IN_2")[0] == "600 CreatingVM/2"


def test_scaling_is_no_rollout():
    told = story("at: 10s, change_configuration: {configuration: {W: 4}}")
    assert ("", "finished") not in told.model.measure(told.stack, 0.0)[0]


def test_a_configuration_that_changes_nothing_is_done_at_once():
    told = story("at: 10s, change_configuration: {configuration: {W: 2}}")
    assert told.lines == told.about("change_configuration-0")


def test_a_creation_and_the_turn_of_the_same_request_have_random_numbers_of_their_own():
    """Where half of the starts fail, an instance may fail one of the two and not the other."""
    outcomes = set()
    for run in range(40):
        told = story(
            "at: 10s, upgrade_deployment: {configuration: {W: 2}}",
            "W: {instances: 1, restart: 50s, create: 10s}",
            more='builds: {"2": {fails_to_start: 50%}}',
            run=run,
        )
        lines = told.brief("W_IN_1")
        taken = next(k for k, line in enumerate(lines) if "BusyRole" in line)
        created = any("Cycling" in line for line in lines[:taken])
        restarted = any("Cycling" in line for line in lines[taken:])
        outcomes.add((created, restarted))
    assert len(outcomes) == 4


def test_a_change_that_restarts_walks_like_an_upgrade_to_the_same_build():
    told = story("at: 10s, change_configuration: {restarts: true}")
    assert told.brief("W_IN_0", "W_IN_1") == [
        "10 BusyRole/1",
        "110 ReadyRole/1",
        "110 BusyRole/1",
        "210 ReadyRole/1",
    ]
    assert told.brief("upgrade by change_configuration-0") == ["10 upgrading", "210 completed"]
    assert told.brief("change_configuration-0") == ["10 InProgress", "210 Succeeded"]


@pytest.mark.parametrize(("mode", "taken"), [("Simultaneous", [10]), ("Auto", [110])])
def test_a_change_that_restarts_has_the_modes_of_an_upgrade(mode, taken):
    told = story(f"at: 10s, change_configuration: {{restarts: true, mode: {mode}}}")
    assert told.taken("W_IN_1") == taken


# Suspending -----------------------------------------------------------------------------------


def test_suspended_stops_all_at_once_and_running_starts_them_by_a_restart():
    told = story(
        """
        at: 10s, update_status: {status: Suspended}
        at: 500s, update_status: {status: Running}
        """
    )
    assert told.lines == [
        "10 update_status-0 absent -> InProgress because the scenario",
        "10 W_IN_0 ReadyRole/1 -> StoppedVM/1 because update_status-0",
        "10 W_IN_1 ReadyRole/1 -> StoppedVM/1 because update_status-0",
        "10 update_status-0 InProgress -> Succeeded because update_status-0",
        "500 update_status-1 absent -> InProgress because the scenario",
        "500 W_IN_0 StoppedVM/1 -> BusyRole/1 because update_status-1",
        "500 W_IN_1 StoppedVM/1 -> BusyRole/1 because update_status-1",
        "500 update_status-1 InProgress -> Succeeded because update_status-1",
        "600 W_IN_0 BusyRole/1 -> ReadyRole/1 because update_status-1",
        "600 W_IN_1 BusyRole/1 -> ReadyRole/1 because update_status-1",
    ]
    assert told.measure("downtime") == 590


@pytest.mark.parametrize("status", ["Suspended", "Running"])
def test_the_same_status_again_changes_nothing(status):
    first = "at: 10s, update_status: {status: Suspended}\n" if status == "Suspended" else ""
    told = story(f"{first}at: 20s, update_status: {{status: {status}}}")
    last = "update_status-1" if first else "update_status-0"
    assert told.brief(last) == ["20 InProgress", "20 Succeeded"]
    assert not any(line.startswith("20 W") for line in told.lines)


def test_nothing_starts_in_a_suspended_deployment():
    told = story(
        """
        at: 10s, host_os_update: {duration: 200s}
        at: 20s, update_status: {status: Suspended}
        at: 30s, change_configuration: {configuration: {W: 3}}
        at: 40s, upgrade_deployment: {}
        at: 500s, update_status: {status: Running}
        """,
        "W: {instances: 2, restart: 100s, create: 1000s}",
    )
    assert not any(30 < float(line.split()[0]) < 500 and " W" in line for line in told.lines)
    assert told.brief("W_IN_2")[:3] == ["30 CreatingVM/1", "30 StoppedVM/1", "500 BusyRole/1"]
    assert told.brief("change_configuration-0")[-1] == "1030 Succeeded"  # its creation runs on
    assert told.brief("upgrade by upgrade_deployment-0")[0] == "40 upgrading"


def test_walks_go_on_when_the_service_runs_again():
    told = story(
        """
        at: 10s, upgrade_deployment: {}
        at: 50s, update_status: {status: Suspended}
        at: 500s, update_status: {status: Running}
        """
    )
    assert told.brief("W_IN_0") == [
        "10 BusyRole/2",
        "50 StoppedVM/2",
        "500 BusyRole/2",
        "600 ReadyRole/2",
    ]
    assert told.taken("W_IN_1")[-1] == 600
    assert told.brief("upgrade by upgrade_deployment-0") == ["10 upgrading", "700 completed"]


@pytest.mark.parametrize("mode", ["Auto", "Simultaneous"])
def test_an_upgrade_of_a_suspended_service_waits_until_it_runs(mode):
    told = story(
        f"""
        at: 10s, update_status: {{status: Suspended}}
        at: 50s, upgrade_deployment: {{mode: {mode}}}
        at: 500s, update_status: {{status: Running}}
        """,
        "W: {instances: 1, restart: 100s}",
    )
    assert told.brief("update domain 0")[0] == "500 updating"
    assert told.brief("W_IN_0")[-1] == "600 ReadyRole/2"


# Staging and swap -----------------------------------------------------------------------------


def test_a_swap_takes_no_time_and_one_row_an_instance_of_both_slots():
    told = story("at: 10s, swap: {}", more=STAGING)
    assert told.lines == [
        "10 swap-0 absent -> InProgress because the scenario",
        "10 upgrade by swap-0 absent -> completed because swap-0",
        "10 W_IN_0 ReadyRole/1 -> ReadyRole (staging)/1 because upgrade by swap-0",
        "10 W_IN_1 ReadyRole/1 -> ReadyRole (staging)/1 because upgrade by swap-0",
        "10 W_IN_0 (began in staging) ReadyRole (staging)/2 -> ReadyRole/2 because upgrade by swap-0",
        "10 W_IN_1 (began in staging) ReadyRole (staging)/2 -> ReadyRole/2 because upgrade by swap-0",
        "10 swap-0 InProgress -> Succeeded because upgrade by swap-0",
    ]
    assert told.measure("min_capacity") == 1.0
    assert (told.measure("finished"), told.measure("rollout_duration")) == (1, 0)
    assert told.measure("updated_share") == 1
    assert told.series("by_version:2") == [(0, 0), (10, 2)]


def test_a_staging_deployment_weighs_nothing():
    told = story("at: 10s, upgrade_deployment: {slot: staging, mode: Simultaneous}", more=STAGING)
    assert told.brief("W_IN_0 (staging)") == [
        "10 BusyRole (staging)/2",
        "110 ReadyRole (staging)/2",
    ]
    assert told.series("capacity") == [(0, 1.0)]
    assert told.measure("max_domains_out") == 0
    assert told.measure("downtime") == 0
    assert len(told.status(50)["RoleInstanceList"]) == 2


def test_a_deployment_keeps_its_name_and_changes_its_slot():
    ops = """
        at: 10s, swap: {{}}
        at: 20s, upgrade_deployment: {{build: "3", {}}}
        """
    more = 'builds: {"2": {}, "3": {}}\n    ' + STAGING
    taken = "20 BusyRole/3"
    assert (
        story(ops.format("slot: production"), more=more).brief("W_IN_0 (began in staging)")[1]
        == taken
    )
    assert (
        story(ops.format("deployment: s-staging"), more=more).brief("W_IN_0 (began in staging)")[1]
        == taken
    )
    staged = "20 BusyRole (staging)/3"
    assert story(ops.format("slot: staging"), more=more).brief("W_IN_0")[1] == staged
    assert story(ops.format("deployment: s"), more=more).brief("W_IN_0")[1] == staged


def test_what_an_instance_is_doing_goes_on_in_the_other_slot():
    told = story("at: 10s, reboot_instance: {instance: W_IN_0}\nat: 50s, swap: {}", more=STAGING)
    assert told.brief("W_IN_0") == [
        "10 BusyRole/1",
        "50 BusyRole (staging)/1",
        "110 ReadyRole (staging)/1",
    ]
    assert told.brief("reboot_instance-0")[-1] == "110 Succeeded"


LATENT = 'builds: {"2": {unhealthy_later: {probability: 100%, after: 10min}}}\n    ' + STAGING


def test_the_latent_faults_of_a_staged_build_start_at_the_swap():
    told = story("at: 10min, swap: {}", more=LATENT)
    assert told.brief("W_IN_0 (began in staging)") == ["600 ReadyRole/2", "1200 UnresponsiveRole/2"]


def test_so_do_those_of_instances_that_were_upgraded_in_staging():
    told = story(
        """
        at: 10s, upgrade_deployment: {slot: staging, build: "2"}
        at: 10min, swap: {}
        """,
        more=LATENT.replace('build: "2"}', 'build: "1"}'),
    )
    assert told.brief("W_IN_0 (began in staging)")[-2:] == [
        "600 ReadyRole/2",
        "1200 UnresponsiveRole/2",
    ]


def test_a_swap_back_takes_the_fault_out_of_production_and_it_starts_anew():
    told = story("at: 10min, swap: {}\nat: 15min, swap: {}\nat: 18min, swap: {}", more=LATENT)
    assert told.brief("W_IN_0 (began in staging)") == [
        "600 ReadyRole/2",
        "900 ReadyRole (staging)/2",
        "1080 ReadyRole/2",
        "1680 UnresponsiveRole/2",
    ]
    assert story("at: 10min, swap: {}\nat: 15min, swap: {}", more=LATENT).brief(
        "W_IN_0 (began in staging)"
    ) == ["600 ReadyRole/2", "900 ReadyRole (staging)/2"]


def test_a_swap_in_and_an_upgrade_after_it_are_up_to_date():
    told = story(
        """
        at: 10s, swap: {}
        at: 50s, change_configuration: {restarts: true, configuration: {W: 3}}
        """,
        more=STAGING,
    )
    assert told.measure("updated_share") == 1
    assert builds(told) == ["2", "2", "2"]
    assert told.measure("rollout_duration") == 240


def test_a_scale_out_before_a_swap_stays_with_its_deployment():
    told = story(
        "at: 10s, change_configuration: {configuration: {W: 3}}\nat: 300s, swap: {}", more=STAGING
    )
    assert told.series("ready")[-1] == (300, 2)
    assert len(told.status(200)["RoleInstanceList"]) == 3
    assert len(told.status(300)["RoleInstanceList"]) == 2


# Local data -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("keys", "lost"),
    [
        ("changes: [vm_size], force: true", 2),
        ("changes: [vm_size], force: true, mode: Simultaneous", 2),
        ("changes: [vm_size], force: true, role_to_upgrade: W", 2),
        ("changes: [vm_size], force: true, role_to_upgrade: X", 0),
        ("changes: [local_storage], force: true", 0),
        ("force: true", 0),
    ],
)
def test_a_change_of_the_vm_size_loses_the_local_data_of_roles_that_have_some(keys, lost):
    told = story(
        f"at: 10s, upgrade_deployment: {{{keys}}}",
        "W: {instances: 2, restart: 100s, local_storage: true}, X: {instances: 2, restart: 100s}",
    )
    assert told.measure("local_data_lost") == lost


def test_only_instances_that_were_taken_have_lost_their_data():
    roles = "W: {instances: 4, restart: 100s, local_storage: true}"
    ops = "at: 10s, upgrade_deployment: {changes: [vm_size], force: true}"
    assert story(ops, roles, domains=4, horizon="150s").measure("local_data_lost") == 2
    back = story(ops + "\nat: 150s, rollback: {force: true}", roles, domains=4)
    assert back.measure("local_data_lost") == 2
    other = story("at: 5s, guest_os_update: {}", roles)
    assert other.measure("local_data_lost") == 0


def test_a_restart_for_another_vm_size_loses_data_too():
    told = story(
        "at: 10s, change_configuration: {restarts: true, changes: [vm_size], force: true}",
        "W: {instances: 2, restart: 100s, local_storage: true}",
    )
    assert told.measure("local_data_lost") == 2


def test_a_configuration_may_be_that_of_the_staging_slot():
    told = story(
        "at: 10s, change_configuration: {slot: staging, configuration: {W: 3}}",
        more='staging: {build: "2"}',
    )
    new = "W_IN_2 (staging)"
    assert told.brief(new) == ["10 CreatingVM (staging)/2", "110 ReadyRole (staging)/2"]
    assert len(told.status(3600)["RoleInstanceList"]) == 2


def test_a_restart_of_the_staging_slot_leaves_production_alone():
    told = story(
        "at: 10s, change_configuration: {slot: staging, restarts: true}",
        more='staging: {build: "2"}',
    )
    assert told.measure("min_capacity") == 1
    assert told.brief("W_IN_0 (staging)")[0] == "10 BusyRole (staging)/2"
