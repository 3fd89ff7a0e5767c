"""What is drawn for instances that start: how long each step takes, and what goes wrong.

Paths of draws are ``set/purpose/reason``. The reason is the operation that makes instances start,
not the mode in which it does: so two policies are compared with common random numbers.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sim.core.random_streams import Bernoulli, Durations
    from sim.formats.distributions import Distribution
    from sim.systems.base.context import Context
    from sim.systems.vm_scale_set.layout import SetLayout
    from sim.systems.vm_scale_set.spec import Health


class Starts:
    """What is drawn for the instances that start for one reason."""

    def __init__(
        self, context: Context, layout: SetLayout, reason: str, bad: Sequence[bool]
    ) -> None:
        """`bad` says which of the faulty versions are bad in this replication."""
        self._context, self._layout, self._reason = context, layout, reason
        self._faults = [[place for place in places if bad[place]] for places in layout.faults]
        self._used: dict[int, int] = {}
        self._times: dict[str, Durations] = {}

    def next_attempt(self, instance: int) -> int:
        """The number of an instance's next start for this reason, from 0."""
        attempt = self._used.get(instance, 0)
        self._used[instance] = attempt + 1
        return attempt

    def times(self, purpose: str) -> Durations:
        """Seconds of what a key of the set says, by (instance, attempt)."""
        found = self._times.get(purpose)
        if found is None:
            given: Distribution = getattr(self._layout.spec, purpose)
            path = f"{self._layout.name}/{purpose}/{self._reason}"
            found = self._context.draws.times(path, given, self._layout.room)
            self._times[purpose] = found
        return found

    def gets_healthy(self, instance: int, attempt: int, version: int) -> bool:
        """Whether an instance gets healthy on a model."""
        return not any(
            self._happens("unhealthy", place, self._layout.fault(place).unhealthy)[
                instance, attempt
            ]
            for place in self._faults[version]
        )

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


def seen_healthy(answers: float, health: Health) -> float:
    """When an instance is seen to be healthy that answers after so many seconds, seconds.

    Probes come from its start on; as many in a row as the health settings ask for must succeed.
    """
    if health.source == "none":
        return answers
    first = math.ceil(answers / health.interval)
    return (first + health.probes - 1) * health.interval
