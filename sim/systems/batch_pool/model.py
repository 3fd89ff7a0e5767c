"""A Batch pool in a scenario: how a replication begins, and how a finished one is evaluated."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sim.core.stack import Stack
from sim.systems.base.model import SystemModel
from sim.systems.batch_pool import audit, explain, metrics, rejections, status, tables
from sim.systems.batch_pool.draws import draw_tasks, in_order
from sim.systems.batch_pool.layout import PoolLayout
from sim.systems.batch_pool.pool import Pool
from sim.systems.batch_pool.series import PoolSeries, names
from sim.systems.batch_pool.service import BatchService

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from sim.core.log import Log
    from sim.core.metrics import Measured
    from sim.systems.base.activity import Activity
    from sim.systems.base.context import Context
    from sim.systems.base.model import DryRun
    from sim.systems.base.operation import Request
    from sim.systems.base.records import Rejection


class PoolModel(SystemModel[PoolLayout]):
    """One Batch pool of a scenario."""

    member = "node"

    def service(self, context: Context) -> BatchService:
        """The service of one pool, whose tasks arrive and whose nodes fail from now on."""
        tasks = in_order(self.layout, draw_tasks(self.layout, context.draws))
        pool = Pool(context, self.layout, tasks)
        pool.begin()
        return BatchService(pool)

    def rule(self, body: Request) -> str | None:
        """The rule that a request breaks by what it says, whenever it is sent."""
        return rejections.by_request(body, self.layout.spec)

    def answer(self, rule: str, body: Request) -> Rejection:
        """The rejection by a rule, its message about this request."""
        return rejections.answer(rule, body)

    @property
    def size(self) -> str:
        """How large it is, in a few words."""
        return explain.size(self.layout.spec)

    @property
    def nominal(self) -> float:
        """Slots at time 0."""
        return float(self.layout.nominal)

    @property
    def headlines(self) -> tuple[str, ...]:
        """The metrics that say most."""
        return metrics.headlines(self.layout)

    def describe(self, dry_run: DryRun | None = None) -> list[str]:
        """What it is and what is asked of it, in sentences."""
        return explain.describe(self.layout, self.rejection, dry_run)

    # What is asked of a finished run.

    def measure(self, stack: Stack, warm_up: float) -> tuple[Measured, NDArray[np.bool_]]:
        """Every metric by (group, name), and in which replications all rollouts came to an end."""
        return metrics.measure(self.layout, stack, warm_up)

    def audit(self, stack: Stack) -> str | None:
        """The rule of the system that a stack breaks, if any."""
        rule = audit.broken_rule(self.layout, stack)
        return None if rule is None else f"{self.layout.name}: {rule}"

    def run_of(self, log: Log) -> PoolSeries:
        """The series of a run."""
        return PoolSeries(self.layout, log)

    def series(self) -> list[tuple[str, str]]:
        """Every (series, group) that a run has; a pool has no groups."""
        return names(self.layout)

    def members(self, log: Log) -> list[dict[str, Any]]:
        """One row a node."""
        return tables.members(self.layout, Stack([log]))

    def operations_table(self, log: Log) -> list[dict[str, Any]]:
        """One row an operation."""
        return tables.operations_table(self.layout, log)

    def status(self, log: Log, at: float) -> dict[str, Any]:
        """What Get Pool would show at `at` seconds."""
        return status.status(self.layout, Stack([log.until(at)]))

    def activities(self, stack: Stack) -> list[Activity]:
        """What nodes do."""
        return [tables.activity(self.layout, stack)]
