"""The report of `find`: the bracket of each variant, and what was tried on the way to it."""

from __future__ import annotations

import math
from itertools import groupby
from typing import TYPE_CHECKING, Any

from sim.report.content import Cell, Page, Paragraphs, Section, Table, Verdict
from sim.results import cells
from sim.results.find_about import NO_ANSWER, NOT_SEARCHED
from sim.results.pages import page_parts
from sim.results.verdict import ENDED_BADLY
from sim.systems.base.text import in_common, pluralize

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from sim.report.content import Block, Tone

    Row = Mapping[str, Any]

_TONES: dict[str, Tone] = {"met": "met", "missed": "missed", "undecided": "undecided"}
_WORDS: dict[Tone, str] = {
    "failed": "Preliminary: replications failed",
    "missed": "No value meets the objectives",
    "undecided": "Undecided",
    "met": "Found",
}


def find_page(
    about: Mapping[str, Any],
    rows: Sequence[Row],
    shown: Section,
    resolved: Mapping[str, str],
    provenance: Mapping[str, Any],
) -> Page:
    """The content of the page.

    `about` is as in the provenance, `rows` are those of find.csv, `resolved` scenarios by file.
    """
    asked = [*_asked(rows, about["kinds"].values())]
    facts = {
        "random seed": str(about["seed"]),
        "looks at a value": ", ".join(f"{look:,}" for look in about["looks"]),
        "time taken": f"{about['wall_time_s']:.1f} s",
    }
    end = "largest" if about["largest"] else "smallest"
    return Page(
        name=about["name"],
        question=about["question"],
        size="the {0} {path} from {low} to {high}, to within {tolerance}".format(end, **about),
        verdict=_verdict(about, [*dict.fromkeys(asked)]),
        warnings=[*_told(about)],
        above_warnings="What does not fit",
        sections=[
            Section("results", "Results", [*_results(about, rows, asked)]),
            shown,
            page_parts.assumptions(about["assumptions"]),
            page_parts.scenarios(resolved),
            page_parts.reproduce(provenance, facts, about["inputs"]),
        ],
        made_by=page_parts.made_by(provenance),
    )


def _verdict(about: Mapping[str, Any], asked: Sequence[str]) -> Verdict:
    """The worst of the variants' outcomes, and the sentences of all."""
    outcomes = {each["outcome"] for each in about["answers"] if not each["reference"]}
    tone: Tone = "undecided"
    if about["failed_replications"]:
        tone = "failed"
    elif outcomes <= {"found", "at the end"}:
        tone = "met"
    elif outcomes == {"none"}:
        tone = "missed"
    word = _WORDS[tone]
    # A folder of an earlier version does not say it.
    if tone == "met" and any(each.get("ended_badly") for each in about["answers"]):
        tone, word = "undecided", ENDED_BADLY
    known = [each["variant"] for each in about["answers"]]
    lost = [each for each in about["failed_replications"] if each["variant"] not in known]
    told = [f"{each['variant']}: {NO_ANSWER}" for each in lost]
    told += [f"{name}: {NOT_SEARCHED}{why}" for name, why in about["passed_over"].items()]
    several = len(about["asked"]) > 1
    told += [
        f"{each['variant']}: {each['sentence']}" if several else each["sentence"]
        for each in about["answers"]
    ]
    runs = sum(each["replications"] for each in about["answers"])
    how = f"simulated, {pluralize(runs, 'replication')}, seed {about['seed']}"
    wanted = f"objectives: {', '.join(asked)}" if asked else "nothing was tried"
    return Verdict(tone, word, f"{about['name']} ({how}): {'; '.join([*told, wanted])}.")


def _told(about: Mapping[str, Any]) -> Iterator[str]:
    """What happened to single replications, and which values do not fit into a bracket."""
    failed = about["failed_replications"]
    if failed:
        first = failed[0]
        yield (
            f"{pluralize(len(failed), 'replication')} failed and are left out: {first['message']}; "
            f"to see one again: rollout-sim run FILE {first['rerun']}"
        )
    several = len(about["asked"]) > 1
    for each in about["answers"]:
        whose = f"{each['variant']}: " if several else ""
        if each["breaks"]:
            yield f"{whose}missed beyond the answer too: {', '.join(each['breaks'])}"
        if each["undecided"]:
            yield f"{whose}undecided in between: {', '.join(each['undecided'])}"


def _results(
    about: Mapping[str, Any], rows: Sequence[Row], asked: Sequence[str]
) -> Iterator[Block]:
    several = len(about["asked"]) > 1
    head = ["value", "verdict", "replications", "why"]
    for text in dict.fromkeys(asked):
        own = (row for row, its in zip(rows, asked, strict=True) if its == text)
        made = [[*_cells(row, several=several)] for row in own]
        headings = ["variant", *head] if several else head
        note = page_parts.left_out(len(made), "values", "find.csv")
        yield Table(text, headings, made[: page_parts.MOST_ROWS], note)
    if not asked:
        yield Paragraphs(["No value was tried."])


def _asked(rows: Sequence[Row], kinds: Collection[str]) -> Iterator[str]:
    """What the objective of each row is called: the values may change what is asked."""
    tried = [[*of] for _, of in groupby(rows, key=lambda row: (row["variant"], row["tried"]))]
    texts: dict[tuple[str, int], list[str]] = {}
    for of_value in tried:
        for place, row in enumerate(of_value):
            texts.setdefault((row["variant"], place), []).append(str(row["objective"]))
    called = {key: cells.asked(in_common(found), kinds) for key, found in texts.items()}
    for of_value in tried:
        yield from (called[row["variant"], place] for place, row in enumerate(of_value))


def _cells(row: Row, *, several: bool) -> Iterator[Cell | str]:
    if several:
        yield str(row["variant"])
    yield Cell(str(row["value"]), repr(row["number"]) if math.isfinite(row["number"]) else "")
    verdict = str(row["objective_verdict"])
    yield Cell(verdict, tone=_TONES[verdict])
    yield Cell(f"{row['replications']:,}", str(row["replications"]))
    yield str(row["sentence"])
