"""Who waits for instances that were taken together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from sim.systems.base.context import LOOK

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sim.systems.base.context import Context


class Awaits(Protocol):
    """Who took instances out and waits for them."""

    def settled(self, instance: int, *, is_healthy: bool) -> None:
        """An instance is healthy, or given up, or gone."""


class Both:
    """Two who wait for the same instance: it was taken again before it had settled."""

    def __init__(self, first: Awaits, second: Awaits) -> None:
        self._first, self._second = first, second

    @classmethod
    def of(cls, first: Awaits | None, second: Awaits) -> Awaits:
        """Those of the two who are there."""
        return second if first is None else cls(first, second)

    def settled(self, instance: int, *, is_healthy: bool) -> None:
        """Tell both, in the order in which they took it."""
        self._first.settled(instance, is_healthy=is_healthy)
        self._second.settled(instance, is_healthy=is_healthy)


class Batch:
    """Instances that were taken together, until each of them is healthy, or given up, or gone."""

    def __init__(self, context: Context, subject: int, members: Sequence[int]) -> None:
        """`subject` is whose event it is when all are."""
        self._context, self._subject = context, subject
        self.open = len(members)
        """How many have not settled yet."""
        self.failed: list[int] = []
        """Those that are not healthy."""
        self.over = context.event()
        """Happens when all have settled."""
        if not self.open:
            self._end()

    def settled(self, instance: int, *, is_healthy: bool) -> None:
        """An instance is healthy, or given up, or gone."""
        self.open -= 1
        if not is_healthy:
            self.failed.append(instance)
        if not self.open:
            self._end()

    def _end(self) -> None:
        self._context.trigger(self.over, 0.0, LOOK, self._subject)
