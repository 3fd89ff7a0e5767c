"""Where the tables of results come from: experiments just made, or a folder that holds them."""

from __future__ import annotations

from dataclasses import asdict
from functools import cached_property, partial
from itertools import chain
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

import numpy as np

from sim.core.timelines import Timeline
from sim.experiments.comparison import differences
from sim.experiments.conditional import conditions_of
from sim.experiments.objectives import bound_of, describe
from sim.experiments.statistics.bands import band
from sim.experiments.summaries import summarise
from sim.experiments.warm_up import mser5
from sim.files import load
from sim.results import tables
from sim.results.events import EVENTS
from sim.results.kept.kept_logs import KEEP
from sim.results.kept.kept_parts import digest_of
from sim.results.replication import Replication
from sim.simulation import Simulation
from sim.systems import SYSTEM_TYPES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    import pyarrow as pa
    from numpy.typing import NDArray

    from sim.core.log import Log
    from sim.experiments.conclusion import Conclusion
    from sim.experiments.objectives import Experiment
    from sim.files import ResultFolder
    from sim.results.kept.kept_rows import KeptRows
    from sim.results.provenance import About, Variant
    from sim.scenario import Scenario

TABLES: dict[str, tuple[str, pa.Schema]] = {
    "summary": ("summary.csv", tables.SUMMARY),
    "comparison": ("comparison.csv", tables.COMPARISON),
    "objectives": ("objectives.csv", tables.OBJECTIVES),
    "operations": ("operations.csv", tables.OPERATIONS),
    "progress": ("progress.csv", tables.PROGRESS),
    "replications": ("replications.parquet", tables.REPLICATIONS),
    "timelines": ("timelines.parquet", tables.TIMELINES),
    "events": ("events.parquet", EVENTS),
    "bands": ("bands.parquet", tables.BANDS),
    "conditions": ("conditions.csv", tables.CONDITIONS),
    "warm_up": ("warm_up.csv", tables.WARM_UP),
}
"""Table -> its file in a result folder, and its columns."""


SeriesKey: TypeAlias = tuple[str, str, str]
"""System, series, group."""
MetricKey: TypeAlias = tuple[str, str, str, str]
"""Variant, system, group, metric."""


class Source(Protocol):
    """What results are read from."""

    def table(self, name: str) -> pa.Table:
        """One of `TABLES`."""

    def pieces(self, name: str) -> Iterator[pa.Table]:
        """The same piece by piece, where it may be large."""

    def every(self, what: str, one: Variant, numbers: Iterable[int]) -> Iterator[pa.Table]:
        """What can be kept of all replications (see `KEEP`), of these of a variant."""

    def values(self) -> dict[MetricKey, NDArray[np.float64]]:
        """What each metric is in each replication, NaN where it is missing."""

    def series(self, one: Variant) -> Sequence[SeriesKey]:
        """What is known over time of a variant's first replication: (system, series, group)."""

    def line(self, one: Variant, key: SeriesKey) -> Timeline:
        """One of these over the whole run."""

    def simulation(self, one: Variant) -> Simulation:
        """A variant made ready to run."""

    def first(self, one: Variant) -> Log | None:
        """The log of the variant's first replication, where it was kept."""

    def resolved(self, file: str) -> str:
        """A resolved scenario, as the file of that name in a result folder holds it."""

    @property
    def provenance(self) -> Mapping[str, Any] | None:
        """The provenance that was written with them; None where they are not written yet."""


class ComputedResults:
    """Experiments that were made just now, not read from a folder."""

    def __init__(
        self,
        scenario: Scenario,
        made: Sequence[Experiment],
        about: About,
        rows: KeptRows | None = None,
    ) -> None:
        """`rows` are those that were kept of logs while they were made."""
        self._scenario, self._variants, self._rows = scenario, about.variants, rows
        self._conclusion = about.conclusion
        self._made = {one.variant: one for one in made}

    def table(self, name: str) -> pa.Table:
        """One of `TABLES`, computed now."""
        return tables.joined(self.pieces(name), TABLES[name][1])

    def pieces(self, name: str) -> Iterator[pa.Table]:
        """The same, piece by piece."""
        found: Iterator[pa.Table] = getattr(self, f"_{name}")()
        return found

    def values(self) -> dict[MetricKey, NDArray[np.float64]]:
        """As they were measured: the table of them all is a hundred times as large."""
        runs = len(self._numbers)
        return {
            (one.variant, *key): np.broadcast_to(values, runs)
            if not one.measured.random
            else values
            for one in self._made.values()
            for key, values in one.measured.values.items()
        }

    def every(self, what: str, one: Variant, numbers: Iterable[int]) -> Iterator[pa.Table]:
        """As they were kept; what was not is run again."""
        again = partial(_again, what, self.simulation(one), one.name)
        if self._rows is None:
            return chain.from_iterable(map(again, numbers))
        digest = digest_of(self._made[one.name].scenario)
        return self._rows.pieces(what, digest, numbers, one.name, again)

    def series(self, one: Variant) -> list[SeriesKey]:
        """All that there is."""
        return self._first(one.name).series

    def line(self, one: Variant, key: SeriesKey) -> Timeline:
        """From the log: a table of all of them would be many times as large."""
        return self._first(one.name).timeline(*key)

    def simulation(self, one: Variant) -> Simulation:
        """The simulation that was run."""
        return self._made[one.name].simulation

    def first(self, one: Variant) -> Log | None:
        """The log of the variant's first replication."""
        return self._made[one.name].measured.first

    @property
    def provenance(self) -> None:
        """None: they were made just now."""

    def resolved(self, file: str) -> str:
        """The file itself, or one of the variants that were compared."""
        for one in self._variants:
            if one.file == file:
                return self._made[one.name].scenario.to_yaml()
        return self._scenario.to_yaml()

    def _summary(self) -> Iterator[pa.Table]:
        for one in self._made.values():
            yield tables.from_rows(tables.SUMMARY, [asdict(row) for row in summarise(one)])

    def _comparison(self) -> Iterator[pa.Table]:
        rows = differences(list(self._made.values()))
        yield tables.from_rows(tables.COMPARISON, [asdict(row) for row in rows])

    def _objectives(self) -> Iterator[pa.Table]:
        for one in self._made.values():
            stands = _standing(one.variant, self._conclusion)
            # A comparison has a row of each variant, also of one that nothing is asked of.
            rows = _verdicts(one) or ([_nothing_asked(one)] if self._conclusion else [])
            yield tables.from_rows(tables.OBJECTIVES, [row | stands for row in rows])

    def _operations(self) -> Iterator[pa.Table]:
        for run in self._firsts():
            yield run.operations_table

    def _replications(self) -> Iterator[pa.Table]:
        for one in self._made.values():
            yield from tables.replications(one.variant, one.measured, self._numbers)

    @property
    def _numbers(self) -> NDArray[np.int64]:
        """Variants are paired: one without chance is the same in each replication of the others."""
        return max((one.measured.numbers for one in self._made.values()), key=len)

    def _progress(self) -> Iterator[pa.Table]:
        for run in self._firsts():
            yield run.progress_table

    def _timelines(self) -> Iterator[pa.Table]:
        return chain.from_iterable(map(KEEP["timelines"], self._firsts()))

    def _events(self) -> Iterator[pa.Table]:
        return chain.from_iterable(map(KEEP["events"], self._firsts()))

    def _bands(self) -> Iterator[pa.Table]:
        for one in self._made.values():
            pieces, models = one.measured.sampled, one.simulation.models
            of = {
                (system, series): band(
                    [each[system, series] for each in pieces],
                    models[system].unit * models[system].nominal,
                )
                for system, series in pieces[0]
            }
            yield from tables.bands(one.variant, of)

    def _conditions(self) -> Iterator[pa.Table]:
        for one in self._made.values():
            rows = [
                {"variant": one.variant, "replication": number, "system": system, "condition": name}
                for (system, name), holds in conditions_of(one).items()
                for number in one.measured.numbers[holds].tolist()
            ]
            yield tables.from_rows(tables.CONDITIONS, rows)

    def _warm_up(self) -> Iterator[pa.Table]:
        for one in self._made.values():
            for system, averages in one.measured.averages.items():
                cut = mser5(averages.mean)
                times = np.linspace(0.0, one.scenario.horizon, len(cut.batches), endpoint=False)
                errors = np.full(len(times), np.nan)
                errors[: len(cut.statistic)] = np.sqrt(cut.statistic)
                yield tables.from_rows(
                    tables.WARM_UP,
                    [
                        {
                            "variant": one.variant,
                            "system": system,
                            "time_s": time,
                            "mean": mean,
                            "error": error,
                        }
                        for time, mean, error in zip(
                            times.tolist(), cut.batches.tolist(), errors.tolist(), strict=True
                        )
                    ],
                )

    def _firsts(self) -> Iterator[Replication]:
        return map(self._first, self._made)

    def _first(self, variant: str) -> Replication:
        one = self._made[variant]
        return Replication(one.simulation, one.measured.first, one.variant)


class SavedResults:
    """A result folder."""

    def __init__(self, folder: ResultFolder, about: About) -> None:
        self._folder, self._about = folder, about

    def table(self, name: str) -> pa.Table:
        """One of `TABLES`, read now; empty where the folder has none, as with a comparison."""
        file, schema = TABLES[name]
        if file not in self._folder.files:
            return tables.empty(schema)
        return self._folder.table(file, schema)

    def pieces(self, name: str) -> Iterator[pa.Table]:
        """The same piece by piece, of a table in Parquet."""
        file, schema = TABLES[name]
        there = file in self._folder.files
        yield from self._folder.pieces(file, schema) if there else [tables.empty(schema)]

    def values(self) -> dict[MetricKey, NDArray[np.float64]]:
        """From the table of them all."""
        table = self.table("replications")
        numbers = tables.with_gaps(table, "value")
        stretches = tables.blocks(table, "variant", "system", "group", "metric")
        return {key: numbers[rows] for key, rows in stretches.items()}

    def every(self, what: str, one: Variant, numbers: Iterable[int]) -> Iterator[pa.Table]:
        """They are run again."""
        return chain.from_iterable(
            map(partial(_again, what, self.simulation(one), one.name), numbers)
        )

    def series(self, one: Variant) -> list[SeriesKey]:
        """All that the folder has."""
        return [(*key[2:],) for key in self._stretches if key[:2] == (one.name, one.first)]

    def line(self, one: Variant, key: SeriesKey) -> Timeline:
        """From the table of all of them."""
        rows = self._stretches[one.name, one.first, *key]
        times, values = self._columns
        system, series, _ = key
        unit = SYSTEM_TYPES[self._about.kinds[system]].series.unit_of(series)
        return Timeline(times[rows], values[rows], self._about.horizon_s, unit)

    @cached_property
    def _steps(self) -> pa.Table:
        """The timelines of the first replications: the folder may have those of all."""
        firsts = {(one.name, one.first) for one in self._about.variants}
        own = [
            piece.slice(rows.start, rows.stop - rows.start)
            for piece in self.pieces("timelines")
            for key, rows in tables.blocks(piece, "variant", "replication").items()
            if key in firsts
        ]
        return tables.joined(own, tables.TIMELINES)

    @cached_property
    def _columns(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Its instants and its values, put together once."""
        return tables.values(self._steps, "time_s"), tables.values(self._steps, "value")

    @cached_property
    def _stretches(self) -> dict[tuple[Any, ...], slice]:
        """Where in it each line stands."""
        return tables.blocks(self._steps, "variant", "replication", "system", "series", "group")

    def simulation(self, one: Variant) -> Simulation:
        """Made of the resolved scenario. ScenarioError where files that it names are not there."""
        return Simulation(load(self._folder.file(one.file)))

    def first(self, one: Variant) -> Log | None:
        """None: no folder keeps a log."""
        del one
        return None

    @property
    def provenance(self) -> Mapping[str, Any]:
        """As it stands in the folder."""
        return self._folder.provenance

    def resolved(self, file: str) -> str:
        """As it stands in the folder."""
        return self._folder.text(file)


def _again(what: str, simulation: Simulation, variant: str, number: int) -> Iterable[pa.Table]:
    return KEEP[what](Replication.of(simulation, number, variant))


def _standing(variant: str, conclusion: Conclusion | None) -> dict[str, str]:
    """Whether a variant is best (empty where nothing may be called so), and in which headlines."""
    if conclusion is None:
        return {"best": "", "best_in": ""}
    best = "yes" if variant in conclusion.best else "no"
    return {
        "best": best if conclusion.asked else "",
        "best_in": ", ".join(conclusion.undominated.get(variant, ())),
    }


def _nothing_asked(one: Experiment) -> dict[str, Any]:
    return {**dict.fromkeys(tables.OBJECTIVES.names), "variant": one.variant}


def _verdicts(one: Experiment) -> list[dict[str, Any]]:
    """The rows of a variant's objectives."""
    return [
        {
            "variant": one.variant,
            "objective": describe(objective, one.scenario),
            "bound": bound_of(objective)[0],
            **{name: getattr(verdict, name) for name in ("share", "low", "high", "verdict")},
            "sentence": verdict.sentence,
        }
        for objective, verdict in zip(one.scenario.objectives, one.verdicts, strict=True)
    ]
