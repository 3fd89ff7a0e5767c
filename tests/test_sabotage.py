"""A model in which one rule is broken does not pass its own run's audit.

Those that no audit can see from the log and the draws are listed with the test that holds them.
"""

from __future__ import annotations

import pytest
import sabotages_of_fleets
import sabotages_of_pools
import sabotages_of_services
import sabotages_of_sets
from places import TESTS
from sabotage import run

from sim.core.errors import ModelError

NOTICED = (
    *sabotages_of_fleets.SABOTAGES,
    *sabotages_of_pools.SABOTAGES,
    *sabotages_of_services.SABOTAGES,
    *sabotages_of_sets.SABOTAGES,
)
HELD_BY_TESTS = {
    "the gate does not ask for min_healthy": "systems/cloud_service/test_turns.py",
    "latent faults never show": "systems/cloud_service/test_instance.py",
    "a scale-in deletes the lowest numbers": "systems/vm_scale_set/test_service.py",
    "the last one to turn unhealthy is repaired first": "systems/vm_scale_set/test_repairs.py",
}
"""What no run notices -> the test that fails then."""

LEAST = 121
"""So many of them, at least, are noticed by the run itself."""


def named(sabotage):
    return sabotage.name


@pytest.mark.parametrize("sabotage", NOTICED, ids=named)
def test_a_run_notices_that(sabotage, monkeypatch):
    run(sabotage.scenario)  # as long as nothing is broken
    sabotage.breaks(monkeypatch)
    with pytest.raises(ModelError) as caught:
        run(sabotage.scenario)
    assert sabotage.rule in str(caught.value)


UNNOTICED = (*sabotages_of_services.UNNOTICED, *sabotages_of_sets.UNNOTICED)


@pytest.mark.parametrize("sabotage", UNNOTICED, ids=named)
def test_only_the_tests_of_a_model_notice_that(sabotage, monkeypatch):
    assert (TESTS / HELD_BY_TESTS[sabotage.name]).exists()
    sabotage.breaks(monkeypatch)
    run(sabotage.scenario)


def test_most_kinds_of_sabotage_are_noticed_by_the_run_itself():
    assert len({named(each) for each in NOTICED}) >= LEAST
