"""What the rows of a run tell of configurations: extensions of roles, numbers, who was told.

Source: "Get Deployment" (ExtensionConfiguration, RoleList).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sim.core.units import show_duration
from sim.systems.base.text import pluralize
from sim.systems.cloud_service.configured import EXTENSION, FIRST, NAMED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sim.core.log import Log
    from sim.systems.cloud_service.layout import Layout

Row = dict[str, Any]
ALL_ROLES = 0
"""The scope of what AllRoles says; role k has the scope k + 1."""


def extensions(layout: Layout, log: Log, slot: int, scope: int) -> Iterator[Row]:
    """The extensions of a role of a deployment, or of AllRoles, at the end of a log.

    Each with its state, since when (seconds), by which operation and whether the role is named.
    """
    block = layout.configured.states
    if block is None:
        return
    for extension in layout.configured.ever:
        subject = block.first + layout.configured.place(slot, scope, extension)
        rows = log.rows[log.rows["subject"] == subject]
        code = int(rows[-1]["new"]) if len(rows) else 0
        if code:
            yield {
                "Id": extension,
                "State": EXTENSION.status(code),
                "Since": float(rows[-1]["time"]),
                "Operation": log.subjects.name(int(rows[-1]["cause"])),
                "Named": code >= NAMED,
            }


def extension_configuration(layout: Layout, log: Log, slot: int) -> Row:
    """ExtensionConfiguration as Get Deployment shows it, at the end of a log."""
    roles = []
    for scope, role in enumerate(layout.roles, 1):
        named = [_shown(row) for row in extensions(layout, log, slot, scope) if row["Named"]]
        if named:
            roles.append({"RoleName": role.name, "Extensions": named})
    shared = [_shown(row) for row in extensions(layout, log, slot, ALL_ROLES)]
    return {"AllRoles": shared, "NamedRoles": roles}


def _shown(row: Row) -> Row:
    return {key: row[key] for key in ("Id", "State", "Since", "Operation")}


def role_list(layout: Layout, log: Log, slot: int) -> list[Row]:
    """RoleList: each role with the number of its configuration and the extensions that it has."""
    return [
        {
            "RoleName": role.name,
            "ConfigurationNumber": _number(layout, log, layout.target(slot, place)),
            "Extensions": [_shown(row) for row in extensions(layout, log, slot, place + 1)],
        }
        for place, role in enumerate(layout.roles)
    ]


def _number(layout: Layout, log: Log, place: int) -> int:
    block = layout.configured.numbers
    if block is None:
        return FIRST
    rows = log.rows["new"][log.rows["subject"] == block.first + place]
    return int(rows[-1]) if len(rows) else FIRST


def known_numbers(layout: Layout, final: Any) -> list[int]:
    """The configuration that each instance knows, 0 of one that is not there; by its number.

    `final` are the states of all subjects at an instant.
    """
    known = layout.configured.known
    if not known:
        present = [final[block.numbers] != 0 for block in layout.instance_blocks]
        return [int(there) * FIRST for block in present for there in block]
    return [int(number) for block in known for number in final[block.numbers]]


def told_extensions(layout: Layout, log: Log, slot: int, role: int) -> str:
    """``rdp Enable since 600 s by change_configuration-0``, one after the other."""
    return ", ".join(
        f"{row['Id']} {row['State']} since {row['Since']:g} s by {row['Operation']}"
        for row in extensions(layout, log, slot, role + 1)
    )


def updates_told(layout: Layout, log: Log) -> list[str]:
    """The updates of configurations in a run, in sentences without their full stops."""
    block, known = layout.configured.numbers, layout.configured.known
    if block is None:
        return []
    rows = log.rows
    mine = rows[(rows["subject"] >= block.first) & (rows["subject"] < block.first + block.count)]
    first, end = known[0].first, known[-1].first + known[-1].count
    heard = rows[(rows["subject"] >= first) & (rows["subject"] < end) & (rows["new"] != 0)]
    lines = []
    for cause in dict.fromkeys(mine["cause"].tolist()):
        by = mine[mine["cause"] == cause]
        at = float(by[0]["time"])
        told = heard[(heard["time"] == at) & np.isin(heard["cause"], by["subject"])]
        numbers = ", ".join(
            f"{log.subjects.name(int(row['subject'])).removeprefix('configuration of ')} "
            f"{int(row['new'])}"
            for row in by
        )
        count = pluralize(len(told), "instance")
        name = log.subjects.name(cause)
        lines.append(f"{name} at {show_duration(at)}: new configurations ({numbers}), {count} told")
    return lines
