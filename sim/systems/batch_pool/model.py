"""A Batch pool in a scenario: its numbering, fixed for all replications, and how one begins."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from sim.core.log import SCENARIO, UNIT
from sim.core.random_streams import draws
from sim.systems.base.context import ACT
from sim.systems.base.operation import windows_of
from sim.systems.base.service import Call
from sim.systems.batch_pool import explain, metrics, series, status, tables
from sim.systems.batch_pool.layout import number_all
from sim.systems.batch_pool.operations import BatchService
from sim.systems.batch_pool.pool import Pool
from sim.systems.batch_pool.rejections import answer, by_request
from sim.systems.batch_pool.requests import drains
from sim.systems.batch_pool.tasks import draw_tasks, in_order

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from sim.core.log import Block, Log, Stack
    from sim.core.metrics import Measured
    from sim.core.timelines import Timeline
    from sim.systems.base.context import Context, ScheduledEvent
    from sim.systems.base.model import DryRun
    from sim.systems.base.operation import Operation, Span
    from sim.systems.base.records import Rejection
    from sim.systems.base.tables import GanttLabels
    from sim.systems.batch_pool.spec import BatchPool
    from sim.systems.batch_pool.tasks import JobTasks


class Model:
    """One Batch pool of a scenario. `first` is its first subject in the log."""

    def __init__(
        self,
        name: str,
        spec: BatchPool,
        operations: Sequence[Operation],
        first: int,
        span: Span,
    ) -> None:
        self.name, self.spec, self.operations = name, spec, tuple(operations)
        self.span = span
        self.layout = number_all(name, spec, self.operations, first, span)
        self._calls = [self._call(number) for number in range(len(self.operations))]

    @property
    def size(self) -> str:
        """How large it is, in a few words."""
        return explain.size(self)

    @property
    def nominal(self) -> float:
        """Slots at time 0."""
        return float(self.layout.nominal)

    @property
    def unit(self) -> int:
        """What a member's weight of 1 is in the log."""
        return UNIT

    @cached_property
    def headlines(self) -> tuple[str, ...]:
        """The metrics that say most."""
        names = ["min_capacity", *(["min_accepting"] if self._drains else [])]
        if self.spec.work:
            names += ["lost_task_hours", "tasks_requeued", "wait_p95"]
        else:
            names += ["capacity_hours_lost"]
        names += ["rollout_duration"] if self.layout.rollouts else []
        finite = self.spec.work and not any(job.is_open for job in self.spec.work)
        return (*names, "makespan") if finite else tuple(names)

    @property
    def _drains(self) -> bool:
        """Whether nodes may be left to end their tasks before they are taken."""
        if not self.spec.work:
            return False
        if self.layout.rollouts and self.spec.walk_rules.mode == "taskcompletion":
            return True
        return any(drains(each.body, self.layout.room) for each in self.operations)

    @property
    def blocks(self) -> list[Block]:
        """The system's subjects."""
        return self.layout.blocks()

    # How it runs.

    def start(self, context: Context) -> None:
        """Plan what the file asks for and what befalls the pool; the rest follows from it."""
        tasks = in_order(self.layout, draw_tasks(self.layout, context.draws))
        pool = Pool(context, self.layout, tasks)
        service = BatchService(pool)
        for number, operation in enumerate(self.operations):
            at, subject = operation.drawn_at(context.draws), self._calls[number].subject
            context.call(at, ACT, subject, self._ask, (service, number))
        pool.begin()

    def tasks(self, seed: int, replication: int) -> list[JobTasks]:
        """The tasks of each job of one replication, drawn anew."""
        return draw_tasks(self.layout, draws(seed, replication))

    def _call(self, number: int) -> Call:
        operation = self.operations[number]
        return Call(
            number,
            self.layout.first_operation + number,
            operation.name,
            operation.kind,
            operation.body,
            SCENARIO,
            by_request(operation.body, self.spec),
            windows_of(getattr(operation.body, "windows", ()), self.span.start),
        )

    def _ask(self, event: ScheduledEvent) -> None:
        service, number = event.argument
        service.handle(self._calls[number])

    # What the rest of the house asks of a finished run.

    def measure(self, stack: Stack, warm_up: float) -> tuple[Measured, NDArray[np.bool_]]:
        """Every metric by (group, name), and in which replications all rollouts came to an end."""
        return metrics.measure(self, stack, warm_up)

    def audit(self, stack: Stack) -> str | None:
        """The rule of the system that a stack breaks, if any."""
        return metrics.audit(self, stack)

    def series(self) -> list[tuple[str, str]]:
        """Every (series, group) that a run has."""
        return series.names(self)

    def timeline(self, log: Log, name: str, group: str = "") -> Timeline:
        """One series of a run; a pool has no groups."""
        if group:
            raise KeyError(f"no group {group}")
        return series.Series(self, log).timeline(name)

    def timelines(self, log: Log) -> dict[tuple[str, str], Timeline]:
        """Every series of a run, by (series, group)."""
        run = series.Series(self, log)
        return {(name, group): run.timeline(name) for name, group in series.names(self)}

    def members(self, log: Log) -> list[dict[str, Any]]:
        """One row a node."""
        return tables.members(self, log)

    def operations_table(self, log: Log) -> list[dict[str, Any]]:
        """One row an operation."""
        return tables.operations_table(self, log)

    def status(self, log: Log, at: float) -> dict[str, Any]:
        """What Get Pool would show at `at` seconds."""
        return status.status(self, log, at)

    def gantt(self, log: Log) -> list[tuple[str, float, float, str]]:
        """What nodes do: label, from, to, category."""
        return tables.gantt(self, log)

    @property
    def gantt_labels(self) -> GanttLabels:
        """What those lanes are."""
        return tables.gantt_labels(self)

    def describe(self, dry_run: DryRun | None = None) -> list[str]:
        """What it is and what is asked of it, in sentences."""
        return explain.describe(self, dry_run)

    def rejection(self, operation: Operation) -> Rejection | None:
        """How the service refuses an operation by what it says, if it does."""
        rule = by_request(operation.body, self.spec)
        return answer(rule, operation.body) if rule else None
