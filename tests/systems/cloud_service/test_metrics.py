"""What the metrics say of a service's rollouts."""

from __future__ import annotations

import math

import pytest
from places import CASES
from story import Story, builds, story

import sim

BUILDS = 'builds: {"2": {}, "3": {}}'
TWO_ROLES = "A: {instances: 2, restart: 100s}, B: {instances: 2, restart: 100s}"
HALF_WAY = """
at: 10s, upgrade_deployment: {build: "2"}
at: 50s, upgrade_deployment: {build: "3", role_to_upgrade: A}
"""
AUTO = "at: 10s, upgrade_deployment: {}"
BAD = 'builds: {"2": {fails_to_start: 100%}}'


def test_the_duration_runs_from_the_first_acceptance_to_the_last_end():
    told = story(
        """
        at: 10s, upgrade_deployment: {build: "2"}
        at: 1000s, upgrade_deployment: {build: "3"}
        """,
        more=BUILDS,
    )
    assert told.measure("rollout_duration") == 1190
    assert told.measure("updated_share") == 1


def test_a_restart_to_the_same_build_is_a_rollout_of_its_own():
    told = story("at: 10s, change_configuration: {restarts: true}", horizon="200s")
    assert told.measure("updated_share") == 0.5
    assert told.measure("finished") == 0
    assert story("at: 10s, change_configuration: {restarts: true}").measure("finished") == 1


def case(name):
    """The first run of one of the small cases."""
    return Story((CASES / f"{name}.yaml").read_text())


def test_a_restart_in_the_middle_of_a_walk_does_not_bring_the_rest_to_the_new_build():
    """Two of six still run build 1, which nothing will change."""
    told = case("service-half-upgraded")
    assert told.measure("updated_share") == told.measure("updated_share", "W") == 4 / 6
    assert told.series("up_to_date")[-1][1] == 4 / 6


def test_a_restart_that_leaves_an_upgrade_half_way_is_no_finish_of_it():
    """All rollouts have ended, the restart is completed; the new build has not been brought."""
    told = case("service-half-upgraded")
    assert told.brief(
        *(f"upgrade by {name}-0" for name in ("upgrade_deployment", "change_configuration"))
    ) == ["60 upgrading", "150 superseded", "150 upgrading", "330 completed"]
    assert (told.measure("finished"), told.measure("safe_end")) == (0, 0)
    assert math.isnan(told.measure("rollout_duration"))
    assert math.isnan(told.measure("done_at"))
    assert told.measure("ended_in") == 270
    assert told.rollouts_ended


def test_an_upgrade_of_one_role_leaves_the_other_half_way():
    told = story(HALF_WAY, TWO_ROLES, more=BUILDS)
    assert (told.measure("finished"), told.measure("safe_end")) == (0, 0)
    whole = story(HALF_WAY + 'at: 1000s, upgrade_deployment: {build: "3"}', TWO_ROLES, more=BUILDS)
    assert (whole.measure("finished"), whole.measure("safe_end")) == (1, 1)


def test_a_rollback_after_a_takeover_is_a_safe_end_where_it_covers_all_that_was_begun():
    one = story(HALF_WAY + "at: 60s, rollback: {}", TWO_ROLES, more=BUILDS)
    assert builds(one) == ["1", "1", "2", "1"]
    assert (one.measure("rolled_back"), one.measure("safe_end")) == (1, 0)
    both = story(
        HALF_WAY.replace(", role_to_upgrade: A", "") + "at: 60s, rollback: {}",
        TWO_ROLES,
        more=BUILDS,
    )
    assert builds(both) == ["1", "1", "1", "1"]
    assert (both.measure("finished"), both.measure("safe_end")) == (0, 1)


def test_the_objective_of_a_service_that_is_half_upgraded_is_missed():
    scenario = sim.load(CASES / "service-half-upgraded.yaml")
    (row,) = sim.run(scenario).objectives.itertuples()
    assert row.verdict == "missed"


def test_a_restart_by_itself_requests_no_build():
    told = story(
        """
        at: 20s, change_configuration: {restarts: true, mode: Manual}
        at: 300s, walk_upgrade_domain: {upgrade_domain: 0}
        """
    )
    assert (told.measure("finished"), told.measure("updated_share")) == (0, 1)


def test_each_role_is_held_against_the_build_that_was_last_requested_for_it():
    told = story(HALF_WAY, TWO_ROLES, more=BUILDS)
    shares = [told.measure("updated_share", group) for group in ("A", "B", "")]
    assert shares == [1, 0.5, 0.75]
    assert told.series("up_to_date")[-1][1] == 0.75


def test_a_role_that_nobody_asked_to_upgrade_is_not_in_scope():
    told = story("at: 10s, upgrade_deployment: {role_to_upgrade: A}", TWO_ROLES)
    assert [told.measure("updated_share", group) for group in ("A", "B", "")] == [1, 0, 1]


def test_an_upgrade_in_staging_is_held_against_its_own_build():
    told = story(
        """
        at: 10s, upgrade_deployment: {build: "2"}
        at: 1000s, upgrade_deployment: {build: "3", slot: staging, mode: Manual}
        """,
        more='builds: {"2": {}, "3": {}}\n    staging: {build: "2"}',
    )
    assert told.measure("updated_share") == 0.5
    assert told.series("up_to_date")[-1][1] == 1  # of those in production


def test_the_rollback_of_a_restart_is_towards_the_last_completed_build():
    told = story(
        """
        at: 10s, upgrade_deployment: {}
        at: 150s, change_configuration: {restarts: true}
        at: 160s, rollback: {}
        """
    )
    assert builds(told) == ["1", "1"]
    assert told.series("up_to_date")[-1][1] == 1
    assert told.measure("updated_share") == 0  # of build 2, which was last requested


def test_an_instance_created_since_a_restart_was_asked_for_is_up_to_date():
    told = story(
        """
        at: 10s, change_configuration: {restarts: true}
        at: 120s, change_configuration: {configuration: {W: 3}}
        """
    )
    assert told.taken("W_IN_2") == []
    assert told.measure("updated_share") == 1


def test_no_rollout_asked_for_is_no_rollout_metric():
    values, _ = story("at: 10s, guest_os_update: {}").model.measure(
        story("at: 10s, guest_os_update: {}").stack, 0.0
    )
    assert not {"rollout_duration", "finished", "updated_share"} & {name for _, name in values}


def test_a_rollout_that_never_comes_is_not_finished():
    told = story("at: {exponential: {mean: 9d}}, upgrade_deployment: {}")
    assert told.lines == []
    assert (told.measure("finished"), told.measure("updated_share")) == (0, 0)
    assert math.isnan(told.measure("rollout_duration"))
    assert not told.rollouts_ended


def test_what_happens_at_the_horizon_counts_and_what_would_come_later_does_not():
    assert story("at: 10s, upgrade_deployment: {}", horizon="210s").measure("finished") == 1
    late = story("at: 10s, upgrade_deployment: {}", horizon="209s")
    assert (late.measure("finished"), late.measure("updated_share")) == (0, 0.5)
    assert not late.rollouts_ended


@pytest.mark.parametrize(("bad", "reach"), [("100%", 1.0), ("0%", 0.0)])
def test_the_blast_radius_counts_members_on_a_bad_build_in_service_or_not(bad, reach):
    more = f'builds: {{"2": {{bad: {bad}, fails_to_start: 100%, capacity_factor: 50%}}}}'
    told = story("at: 10s, upgrade_deployment: {mode: Simultaneous}", more=more, horizon="1010s")
    assert told.measure("blast_radius") == reach
    assert told.measure("bad_build_hours") == pytest.approx(reach * 2 * 1000 / 3600)


@pytest.mark.parametrize(
    ("factor", "weight", "reach"), [("50%", 1, 0.5), ("0%", 1, 0.5), ("100%", 0.0004, 0.5)]
)
def test_the_blast_radius_counts_members_whatever_share_they_serve(factor, weight, reach):
    told = story(
        "at: 10s, upgrade_deployment: {}",
        f"W: {{instances: 2, restart: 100s, weight: {weight}}}",
        more=f'builds: {{"1": {{capacity_factor: {factor}}}, "2": {{fails_to_start: 100%}}}}',
    )
    assert told.measure("blast_radius") == told.measure("blast_radius", "W") == reach


def test_a_rollback_ends_the_reach_of_a_bad_build():
    told = story("at: 10s, upgrade_deployment: {}\nat: 1000s, rollback: {}", more=BAD)
    assert told.measure("blast_radius") == 0.5
    assert told.measure("bad_build_hours") == pytest.approx(990 / 3600)


# Instances that failed to start ------------------------------------------------------------------

STARTS = {
    "scale-out": ("at: 10s, change_configuration: {configuration: {W: 7}}", 5),
    "new with an upgrade": (
        "at: 10s, upgrade_deployment: {mode: Manual, configuration: {W: 7}}",
        5,
    ),
    "reboot": ("at: 10s, reboot_instance: {instance: W_IN_0}", 1),
    "reimage": ("at: 10s, reimage_instance: {instance: W_IN_0}", 1),
    "Running": (
        "at: 5s, update_status: {status: Suspended}\nat: 10s, update_status: {status: Running}",
        2,
    ),
    "turn": ("at: 10s, upgrade_deployment: {mode: Simultaneous}", 2),
    "platform": ("at: 10s, guest_os_update: {}", 1),
}
HOUR_LONG = "W: {instances: 2, restart: 1h, create: 1h, min_healthy: 0}"


def failed(operations, timeout="30min", horizon="2h", **more):
    told = story(operations, HOUR_LONG, more=f"start_timeout: {timeout}", horizon=horizon, **more)
    return told.measure("instances_failed")


@pytest.mark.parametrize("way", STARTS)
def test_whoever_starts_an_instance_that_is_not_ready_in_time_has_it_counted(way):
    """From 10 s on for an hour; 30 minutes after that it is late, whatever comes later."""
    operations, count = STARTS[way]
    assert failed(operations, horizon="1810s") == count
    assert failed(operations, horizon="1809s") == 0
    assert failed(operations, "1h") == 0
    assert failed(operations, "3599s", "3700s") == count


def test_the_time_out_of_a_request_counts_from_the_first_one():
    """A restart every 20 minutes, each of an hour: it has been gone for 30 minutes all the same."""
    again = STARTS["reboot"][0] + "\nat: 20min, reboot_instance: {instance: W_IN_0}"
    assert failed(again, horizon="1810s") == 1
    in_turn = "at: 10s, upgrade_deployment: {}\nat: 20min, reboot_instance: {instance: W_IN_0}"
    assert failed(in_turn, horizon="1810s") == 1
    assert failed(in_turn, horizon="1809s") == 0


def test_a_request_leaves_an_instance_that_a_turn_takes_to_that_turn():
    """Rebooted at 10 s, taken at minute 20: it has until minute 50."""
    taken = STARTS["reboot"][0] + "\nat: 20min, upgrade_deployment: {mode: Simultaneous}"
    assert failed(taken, horizon="49min") == 0
    assert failed(taken, horizon="50min") == 2


@pytest.mark.parametrize("way", ["scale-out", "reboot", "Running"])
def test_who_is_suspended_need_not_start_for_a_request(way):
    operations, count = STARTS[way]
    stop = "at: {}, update_status: {{status: Suspended}}"
    assert failed(f"{operations}\n{stop.format('20min')}") == 0
    assert failed(f"{operations}\n{stop.format('31min')}") == count


def test_who_is_removed_need_not_start():
    fewer = "at: {}, change_configuration: {{configuration: {{W: 2}}}}"
    assert failed(f"{STARTS['scale-out'][0]}\n{fewer.format('20min')}") == 0
    assert failed(f"{STARTS['scale-out'][0]}\n{fewer.format('31min')}") == 5


def test_who_comes_new_to_a_suspended_service_starts_with_it():
    operations = "at: 5s, update_status: {status: Suspended}\n" + STARTS["scale-out"][0]
    assert failed(operations) == 0
    assert failed(f"{operations}\nat: 50min, update_status: {{status: Running}}") == 7


def test_a_turn_waits_for_an_instance_that_is_suspended_and_goes_on_without_it():
    """As its gate does: it is over the time-out, and the next turn begins with Running."""
    stopped = f"{AUTO}\nat: 5min, update_status: {{status: Suspended}}"
    assert failed(stopped, horizon="1809s") == 0
    assert failed(stopped, horizon="1810s") == 1
    again = f"{stopped}\nat: 10min, update_status: {{status: Running}}"
    assert failed(again, "2h", "3h") == 0


# Demand -----------------------------------------------------------------------------------------

SERVING = "W: {instances: 2, restart: 100s, serves_demand: 50}"


@pytest.mark.parametrize(
    ("demand", "unserved"), [(100, 50 * 200), (50, 0), (120, 70 * 200 + 20 * 3400)]
)
def test_unserved_is_the_demand_above_what_is_served(demand, unserved):
    told = story(AUTO, SERVING, more=f"demand: {{constant: {demand}}}")
    assert told.measure("unserved_demand") == unserved


def test_what_is_served_is_the_sum_over_roles_whatever_their_weight():
    roles = "A: {instances: 1, restart: 100s, serves_demand: 30, weight: 5}, " + SERVING
    told = story(
        "at: 10s, upgrade_deployment: {role_to_upgrade: A}", roles, more="demand: {constant: 130}"
    )
    assert told.measure("unserved_demand") == 30 * 100


def test_a_cold_instance_and_a_slower_build_serve_less_demand():
    roles = (
        "W: {instances: 1, restart: 100s, serves_demand: 50, slow_start: {for: 200s, serves: 20%}}"
    )
    told = story(
        AUTO,
        roles,
        more='demand: {constant: 50}\n    builds: {"2": {capacity_factor: 90%}}',
        horizon="1010s",
    )
    # 100 s nothing, 200 s 50 x 20 % x 90 % = 9, then 45.
    assert told.measure("unserved_demand") == pytest.approx(50 * 100 + 41 * 200 + 5 * 700)


def test_demand_counts_within_the_window_only():
    told = story(AUTO, SERVING, more="demand: {constant: 100}")
    assert told.measure("unserved_demand", warm_up=60) == 50 * 150


def test_without_demand_there_is_no_such_metric():
    told = story(AUTO, SERVING)
    assert ("", "unserved_demand") not in told.model.measure(told.stack, 0.0)[0]
