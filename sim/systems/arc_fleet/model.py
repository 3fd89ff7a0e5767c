"""An Arc fleet in a scenario: its service, and what is reported of its runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sim.systems.arc_fleet import audit, explain, metrics, series, tables
from sim.systems.arc_fleet.layout import FleetLayout
from sim.systems.arc_fleet.rejections import answer, by_request
from sim.systems.arc_fleet.service import FleetService
from sim.systems.base.model import SystemModel

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from sim.core.log import Log
    from sim.core.metrics import Measured
    from sim.core.stack import Stack
    from sim.systems.arc_fleet.spec import ArcFleet
    from sim.systems.base.activity import Activity
    from sim.systems.base.context import Context
    from sim.systems.base.model import DryRun
    from sim.systems.base.operation import Operation, Request, Span
    from sim.systems.base.records import Rejection


class Model(SystemModel[FleetLayout]):
    """One Arc fleet of a scenario. `first` is its first subject in the log."""

    member = "extension"
    headlines = (
        "updated_share",
        "time_to_50",
        "time_to_99",
        "rollbacks",
        "stuck_machines",
        "capacity_hours_lost",
    )
    """The metrics that say most."""

    def __init__(
        self, name: str, spec: ArcFleet, operations: Sequence[Operation], first: int, span: Span
    ) -> None:
        super().__init__(FleetLayout(name, spec, operations, first, span))

    def service(self, context: Context) -> FleetService:
        """The service of one replication, which lets the machines run."""
        return FleetService(context, self.layout)

    def rule(self, body: Request) -> str | None:
        """The rule by which the service rejects a request by what it says, if any."""
        return by_request(body, self.layout.spec)

    def answer(self, rule: str, body: Request) -> Rejection:
        """The rejection by a rule."""
        return answer(rule, body)

    @property
    def size(self) -> str:
        """How large it is, in a few words."""
        return explain.size(self.layout)

    def describe(self, dry_run: DryRun | None = None) -> list[str]:
        """What it is and what is asked of it, in sentences."""
        return explain.describe(self, dry_run)

    def measure(self, stack: Stack, warm_up: float) -> tuple[Measured, NDArray[np.bool_]]:
        """Every metric by (group, name), and in which replications promises count."""
        return metrics.measure(self.layout, stack, warm_up)

    def audit(self, stack: Stack) -> str | None:
        """The rule of the system that a stack breaks, if any."""
        return audit.audit(self.layout, stack)

    def run_of(self, log: Log) -> series.Series:
        """The series of a run."""
        return series.Series(self.layout, log)

    def series(self) -> list[tuple[str, str]]:
        """Every (series, group) that a run has."""
        return series.names(self.layout)

    def members(self, log: Log) -> list[dict[str, Any]]:
        """One row an extension of a machine."""
        return tables.members(self.layout, log)

    def operations_table(self, log: Log) -> list[dict[str, Any]]:
        """One row an operation."""
        return tables.operations_table(self.layout, log)

    def status(self, log: Log, at: float) -> dict[str, Any]:
        """Versions and provisioning states of each type at `at` seconds, and the releases."""
        return tables.status(self.layout, log, at)

    def activities(self, stack: Stack) -> list[Activity]:
        """What the extension of each machine does."""
        return [tables.activity(self.layout, stack)]
