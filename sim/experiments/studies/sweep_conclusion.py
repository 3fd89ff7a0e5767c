"""What a sweep says: how many points keep the objectives, the front, its knee, which is best."""

from __future__ import annotations

from collections.abc import Mapping, Sequence  # noqa: TC003  (results are checked when read)
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sim.core.formatting import format_compact, show
from sim.core.metrics import Key
from sim.experiments.statistics.fronts import Standing, disagreeing, knee, standings, undominated
from sim.experiments.summaries import NEVER_IS_BEST
from sim.systems import SYSTEM_TYPES
from sim.systems.base.text import pluralize

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sim.core.metrics import Metric
    from sim.experiments.studies.sweeps import Swept
    from sim.scenario.sweeps import Sweep

MET, UNDECIDED, MISSED, FAILED, NOTHING = "met", "undecided", "missed", "failed", ""


@dataclass(frozen=True)
class SweepConclusion:
    """The answer of a sweep, as data and in words. Alternatives are points with a variant."""

    met: int
    """How many alternatives meet every objective; references are not counted."""
    undecided: int
    """How many miss none, and have one that is undecided."""
    missed: int
    front_metrics: Sequence[Sequence[str]]
    """System, group and metric of each metric of the front; none where there is no front."""
    chosen: bool
    """Whether the user chose them."""
    correlation: float | None
    """Their rank correlation over the alternatives, where they were not chosen."""
    front: Sequence[tuple[int, str]]
    """Point and variant of those on it, by the first metric, the best first."""
    near: int
    """How many more are not told apart from it."""
    without: int
    """How many lack a mean of one of its metrics."""
    knee: tuple[int, str] | None
    best: Sequence[tuple[int, str]]
    """Those that `prefer` leaves, the best mean first; empty where nothing is preferred."""
    front_of_keeping: Sequence[tuple[int, str]]
    """The front of those alone that meet every objective or, where none does, are undecided."""
    sentences: Sequence[str]
    met_badly: int = 0
    """How many of those that meet every objective ended their rollouts well in fewer than half of
    the runs."""


@dataclass(frozen=True)
class Concluded:
    """A conclusion with what is known of each alternative for it."""

    conclusion: SweepConclusion
    verdicts: Sequence[str]
    """Whether each meets every objective: met, undecided or missed; empty where none is asked,
    failed where every replication did."""
    standings: Sequence[Standing]
    """Whether each is on the front."""


def alternatives(count: int, *, several: bool) -> str:
    """``12 points``, or where there are several variants ``12 pairs of point and variant``."""
    return (
        f"{pluralize(count, 'pair')} of point and variant" if several else pluralize(count, "point")
    )


def verdict(swept: Swept, place: int) -> str:
    """Of all objectives of an alternative together; `FAILED` where nothing is known of it."""
    if swept.lost[place]:
        return FAILED
    found = {each.verdict for each in swept.judged[place]}
    return next((each for each in (MISSED, UNDECIDED, MET) if each in found), NOTHING)


def headline_keys(swept: Swept, metrics_of: Mapping[str, Mapping[str, Metric]]) -> list[Key]:
    """The headlines that have a better end, and are not best where they are missing."""
    return [
        Key(system, "", metric)
        for system, names in swept.headlines.items()
        for metric in names
        if metrics_of[system][metric].better
        and metric not in NEVER_IS_BEST
        and Key(system, "", metric) in swept.keys
    ]


class Means:
    """The means of alternatives by metric, and what they are of; the lower the better."""

    def __init__(self, swept: Swept, metrics_of: Mapping[str, Mapping[str, Metric]]) -> None:
        self._swept, self._metrics_of = swept, metrics_of

    def sign(self, key: Key) -> float:
        """-1 where more is better."""
        return -1.0 if self._metrics_of[key.system][key.metric].better == "higher" else 1.0

    def of(self, key: Key) -> NDArray[np.float64]:
        """The means of those that may be on a front, NaN for the others; shape (alternatives,)."""
        found = self.sign(key) * self._swept.column(key, "mean")
        return np.where(self._swept.able, found, np.nan)

    def table(self, keys: Sequence[Key]) -> NDArray[np.float64]:
        """The same of several metrics, shape (alternatives, keys)."""
        return np.column_stack([self.of(key) for key in keys])

    def spread(self, keys: Sequence[Key]) -> NDArray[np.float64]:
        """Half the widths of their intervals."""
        low, high = (
            np.column_stack([self._swept.column(key, name) for key in keys])
            for name in ("ci95_low", "ci95_high")
        )
        return (high - low) / 2

    def values(self, keys: Sequence[Key]) -> list[NDArray[np.float64]] | None:
        """All replications of the metrics, or None where they were not kept."""
        if any(key not in self._swept.values for key in keys):
            return None
        return [self.sign(key) * self._swept.values[key] for key in keys]

    def standings(self, keys: Sequence[Key]) -> list[Standing]:
        """Whether each alternative is on the front of some metrics."""
        return standings(self.table(keys), self.values(keys), self.spread(keys))


def conclude(
    swept: Swept, sweep: Sweep, prefer: Sequence[str] = (), front: Sequence[Key] = ()
) -> Concluded:
    """What a sweep says; `front` names the metrics of the front, by default those that disagree.

    Where no two headlines differ between points there is no front.
    """
    metrics_of = {system: SYSTEM_TYPES[kind].metrics for system, kind in swept.kinds.items()}
    means = Means(swept, metrics_of)
    keys, correlation = tuple(front), np.nan
    if not front:
        known = {key: means.of(key) for key in headline_keys(swept, metrics_of)}
        # What has a mean at a few points only would make a front of those few.
        common = {k: of for k, of in known.items() if 2 * (~np.isnan(of)).sum() >= swept.able.sum()}
        keys, correlation = disagreeing(common)
        keys = keys if len(keys) > 1 else ()
    found: list[Standing] = means.standings(keys) if keys else [""] * len(swept.alternatives)
    verdicts = [verdict(swept, place) for place in range(len(swept.alternatives))]
    ranked = [each for each, apart in zip(verdicts, swept.references, strict=True) if not apart]
    on_front = _ordered(found, means.table(keys)) if keys else []
    has_turn = len(keys) == 2 and bool(on_front)  # noqa: PLR2004
    turn = knee(means.table(keys)[on_front]) if has_turn else None
    best = _best(swept, means, verdicts, prefer)
    conclusion = SweepConclusion(
        met=ranked.count(MET),
        undecided=ranked.count(UNDECIDED),
        missed=ranked.count(MISSED),
        front_metrics=keys,
        chosen=bool(front),
        correlation=None if np.isnan(correlation) else float(correlation),
        front=[swept.alternatives[place] for place in on_front],
        near=found.count("not told apart"),
        without=int((np.array([not each for each in found]) & swept.able).sum()) if keys else 0,
        knee=None if turn is None else swept.alternatives[on_front[turn]],
        best=[swept.alternatives[place] for place in best],
        front_of_keeping=[swept.alternatives[place] for place in _keeping(means, keys, verdicts)],
        sentences=(),
        met_badly=int((np.array([each == MET for each in verdicts]) & _unable(swept)).sum()),
    )
    told = _Telling(swept, sweep, metrics_of, conclusion, prefer)
    return Concluded(told.conclusion(), verdicts, found)


def _unable(swept: Swept) -> NDArray[np.bool_]:
    """Which alternatives ended their rollouts well in fewer than half of the runs."""
    return ~swept.able & ~swept.references & ~swept.lost


def _ordered(found: Sequence[Standing], means: NDArray[np.float64]) -> list[int]:
    places = [place for place, each in enumerate(found) if each == "yes"]
    return sorted(places, key=lambda place: tuple(means[place]))


def _keeping(means: Means, keys: Sequence[Key], verdicts: Sequence[str]) -> list[int]:
    """The front of those alone that keep the objectives, as far as any does."""
    verdict_of = np.array(verdicts)
    kept = next((each for each in (MET, UNDECIDED) if (verdict_of == each).any()), NOTHING)
    if not (keys and kept):
        return []
    table = np.where((verdict_of == kept)[:, np.newaxis], means.table(keys), np.nan)
    places: list[int] = np.flatnonzero(undominated(table)).tolist()
    return sorted(places, key=lambda place: tuple(table[place]))


def _best(swept: Swept, means: Means, verdicts: Sequence[str], prefer: Sequence[str]) -> list[int]:
    """Those that the preferred metrics leave, asked in order: what is surely worse is out."""
    able = swept.able & np.array([each in (MET, NOTHING) for each in verdicts], bool)
    left = np.flatnonzero(able)
    keys = [key for metric in prefer for key in swept.keys if key[1:] == ("", metric)]
    asked = [key for key in keys if means.sign(key)]
    if not asked:
        return []
    for key in reversed(asked):  # the most important one last, so that it decides the order
        left = left[np.argsort(means.of(key)[left], kind="stable")]
    for key in asked:
        mean = means.of(key)[left]
        if len(left) < 2 or np.isnan(mean).all():  # noqa: PLR2004
            continue
        first = int(left[np.nanargmin(mean)])
        kept = [p for p in left.tolist() if p == first or not _is_above(means, key, p, first)]
        left = np.array(kept, np.int64)
    found: list[int] = left.tolist()
    return found


def _is_above(means: Means, key: Key, one: int, other: int) -> bool:
    """Whether an alternative is surely worse than another one in a metric."""
    pair, table, values = [one, other], means.table([key]), means.values([key])
    if np.isnan(table[one]).any():
        return True
    if table[one, 0] <= table[other, 0]:
        return False
    own = None if values is None else [values[0][pair]]
    return standings(table[pair], own, means.spread([key])[pair])[0] == "no"


class _Telling:
    """Writes the sentences."""

    def __init__(
        self,
        swept: Swept,
        sweep: Sweep,
        metrics_of: Mapping[str, Mapping[str, Metric]],
        found: SweepConclusion,
        prefer: Sequence[str],
    ) -> None:
        self._swept, self._sweep, self._metrics_of = swept, sweep, metrics_of
        self._found, self._prefer = found, prefer
        self._place = {tuple(each): place for place, each in enumerate(swept.alternatives)}
        self._several = len({each.variant for each in swept.alternatives}) > 1

    def conclusion(self) -> SweepConclusion:
        told = [
            *self._objectives(),
            *self._front(),
            *self._knee(),
            *self._best(),
            *self._left_out(),
        ]
        return SweepConclusion(**(vars(self._found) | {"sentences": told}))

    def _what(self, count: int) -> str:
        return alternatives(count, several=self._several)

    def _name(self, alternative: tuple[int, str]) -> str:
        point, variant = alternative
        parts = [self._sweep.label(point), *([variant] if self._several else [])]
        return f"{', '.join(parts)} (point {point})"

    def _title(self, key: Key) -> str:
        whose = key.system if len(self._metrics_of) > 1 else ""
        title = self._metrics_of[key.system][key.metric].title
        return " ".join(filter(None, [whose, key.group, title]))

    def _values(self, alternative: tuple[int, str], keys: Sequence[Key]) -> str:
        place = self._place[alternative]
        told = []
        for key in keys:
            mean = self._swept.column(key, "mean")[place]
            unit = self._metrics_of[key.system][key.metric].unit
            told.append(f"{self._title(key)} {format_compact(mean, unit)}")
        return ", ".join(told)

    def _objectives(self) -> list[str]:
        found = self._found
        total = found.met + found.undecided + found.missed
        if not total:
            return []
        rest = [f"{found.undecided:,} undecided"] if found.undecided else []
        rest += [f"{found.missed:,} miss{'es' * (found.missed == 1)} one"] if found.missed else []
        said = f"{found.met:,} of {self._what(total)} meet{'s' * (found.met == 1)} every objective"
        if found.met_badly:
            where = "its" if found.met == 1 else f"at {found.met_badly:,} of them"
            said += f" ({where} rollouts ended well in fewer than half of the runs)"
        return [", ".join([said, *rest])]

    def _front(self) -> list[str]:
        found = self._found
        keys = [Key(*each) for each in found.front_metrics]
        if not keys:
            return ["no two headlines differ between the points: there is no front"]
        names = " and ".join(map(self._title, keys))
        if found.correlation is not None:
            how = "disagree most" if found.correlation < 0 else "agree least"
            correlation = show(found.correlation, "")
            names += f", the headlines that {how} (rank correlation {correlation})"
        if not found.front:
            return [f"no point has a mean of {names}: there is no front"]
        said = f"front of {names}, by means: {self._what(len(found.front))}"
        if found.near:
            said += f"; {found.near:,} more not told apart from it (each difference at 95 %)"
        return [said]

    def _knee(self) -> list[str]:
        found = self._found
        if found.knee is None:
            return []
        keys = [Key(*each) for each in found.front_metrics]
        values = self._values(found.knee, keys)
        return [f"knee of the front: {self._name(found.knee)}, {values}"]

    def _best(self) -> list[str]:
        found = self._found
        if not self._prefer:
            return []
        names = ", then ".join(self._prefer)
        if not found.best:
            why = "no point meets every objective"
            if found.met:
                why = "no point that meets every objective ended its rollouts well often enough"
            return [f"nothing is best by {names}: {why}"]
        first = self._name(found.best[0])
        if len(found.best) == 1:
            return [f"best by {names}: {first}"]
        return [f"best by {names}: {len(found.best):,} that are not told apart, first {first}"]

    def _left_out(self) -> list[str]:
        told = []
        swept, found = self._swept, self._found
        if swept.lost.any():
            lost = self._what(int(swept.lost.sum()))
            told.append(f"nothing is known of {lost}: every replication failed")
        unable = int(_unable(swept).sum())
        if unable:
            told.append(
                f"left out of front and best: {self._what(unable)} at which rollouts ended well in "
                "fewer than half of the runs"
            )
        if found.without:
            told.append(
                f"on no front: {self._what(found.without)} without a mean of its metrics, which "
                "are missing in some run"
            )
        return told
