"""The log of an Arc fleet read for its tests: what becomes of each extension, and what was asked."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sim.systems.arc_fleet.states import EXTENSION, WIDTH


class Row(NamedTuple):
    """A change of one extension of one machine."""

    time: float
    old: str
    """Status, then version."""
    former: str
    new: str
    version: str
    cause: str


class Member(NamedTuple):
    """An extension of a machine."""

    kind: str
    group: str
    machine: int


def canonical(log):
    """The rows in order of time and subject, each subject's in its own order."""
    return log.rows[np.lexsort((log.rows["subject"], log.rows["time"]))]


def histories(simulation, log):
    """Each extension of a machine that changes -> its rows, in order of time."""
    layout, name = simulation.models["p"].layout, log.subjects.name
    rows = log.rows
    found = {}
    for each in layout.extensions:
        mine = (rows["subject"] >= each.first) & (rows["subject"] < each.first + each.count)
        for row in rows[mine]:
            old, new = divmod(int(row["old"]), WIDTH), divmod(int(row["new"]), WIDTH)
            member = Member(each.type, each.group, int(row["subject"]) - each.first)
            found.setdefault(member, []).append(
                Row(
                    float(row["time"]),
                    EXTENSION[old[1]],
                    each.versions[old[0]],
                    EXTENSION[new[1]],
                    each.versions[new[0]],
                    name(row["cause"]),
                )
            )
    return found


def by_machine(simulation, log):
    """(group, machine) -> type -> the rows of that extension."""
    found = {}
    for (kind, group, machine), rows in histories(simulation, log).items():
        found.setdefault((group, machine), {})[kind] = rows
    return found


def changes(log, kind):
    """Each operation, or upgrade, of the fleet -> its rows as (time, state, cause)."""
    block, name = log.subjects.one("p", kind), log.subjects.name
    found = {}
    for row in log.rows:
        if row["subject"] in block.numbers:
            story = found.setdefault(name(row["subject"]), [])
            story.append((float(row["time"]), block.states.status(row["new"]), name(row["cause"])))
    return found


def spells(rows, statuses, horizon):
    """From when to when, in turn, an extension was in one of some statuses, for any time at all."""
    since = None
    for row in rows:
        if since is None and row.new in statuses:
            since = row.time
        elif since is not None and row.new not in statuses:
            if since < row.time:
                yield since, row.time
            since = None
    if since is not None and since < horizon:
        yield since, horizon
