"""What pictures are made of, looked up in the tables of results: lines, bands, spreads, bounds."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.core.errors import ScenarioError
from sim.core.timelines import Timeline
from sim.experiments.statistics.bands import Band
from sim.results.beside import accepting_beside, groups_apart
from sim.results.spreads import Spread
from sim.results.tables import blocks, values
from sim.systems import SYSTEM_TYPES
from sim.systems.base.spec import unknown_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sim.results.contents import Contents
    from sim.results.provenance import Variant

Row = dict[str, Any]


class Lookup:
    """The lines of first replications over the window, and what all replications come to."""

    def __init__(self, results: Contents) -> None:
        self._results = results

    def line(self, one: Variant, system: str, series: str, group: str = "") -> Timeline:
        """A series of the variant's first replication. ScenarioError if there is none."""
        about = self._results.about
        known = self._results.series(one)
        if (system, series, group) not in known:
            own = [each for each in known if each[0] == system]
            groups = dict.fromkeys(each[2] for each in own if each[2])
            if group and group not in groups:
                raise ScenarioError.of(unknown_name(f"a group of {system}", group, groups))
            of_group = dict.fromkeys(each[1] for each in own if each[2] == group)
            raise ScenarioError.of(unknown_name(f"a series of {group or system}", series, of_group))
        line = self._results.line(one, (system, series, group))
        return line.crop(about.warm_up_s, about.horizon_s)

    def has(self, one: Variant, system: str, series: str) -> bool:
        """Whether the whole system has a series."""
        return (system, series, "") in self._results.series(one)

    def groups_of(self, one: Variant, system: str, series: str) -> list[str]:
        """The groups that have a series, the whole system (empty) first."""
        return [key[2] for key in self._results.series(one) if key[:2] == (system, series)]

    def groups_measured(self, one: Variant, system: str) -> list[str]:
        """The groups that have metrics, the whole system (empty) among them."""
        own = (key[2] for key in self._results.values if key[:2] == (one.name, system))
        return list(dict.fromkeys(own))

    def groups(self, one: Variant, system: str, series: str) -> dict[str, Timeline]:
        """The lines of the groups, where they differ from the whole."""
        groups = {
            group: self.line(one, system, series, group)
            for group in self.groups_of(one, system, series)
            if group
        }
        return groups_apart(self.line(one, system, series), groups)

    def accepting(self, one: Variant, system: str) -> dict[str, Timeline]:
        """The share of the slots that takes new tasks, where it differs from what is in service."""
        if not self.has(one, system, "accepting"):
            return {}
        nominal = self._results.simulation(one.name).models[system].nominal
        line, accepts = (self.line(one, system, name) for name in ("capacity", "accepting"))
        return accepting_beside(line, accepts, nominal)

    def band(self, one: Variant, system: str, series: str) -> Band | None:
        """What all replications do; None where there is one, or where nobody remembered it."""
        rows = self._bands.get((one.name, system, series))
        if rows is None or one.replications == 1:
            return None
        table, begin = self._results.table("bands"), self._results.about.warm_up_s
        times, *parts = (values(table, name)[rows] for name in ("time_s", "p5", "p50", "p95"))
        first = int(np.searchsorted(times, begin, side="right")) - 1
        p5, p50, p95 = (part[first:] for part in parts)
        return Band(np.maximum(times[first:], begin), p5, p50, p95, one.replications)

    def median(self, one: Variant, system: str, series: str, group: str) -> Timeline | None:
        """The middle of that band."""
        band = None if group else self.band(one, system, series)
        if band is None:
            return None
        return Timeline(band.times, band.p50, self._results.about.horizon_s, "share")

    def spread(self, one: Variant, system: str, metric: str, group: str = "") -> Spread | None:
        """A metric in all replications; None where it does not apply."""
        values = self._results.values.get((one.name, system, group, metric))
        if values is None:
            return None
        about = self._results.about
        known = SYSTEM_TYPES[about.kinds[system]].metrics[metric]
        return Spread(known, values, about.horizon_s, about.start_time)

    def bound(self, one: Variant, system: str, metric: str) -> float | None:
        """What an objective asks of the whole system in a share of the runs, or in the only one."""
        asked = one.bounds.get(system, {}).get(metric)
        return self.mean_bound(one, system, metric) if asked is None and not one.random else asked

    def mean_bound(self, one: Variant, system: str, metric: str) -> float | None:
        """What an objective asks of the mean over runs."""
        return one.mean_bounds.get(system, {}).get(metric)

    @cached_property
    def _bands(self) -> dict[tuple[Any, ...], slice]:
        return blocks(self._results.table("bands"), "variant", "system", "series")

    @cached_property
    def summaries(self) -> Mapping[tuple[str, str, str], Row]:
        """The rows of whole systems by variant, system and metric."""
        rows = self._results.rows("summary")
        return {
            (row["variant"], row["system"], row["metric"]): row for row in rows if not row["group"]
        }

    def having(self, system: str) -> list[Variant]:
        """The variants that have a system."""
        having = {key[0] for key in self._results.values if key[1] == system}
        return [one for one in self._results.about.variants if one.name in having]
