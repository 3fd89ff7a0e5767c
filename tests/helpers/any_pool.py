"""Small Batch pools for tests: one pool `p` of four nodes, and what is said of it."""

from __future__ import annotations

import pytest

from sim.core.errors import ScenarioError
from sim.scenario import Scenario

LOAD = {"load": "80%", "service": "10min"}
CSV = b"submit_s,service_s,priority,required_slots\n60,5,-3,2\n0,7.5,4,1\n60,0,0,1\n"
SWF = b"""; a log of our own
 1    0 -1   60  2 -1 -1  2 -1 -1 -1 -1 -1 -1 -1 -1 -1 -1
 2  120 -1   -1  1 -1 -1  1 -1 -1 -1 -1 -1 -1 -1 -1 -1 -1
 5   30 -1    0  8 -1 -1  8 -1 -1 -1 -1 -1 -1 -1 -1 -1 -1
 6   -1 -1   -1  1 -1 -1  1 -1 -1 -1 -1 -1 -1 -1 -1 -1 -1
 9   90 -1 10.5 -1 -1 -1 -1 -1 -1 -1 -1 -1 -1 -1 -1 -1 -1
"""
FILES = {"tasks.csv": CSV, "jobs.swf": SWF}


def scenario(*operations, contents=FILES, start=None, **pool):
    system = {"kind": "batch_pool", "nodes": 4} | pool
    asked = [{"at": f"{minute}min", **each} for minute, each in enumerate(operations, 1)]
    text = {"systems": {"p": system}, "operations": asked} | ({"start": start} if start else {})
    return Scenario.from_dict(text, contents=contents)


def pool(*operations, **keys):
    return scenario(*operations, **keys).systems["p"]


def job(*, node=1, **keys):
    """The only job of a pool whose nodes have so many slots."""
    (only,) = pool(work=keys, task_slots_per_node=node).work
    return only


def refused(*operations, **keys):
    with pytest.raises(ScenarioError) as caught:
        scenario(*operations, **keys)
    return [f"{problem.path}: {problem.rule}" for problem in caught.value.problems]


def noted(*operations, **keys):
    return list(scenario(*operations, **keys).warnings)
