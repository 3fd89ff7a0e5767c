"""The pictures of one replication: what to draw is looked up here, `plots` draws it."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.core.errors import ScenarioError
from sim.plots import availability, capacity, gantt, queue, state_shares, up_to_date
from sim.plots.parts import style
from sim.results.beside import accepting_beside, groups_apart
from sim.results.provenance import bounds, modes
from sim.results.tables import to_rows
from sim.systems.base.spec import look_up

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sim.core.timelines import Timeline
    from sim.plots.parts.style import Mark, Picture
    from sim.results.replication import Replication
    from sim.systems.base.activity import Activity
    from sim.systems.base.series import Series

Row = dict[str, Any]


class RunPictures:
    """The pictures of one replication. A system need only be named where there are several."""

    def __init__(self, run: Replication) -> None:
        self._run = run
        self._series: dict[str, Series] = {}

    def capacity(self, system: str = "") -> Picture:
        """How far capacity falls, and for how long."""
        name = self._system(system)
        line = self._line(name, "capacity")
        return capacity.figure(
            line,
            threshold=self._asked_of_capacity(name),
            beside=self._accepting(name, line),
            **self._around(name),
        )

    def up_to_date(self, system: str = "") -> Picture:
        """How many are up to date, and since when."""
        name = self._system(system)
        line = self._line(name, "up_to_date")
        groups = self._groups(name, "up_to_date")
        beside = groups_apart(line, {of: self._line(name, "up_to_date", of) for of in groups})
        return up_to_date.figure(line, beside=beside, **self._around(name))

    def availability(self, system: str = "") -> Picture:
        """When the system, or which group of it, is down."""
        name = self._system(system)
        groups = in_availability(name, self._run.simulation.models[name].series())
        rows = {of or name: self._line(name, "available", of) for of in groups}
        return availability.figure(rows, **self._around(name))

    def queue(self, system: str = "", *, title: str = "") -> Picture:
        """How many tasks wait, and how many slots are in use. Only of pools that have work.

        With `title` it says so; otherwise what this replication shows.
        """
        name = self._system(system)
        return queue.figure(
            self._line(name, "queue"),
            used=self._line(name, "running"),
            slots=self._in_service(name),
            title=title,
            **self._around(name),
        )

    def gantt(self, system: str = "", of: str = "") -> Picture:
        """What each update domain does, each node, instance or extension; `of` may name batches.

        More than 60 have no lanes: of those, how many do what.
        """
        name = self._system(system)
        known = {each.what: each for each in self.activities(name)}
        chosen = look_up(known, of, "what has lanes") if of else next(iter(known.values()))
        return self.lanes(name, chosen)

    def activities(self, system: str) -> list[Activity]:
        """What members do over time, and batches, if there are any."""
        found: list[Activity] = self._run.simulation.models[system].activities(self._run.stack)
        return found

    def lanes(self, system: str, activity: Activity) -> Picture:
        """A lane for each, or what share of them does what."""
        run, words = self._run, {"what": activity.what, "failing": activity.failing}
        around = self._around(system) | words
        which = f"Replication {run.replication}: " if run.log.drew else ""
        if activity.lanes > gantt.MOST:
            begin = run.scenario.warm_up
            shares = {name: line.crop(begin, line.end) for name, line in activity.shares().items()}
            what = f"{activity.members:,} {activity.what}"
            title = _after(which, state_shares.headline(shares, what), [])
            return state_shares.figure(shares, title=title, **around)
        intervals = [gantt.Interval(*lane) for lane in activity.bars()]
        names = [each.lane for each in intervals]
        if activity.order[0] != "ready":
            title = _after(which, gantt.headline_of_turns(intervals, activity.what), names)
            return gantt.figure(intervals, title=title, window=(0.0, run.log.horizon), **around)
        title = _after(which, gantt.headline(intervals, activity.what), names)
        return gantt.figure(intervals, title=title, **around)

    def has(self, system: str, series: str) -> bool:
        """Whether a system has such a series as a whole."""
        return (series, "") in self._run.simulation.models[system].series()

    def _asked_of_capacity(self, system: str) -> float | None:
        """What an objective asks of a run; of the mean where this is the only run there is."""
        asked = bounds(self._run.scenario).get(system, {})
        if not self._run.log.drew:
            asked = bounds(self._run.scenario, "mean").get(system, {}) | asked
        return asked.get("min_capacity")

    def _around(self, system: str) -> dict[str, Any]:
        """What stands around the lines of every picture."""
        run = self._run
        several = len(run.simulation.models) > 1
        parts = [run.scenario.name, system if several else "", run.scenario.variant_name]
        asked = modes(run.scenario)
        return {
            "subtitle": ", ".join([*filter(None, parts), f"replication {run.replication}"]),
            "marks": marks(to_rows(run.operations_table), system, asked),
            "start": run.scenario.start,
        }

    def _in_service(self, system: str) -> Timeline:
        """Capacity as a number of slots."""
        line, nominal = self._line(system, "capacity"), self._run.simulation.models[system].nominal
        return replace(line, values=np.rint(line.values * nominal), unit="count")

    def _accepting(self, system: str, line: Timeline) -> dict[str, Timeline]:
        """The share that takes new tasks, where it is another one than that in service."""
        if not self.has(system, "accepting"):
            return {}
        nominal = self._run.simulation.models[system].nominal
        return accepting_beside(line, self._line(system, "accepting"), nominal)

    def _groups(self, system: str, series: str) -> list[str]:
        known = self._run.simulation.models[system].series()
        return [of for name, of in known if name == series and of]

    def _line(self, system: str, series: str, group: str = "") -> Timeline:
        if system not in self._series:  # what several lines need is made once
            self._series[system] = self._run.simulation.models[system].run_of(self._run.log)
        try:
            line = self._series[system].timeline(series, group)
        except KeyError:  # which tells nobody what there is instead
            line = self._run.timeline(system, series, group)
        return line.crop(self._run.scenario.warm_up, line.end)

    def _system(self, name: str) -> str:
        return the_system(name, self._run.simulation.models)


def _after(which: str, headline: str, names: Sequence[str]) -> str:
    """The headline after which replication it is of; a name keeps its capitals."""
    if which and not headline.startswith(tuple(names)):
        headline = f"{headline[:1].lower()}{headline[1:]}"
    return f"{which}{headline}"


def the_system(name: str, known: Mapping[str, object]) -> str:
    """The system that is meant; where there is one it need not be named."""
    if not name and len(known) == 1:
        return next(iter(known))
    look_up(known, name, "a system of this scenario")
    return name


def in_availability(system: str, series: Iterable[tuple[str, str]]) -> Sequence[str]:
    """The whole system and its groups; where there is one group, it is the whole.

    ScenarioError where the file does not say of anything how many of it must be in service.
    """
    groups = [group for name, group in series if name == "available"]
    if not groups:
        rule = f"{system} cannot be down: nothing in it has a min_available"
        raise ScenarioError.of(rule)
    return groups if len(groups) > 2 else groups[:1]  # noqa: PLR2004  (the whole and one group)


def marks(operations: Iterable[Row], system: str, modes: Mapping[str, str]) -> list[Mark]:
    """The operations that were sent to a system, each with a label."""
    sent = [row for row in operations if row["system"] == system and not math.isnan(row["at_s"])]
    names = sorted({str(row["name"]) for row in sent}, key=len, reverse=True)
    asked: dict[str, set[str]] = {}
    for row in sent:
        asked.setdefault(_name(row, names), set()).add(modes.get(row["operation"], ""))
    return [
        style.Mark(row["at_s"], _label(row, modes, asked[_name(row, names)], names)) for row in sent
    ]


def _label(row: Row, modes: Mapping[str, str], asked: set[str], names: Sequence[str]) -> str:
    """Its name; its mode where others of that name have another; whether it was refused."""
    mode = modes.get(row["operation"], "") if len(asked) > 1 else ""
    refused = "refused" if row["status"] == "Refused" else ""
    return ", ".join(filter(None, [_name(row, names), mode, refused]))


def _name(row: Row, names: Sequence[str]) -> str:
    """Its name, or its kind where it has none of its own; an operator's are ``walk 3``.

    Those are called after the operation that they belong to: ``upgrade_deployment-0-walk-3``.
    """
    name, kind = str(row["name"]), str(row["kind"])
    if name.rpartition("-")[0] == kind:
        return kind
    parent = next((each for each in names if name.startswith(f"{each}-")), None)
    if parent is None:
        return name
    own = name.removeprefix(f"{parent}-")
    # A repetition is called as what it repeats.
    return _name(row | {"name": parent}, names) if own.isdecimal() else own.replace("-", " ")
