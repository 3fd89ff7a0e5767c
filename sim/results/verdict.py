"""The answer of a result in one sentence, to be passed on: what went wrong first, and why so."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from sim.experiments.ranking import LEAST_ENDED_WELL
from sim.report.content import Verdict
from sim.results.cells import asked
from sim.results.lookup import Lookup
from sim.systems.base.text import pluralize

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sim.report.content import Tone
    from sim.results.contents import Contents
    from sim.results.provenance import Variant

_WORDS: dict[Tone, str] = {
    "failed": "Preliminary: replications failed",
    "missed": "Objective missed",
    "undecided": "Undecided",
    "met": "Objectives met",
    "": "No objective is set",
}
ENDED_BADLY = "Objectives met, but the upgrade did not end well"
"""Instead of `met`, where that is so of most runs: nobody is to take it for a good answer."""
_MOST_METRICS = 3
"""Headlines that are told where no objective asks for anything, and objectives of a comparison."""


def tone(results: Contents) -> Tone:
    """That of the objectives; of a comparison, of the variant that keeps them best.

    Where a replication failed it is that of the failure, whatever the others say; means that are
    not as precise as was asked for leave it undecided.
    """
    about = results.about
    if about.failed_replications:
        return "failed"
    verdicts: dict[str, set[str]] = {}
    for row in results.rows("objectives"):
        if row["objective"]:  # else it is a variant of which nothing is asked
            verdicts.setdefault(row["variant"], set()).add(row["verdict"])
    ranked = [verdicts.get(one.name, set()) for one in about.variants if not one.reference]
    if about.objectives_met:
        if about.precision and about.precision.is_missed:
            return "undecided"
        return "met" if any(ranked) else ""
    return "undecided" if any(each <= {"met", "undecided"} for each in ranked) else "missed"


def verdict(results: Contents) -> Verdict:
    """The verdict on results of `run` and `compare`."""
    about, sound = results.about, tone(results)
    runs = pluralize(max(one.replications for one in about.variants), "replication")
    if not any(one.random for one in about.variants):
        runs = "deterministic, one run"
    seeds = dict.fromkeys(str(one.seed) for one in about.variants)
    imprecise = about.precision if about.precision and about.precision.is_missed else None
    told = [*_failed(results), *([imprecise.sentence] if imprecise else [])]
    told += [*(_compared(results) if about.compared else _alone(results))]
    sentence = f"{about.name} (simulated, {runs}, seed {', '.join(seeds)}): {'; '.join(told)}."
    word = _WORDS[sound]
    if about.compared and about.conclusion and about.conclusion.best and sound != "failed":
        word = f"Best: {', '.join(about.conclusion.best)}"
    elif sound == "met" and not _ended_well(results):
        sound, word = "undecided", ENDED_BADLY
    return Verdict(sound, word, sentence)


def _ended_well(results: Contents) -> bool:
    """Whether rollouts ended well in half of the runs, of some variant that meets the objectives.

    Of a comparison that has no best one nobody does.
    """
    if results.about.compared:
        return not (results.about.conclusion and results.about.conclusion.meets_all)
    ends = (row for row in results.rows("summary") if row["metric"] == "safe_end")
    return all(row["mean"] >= LEAST_ENDED_WELL for row in ends)


def _failed(results: Contents) -> Iterator[str]:
    for lost in results.about.lost:
        yield f"every replication of {lost.variant} failed, so nothing is known of it"
    for one in results.about.variants:
        failed = results.about.failed(one.name)
        if failed:
            whose = f" of {one.name}" if results.about.compared else ""
            of = one.replications + len(failed)
            yield f"{len(failed):,} of {of:,} replications{whose} failed and are left out"


def _alone(results: Contents) -> Iterator[str]:
    """What happened to the only variant, then its objectives, those not met first."""
    yield from (each.sentence for each in results.about.outcomes)
    judged = [row for row in results.rows("objectives") if row["objective"]]
    for word in ("missed", "undecided", "met"):
        own = [row for row in judged if row["verdict"] == word]
        if own:
            kinds = results.about.kinds.values()
            told = [f"{asked(row['objective'], kinds)} ({row['sentence']})" for row in own]
            yield f"{word}: {', '.join(told)}"
    if not judged:
        yield "no objective is set"
        yield from _headlines(results, results.about.variants[0])


def _headlines(results: Contents, one: Variant) -> Iterator[str]:
    """What it comes to, where nobody says what it should come to."""
    of = Lookup(results)
    for system, headlines in islice(results.about.headlines.items(), _MOST_METRICS):
        for name in headlines[:_MOST_METRICS]:
            spread = of.spread(one, system, name)
            if spread is not None:
                whose = f"{system} " if len(results.about.headlines) > 1 else ""
                yield f"{whose}{spread.metric.title} {spread.text()}"


def _compared(results: Contents) -> Iterator[str]:
    """What is best, and what happened to it."""
    conclusion = results.about.conclusion
    if conclusion is None:
        return
    wanted = [row["objective"] for row in results.rows("objectives") if row["objective"]]
    objectives = list(dict.fromkeys(wanted))[:_MOST_METRICS]
    if objectives:
        kinds = results.about.kinds.values()
        yield f"objectives: {', '.join(asked(each, kinds) for each in objectives)}"
    yield from conclusion.sentence.splitlines()
    for outcome in results.about.outcomes:
        if outcome.variant in conclusion.best:
            yield f"{outcome.variant}: {outcome.sentence}"
