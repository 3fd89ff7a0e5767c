"""What a cloud service shows of a finished run: members, operations, lanes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sim.core.log import Stack
from sim.core.timelines import stays, union
from sim.systems.base import records
from sim.systems.base.records import OperationRecord
from sim.systems.base.tables import GanttLabels
from sim.systems.cloud_service.domains import update_domain
from sim.systems.cloud_service.rejections import answer
from sim.systems.cloud_service.requests import (
    GuestOsUpdate,
    HostOsUpdate,
    Rollback,
    WalkUpgradeDomain,
)
from sim.systems.cloud_service.states import (
    CREATING,
    CYCLING,
    LIFE,
    READY,
    RESTARTING,
    SLOW,
    STAGED,
    STOPPED,
    UNRESPONSIVE,
    WIDTH,
)

if TYPE_CHECKING:
    from sim.core.log import Log
    from sim.systems.base.operation import Request
    from sim.systems.cloud_service.model import Model

Row = dict[str, Any]


# Tables -------------------------------------------------------------------------------------------


def members(model: Model, log: Log) -> list[Row]:
    """One row an instance, as it is at the horizon, with what it went through."""
    layout = model.layout
    stack = Stack([log])
    blocks = stack.subjects.of(model.name, "instance")
    spent = stays(stack, blocks)
    status = spent.state % WIDTH % STAGED
    is_out = (status != READY) & (status != SLOW) & (spent.state != 0)
    first = layout.first_instance()
    place = spent.subject - first
    size = layout.instances * layout.slots
    out = np.bincount(place[is_out], (spent.until - spent.since)[is_out], minlength=size)
    began = is_out & ~np.append(False, is_out[:-1] & (place[1:] == place[:-1]))
    times = np.bincount(place[began], minlength=size)
    final = stack.final[0, first : first + size]
    rows = []
    for slot in range(layout.slots):
        for role in layout.roles:
            for k in range(role.room):
                number = slot * layout.instances + role.first + k
                code = int(final[number])
                rows.append(
                    {
                        "system": model.name,
                        "slot": "staging" if code % WIDTH >= STAGED else "production",
                        "role": role.name,
                        "instance": layout.names[role.first + k],
                        "update_domain": update_domain(k, layout.spec.update_domains),
                        "fault_domain": k % layout.spec.fault_domains,
                        "status": LIFE[READY] if _is_ready(code) else LIFE[code % WIDTH % STAGED],
                        "build": layout.builds[code // WIDTH] if code else "",
                        "times_out": int(times[number]),
                        "out_s": float(out[number]),
                    }
                )
    return [row for row in rows if row["times_out"] or row["status"] != LIFE[0]]


def _is_ready(code: int) -> bool:
    return code % WIDTH % STAGED in (READY, SLOW)


def operations_table(model: Model, log: Log) -> list[Row]:
    """One row an operation, the file's and the operators': asked when, answered how, ended when."""
    asked = []
    for number, name in enumerate(model.layout.operations):
        kind, body = request(model, name, number)
        written = number < len(model.operations)
        index = model.operations[number].index if written else None
        # The platform's own updates are nobody's request.
        http_status = None if isinstance(body, GuestOsUpdate | HostOsUpdate) else 200
        asked.append(OperationRecord(name, kind, body, index, http_status))
    block = log.subjects.one(model.name, "operation")
    return records.operations_table(log, block, asked, answer)


def request(model: Model, name: str, number: int) -> tuple[str, Request]:
    """What an operation asks, also those of the modelled operators."""
    if number < len(model.operations):
        return model.operations[number].kind, model.operations[number].body
    if name.endswith("-rollback"):
        return "rollback", Rollback()
    return "walk_upgrade_domain", WalkUpgradeDomain(upgrade_domain=int(name.rpartition("-")[2]))


# Lanes --------------------------------------------------------------------------------------------


def gantt(model: Model, log: Log) -> list[tuple[str, float, float, str]]:
    """For each update domain (label, from, to, category): what its worst member does.

    Categories: ready, updating, failing (cycling or unresponsive), other (out for another reason).
    """
    layout = model.layout
    stack = Stack([log])
    spent = stays(stack, stack.subjects.of(model.name, "instance"))
    status = spent.state % WIDTH
    caused = (spent.begun_by >= layout.first_domain()) & (spent.begun_by < layout.first_instance())
    category = np.where(caused, "updating", "other").astype("<U8")
    category[np.isin(status, (CYCLING, UNRESPONSIVE))] = "failing"
    category[np.isin(status, (RESTARTING, STOPPED, CREATING))] = "other"
    category[np.isin(status, (READY, SLOW))] = "ready"
    counts = (spent.state != 0) & (status < STAGED) & (spent.until > spent.since)
    place = (spent.subject - layout.first_instance()) % layout.instances
    rows = []
    for domain, numbers in enumerate(layout.domain_members):
        here = counts & np.isin(place, numbers)
        for name in ("ready", "other", "updating", "failing"):
            these = here & (category == name)
            rows += [
                (f"domain {domain}", since, until, name)
                for since, until in union(spent.since[these], spent.until[these])
            ]
    return rows


def gantt_labels(_: Model) -> GanttLabels:
    """What the lanes are."""
    return GanttLabels("update domains", "cycling or unresponsive")
