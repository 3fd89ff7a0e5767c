"""How the subjects of a Batch pool are numbered."""

from __future__ import annotations

import math
from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import pytest
from pool_log import BAG, TARGET, UPGRADE, Pool

from sim.core.log import UNIT
from sim.formats.distributions import Distribution
from sim.systems.batch_pool import layout as numbering

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


@pytest.mark.parametrize("horizon", [10.0, 86400.0, 3e6])
@pytest.mark.parametrize(
    "law",
    [
        {"exponential": {"mean": "30s"}},
        {"uniform": {"low": "100s", "high": "101s"}},
        {"lognormal": {"median": "1min", "p95": "1h"}},
        {"weibull": {"shape": 0.5, "scale": "10s"}},
    ],
)
def test_bound_of_arrivals_is_the_lowest_of_all_rates_and_few_are_tried(law, horizon, monkeypatch):
    gaps, logs = Distribution.model_validate(law), []
    times = gaps.quantile((np.arange(4096) + 0.5) / 4096)
    least = times.min()
    rates = np.logspace(-6, 3, 200) / gaps.mean
    decay = [rate * least - math.log(np.exp(-rate * (times - least)).mean()) for rate in rates]
    lowest = min((rates * horizon - math.log(numbering.NEVER)) / np.maximum(decay, 1e-300))
    counted = SimpleNamespace(
        ceil=math.ceil, floor=math.floor, log=lambda x: logs.append(x) or math.log(x)
    )
    monkeypatch.setattr(numbering, "math", counted)
    assert numbering.most_arrivals(gaps, horizon) == math.ceil(lowest) + 1
    assert len(logs) < 40
