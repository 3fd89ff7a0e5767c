"""What a run of a scale set is expected to cost, held against what it does cost."""

from __future__ import annotations

import pytest
from set_story import BAD, EXTENSIONS, IMAGE, simulation
from simpy import Environment

from sim.core.random_streams import draws
from sim.systems.base.context import Context
from sim.systems.vm_scale_set.cost import parts

SURGE = {"policy": {"max_surge": True}}
MANUAL = {"policy": {"mode": "manual"}}


def run(made):
    """The number of events of a run, and of its rows."""
    context = Context(Environment(), draws(0, 0), made.scenario.horizon, None)
    made.models["w"].start(context)
    context.run()
    return context.budget.spent, context.recorder.count


def expected(made):
    """What is expected: events and rows."""
    found = list(parts(made.models["w"].layout))
    return sum(part.events for part in found), sum(part.rows for part in found)


FOLLOWS = {"automatic_os_upgrade": {"enabled": True, "discovery": "0s"}}


@pytest.mark.parametrize(
    ("asked", "keys"),
    [
        ([(100, IMAGE)], {"instances": 50}),
        ([(100, EXTENSIONS)], {"instances": 50}),
        ([(100, IMAGE)], {"instances": 50, "policy": {"mode": "automatic"}}),
        (
            [(100, IMAGE), (200, {"manual_upgrade": {"instances": "all"}})],
            {"instances": 50} | MANUAL,
        ),
        ([(100, IMAGE)], {"instances": 50} | SURGE),
        ([(100, {"reimage": {"instances": "all"}})], {"instances": 50}),
        ([(100, {"scale": {"instances": 90}})], {"instances": 50}),
        ([(100, {"publish_image": {"image": "2"}})], {"instances": 50} | FOLLOWS),
        ([], {"instances": 50, "failures": {"per_year": 4000, "recovery": "5min"}}),
        (
            [(100, IMAGE)],
            {
                "instances": 40,
                "versions": BAD,
                "repairs": {"grace_period": "10min"},
                "policy": {"mode": "automatic"},
            },
        ),
    ],
)
def test_the_cost_expected_is_within_a_factor_of_three(asked, keys):
    made = simulation(*asked, horizon="10h", **keys)
    (events, rows), (events_expected, rows_expected) = run(made), expected(made)
    assert rows / 3 <= rows_expected <= rows * 3
    assert events / 3 <= events_expected <= events * 3


def test_an_upgrade_costs_three_rows_an_instance_and_some_of_its_own():
    """Asked, ended; begun, completed; wanted, reached; and two a batch."""
    _, rows = run(simulation((100, IMAGE), instances=10, horizon="10h"))
    assert rows == 3 * 10 + 6 + 2 * 2


def test_a_start_costs_an_event_for_each_of_its_ends():
    """Running and healthy; in the largest batches as in the smallest."""

    def events(instances):
        return run(simulation((100, IMAGE), instances=instances, horizon="10h"))[0]

    assert (events(400) - events(200)) / 200 == 2


def test_repairs_cost_no_more_events_an_instance_where_many_wait():
    keys = {"versions": BAD, "repairs": {"grace_period": "10min"}, "policy": {"mode": "automatic"}}

    def events(instances):
        return run(simulation((100, IMAGE), instances=instances, horizon="1500s", **keys))[0]

    assert events(80) < 2.5 * events(40)


def test_a_part_stands_where_a_shorter_run_would_be_had():
    made = simulation((100, IMAGE), failures={"per_year": 1, "recovery": "5min"})
    update, failures = parts(made.models["w"].layout)
    assert (update.path, update.what) == (("operations", 0, "update_model"), "instances of w")
    assert (failures.path, failures.what) == (("systems", "w", "failures"), "failures")


def test_what_is_not_asked_for_costs_nothing():
    assert expected(simulation()) == (0, 0)
    assert expected(simulation(repairs={})) == (0, 0)
    assert expected(simulation((100, {"publish_image": {"image": "2"}}))) == (0, 0)
