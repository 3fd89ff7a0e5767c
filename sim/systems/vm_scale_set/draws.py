"""What is drawn for instances that start: how long each step takes, and what goes wrong.

Paths of draws are ``set/purpose/reason``. The reason is the operation that makes instances start,
not the mode in which it does: so two policies are compared with common random numbers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sim.core.random_streams import Bernoulli

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from sim.core.random_streams import Durations
    from sim.formats.distributions import Distribution
    from sim.systems.base.context import Context
    from sim.systems.vm_scale_set.layout import SetLayout
    from sim.systems.vm_scale_set.spec import Health


FEW = 100
"""Of a set, a hundredth: so few are drawn one by one."""


class Starts:
    """What is drawn for the instances that start for one reason."""

    def __init__(
        self, context: Context, layout: SetLayout, reason: str, bad: Sequence[bool]
    ) -> None:
        """`bad` says which of the faulty versions are bad in this replication."""
        self._context, self._layout, self._reason = context, layout, reason
        self._faults = [[place for place in places if bad[place]] for places in layout.faults]
        self._used = np.zeros(layout.room, np.int64)
        self._deleted: dict[int, int] = {}
        self._times: dict[str, Durations] = {}

    def next_attempts(self, members: NDArray[np.int64]) -> NDArray[np.int64]:
        """The numbers of instances' next starts for this reason, from 0."""
        attempts: NDArray[np.int64] = self._used[members]
        self._used[members] += 1
        return attempts

    def times(self, purpose: str) -> Durations:
        """Seconds of what a key of the set says, by (instance, attempt)."""
        found = self._times.get(purpose)
        if found is None:
            given: Distribution = getattr(self._layout.spec, purpose)
            path = f"{self._layout.name}/{purpose}/{self._reason}"
            found = self._context.draws.times(path, given, self._layout.room)
            self._times[purpose] = found
        return found

    def durations(
        self, purpose: str, members: NDArray[np.int64], attempts: NDArray[np.int64]
    ) -> NDArray[np.float64]:
        """The same for some starts, shape (members,)."""
        return self._of(self.times(purpose), members, attempts)

    def deletion(self, instance: int) -> float:
        """Seconds of an instance's next deletion for this reason."""
        attempt = self._deleted.get(instance, 0)
        self._deleted[instance] = attempt + 1
        return self.times("delete")[instance, attempt]

    def is_faulty(self, version: int) -> bool:
        """Whether a part of a model is bad in this replication."""
        return bool(self._faults[version])

    def get_healthy(
        self, members: NDArray[np.int64], attempts: NDArray[np.int64], version: int
    ) -> NDArray[np.bool_]:
        """Whether instances get healthy on a model, shape (members,)."""
        healthy = np.ones(len(members), bool)
        for place in self._faults[version]:
            fails = self._happens("unhealthy", place, self._layout.fault(place).unhealthy)
            healthy &= ~self._of(fails, members, attempts)
        return healthy

    def _of(
        self,
        drawn: Durations | Bernoulli,
        members: NDArray[np.int64],
        attempts: NDArray[np.int64],
    ) -> NDArray[Any]:
        """What is drawn for some starts. Most are the first one: those are drawn at once."""
        if attempts.any() or len(members) * FEW < self._layout.room:
            pairs = zip(members.tolist(), attempts.tolist(), strict=True)
            kind = bool if isinstance(drawn, Bernoulli) else float
            return np.array([drawn[each] for each in pairs], kind)
        return drawn.vector(self._layout.room)[members]

    def unhealthy_after(self, instance: int, attempt: int, version: int) -> list[tuple[float, int]]:
        """When a healthy instance turns unhealthy, seconds, and by which of the faulty versions."""
        found = []
        for place in self._faults[version]:
            later = self._layout.fault(place).unhealthy_later
            if later is None:
                continue
            if self._happens("unhealthy_later", place, later.probability)[instance, attempt]:
                path = f"{self._path('unhealthy_after', place)}/{self._reason}"
                times = self._context.draws.times(path, later.after, self._layout.room)
                found.append((times[instance, attempt], place))
        return found

    def _happens(self, purpose: str, place: int, probability: float) -> Bernoulli:
        path = f"{self._path(purpose, place)}/{self._reason}"
        return self._context.draws.happens(path, probability, self._layout.room)

    def _path(self, purpose: str, place: int) -> str:
        return f"{self._layout.name}/{self._layout.faulty[place]}/{purpose}"


def seen_healthy(answers: NDArray[np.float64], health: Health) -> NDArray[np.float64]:
    """When instances are seen to be healthy that answer after so many seconds, seconds.

    Probes come from their start on; as many in a row as the health settings ask for must succeed.
    """
    if health.source == "none":
        return answers
    seen: NDArray[np.float64] = np.ceil(answers / health.interval) + health.probes - 1
    return seen * health.interval
