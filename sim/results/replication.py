"""One replication: its log, and the lines and tables that all else is made of."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Self, SupportsIndex

from sim.core.errors import ScenarioError
from sim.core.stack import Stack
from sim.experiments.running.auditing import audit, exact_arithmetic
from sim.experiments.running.replications import replication_number
from sim.formats.checking import listed
from sim.results import tables
from sim.systems.base.spec import look_up, unknown_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa

    from sim.core.log import Log
    from sim.core.timelines import Timeline
    from sim.scenario import Scenario
    from sim.simulation import Simulation
    from sim.systems.base.model import Model


@dataclass(frozen=True, eq=False)
class Replication:
    """One replication of a variant: its timelines and operations."""

    simulation: Simulation
    log: Log
    variant: str
    """The variant's name, ``baseline`` in a file without variants."""

    @classmethod
    def of(cls, simulation: Simulation, number: SupportsIndex, variant: str) -> Self:
        """Run a replication, and see that it is a history that its models allow.

        Raises
        ------
        ModelError
            If it is not.
        """
        log = simulation.run(replication_number(number))
        with exact_arithmetic(simulation, log.replication):
            audit(simulation, Stack([log]), [log])
        return cls(simulation, log, variant)

    @property
    def scenario(self) -> Scenario:
        """What was run."""
        return self.simulation.scenario

    @property
    def replication(self) -> int:
        """Which replication it is."""
        return self.log.replication

    @cached_property
    def stack(self) -> Stack:
        """Its log, made ready to be analysed."""
        return Stack([self.log])

    def timeline(self, system: str, series: str, group: str = "") -> Timeline:
        """A series of a system, or of one group of it, over [0, horizon].

        Raises
        ------
        ScenarioError
            If the run has no such series.
        """
        model = self.model_of(system)
        known = model.series()
        if not any((series, group) == one for one in known):
            mine = [name for name, of in known if of == group]
            if not mine:
                groups = dict.fromkeys(of for _, of in known if of)
                raise ScenarioError.of(unknown_name(f"a group of {system}", group, groups))
            having = [of for name, of in known if name == series]
            if having and "" not in having and not group:
                rule = f"must be with a group ({listed(having)}), as each has its own {series}"
                raise ScenarioError.of(f"{rule}, got {series} of {system}")
            raise ScenarioError.of(unknown_name(f"a series of {group or system}", series, mine))
        line: Timeline = model.timeline(self.log, series, group)
        return line

    @property
    def series(self) -> list[tuple[str, str, str]]:
        """System, series and group of every timeline."""
        models = self.simulation.models.items()
        return [(system, *name) for system, model in models for name in model.series()]

    def lines(self) -> dict[tuple[str, str, str], Timeline]:
        """Every timeline, by system, series and group."""
        return dict(self.each_line())

    def each_line(self) -> Iterator[tuple[tuple[str, str, str], Timeline]]:
        """The same one after the other: of a large fleet they are many times its log."""
        for system, model in self.simulation.models.items():
            run = model.run_of(self.log)
            for series, group in model.series():
                yield (system, series, group), run.timeline(series, group)

    @cached_property
    def operations_table(self) -> pa.Table:
        """One row an operation: when it was asked for, and what the service answered."""
        rows = [
            {"variant": self.variant, **row}
            for model in self.simulation.models.values()
            for row in model.operations_table(self.log)
        ]
        return tables.from_rows(tables.OPERATIONS, rows)

    @cached_property
    def progress_table(self) -> pa.Table:
        """One row a day of systems whose rollouts take days: the share that was up to date."""
        rows = [
            {"variant": self.variant, "replication": self.replication, **row}
            for name, model in self.simulation.models.items()
            for row in self.simulation.kinds[name].progress(model, self.log)
        ]
        return tables.from_rows(tables.PROGRESS, rows)

    def model_of(self, system: str) -> Model:
        """The model of a system. ScenarioError if there is none of that name."""
        model: Model = look_up(self.simulation.models, system, "a system of this scenario")
        return model
