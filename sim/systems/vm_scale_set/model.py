"""A scale set in a scenario: how a replication begins, and what is asked of a finished one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sim.core.log import SCENARIO
from sim.core.stack import Stack
from sim.systems.base import records
from sim.systems.base.failures import FailureProcess
from sim.systems.base.model import SystemModel
from sim.systems.base.records import OperationRecord
from sim.systems.vm_scale_set import audit, explain, metrics, rejections, status, tables
from sim.systems.vm_scale_set.instances import Instances
from sim.systems.vm_scale_set.layout import SetLayout
from sim.systems.vm_scale_set.series import SetSeries, names
from sim.systems.vm_scale_set.service import ScaleSetService
from sim.systems.vm_scale_set.states import BAD, FAILURES, GOOD, IN_SERVICE, INSTANCE

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from sim.core.log import Log
    from sim.core.metrics import Measured
    from sim.systems.base.activity import Activity
    from sim.systems.base.context import Context
    from sim.systems.base.model import DryRun, Shortfall
    from sim.systems.base.operation import Request
    from sim.systems.base.records import Rejection


class SetModel(SystemModel[SetLayout]):
    """One scale set of a scenario."""

    member = "instance"
    in_service = tuple(INSTANCE[status] for status in IN_SERVICE)

    def service(self, context: Context) -> ScaleSetService:
        """The service of one set, whose instances fail from now on."""
        bad = self._draw_versions(context)
        instances = Instances(context, self.layout)
        self._let_instances_fail(context, instances)
        return ScaleSetService(context, self.layout, instances, bad)

    def _draw_versions(self, context: Context) -> list[bool]:
        """Whether each faulty version is bad: one draw a replication."""
        layout, found = self.layout, []
        for place, name in enumerate(layout.faulty):
            path, chance = f"{layout.name}/{name}/bad", layout.fault(place).bad
            is_bad = context.draws.happens(path, chance, 1)[0, 0]
            state = BAD if is_bad else GOOD
            context.record(0.0, layout.first_fault + place, 0, state, SCENARIO)
            found.append(is_bad)
        return found

    def _let_instances_fail(self, context: Context, instances: Instances) -> None:
        failures = self.layout.spec.failures
        if failures is None or not failures.per_year:
            return
        cause = self.layout.actor(FAILURES)

        def fail(number: int, recovery: float) -> None:
            instances.fail(number, recovery, cause)

        subjects = list(self.layout.instances.numbers)
        path = f"{self.layout.name}/failures"
        FailureProcess(context, path, failures, subjects, fail).begin()

    @property
    def size(self) -> str:
        """How large it is, in a few words."""
        return explain.size(self.layout.spec)

    def describe(self, dry_run: DryRun | None = None) -> list[str]:
        """What it is and what is asked of it, in sentences."""
        return explain.describe(self.layout, self.rejection, dry_run)

    @property
    def headlines(self) -> tuple[str, ...]:
        """The metrics that say most."""
        return metrics.headlines(self.layout)

    def rule(self, body: Request) -> str | None:
        """The rule that a request breaks by what it says, whenever it is sent."""
        return rejections.by_request(body, self.layout.room, self.layout.spec.quota)

    def answer(self, rule: str, body: Request) -> Rejection:
        """The rejection by a rule, its message about this request."""
        return rejections.answer(rule, body)

    # What is asked of a finished run.

    @property
    def nominal(self) -> float:
        """Its capacity at time 0, instances that are unhealthy then among them."""
        return float(self.layout.spec.instances)

    def measure(self, stack: Stack, warm_up: float) -> tuple[Measured, NDArray[np.bool_]]:
        """Every metric by (group, name), and in which replications all rollouts came to an end."""
        return metrics.measure(self.layout, stack, warm_up)

    def audit(self, stack: Stack) -> str | None:
        """The rule of a scale set that a stack breaks, if any."""
        return audit.audit(self.layout, stack)

    def shortfalls(self, stack: Stack) -> dict[Shortfall, NDArray[np.float64]]:
        """When an upgrade was completed though instances that it restored, could not replace or
        passed over had another model, or some that it upgraded were unhealthy, as its thresholds
        allow.
        """
        return metrics.shortfalls(self.layout, stack) if self.layout.rollouts else {}

    def run_of(self, log: Log) -> SetSeries:
        """The series of a run."""
        return SetSeries(self.layout, log)

    def series(self) -> list[tuple[str, str]]:
        """Every (series, group) that a run has; a set has no groups."""
        return names(self.layout)

    def members(self, log: Log) -> list[dict[str, Any]]:
        """One row an instance, with its place."""
        rows = super().members(log)
        numbers = [int(row["instance"].rpartition("_")[2]) for row in rows]
        return [
            row | tables.places(self.layout, number)
            for row, number in zip(rows, numbers, strict=True)
        ]

    def operations_table(self, log: Log) -> list[dict[str, Any]]:
        """One row an operation; the publication of an image is nobody's request."""
        asked = [
            OperationRecord(
                each.name, each.kind, each.body, each.index, rejections.accepted(each.body)
            )
            for each in self.operations
        ]
        block = log.subjects.one(self.layout.name, "operation")
        rows = records.operations_table(log, block, asked, self.answer)
        for row, each in zip(rows, asked, strict=True):
            row["http_status"] = row["http_status"] if each.http_status else None
        return rows

    def status(self, log: Log, at: float) -> dict[str, Any]:
        """What Get Latest Rolling Upgrade and the OS upgrade history would show."""
        return status.status(self.layout, Stack([log.until(at)]), at)

    def activities(self, stack: Stack) -> list[Activity]:
        """What instances do, and the batches of rolling upgrades."""
        return tables.activities(self.layout, stack)
