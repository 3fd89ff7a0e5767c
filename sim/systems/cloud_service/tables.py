"""What a cloud service shows of a finished run: members, operations, lanes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sim.core.stack import Stack
from sim.core.timelines import stays
from sim.systems.base import records
from sim.systems.base.activity import Activity, Category
from sim.systems.base.records import OperationRecord
from sim.systems.base.tables import time_out
from sim.systems.cloud_service.configuration_shown import Shown, known_numbers
from sim.systems.cloud_service.rejections import answer
from sim.systems.cloud_service.requests import GuestOsUpdate, HostOsUpdate
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
    is_ready,
)

if TYPE_CHECKING:
    from sim.core.log import Log
    from sim.systems.cloud_service.layout import Layout

Row = dict[str, Any]


# Tables -------------------------------------------------------------------------------------------


def members(layout: Layout, log: Log) -> list[Row]:
    """One row an instance, as it is at the horizon, with what it went through."""
    stack = Stack([log])
    blocks = stack.subjects.of(layout.name, "instance")
    spent = stays(stack, blocks)
    status = spent.state % WIDTH % STAGED
    is_out = (status != READY) & (status != SLOW) & (spent.state != 0)
    first, size = layout.first_instance(), layout.instances * layout.slots
    out = time_out(spent, is_out, first, size)
    final = stack.final[0, first : first + size]
    configured = Shown(layout, log)
    known = known_numbers(layout, stack.final[0])
    rows = []
    for slot in range(layout.slots):
        for place, role in enumerate(layout.roles):
            extensions = configured.told(slot, place)
            for k in range(role.room):
                number = slot * layout.instances + role.first + k
                code = int(final[number])
                rows.append(
                    {
                        "system": layout.name,
                        "slot": "staging" if code % WIDTH >= STAGED else "production",
                        "role": role.name,
                        "instance": layout.names[role.first + k],
                        "update_domain": int(layout.domain_of[role.first + k]),
                        "fault_domain": k % layout.spec.fault_domains,
                        "status": LIFE[READY] if is_ready(code) else LIFE[code % WIDTH % STAGED],
                        "build": layout.builds[code // WIDTH] if code else "",
                        "configuration": known[number],
                        "extensions": extensions if code else "",
                        "times_out": int(out.times[number]),
                        "out_s": float(out.seconds[number]),
                    }
                )
    return [row for row in rows if row["times_out"] or row["status"] != LIFE[0]]


def operations_table(layout: Layout, log: Log) -> list[Row]:
    """One row an operation, the file's and the operators': asked when, answered how, ended when."""
    asked = []
    for number, name in enumerate(layout.operations):
        kind, body = layout.asked(number)
        written = number < len(layout.requests)
        index = layout.requests[number].index if written else None
        # The platform's own updates are nobody's request.
        http_status = None if isinstance(body, GuestOsUpdate | HostOsUpdate) else 200
        asked.append(OperationRecord(name, kind, body, index, http_status))
    block = log.subjects.one(layout.name, "operation")
    return records.operations_table(log, block, asked, answer)


# Lanes --------------------------------------------------------------------------------------------


def activity(layout: Layout, stack: Stack) -> Activity:
    """What the instances in production do, those of an update domain on one lane.

    Ready, being created (scaling), out by an upgrade (updating), cycling or unresponsive (failing),
    out for another reason (other).
    """
    spent = stays(stack, stack.subjects.of(layout.name, "instance"))
    status = spent.state % WIDTH
    caused = (spent.begun_by >= layout.first_domain()) & (spent.begun_by < layout.first_instance())
    order: tuple[Category, ...] = ("ready", "scaling", "other", "updating", "failing")
    ready, scaling, other, updating, failing = range(len(order))
    category = np.where(caused, updating, other).astype(np.int8)
    category[np.isin(status, (CYCLING, UNRESPONSIVE))] = failing
    category[np.isin(status, (RESTARTING, STOPPED))] = other
    category[status == CREATING] = scaling
    category[np.isin(status, (READY, SLOW))] = ready
    lane = layout.domain_of[(spent.subject - layout.first_instance()) % layout.instances]
    lane = np.where((spent.state != 0) & (status < STAGED), lane, -1)
    words = "update domains", "cycling or unresponsive"
    return Activity(*words, spent, lane, category, order, "domain {}".format)
