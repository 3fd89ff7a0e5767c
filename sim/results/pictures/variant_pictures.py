"""Pictures of variants beside each other: what to draw is looked up here, `plots` draws it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from sim.core.errors import ScenarioError
from sim.core.formatting import show_difference
from sim.plots import differences as forest
from sim.plots import estimates, variants
from sim.results.beside import apart
from sim.results.pictures.captions import run_drawn
from sim.systems import SYSTEM_TYPES

if TYPE_CHECKING:
    from sim.core.metrics import Metric
    from sim.plots.parts.style import Picture
    from sim.results.contents import Contents
    from sim.results.lookup import Lookup
    from sim.results.pictures.captions import Captions
    from sim.results.provenance import Variant
    from sim.results.spreads import Spread

Row = dict[str, Any]

_SERIES = ("capacity", "up_to_date", "queue")
"""Those of which variants are drawn side by side, after the one that says most of a system."""


class VariantPictures:
    """What sets the variants of one result beside each other."""

    def __init__(self, results: Contents, of: Lookup, words: Captions) -> None:
        self._results, self._of, self._words = results, of, words

    def metrics(self, system: str) -> Picture:
        """The metrics that say most, a row a variant."""
        panels = [self._panel(system, metric) for metric in self._results.about.headlines[system]]
        panels = [panel for panel in panels if panel.estimates]
        # Zero everywhere says nothing beside the rest, unless an objective asks for it.
        panels = [panel for panel in panels if _says_something(panel)] or panels
        return estimates.figure(panels, subtitle=self._words.subtitle(system, None))

    def differences(self, system: str) -> Picture:
        """Each variant against the first one, pair by pair. ScenarioError where nothing differs."""
        panels = self._differing(system)
        if not panels:
            raise ScenarioError.of("no variant differs from the first one in a headline")
        against = self._results.about.variants[0].name
        subtitle = self._words.subtitle(system, None)
        return forest.figure(
            panels, against, title=forest.headline(panels, against), subtitle=subtitle
        )

    def can_tell_differences(self, system: str) -> bool:
        """Whether a headline differs between pairs of runs, and not the same by all."""
        random = any(one.is_spread for one in self._of.having(system))
        return random and bool(self._differing(system))

    def _differing(self, system: str) -> list[forest.Panel]:
        """The headlines in which any of the variants that are drawn differs from the first one."""
        about, panels = self._results.about, []
        known = SYSTEM_TYPES[about.kinds[system]].metrics
        rows = [row for row in self._results.rows("comparison") if row["system"] == system]
        rows = [row for row in rows if not row["group"]]
        for name in about.headlines[system]:
            mine = [row for row in rows if row["metric"] == name][: forest.MOST]
            if any(row["difference"] for row in mine):
                metric = known[name]
                drawn = [_difference(row, metric.unit) for row in mine]
                panel = forest.Panel(metric.title, metric.unit, metric.better, drawn)
                panels.append(panel)
        return panels

    def side_by_side(self, system: str, series: str) -> Picture:
        """A series over time in each variant, on the same axes; of over 12 what it comes to."""
        every = self._of.having(system)
        panel = self._panel(system, self._words.metric_of(system, series))
        about = self._results.about
        rest: dict[str, Any] = {"subtitle": self._words.subtitle(system, None)}
        if len(every) > variants.MOST:
            return estimates.figure([panel], **rest)
        lines = {one.name: self._of.line(one, system, series) for one in every}
        found = {one.name: self._of.band(one, system, series) for one in every}
        bands = {variant: band for variant, band in found.items() if band is not None}
        if panel.estimates and any(one.is_spread for one in every):
            rest["title"] = estimates.headline([panel])
            rest["answers"] = [
                {one.name: self._words.sentence_of(one, system, series) for one in every},
                {
                    one.name: self._words.sentence_of(one, system, series, brief=True)
                    for one in every
                },
                {each.variant: each.text for each in panel.estimates},
            ]
        rest["start"] = about.start_time
        if series == "queue":
            rest.setdefault("title", estimates.headline([panel]))
            rest.setdefault("answers", [])
            which = f"replication {every[0].first}" if any(one.is_spread for one in every) else ""
            return variants.queues(lines, which=which, **rest)
        rest["which"] = run_drawn(every)
        if series == "up_to_date":
            beside = {one.name: self._of.groups(one, system, series) for one in every}
            return variants.shares_up_to_date(lines, bands=bands, beside=beside, **rest)
        accepting = {one.name: self._of.accepting(one, system) for one in every}
        return variants.capacities(
            lines, threshold=panel.bound, bands=bands, beside=accepting, **rest
        )

    def _panel(self, system: str, metric: str) -> estimates.Panel:
        """A metric of all variants, and what an objective asks of all of them."""
        about = self._results.about
        known = SYSTEM_TYPES[about.kinds[system]].metrics[metric]
        every = self._of.having(system)
        found = {one.name: self._of.spread(one, system, metric) for one in every}
        asked = {self._asked(one, system, known) for one in every}
        return estimates.Panel(
            known.title,
            known.unit,
            known.better,
            [
                self._estimate(name, system, spread, quantiles=known.has_quantiles)
                for name, spread in found.items()
                if spread is not None
            ],
            quantiles=known.has_quantiles and any(one.is_spread for one in every),
            bound=asked.pop() if len(asked) == 1 else None,
            start=about.start_time if known.is_instant else None,
        )

    def _asked(self, one: Variant, system: str, metric: Metric) -> float | None:
        """What an objective asks of what a panel shows: quantiles over runs, or means."""
        name = metric.name
        of_mean = None if metric.has_quantiles else self._of.mean_bound(one, system, name)
        return self._of.bound(one, system, name) if of_mean is None else of_mean

    def _estimate(
        self, variant: str, system: str, spread: Spread, *, quantiles: bool
    ) -> estimates.Estimate:
        if quantiles:
            low, high = sorted((spread.middle, spread.bad))
            return estimates.Estimate(variant, spread.middle, low, high, spread.cell())
        row = self._of.summaries[variant, system, spread.metric.name]
        return estimates.Estimate(
            variant, row["mean"], row["ci95_low"], row["ci95_high"], spread.show(row["mean"])
        )

    def series_apart(self, system: str) -> str:
        """The first series that differs among the variants."""
        main = SYSTEM_TYPES[self._results.about.kinds[system]].main_series
        every = self._of.having(system)
        for series in dict.fromkeys([main, *_SERIES]):
            if all(self._of.has(one, system, series) for one in every):
                first, *rest = (self._of.line(one, system, series) for one in every)
                if any(apart(first, other) for other in rest):
                    return series
        return main


def _difference(row: Row, unit: str) -> forest.Difference:
    """What a row of the comparison says. Where pairs have no value their mean is of the others
    alone, and the verdict, which counts them, is said too.
    """
    value, better = float(row["difference"]), row["better"]
    text = show_difference(value, unit)
    verdict = {"yes": "; better", "no": "; worse"}.get(better, "")
    if math.isnan(value):
        text = f"no pair has a value{verdict}"
    elif row["missing"]:
        text = f"{text} ({row['missing']:,} of {row['n']:,} missing{verdict})"
    is_apart = row["ci_low"] > 0 or row["ci_high"] < 0 if not better else bool(verdict)
    ends = row["ci_low"], row["ci_high"]
    return forest.Difference(row["variant"], value, *ends, text, is_apart=is_apart)


def _says_something(panel: estimates.Panel) -> bool:
    """Whether any value of a panel is not 0, or an objective bounds it."""
    ends = [end for one in panel.estimates for end in (one.value, one.low, one.high)]
    return panel.bound is not None or any(end and not math.isnan(end) for end in ends)
