"""The picture of the values that a search tried: what to draw is looked up here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.core.units import show_share
from sim.experiments.objectives import bound_of
from sim.plots import trials
from sim.scenario.paths import parse
from sim.systems import SYSTEM_TYPES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sim.experiments.candidates import Candidates
    from sim.experiments.search import Found
    from sim.experiments.search_sentence import Answer
    from sim.plots.style import Picture


def picture(found: Found, answer: Answer, values: Candidates) -> Picture:
    """Each value that was tried, and the bracket."""
    ends = [
        found.trial(place).number
        for place in (found.bracket.missed, found.bracket.met)
        if place is not None
    ]
    first = answer.sentence.split("; ")[0]
    *rest, _ = answer.sentence.split("; ")[1:]
    counted = f"{answer.values:,} values, {answer.replications:,} replications"
    return trials.figure(
        [*_panels(found)],
        parse(values.path)[-1],
        values.unit,
        title=first[:1].upper() + first[1:],
        subtitle="; ".join([*rest, f"{counted}; {_limits(answer)}"]),
        bracket=(min(ends), max(ends))
        if found.bracket.end == "bracket" and len(ends) > 1
        else None,
    )


def _limits(answer: Answer) -> str:
    if answer.confidence == 1:
        return "nothing is random"
    return f"limits share an error of {show_share(1 - answer.confidence)} over all verdicts"


def _panels(found: Found) -> Iterator[trials.Panel]:
    first = found.trials[0]
    for place, asked in enumerate(first.objectives):
        unit = "share"
        if asked.of == "mean":
            kinds = [kind.metrics for kind in SYSTEM_TYPES.values() if asked.metric in kind.metrics]
            unit = kinds[0][asked.metric].unit
        points = [
            trials.Point(each.number, verdict.share, verdict.low, verdict.high, verdict.verdict)
            for each in sorted(found.trials, key=lambda each: each.place)
            for verdict in [each.verdicts[place]]
        ]
        wanted = asked.in_runs if asked.of == "runs" else bound_of(asked)[0]
        yield trials.Panel(first.texts[place], unit, wanted, points)
