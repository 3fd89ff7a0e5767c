"""Which nodes are meant by what a request says."""

from __future__ import annotations

import pytest
from any_pool import pool, scenario

from sim.systems.batch_pool.selection import names_one, number_of, numbers_of


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("node-3", 3),
        ("0", 0),
        ("12", 12),
        ("node-03", None),
        ("Node-3", None),
        ("idle", None),
        ("node-", None),
        ("node-\u0661", None),
        ("9" * 10, None),
    ],
)
def test_a_node_is_named_by_its_name_or_its_number(name, number):
    assert number_of(name) == number
    assert names_one(name) == (number is not None)


@pytest.mark.parametrize(
    ("choice", "numbers"),
    [
        ("node-3", (3,)),
        (("7", "node-2"), (2, 7)),
        (("4",), (4,)),
        ("all", None),
        ("running", None),
        ("starttaskfailed", None),
    ],
)
def test_nodes_are_named_in_any_order_or_told_by_their_state(choice, numbers):
    assert numbers_of(choice) == numbers


def test_nodes_are_resolved_to_their_names_and_a_list_of_one_is_a_list():
    def resolved(node):
        (operation,) = scenario({"reboot_node": {"node": node}}, nodes=9).operations
        return operation.body.node

    assert pool().nodes == 4
    assert [resolved(each) for each in (3, "3", [7, "node-2"], [5], "all", "idle")] == [
        "node-3",
        "node-3",
        ("node-2", "node-7"),
        ("node-5",),
        "all",
        "idle",
    ]
