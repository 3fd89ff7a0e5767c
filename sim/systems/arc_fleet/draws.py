"""What chance has in store for machines that install an extension: how long it takes, what fails.

Paths of draws are ``system/group/type/purpose/reason``, the reason being the operation that
released or asked for the version. So a failure in one extension leaves every other extension's
draws as they are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeVar

import numpy as np

from sim.systems.arc_fleet.requests import AlwaysUnhealthy

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from sim.core.random_streams import Draws
    from sim.formats.distributions import Distribution
    from sim.systems.arc_fleet.layout import ExtensionLayout, FleetLayout

KEPT, FEWEST = 2**22, 64
"""Of so many values the attempts are kept, and of so many attempts at least; what is dropped is
drawn again. One that is repeated without end would else fill the memory."""

_OVERHEAD = 32
"""An attempt takes as much memory beside its values as so many of them."""

T = TypeVar("T")


class Faults(NamedTuple):
    """How bad a version is."""

    release: str
    """The operation that released it; empty where none did."""
    unhealthy: float | AlwaysUnhealthy
    """The chance that an attempt ends with an unhealthy machine, or where every attempt does."""


class InstallDraws:
    """The draws of one extension on some machines of its group, for one reason.

    All values are lists by machine, made for all of them at once when one is first asked for.
    """

    def __init__(
        self,
        draws: Draws,
        layout: FleetLayout,
        extension: ExtensionLayout,
        reason: str,
        faults: Faults,
        members: range,
    ) -> None:
        self._draws, self._faults, self._members = draws, faults, members
        self._spec = layout.on[extension.group]
        self._where = f"{layout.name}/{extension.group}/{extension.type}"
        self._group, self._os = extension.group, self._spec.groups[extension.group].os
        self._reason = reason
        self._installations: dict[int, tuple[list[float], list[float], list[bool]]] = {}
        self._rollbacks: dict[int, tuple[list[float], list[bool]]] = {}
        self._retries: dict[int, list[float]] = {}
        self._most = max(FEWEST, KEPT // (len(members) + _OVERHEAD))

    def _cached(self, table: dict[int, T], attempt: int, draw: Callable[[int], T]) -> T:
        found = table.get(attempt)
        if found is None:
            if len(table) >= self._most:
                table.clear()
            found = table[attempt] = draw(attempt)
        return found

    def installation(self, attempt: int) -> tuple[list[float], list[float], list[bool]]:
        """Seconds to install, seconds from then to the verdict, and whether that is unhealthy."""
        return self._cached(self._installations, attempt, self._install)

    def rollback(self, attempt: int) -> tuple[list[float], list[bool]]:
        """Seconds to put the former version back, and whether that fails."""
        return self._cached(self._rollbacks, attempt, self._roll_back)

    def retry_after(self, attempt: int) -> list[float]:
        """Seconds from the end of the rollback of an attempt to the next one."""
        return self._cached(self._retries, attempt, self._retry_after)

    def _roll_back(self, attempt: int) -> tuple[list[float], list[bool]]:
        seconds = self._times("rollback", self._spec.rollback, attempt)
        fails = self._happens("rollback_fails", self._spec.rollback_fails, attempt)
        return seconds.tolist(), fails.tolist()

    def _retry_after(self, attempt: int) -> list[float]:
        seconds: list[float] = self._times("retry_after", self._spec.retry_after, attempt).tolist()
        return seconds

    def _install(self, attempt: int) -> tuple[list[float], list[float], list[bool]]:
        window = self._spec.health_window
        unhealthy = self._unhealthy(attempt)
        watched = np.full(len(self._members), window)
        if self._spec.verdict == "early":
            healthy_after = self._times("healthy_after", self._spec.healthy_after, attempt)
            unhealthy |= healthy_after > window
            watched = np.where(unhealthy, window, healthy_after)
        seconds = self._times("install", self._spec.install, attempt)
        return seconds.tolist(), watched.tolist(), unhealthy.tolist()

    def _unhealthy(self, attempt: int) -> NDArray[np.bool_]:
        release, law = self._faults
        if not isinstance(law, AlwaysUnhealthy):
            return self._happens("unhealthy", law, attempt)
        is_on_all = law.is_on_all(self._group, self._os)
        if is_on_all is not None:
            return np.full(len(self._members), is_on_all)
        # By the release, not by the reason: on the same machines whoever asks for the version.
        path = f"{self._where}/always_unhealthy/{release}"
        chances = self._draws.happens(path, law.machines or 0.0)
        return chances.vector(len(self._members), 0, self._members.start)

    def _times(self, purpose: str, distribution: Distribution, attempt: int) -> NDArray[np.float64]:
        times = self._draws.times(f"{self._where}/{purpose}/{self._reason}", distribution)
        return times.vector(len(self._members), attempt, self._members.start)

    def _happens(self, purpose: str, share: float, attempt: int) -> NDArray[np.bool_]:
        chances = self._draws.happens(f"{self._where}/{purpose}/{self._reason}", share)
        return chances.vector(len(self._members), attempt, self._members.start)
