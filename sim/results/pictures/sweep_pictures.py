"""The pictures of a sweep: what to draw is looked up here, `plots` draws it."""

from __future__ import annotations

from itertools import islice, product
from typing import TYPE_CHECKING

import numpy as np

from sim.core.errors import ScenarioError
from sim.core.formatting import format_compact
from sim.core.metrics import Key
from sim.experiments.studies.sweep_conclusion import alternatives
from sim.plots import sweep_front, sweep_heat_map, sweep_lines
from sim.plots.parts.sweep_axes import Along
from sim.systems.base.spec import look_up
from sim.systems.base.text import pluralize

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from sim.plots.parts.style import Picture
    from sim.results.sweeps.sweep_about import AxisAbout
    from sim.results.sweeps.sweep_contents import SweepContents

MOST_HEAT_MAPS = 6
"""That are saved."""
_TWO = 2


class SweepPictures:
    """The pictures of a sweep. Axes and metrics are named as in its tables."""

    def __init__(self, results: SweepContents) -> None:
        self._results, self._about = results, results.about
        variants = len(self._about.variants)
        rows = range(self._about.points * variants)
        self._places = np.array([self._about.places(row // variants) for row in rows])
        self._variants = np.array([row % variants for row in rows])

    def lines(
        self,
        metrics: Sequence[str] | None = None,
        *,
        over: str = "",
        at: Mapping[str, str] | None = None,
        variant: str = "",
    ) -> Picture:
        """Means along an axis with their 95 % intervals: a panel a metric, a line a variant.

        Other values of further axes are lines too.

        Parameters
        ----------
        metrics
            By default the headlines that differ between points.
        over
            The axis, by default the first one.
        at
            Axis -> its only value, as written.
        variant
            The only variant to draw.

        Raises
        ------
        ScenarioError
            Where a name is none, or there would be more than 8 lines.
        """
        which = self._axis(over) if over else 0
        chosen = self._chosen(at or {}, variant)
        lines = self._lines(which, chosen, alone=bool(variant))
        if len(lines) > sweep_lines.MOST_LINES:
            rule = (
                f"must leave {sweep_lines.MOST_LINES} lines at most, got {len(lines):,}: choose by"
            )
            raise ScenarioError.of(f"{rule} at={{AXIS: VALUE}} or variant", where="lines")
        keys = [self._results.key(name) for name in metrics] if metrics else self._varying(chosen)
        along, order = self._along(which, chosen)
        panels = [self._panel(key, lines, order) for key in keys[: sweep_lines.MOST_PANELS]]
        gaps = any(
            np.isnan(curve.means).any() for panel in panels for curve in panel.curves.values()
        )
        return sweep_lines.figure(
            panels,
            along,
            title=self._title_of_lines(keys, along, chosen),
            subtitle=self._subtitle(at or {}, variant),
            missing="no mean: missing in some run" if gaps else "",
        )

    def heat_map(
        self,
        metric: str = "",
        *,
        x: str = "",
        y: str = "",
        at: Mapping[str, str] | None = None,
        variant: str = "",
    ) -> Picture:
        """The mean of a metric at each pair of values of two axes; missed objectives are hatched.

        By default the first headline that differs between points, over the first two axes, of the
        first variant. `at` gives the only value of each further axis, as written, by default its
        first.

        Raises
        ------
        ScenarioError
            Where a name is none, or the sweep is no grid of two axes or more.
        """
        about = self._about
        across, up = self._two_axes(x, y)
        fixed = {
            axis.name: axis.texts[0] for k, axis in enumerate(about.axes) if k not in (across, up)
        } | dict(at or {})
        variant = variant or about.variants[0]
        chosen = self._chosen(fixed, variant)
        varying = self._varying(chosen) or self._headlines()
        key = self._results.key(metric) if metric else varying[0]
        shape = len(about.axes[up].texts), len(about.axes[across].texts)
        where = (self._places[chosen, up], self._places[chosen, across])
        means, verdicts = np.full(shape, np.nan), np.full(shape, "", object)
        means[where] = self._results.column(key, "mean")[chosen]
        verdicts[where] = np.array(self._verdicts(), object)[chosen]
        what = self._title(key)
        why = "failed, or missing in some run" if "failed" in verdicts else "missing in some run"
        return sweep_heat_map.figure(
            sweep_heat_map.Cells(means, verdicts.astype(str), self._unit(key)),
            self._whole(across),
            self._whole(up),
            what,
            title=f"{_capital(what)}: {self._range(key, chosen)}",
            subtitle=self._subtitle(fixed, variant),
            none=f"no {what}: {why}",
        )

    def front(self, metrics: Sequence[str] | None = None) -> Picture:
        """Two metrics against each other, a dot a point and variant, the front marked.

        By default the metrics of the sweep's own front. ScenarioError where a name is none, or
        there are not two.
        """
        keys = self._results.front_keys(metrics)
        if len(keys) != _TWO:
            raise ScenarioError.of(f"needs two metrics, got {len(keys)}", where="front")
        standings = self._results.standings(keys)
        sides = [self._side(key) for key in keys]
        own = metrics is None and self._about.conclusion.knee is not None
        knee = self._row(*self._about.conclusion.knee) if own else None  # type: ignore[misc]
        names = " and ".join(map(self._title, keys))
        count = standings.count("yes")
        title = f"Front of {names}: {count:,} of {self._many(len(standings))}"
        if knee is not None:
            title += f"; its knee is at {self._label(knee)}"
        labels = [self._label(row) for row in range(len(standings))]
        x, y = sides
        return sweep_front.figure(
            x, y, labels, standings, knee=knee, title=title, subtitle=self._subtitle({}, "")
        )

    def figures(self, *, main: bool = False) -> Iterator[tuple[str, Picture]]:
        """Those of a result folder, by name; the first one says most.

        `main`: of heat maps one at most, and only where there is nothing else.
        """
        about = self._about
        every = np.ones(len(self._variants), bool)
        has_front = len(about.conclusion.front_metrics) == _TWO and about.points > 1
        has_front = has_front and bool(about.conclusion.front)
        few = len(self._lines(0, every, alone=False)) <= sweep_lines.MOST_LINES
        has_lines = few and bool(self._varying(every))
        if has_front:
            yield "front", self.front()
        if has_lines:
            yield "lines", self.lines()
        if about.is_grid and len(about.axes) >= _TWO:
            most = MOST_HEAT_MAPS
            if main:
                most = 0 if has_front or has_lines else 1
            for key, variant in islice(product(self._varying(every), about.variants), most):
                name = ".".join(filter(None, key))
                whose = f"-{variant}" if len(about.variants) > 1 else ""
                yield (
                    f"heat_map-{file_name(f'{name}{whose}')}",
                    self.heat_map(name, variant=variant),
                )

    # What is drawn

    def _two_axes(self, x: str, y: str) -> tuple[int, int]:
        """The axes of a heat map, by default the first two."""
        axes = self._about.axes
        if not self._about.is_grid or len(axes) < _TWO:
            raise ScenarioError.of("needs a grid of two axes or more", where="heat_map")
        across = self._axis(x) if x else 0
        up = self._axis(y) if y else next(k for k in range(len(axes)) if k != across)
        if across == up:
            raise ScenarioError.of(f"needs two axes, got {axes[up].name} twice", where="heat_map")
        return across, up

    def _axis(self, name: str) -> int:
        return look_up({axis.name: k for k, axis in enumerate(self._about.axes)}, name, "an axis")

    def _chosen(self, at: Mapping[str, str], variant: str) -> NDArray[np.bool_]:
        """The alternatives with these values, shape (alternatives,)."""
        chosen = np.ones(len(self._variants), bool)
        for name, text in at.items():
            which = self._axis(name)
            place = look_up(
                {t: k for k, t in enumerate(self._about.axes[which].texts)},
                str(text),
                f"a value of {name}",
            )
            chosen &= self._places[:, which] == place
        if variant:
            names = {each: k for k, each in enumerate(self._about.variants)}
            chosen &= self._variants == look_up(names, variant, "a variant of these results")
        return chosen

    def _lines(
        self, which: int, chosen: NDArray[np.bool_], *, alone: bool
    ) -> dict[str, NDArray[np.intp]]:
        """The alternatives of each line, by its name."""
        about = self._about
        others = [k for k in range(len(about.axes)) if k != which] if about.is_grid else []
        others = [k for k in others if len(np.unique(self._places[chosen, k])) > 1]
        found: dict[str, list[int]] = {}
        for row in np.flatnonzero(chosen).tolist():
            parts = [
                f"{about.axes[k].name} {about.axes[k].texts[self._places[row, k]]}" for k in others
            ]
            if not alone and len(about.variants) > 1:
                parts.append(about.variants[self._variants[row]])
            found.setdefault(", ".join(parts), []).append(row)
        return {name: np.array(rows) for name, rows in found.items()}

    def _along(self, which: int, chosen: NDArray[np.bool_]) -> tuple[Along, NDArray[np.int64]]:
        """The axis of a picture of lines, and for each alternative where it stands on it."""
        axis = self._about.axes[which]
        if self._about.is_grid:
            return self._whole(which), self._places[:, which]
        points = np.unique(self._places[chosen, which])
        texts = [axis.texts[k] for k in points]
        order = np.searchsorted(points, self._places[:, which])
        return _along(axis, texts, [axis.numbers[k] for k in points] if axis.numbers else []), order

    def _whole(self, which: int) -> Along:
        axis = self._about.axes[which]
        return _along(axis, axis.texts, axis.numbers)

    def _panel(
        self, key: Key, lines: Mapping[str, NDArray[np.intp]], order: NDArray[np.int64]
    ) -> sweep_lines.Panel:
        columns = [self._results.column(key, each) for each in ("mean", "ci95_low", "ci95_high")]
        curves = {}
        for name, rows in lines.items():
            parts = []
            for column in columns:
                part = np.full(int(order[rows].max()) + 1, np.nan)
                part[order[rows]] = column[rows]
                parts.append(part)
            curves[name] = sweep_lines.Curve(*parts)
        bound = (
            self._about.mean_bounds.get(key.system, {}).get(key.metric) if not key.group else None
        )
        return sweep_lines.Panel(_capital(self._title(key)), self._unit(key), curves, bound)

    def _side(self, key: Key) -> sweep_front.Side:
        low, high = (self._results.column(key, each) for each in ("ci95_low", "ci95_high"))
        metric = self._results.metrics[key.system][key.metric]
        means = self._results.column(key, "mean")
        return sweep_front.Side(self._title(key), metric.unit, metric.better, means, low, high)

    def _headlines(self) -> list[Key]:
        return [
            Key(system, "", metric)
            for system, names in self._about.headlines.items()
            for metric in names
            if Key(system, "", metric) in self._results.keys
        ]

    def _varying(self, chosen: NDArray[np.bool_]) -> list[Key]:
        """The headlines whose means differ between the chosen."""
        found = []
        for key in self._headlines():
            means = self._results.column(key, "mean")[chosen]
            if len(np.unique(means[~np.isnan(means)])) > 1:
                found.append(key)
        return found

    def _verdicts(self) -> list[str]:
        found: list[str] = self._results.arrow("points").column("verdict").to_pylist()
        return found

    # What is said of it

    def _title(self, key: Key) -> str:
        whose = key.system if len(self._about.kinds) > 1 else ""
        title = self._results.metrics[key.system][key.metric].title
        return " ".join(filter(None, [whose, key.group, title]))

    def _unit(self, key: Key) -> str:
        return self._results.metrics[key.system][key.metric].unit

    def _range(self, key: Key, chosen: NDArray[np.bool_]) -> str:
        """``50 % to 95 %``, from the lowest mean to the highest, with where they are."""
        means = np.where(chosen, self._results.column(key, "mean"), np.nan)
        if np.isnan(means).all():
            return "no mean anywhere"
        ends = int(np.nanargmin(means)), int(np.nanargmax(means))
        if means[ends[0]] == means[ends[1]]:
            return f"{format_compact(float(means[ends[0]]), self._unit(key))} at every point"
        several = len(self._about.variants)
        told = []
        for row in ends:
            value = format_compact(float(means[row]), self._unit(key))
            told.append(f"{value} ({self._about.label(row // several)})")
        return " to ".join(told)

    def _title_of_lines(self, keys: Sequence[Key], along: Along, chosen: NDArray[np.bool_]) -> str:
        told = []
        for key in keys[:_TWO]:
            means = self._results.column(key, "mean")[chosen]
            known = means[~np.isnan(means)]
            if known.size:
                ends = [
                    format_compact(float(each), self._unit(key))
                    for each in (known.min(), known.max())
                ]
                told.append(f"{self._title(key)} {' to '.join(dict.fromkeys(ends))}")
        return f"{_capital(', '.join(told) or 'No mean anywhere')}, over {along.name}"

    def _subtitle(self, at: Mapping[str, str], variant: str) -> str:
        about = self._about
        runs = pluralize(about.replications, "replication") if about.random else "deterministic"
        parts = [
            about.name,
            self._many(about.points * len(about.variants)),
            f"{runs} each" if about.random else runs,
        ]
        parts += [f"{name} {text}" for name, text in at.items()]
        parts += [f"variant {variant}"] if variant and len(about.variants) > 1 else []
        return ", ".join(parts)

    def _many(self, count: int) -> str:
        return alternatives(count, several=len(self._about.variants) > 1)

    def _label(self, row: int) -> str:
        point, variant = divmod(row, len(self._about.variants))
        label = self._about.label(point)
        return (
            f"{label}, {self._about.variants[variant]}" if len(self._about.variants) > 1 else label
        )

    def _row(self, point: int, variant: str) -> int:
        several = len(self._about.variants)
        return point * several + (self._about.variants.index(variant) if several > 1 else 0)


def _along(axis: AxisAbout, texts: Sequence[str], numbers: Sequence[float | None]) -> Along:
    """An axis of a picture; where a point has no value of it, values are words."""
    if not numbers or None in numbers:
        return Along(axis.name, "", texts, None)
    return Along(axis.name, axis.unit, texts, np.array(numbers, float))


def _capital(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}"


def file_name(text: str) -> str:
    """A part of a file's name that every file system takes."""
    return "".join(c if c.isalnum() or c in "._-" else "-" for c in text)[:60]
