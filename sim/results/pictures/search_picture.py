"""The picture of the values that a search tried, from what its folder holds."""

from __future__ import annotations

import math
from itertools import groupby
from typing import TYPE_CHECKING, Any

from sim.core.units import show_share
from sim.core.wall_clock import start_of
from sim.plots import trials
from sim.results import cells
from sim.scenario.paths import parse
from sim.systems.base.text import in_common

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sim.plots.parts.style import Picture

    Row = Mapping[str, Any]


def pictures(about: Mapping[str, Any], rows: Sequence[Row]) -> Iterator[tuple[str, Picture]]:
    """One a variant, with its name in the folder; `about` is as in the provenance, `rows` are those
    of find.csv.
    """
    alone = len(about["answers"]) == 1
    for place, answer in enumerate(about["answers"]):
        yield "find" if alone else f"find-{place}", picture(about, rows, answer)


def picture(about: Mapping[str, Any], rows: Sequence[Row], answer: Mapping[str, Any]) -> Picture:
    """Each value that was tried of a variant, and the bracket."""
    own = [row for row in rows if row["variant"] == answer["variant"]]
    first, *rest = answer["sentence"].split("; ")[:-1]
    counted = f"{answer['values']:,} values, {answer['replications']:,} replications"
    return trials.figure(
        [*_panels(own, about["asked"][answer["variant"]], about)],
        parse(about["path"])[-1],
        about["unit"],
        title=first[:1].upper() + first[1:],
        subtitle="; ".join([*rest, f"{counted}; {_limits(answer)}"]),
        bracket=_bracket(own, answer),
    )


def _bracket(rows: Sequence[Row], answer: Mapping[str, Any]) -> tuple[float, float] | None:
    """Its ends, where both were found."""
    ends = {row["number"] for row in rows if row["value"] in (answer["missed"], answer["met"])}
    return (min(ends), max(ends)) if len(ends) > 1 else None


def _limits(answer: Mapping[str, Any]) -> str:
    if answer["confidence"] == 1:
        return "nothing is random"
    return f"limits share an error of {show_share(1 - answer['confidence'])} over all verdicts"


def _panels(
    rows: Sequence[Row], objectives: Sequence[Mapping[str, Any]], about: Mapping[str, Any]
) -> Iterator[trials.Panel]:
    """One an objective. The rows of a value stand in the order of the objectives."""
    start = start_of(about["start"], about["time_zone"])
    tried = [[*of_value] for _, of_value in groupby(rows, key=lambda row: row["tried"])]
    for place, asked in enumerate(objectives):
        text, wanted = asked["text"], asked["wanted"]
        texts = list(dict.fromkeys(str(of_value[place]["objective"]) for of_value in tried))
        if len(texts) > 1:  # the values change what is asked
            text = cells.asked(in_common(texts), about["kinds"].values())
            moves = asked["of_mean"] or parse(about["path"])[-1] == "in_runs"
            wanted = math.nan if moves else wanted
        points = [
            trials.Point(
                row["number"], row["share"], row["low"], row["high"], row["objective_verdict"]
            )
            for row in (of_value[place] for of_value in tried)
        ]
        yield trials.Panel(
            text,
            asked["unit"],
            wanted,
            points,
            start if asked["is_instant"] else None,
        )
