"""The report of a sweep: what meets the objectives, the front, every point."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from sim.core.formatting import format_compact, show_range
from sim.core.wall_clock import show_window
from sim.experiments.outcomes import WORDS
from sim.report.content import Cell, Folded, Page, Paragraphs, Section, Table, Verdict
from sim.results import cells
from sim.results.pages import page_parts
from sim.results.verdict import ENDED_BADLY
from sim.systems.base.text import pluralize

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sim.core.metrics import Key
    from sim.report.content import Block, Tone
    from sim.results.sweeps.sweep_about import SweepAbout
    from sim.results.sweeps.sweep_contents import SweepContents

_TONES: dict[str, Tone] = {"met": "met", "missed": "missed", "undecided": "undecided"}
_WORDS: dict[Tone, str] = {
    "failed": "Preliminary: replications failed",
    "missed": "Every point misses an objective",
    "undecided": "Undecided",
    "met": "Objectives met at some points",
    "": "No objective is set",
}


def sweep_report(
    results: SweepContents,
    shown: Section,
    provenance: Mapping[str, Any],
) -> Page:
    """The content of the page; `shown` are its figures."""
    about = results.about
    runs = pluralize(about.replications, "replication") if about.random else "deterministic"
    facts = {
        "random seed": str(about.seed),
        "points": f"{about.points:,}",
        "replications of each": f"{about.replications:,}",
        "time taken": f"{about.wall_time_s:.1f} s",
    }
    span = f"window {show_window(about.warm_up_s, about.horizon_s, about.start_time)}"
    return Page(
        name=about.name,
        question=about.question,
        size=f"{pluralize(about.points, 'point')}, {runs} each, {span}",
        verdict=_verdict(about),
        warnings=[*_told(about)],
        sections=[
            Section("results", "Results", [*_results(results)]),
            shown,
            page_parts.assumptions(about.assumptions),
            page_parts.scenarios({page_parts.WITH_DEFAULTS: results.resolved}),
            page_parts.reproduce(provenance, facts, about.inputs),
        ],
        made_by=page_parts.made_by(provenance),
    )


def _verdict(about: SweepAbout) -> Verdict:
    """That of the point that keeps the objectives best; a fault of the program comes first."""
    found = about.conclusion
    tone: Tone = ""
    if about.failed_replications:
        tone = "failed"
    elif found.met or found.undecided or found.missed:
        tone = "met" if found.met else "undecided" if found.undecided else "missed"
    word = _WORDS[tone]
    if tone == "met" and found.met == found.met_badly:
        tone, word = "undecided", ENDED_BADLY
    what = " x ".join(axis.name for axis in about.axes)
    points = pluralize(about.points, "point")
    how = f"{points} of {what}, simulated, seed {about.seed}"
    told = [sentence.rstrip(".") for sentence in found.sentences] or ["no objective is set"]
    failed = len(about.failed_replications)
    if failed:
        told.insert(0, f"{pluralize(failed, 'replication')} failed and are left out")
    return Verdict(tone, word, f"{about.name} ({how}): {'; '.join(told)}.")


def _told(about: SweepAbout) -> Iterator[str]:
    """What happened to rollouts and requests, and where most."""
    for failed in about.failed_replications[:1]:
        yield (
            f"{pluralize(len(about.failed_replications), 'replication')} failed, the first at "
            f"{about.label(failed.point)}: {failed.message}"
        )
    for unseen in about.unseen:
        whose = f"{unseen.system}: " if len(about.kinds) > 1 else ""
        yield f"{whose}{unseen.sentence(about.points)}"
    several = len(about.variants) > 1
    for each in about.happenings:
        whose = f"{each.variant}: " if several else ""
        system = f"{each.system} " if len(about.kinds) > 1 else ""
        yield (
            f"{whose}{system}{WORDS[each.what]} at {each.points:,} of {about.points:,} points, "
            f"in most runs with {about.label(each.at)} ({100 * each.most:.3g} %)"
        )


def _results(results: SweepContents) -> Iterator[Block]:
    """What is asked for, the front, then every point."""
    about = results.about
    asked = results.arrow("objectives").column("objective").unique().to_pylist()
    if asked:
        texts = (cells.asked(each, about.kinds.values()) for each in asked)
        yield Paragraphs([f"Objectives: {', '.join(texts)}."])
    keys = results.front_keys(None)
    standings = results.standings(keys)
    on_front = [row for row, standing in enumerate(standings) if standing == "yes"]
    if keys and on_front:
        first = results.signed(keys[0])
        on_front.sort(key=lambda row: float(first[row]))
        yield _points(results, "On the front", on_front, keys)
    every = list(range(results.arrow("points").num_rows))
    main = [
        key
        for key in results.keys
        if not key.group and key.metric in about.headlines.get(key.system, ())
    ]
    table = _points(results, "Every point", every, main)
    yield table if not on_front else Folded("Every point", [table])
    if not main:
        yield Paragraphs(["No metric applies."])


def _points(
    results: SweepContents, caption: str, rows: Sequence[int], keys: Sequence[Key]
) -> Table:
    """A row a point and variant: what it sets, its means with intervals, its verdict."""
    about, several = results.about, len(results.about.variants)
    columns = {key: _columns(results, key) for key in keys}
    verdicts = results.arrow("points").column("verdict").to_pylist()
    made: list[list[Cell | str]] = []
    for row in rows[: page_parts.MOST_ROWS]:
        point, which = divmod(row, several)
        named = [*about.texts(point), *([about.variants[which]] if several > 1 else [])]
        verdict = verdicts[row] or ""
        means = [_mean(results, key, *(column[row] for column in columns[key])) for key in keys]
        judged = Cell(verdict or "-", tone=_TONES.get(verdict, ""))
        made.append([*named, *means, judged])
    head = [axis.name for axis in about.axes] + (["variant"] if several > 1 else [])
    head += [results.metrics[key.system][key.metric].title for key in keys]
    note = page_parts.left_out(len(rows), "points", "points.csv and sweep.csv")
    return Table(caption, [*head, "objectives"], made, note)


def _columns(results: SweepContents, key: Key) -> tuple[Sequence[float], ...]:
    return tuple(results.column(key, name).tolist() for name in ("mean", "ci95_low", "ci95_high"))


def _mean(results: SweepContents, key: Key, mean: float, low: float, high: float) -> Cell:
    unit = results.metrics[key.system][key.metric].unit
    if math.isnan(mean):
        return Cell("-")
    interval = show_range(low, high, unit) if low < high else ""
    return Cell(format_compact(mean, unit), repr(mean), interval)
