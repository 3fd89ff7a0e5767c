"""A compute node as the service believes it to be: its runs, its stay, who waits for it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from simpy import Event

from sim.systems.batch_pool.states import IN_SERVICE, OFFLINE

if TYPE_CHECKING:
    from collections.abc import Callable


class Node:
    """A compute node, as the service believes it to be."""

    __slots__ = (
        "claim", "disabled", "number", "runs", "since", "spare", "status", "stay", "subject",
        "used", "version",
    )  # fmt: skip

    def __init__(self, number: int, subject: int, status: int) -> None:
        self.number, self.subject, self.status = number, subject, status
        self.version = 0
        self.used = 0
        """Slots in use."""
        self.since = 0.0
        """When it last lost a task or came into service."""
        self.runs: list[Execution] = []
        """Of its slots, whether they run a task or not."""
        self.spare: list[Execution] = []
        """Those of the runs that are over, to be used again."""
        self.disabled = False
        """Whether a user disabled its scheduling."""
        self.claim: Claim | None = None
        """Who waits for it to be empty."""
        self.stay: Stay | None = None
        """Why it is out of service, if it is and will be back."""

    @property
    def is_up(self) -> bool:
        """Whether it is in service, or would be if its scheduling were not disabled."""
        return self.status in IN_SERVICE or self.is_offline

    @property
    def is_offline(self) -> bool:
        """Whether it is out for no other reason than that its scheduling is disabled."""
        return self.status == OFFLINE and self.stay is None

    def data_retained(self, retention: float, now: float) -> float:
        """Seconds until what its tasks left may be deleted, which is kept for `retention`.

        Of a node that came back since its last task ended they count from its return.
        """
        return max(0.0, self.since + retention - now) if self.spare else 0.0

    def running(self) -> list[Execution]:
        """The runs that are under way, in order of task."""
        return sorted((run for run in self.runs if run.task >= 0), key=_task_of)

    def emptied(self) -> None:
        """Its last task has ended while it takes no new one."""
        claim = self.claim
        if claim is not None:
            self.claim = None
            claim.take(self)


def _task_of(run: Execution) -> int:
    return run.task


@dataclass(frozen=True, eq=False)
class Claim:
    """A wish for a node that drains: `take` it once it is empty; `lost` if another takes it."""

    take: Callable[[Node], None]
    lost: Callable[[Node], None]
    rests: bool = False
    """Whether all that is wished is that it takes no new tasks."""
    leaves: bool = False
    """Whether the node is to leave the pool."""


@dataclass(eq=False)
class Stay:
    """A stay out of service: what follows when the node is through with it."""

    node: Node
    cause: int
    steps: list[tuple[int, float]]
    """Statuses with the seconds spent in them."""
    works: bool
    """Whether the start task succeeds: a node on which it fails takes no tasks."""
    version: int
    """The version that the node has after the first step."""
    back: float
    """When it is over."""
    arrived: list[Callable[[Node], None]] = field(default_factory=list)
    """Called when the node is back, or gone."""


class Execution(Event):
    """A run of a task on a node, and the event of its end; used again once it has come."""

    __slots__ = ("_ok", "_value", "began", "callbacks", "ends", "node", "task")

    def __init__(self, node: Node) -> None:
        self._ok, self._value = True, None
        self.node = node
        node.runs.append(self)
        self.task = -1
        """-1 where it is over: the end of a run that was interrupted comes for nothing."""
        self.began = self.ends = 0.0
