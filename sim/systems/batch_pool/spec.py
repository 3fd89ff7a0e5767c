"""A Batch pool as a user writes it: its nodes, how they are upgraded, and the work they do.

Names follow the Batch REST reference (2018-08-01.7.0, the last that upgrades operating systems) and
"Batch upgrade policy" for pools of virtual machines.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray
from pydantic import AfterValidator, Discriminator, Tag, ValidationError, WrapValidator
from pydantic.json_schema import SkipJsonSchema

from sim.core.metrics import HOUR
from sim.core.rounding import Amount
from sim.core.units import YEAR
from sim.formats.checking import nearest
from sim.formats.distributions import Distribution, OneFamily
from sim.formats.fields import (
    CountOrShare,
    Duration,
    Flag,
    Instant,
    Name,
    NonNegativeNumber,
    PositiveCount,
    Share,
    Spec,
)
from sim.formats.scalars import text_of
from sim.systems.base.failures import Failures
from sim.systems.base.spec import System
from sim.systems.batch_pool.workload import Job, Retries

if TYPE_CHECKING:
    from collections.abc import Callable

# Assumption: Azure publishes no time of an upgrade; two recorded reimages took 288 and 376 s.
NODE_UPGRADE = Distribution.model_validate({"lognormal": {"median": "5min", "p95": "9min"}})

# Assumption: a node is created in 193 s and reboots in 131 s, as in the PowerShell recordings.
CREATE = Distribution.fixed(193.0)
REBOOT = Distribution.fixed(131.0)

Seconds = TypeVar("Seconds", float, NDArray[np.float64])
"""On the time grid: of one run of a task, or of many."""

Deallocation = Literal["requeue", "terminate", "taskcompletion", "retaineddata"]
"""What happens to running tasks of a node that is removed, rebooted or reimaged."""


class OsVersion(Spec):
    """A release of the Guest OS, and since when it may be asked for. Dates need a `start`."""

    version: Name
    """Its name, such as WA-GUEST-OS-5.31_201905-01."""
    released: Instant | SkipJsonSchema[None] = None
    """When it appears: before, no such version exists. Default: long ago."""
    disabled: Instant | SkipJsonSchema[None] = None
    """From when on it is refused as disabled. Default: never."""
    expires: Instant | SkipJsonSchema[None] = None
    """From when on it is refused as expired. Default: never."""


class StartTask(Spec):
    """What a node runs whenever it starts, before any task."""

    duration: Distribution = Distribution.fixed(0.0)
    """Time that one attempt takes. Default: 0s."""
    fails: Share = 0.0
    """Chance that an attempt fails. Default: 0%."""
    max_retry_count: Retries = 0
    """How often it is tried again; -1: without limit. Default: 0."""
    wait_for_success: Flag = True
    """Whether tasks wait until it succeeded. If so, a node whose start task fails for good takes no
    tasks. Default: true."""


def _form_of_start_task(given: object) -> str:
    """Whether a time is written or keys: only the form that is meant says what is wrong with it."""
    mapping = isinstance(given, dict) and OneFamily.model_fields.keys().isdisjoint(given)
    return "keys" if mapping or isinstance(given, StartTask) else "time"


def _as_start_task(given: Distribution | StartTask) -> StartTask:
    return StartTask(duration=given) if isinstance(given, Distribution) else given


class Interruptions(Spec):
    """What happens to the tasks of a node that is taken away."""

    on_upgrade: Literal["requeue", "taskcompletion", "terminate", "checkpoint"] = "requeue"
    """By an upgrade: requeue (back to the queue, from the start), taskcompletion (the node takes no
    new tasks and is upgraded when its own are done), terminate (they fail) or checkpoint (back to
    the queue, from the last checkpoint). Azure requeues. Default: requeue."""
    on_failure: Literal["requeue", "terminate", "checkpoint"] = "requeue"
    """By a failure of the node: requeue, terminate or checkpoint. Default: requeue."""


NEVER = "never"


def _form_of_return(given: object) -> str:
    return "word" if given == NEVER else "time"


def _or_never(given: object, read: Callable[[object], Distribution]) -> Distribution:
    """A time; what is none is told that it may also be the word."""
    try:
        return read(given)
    except ValidationError as error:
        if not isinstance(given, str | int | float):
            raise
        rule = next(str(each["ctx"]["error"]) for each in error.errors() if "ctx" in each)
        meant = nearest(text_of(given), [NEVER])
        hint = f"; did you mean {meant}?" if meant else ""
        raise ValueError(rule.replace(" 5min, got", f" 5min, or {NEVER}, got") + hint) from None


if TYPE_CHECKING:
    Return = Distribution | Literal["never"]
else:
    Return = Annotated[
        Annotated[Distribution, WrapValidator(_or_never), Tag("time")]
        | Annotated[Literal["never"], Tag("word")],
        Discriminator(_form_of_return),
    ]


class Preemptions(Spec):
    """Spot nodes: Azure takes a node back when it needs it, and its tasks go back to the queue."""

    per_hour: NonNegativeNumber
    """Mean number of times an hour that a node in service is preempted, at random."""
    returns: Return
    """Time until there is capacity for it again, without its start task; or `never`."""

    @property
    def process(self) -> Failures:
        """When they come and how long they take, as of failures; of those for ever no time."""
        seconds = Distribution.fixed(0.0) if isinstance(self.returns, str) else self.returns
        per_year = self.per_hour * YEAR / HOUR
        return Failures.model_construct(per_year=per_year, recovery=seconds)

    @property
    def are_final(self) -> bool:
        """Whether a node that is preempted never returns."""
        return isinstance(self.returns, str)

    def share_there(self, after: float) -> float:
        """Expected share of the nodes that are there: in the long run, or `after` so many seconds
        where they never return.
        """
        rate = self.per_hour / HOUR
        if isinstance(self.returns, str):
            return math.exp(-rate * after)
        return 1 / (1 + rate * self.returns.mean)


class Checkpoint(Spec):
    """How tasks save what they did where an interruption is `checkpoint`, after full stretches of
    work, but not at the end of a run.
    """

    every: Duration = 600.0
    """Work between two checkpoints; 0s: work is never lost. Default: 10min."""
    cost: Duration = 0.0
    """Time that a checkpoint takes. Default: 0s."""

    def cost_of(self, work: Seconds) -> Seconds:
        """What the checkpoints of a run take that does so much `work`."""
        written = -(-work // self.every) - (work > 0) if self.every else 0 * work
        return self.cost * written

    def work_saved(self, elapsed: Seconds) -> Seconds:
        """The work that is saved when a run is interrupted after `elapsed` seconds."""
        return self.every * (elapsed // (self.every + self.cost)) if self.every else elapsed

    def time_of(self, saved: Seconds) -> Seconds:
        """The time that so much work took to do and to save, checkpoints included."""
        return (self.every + self.cost) * (saved // self.every) if self.every else saved


class UpgradePolicy(Spec):
    """How a virtual_machine pool takes a new image: its rolling upgrade policy."""

    max_batch_instance_percent: Share = 0.2
    """Share of the nodes that are upgraded at once, rounded down, at least one. Default: 20%."""
    pause_time_between_batches: Duration = 0.0
    """Time between a batch's end and the next one's start. Default: 0s."""
    os_rolling_upgrade_deferral: Flag = False
    """Whether a node that runs tasks is upgraded only when they are done. Default: false."""


@dataclass(frozen=True)
class WalkRules:
    """How an upgrade of a pool goes through its nodes."""

    limit: Amount
    """Nodes that may be taken at once."""
    rolling: bool
    """Whether each node is replaced as it returns; else the next wave waits for all of this one."""
    pause: float
    """Seconds between waves, or between a node's return and its replacement."""
    order: str
    mode: str
    """What becomes of the running tasks."""


# What a type checker sees is what validation or `resolve` makes of it.
if TYPE_CHECKING:
    Work = tuple[Job, ...]
    Start = StartTask
else:
    Work = Job | tuple[Job, ...]
    Start = Annotated[
        Annotated[Distribution, Tag("time")] | Annotated[StartTask, Tag("keys")],
        Discriminator(_form_of_start_task),
        AfterValidator(_as_start_task),
    ]


class BatchPool(System):
    """A Batch pool: nodes that run queued tasks, upgraded while they work."""

    kind: Literal["batch_pool"]
    """What the system is: a Batch pool."""
    nodes: PositiveCount
    """Number of nodes at the start."""
    min_available: CountOrShare = Amount(count=1)
    """Slots that must be in service for the pool to be available: a count, or a share rounded up.
    Default: 1."""
    configuration: Literal["cloud_service", "virtual_machine"] = "cloud_service"
    """What the nodes are: cloud_service (upgrade_os) or virtual_machine (upgrade_image).
    Default: cloud_service."""
    current_os_version: Name = "WA-GUEST-OS-5.30_201904-01"
    """Guest OS version of the nodes at the start. Default: WA-GUEST-OS-5.30_201904-01."""
    os_versions: tuple[OsVersion, ...] = ()
    """The Guest OS versions that there are. Default: every well-formed one."""
    cores: PositiveCount | SkipJsonSchema[None] = None
    """Cores of a node: it has at most four slots for each. Default: not checked."""
    task_slots_per_node: PositiveCount = 1
    """Slots for tasks that a node has, at most 256. Default: 1."""
    node_fill_type: Literal["spread", "pack"] = "spread"
    """Which node takes a task: spread (the least busy one) or pack (the busiest one with room).
    Default: spread."""
    node_upgrade: Distribution = NODE_UPGRADE
    """Time that an upgrade takes a node out, without its start task. Default: lognormal with median
    5min and 95 % within 9min."""
    start_task: Start = StartTask()
    """Time of the start task, or {duration, fails, max_retry_count, wait_for_success}. It runs
    whenever a node starts. Default: 0s."""
    create: Distribution = CREATE
    """Time until a new node is there, without its start task. Default: 193s."""
    reboot: Distribution = REBOOT
    """Time that a reboot takes, without the start task. Default: 131s."""
    reimage: Distribution | SkipJsonSchema[None] = None
    """Time that a reimage takes, without the start task. Default: as node_upgrade."""
    node_deallocation_option: Deallocation = "requeue"
    """What a removal of nodes does to their tasks: requeue, terminate, taskcompletion (wait for
    them) or retaineddata (wait also until their data may go). Default: requeue."""
    # Azure keeps a task's data for 7 days since 2018-12-01.8.0.
    retention_time: Duration = 7 * 86400.0
    """How long the data of a finished task is kept, for retaineddata. Default: 7d."""
    # Assumption: Azure tries not to take all nodes at once and publishes no number.
    max_concurrent: CountOrShare = Amount(share=0.2)
    """Nodes that an upgrade takes at once: a count, or a share of the pool's nodes rounded down, at
    least one. Default: 20%."""
    # Assumption: Azure publishes neither whether nodes go in waves nor in which order; waves, by
    # number.
    pace: Literal["waves", "rolling"] = "waves"
    """When the next nodes go: when a whole wave is back, or as each one is back (rolling).
    Default: waves."""
    pause: Duration = 0.0
    """Time between a wave's end, or a node's return, and what follows it. Default: 0s."""
    order: Literal["number", "idle_first", "least_work_lost"] = "number"
    """Which node goes next: by number, an idle one first, or the one whose tasks lose least.
    Default: number."""
    interruptions: Interruptions = Interruptions()
    """What happens to the tasks of a node that is taken away."""
    # Assumption: Azure does not say where a requeued task waits; before those that never ran.
    requeue_to: Literal["front", "back"] = "front"
    """Where in the queue a requeued task goes, among its priority. Default: front."""
    checkpoint: Checkpoint = Checkpoint()
    """How tasks save what they did, where an interruption is `checkpoint`."""
    failures: Failures | SkipJsonSchema[None] = None
    """Unplanned failures of single nodes. Default: none."""
    preemptions: Preemptions | SkipJsonSchema[None] = None
    """The nodes are spot (low-priority) nodes, which Azure takes back at times. Default: never."""
    upgrade_policy: UpgradePolicy = UpgradePolicy()
    """How a virtual_machine pool is upgraded."""
    work: Work = ()
    """The job, or a list of jobs, that the pool runs. Default: none."""

    @property
    def walk_rules(self) -> WalkRules:
        """How an upgrade goes: a virtual_machine pool has its upgrade policy for that."""
        if self.configuration == "cloud_service":
            rolling, mode = self.pace == "rolling", self.interruptions.on_upgrade
            return WalkRules(self.max_concurrent, rolling, self.pause, self.order, mode)
        # Assumption: without deferral, tasks of a node that takes a new image are requeued.
        policy = self.upgrade_policy
        batch = Amount(share=policy.max_batch_instance_percent)
        mode = "taskcompletion" if policy.os_rolling_upgrade_deferral else "requeue"
        return WalkRules(batch, False, policy.pause_time_between_batches, "number", mode)

    @property
    def saves(self) -> bool:
        """Whether its tasks write checkpoints."""
        return "checkpoint" in (self.walk_rules.mode, self.interruptions.on_failure)

    def share_there(self, after: float) -> float:
        """Expected share of the nodes that preemptions leave: see `Preemptions`."""
        return 1.0 if self.preemptions is None else self.preemptions.share_there(after)

    @property
    def served(self) -> tuple[Job, ...]:
        """The jobs whose tasks a node has slots for, as far as all of a job require as many."""
        return tuple(job for job in self.work if job.required_slots <= self.task_slots_per_node)

    @property
    def slots(self) -> int:
        """Slots of all nodes at the start."""
        return self.nodes * self.task_slots_per_node
