"""Outcomes under a condition: ``results.given("bad build")``."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any, get_args

import numpy as np

from sim.core.formatting import format_compact, show
from sim.core.units import show_duration
from sim.experiments.conditional import never, of_chance, split
from sim.experiments.outcomes import What
from sim.experiments.statistics.ranks import surely_differ
from sim.report.content import Output, Paragraphs, Table
from sim.report.rendering import render_output
from sim.results import tables
from sim.results.lookup import Lookup
from sim.results.tables import NUMBER, TEXT, WHOLE
from sim.systems import SYSTEM_TYPES
from sim.systems.base.spec import look_up

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import pandas as pd
    from numpy.typing import NDArray

    from sim.core.metrics import Metric
    from sim.experiments.conditional import Conditional
    from sim.report.content import Block
    from sim.results.contents import Contents
    from sim.results.provenance import Variant
    from sim.results.spreads import Spread

GIVEN = tables.schema(
    variant=TEXT,
    condition=TEXT,
    holds=TEXT,
    system=TEXT,
    metric=TEXT,
    unit=TEXT,
    n=WHOLE,
    mean=NUMBER,
    ci95_low=NUMBER,
    ci95_high=NUMBER,
    p50=NUMBER,
    p95=NUMBER,
    missing=WHOLE,
)
_MOST_TOLD = 3
"""Metrics in a sentence."""


class Given:
    """What each headline comes to where a condition holds, and where it does not."""

    def __init__(self, results: Contents, what: str, system: str = "") -> None:
        """A condition by its name (``bad build 42``) or by how several begin (``bad build``).

        Raises
        ------
        ScenarioError
            If there is no such condition.
        """
        self._results, self._of = results, Conditions(results)
        known = {name: None for found, name in self._of.known if system in ("", found)}
        if system:
            look_up(results.about.kinds, system, "a system of these results")
        is_name = isinstance(what, str) and what != ""
        matching = [name for name in known if name.startswith(what)] if is_name else []
        if not matching:
            look_up(known, what, "a condition of these results")
        self.condition = what
        self._system, self._names = system, matching

    @property
    def table(self) -> pd.DataFrame:
        """Two rows a headline of each variant: mean with interval, p50 and p95."""
        rows = [asdict(each) for each in self.rows()]
        return tables.frame(tables.from_rows(GIVEN, rows))

    def rows(self) -> Iterator[Conditional]:
        """The same as values."""
        for one in self._results.about.variants:
            for system in self._systems:
                holds = self.holds(one, system)
                for metric, values in self._of.headlines(one, system):
                    yield from split(
                        values, holds, metric, variant=one.name, condition=self.condition,
                        system=system,
                    )  # fmt: skip

    def holds(self, one: Variant, system: str) -> NDArray[np.bool_]:
        """In which replications of a variant it happened to a system, shape (n,)."""
        holds = np.zeros(len(self._results.about.numbers(one)), bool)
        for name in self._names:
            holds |= self._of.holds(one, system, name)
        return holds

    @property
    def sentences(self) -> list[str]:
        """One for each variant and system, of the metrics that differ."""
        compared = self._results.about.compared
        return [
            f"{one.name}: {sentence}" if compared else sentence
            for one in self._results.about.variants
            for sentence in self.of_variant(one)
        ]

    def of_variant(self, one: Variant) -> list[str]:
        """The same of one variant, without its name; none where it does not vary."""
        return [self._sentence(one, system) for system in self._systems] if one.is_spread else []

    def differs(self, one: Variant) -> bool:
        """Whether it is known to make a difference to any headline, or never holds."""
        every = [(system, self.holds(one, system)) for system in self._systems]
        return any(
            not holds.any() or any(True for _ in self._told(one, system, holds))
            for system, holds in every
        )

    def _sentence(self, one: Variant, system: str) -> str:
        holds = self.holds(one, system)
        if not holds.any():
            chances = [self._of.chance(one, system, name) for name in self._names]
            known = [each for each in chances if each is not None]
            return never(self.condition, len(holds), max(known, default=None))
        share = show(float(holds.mean()), "share")
        told = [*self._told(one, system, holds)][:_MOST_TOLD]
        text = f"{worded(self.condition)} ({share} of runs): "
        return text + ("; ".join(told) if told else "no headline is known to differ")

    def _told(self, one: Variant, system: str, holds: NDArray[np.bool_]) -> Iterator[str]:
        """``done in 2h10, else 36min``: medians of those that differ, by more than chance would."""
        headlines = [*self._of.headlines(one, system)]
        level = 1 - 0.05 / max(1, len(headlines))
        for metric, values in headlines:
            if not (holds.all() or surely_differ(values[holds], values[~holds], level)):
                continue
            yes, no = split(
                values, holds, metric, variant=one.name, condition=self.condition, system=system
            )
            shown = [self._shown(each.p50, each, metric) for each in (yes, no)]
            if shown[0] != shown[1]:
                yield f"{metric.title} {shown[0]}{f', else {shown[1]}' if no.n else ''}"

    def _shown(self, value: float, row: Conditional, metric: Metric) -> str:
        if not row.n:
            return ""
        if np.isnan(value):
            horizon = self._results.about.horizon_s
            return f"> {show_duration(horizon)}" if metric.unit == "s" else "none"
        return format_compact(value, metric.unit)

    @property
    def _systems(self) -> list[str]:
        names = set(self._names)
        own = [found for found, name in self._of.known if name in names]
        return [each for each in dict.fromkeys(own) if self._system in ("", each)]

    def __repr__(self) -> str:
        return "\n".join([f"<Given {self.condition}>", *self.sentences])

    def _repr_html_(self) -> str:
        shown = ("variant", "holds", "metric", "n", "mean", "p50", "p95")
        rows = [[_cell(asdict(each), name) for name in shown] for each in self.rows()]
        blocks: list[Block] = [Paragraphs(self.sentences), Table("", shown, rows)]
        return render_output(Output(worded(self.condition), None, blocks))


def _cell(row: dict[str, Any], name: str) -> str:
    value = row[name]
    return format_compact(value, row["unit"]) if isinstance(value, float) else str(value)


def parted(
    results: Contents, spreads: Mapping[str, Spread], condition: str, system: str
) -> dict[str, Spread]:
    """Of each variant's values those of the runs in which a condition holds, and the others.

    What holds in no run, or in all, leaves one part.
    """
    given, found = Given(results, condition, system), {}
    for name, spread in spreads.items():
        one = results.variant(name)
        holds = np.resize(given.holds(one, system), len(spread.values))
        whose = f"{name}, " if len(spreads) > 1 else ""
        for words, chosen in ((worded(condition), holds), ("otherwise", ~holds)):
            if chosen.any():
                values = spread.values[chosen]  # noqa: PD011  (of a spread, not of pandas)
                found[f"{whose}{words}"] = replace(spread, values=values)
    return found


def worded(condition: str) -> str:
    """``when build 42 is bad``, ``when it is rolled back``."""
    kind, _, what = condition.partition(" ")
    if kind == "bad":
        return f"when {what if ' ' in what else 'the ' + what} is bad"
    words = {
        "failed": "when the upgrade fails",
        "stuck": "when the upgrade is stuck",
        "not over": "when the upgrade is not over",
        "platform update not over": "when a platform update is not over",
        "cancelled": "when the upgrade is cancelled",
        "refused": "when a request is refused",
    }
    return words.get(condition, f"when it is {condition}")


class Conditions:
    """The conditions of results: which there are, and in which replications each holds."""

    def __init__(self, results: Contents) -> None:
        self._results, self._lookup = results, Lookup(results)
        table = results.table("conditions")
        self._rows: dict[tuple[str, str, str], set[int]] = {}
        for row in tables.to_rows(table):
            key = (row["variant"], row["system"], row["condition"])
            self._rows.setdefault(key, set()).add(row["replication"])

    @property
    def known(self) -> dict[tuple[str, str], None]:
        """By system and name: what happened to any replication, and what may."""
        found = {(system, name): None for _, system, name in self._rows}
        for one in self._results.about.variants:
            found |= dict.fromkeys(of_chance(self._results.simulation(one.name).scenario))
        for system in self._results.about.headlines:
            found |= {(system, what): None for what in get_args(What)}
        return dict(sorted(found.items()))

    def chance(self, one: Variant, system: str, name: str) -> float | None:
        """The chance that the scenario gives it, where it does."""
        return of_chance(self._results.simulation(one.name).scenario).get((system, name))

    def holds(self, one: Variant, system: str, name: str) -> NDArray[np.bool_]:
        """In which replications of a variant a condition holds, shape (n,)."""
        numbers = self._rows.get((one.name, system, name), set())
        return np.array([each in numbers for each in self._results.about.numbers(one)], bool)

    def headlines(self, one: Variant, system: str) -> Iterator[tuple[Metric, NDArray[np.float64]]]:
        """The headline metrics of a system with their values in a variant, shape (n,)."""
        about = self._results.about
        for name in about.headlines[system]:
            spread = self._lookup.spread(one, system, name)
            if spread is not None:
                values = spread.values if one.random else spread.values[:1]  # noqa: PD011
                yield SYSTEM_TYPES[about.kinds[system]].metrics[name], values
