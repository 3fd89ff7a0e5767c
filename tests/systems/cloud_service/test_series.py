"""The series of a cloud service's run."""

from __future__ import annotations

import pytest
from story import story

AUTO = "at: 10s, upgrade_deployment: {}"
STAGING = 'staging: {build: "2"}'


def test_series_of_a_walk():
    told = story(AUTO, "W: {instances: 2, restart: 100s}, X: {instances: 1, restart: 50s}")
    ready = told.model.timeline(told.log, "ready")
    assert ready.at([0, 9, 10, 60, 110, 209, 210]).tolist() == [3, 3, 1, 2, 2, 2, 3]
    assert told.series("ready", "X") == [(0, 1), (10, 0), (60, 1)]
    assert told.series("by_state:BusyRole") == [(0, 0), (10, 2), (60, 1), (210, 0)]
    assert told.series("by_version:2") == [(0, 0), (60, 1), (110, 2), (210, 3)]
    assert told.series("by_update_domain:1") == [(0, 1), (110, 0), (210, 1)]
    assert told.series("available", "X") == [(0, 1), (10, 0), (60, 1)]
    assert told.series("up_to_date")[-1] == (210, 1.0)


def test_up_to_date_follows_the_target_of_each_role():
    told = story(
        "at: 10s, upgrade_deployment: {role_to_upgrade: A}",
        "A: {instances: 1, restart: 100s}, B: {instances: 1, restart: 100s}",
    )
    assert told.series("up_to_date") == [(0, 1), (10, 0.5), (110, 1)]


def test_the_capacity_of_instances_that_weigh_nothing_is_1():
    roles = "W: {instances: 2, restart: 100s}"
    told = story(AUTO, roles, more='builds: {"1": {capacity_factor: 0%}}')
    assert told.series("capacity") == told.series("capacity", "W") == [(0, 1)]
    assert told.measure("min_capacity") == 1


def test_an_unknown_series_or_role_is_a_key_error():
    told = story(AUTO)
    with pytest.raises(KeyError):
        told.series("colour")
    with pytest.raises(KeyError):
        told.series("ready", "Nobody")


def test_all_series_together_are_what_each_is_alone():
    told = story(AUTO, "W: {instances: 2, restart: 100s}, X: {instances: 1}", more=STAGING)
    every = told.model.timelines(told.log)
    assert list(every) == told.model.series()
    for (name, group), line in every.items():
        assert list(zip(line.times, line.values, strict=True)) == told.series(name, group)


def test_every_series_that_is_offered_is_there():
    told = story(AUTO, more=STAGING)
    for name, group in told.model.series():
        assert told.series(name, group)


def change(keys, at):
    return f"at: {at}s, change_configuration: {{{keys}}}"


def test_the_configuration_number_of_a_role_is_a_step_line():
    more = f"{change('configuration: {W: 3}', 10)}\n{change('configuration: {W: 2}', 60)}"
    told = story(more, "W: {instances: 2, restart: 100s}, X: {instances: 1, restart: 50s}")
    for role in ("W", "X"):
        assert told.series("configuration", role) == [(0, 1), (10, 2), (60, 3)]


def test_it_is_that_of_the_deployment_in_production():
    told = story(f"{change('configuration: {W: 3}', 10)}\nat: 60s, swap: {{}}", more=STAGING)
    assert told.series("configuration", "W") == [(0, 1), (10, 2), (60, 1)]
    told = story(
        f"{change('slot: staging, configuration: {W: 3}', 10)}\nat: 60s, swap: {{}}", more=STAGING
    )
    assert told.series("configuration", "W") == [(0, 1), (60, 2)]


def test_where_no_configuration_can_change_there_is_no_such_series():
    assert not [name for name, _ in story(AUTO).model.series() if name == "configuration"]
