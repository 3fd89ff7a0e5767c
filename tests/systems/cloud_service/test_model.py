"""A cloud service in a scenario: how it begins, what says most of it."""

from __future__ import annotations

from story import story

FAULTY = 'builds: {"2": {fails_to_start: 10%, bad: 50%}}'


def test_the_duration_is_a_headline_where_only_the_platform_updates():
    assert "platform_update_duration" in story("at: 10s, guest_os_update: {}").model.headlines
    beside = story("at: 10s, guest_os_update: {}\nat: 20s, upgrade_deployment: {}").model
    assert "rollout_duration" in beside.headlines
    assert "platform_update_duration" not in beside.headlines


def test_faults_and_demand_have_their_headlines():
    always = ("min_capacity", "capacity_hours_lost", "downtime")
    assert story("").model.headlines == always
    assert story("", more=FAULTY).model.headlines == (*always, "blast_radius")
    assert story("", more="demand: {constant: 1}").model.headlines == (*always, "unserved_demand")


def test_only_builds_that_may_do_harm_are_drawn_good_or_bad_at_time_0():
    told = story("", more=f'{FAULTY[:-1]}, "3": {{capacity_factor: 50%}}}}')
    assert told.about("build 2") in (
        ["0 build 2 absent -> good because the scenario"],
        ["0 build 2 absent -> bad because the scenario"],
    )
    assert told.about("build 1", "build 3") == []


def test_the_platform_asks_for_its_own_updates():
    told = story("at: 10s, guest_os_update: {}\nat: 20s, swap: {}", more="staging: {build: '2'}")
    causes = [line.split(" because ")[1] for line in told.lines if "-> InProgress" in line]
    assert causes == ["platform", "the scenario"]


def test_members_weigh_in_capacity_what_their_roles_say():
    roles = "A: {instances: 2, weight: 2.5}, B: {instances: 3, weight: 0.0001}"
    model = story("", roles).model
    assert (model.unit, model.nominal) == (10**4, 5.0003)
    assert model.size == "5 instances, 2 update domains"
