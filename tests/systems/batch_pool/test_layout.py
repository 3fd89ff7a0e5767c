"""How the subjects of a Batch pool are numbered."""

from __future__ import annotations

from itertools import pairwise

import pytest
from pool_log import BAG, TARGET, UPGRADE, Pool

from sim.core.log import UNIT

OLD = "WA-GUEST-OS-5.30_201904-01"


def layout(*requests, **spec):
    return Pool(*requests, **spec).model.layout


def test_blocks_stand_in_order_and_without_gaps():
    jobs = [BAG | {"name": "a"}, BAG | {"name": "b", "tasks": 1}]
    blocks = layout(UPGRADE, ("resize", {"nodes": 5}), work=jobs).blocks
    assert [(block.kind, block.group, block.count) for block in blocks] == [
        ("actor", "", 2),
        ("operation", "", 2),
        ("upgrade", "", 1),
        ("target", "", 1),
        ("size", "", 1),
        ("pool", "", 1),
        ("allocation", "", 1),
        ("node", "", 5),
        ("task", "a", 3),
        ("task", "b", 1),
    ]
    assert all(one.first + one.count == other.first for one, other in pairwise(blocks))


def test_versions_are_numbered_as_they_are_asked_for_each_once():
    made = layout(UPGRADE, UPGRADE)
    assert made.os_versions == (OLD, TARGET)
    assert [made.brings(name) for name in made.upgrades] == [1, 1]
    assert made.target.states.versions == made.nodes.states.versions == made.os_versions


def test_sizes_stand_as_versions_the_first_one_that_of_time_0():
    resizes = [("resize", {"nodes": nodes}) for nodes in (5, 0, 2, 5)]
    made = layout(*resizes)
    assert made.sizes == (2, 5, 0)
    assert made.size.states.versions == ("2", "5", "0")
    assert (made.room, made.nodes.initial.tolist()) == (5, [1, 1, 0, 0, 0])


def test_a_node_weighs_its_slots_in_service_and_those_that_take_tasks_while_it_does_not_drain():
    weights = layout(task_slots_per_node=4).nodes.weights
    assert weights["ready"].tolist()[:4] == [0, 1, 1, 0]
    assert (weights["capacity"] == weights["ready"] * 4 * UNIT).all()
    assert weights["accepting"].tolist()[:4] == [0, 4, 0, 0]


@pytest.mark.parametrize(
    ("stream", "room"),
    [
        ({"interarrival": "100s"}, 11),
        ({"interarrival": {"uniform": {"low": "100s", "high": "101s"}}}, 10),
    ],
)
def test_a_stream_has_room_for_all_that_can_come(stream, room):
    (job,) = layout(work=stream | {"service": "1s"}).jobs
    assert room <= job.room <= room + 5
