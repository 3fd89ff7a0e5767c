"""A cloud service in a scenario: its numbering, fixed for all replications, and how one begins."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from sim.core.log import SCENARIO
from sim.systems.base.failures import FailureProcess
from sim.systems.base.model import SystemModel
from sim.systems.cloud_service import audit, explain, metrics, shortfalls, status, tables
from sim.systems.cloud_service.layout import Failing, Layout
from sim.systems.cloud_service.operator import ModelledOperator
from sim.systems.cloud_service.operator_requests import operator_walk
from sim.systems.cloud_service.rejections import answer, by_request
from sim.systems.cloud_service.requests import GuestOsUpdate, HostOsUpdate, UpgradeDeployment
from sim.systems.cloud_service.series import Series
from sim.systems.cloud_service.service import HostedService
from sim.systems.cloud_service.states import BAD, GOOD, RESTARTING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from sim.core.log import Log
    from sim.core.metrics import Measured
    from sim.core.stack import Stack
    from sim.systems.base.activity import Activity
    from sim.systems.base.context import Context, ScheduledEvent
    from sim.systems.base.model import DryRun, Shortfall
    from sim.systems.base.operation import Request
    from sim.systems.base.records import Rejection
    from sim.systems.base.service import Call


class Model(SystemModel[Layout]):
    """One cloud service of a scenario."""

    member = "instance"

    @property
    def unit(self) -> int:  # type: ignore[override]  # as fine as its roles' weights ask for
        """What a member's weight of 1 is in the log."""
        return self.layout.units.capacity

    @property
    def size(self) -> str:
        """How large it is, in a few words."""
        return explain.size(self.layout)

    def size_in(self, log: Log) -> str:
        """The same, and from when on a run has more update domains."""
        return self.size + explain.more_domains(self.layout, log)

    @property
    def headlines(self) -> tuple[str, ...]:
        """The metrics that say most, at most six."""
        layout = self.layout
        names = ["min_capacity", "capacity_hours_lost", "downtime"]
        if layout.rollouts:
            names += ["rollout_duration"]
        elif layout.platform_updates:
            names += ["platform_update_duration"]
        names += ["blast_radius"] if layout.faulty else []
        names += ["unserved_demand"] if layout.spec.demand else []
        return tuple(names)

    def describe(self, dry_run: DryRun | None = None) -> list[str]:
        """What it is and what is asked of it, in sentences."""
        return explain.describe(self, dry_run)

    def rule(self, body: Request) -> str | None:
        """The rule by which the service rejects a request by what it says, if any."""
        return by_request(body, self.layout.spec, self.layout.configured.ever)

    def answer(self, rule: str, body: Request) -> Rejection:
        """The rejection by a rule."""
        return answer(rule, body)

    # How it runs.

    def service(self, context: Context) -> HostedService:
        """The service of one replication, with the failures that happen to it."""
        service = HostedService(context, self.layout, self._draw_builds(context))
        if self.layout.failing:
            self._plan_failures(service)
        return service

    def _draw_builds(self, context: Context) -> list[bool]:
        """Whether each build is bad: one draw a replication, none for a build without faults."""
        layout = self.layout
        bad = [False] * len(layout.builds)
        for number in layout.faulty:
            build = layout.builds[number]
            path = f"{layout.name}/{build}/bad"
            bad[number] = context.draws.happens(path, layout.spec.builds[build].bad, 1)[0, 0]
            state = BAD if bad[number] else GOOD
            context.record(0.0, layout.first_build + number, 0, state, SCENARIO)
        return bad

    def _plan_failures(self, service: HostedService) -> None:
        """Unplanned ones of instances and of fault domains, which go on during a rollout."""
        layout = self.layout
        first, restart_draws = layout.first_instance(), service.restart_draws("failures")

        def fail(failing: Failing, place: int, recovery: float) -> None:
            # After a swap it is the other deployment that fails.
            instances, cause = service.production.instances, failing.causes[place]
            for i in failing.members[place]:
                if instances.is_ready(i):  # one that is out already cannot fail
                    version = instances.version(i)
                    instances.hold(i, version, RESTARTING, recovery, restart_draws, cause)

        for failing in layout.failing:
            subjects = [first + together[0] for together in failing.members]
            process = FailureProcess(
                service.context, failing.path, failing.failures, subjects, partial(fail, failing)
            )
            process.begin()

    def call(self, number: int) -> Call:
        """The file's operation `number` as a request; the platform asks for its own updates."""
        call = super().call(number)
        if isinstance(call.body, GuestOsUpdate | HostOsUpdate):
            return replace(call, cause=self.layout.actor("platform"))
        return call

    def _ask(self, event: ScheduledEvent) -> None:
        service, call = event.argument
        accepted = service.handle(call)
        body = call.body
        if accepted and isinstance(body, UpgradeDeployment) and body.mode == "Manual":
            self._let_operate(service, call)

    def _let_operate(self, service: HostedService, call: Call) -> None:
        if call.body.operator is None:
            return
        operations = self.layout.operations
        first = operations.index(operator_walk(call.name, 0), len(self.operations))
        operator = ModelledOperator(service, call.body, call.name, first)
        service.context.start(operator.operate(service.deployment(call.body)))

    # What is asked of a finished run.

    def measure(self, stack: Stack, warm_up: float) -> tuple[Measured, NDArray[np.bool_]]:
        """Every metric by (group, name), and in which replications all rollouts came to an end."""
        return metrics.measure(self.layout, stack, warm_up)

    def audit(self, stack: Stack) -> str | None:
        """The rule of the system that a stack breaks, if any."""
        return audit.audit(self.layout, stack)

    def shortfalls(self, stack: Stack) -> dict[Shortfall, NDArray[np.float64]]:
        """When an upgrade was completed though instances that it took are not up."""
        if not self.layout.rollouts:
            return {}
        return {"with unhealthy members": shortfalls.unhealthy(self.layout, stack)}

    def run_of(self, log: Log) -> Series:
        """The series of a run."""
        return Series(self.layout, log)

    def series(self) -> list[tuple[str, str]]:
        """Every (series, group) that a run has."""
        return Series.names_in(self.layout)

    def members(self, log: Log) -> list[dict[str, Any]]:
        """One row an instance."""
        return tables.members(self.layout, log)

    def operations_table(self, log: Log) -> list[dict[str, Any]]:
        """One row an operation."""
        return tables.operations_table(self.layout, log)

    def status(self, log: Log, at: float) -> dict[str, Any]:
        """What Get Deployment would show at `at` seconds."""
        return status.status(self.layout, log, at)

    def activities(self, stack: Stack) -> list[Activity]:
        """What instances do, those of an update domain on one lane."""
        return [tables.activity(self.layout, stack)]
