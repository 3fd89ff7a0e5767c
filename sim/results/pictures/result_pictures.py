"""The pictures of results: what to draw is looked up here, `plots` draws it.

Titles tell what holds for all replications, as the tables do. Where all of them cannot be drawn
the first one is, and is called so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sim.core.errors import ScenarioError
from sim.core.timelines import TOLERANCE
from sim.plots import availability, capacity, overlay, up_to_date, variants
from sim.results.conditions import parted
from sim.results.lookup import Lookup
from sim.results.pictures import warm_up_picture
from sim.results.pictures.captions import Captions, run_drawn
from sim.results.pictures.distributions import picture
from sim.results.pictures.group_pictures import GroupPictures
from sim.results.pictures.run_pictures import RunPictures, in_availability, the_system
from sim.results.pictures.variant_pictures import VariantPictures
from sim.results.spreads import downtime, in_runs
from sim.systems import SYSTEM_TYPES
from sim.systems.base.spec import look_up

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sim.plots.parts.style import Picture
    from sim.results.contents import Contents
    from sim.results.provenance import Variant
    from sim.results.replication import Replication
    from sim.results.spreads import Spread

Row = dict[str, Any]

_WORTH_DRAWING = 0.95
"""Where another series says most, capacity is drawn if it falls below this in the bad runs."""


class ResultPictures:
    """The pictures of all replications, or of variants.

    A system need only be named where there are several, a variant to see another than the first.
    """

    def __init__(self, results: Contents) -> None:
        self._results = results
        self._of = Lookup(results)
        self._words = Captions(results, self._of)
        self._variants = VariantPictures(results, self._of, self._words)
        self._groups = GroupPictures(self._of, self._words)

    def capacity(self, system: str = "", variant: str = "") -> Picture:
        """How far capacity falls in all replications, and in one of them."""
        name, one = self._system(system), self._variant(variant)
        return capacity.figure(
            self._of.line(one, name, "capacity"),
            title=self._words.title(one, name, "capacity"),
            threshold=self._of.bound(one, name, "min_capacity"),
            band=self._of.band(one, name, "capacity"),
            beside=self._of.accepting(one, name),
            which=run_drawn([one]),
            **self._words.around(one, name),
        )

    def up_to_date(self, system: str = "", variant: str = "") -> Picture:
        """How many are up to date, and since when; beside them the groups that differ."""
        name, one = self._system(system), self._variant(variant)
        return up_to_date.figure(
            self._of.line(one, name, "up_to_date"),
            title=self._words.title(one, name, "up_to_date"),
            band=self._of.band(one, name, "up_to_date"),
            beside=self._of.groups(one, name, "up_to_date"),
            which=run_drawn([one]),
            **self._words.around(one, name),
        )

    def compliance(self, system: str = "", variant: str = "") -> Picture:
        """How long each type and each group of a fleet takes, and what share is up to date at last.

        Raises
        ------
        ScenarioError
            If there are no groups, or all are up to date at the same times.
        """
        name, one = self._system(system), self._variant(variant)
        return self._groups.compliance(one, name, self._results.about.kinds[name])

    def availability(self, system: str = "", variant: str = "") -> Picture:
        """When the system, or which group of it, is down in one replication, and in how many."""
        name, one = self._system(system), self._variant(variant)
        rows, notes = {}, {}
        known = [("available", group) for group in self._of.groups_of(one, name, "available")]
        for group in in_availability(name, known):
            rows[group or name] = self._of.line(one, name, "available", group)
            down = self._of.spread(one, name, "downtime", group)
            if down and one.is_spread:
                how_often = in_runs(down.values > 0).replace(" of runs", "")
                notes[group or name] = f"down{how_often}" if how_often else "never down"
        whole = self._of.spread(one, name, "downtime")
        return availability.figure(
            rows,
            title=downtime(name, whole) if whole and notes else "",
            notes=notes,
            which=f"replication {one.first}" if notes else "",
            **self._words.around(one, name),
        )

    def queue(self, system: str = "", variant: str = "") -> Picture:
        """How many tasks wait, and how many slots are in use, in one replication.

        Only of pools that have work.
        """
        name, one = self._system(system), self._variant(variant)
        title = self._words.title(one, name, "queue")
        return RunPictures(self._first(variant)).queue(name, title=title)

    def warm_up(self, system: str = "", variant: str = "") -> Picture:
        """From when on the tasks there are steady: their mean over the runs, and where MSER-5 cuts.

        Only of pools with streams of work that always come at the same rate.

        Raises
        ------
        ScenarioError
            If the system has none.
        """
        name, one = self._system(system), self._variant(variant)
        subtitle = self._words.subtitle(name, one)
        return warm_up_picture.picture(self._results, one.name, name, subtitle)

    def gantt(self, system: str = "", variant: str = "", *, of: str = "") -> Picture:
        """What each update domain, node or extension does in one replication; `of`: or batches."""
        return RunPictures(self._first(variant)).gantt(self._system(system), of)

    def variants_capacity(self, system: str = "") -> Picture:
        """Capacity over time in each variant, on the same axes; of more than 12 how far it falls.

        What a pool accepts is drawn beside what is in service, where that differs.
        """
        return self._variants.side_by_side(self._system(system), "capacity")

    def variants_up_to_date(self, system: str = "") -> Picture:
        """The share up to date over time in each variant; of more than 12 how long it takes."""
        return self._variants.side_by_side(self._system(system), "up_to_date")

    def variants_queue(self, system: str = "") -> Picture:
        """The tasks waiting over time in each variant; of more than 12 how long they wait."""
        return self._variants.side_by_side(self._system(system), "queue")

    def variants_metrics(self, system: str = "") -> Picture:
        """The metrics that say most: what the answer's table says, a row a variant."""
        return self._variants.metrics(self._system(system))

    def variants_differences(self, system: str = "") -> Picture:
        """How much each variant differs from the first one, pair by pair, with intervals.

        Raises
        ------
        ScenarioError
            If nothing is compared, or no headline differs between any two.
        """
        return self._variants.differences(self._system(system))

    def overlay(
        self, series: str = "", system: str = "", group: str = "", *, of: Sequence[str] = ()
    ) -> Picture:
        """One series of all variants, or of those named in `of`, in one picture.

        The median of all replications where it is known, else the first replication of each. By
        default the series that says most of the system.

        Raises
        ------
        ScenarioError
            If there is no such series, or if there are more variants than lines can be told apart.
        """
        name = self._system(system)
        series = series or SYSTEM_TYPES[self._results.about.kinds[name]].main_series
        chosen = [self._variant(each) for each in of] or self._of.having(name)
        _refuse_many(chosen)
        found = {one.name: self._of.median(one, name, series, group) for one in chosen}
        lines = {
            one.name: found[one.name] or self._of.line(one, name, series, group) for one in chosen
        }
        which = "median of all runs" if any(found.values()) else run_drawn(chosen)
        of_whom = group or (name if self._words.several else "")
        what = f"{of_whom} {series}".strip().replace("_", " ")
        among = f" in {len(lines)} variants" if len(lines) > 1 else ""
        return overlay.figure(
            lines,
            what,
            title=f"{what[:1].upper()}{what[1:]}{among}, {which}",
            subtitle=self._words.subtitle(name, None),
            start=self._results.about.start_time,
        )

    def distribution(
        self,
        metric: str = "",
        system: str = "",
        group: str = "",
        *,
        of: Sequence[str] = (),
        given: str = "",
    ) -> Picture:
        """How a metric is spread over the runs of all variants, or of those named in `of`.

        A curve for each: the share of the runs that come to at most a value, what is missing above
        all. By default the first headline of the system. Where a condition is `given`, as to
        `Results.given`, a variant has a curve of the runs in which it holds and one of the others.

        Raises
        ------
        ScenarioError
            If there is no such metric or condition, or if there are more curves than can be told
            apart.
        """
        name = self._system(system)
        about = self._results.about
        metric = metric or about.headlines[name][0]
        known = look_up(SYSTEM_TYPES[about.kinds[name]].metrics, metric, f"a metric of {name}")
        chosen = [self._variant(each) for each in of] or self._of.having(name)
        _refuse_many(chosen)
        found = {one.name: self._of.spread(one, name, metric, group) for one in chosen}
        spreads = {variant: spread for variant, spread in found.items() if spread is not None}
        if not spreads:
            raise ScenarioError.of(f"{metric} of {group or name} applies to none of the variants")
        varying = [one.name for one in chosen if one.is_spread]
        if given:
            spreads = parted(self._results, spreads, given, name)
            _refuse_curves(spreads)
            varying = list(spreads)
        asked = {None if group else self._of.bound(one, name, metric) for one in chosen}
        of_whom = group or (name if self._words.several else "")
        return picture(
            spreads,
            f"{of_whom} {known.title}".strip(),
            varying=varying,
            subtitle=self._words.subtitle(name, None),
            bound=asked.pop() if len(asked) == 1 else None,
        )

    def figures(self, *, main: bool = False) -> Iterator[tuple[str, Picture]]:
        """The pictures that are saved, with their names: those that have something to show.

        `main`: what the answer refers to. Of one variant that is the picture of each system that
        says most, and of a fleet who complies when; of several what sets them beside each other and
        their paired differences: no distributions.
        """
        about = self._results.about
        for system in about.headlines:
            name = f"-{system}" if self._words.several else ""
            if not about.compared:
                for picture, drawn in self._of_one(system, main=main):
                    yield f"{picture}{name}", drawn
                continue
            if len(self._of.having(system)) <= variants.MOST:
                series = self._variants.series_apart(system)
                yield f"variants_{series}{name}", self._variants.side_by_side(system, series)
            yield f"variants_metrics{name}", self.variants_metrics(system)
            if self._variants.can_tell_differences(system):
                yield f"variants_differences{name}", self.variants_differences(system)
        for system in () if main else about.headlines:
            name = f"-{system}" if self._words.several else ""
            for metric in self._spread_out(system):
                yield f"distribution_{metric}{name}", self.distribution(metric, system)

    def _spread_out(self, system: str) -> Iterator[str]:
        """The headlines that differ between the runs of any variant, if all can be drawn."""
        having = self._of.having(system)
        for metric in self._results.about.headlines[system]:
            found = [self._of.spread(one, system, metric) for one in having if one.is_spread]
            if len(having) <= overlay.MOST and any(each and each.varies for each in found):
                yield metric

    def _of_one(self, system: str, *, main: bool) -> Iterator[tuple[str, Picture]]:
        """The pictures of a system that is not compared; one at least."""
        one = self._variant("")
        series = SYSTEM_TYPES[self._results.about.kinds[system]].main_series
        down = [
            self._of.spread(one, system, "downtime", group)
            for group in self._of.groups_of(one, system, "available")
        ]
        shown = {
            "up_to_date": series == "up_to_date" and self._moves(one, system, "up_to_date"),
            "compliance": series == "up_to_date" and bool(self._groups.differing(one, system)),
            "capacity": self._moves(one, system, "capacity")
            and (series == "capacity" or self._falls_far(one, system)),
            "availability": any(each is not None and each.values.any() for each in down),
            "queue": self._of.has(one, system, "queue"),
            "warm_up": system in {each.system for each in self._results.about.warm_ups},
        }
        drawn = [name for name, is_shown in shown.items() if is_shown]
        if main:
            drawn = [*drawn[:1], *(name for name in drawn[1:] if name == "compliance")]
        for name in drawn:
            yield name, getattr(self, name)(system)
        # Of machines of which a few are nearly always out, what each does says nothing.
        is_wanted = series == "capacity" and not (main and drawn)
        lanes = [*(self._lanes(system) if is_wanted else {}).items()]
        yield from lanes[:1] if main else lanes
        if not drawn and not lanes:
            yield series, getattr(self, series)(system)

    def _lanes(self, system: str) -> dict[str, Picture]:
        """What members do, where they do anything, by what they are."""
        run = RunPictures(self._first())
        moving = [each for each in run.activities(system) if not each.is_quiet]
        return {each.what.replace(" ", "_"): run.lanes(system, each) for each in moving}

    def _moves(self, one: Variant, system: str, series: str) -> bool:
        """Whether a series is anything else than 1 in any replication."""
        band = self._of.band(one, system, series)
        parts = [] if band is None else [band.p5, band.p50, band.p95]
        every = [self._of.line(one, system, series).values, *parts]
        if any((np.abs(part - 1) > TOLERANCE).any() for part in every):
            return True
        lowest = self._of.spread(one, system, "min_capacity")
        return series == "capacity" and lowest is not None and lowest.values.min() < 1

    def _falls_far(self, one: Variant, system: str) -> bool:
        lowest = self._of.spread(one, system, "min_capacity")
        return lowest is not None and lowest.bad < _WORTH_DRAWING

    def _first(self, variant: str = "") -> Replication:
        """The replication that is drawn where all of them cannot be."""
        return self._results.replication(variant=variant)

    def _system(self, name: str) -> str:
        return the_system(name, self._results.about.headlines)

    def _variant(self, name: str) -> Variant:
        return self._results.variant(name)


def _refuse_many(chosen: Sequence[Variant]) -> None:
    if len(chosen) > overlay.MOST:
        rule = f"at most {overlay.MOST} lines can be distinguished, got {len(chosen)} variants; "
        raise ScenarioError.of(f"{rule}name some: of=[{chosen[0].name!r}, ...]")


def _refuse_curves(spreads: Mapping[str, Spread]) -> None:
    if len(spreads) > overlay.MOST:
        rule = f"at most {overlay.MOST} lines can be distinguished, got {len(spreads)}; name fewer "
        raise ScenarioError.of(f"{rule}variants: of=[VARIANT, ...]")
