"""The modelled systems. Adding one is a folder, whose `KIND` registers it, and one line here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sim.systems.base.system_type import Kind

FOLDERS = ("cloud_service", "batch_pool", "arc_fleet")


class Kinds(Mapping[str, "Kind[Any]"]):
    """Kind -> its record; a system's folder is imported when it is first asked for."""

    def __getitem__(self, kind: str) -> Kind[Any]:
        if kind not in FOLDERS:
            raise KeyError(kind)
        record: Kind[Any] = import_module(f"sim.systems.{kind}").KIND
        return record

    def __iter__(self) -> Iterator[str]:
        return iter(FOLDERS)

    def __len__(self) -> int:
        return len(FOLDERS)


KINDS = Kinds()
