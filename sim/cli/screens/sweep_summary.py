"""The answer of `sweep` as one screen of text: from its tables to lines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sim.cli.screens.console import Column, Style, fits, paragraph, table
from sim.cli.screens.metric_cells import metric_columns
from sim.cli.screens.setting import Setting, System
from sim.core.metrics import Key
from sim.core.wall_clock import show_window
from sim.experiments.outcomes import WORDS
from sim.experiments.statistics.multiplicity import Multiplicity
from sim.results import tables
from sim.results.sweeps.sweep_about import SWEEP
from sim.systems import SYSTEM_TYPES
from sim.systems.base.text import pluralize

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sim.results.sweeps.sweep_results import SweepResults

    Row = dict[str, Any]

MOST_ROWS = 14
"""Rows of a table that shows every point and variant."""
MOST_OF_FRONT = 8
"""Rows of one that shows some of the front."""
MOST_OF_KEEPING = 6
"""The same of those that keep the objectives."""


def lines(results: SweepResults, style: Style, before: Sequence[str]) -> list[str]:
    """The answer; `before` is said first of all."""
    about = results.about
    found = [line for said in before for line in paragraph(said)]
    found += [style.title(line) for line in paragraph(_head(results))]
    told = [*_happenings(results), *_unseen(results), *about.conclusion.sentences]
    names = [*(axis.name for axis in about.axes), *(["variant"] if len(about.variants) > 1 else [])]
    for caption, rows in _shown(results).items():
        found += paragraph(f"{caption}{', by ' if caption else ''}{', '.join(names)}:")
        for system, headlines in about.headlines.items():
            if len(about.headlines) > 1:
                found.append(f"{system}:")
            found += _table(results, rows, system, headlines, style)
    return [*found, "", *(line for said in told for line in paragraph(said))]


def level(results: SweepResults) -> str:
    """What is to be borne in mind of so many intervals and verdicts."""
    long, judged = results.arrow(SWEEP), results.arrow("objectives")
    intervals = tables.with_gaps(long, "ci95_low") < tables.with_gaps(long, "ci95_high")
    verdicts = tables.with_gaps(judged, "low") < tables.with_gaps(judged, "high")
    counts = tables.values(long, "n")[intervals]
    fewest = int(counts.min()) if counts.size else 0
    return Multiplicity(int(intervals.sum()), int(verdicts.sum()), fewest).sentence


def _head(results: SweepResults) -> str:
    about = results.about
    is_grid = about.is_grid and len(about.axes) > 1
    axes = [f"{axis.name} ({len(axis.texts):,})" if is_grid else axis.name for axis in about.axes]
    points = f"{pluralize(about.points, 'point')} of {(' x ' if is_grid else ', ').join(axes)}"
    variants = f"{len(about.variants):,} variants" if len(about.variants) > 1 else ""
    runs = f"{pluralize(about.replications, 'replication')} each"
    if not about.random:
        runs = "deterministic, one run each suffices"
    window = f"window {show_window(about.warm_up_s, about.horizon_s, about.start_time)}"
    return f"{about.name}: {', '.join(filter(None, [points, variants, runs, window]))}"


def _shown(results: SweepResults) -> dict[str, list[int]]:
    """Which rows of `points` the screen has, by a caption: all, or some that are worth a look."""
    about, found = results.about, results.about.conclusion
    total = about.points * len(about.variants)
    if total <= MOST_ROWS:
        return {"": list(range(total))}
    shown: dict[str, list[int]] = {}
    front = [_row(results, each) for each in found.front]
    if front:
        some = _some(front, MOST_OF_FRONT, [_row(results, found.knee)] if found.knee else [])
        shown[_which(some, front, "on the front")] = some
    keeping = [_row(results, each) for each in found.front_of_keeping]
    if keeping and not set(keeping) <= set(front):
        first = [_row(results, each) for each in found.best[:1]]
        what = "of those that meet every objective" if found.met else "of those undecided"
        some = _some(list(dict.fromkeys([*keeping, *first])), MOST_OF_KEEPING, first)
        shown[_which(some, keeping, f"on the front {what}")] = some
    elif found.best and _row(results, found.best[0]) not in front:
        shown["the best"] = [_row(results, found.best[0])]
    return shown or {f"the first {MOST_OF_FRONT}": list(range(MOST_OF_FRONT))}


def _row(results: SweepResults, alternative: Sequence[Any]) -> int:
    """The row of `points` of a point and a variant."""
    variants = list(results.about.variants)
    point, variant = alternative
    return int(point) * len(variants) + (variants.index(variant) if variant in variants else 0)


def _some(rows: Sequence[int], most: int, always: Sequence[int]) -> list[int]:
    """So many of the rows, at equal distances, and those that are `always` there."""
    spread = np.linspace(0, len(rows) - 1, min(most, len(rows))).round().astype(int)
    chosen = {rows[place] for place in spread.tolist()} | set(always)
    return [row for row in rows if row in chosen]


def _which(some: Sequence[int], every: Sequence[int], what: str) -> str:
    return f"{len(some)} of the {len(every):,} {what}" if len(some) < len(every) else what


def _table(
    results: SweepResults, rows: Sequence[int], system: str, headlines: Sequence[str], style: Style
) -> list[str]:
    about = results.about
    metrics = SYSTEM_TYPES[about.kinds[system]].metrics
    several = len(about.variants)
    names = []
    for row in rows:
        texts = [text or "-" for text in about.texts(row // several)]
        names.append(", ".join([*texts, *([about.variants[row % several]] if several > 1 else [])]))
    setting = Setting(
        about.name,
        (System(system, "", metrics, tuple(headlines)),),
        about.replications,
        about.random,
        about.warm_up_s,
        about.horizon_s,
        about.start_time,
        {},
    )
    cells = _rows(results, rows, names, system, headlines)
    wide, narrow = (
        metric_columns(setting, setting.systems[0], "", names, cells, is_narrow=is_narrow)
        for is_narrow in (False, True)
    )
    judged = results.arrow("points")
    verdicts = judged.column("verdict").to_pylist()
    for row in np.flatnonzero(tables.chosen(judged, reference="yes")).tolist():
        verdicts[row] = "reference" if verdicts[row] else ""
    asked = [Column("objectives", tuple(verdicts[row] or "-" for row in rows))]
    ends = asked if any(verdicts) else []
    forms = ([*wide, *ends], [*narrow, *ends])
    columns = next((each for each in forms if fits(names, each, style)), forms[1])
    return table(names, columns, style)


def _rows(
    results: SweepResults,
    rows: Sequence[int],
    names: Sequence[str],
    system: str,
    headlines: Sequence[str],
) -> list[Row]:
    """The rows of the long table that are shown, under the names that the screen gives them."""
    called = dict(zip(rows, names, strict=True))
    wanted: list[int] = []
    for metric in headlines:
        key = Key(system, "", metric)
        if key in results.keys:
            own = results.rows_of(key) & np.isin(results.places, rows)
            wanted += np.flatnonzero(own).tolist()
    places = results.places[wanted].tolist()
    found = tables.to_rows(results.arrow(SWEEP).take(wanted))
    return [row | {"variant": called[place]} for row, place in zip(found, places, strict=True)]


def _happenings(results: SweepResults) -> list[str]:
    """What happened to rollouts and requests, the worst first."""
    told = []
    about = results.about
    for each in about.happenings:
        whose = [each.system] if len(about.kinds) > 1 else []
        whose += [each.variant] if len(about.variants) > 1 else []
        where = pluralize(each.points, "point")
        most = (
            f", most at point {each.at} ({about.label(each.at)}): {100 * each.most:.3g} % of runs"
        )
        said = f"{' '.join([*whose, WORDS[each.what]])} at {where} of {about.points:,}"
        told.append(f"{said}{most}" if about.random else said)
    return told


def _unseen(results: SweepResults) -> list[str]:
    """What may happen and came up nowhere: what the numbers do not have in them."""
    about = results.about
    several = len(about.kinds) > 1
    return [
        f"{f'{each.system}: ' if several else ''}{each.sentence(about.points)}"
        for each in about.unseen
    ]
