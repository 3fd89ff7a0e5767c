"""One replication with all that it holds: what `run_one` gives."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import cached_property
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from sim.core.errors import ScenarioError
from sim.core.metrics import HOUR
from sim.core.timelines import Timeline
from sim.core.units import LONGEST, parse_duration, shorten_any, show_duration
from sim.forecast import explanation
from sim.plots import overlay
from sim.results import html, tables
from sim.results.events import events
from sim.results.run_pictures import RunPictures
from sim.systems.base.spec import look_up, unknown_name

if TYPE_CHECKING:
    import datetime as dt

    import pandas as pd

    from sim.core.log import Log
    from sim.plots.style import Picture
    from sim.scenario import Scenario
    from sim.simulation import Simulation
    from sim.systems.base.model import Model


@dataclass(frozen=True, eq=False)
class NamedTimeline(Timeline):
    """A timeline that knows what it shows and when the scenario starts."""

    name: str = ""
    start: dt.datetime | None = None

    def to_series(self) -> pd.Series[float]:
        """The steps as a Series, by date where the scenario has a `start`, else by hours since it.

        Each value holds until the next; the last one stands at the end too. Dates are rounded to
        microseconds. In a plot of pandas the steps need ``drawstyle="steps-post"``.
        """
        times, values = self.times, self.values
        if times[-1] < self.end:
            times, values = np.append(times, self.end), np.append(values, values[-1])
        if self.start is None:
            since = tables.numbers(times / HOUR)
        else:
            micros = pa.py_buffer(np.rint(times * 1e6).astype(np.int64))
            since = pa.Array.from_buffers(pa.duration("us"), len(times), [None, micros])
        index = "time" if self.start else "hours"
        table = pa.Table.from_arrays([since, tables.numbers(values)], [index, "value"])
        series = tables.frame(table).set_index(index)["value"].rename(self.name)
        if self.start is not None:
            series.index = series.index + self.start
        return series

    def plot(self) -> Picture:
        """The steps over time, as a picture."""
        return overlay.figure(
            {self.name: self},
            self.name.replace("_", " "),
            title=self.name.replace("_", " "),
            start=self.start,
        )

    def _repr_html_(self) -> str:
        span = f"{len(self.times)} steps, lowest {self.minimum():g}, mean {self.mean():.4g}"
        return html.page(self.name, [f"{span} {self.unit}".rstrip()], [])


def _instant(seconds: object) -> str:
    """An instant as a message shows it, whatever was given for one."""
    if isinstance(seconds, int | float) and abs(seconds) <= LONGEST:
        return show_duration(seconds)
    return shorten_any(seconds)


@dataclass(frozen=True, eq=False)
class Run:
    """One replication: its timelines, members, operations and every single transition."""

    simulation: Simulation
    log: Log
    variant: str
    """The variant's name, ``baseline`` in a file without variants."""

    @property
    def scenario(self) -> Scenario:
        """What was run."""
        return self.simulation.scenario

    @property
    def replication(self) -> int:
        """Which replication it is."""
        return self.log.replication

    def timeline(self, system: str, series: str, group: str = "") -> NamedTimeline:
        """A series of a system, or of one group of it, over [0, horizon].

        Raises
        ------
        ScenarioError
            If the run has no such series.
        """
        model = self._model(system)
        known = model.series()
        if not any((series, group) == one for one in known):
            mine = [name for name, of in known if of == group]
            if not mine:
                groups = dict.fromkeys(of for _, of in known if of)
                raise ScenarioError.of(unknown_name(f"a group of {system}", group, groups))
            raise ScenarioError.of(unknown_name(f"a series of {group or system}", series, mine))
        line = model.timeline(self.log, series, group)
        name = " ".join(filter(None, (group or system, series)))
        return NamedTimeline(
            line.times, line.values, line.end, line.unit, name, self.scenario.start
        )

    def lines(self) -> dict[tuple[str, str, str], Timeline]:
        """Every timeline, by system, series and group."""
        return {
            (system, series, group): line
            for system, model in self.simulation.models.items()
            for (series, group), line in model.timelines(self.log).items()
        }

    def members(self, system: str) -> pd.DataFrame:
        """One row a member: what it went through and how it ended."""
        rows = self._model(system).members(self.log)
        return tables.frame(tables.from_rows(tables.schema_of(rows), rows))

    @cached_property
    def operations_table(self) -> pa.Table:
        """One row an operation: when it was asked for, and what the service answered."""
        rows = [
            {"variant": self.variant, **row}
            for model in self.simulation.models.values()
            for row in model.operations_table(self.log)
        ]
        return tables.from_rows(tables.OPERATIONS, rows)

    @property
    def operations(self) -> pd.DataFrame:
        """One row an operation: when it was asked for, and what the service answered."""
        return tables.frame(self.operations_table)

    @property
    def refused(self) -> list[dict[str, Any]]:
        """The rows of the operations that were refused."""
        return [row for row in tables.to_rows(self.operations_table) if row["status"] == "Refused"]

    @cached_property
    def progress_table(self) -> pa.Table:
        """One row a day of systems whose rollouts take days: the share that was up to date."""
        rows = [
            {"variant": self.variant, "replication": self.replication, **row}
            for name, model in self.simulation.models.items()
            for row in self.simulation.kinds[name].progress(model, self.log)
        ]
        return tables.from_rows(tables.PROGRESS, rows)

    def progress(self, system: str) -> pd.DataFrame:
        """One row a day since the publication: the share that was up to date.

        `group` is empty for all together. Empty for a system whose rollouts take less than days.
        """
        self._model(system)
        every = self.progress_table
        return tables.frame(every.filter(tables.chosen(every, system=system)))

    def told(self, system: str) -> list[str]:
        """How far a rollout came and what holds the rest, in sentences, where a system tells it."""
        model = self._model(system)
        return [*self.simulation.kinds[system].told(model, self.log)]

    @property
    def events(self) -> pd.DataFrame:
        """One row a transition, with the names of subject, states and cause."""
        return tables.frame(events(self.variant, self.log))

    def dips(self, system: str, below: float = 1.0) -> pd.DataFrame:
        """The ten deepest stretches with a capacity below `below` (a share), and their causes.

        Columns: start_s, end_s, depth (below 1), lost_hours, causes (a tuple of texts).

        Raises
        ------
        ScenarioError
            If `below` is no share.
        """
        self._model(system)
        if not isinstance(below, Real) or not 0 <= below <= 1:
            got = shorten_any(below)
            raise ScenarioError.of(f"below must be a share between 0 and 1, got {got}")
        found = explanation.dips(self.simulation, self.log, system, below)
        told = [asdict(dip) for dip in found]
        frame = tables.frame(tables.from_rows(tables.DIPS, told))
        frame["causes"] = [dip.causes for dip in found]
        return frame

    def status(self, system: str, at: float | str) -> dict[str, Any]:
        """What the service's Get would show at an instant: seconds, or a duration such as "45min".

        Raises
        ------
        ScenarioError
            If the instant lies outside the run.
        """
        try:
            seconds = parse_duration(at) if isinstance(at, str) else at
        except ValueError as error:
            raise ScenarioError.of(str(error)) from None
        if not isinstance(seconds, Real) or not 0 <= seconds <= self.log.horizon:
            end = show_duration(self.log.horizon)
            rule = f"an instant must lie between 0s and {end}, got {_instant(seconds)}"
            raise ScenarioError.of(rule)
        return self._model(system).status(self.log, float(seconds))

    def explain(self) -> str:
        """What happened, in sentences: operations, dips and their causes."""
        return explanation.after(self.simulation, self.log)

    @property
    def plot(self) -> RunPictures:
        """The pictures: capacity, up_to_date, availability, queue, gantt."""
        return RunPictures(self)

    def _model(self, system: str) -> Model:
        model: Model = look_up(self.simulation.models, system, "a system of this scenario")
        return model

    def __repr__(self) -> str:
        return f"<Run of {self.scenario.name}, {self.variant}, replication {self.replication}>"

    def _repr_html_(self) -> str:
        title = f"{self.scenario.name}, {self.variant}, replication {self.replication}"
        return html.page(title, self.explain().splitlines(), [])
