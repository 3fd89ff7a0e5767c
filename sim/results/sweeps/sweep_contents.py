"""Tables of a sweep by their names, and numbers of its metrics by point and variant."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.core.errors import ScenarioError
from sim.core.metrics import Key
from sim.experiments.ranking import LEAST_ENDED_WELL
from sim.experiments.statistics.fronts import standings
from sim.formats.checking import nearest
from sim.results import tables
from sim.results.sweeps import sweep_tables
from sim.results.sweeps.sweep_about import SWEEP
from sim.systems import SYSTEM_TYPES
from sim.systems.base.spec import look_up

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import pyarrow as pa
    from numpy.typing import NDArray

    from sim.core.metrics import Metric
    from sim.results.sweeps.sweep_about import SweepAbout


def check_front(keys: Sequence[Key], metrics_of: Mapping[str, Mapping[str, Metric]]) -> None:
    """ScenarioError where metrics make no front: too few, or one without a better end."""
    if len(set(keys)) == 1:
        raise ScenarioError.of(f"needs two metrics or more, got {keys[0].metric}", where="front")
    for key in keys:
        if not metrics_of[key.system][key.metric].better:
            rule = "must be a metric of which more or less is better"
            raise ScenarioError.of(f"{rule}, got {key.metric}", where="front")


class SweepContents:
    """Tables by their names, each read once; metrics by alternative, a point with a variant."""

    def __init__(
        self,
        about: SweepAbout,
        table: Callable[[str], pa.Table],
        resolved: str,
        values: Mapping[Key, NDArray[np.float64]],
        made: Mapping[str, Any] | None = None,
    ) -> None:
        self.about = about
        """What the sweep is about, as far as no table tells it."""
        self._read, self._values, self._made = table, values, made
        self.resolved = resolved
        """The file itself, with every default."""
        self._arrow: dict[str, pa.Table] = {}

    def arrow(self, name: str) -> pa.Table:
        """A table in Arrow's form: sweep, points or objectives."""
        if name not in self._arrow:
            self._arrow[name] = self._read(
                look_up(dict.fromkeys(sweep_tables.NAMES, name), name, "a table")
            )
        return self._arrow[name]

    def rows(self, name: str) -> list[dict[str, Any]]:
        """A table as rows, column name -> value; NaN where there is no number."""
        return tables.to_rows(self.arrow(name))

    @property
    def metrics(self) -> dict[str, Mapping[str, Metric]]:
        """By system the metrics that there may be."""
        return {system: SYSTEM_TYPES[kind].metrics for system, kind in self.about.kinds.items()}

    def front_keys(self, metrics: Sequence[str] | None = None) -> list[Key]:
        """The metrics of a front; ScenarioError where a name is none."""
        if metrics is None:
            return [Key(*each) for each in self.about.conclusion.front_metrics]
        if isinstance(metrics, str) or not metrics:
            raise ScenarioError.of(f"must be two metrics or more, got {metrics!r}", where="front")
        keys = [self.key(name, "front") for name in metrics]
        check_front(keys, self.metrics)
        return keys

    def key(self, name: str, where: str = "metric") -> Key:
        """The metric that a name means: METRIC, SYSTEM.METRIC or SYSTEM.GROUP.METRIC."""
        known: dict[str, list[Key]] = {}
        for key in self.keys:
            full = ".".join(filter(None, key))
            known.setdefault(full, []).append(key)
            if not key.group:
                known.setdefault(key.metric, []).append(key)
        found = known.get(name, [])
        if not found:
            near = nearest(str(name), known)
            rule = f"did you mean {near}?" if near else "see the column metric of the table"
            raise ScenarioError.of(
                f"must be a metric of the sweep, {rule}", where=where, path=str(name)
            )
        if len(set(found)) > 1:
            several = " or ".join(".".join(filter(None, key)) for key in found)
            raise ScenarioError.of(f"must be {several}", where=where, path=name)
        return found[0]

    @property
    def keys(self) -> list[Key]:
        """Every metric of the table."""
        _, first = np.unique(self._codes, axis=0, return_index=True)
        rows = self._codes[np.sort(first)].tolist()
        return [
            Key(*(words[code] for words, code in zip(self._words, row, strict=True)))
            for row in rows
        ]

    def column(self, key: Key, name: str) -> NDArray[np.float64]:
        """One number of a metric for each row of `points`, NaN where there is none."""
        found = np.full(self.arrow("points").num_rows, np.nan)
        own = self.rows_of(key)
        found[self.places[own]] = tables.with_gaps(self.arrow(SWEEP), name)[own]
        return found

    def standings(self, keys: Sequence[Key]) -> list[str]:
        """Whether each row of `points` is on the front of some metrics."""
        if list(keys) == [Key(*each) for each in self.about.conclusion.front_metrics] or not keys:
            found: list[str] = self.arrow("points").column("front").to_pylist()
            return found
        means = np.column_stack([self.signed(key) for key in keys])
        spread = np.column_stack(
            [(self.column(key, "ci95_high") - self.column(key, "ci95_low")) / 2 for key in keys]
        )
        kept = all(key in self._values for key in keys)
        values = [self._sign(key) * self._values[key] for key in keys] if kept else None
        return list(standings(means, values, np.nan_to_num(spread)))

    @property
    def able(self) -> NDArray[np.bool_]:
        """Which rows of `points` may be on a front: no reference, and not too many ended badly."""
        rows = self.arrow("points")
        ended = tables.with_gaps(rows, "ended_well") >= LEAST_ENDED_WELL
        return np.asarray(ended & ~tables.chosen(rows, reference="yes"))

    def _sign(self, key: Key) -> float:
        return -1.0 if self.metrics[key.system][key.metric].better == "higher" else 1.0

    def signed(self, key: Key) -> NDArray[np.float64]:
        """The means of those that may be on a front, the lower the better, NaN for the others."""
        return np.where(self.able, self._sign(key) * self.column(key, "mean"), np.nan)

    # Where in the long table a metric or an alternative stands, found out once.

    @cached_property
    def _words(self) -> list[list[str]]:
        """The systems, groups and metrics of the long table."""
        return [self._encoded(name)[0] for name in ("system", "group", "metric")]

    @cached_property
    def _codes(self) -> NDArray[np.int64]:
        """For each row of the long table which of them it is about, shape (rows, 3)."""
        return np.column_stack([self._encoded(name)[1] for name in ("system", "group", "metric")])

    @cached_property
    def places(self) -> NDArray[np.int64]:
        """For each row of the long table the row of `points`."""
        variants, which = self._encoded("variant")
        order = [self.about.variants.index(name) for name in variants]
        numbers = tables.values(self.arrow(SWEEP), "point")
        return np.asarray(numbers * len(self.about.variants) + np.array(order, np.int64)[which])

    def _encoded(self, name: str) -> tuple[list[str], NDArray[np.int64]]:
        column = self.arrow(SWEEP).column(name).combine_chunks().dictionary_encode()
        return column.dictionary.to_pylist(), np.array(column.indices.to_pylist(), np.int64)

    def rows_of(self, key: Key) -> NDArray[np.bool_]:
        """Which rows of the long table are about a metric."""
        codes = [words.index(part) for words, part in zip(self._words, key, strict=True)]
        return np.asarray((self._codes == codes).all(axis=1))
