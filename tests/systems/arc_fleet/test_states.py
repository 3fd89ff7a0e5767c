"""The states of what an Arc fleet is made of."""

from __future__ import annotations

from typing import get_args

from sim.systems.arc_fleet import states
from sim.systems.arc_fleet.spec import Status


def test_a_file_names_the_states_of_an_extension_by_their_own_names():
    assert ("absent", *get_args(Status)) == states.EXTENSION
    assert states.WIDTH == 9


def test_each_state_has_the_number_of_its_name():
    for name in states.EXTENSION[1:]:
        assert states.EXTENSION[getattr(states, name.upper())] == name
    for name in states.TARGET[1:]:
        assert states.TARGET[getattr(states, name.upper())] == name
    for name in states.CONNECTION.statuses[1:]:
        assert states.CONNECTION.statuses[getattr(states, name.upper())] == name


def test_a_machine_is_busy_from_an_installation_to_its_verdict_or_the_end_of_its_rollback():
    busy = [states.EXTENSION[status] for status in states.UNDER_WAY]
    assert busy == ["installing", "watching", "unhealthy", "rolling_back"]
