"""Whether instances restart and fail as was drawn: logs held against the draws of other scenarios."""

from __future__ import annotations

from dataclasses import replace

import pytest
from service_log import BEGUN, FIRST, GROWN, SOUND, TOLD, UPGRADE, Service
from story import story

from sim.core.stack import Stack

RESTART = "s: a restart did not take the time that was drawn for it"
OVERDUE = "s: a restart did not end when it was drawn to"
STAGE = "s: a stage of a restart did not take the time that was drawn for it"
START = "s: an instance did not fail to start as was drawn"
RETRY = "s: an instance that failed to start was not back when it was drawn to be"
CREATION = "s: an instance was not created in the time that was drawn for it"
BUILD = "s: a build was not good or bad as was drawn"
MISSED = "s: an instance did not fail though it was drawn to"
UNDRAWN = "s: an instance failed that was not drawn to fail"
RECOVERY = "s: an instance did not recover in the time that was drawn for it"


def service(*requests, builds=None, **role):
    roles = {"W": {"instances": 2, "restart": "100s"} | role}
    return Service(*(requests or [UPGRADE]), roles=roles, builds=builds or {})


@pytest.mark.parametrize(("restart", "rule"), [("100s", None), ("101s", RESTART), ("99s", OVERDUE)])
def test_a_restart_takes_the_time_drawn(restart, rule):
    assert service(restart=restart).audit(SOUND) == rule
    assert service(restart=restart).audit(BEGUN + FIRST) == rule


def test_a_restart_that_is_not_over_is_overdue_only_before_the_horizon():
    assert Service(UPGRADE, horizon=109.0).audit(BEGUN) is None
    assert Service(UPGRADE, horizon=110.0).audit(BEGUN) == OVERDUE


def test_each_stage_takes_its_time_and_on_stop_no_more_than_five_minutes():
    staged = BEGUN.replace("BusyRole", "StoppingRole") + (
        "310 W_IN_0 -> StoppingVM because update domain 0\n"
        "330 W_IN_0 -> StartingRole because update domain 0"
    )

    def audited(**stages):
        roles = {"W": {"instances": 2, "stages": {"start": "1h"} | stages}}
        return Service(UPGRADE, roles=roles).audit(staged)

    assert audited(stop="1h", apply="20s") is None
    assert audited(stop="300s", apply="20s") is None
    assert audited(stop="301s", apply="21s") == STAGE
    assert audited(stop="290s", apply="20s") == OVERDUE


def bad(chance):
    return {"2": {"fails_to_start": chance}}


BAD = "0 build 2 -> bad because the scenario\n"
CYCLES = BEGUN + "110 W_IN_0 -> CyclingRole because build 2\n"


def test_an_instance_fails_to_start_as_was_drawn():
    assert service(builds=bad("100%")).audit(BAD + CYCLES) is None
    assert service(builds=bad("100%")).audit(BAD + BEGUN + FIRST) == START
    good = "0 build 2 -> good because the scenario\n"
    assert service(builds=bad("100%")).audit(good + BEGUN + FIRST) == BUILD
    returns = "200 W_IN_0 -> ReadyRole because update domain 0"
    assert service(builds=bad("100%")).audit(BAD + CYCLES + returns) == RETRY


def test_an_instance_is_created_in_the_time_drawn():
    name = "change_configuration-0"
    text = f"""
        10 {name} -> InProgress
        10 W_IN_2 -> CreatingVM/1 because {name}
        {TOLD}
        60 W_IN_2 -> ReadyRole because {name}
        60 {name} -> Succeeded because {name}
    """
    assert service(GROWN, create="50s").audit(text) is None
    assert service(GROWN, create="51s").audit(text) == CREATION
    assert service(GROWN, create="49s").audit(text) == CREATION


OFTEN = {"per_year": 1e6, "recovery": "1s"}


def test_who_is_drawn_to_fail_fails_and_nobody_else():
    failed = "5 W_IN_1 -> RestartingRole because failures\n 6 W_IN_1 -> ReadyRole because failures"
    assert service().audit(failed) == UNDRAWN
    assert service(failures=OFTEN).audit("") == MISSED
    assert service(failures=OFTEN | {"per_year": 0}).audit("") is None


def test_a_failure_of_a_fault_domain_is_no_failure_of_a_single_instance():
    racks = "fault_domain_failures: {per_year: 50000, recovery: 10min}"
    alone = "W: {instances: 1, restart: 100s}"
    told = story("", alone, more=racks)
    (rack,) = told.model.layout.failures_of_domains.numbers
    assert told.log.rows["cause"].tolist().count(rack) > 1
    rows = told.log.rows.copy()
    rows["cause"][rows["cause"] == rack] = told.model.layout.actor("failures")
    assert told.model.audit(Stack([replace(told.log, rows=rows)])) == UNDRAWN


def test_a_recovery_takes_the_time_drawn():
    roles = "W: {instances: 9, restart: 100s, failures: {per_year: 2000, recovery: RECOVERY}}"
    told = story("", roles.replace("RECOVERY", "10min"))
    assert "RestartingRole" in "".join(told.lines)
    for other in ("9min", "11min"):
        model = story("", roles.replace("RECOVERY", other)).model
        assert model.audit(told.stack) == RECOVERY
