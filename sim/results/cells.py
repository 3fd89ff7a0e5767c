"""Headline metrics as cells of a table: a row a variant, in a notebook and on a page."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

from sim.core.formatting import NOTHING, show
from sim.core.units import show_duration
from sim.experiments.summaries import BAD, bad_tail
from sim.systems import SYSTEM_TYPES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sim.core.metrics import Metric
    from sim.results.provenance import About

    Row = Mapping[str, Any]


def heading(metric: Metric) -> str:
    """Its name, and what of its distribution is shown where that is not the mean."""
    if metric.extreme:
        return f"{metric.label}\n({BAD})"
    return f"{metric.label}\np50 / {BAD}" if metric.unit == "s" else metric.label


def cell(row: Row | None, metric: Metric, about: About) -> str:
    """What that is, from a row of the summary."""
    if row is None:
        return NOTHING
    if row["missing"] == row["n"]:
        return "never"
    if metric.extreme:
        return quantile(row[bad_tail(metric)], metric, about)
    if metric.unit == "s":
        return " / ".join(quantile(row[p], metric, about) for p in ("p50", bad_tail(metric)))
    return show(row["mean"], metric.unit)


def number(row: Row, metric: Metric) -> float:
    """The number that such a cell shows, the first one of two; NaN where it is missing."""
    name = bad_tail(metric) if metric.extreme else "p50" if metric.unit == "s" else "mean"
    found: float = row[name]
    return found


def asked(objective: str, kinds: Iterable[str]) -> str:
    """An objective as objectives.csv has it, with its metric as tables call it."""
    known: dict[str, str] = {}
    for kind in dict.fromkeys(kinds):
        known |= {name: metric.title for name, metric in SYSTEM_TYPES[kind].metrics.items()}
    return re.sub(r"\w+", lambda word: known.get(word[0], word[0]), objective)


def quantile(value: float, metric: Metric, about: About) -> str:
    """What is missing has not come by the horizon."""
    missing = math.isnan(value) and metric.unit == "s"
    return f"> {show_duration(about.horizon_s)}" if missing else show(value, metric.unit)
