"""A metric's distribution over the replications, as its picture draws it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.experiments.statistics.intervals import (
    OrderStatistics,
    dkw_half_width,
    ecdf,
    least_for_quantile,
)
from sim.experiments.statistics.multiplicity import TAIL
from sim.experiments.summaries import BAD
from sim.plots import distribution, variants
from sim.plots.distribution import Curve, Quantile

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from sim.plots.parts.style import Picture
    from sim.results.spreads import Spread

_SHARES = (0.05, 0.5, 0.95)


def picture(
    spreads: Mapping[str, Spread],
    what: str,
    *,
    varying: Collection[str],
    subtitle: str,
    bound: float | None,
) -> Picture:
    """The picture of a metric by variant; those not `varying` have no band."""
    heading = f"{what[:1].upper()}{what[1:]}"
    first = next(iter(spreads.values()))
    cells = {name: spread.cell() for name, spread in spreads.items()}
    title = variants.levels(f"{heading}, median / {BAD}", cells)
    return distribution.figure(
        {name: curve(spread, is_spread=name in varying) for name, spread in spreads.items()},
        what,
        first.metric.unit,
        title=f"{heading}: {first.text()}" if len(spreads) == 1 else title,
        subtitle=", ".join(filter(None, [subtitle, too_few(spreads)])),
        bound=bound,
        start=first.start if first.metric.is_instant else None,
    )


def curve(spread: Spread, *, is_spread: bool) -> Curve:
    """The curve of one variant; without a band and quantiles where it does not vary."""
    points, shares = ecdf(spread.values)
    if not is_spread:
        return Curve(points, shares)
    ranked = OrderStatistics(spread.values)
    quantiles = [Quantile(p, ranked.quantile(p), *ranked.limits(p)) for p in _SHARES]
    return Curve(points, shares, dkw_half_width(spread.runs), quantiles)


def too_few(spreads: Mapping[str, Spread]) -> str:
    """That a p5 and a p95 have no limits, where so."""
    least = least_for_quantile(TAIL)
    fewest = min((each.runs for each in spreads.values() if each.runs > 1), default=least)
    return f"limits on a p5 or p95: needs n >= {least}, got {fewest}" if fewest < least else ""
