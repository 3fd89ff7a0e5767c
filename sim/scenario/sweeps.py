"""A sweep: which points of a scenario file its `sweep` names.

A point is the file with other values in some of its paths, as by --set; its variants stand on top
of that. Only the values are kept, as there may be many points: see `points`.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from sim.core.errors import Problem, ScenarioError
from sim.formats.checking import listed
from sim.formats.tree import Node, Scalar, dotted
from sim.scenario import paths
from sim.scenario.axes import Axis, AxisEntry, Range, SweepEntry, range_of
from sim.scenario.variants import format_of, overridden

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MOST_POINTS = 100_000
"""Points of a sweep: of more no table or picture would say anything."""

FIXED = ("name", "prefer", "replications", "seed", "sweep", "variants")
"""Keys that hold for all points: they see common random numbers and are set against each other."""


class Coordinate(NamedTuple):
    """Where a point stands on one axis."""

    axis: Axis
    place: int

    @property
    def text(self) -> str:
        """``bake 10min``; empty where the point leaves the path as it is."""
        value = self.axis.texts[self.place]
        return f"{self.axis.name} {value}" if value else ""


COLUMNS = frozenset(
    (
        *("point", "variant", "system", "group", "metric", "unit", "mean", "ci95_low", "ci95_high"),
        *("min", "p5", "p50", "p95", "max", "n", "missing", "worst_replication", "skewness"),
        *("p5_low", "p5_high", "p50_low", "p50_high", "p95_low", "p95_high"),
        *("objective", "bound", "share", "low", "high", "verdict", "sentence", "front"),
    )
)
"""Columns of the tables of a sweep beside those of its axes."""


@dataclass(frozen=True)
class Sweep:
    """Which points there are, numbered from 0; in a grid the last axis changes first."""

    axes: tuple[Axis, ...]
    is_grid: bool
    """Whether all combinations are meant; otherwise all axes change together."""
    node: Node
    """Where it stands in the file."""

    @cached_property
    def size(self) -> int:
        """How many points there are."""
        lengths = [len(axis.values) for axis in self.axes]
        return math.prod(lengths) if self.is_grid else lengths[0]

    @property
    def title(self) -> str:
        """``12 points of update_domains (4) x bake (3)``."""
        told = [f"{axis.name} ({len(axis.values):,})" for axis in self.axes]
        names = " x ".join(told) if self.is_grid and len(told) > 1 else listed(self._names)
        return f"{self.size:,} points of {names}"

    @property
    def _names(self) -> list[str]:
        return [axis.name for axis in self.axes]

    def at(self, number: int) -> tuple[Coordinate, ...]:
        """Where a point stands on each axis."""
        if not self.is_grid:
            return tuple(Coordinate(axis, number) for axis in self.axes)
        found = []
        for axis in reversed(self.axes):
            number, place = divmod(number, len(axis.values))
            found.append(Coordinate(axis, place))
        return tuple(reversed(found))

    def changes(self, number: int) -> dict[str, Node]:
        """Path -> value of a point."""
        values = {axis.path: axis.values[place] for axis, place in self.at(number)}
        return {path: value for path, value in values.items() if value is not None}

    def label(self, number: int, most: int = 1_000) -> str:
        """``bake 10min, domains 5``, of more than `most` axes the first ones."""
        told = [each.text for each in self.at(number) if each.text]
        return ", ".join([*told[:most], "..."] if len(told) > most else told)


# Reading ------------------------------------------------------------------------------------------


def sweep_of(tree: Node, entry: SweepEntry) -> Sweep:
    """What the `sweep` of a file means, whose keys and values are right.

    Raises
    ------
    ScenarioError
        With all that is wrong with its paths and values, as far as no point need be made for it.
    """
    node = tree.below("sweep")
    assert node is not None
    return _Reader(tree, node, entry).sweep()


class _Reader:
    """Reads a sweep and gathers what is wrong on the way."""

    def __init__(self, tree: Node, node: Node, entry: SweepEntry) -> None:
        rest = tree.value if isinstance(tree.value, dict) else {}
        self._tree = Node(
            {key: each for key, each in rest.items() if key not in ("sweep", "variants")}
        )
        self._node, self._entry = node, entry
        self._problems: list[Problem] = []

    def sweep(self) -> Sweep:
        entries: Mapping[str, Any] = self._entry.__pydantic_extra__ or {}
        listed = self._entry.points
        if listed is not None and (entries or self._entry.zip):
            others = " and ".join([*list(entries)[:1], *(["zip"] if self._entry.zip else [])])
            self._refuse(self._below("points"), ("points",), f"must not stand beside {others}")
        elif listed is None and not entries:
            rule = "must name a path, such as systems.NAME.KEY: [VALUE, ...], or points"
            self._refuse(self._node, (), rule)
        self._stop()
        axes = self._axes(entries) if listed is None else self._listed()
        self._check_names(axes)
        self._stop()
        return Sweep(tuple(axes), listed is None and not self._entry.zip, self._node)

    def _below(self, *keys: str | int) -> Node:
        node = self._node
        for key in keys:
            node = node.below(key) or node
        return node

    def _refuse(
        self, node: Node, path: tuple[str | int, ...], rule: str, *, key: bool = True
    ) -> None:
        where = node.key_where if key and node.key_where else node.where
        self._problems.append(Problem(where, dotted(("sweep", *path)), rule))

    def _stop(self) -> None:
        if self._problems:
            raise ScenarioError(self._problems)

    # Paths with their values

    def _axes(self, entries: Mapping[str, AxisEntry | tuple[Any, ...]]) -> list[Axis]:
        ranges = {path: self._range(path, entry) for path, entry in entries.items()}
        self._stop()
        lengths = {
            path: made.count if made else len(self._values(path)) for path, made in ranges.items()
        }
        self._check_size(lengths)
        self._stop()  # before any value is made
        axes = []
        for path, entry in entries.items():
            made, node = ranges[path], self._below(path)
            values = self._values(path)
            if made is not None:
                values = [Node(Scalar(text), node.where, node.key_where) for text in made.texts()]
            name = entry.as_ if isinstance(entry, AxisEntry) else None
            axes += self._axis(path, node, name, values)
        return axes

    def _values(self, path: str) -> Sequence[Node]:
        node = self._below(path)
        found = node.below("values") if isinstance(node.value, dict) else node
        return found.value if found is not None and isinstance(found.value, list) else []

    def _range(self, path: str, entry: AxisEntry | tuple[Any, ...]) -> Range | None:
        """What a range means; None for values that are listed, or where something is wrong."""
        if not isinstance(entry, AxisEntry):
            return None
        wrong = self._wrong_form(path, entry)
        if wrong is not None:
            key, rule = wrong
            self._refuse(self._below(path, *key), (path, *key), rule)
            return None
        if entry.values is not None:
            return None
        try:
            return range_of(entry)
        except ValueError as error:
            at, rule = error.args
            self._refuse(self._below(path, at), (path, at), rule, key=False)
            return None

    def _wrong_form(self, path: str, entry: AxisEntry) -> tuple[tuple[str, ...], str] | None:
        """Which keys do not go together: the key to point at, and the rule."""
        keys = ("from", "to", "step", "points", "scale")
        given = [key for key in keys if self._below(path).below(key)]
        if entry.values is not None:
            return (("values",), f"must not stand beside {given[0]}") if given else None
        missing = [key for key in ("from", "to") if key not in given]
        if missing:
            got = f", got no {missing[0]}" if given else ""
            return (), f"must have values, or from and to{got}"
        if (entry.step is None) == (entry.points is None):
            got = "both" if entry.points else "neither"
            return (), f"must have step or points, got {got}"
        if entry.scale is not None and entry.points is None:
            return ("scale",), "needs points instead of step"
        return None

    def _check_size(self, lengths: Mapping[str, int]) -> None:
        if self._entry.zip:
            if len(set(lengths.values())) > 1:
                told = ", ".join(f"{path} {length:,}" for path, length in lengths.items())
                rule = f"needs equally many values of each path, got {told}"
                self._refuse(self._below("zip"), ("zip",), rule)
            size = max(lengths.values())
        else:
            size = math.prod(lengths.values())
        if size > MOST_POINTS:
            times = " x ".join(f"{length:,}" for length in lengths.values())
            got = f"{times} = {size:,}" if len(lengths) > 1 and not self._entry.zip else f"{size:,}"
            self._refuse(self._node, (), f"must have at most {MOST_POINTS:,} points, got {got}")

    def _axis(
        self, path: str, node: Node, name: str | None, values: Sequence[Node | None]
    ) -> list[Axis]:
        """The axis, or nothing where its path is wrong."""
        first = next(each for each in values if each is not None)
        sample = Node(first.value, node.where, node.key_where)
        own: list[Problem] = []
        try:
            keys = paths.parse(path, node.key_where or node.where)
        except ScenarioError as error:
            self._problems += error.problems
            return []
        if keys[0] in FIXED:
            rule = "must be the same at all points, which see common random numbers"
            if keys[0] in ("name", "sweep", "variants"):
                rule = "must be the same at all points"
            self._refuse(node, (path,), rule)
            return []
        overridden(self._tree, {path: sample}, own)
        if own:
            at = node.key_where or node.where
            self._problems += [Problem(at, dotted(("sweep", path)), each.rule) for each in own]
            return []
        place = paths.place_of(self._tree, path, format_of(self._tree))
        return [Axis(name or keys[-1], path, place.takes_text, tuple(values))]

    # Points one by one

    def _listed(self) -> list[Axis]:
        node = self._below("points")
        assert isinstance(node.value, list)
        if len(node.value) > MOST_POINTS:
            rule = f"must have at most {MOST_POINTS:,} points, got {len(node.value):,}"
            self._refuse(self._node, (), rule)
            return []
        known: dict[str, Node] = {}
        for place, point in enumerate(node.value):
            assert isinstance(point.value, dict)
            if not point.value:
                self._refuse(point, ("points", place), "must not be empty")
            for path, value in point.value.items():
                known.setdefault(path, value)
        axes: list[Axis] = []
        for path, first in known.items():
            axes += self._axis(path, first, None, [point.below(path) for point in node.value])
        return axes

    def _check_names(self, axes: Sequence[Axis]) -> None:
        names = Counter(axis.name for axis in axes)
        units = {f"{axis.name}_unit" for axis in axes}
        for axis in axes:
            whose = ""
            if names[axis.name] > 1:
                whose = "as another axis is"
            elif axis.name in COLUMNS or axis.name in units:
                whose = "which tables have as a column"
            if whose:
                rule = f"must not be called {axis.name}, {whose}: name it with `as`, such as "
                rule += "{as: NAME, values: [...]}"
                self._refuse(self._below(axis.path), (axis.path,), rule)
