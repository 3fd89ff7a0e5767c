"""What is drawn for instances that restart: from which streams, with which attempt."""

from __future__ import annotations

import pytest
from simpy import Environment
from story import story

from sim.core.random_streams import draws
from sim.formats.distributions import Distribution
from sim.systems.base.context import Context
from sim.systems.cloud_service.draws import RestartDraws

UNIFORM = {"uniform": {"low": "1min", "high": "9min"}}
STAGES = "stages: {stop: 10s, apply: 20s, start: %s, on_start: %s}"


def of_role(role, reason="upgrade_deployment-0", whole=None):
    """The draws of a role's instances, with those of which they are made."""
    context = Context(Environment(), draws(7, 0), 1e6, None)
    layout = story("", f"W: {{instances: 3, {role}}}").model.layout
    return RestartDraws(context, "s", layout.roles[0], reason, whole), draws(7, 0)


def test_a_restart_is_drawn_by_system_role_purpose_and_reason():
    made, again = of_role("restart: {uniform: {low: 1min, high: 9min}}")
    law = Distribution.model_validate(UNIFORM)
    times = again.times("s/W/restart/upgrade_deployment-0", law, 3)
    ((_, seconds),) = made.steps
    assert seconds == [times[k, 0] for k in range(3)]
    assert made.retry(1, 2) == times[1, 2]
    other, _ = of_role("restart: {uniform: {low: 1min, high: 9min}}", "rollback-0")
    assert other.steps != made.steps


def test_a_further_attempt_in_stages_is_start_and_on_start():
    made, _ = of_role(STAGES % ("30s", "40s"))
    assert [seconds[0] for _, seconds in made.steps] == [10, 20, 30, 40]
    assert made.retry(0, 1) == 70
    assert made.creation(0) == 100  # all stages, as nothing says how long a creation takes


def test_a_whole_time_replaces_the_stages():
    made, _ = of_role(STAGES % ("30s", "40s"), "guest_os_update-0", Distribution.fixed(50.0))
    assert [seconds for _, seconds in made.steps] == [[50.0] * 3]
    assert made.retry(0, 1) == 50


def test_whether_an_attempt_fails_is_drawn_anew_each_time():
    made, again = of_role("restart: 1min")
    drawn = again.happens("s/W/fails_to_start/upgrade_deployment-0", 0.5, 3)
    found = [made.fails(member, attempt, 0.5) for member in range(3) for attempt in range(9)]
    assert found == [drawn[member, attempt] for member in range(3) for attempt in range(9)]
    assert {True, False} == set(found)


@pytest.mark.parametrize(("stop", "stopped"), [("299s", 309), ("300s", 310), ("2h", 310)])
def test_on_stop_is_cut_after_five_minutes(stop, stopped):
    roles = f"W: {{instances: 1, stages: {{stop: {stop}, apply: 20s}}}}"
    assert story("at: 10s, upgrade_deployment: {}", roles).brief("W_IN_0")[1] == (
        f"{stopped} StoppingVM/2"
    )
