"""What the metrics say of a service's rollouts."""

from __future__ import annotations

import math

import pytest
from story import story

BUILDS = 'builds: {"2": {}, "3": {}}'
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


def test_only_the_turns_of_the_last_rollout_bring_up_to_date():
    """The platform has restarted W_IN_1 since the request; the rollout has not."""
    told = story(
        """
        at: 10s, guest_os_update: {}
        at: 20s, change_configuration: {restarts: true, mode: Manual}
        at: 300s, walk_upgrade_domain: {upgrade_domain: 0}
        """
    )
    assert told.ready("W_IN_1") == [210]
    assert told.measure("updated_share") == 0.5


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
    assert not told.kept


def test_what_happens_at_the_horizon_counts_and_what_would_come_later_does_not():
    assert story("at: 10s, upgrade_deployment: {}", horizon="210s").measure("finished") == 1
    late = story("at: 10s, upgrade_deployment: {}", horizon="209s")
    assert (late.measure("finished"), late.measure("updated_share")) == (0, 0.5)
    assert not late.kept


@pytest.mark.parametrize(("bad", "reach"), [("100%", 1.0), ("0%", 0.0)])
def test_the_blast_radius_counts_members_on_a_bad_build_in_service_or_not(bad, reach):
    more = f'builds: {{"2": {{bad: {bad}, fails_to_start: 100%, capacity_factor: 50%}}}}'
    told = story("at: 10s, upgrade_deployment: {mode: Simultaneous}", more=more, horizon="1010s")
    assert told.measure("blast_radius") == reach
    assert told.measure("bad_build_hours") == pytest.approx(reach * 2 * 1000 / 3600)


@pytest.mark.parametrize(
    ("factor", "weight", "reach"), [("50%", 1, 0.5), ("0%", 1, 0.5), ("100%", 0.0004, 0)]
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
