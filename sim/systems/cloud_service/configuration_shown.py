"""What the rows of a run tell of configurations: extensions of roles, numbers, who was told.

Source: "Get Deployment" (ExtensionConfiguration, RoleList).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sim.core.wall_clock import show_instant
from sim.systems.base.text import pluralize
from sim.systems.cloud_service.configured import EXTENSION, FIRST, NAMED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sim.core.log import Log
    from sim.systems.cloud_service.layout import Layout

Row = dict[str, Any]
ALL_ROLES = 0
"""The scope of what AllRoles says; role k has the scope k + 1."""


class Shown:
    """What the roles of each deployment are configured with at the end of a log."""

    def __init__(self, layout: Layout, log: Log) -> None:
        self._layout, self._log = layout, log
        self._configured = layout.configured
        self._last: dict[int, np.void] = {}
        """By subject its last row, of those about configurations."""
        for block in (self._configured.states, self._configured.numbers):
            if block is not None:
                subject = log.rows["subject"]
                rows = log.rows[(subject >= block.first) & (subject < block.first + block.count)]
                self._last |= {int(row["subject"]): row for row in rows}

    def extensions(self, slot: int, scope: int) -> Iterator[Row]:
        """The extensions of a role of a deployment, or of AllRoles.

        Each with its state, since when (seconds), by which operation and whether the role is named.
        """
        block = self._configured.states
        for extension in self._configured.ever if block is not None else ():
            assert block is not None
            row = self._last.get(block.first + self._configured.place(slot, scope, extension))
            if row is not None and row["new"]:
                yield {
                    "Id": extension,
                    "State": EXTENSION.status(int(row["new"])),
                    "Since": float(row["time"]),
                    "Operation": self._log.subjects.name(int(row["cause"])),
                    "Named": bool(row["new"] >= NAMED),
                }

    def extension_configuration(self, slot: int) -> Row:
        """ExtensionConfiguration as Get Deployment shows it."""
        roles = []
        for scope, role in enumerate(self._layout.roles, 1):
            named = [_element(row) for row in self.extensions(slot, scope) if row["Named"]]
            if named:
                roles.append({"RoleName": role.name, "Extensions": named})
        shared = [_element(row) for row in self.extensions(slot, ALL_ROLES)]
        return {"AllRoles": shared, "NamedRoles": roles}

    def role_list(self, slot: int) -> list[Row]:
        """RoleList: each role, the number of its configuration, the extensions that it has."""
        return [
            {
                "RoleName": role.name,
                "ConfigurationNumber": self._number(slot, place),
                "Extensions": [_element(row) for row in self.extensions(slot, place + 1)],
            }
            for place, role in enumerate(self._layout.roles)
        ]

    def _number(self, slot: int, role: int) -> int:
        block = self._configured.numbers
        if block is None:
            return FIRST
        row = self._last.get(block.first + self._layout.target(slot, role))
        return FIRST if row is None else int(row["new"])

    def told(self, slot: int, role: int) -> str:
        """``rdp Enable since 10min by change_configuration-0``, one after the other.

        By the clock where the scenario has one.
        """
        start = self._layout.span.start
        return ", ".join(
            f"{row['Id']} {row['State']} since {show_instant(row['Since'], start)} "
            f"by {row['Operation']}"
            for row in self.extensions(slot, role + 1)
        )


def _element(row: Row) -> Row:
    return {key: row[key] for key in ("Id", "State", "Since", "Operation")}


def known_numbers(layout: Layout, final: Any) -> list[int]:
    """The configuration that each instance knows, 0 of one that is not there; by its number.

    `final` are the states of all subjects at an instant.
    """
    known = layout.configured.known
    if not known:
        present = [final[block.numbers] != 0 for block in layout.instance_blocks]
        return [int(there) * FIRST for block in present for there in block]
    return [int(number) for block in known for number in final[block.numbers]]


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
        when = show_instant(at, layout.span.start)
        lines.append(f"{name} at {when}: new configurations ({numbers}), {count} told")
    return lines
