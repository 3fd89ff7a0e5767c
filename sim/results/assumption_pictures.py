"""The pictures of `Assumptions`: a tornado for each headline metric."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from sim.core.formatting import format_compact
from sim.experiments.assumptions import DOUBLE, HALF, headlines
from sim.experiments.objectives import metric_of
from sim.formats.tree import dotted
from sim.plots import tornado
from sim.systems.base.spec import look_up

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sim.core.metrics import Key
    from sim.experiments.assumptions import Effect, Sensitivity
    from sim.experiments.objectives import Experiment
    from sim.plots.style import Picture
    from sim.scenario.guesses import Guess


class AssumptionPictures:
    """The pictures of `Assumptions`."""

    def __init__(self, found: Sensitivity) -> None:
        self._found = found

    def tornado(self, metric: str, system: str = "", variant: str = "") -> Picture:
        """What each guess, halved and doubled, makes of a headline metric; the weightiest on top.

        Parameters
        ----------
        system
            By default the first that has the metric.
        variant
            By default the first one.

        Raises
        ------
        ScenarioError
            If there is no such variant, or it has no such headline.
        """
        variants = {one.variant: one for one in self._found.variants}
        one = look_up(variants, variant or next(iter(variants)), "a variant")
        own = headlines(one)
        keys = {key.metric: key for key in reversed(own) if system in ("", key.system)}
        return self._tornado(one, look_up(keys, metric, "a headline metric"))

    def figures(self, *, main: bool = False) -> Iterator[tuple[str, Picture]]:
        """The pictures that are saved, with their names: one a headline of the first variant.

        `main`: that of the headline which guesses change most.
        """
        one, *_ = self._found.variants
        several = len(one.simulation.models) > 1
        keys = headlines(one)
        for key in [max(keys, key=self._weight)] if main else keys:
            name = f"{key.system}-{key.metric}" if several else key.metric
            yield f"tornado-{name}", self._tornado(one, key)

    def _weight(self, key: Key) -> float:
        """How much guesses change a headline of the first variant."""
        one, *_ = self._found.variants
        return max(
            (e.weight for e in self._found.effects if (e.variant, e.key) == (one.variant, key)),
            default=0.0,
        )

    def _tornado(self, one: Experiment, key: Key) -> Picture:
        found, metric = self._found, metric_of(one.scenario, key.system, key.metric)
        bars: dict[int, dict[float, tornado.Bar]] = {}
        for each in found.effects:
            if each.variant == one.variant and each.key in (None, key):
                bars.setdefault(each.number, {})[each.factor] = _bar(each)
        names = _short_names(found.guesses)
        rows = [
            tornado.Row(names[number - 1], *(_of(both, f) for f in (HALF, DOUBLE)))
            for number, both in bars.items()
        ]
        base = float(one.measured.values[key].mean())
        rows.sort(key=lambda row: -_swing(row, base))
        title = (
            f"{metric.title[:1].upper()}{metric.title[1:]}: {_weightiest(rows, base, metric.unit)}"
        )
        whose = [one.variant] if len(found.variants) > 1 else []
        n = len(one.measured.numbers)
        runs = f"{n:,} replications with common random numbers" if n > 1 else "deterministic"
        subtitle = "; ".join([*whose, runs])
        return tornado.figure(rows, base, metric.title, metric.unit, title=title, subtitle=subtitle)


def _short_names(guesses: Sequence[Guess]) -> list[str]:
    """Without values, and of paths the last two keys, as far as that tells them apart."""
    names = [each.text.partition(" (")[0] for each in guesses]
    short = [
        dotted(each.paths[0][-2:]) if each.origin != "default" else name
        for each, name in zip(guesses, names, strict=True)
    ]
    return short if len(set(short)) == len(short) else [each.text for each in guesses]


def _of(both: dict[float, tornado.Bar], factor: float) -> tornado.Bar:
    return both.get(factor, tornado.Bar(math.nan, math.nan, math.nan))


def _bar(effect: Effect) -> tornado.Bar:
    """From the mean as the scenario is; where a value is missing in some run there is no mean."""
    row = effect.row
    if row is None:
        return tornado.Bar(math.nan, math.nan, math.nan, effect.note)
    note = effect.note
    if row.missing:
        note = f"no value in {row.missing:,} of {row.n:,} runs"
    base = row.baseline_mean
    return tornado.Bar(row.mean, base + row.ci_low, base + row.ci_high, note)


def _swing(row: tornado.Row, base: float) -> float:
    """How far the bars reach; without a mean as far as can be."""
    ends = [bar.value - base for bar in (row.halved, row.doubled)]
    missing = any("no value" in bar.note for bar in (row.halved, row.doubled))
    known = [abs(end) for end in ends if math.isfinite(end)]
    return math.inf if missing else max(known, default=-1.0)


def _weightiest(rows: Sequence[tornado.Row], base: float, unit: str) -> str:
    """``restart (4min) makes it 80min to 220min``."""
    first = rows[0]
    ends = sorted(bar.value for bar in (first.halved, first.doubled) if math.isfinite(bar.value))
    if not ends or _swing(first, base) == 0:
        return "no guess changes it" if ends else f"{first.name} decides whether it has a value"
    low, high = min(ends[0], base), max(ends[-1], base)
    return f"{format_compact(low, unit)} to {format_compact(high, unit)} by {first.name}"
