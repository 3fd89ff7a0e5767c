"""The pictures of runs and results: what to draw is looked up here, `plots` draws it."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.errors import ScenarioError
from sim.plots import availability, capacity, lanes, queue, style, up_to_date, variants
from sim.plots.capacity import Band
from sim.results.provenance import modes, thresholds
from sim.results.tables import chosen, to_rows, values
from sim.systems import KINDS
from sim.systems.kind import unknown_name
from sim.timelines import Timeline
from sim.units import show_duration

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from sim.plots.style import Mark, Picture
    from sim.results import Results
    from sim.results.provenance import Variant
    from sim.results.single_run import Run

Row = dict[str, Any]


class RunPictures:
    """The pictures of one replication. A system need only be named where there are several."""

    def __init__(self, run: Run) -> None:
        self._run = run

    def capacity(self, system: str = "") -> Picture:
        """How far capacity falls, and for how long."""
        run, name = self._run, self._system(system)
        return capacity.figure(
            self._line(name, "capacity"),
            subtitle=self._subtitle(name),
            threshold=thresholds(run.scenario).get(name),
            marks=self._marks(name),
            start=run.scenario.start,
        )

    def up_to_date(self, system: str = "") -> Picture:
        """How many are up to date, and since when."""
        run, name = self._run, self._system(system)
        return up_to_date.figure(
            self._line(name, "up_to_date"),
            subtitle=self._subtitle(name),
            marks=self._marks(name),
            start=run.scenario.start,
        )

    def availability(self, system: str = "") -> Picture:
        """When the system, or which group of it, is dark."""
        run, name = self._run, self._system(system)
        known = run.simulation.models[name].series()
        groups = [of for series, of in known if series == "available"]
        rows = {of or name: self._line(name, "available", of) for of in _worth_showing(groups)}
        return availability.figure(
            rows,
            subtitle=self._subtitle(name),
            marks=self._marks(name),
            start=run.scenario.start,
        )

    def queue(self, system: str = "") -> Picture:
        """How many tasks wait, and how many slots are in use. Only of pools that have work."""
        run, name = self._run, self._system(system)
        return queue.figure(
            self._line(name, "queue"),
            used=self._line(name, "running"),
            slots=self._in_service(name),
            subtitle=self._subtitle(name),
            marks=self._marks(name),
            start=run.scenario.start,
        )

    def lanes(self, system: str = "") -> Picture:
        """What each update domain does, each node or each extension; many of those share a lane."""
        run, name = self._run, self._system(system)
        model = run.simulation.models[name]
        intervals = [lanes.Interval(*lane) for lane in model.lanes(run.log)]
        return lanes.figure(
            intervals,
            subtitle=self._subtitle(name),
            marks=self._marks(name),
            start=run.scenario.start,
            **model.lane_words._asdict(),
        )

    def _in_service(self, system: str) -> Timeline:
        """Capacity as a number of slots."""
        line, nominal = self._line(system, "capacity"), self._run.simulation.models[system].nominal
        return replace(line, values=np.rint(line.values * nominal), unit="count")

    def _marks(self, system: str) -> list[Mark]:
        return _marks(to_rows(self._run.operations_table), system, modes(self._run.scenario))

    def _line(self, system: str, series: str, group: str = "") -> Timeline:
        line = self._run.timeline(system, series, group)
        return line.crop(self._run.scenario.warm_up, line.end)

    def _system(self, name: str) -> str:
        return _the_system(name, self._run.simulation.models)

    def _subtitle(self, system: str) -> str:
        run = self._run
        several = len(run.simulation.models) > 1
        parts = [run.scenario.name, system if several else "", run.scenario.variant_name]
        return ", ".join([*filter(None, parts), f"replication {run.replication}"])


class ResultPictures:
    """The pictures of all replications, or of variants.

    A system need only be named where there are several, a variant to see another than the first.
    """

    def __init__(self, results: Results) -> None:
        self._results = results

    def capacity(self, system: str = "", variant: str = "") -> Picture:
        """How far capacity falls in one replication, and what it does in all of them."""
        name, one = self._system(system), self._variant(variant)
        return capacity.figure(
            self._line(one, name, "capacity"),
            subtitle=self._subtitle(name, one),
            threshold=one.thresholds.get(name),
            band=self._band(one, name, "capacity"),
            marks=self._marks(one, name),
            start=self._results.about.start_time,
        )

    def up_to_date(self, system: str = "", variant: str = "") -> Picture:
        """How many are up to date, and since when, in one replication; of a fleet in all too."""
        name, one = self._system(system), self._variant(variant)
        return up_to_date.figure(
            self._line(one, name, "up_to_date"),
            subtitle=self._subtitle(name, one),
            band=self._band(one, name, "up_to_date"),
            marks=self._marks(one, name),
            start=self._results.about.start_time,
        )

    def availability(self, system: str = "", variant: str = "") -> Picture:
        """When the system, or which group of it, is dark in one replication."""
        name, one = self._system(system), self._variant(variant)
        groups = self._groups_with_availability(one, name)
        rows = {of or name: self._line(one, name, "available", of) for of in _worth_showing(groups)}
        return availability.figure(
            rows,
            subtitle=self._subtitle(name, one),
            marks=self._marks(one, name),
            start=self._results.about.start_time,
        )

    def queue(self, system: str = "", variant: str = "") -> Picture:
        """How many tasks wait, and how many slots are in use, in one replication.

        Only of pools that have work.
        """
        return self._replay(variant).plot.queue(self._system(system))

    def lanes(self, system: str = "", variant: str = "") -> Picture:
        """What each update domain, node or extension does in one replication."""
        return self._replay(variant).plot.lanes(self._system(system))

    def variants_capacity(self, system: str = "") -> Picture:
        """Capacity over time in each variant, on the same axes."""
        name = self._system(system)
        lowest = {one.thresholds.get(name) for one in self._having(name)}
        lines, around = self._side_by_side(name, "capacity")
        threshold = lowest.pop() if len(lowest) == 1 else None
        return variants.capacities(lines, threshold=threshold, **around)

    def variants_up_to_date(self, system: str = "") -> Picture:
        """The share up to date over time in each variant, on the same axes."""
        lines, around = self._side_by_side(self._system(system), "up_to_date")
        return variants.shares_up_to_date(lines, **around)

    def variants_metrics(self, system: str = "") -> Picture:
        """The metrics that say most: mean and interval of each variant."""
        name, about = self._system(system), self._results.about
        metrics = KINDS[about.kinds[name]].metrics
        rows = [
            row
            for row in self._results.rows("summary")
            if row["system"] == name and not row["group"]
        ]
        panels = [
            variants.Panel(
                metrics[metric].label.replace("\n", " "),
                metrics[metric].unit,
                metrics[metric].better,
                [self._estimate(row) for row in rows if row["metric"] == metric],
            )
            for metric in about.headlines[name]
        ]
        return variants.metrics(panels, subtitle=self._subtitle(name, None))

    def figures(self) -> Iterator[tuple[str, Picture]]:
        """The pictures that are saved, with their names."""
        about = self._results.about
        of_all = {"capacity": self.variants_capacity, "up_to_date": self.variants_up_to_date}
        for system in about.headlines:
            name = f"-{system}" if len(about.headlines) > 1 else ""
            series = KINDS[about.kinds[system]].main_series
            if about.compared:
                yield f"variants_{series}{name}", of_all[series](system)
                yield f"variants_metrics{name}", self.variants_metrics(system)
            else:
                for picture, drawn in self._of_one(system):
                    yield f"{picture}{name}", drawn

    def _of_one(self, system: str) -> Iterator[tuple[str, Picture]]:
        """The pictures of a system that is not compared."""
        of_one = {"capacity": self.capacity, "up_to_date": self.up_to_date}
        series = KINDS[self._results.about.kinds[system]].main_series
        yield series, of_one[series](system)
        if series != "capacity":
            yield "capacity", self.capacity(system)
        if self._groups_with_availability(self._variant(""), system):
            yield "availability", self.availability(system)
        run = self._replay()
        model = run.simulation.models[system]
        if ("queue", "") in model.series():
            yield "queue", run.plot.queue(system)
        # Lanes of thousands of machines, of which one is nearly always out, say nothing.
        if series == "capacity" and len({lane[0] for lane in model.lanes(run.log)}) <= lanes.MOST:
            yield model.lane_words.what.replace(" ", "_"), run.plot.lanes(system)

    def _replay(self, variant: str = "") -> Run:
        one = self._variant(variant)
        return self._results.replay(one.first, one.name)

    def _groups_with_availability(self, one: Variant, system: str) -> list[str]:
        """Empty where nothing says how many have to be ready."""
        wanted = (one.name, system, "availability")
        return [
            row["group"]
            for row in self._results.rows("summary")
            if (row["variant"], row["system"], row["metric"]) == wanted
        ]

    def _line(self, one: Variant, system: str, series: str, group: str = "") -> Timeline:
        table, about = self._results.table("timelines"), self._results.about
        rows = chosen(
            table,
            variant=one.name,
            replication=one.first,
            system=system,
            series=series,
            group=group,
        )
        times, heights = (values(table, column)[rows] for column in ("time_s", "value"))
        return Timeline(times, heights, about.horizon_s).crop(about.warm_up_s, about.horizon_s)

    def _side_by_side(self, system: str, series: str) -> tuple[dict[str, Timeline], dict[str, Any]]:
        """The line of a series in each variant, and what is drawn and said around the lines."""
        every = self._having(system)
        lines = {one.name: self._line(one, system, series) for one in every}
        found = {one.name: self._band(one, system, series) for one in every}
        return lines, {
            "bands": {variant: band for variant, band in found.items() if band is not None},
            "subtitle": self._subtitle(system, None),
            "start": self._results.about.start_time,
        }

    def _having(self, system: str) -> list[Variant]:
        """The variants that have a system."""
        rows = self._results.rows("summary")
        having = {row["variant"] for row in rows if row["system"] == system}
        return [one for one in self._results.about.variants if one.name in having]

    def _band(self, one: Variant, system: str, series: str) -> Band | None:
        if one.replications == 1:
            return None
        table, begin = self._results.table("bands"), self._results.about.warm_up_s
        rows = chosen(table, variant=one.name, system=system, series=series, group="")
        times, *parts = (values(table, name)[rows] for name in ("time_s", "p5", "p50", "p95"))
        if not len(times):
            return None
        first = int(np.searchsorted(times, begin, side="right")) - 1
        return Band(np.maximum(times[first:], begin), *(part[first:] for part in parts))

    def _marks(self, one: Variant, system: str) -> list[Mark]:
        rows = self._results.rows("operations")
        return _marks((row for row in rows if row["variant"] == one.name), system, one.modes)

    def _estimate(self, row: Row) -> variants.Estimate:
        horizon = show_duration(self._results.about.horizon_s)
        low, high = row["ci95_low"], row["ci95_high"]
        missing = "never" if row["missing"] == row["n"] else f"> {horizon} in {row['missing']} runs"
        return variants.Estimate(row["variant"], row["mean"], low, high, missing)

    def _system(self, name: str) -> str:
        return _the_system(name, self._results.about.headlines)

    def _variant(self, name: str) -> Variant:
        return self._results.variant(name)

    def _subtitle(self, system: str, one: Variant | None) -> str:
        about = self._results.about
        parts = [about.name, system if len(about.headlines) > 1 else ""]
        parts.append(one.name if one and about.compared else "")
        runs = (one or about.variants[0]).replications
        if not any(each.random for each in about.variants):
            parts.append("nothing here is random")
        elif runs > 1:
            parts.append(f"{runs:,} replications")
        return ", ".join(filter(None, parts))


def _the_system(name: str, known: Mapping[str, object]) -> str:
    if not name and len(known) == 1:
        return next(iter(known))
    if name not in known:
        raise ScenarioError.of(unknown_name("a system of this scenario", name, known))
    return name


def _worth_showing(groups: Sequence[str]) -> Sequence[str]:
    """The whole system and its groups; where there is one group, it is the whole."""
    return groups if len(groups) > 2 else groups[:1]  # noqa: PLR2004  (the whole and one group)


def _marks(operations: Iterable[Row], system: str, modes: Mapping[str, str]) -> list[Mark]:
    """The operations that were sent to a system, each with a label."""
    sent = [row for row in operations if row["system"] == system and not math.isnan(row["at_s"])]
    asked: dict[str, set[str]] = {}
    for row in sent:
        asked.setdefault(_name(row), set()).add(modes.get(row["operation"], ""))
    return [style.Mark(row["at_s"], _label(row, modes, asked[_name(row)])) for row in sent]


def _label(row: Row, modes: Mapping[str, str], asked: set[str]) -> str:
    """Its name; its mode where others of that name have another; whether it was refused."""
    mode = modes.get(row["operation"], "") if len(asked) > 1 else ""
    refused = "refused" if row["status"] == "Refused" else ""
    return ", ".join(filter(None, [_name(row), mode, refused]))


def _name(row: Row) -> str:
    """Its name, or its kind where it has none of its own."""
    name, kind = str(row["name"]), str(row["kind"])
    return kind if name.rpartition("-")[0] == kind else name
