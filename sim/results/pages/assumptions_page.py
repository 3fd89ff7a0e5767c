"""The report of `assumptions`: what each guess weighs, and which conclusions change with it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from sim.core.formatting import NOTHING, show_difference
from sim.experiments.studies.assumptions import UNKNOWN, lacks_median
from sim.formats.checking import listed
from sim.report.content import Cell, Folded, Page, Section, Table, Verdict
from sim.results import cells
from sim.results.pages import page_parts
from sim.systems.base.text import pluralize

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sim.report.content import Tone

    Row = Mapping[str, Any]

_MOST_TOLD = 6
"""Variants of which is said what is so with nothing changed."""
_TIMES = {0.5: "halved", 2.0: "doubled"}


def assumptions_page(
    about: Mapping[str, Any],
    rows: Sequence[Row],
    flips: Sequence[Row],
    shown: Section,
    scenario: str,
    provenance: Mapping[str, Any],
) -> Page:
    """The content of the page: `about` as in the provenance, `rows` of assumptions.csv, `flips` of
    assumptions_flips.csv, the section of figures, the resolved scenario.
    """
    facts = {
        "random seed": str(about["seed"]),
        "replications": f"{about['replications']:,}",
        "variants": ", ".join(about["variants"]),
    }
    every = Folded("Every change", [_changes(rows, about)], printed=False)
    return Page(
        name=about["name"],
        question=about["question"],
        size=f"each guess halved and doubled, {pluralize(about['replications'], 'replication')}",
        verdict=_verdict(about, flips),
        warnings=[_flip(each, about) for each in flips[: page_parts.MOST_ROWS]],
        above_warnings="Conclusions that change",
        sections=[
            Section(
                "results", "How much each assumption matters", [weights(rows, flips, about), every]
            ),
            shown,
            page_parts.scenarios({page_parts.WITH_DEFAULTS: scenario}),
            page_parts.reproduce(provenance, facts, about["inputs"]),
        ],
        made_by=page_parts.made_by(provenance),
    )


def _verdict(about: Mapping[str, Any], flips: Sequence[Row]) -> Verdict:
    """Whether the answer depends on an assumption."""
    moved = sum(bool(each["moved"]) for each in about["guesses"])
    # A folder of an earlier version has none.
    plain = [f"with nothing changed, {each}" for each in about.get("as_it_is", [])[:_MOST_TOLD]]
    how = f"{moved} of {len(about['guesses'])} guesses halved and doubled, seed {about['seed']}"
    if about["failed_replications"]:
        told = "; ".join([*_failed(about["failed_replications"]), *plain, _sum(flips, known=True)])
        return Verdict(
            "failed",
            "Preliminary: replications failed",
            f"{about['name']} ({how}): {told}.",
        )
    if not flips and not moved:
        told = "none of them could be changed, so nothing is known of what the answer rests on"
        return Verdict("undecided", "Nothing was changed", f"{about['name']} ({how}): {told}.")
    if not flips:
        rest = "that can be changed " if moved < len(about["guesses"]) else ""
        word = f"No assumption {rest}decides"
        tone: Tone = "" if plain else "met"
        return Verdict(tone, word, f"{about['name']} ({how}): {'; '.join([*plain, _sum(flips)])}.")
    told = "; ".join([*plain, _sum(flips)])
    return Verdict(
        "undecided", "The answer depends on assumptions", f"{about['name']} ({how}): {told}."
    )


def _failed(failed: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """What nothing is known of, and how many replications are left out."""
    lost = [each for each in failed if each["nothing_known"]]
    variants = [each["variant"] for each in lost if not each["change"]]
    if variants:
        yield f"nothing is known of {listed(variants)}, as {UNKNOWN}"
    changes = len(lost) - len(variants)
    if changes:
        yield f"nothing is known of {pluralize(changes, 'change')}, as {UNKNOWN}"
    others = len(failed) - len(lost)
    if others:
        left = "is" if others == 1 else "are"
        yield f"{pluralize(others, 'replication')} failed and {left} left out"


def _sum(flips: Sequence[Row], *, known: bool = False) -> str:
    """`known`: of what is known, as something is not."""
    if not flips:
        return f"{'of the others ' if known else ''}no conclusion changes"
    names = list(dict.fromkeys(str(each["assumption"]) for each in flips))
    return f"conclusions change with {'; '.join(names)}"


def _flip(flip: Row, about: Mapping[str, Any]) -> str:
    """``restart (4min), doubled: mean done in <= 20min: met -> missed``."""
    return f"{flip['assumption']}, {_turned(flip, about)}: from {flip['before']} to {flip['after']}"


def _turned(flip: Row, about: Mapping[str, Any]) -> str:
    """``doubled: manual: mean done in <= 20min``."""
    whose = f"{flip['variant']}: " if flip["variant"] and len(about["variants"]) > 1 else ""
    what = cells.asked(flip["what"], about["kinds"].values())
    return f"{_times(flip['factor'])}: {whose}{what}"


def _times(factor: float) -> str:
    return _TIMES.get(factor, f"x {factor:g}")


def weights(rows: Sequence[Row], flips: Sequence[Row], about: Mapping[str, Any]) -> Table:
    """A row a guess, the weightiest first: its largest change of a headline, what changes.

    A guess of whose changes one is unknown comes before all others.
    """
    titles = _titles(about)
    turned: dict[int, list[str]] = {}
    for each in flips:
        turned.setdefault(each["number"], []).append(_turned(each, about))
    most: dict[int, tuple[float, Row]] = {}
    for row in rows:
        heavy = _weight(row, about["variants"])
        if row["number"] not in most or heavy > most[row["number"]][0]:
            most[row["number"]] = heavy, row
    ordered = sorted(
        most.items(),
        key=lambda one: (one[1][0] < math.inf, one[0] not in turned, -one[1][0], one[0]),
    )
    made: list[list[Cell | str]] = [
        [
            str(row["assumption"]),
            _heavy(heavy),
            _change(row, titles) if 0 < heavy < math.inf else _why(row),
            "\n".join(turned.get(number, [])) or NOTHING,
        ]
        for number, (heavy, row) in ordered
    ]
    head = [
        "assumption",
        "weighs",
        "its largest change of a headline metric",
        "changed conclusions",
    ]
    note = page_parts.left_out(len(made), "guesses", "assumptions.csv")
    return Table("How much each assumption matters", head, made[: page_parts.MOST_ROWS], note)


def _titles(about: Mapping[str, Any]) -> dict[str, str]:
    """Metric -> what tables call it."""
    return {each["metric"]: each["title"] for each in about["headlines"]}


def _weight(row: Row, variants: Sequence[str]) -> float:
    """The change as a share; below 0 where there is no number to change; infinite where nothing is
    known of the change, of a variant of which something is.
    """
    if row["note"] == UNKNOWN:
        return math.inf if row["variant"] in variants else -2.0
    if not row["metric"]:
        return -1.0
    return float(row["weight"])


def _heavy(heavy: float) -> Cell:
    if heavy == math.inf:
        return Cell("unknown")
    return Cell(f"{100 * heavy:.3g} %", repr(heavy)) if heavy >= 0 else Cell(NOTHING)


def _why(row: Row) -> str:
    if row["note"] != UNKNOWN:
        return str(row["note"] or "nothing changes")
    whose = "" if row["variant"] == "baseline" else f"{row['variant']}, "
    return f"{whose}{_times(row['factor'])} to {row['changed_to']}: {UNKNOWN}"


def _change(row: Row, titles: Mapping[str, str]) -> str:
    """``doubled: done in +12min (10min to 14min)``."""
    whose = "" if row["variant"] == "baseline" else f"{row['variant']}, "
    head = f"{whose}{_times(row['factor'])} to {row['changed_to']}: {titles[row['metric']]}"
    none = f"no value in {row['missing']:,} of {row['n']:,} runs"
    if lacks_median(row["difference"], row["missing"], row["n"]):
        return f"{head} has {none}"
    (difference,) = _signed(row, "difference")
    if row["missing"]:
        return f"{head} {difference} (median; {none})"
    if not row["ci_low"] < row["ci_high"]:
        return f"{head} {difference}"
    return f"{head} {difference} ({' to '.join(_signed(row, 'ci_low', 'ci_high'))})"


def _signed(row: Row, *names: str) -> Iterator[str]:
    for name in names:
        yield show_difference(row[name], row["unit"])


def _changes(rows: Sequence[Row], about: Mapping[str, Any]) -> Table:
    titles = _titles(about)
    head = ["assumption", "factor", "variant", "metric", "difference", "95 % interval", "note"]
    made: list[list[Cell | str]] = []
    for row in rows[: page_parts.MOST_ROWS]:
        change: list[Cell | str] = [NOTHING, NOTHING]
        if row["metric"] and not math.isnan(row["difference"]):
            (difference,) = _signed(row, "difference")
            change = [
                Cell(difference, repr(row["difference"])),
                " to ".join(_signed(row, "ci_low", "ci_high")),
            ]
        factor = "" if math.isnan(row["factor"]) else _times(row["factor"])
        metric = titles.get(row["metric"], "")
        made.append([row["assumption"], factor, row["variant"], metric, *change, row["note"]])
    note = page_parts.left_out(len(rows), "rows", "assumptions.csv")
    return Table("Every change", head, made, note)
