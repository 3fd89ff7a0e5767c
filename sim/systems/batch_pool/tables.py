"""What a pool shows of a finished run: its nodes, its operations, lanes, what was killed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sim.core.formatting import format_compact
from sim.core.metrics import HOUR
from sim.core.stack import Stack
from sim.core.timelines import stays
from sim.systems.base import records
from sim.systems.base.activity import Activity, Category
from sim.systems.base.records import OperationRecord
from sim.systems.base.tables import being_created, time_out
from sim.systems.base.text import pluralize
from sim.systems.batch_pool.history import DONE, TERMINATE, UNFINISHED, executions, requeued
from sim.systems.batch_pool.layout import node_name
from sim.systems.batch_pool.rejections import NO_NODE, OPERATION_STATES, answer
from sim.systems.batch_pool.requests import DisableScheduling, EnableScheduling, OfNodes
from sim.systems.batch_pool.selection import names_one
from sim.systems.batch_pool.states import (
    CREATING,
    DRAINING,
    IN_SERVICE,
    LEAVING,
    START_TASK_FAILED,
    WAITING_FOR_START_TASK,
    WIDTH,
    shown,
)
from sim.systems.batch_pool.status import unfit_tasks
from sim.systems.batch_pool.workload import wait_for_ever

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from sim.core.log import Log
    from sim.core.stack import Stack
    from sim.core.timelines import Sojourns
    from sim.systems.base.operation import Request
    from sim.systems.batch_pool.layout import PoolLayout


Row = dict[str, Any]

NAMED = 10
"""So many nodes that answer alike are named after the first one."""


def members(layout: PoolLayout, stack: Stack) -> list[Row]:
    """One row a node that was ever there: what it went through, and how it is at the horizon."""
    spent = stays(stack, [layout.nodes])
    out = time_out(spent, _is_out(spent), layout.first_node, layout.room)
    runs = executions(layout, stack)
    on = runs.node - layout.first_node
    completed, requeues, running = (
        np.bincount(on[which], minlength=layout.room).tolist()
        for which in (runs.ending == DONE, requeued(runs), runs.ending == UNFINISHED)
    )
    final = stack.final[0, layout.nodes.numbers].tolist()
    return [
        {
            "system": layout.name,
            "node": node_name(k),
            "state": shown(final[k], busy=bool(running[k])),
            "os_version": layout.os_versions[final[k] // WIDTH] if final[k] else "",
            "times_out": int(out.times[k]),
            "out_s": float(out.seconds[k]),
            "tasks_completed": completed[k],
            "requeues": requeues[k],
        }
        for k in np.unique(spent.subject[spent.state != 0] - layout.first_node).tolist()
    ]


def _is_out(spent: Sojourns) -> NDArray[np.bool_]:
    """Whether a node is there and not in service."""
    out: NDArray[np.bool_] = (spent.state != 0) & ~np.isin(spent.state % WIDTH, IN_SERVICE)
    return out


def operations_table(layout: PoolLayout, log: Log) -> list[Row]:
    """One row an operation of the file: asked when, answered how, ended when."""
    asked = [
        OperationRecord(each.name, each.kind, each.body, each.index, _http_status(each.body))
        for each in layout.requests
    ]
    block = log.subjects.one(layout.name, "operation")
    rows = records.operations_table(log, block, asked, answer)
    for number, each in enumerate(layout.requests):
        if isinstance(each.body, OfNodes) and not names_one(each.body.node):
            mine = log.rows[log.rows["subject"] == block.first + number]
            rows[number] |= _of_several(layout, mine, each.body)
    return rows


def _of_several(layout: PoolLayout, rows: NDArray[np.void], body: Request) -> Row:
    """What a request for several nodes is answered: the first rejection of each kind in full.

    `rows` are its own; each that has a node as its cause names the rule by which that node rejected
    it, or by which it failed there.
    """
    rules = OPERATION_STATES
    if len(rows) and rules.version(rows["new"][-1]) == NO_NODE:
        return {"message": f"nothing happened: no node was {getattr(body, 'node', '')}"}
    nodes: dict[str, list[str]] = {}
    for row in rows:
        node = int(row["cause"]) - layout.first_node
        if 0 <= node < layout.room:
            nodes.setdefault(rules.version(row["new"]), []).append(node_name(node))
    if not nodes or rules.status(rows["new"][-1]) == "InProgress":
        return {}
    told = {
        rule: answer(rule, body.model_copy(update={"node": first}))
        for rule, (first, *_) in nodes.items()
    }
    message = "; ".join(f"{told[rule].message}{_likewise(nodes[rule][1:])}" for rule in told)
    rest = "; the others took it" if rules.status(rows["new"][-1]) == "Failed" else ""
    rejection = next(iter(told.values()))
    return {
        "http_status": rejection.http_status,
        "code": rejection.code,
        "message": message + rest,
    }


def _likewise(nodes: Sequence[str]) -> str:
    if not nodes:
        return ""
    more = len(nodes) - NAMED
    names = ", ".join(nodes[:NAMED]) + (f" and {more:,} more" if more > 0 else "")
    return f" (so {names})"


def _http_status(body: Request) -> int:
    """Source: the pages of the requests, and recorded answers to them."""
    return 200 if isinstance(body, DisableScheduling | EnableScheduling) else 202


def activity(layout: PoolLayout, stack: Stack) -> Activity:
    """What each node does.

    Ready (in service), draining (in service, and takes no new tasks), updating (out by an upgrade),
    failing (its start task failed), scaling (being created or removed), other (out for another
    reason).
    """
    spent = stays(stack, [layout.nodes])
    lane = np.where(spent.state != 0, spent.subject - layout.first_node, -1)
    upgrades = range(layout.first_upgrade, layout.first_upgrade + layout.rollouts)
    order: tuple[Category, ...] = ("ready", "draining", "scaling", "other", "updating", "failing")
    ready, draining, scaling, other, updating, failing = range(len(order))
    category = np.where(np.isin(spent.begun_by, upgrades), updating, other).astype(np.int8)
    status = spent.state % WIDTH
    category[status == START_TASK_FAILED] = failing
    created = being_created(spent, status == CREATING, status == WAITING_FOR_START_TASK)
    category[created | (status == LEAVING)] = scaling
    category[~_is_out(spent)] = ready
    category[status == DRAINING] = draining
    return Activity("nodes", "its start task failed", spent, lane, category, order, node_name)


# Progress -----------------------------------------------------------------------------------------


def progress_text(layout: PoolLayout, stack: Stack) -> list[str]:
    """How many running tasks `terminate` killed, and how many tasks never run: a sentence each,
    nothing where there are none.
    """
    return [*_killed(layout, stack), *_never_run(layout, stack)]


def _never_run(layout: PoolLayout, stack: Stack) -> Iterator[str]:
    count = unfit_tasks(layout, stack)
    if count:
        yield f"{pluralize(count, 'task')} {wait_for_ever(count)}: no node has that many slots"


def _killed(layout: PoolLayout, stack: Stack) -> list[str]:
    runs = executions(layout, stack)
    killed = runs.ending == TERMINATE
    count = int(killed.sum())
    if not count:
        return []
    hours = float(runs.elapsed[killed].sum()) / HOUR
    lost = format_compact(hours, "task-hours")
    what = f"{pluralize(count, 'running task')} killed by terminate, never to be completed"
    return [f"{what} ({lost} task-hours of work)"]
