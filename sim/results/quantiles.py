"""Quantiles of a metric over the replications, with limits by order statistics."""

from __future__ import annotations

import math
import numbers
from typing import TYPE_CHECKING, Any

from sim.core.errors import ScenarioError
from sim.core.units import shorten_any, show_share, without_zeros
from sim.experiments.statistics.intervals import OrderStatistics, least_for_quantile
from sim.results import tables
from sim.results.lookup import Lookup
from sim.systems import SYSTEM_TYPES
from sim.systems.base.spec import look_up

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pyarrow as pa

    from sim.results.contents import Contents
    from sim.results.spreads import Spread

QUANTILES = tables.schema(
    variant=tables.TEXT,
    quantile=tables.NUMBER,
    value=tables.NUMBER,
    low=tables.NUMBER,
    high=tables.NUMBER,
    n=tables.WHOLE,
    sentence=tables.TEXT,
)


def quantiles(
    results: Contents,
    metric: str,
    at: Sequence[float],
    system: str,
    group: str,
    confidence: float,
) -> pa.Table:
    """One row a quantile of each variant that has the metric; ScenarioError if none has it."""
    if isinstance(at, numbers.Real | str) or not len(at):
        rule = f"must be a list of shares, such as [0.5, 0.95], got {shorten_any(at)}"
        raise ScenarioError.of(rule, where="quantiles", path="at")
    for name, share in [*(("at", p) for p in at), ("confidence", confidence)]:
        if not (isinstance(share, numbers.Real) and 0 < share < 1):
            rule = f"must be above 0 and below 1, got {shorten_any(share)}"
            raise ScenarioError.of(rule, where="quantiles", path=name)
    about = results.about
    if not system and len(about.kinds) > 1:
        rule = f"must be named, as there are several: {', '.join(about.kinds)}"
        raise ScenarioError.of(rule, where="quantiles", path="system")
    name = system or next(iter(about.kinds))
    look_up(about.kinds, name, "a system of these results")
    look_up(SYSTEM_TYPES[about.kinds[name]].metrics, metric, f"a metric of {name}")
    lookup = Lookup(results)
    rows = [
        row
        for one in about.variants
        for spread in [lookup.spread(one, name, metric, group)]
        if spread is not None
        for row in _rows(one.name, spread, at, confidence, random=one.random)
    ]
    if not rows:
        raise ScenarioError.of(f"{metric} of {group or name} applies to none of the variants")
    return tables.from_rows(QUANTILES, rows)


def _rows(
    variant: str, spread: Spread, at: Sequence[float], confidence: float, *, random: bool
) -> Iterator[dict[str, Any]]:
    ranked = OrderStatistics(spread.values)
    for p in at:
        value = ranked.quantile(p)
        low, high = ranked.limits(p, confidence) if random else (value, value)
        yield {
            "variant": variant,
            "quantile": p,
            "value": value,
            "low": low,
            "high": high,
            "n": len(spread.values),
            "sentence": _sentence(spread, p, (value, low, high), confidence, random=random),
        }


def _sentence(
    spread: Spread, p: float, found: tuple[float, float, float], confidence: float, *, random: bool
) -> str:
    """``p95 45min, 43min to 48min, each limit at 95 % confidence``; missing is above all."""
    value, low, high = (spread.show(math.inf if math.isnan(each) else each) for each in found)
    name = f"p{without_zeros(f'{100 * p:.6f}')} {value}"
    if not random:
        return f"{name}: deterministic"
    level = show_share(confidence)
    n, least = len(spread.values), least_for_quantile(p, confidence)
    if n < least:
        return f"{name}; both limits at {level} confidence: needs n >= {least:,}, got {n:,}"
    return f"{name}, {low} to {high}, each limit at {level} confidence"
