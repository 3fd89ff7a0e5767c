"""A cloud service in a scenario: its numbering, fixed for all replications, and how one begins."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from sim.core.log import SCENARIO
from sim.systems.base.context import ACT
from sim.systems.cloud_service import audit, explain, metrics, series, status, tables
from sim.systems.cloud_service.layout import Layout, has_faults, operator_walk
from sim.systems.cloud_service.load import demand_over
from sim.systems.cloud_service.operations import HostedService, call_of
from sim.systems.cloud_service.operator import ModelledOperator
from sim.systems.cloud_service.platform import UnplannedFailures
from sim.systems.cloud_service.rejections import answer, by_request
from sim.systems.cloud_service.requests import GuestOsUpdate, HostOsUpdate, UpgradeDeployment
from sim.systems.cloud_service.states import BAD, GOOD

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
    from sim.systems.base.service import Call
    from sim.systems.base.tables import GanttLabels
    from sim.systems.cloud_service.spec import CloudService


class Model:
    """One cloud service of a scenario. `first` is its first subject in the log."""

    def __init__(
        self,
        name: str,
        spec: CloudService,
        operations: Sequence[Operation],
        first: int,
        span: Span,
    ) -> None:
        self.name, self.spec, self.operations = name, spec, tuple(operations)
        self.span = span
        self.layout = Layout(name, spec, self.operations, first, span)
        self._calls = [self._call(number) for number in range(len(self.operations))]

    @cached_property
    def demand(self) -> Timeline:
        """What users ask for over time; the file's demand must be given."""
        assert self.spec.demand is not None
        return demand_over(self.spec.demand, self.span)

    @property
    def size(self) -> str:
        """How large it is, in a few words."""
        return explain.size(self)

    @cached_property
    def headlines(self) -> tuple[str, ...]:
        """The metrics that say most, at most six."""
        names = ["min_capacity", "capacity_hours_lost", "downtime"]
        if self.layout.rollouts:
            names += ["rollout_duration"]
        elif self.layout.platform_updates:
            names += ["platform_update_duration"]
        names += ["blast_radius"] if self.faulty else []
        names += ["unserved_demand"] if self.spec.demand else []
        return tuple(names)

    # What the rest of the house asks of a finished run.

    def measure(self, stack: Stack, warm_up: float) -> tuple[Measured, NDArray[np.bool_]]:
        """Every metric by (group, name), and in which replications all rollouts came to an end."""
        return metrics.measure(self, stack, warm_up)

    def audit(self, stack: Stack) -> str | None:
        """The rule of the system that a stack breaks, if any."""
        return audit.audit(self, stack)

    def series(self) -> list[tuple[str, str]]:
        """Every (series, group) that a run has."""
        return series.names(self)

    def timeline(self, log: Log, name: str, group: str = "") -> Timeline:
        """One series of a run."""
        return series.Series(self, log).timeline(name, group)

    def timelines(self, log: Log) -> dict[tuple[str, str], Timeline]:
        """Every series of a run, by (series, group)."""
        run = series.Series(self, log)
        return {(name, group): run.timeline(name, group) for name, group in series.names(self)}

    def members(self, log: Log) -> list[dict[str, Any]]:
        """One row an instance."""
        return tables.members(self, log)

    def operations_table(self, log: Log) -> list[dict[str, Any]]:
        """One row an operation."""
        return tables.operations_table(self, log)

    def status(self, log: Log, at: float) -> dict[str, Any]:
        """What Get Deployment would show at `at` seconds."""
        return status.status(self, log, at)

    def gantt(self, log: Log) -> list[tuple[str, float, float, str]]:
        """What each update domain does: label, from, to, category."""
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

    # How it runs.

    @cached_property
    def nominal(self) -> float:
        """Members in production at time 0, weighted."""
        return self.layout.nominal / self.unit

    @property
    def unit(self) -> int:
        """What a member's weight of 1 is in the log."""
        return self.layout.units.capacity

    @property
    def blocks(self) -> list[Block]:
        """The system's subjects."""
        return self.layout.blocks

    def rollout(self, number: int) -> Operation:
        """The file's operation that begins the rollout `number`."""
        name = self.layout.upgrades[number]
        return next(each for each in self.operations if each.name == name)

    def start(self, context: Context) -> None:
        """Plan what the file asks for and what befalls the service; the rest follows from it."""
        service = HostedService(context, self.layout, self._draw_builds(context))
        for number, operation in enumerate(self.operations):
            at, subject = operation.drawn_at(context.draws), self._calls[number].subject
            context.call(at, ACT, subject, self._ask, (service, number))
        if self._fails:
            UnplannedFailures(service).begin()

    def _draw_builds(self, context: Context) -> list[bool]:
        """Whether each build is bad: one draw a replication, none for a build without faults."""
        bad = [False] * len(self.layout.builds)
        for number in self.faulty:
            build = self.layout.builds[number]
            path = f"{self.name}/{build}/bad"
            bad[number] = context.draws.happens(path, self.spec.builds[build].bad, 1)[0, 0]
            context.record(
                0.0, self.layout.first_build + number, 0, BAD if bad[number] else GOOD, SCENARIO
            )
        return bad

    @cached_property
    def faulty(self) -> list[int]:
        """Numbers of the builds that have a fault with a probability above 0."""
        return [
            number
            for number, build in enumerate(self.layout.builds)
            if build in self.spec.builds and has_faults(self.spec.builds[build])
        ]

    @cached_property
    def _fails(self) -> bool:
        return bool(
            self.spec.fault_domain_failures
            or any(role.failures for role in self.spec.roles.values())
        )

    def _call(self, number: int) -> Call:
        operation = self.operations[number]
        platform = isinstance(operation.body, GuestOsUpdate | HostOsUpdate)
        cause = self.layout.actor("platform") if platform else SCENARIO
        return call_of(self.layout, number, operation.kind, operation.body, cause)

    def _ask(self, event: ScheduledEvent) -> None:
        service, number = event.argument
        call = self._calls[number]
        accepted = service.handle(call)
        if accepted and isinstance(call.body, UpgradeDeployment) and call.body.mode == "Manual":
            self._let_operate(service, number, call.body)

    def _let_operate(self, service: HostedService, number: int, body: UpgradeDeployment) -> None:
        if body.operator is None:
            return
        name = self.operations[number].name
        first = self.layout.operations.index(operator_walk(name, 0), len(self.operations))
        operator = ModelledOperator(service, body, name, first)
        service.context.start(operator.operate(service.deployment(body)))
