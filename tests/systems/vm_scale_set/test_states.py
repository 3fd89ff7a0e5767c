"""The numbers of states of a scale set are those of their names."""

from __future__ import annotations

import pytest

from sim.systems.vm_scale_set import states


def test_each_status_of_an_instance_has_the_number_of_its_name():
    names = [name.replace(" ", "_").upper() for name in states.INSTANCE[1:]]
    assert [getattr(states, name) for name in names] == list(range(1, states.WIDTH))
    assert states.INSTANCE[0] == states.SIZE[0] == "absent"


@pytest.mark.parametrize(
    ("group", "names"),
    [
        (states.IN_SERVICE, "healthy, extensions updating"),
        (states.GIVEN_UP, "unhealthy, failed"),
        (
            states.COUNTS_UNHEALTHY,
            "unhealthy, failed, reimaging, restoring, restarting, updating",
        ),
        (
            states.ON_ITS_WAY,
            "extensions updating, initializing, creating, updating, reimaging, restoring, restarting",
        ),
    ],
)
def test_groups_of_statuses(group, names):
    assert ", ".join(states.INSTANCE[status] for status in group) == names


def test_each_state_of_a_batch_and_of_a_version_has_the_number_of_its_name():
    batch = [
        states.BATCH.status(k) for k in (states.AT_REST, states.BATCH_UPGRADING, states.PAUSING)
    ]
    assert batch == ["at rest", "upgrading", "pausing"]
    assert [states.VERSION.status(k) for k in (states.GOOD, states.BAD)] == ["good", "bad"]
    assert states.SIZE[states.ASKED_FOR] == "asked for"
    assert states.ACTORS == (states.FAILURES, states.REPAIRS)
