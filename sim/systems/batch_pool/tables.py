"""What a pool shows of a finished run: its nodes, its operations, lanes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.core.log import Stack
from sim.core.timelines import stays, union
from sim.systems.base import records
from sim.systems.base.records import OperationRecord
from sim.systems.base.tables import GanttLabels
from sim.systems.batch_pool.executions import DONE, UNFINISHED, executions, requeued
from sim.systems.batch_pool.layout import node_name
from sim.systems.batch_pool.occupancy import shown
from sim.systems.batch_pool.rejections import answer
from sim.systems.batch_pool.requests import DisableScheduling, EnableScheduling
from sim.systems.batch_pool.states import DRAINING, IN_SERVICE, START_TASK_FAILED, WIDTH

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sim.core.log import Log
    from sim.core.timelines import Sojourns
    from sim.systems.base.operation import Request
    from sim.systems.batch_pool.layout import Layout
    from sim.systems.batch_pool.model import Model

Row = dict[str, Any]

LANES = 40
"""So many lanes can be told apart in a picture; the nodes of larger pools share them."""


def members(model: Model, log: Log) -> list[Row]:
    """One row a node that was ever there: what it went through, and how it is at the horizon."""
    layout = model.layout
    stack = Stack([log])
    spent = stays(stack, stack.subjects.of(model.name, "node"))
    node, is_out = spent.subject - layout.first_node, _is_out(spent)
    out_s = np.bincount(node[is_out], (spent.until - spent.since)[is_out], layout.room)
    began = is_out & ~np.append(False, is_out[:-1] & (node[1:] == node[:-1]))
    times_out = np.bincount(node[began], minlength=layout.room)
    runs = executions(model, stack)
    on, back = runs.node - layout.first_node, requeued(runs)
    completed = np.bincount(on[runs.ending == DONE], minlength=layout.room)
    requeues = np.bincount(on[back], minlength=layout.room)
    running = np.bincount(on[runs.ending == UNFINISHED], minlength=layout.room)
    ever = np.unique(node[spent.state != 0]).tolist()
    final = stack.final[0, layout.first_node : layout.first_node + layout.room].tolist()
    return [
        {
            "system": model.name,
            "node": node_name(k),
            "state": shown(final[k], busy=bool(running[k])),
            "os_version": layout.os_versions[final[k] // WIDTH] if final[k] else "",
            "times_out": int(times_out[k]),
            "out_s": float(out_s[k]),
            "tasks_completed": int(completed[k]),
            "requeues": int(requeues[k]),
        }
        for k in ever
    ]


def _is_out(spent: Sojourns) -> NDArray[np.bool_]:
    """Whether a node is there and not in service."""
    out: NDArray[np.bool_] = (spent.state != 0) & ~np.isin(spent.state % WIDTH, IN_SERVICE)
    return out


def operations_table(model: Model, log: Log) -> list[Row]:
    """One row an operation of the file: asked when, answered how, ended when."""
    asked = [
        OperationRecord(each.name, each.kind, each.body, each.index, _http_status(each.body))
        for each in model.operations
    ]
    block = log.subjects.one(model.name, "operation")
    return records.operations_table(log, block, asked, answer)


def _http_status(body: Request) -> int:
    """Source: the pages of the requests, and recorded answers to them."""
    return 200 if isinstance(body, DisableScheduling | EnableScheduling) else 202


def gantt(model: Model, log: Log) -> list[tuple[str, float, float, str]]:
    """What each node does, or some nodes of a large pool together: (label, from, to, category).

    Categories: ready (in service), draining (in service, and takes no new tasks), updating (out by
    an upgrade), failing (its start task failed), other (out for another reason).
    """
    layout = model.layout
    stack = Stack([log])
    spent = stays(stack, stack.subjects.of(model.name, "node"))
    category = _categories(layout, spent)
    lane = (spent.subject - layout.first_node) // _share_a_lane(layout)
    shows = (spent.state != 0) & (spent.until > spent.since)
    rows = []
    for number in np.unique(lane[shows]).tolist():
        for name in ("ready", "draining", "other", "updating", "failing"):
            these = shows & (lane == number) & (category == name)
            rows += [
                (_label(layout, number), since, until, name)
                for since, until in union(spent.since[these], spent.until[these])
            ]
    return rows


def gantt_labels(model: Model) -> GanttLabels:
    """What the lanes are."""
    return GanttLabels("nodes", "its start task failed", _share_a_lane(model.layout) > 1)


def _categories(layout: Layout, spent: Sojourns) -> NDArray[np.str_]:
    upgrades = range(layout.first_upgrade, layout.first_upgrade + layout.rollouts)
    category = np.where(np.isin(spent.begun_by, upgrades), "updating", "other").astype("<U8")
    category[spent.state % WIDTH == START_TASK_FAILED] = "failing"
    category[~_is_out(spent)] = "ready"
    category[spent.state % WIDTH == DRAINING] = "draining"
    return category


def _share_a_lane(layout: Layout) -> int:
    """How many nodes share a lane."""
    return math.ceil(layout.room / LANES)


def _label(layout: Layout, lane: int) -> str:
    size = _share_a_lane(layout)
    first, last = lane * size, min((lane + 1) * size, layout.room) - 1
    return node_name(first) if first == last else f"{node_name(first)}..{last}"
