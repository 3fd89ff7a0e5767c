"""What is drawn for instances that restart: how long each stage takes, and what goes wrong.

Source of the stages: "Workflow of Azure classic VM architecture". Paths of draws are
``system/role/purpose/reason``. The reason is the operation that makes instances restart, not the
mode in which it does: so two modes of one upgrade are compared with common random numbers.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from sim.systems.cloud_service.states import BUSY, STARTING_ROLE, STOPPING_ROLE, STOPPING_VM

if TYPE_CHECKING:
    from sim.core.random_streams import Durations
    from sim.formats.distributions import Distribution
    from sim.systems.base.context import Context
    from sim.systems.cloud_service.layout import RoleLayout
    from sim.systems.cloud_service.spec import UnhealthyLater

STOP_LIMIT = 300.0
"""Seconds that OnStop may take; then the process is killed ("Handle Cloud Service lifecycle
events")."""

STAGES = (
    ("stop", STOPPING_ROLE),
    ("apply", STOPPING_VM),
    ("start", STARTING_ROLE),
    ("on_start", BUSY),
)


class RestartDraws:
    """What is drawn for the instances of one role that restart for one reason."""

    def __init__(
        self,
        context: Context,
        system: str,
        role: RoleLayout,
        reason: str,
        whole: Distribution | None,
    ) -> None:
        self._context, self._role = context, role
        self._where, self._reason = f"{system}/{role.name}", reason
        self.first = role.first
        """Number of the role's first instance."""
        self.used: dict[int, int] = {}
        """How many attempts each instance has made for this reason, where more than one can be."""
        self._stages = role.spec.stages if whole is None else None
        self._whole = whole or role.spec.restart
        self.last_step = 0 if self._stages is None else len(STAGES) - 1
        """Place of the last one of `steps`."""

    @cached_property
    def steps(self) -> list[tuple[int, list[float]]]:
        """Statuses of a first attempt with the seconds that each instance spends in them."""
        room = self._role.room
        if self._stages is None:
            return [(BUSY, self._times("restart", self._whole).vector(room).tolist())]
        steps = []
        for stage, status in STAGES:
            seconds = self._times(stage, getattr(self._stages, stage)).vector(room)
            if stage == "stop":
                seconds = seconds.clip(max=STOP_LIMIT)
            steps.append((status, seconds.tolist()))
        return steps

    @cached_property
    def _retries(self) -> list[Durations]:
        # The package is in place by now: only the role is started again.
        if self._stages is None:
            return [self._times("restart", self._whole)]
        return [
            self._times("start", self._stages.start),
            self._times("on_start", self._stages.on_start),
        ]

    def _times(self, purpose: str, distribution: Distribution | None) -> Durations:
        assert distribution is not None
        path = f"{self._where}/{purpose}/{self._reason}"
        return self._context.draws.times(path, distribution, self._role.room)

    def retry(self, instance: int, attempt: int) -> float:
        """Seconds of a further attempt: start and on_start, or the whole restart."""
        return sum(times[instance - self.first, attempt] for times in self._retries)

    def fails(self, instance: int, attempt: int, probability: float) -> bool:
        """Whether an attempt ends without the instance being Ready."""
        path = f"{self._where}/fails_to_start/{self._reason}"
        member = instance - self.first
        return self._context.draws.happens(path, probability, self._role.room)[member, attempt]

    def creation(self, instance: int) -> float:
        """Seconds until a new instance is there."""
        member, attempt = instance - self.first, self.used.get(instance, 0)
        if self._role.spec.create is not None:
            return self._times("create", self._role.spec.create)[member, attempt]
        return sum(seconds[member] for _, seconds in self.steps)

    def slow_for(self, instance: int, attempt: int) -> float:
        """Seconds for which the instance is cold after Ready."""
        slow = self._role.spec.slow_start
        times = self._times("slow_start", slow.for_ if slow else None)
        return times[instance - self.first, attempt]

    def unhealthy_after(self, instance: int, attempt: int, fault: UnhealthyLater) -> float | None:
        """Seconds after Ready at which the instance turns unresponsive; None if it does not."""
        member = instance - self.first
        path = f"{self._where}/unhealthy_later/{self._reason}"
        chances = self._context.draws.happens(path, fault.probability, self._role.room)
        if not chances[member, attempt]:
            return None
        return self._times("unhealthy_after", fault.after)[member, attempt]
