"""The rules that every run of a scale set must keep, read from its log and from what was drawn.

Here those of single rows: from which status an instance comes to which, and on which model.
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

import numpy as np

from sim.systems.vm_scale_set import (
    repairs_audit,
    starts_audit,
    upgrades_audit,
)
from sim.systems.vm_scale_set.history import STARTS, History
from sim.systems.vm_scale_set.requests import Reimage
from sim.systems.vm_scale_set.rolling import work
from sim.systems.vm_scale_set.states import (
    CREATING,
    DELETING,
    EXTENSIONS_UPDATING,
    FAILED,
    HEALTHY,
    INITIALIZING,
    REIMAGING,
    REPAIRS,
    RESTARTING,
    RESTORING,
    UNHEALTHY,
    UPDATING,
    WIDTH,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sim.core.stack import Stack
    from sim.systems.vm_scale_set.layout import SetLayout

_TAKEN = (UPDATING, REIMAGING, DELETING)
"""What may be done with an instance whatever it is in, unless it is being created or deleted."""
MOVES: dict[int, tuple[int, ...]] = {
    0: (CREATING,),
    HEALTHY: (*_TAKEN, EXTENSIONS_UPDATING, FAILED, UNHEALTHY),
    EXTENSIONS_UPDATING: (*_TAKEN, EXTENSIONS_UPDATING, INITIALIZING, HEALTHY, FAILED),
    INITIALIZING: (*_TAKEN, HEALTHY, UNHEALTHY),
    UNHEALTHY: (*_TAKEN, HEALTHY, RESTARTING, RESTORING),
    FAILED: (*_TAKEN, HEALTHY, RESTARTING, RESTORING),
    CREATING: (CREATING, INITIALIZING, DELETING),
    UPDATING: (*_TAKEN, INITIALIZING, RESTORING),
    REIMAGING: (*_TAKEN, INITIALIZING, RESTORING),
    RESTORING: (*_TAKEN, HEALTHY),
    RESTARTING: (*_TAKEN, INITIALIZING, RESTORING),
    DELETING: (0,),
}
"""From status to status: all that an instance can do."""


def audit(layout: SetLayout, stack: Stack) -> str | None:
    """The rule that a stack breaks, if any."""
    rule = next(_broken_rules(History(layout, stack)), None)
    return None if rule is None else f"{layout.name}: {rule}"


def _broken_rules(history: History) -> Iterator[str]:
    if not _moves_hold(history):
        yield "an instance went from one status to another as none does"
        return  # what follows reads the rows as courses
    yield from chain(
        _wrong_models(history),
        upgrades_audit.broken_rules(history),
        starts_audit.broken_rules(history),
        repairs_audit.broken_rules(history),
    )


def _moves_hold(history: History) -> bool:
    """Whether each row follows from the one before it; what goes on has the cause that began it,
    unless a fault of a version shows.
    """
    may = np.zeros((WIDTH, WIDTH), bool)
    for old, news in MOVES.items():
        may[old, list(news)] = True
    if not may.ravel()[history.was * np.int16(WIDTH) + history.status].all():
        return False
    goes_on = np.flatnonzero(~history.begins)
    if history.opens[goes_on].any():
        return False
    layout, place = history.layout, history.place[history.course[goes_on]]
    fault = history.cause[goes_on] - layout.first_fault
    shows = (fault >= 0) & (fault < len(layout.faulty)) & (history.status[goes_on] == UNHEALTHY)
    return bool(((history.cause[goes_on] == history.cause[place]) | shows).all())


# Models -------------------------------------------------------------------------------------------


def _wrong_models(history: History) -> Iterator[str]:
    version_of = np.arange(len(history.layout.instances.states), dtype=np.int16) // WIDTH
    version, before = version_of[history.new], version_of[history.old]
    by_status = np.isin(np.arange(WIDTH), (EXTENSIONS_UPDATING, UPDATING, REIMAGING, CREATING))
    follows = by_status[history.status]
    starts = np.flatnonzero(follows)
    wanted = history.wanted(history.row[starts], history.replication[starts])
    if (version[starts] != wanted).any():
        yield "an instance was brought to another model than is wanted"
    stays = ~follows & (history.status != RESTORING) & (history.new != 0)
    if (stays & (version != before)).any():
        yield "an instance changed its model though nothing brought it to another one"
    if not _work_fits(history):
        yield "an instance was brought to a model in another way than that takes"


def _work_fits(history: History) -> bool:
    """Whether each instance starts as what is asked for takes it, but for repairs. By an upgrade,
    or by hand: a new image reimages, a new size or an unhealthy instance updates, new extensions
    leave it in service.
    """
    layout, models = history.layout, len(history.layout.models)
    mine = np.isin(history.status[history.place], STARTS)
    mine &= history.cause[history.place] != layout.actor(REPAIRS)
    place = history.place[mine]
    pairs = history.old[place].astype(np.int64) * models + history.new[place] // WIDTH
    pairs, which = np.unique(pairs, return_inverse=True)
    due = np.array([work(layout, *divmod(each, models)) for each in pairs.tolist()], int)[which]
    reimages = np.zeros(history.stack.subjects.count, bool)
    for number, each in enumerate(layout.requests):
        reimages[layout.first_operation + number] = isinstance(each.body, Reimage)
    due[reimages[history.cause[place]]] = REIMAGING
    due[np.isin(history.was[place], (0, CREATING))] = CREATING
    return bool((history.status[place] == due).all())
