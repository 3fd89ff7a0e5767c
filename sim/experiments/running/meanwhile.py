"""What a process imports while others make replications for it: it would wait for them anyway.

In a thread of its own it would cost as little, but two threads that import what imports each other
may each find the other's half.
"""

from __future__ import annotations

from contextlib import contextmanager, suppress
from contextvars import ContextVar
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_modules: ContextVar[Iterator[str]] = ContextVar("modules to import meanwhile")


@contextmanager
def imports(modules: Iterable[str]) -> Iterator[None]:
    """Name what is needed later, by whoever makes replications in here."""
    before = _modules.set(iter(modules))
    try:
        yield
    finally:
        _modules.reset(before)


def import_next() -> None:
    """Import one of them, if one is left."""
    name = next(_modules.get(iter(())), None)
    if name is not None:
        with suppress(Exception):  # whoever needs it is told what is wrong
            import_module(name)
