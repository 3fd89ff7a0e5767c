"""Parts of a scenario as a file would say them."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from sim.core.units import format_duration
from sim.core.wall_clock import is_zone, localized, since

if TYPE_CHECKING:
    from pydantic import BaseModel

    from sim.systems.base.operation import Operation


def dump(part: BaseModel) -> Any:
    """What a file would say; a distribution may be text."""
    return part.model_dump(mode="json", by_alias=True, exclude_none=True)


def dump_start(start: dt.datetime) -> str:
    """A start that reads back to the same: in a zone without its offset, where that is enough.

    Of old times an offset has seconds, which no file may write: then it is written in UTC.
    """
    if start.tzinfo is not None and is_zone(start):
        local = start.replace(tzinfo=None)
        if since(start, localized(local, start.tzinfo)) == 0:
            return local.isoformat()
        if f"{start:%z}"[5:]:
            return start.astimezone(dt.UTC).isoformat()
    return start.isoformat()


def dump_operation(operation: Operation) -> dict[str, Any]:
    at = {"at": operation.clock or dump(operation.at)}
    every = {"every": format_duration(operation.every)} if operation.every else {}
    name = {"name": operation.name} if operation.named else {}
    return {**at, **every, **name, operation.kind: dump(operation.body)}
