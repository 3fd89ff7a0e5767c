"""What results hold, as it is read from where they come from: tables, variants, replications."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, SupportsIndex

from sim.experiments.running.replications import replication_number
from sim.results import tables
from sim.results.replication import Replication
from sim.systems.base.spec import look_up

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

    from sim.core.timelines import Timeline
    from sim.results.provenance import About, Variant
    from sim.results.sources import MetricKey, SeriesKey, Source
    from sim.simulation import Simulation


_MOST_ROWS = 5_000_000
"""Rows of logs (20 bytes each) of replications that were run again, as they may be asked for."""


class Contents:
    """Tables by their names, each read once; variants, and their replications run again."""

    def __init__(self, about: About, source: Source) -> None:
        self.about = about
        """What the results are about, as far as no table tells it."""
        self._source = source
        self._tables: dict[str, pa.Table] = {}
        self._series: dict[str, Sequence[SeriesKey]] = {}
        self._lines: dict[tuple[str, SeriesKey], Timeline] = {}
        self._again: dict[tuple[str, int], Replication] = {}

    def replication(self, number: SupportsIndex | None = None, variant: str = "") -> Replication:
        """One replication of a variant once more, by default the first ones."""
        one = self.variant(variant)
        first = self._source.first(one)
        if first is not None and number in (None, one.first):
            return Replication(self._source.simulation(one), first, one.name)
        asked = one.first if number is None else replication_number(number)
        if (one.name, asked) not in self._again:
            made = Replication.of(self._source.simulation(one), asked, one.name)
            self._again[one.name, asked] = made
            self._forget()
        return self._again[one.name, asked]

    def _forget(self) -> None:
        """Keep the last one that was run again, and those before it as far as there is room."""
        rows = 0
        for key, made in reversed(self._again.copy().items()):
            rows += len(made.log)
            if rows > _MOST_ROWS and rows > len(made.log):
                del self._again[key]

    def simulation(self, variant: str = "") -> Simulation:
        """A variant made ready to run, by default the first one."""
        return self._source.simulation(self.variant(variant))

    def table(self, name: str) -> pa.Table:
        """A table in Arrow's form, by the name of its file."""
        if name not in self._tables:
            self._tables[name] = self._source.table(name)
        return self._tables[name]

    @cached_property
    def values(self) -> Mapping[MetricKey, NDArray[np.float64]]:
        """Each metric in all replications, NaN where it is missing; of shape (replications,)."""
        return self._source.values()

    def series(self, one: Variant) -> Sequence[SeriesKey]:
        """What is known over time of a variant's first replication: (system, series, group)."""
        if one.name not in self._series:
            self._series[one.name] = self._source.series(one)
        return self._series[one.name]

    def line(self, one: Variant, key: SeriesKey) -> Timeline:
        """One of these over the whole run."""
        if (one.name, key) not in self._lines:
            self._lines[one.name, key] = self._source.line(one, key)
        return self._lines[one.name, key]

    def rows(self, name: str) -> list[dict[str, Any]]:
        """A table as rows, column name -> value; NaN where there is no number."""
        return tables.to_rows(self.table(name))

    def variant(self, name: str = "") -> Variant:
        """What is known of a variant, of the first one by default.

        Raises
        ------
        ScenarioError
            If there is none of that name.
        """
        known = {one.name: one for one in self.about.variants}
        if name == "":
            return self.about.variants[0]
        return look_up(known, name, "a variant of these results")
