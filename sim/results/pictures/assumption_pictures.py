"""The pictures of `Assumptions`: a tornado for each headline metric.

All that they show stands in a results folder, so that they can be drawn again from it.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from sim.core.formatting import format_compact
from sim.experiments.studies.assumptions import DOUBLE, HALF, NOT_ASSUMED, UNKNOWN
from sim.formats.checking import listed
from sim.plots import tornado
from sim.scenario.factors import NOT_HERE
from sim.systems.base.spec import look_up

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sim.plots.parts.style import Picture

    Row = Mapping[str, Any]


class AssumptionPictures:
    """The pictures of `Assumptions`."""

    def __init__(self, about: Mapping[str, Any], rows: Sequence[Row]) -> None:
        """`about` is as in the provenance, `rows` are those of assumptions.csv."""
        self._about, self._rows = about, rows

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
        variants = dict.fromkeys(self._about["variants"])
        name = variant or next(iter(variants))
        look_up(variants, name, "a variant")
        own = {
            each["metric"]: each
            for each in reversed(self._headlines(name))
            if system in ("", each["system"])
        }
        return self._tornado(look_up(own, metric, "a headline metric"))

    def figures(self, *, main: bool = False) -> Iterator[tuple[str, Picture]]:
        """The pictures that are saved, with their names: one a headline of the first variant.

        `main`: that of the headline which guesses change most.
        """
        own = self._headlines(self._about["variants"][0])
        several = len({each["system"] for each in own}) > 1
        for each in [max(own, key=self._says)] if main else own:
            name = "{system}-{metric}".format(**each) if several else each["metric"]
            yield f"tornado-{name}", self._tornado(each)

    def _says(self, of: Row) -> tuple[bool, float]:
        """How much its picture says: whether there is a middle to change from, and by how much."""
        own = (row for row in self._of(of) if row["metric"])
        weight = max((float(row["weight"]) for row in own), default=0.0)
        return (of["mean"] is not None or of["median"] is not None), weight

    def _of(self, headline: Row) -> Iterator[Row]:
        """What guesses make of a headline, and those that cannot be changed."""
        for row in self._rows:
            is_of_it = all(row[name] == headline[name] for name in ("system", "metric"))
            if row["variant"] == headline["variant"] and (is_of_it or not row["metric"]):
                yield row

    def _headlines(self, variant: str) -> list[Row]:
        return [each for each in self._about["headlines"] if each["variant"] == variant]

    def _tornado(self, of: Row) -> Picture:
        # Where runs lack a value there is no mean, and it is the median that changes.
        middle = "median" if of["mean"] is None and of["median"] is not None else "mean"
        base, n = math.nan if of[middle] is None else of[middle], of["replications"]
        names = {each["number"]: each["name"] for each in self._about["guesses"]}
        bars: dict[int, dict[float, tornado.Bar]] = {}
        for each in self._of(of):
            if each["note"] in (NOT_ASSUMED.note, NOT_HERE):
                continue
            bars.setdefault(each["number"], {})[each["factor"]] = _bar(each, base)
        rows = [
            tornado.Row(names[number], *(_of(both, f) for f in (HALF, DOUBLE)))
            for number, both in bars.items()
        ]
        rows.sort(key=lambda row: -_swing(row, base))
        what = of["title"]
        title = f"{what[:1].upper()}{what[1:]}: {_weightiest(rows, base, of['unit'])}"
        whose = [of["variant"]] if len(self._about["variants"]) > 1 else []
        runs = f"{n:,} replications with common random numbers" if n > 1 else "deterministic"
        subtitle = "; ".join([*whose, runs])
        return tornado.figure(
            rows, base, what, of["unit"], title=title, subtitle=subtitle, middle=middle
        )


def _of(both: dict[float, tornado.Bar], factor: float) -> tornado.Bar:
    return both.get(factor, tornado.Bar(math.nan, math.nan, math.nan))


def _bar(row: Row, base: float) -> tornado.Bar:
    """From the mean as the scenario is; from the median where a value is missing in some run."""
    if not row["metric"]:
        return tornado.Bar(math.nan, math.nan, math.nan, row["note"])
    note = row["note"]
    if row["missing"]:
        note = f"no value in {row['missing']:,} of {row['n']:,} runs"
        if math.isnan(row["baseline_mean"]):
            value = base + row["difference"]
            return tornado.Bar(value, math.nan, math.nan, note)
    before = row["baseline_mean"]
    # Means of the same values may differ in their last digits: that is no change.
    mean = base if math.isclose(row["mean"], base, rel_tol=1e-9) else row["mean"]
    return tornado.Bar(mean, before + row["ci_low"], before + row["ci_high"], note)


def _swing(row: tornado.Row, base: float) -> float:
    """How far the bars reach; without a mean as far as can be."""
    ends = [bar.value - base for bar in (row.halved, row.doubled)]
    missing = any(
        "no value" in bar.note and math.isnan(bar.value) for bar in (row.halved, row.doubled)
    )
    known = [abs(end) for end in ends if math.isfinite(end)]
    return math.inf if missing else max(known, default=-1.0)


def _weightiest(rows: Sequence[tornado.Row], base: float, unit: str) -> str:
    """``restart (4min) makes it 80min to 220min``."""
    first = rows[0]
    unknown = [row.name for row in rows if UNKNOWN in (row.halved.note, row.doubled.note)]
    part = f"not all is known of {listed(unknown, 1)}" if unknown else ""
    ends = sorted(bar.value for bar in (first.halved, first.doubled) if math.isfinite(bar.value))
    if part and (not ends or _swing(first, base) == 0):
        return part
    if not ends or _swing(first, base) == 0:
        if ends:
            return "no guess changes it"
        # Where it has none as the scenario is, no guess is seen to give it one.
        had = math.isfinite(base)
        return f"{first.name} decides whether it has a value" if had else "most runs have no value"
    low, high = min(ends[0], base), max(ends[-1], base)
    reach = f"{format_compact(low, unit)} to {format_compact(high, unit)} by {first.name}"
    return "; ".join(filter(None, [reach, part]))
