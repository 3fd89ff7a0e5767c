"""An Arc fleet in a scenario: its numbering, fixed for all replications, and how one begins."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sim.core.log import UNIT
from sim.systems.arc_fleet import audit, explain, fleet, metrics, series, tables
from sim.systems.arc_fleet.layout import number_all
from sim.systems.arc_fleet.operations import Service
from sim.systems.arc_fleet.rejections import answer, by_request

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from sim.core.log import Block, Log, Stack
    from sim.core.metrics import Measured
    from sim.core.timelines import Timeline
    from sim.systems.arc_fleet.spec import ArcFleet
    from sim.systems.base.context import Context
    from sim.systems.base.model import DryRun
    from sim.systems.base.operation import Operation, Span
    from sim.systems.base.records import Rejection
    from sim.systems.base.tables import GanttLabels


class Model:
    """One Arc fleet of a scenario. `first` is its first subject in the log."""

    def __init__(
        self, name: str, spec: ArcFleet, operations: Sequence[Operation], first: int, span: Span
    ) -> None:
        self.name, self.spec, self.operations = name, spec, tuple(operations)
        self.span = span
        self.layout = number_all(name, spec, self.operations, first, span)

    headlines = (
        "updated_share",
        "time_to_50",
        "time_to_99",
        "rollbacks",
        "stuck_machines",
        "capacity_hours_lost",
    )
    """The metrics that say most."""

    @property
    def size(self) -> str:
        """How large it is, in a few words."""
        return explain.size(self)

    # What the rest of the house asks of a finished run.

    def measure(self, stack: Stack, warm_up: float) -> tuple[Measured, NDArray[np.bool_]]:
        """Every metric by (group, name), and in which replications promises count."""
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
        """One row an extension of a machine."""
        return tables.members(self, log)

    def operations_table(self, log: Log) -> list[dict[str, Any]]:
        """One row an operation."""
        return tables.operations_table(self, log)

    def status(self, log: Log, at: float) -> dict[str, Any]:
        """Versions and provisioning states of each type at `at` seconds, and the releases."""
        return tables.status(self, log, at)

    def gantt(self, log: Log) -> list[tuple[str, float, float, str]]:
        """How each type stands in each group: label, from, to, category."""
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

    @property
    def nominal(self) -> float:
        """Extensions of machines at time 0, enrolled or not."""
        return float(self.layout.nominal)

    @property
    def unit(self) -> int:
        """What a member's weight of 1 is in the log."""
        return UNIT

    @property
    def blocks(self) -> list[Block]:
        """The system's subjects."""
        return self.layout.blocks()

    def start(self, context: Context) -> None:
        """Let the whole fleet run; nothing else in the scenario touches it."""
        service = Service(context, self.layout)
        times = [each.drawn_at(context.draws) for each in self.operations]
        for number in sorted(range(len(times)), key=times.__getitem__):  # ties in the file's order
            if times[number] <= context.horizon:
                operation = self.operations[number]
                service.handle(number, times[number], operation.kind, operation.body)
        fleet.run(context, self.layout, service.actions)
        service.close()
