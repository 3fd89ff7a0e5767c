"""The modelled systems. Adding one is a folder that registers itself, and one line here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sim.systems.base.system_type import SystemType

FOLDERS = ("cloud_service", "batch_pool", "arc_fleet", "vm_scale_set")


class SystemTypes(Mapping[str, "SystemType[Any]"]):
    """Kind -> its record; a system's folder is imported when it is first asked for."""

    def __getitem__(self, kind: str) -> SystemType[Any]:
        if kind not in FOLDERS:
            raise KeyError(kind)
        record: SystemType[Any] = import_module(f"sim.systems.{kind}").SYSTEM_TYPE
        return record

    def __contains__(self, kind: object) -> bool:
        return kind in FOLDERS  # known without the import of its folder

    def __iter__(self) -> Iterator[str]:
        return iter(FOLDERS)

    def __len__(self) -> int:
        return len(FOLDERS)


SYSTEM_TYPES = SystemTypes()
