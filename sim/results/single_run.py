"""One replication with all that it holds: what `run_one` gives."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from numbers import Real
from typing import TYPE_CHECKING, Any, Self, SupportsIndex

import numpy as np
import pyarrow as pa

from sim.core.clock_times import ClockTime, is_likely
from sim.core.errors import ScenarioError
from sim.core.metrics import HOUR
from sim.core.timelines import Timeline
from sim.core.units import LONGEST, parse_duration, shorten_any, show_duration
from sim.forecast import explanation
from sim.formats import html
from sim.results import tables
from sim.results.events import events
from sim.results.pages.notebook_page import run_page
from sim.results.replication import Replication

if TYPE_CHECKING:
    import datetime as dt

    import pandas as pd

    from sim.plots.parts.style import Picture
    from sim.results.contents import Contents
    from sim.results.pictures.run_pictures import RunPictures


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
        from sim.plots import overlay  # noqa: PLC0415  (see `pictures`)

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
class Run(Replication):
    """One replication: its timelines, members, operations and every single transition."""

    @classmethod
    def again(
        cls, results: Contents, number: SupportsIndex | None = None, variant: str = ""
    ) -> Self:
        """One of those that results are of, by default the first one of the first variant."""
        found = results.replication(number, variant)
        return cls(found.simulation, found.log, found.variant)

    def timeline(self, system: str, series: str, group: str = "") -> NamedTimeline:
        """A series of a system, or of one group of it, over [0, horizon].

        Raises
        ------
        ScenarioError
            If the run has no such series.
        """
        line = super().timeline(system, series, group)
        name = " ".join(filter(None, (group or system, series)))
        return NamedTimeline(
            line.times, line.values, line.end, line.unit, name, self.scenario.start
        )

    def members(self, system: str) -> pd.DataFrame:
        """One row a member: what it went through and how it ended."""
        rows = self.model_of(system).members(self.log)
        return tables.frame(tables.from_rows(tables.schema_of(rows), rows))

    @property
    def operations(self) -> pd.DataFrame:
        """One row an operation: when it was asked for, and what the service answered."""
        return tables.frame(self.operations_table)

    @property
    def refused(self) -> list[dict[str, Any]]:
        """The rows of the operations that were refused."""
        return [row for row in tables.to_rows(self.operations_table) if row["status"] == "Refused"]

    @property
    def failed(self) -> list[dict[str, Any]]:
        """The rows of the operations that were accepted and failed later with a code."""
        rows = tables.to_rows(self.operations_table)
        return [row for row in rows if row["status"] == "Failed" and row["code"]]

    def progress(self, system: str) -> pd.DataFrame:
        """One row a day since the publication: the share that was up to date.

        `group` is empty for all together; `held_by` is on the last row of a group: what holds those
        that are not up to date at the horizon. No rows of a system whose rollouts take less than
        days.
        """
        self.model_of(system)
        every = self.progress_table
        return tables.frame(every.filter(tables.chosen(every, system=system)))

    def progress_text(self, system: str) -> list[str]:
        """How far a rollout came and what holds the rest, in sentences, where a system tells it."""
        model = self.model_of(system)
        return [*self.simulation.kinds[system].progress_text(model, self.log)]

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
        self.model_of(system)
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

        Where the scenario has a `start` it may also be a clock time, such as "sat 22:00".

        Raises
        ------
        ScenarioError
            If the instant lies outside the run.
        """
        try:
            seconds = self._seconds(at) if isinstance(at, str) else at
        except ValueError as error:
            raise ScenarioError.of(str(error)) from None
        if not isinstance(seconds, Real) or not 0 <= seconds <= self.log.horizon:
            end = show_duration(self.log.horizon)
            rule = f"an instant must lie between 0s and {end}, got {_instant(seconds)}"
            raise ScenarioError.of(rule)
        return self.model_of(system).status(self.log, float(seconds))

    def _seconds(self, at: str) -> float:
        """Seconds after the start of what a file may write for one. ValueError(rule)."""
        if is_likely(at):
            return ClockTime.parse(at).after(self.scenario.start)
        return parse_duration(at)

    def explain(self) -> str:
        """What happened, in sentences: operations, dips and their causes."""
        return explanation.explain(self.simulation, self.log)

    @property
    def plot(self) -> RunPictures:
        """The pictures: capacity, up_to_date, availability, queue, gantt."""
        from sim.results.pictures import run_pictures  # noqa: PLC0415  (see there)

        return run_pictures.RunPictures(self)

    def __repr__(self) -> str:
        return f"<Run of {self.scenario.name}, {self.variant}, replication {self.replication}>"

    def _repr_html_(self) -> str:
        title = f"{self.scenario.name}, {self.variant}, replication {self.replication}"
        system = next(iter(self.simulation.models))
        picture = getattr(self.plot, self.simulation.kinds[system].main_series)(system)
        return run_page(title, self.explain().splitlines(), picture)
