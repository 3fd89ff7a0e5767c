"""Who is up to date when, by type and by group: what to draw is looked up here, not drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sim.core.errors import ScenarioError
from sim.plots import estimates
from sim.systems import SYSTEM_TYPES

if TYPE_CHECKING:
    from sim.core.metrics import Metric
    from sim.plots.parts.style import Picture
    from sim.results.lookup import Lookup
    from sim.results.pictures.captions import Captions
    from sim.results.provenance import Variant
    from sim.results.spreads import Spread

_METRICS = ("time_to_50", "time_to_90", "time_to_99", "updated_share")
_TOLD_FIRST = ("time_to_99", "updated_share")
"""What the title tells, if groups differ in it."""
_ALL = "all together"


class GroupPictures:
    """What sets the groups of one system beside each other."""

    def __init__(self, of: Lookup, words: Captions) -> None:
        self._of, self._words = of, words

    def compliance(self, one: Variant, system: str, kind: str) -> Picture:
        """How long each type and each group takes, and what share of it is up to date.

        ScenarioError where no group differs from the whole.
        """
        groups = self.differing(one, system)
        if not groups:
            raise ScenarioError.of(f"{system} has no groups that are up to date at other times")
        known = SYSTEM_TYPES[kind].metrics
        panels = {
            name: panel
            for name in _METRICS
            if (panel := self._panel(one, system, known[name], ["", *groups])).estimates
        }
        first = [panels[name] for name in _TOLD_FIRST if name in panels]
        return estimates.figure(
            list(panels.values()),
            title=estimates.headline([*first, *panels.values()], "group"),
            subtitle=self._words.subtitle(system, one),
            each="group",
        )

    def differing(self, one: Variant, system: str) -> list[str]:
        """The types and groups that are not all that there is; none where that is one alone.

        In the order of the file.
        """
        groups = self._of.groups_measured(one, system)
        found = [group for group in groups if group and not self._is_whole(one, system, group)]
        return found if len(found) > 1 else []

    def _is_whole(self, one: Variant, system: str, group: str) -> bool:
        """Whether a group comes to what the whole does in each: a type, say, that is all."""
        pairs = [
            (self._of.spread(one, system, name, group), self._of.spread(one, system, name))
            for name in _METRICS
        ]
        return all(
            mine is None or (whole is not None and _are_equal(mine, whole)) for mine, whole in pairs
        )

    def _panel(
        self, one: Variant, system: str, metric: Metric, groups: list[str]
    ) -> estimates.Panel:
        rows = []
        for group in groups:
            spread = self._of.spread(one, system, metric.name, group)
            if spread is not None:
                low, high = sorted((spread.middle, spread.bad))
                ends = (low, high) if one.is_spread else (np.nan, np.nan)
                rows.append(estimates.Estimate(group or _ALL, spread.middle, *ends, spread.cell()))
        words = metric.title, metric.unit, metric.better
        return estimates.Panel(*words, rows, quantiles=one.is_spread)


def _are_equal(one: Spread, other: Spread) -> bool:
    return bool(np.array_equal(one.values, other.values, equal_nan=True))
