"""What an answer tells beside its numbers: what failed, got stuck, was cancelled, was refused or
rolled back.

Counts are over all replications. Who, where and why is told of one of them, and which one is said.
"""

from __future__ import annotations

from textwrap import shorten
from typing import TYPE_CHECKING, Any, NamedTuple, get_args

from sim.core.formatting import show
from sim.core.log import UPGRADE, UPGRADE_FAILED
from sim.core.stack import Stack
from sim.core.wall_clock import show_instant
from sim.experiments.conclusion import MOST_NAMED
from sim.experiments.conditional import of_chance
from sim.experiments.outcomes import What
from sim.experiments.statistics.intervals import quantile
from sim.formats.checking import listed
from sim.results.conditions import Given
from sim.results.single_run import Run
from sim.systems import SYSTEM_TYPES

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator, Mapping, Sequence

    from sim.core.metrics import Metric
    from sim.experiments.outcomes import Outcome
    from sim.results.contents import Contents
    from sim.results.provenance import Variant

    Row = Mapping[str, Any]

_MOST_CHARACTERS = 160
"""Of a service's message; the whole of it stands in operations.csv."""


class Rare(NamedTuple):
    """What is mostly not there at all: how much where there is some, and in how many runs."""

    median: float
    """Among the replications in which it is not 0, in the metric's unit."""
    share: float
    """Of the replications."""


class Note(NamedTuple):
    """A sentence, and how bad what it says is."""

    rank: int
    """The place among `outcomes.What` of what happened, 0 the worst; after them all else."""
    sentence: str


_REFUSED, _ELSE = get_args(What).index("refused"), len(get_args(What))


def notes(results: Contents) -> dict[str, list[str]]:
    """Variant -> sentences, the worst first; nothing of what went as it was requested."""
    return {name: [each.sentence for each in own] for name, own in ranked(results).items()}


def ranked(results: Contents) -> dict[str, list[Note]]:
    """The same with how bad each is."""
    return {
        one.name: sorted(_of_variant(results, one), key=_rank) for one in results.about.variants
    }


def _rank(note: Note) -> int:
    return note.rank


def rare(results: Contents) -> dict[tuple[str, str, str, str], Rare]:
    """What is there in fewer than half of the runs, by variant, system, group and metric."""
    metrics = {system: SYSTEM_TYPES[kind].metrics for system, kind in results.about.kinds.items()}
    found = {}
    for row in results.rows("summary"):
        metric = metrics[row["system"]][row["metric"]]
        if not (_is_harm(metric) and row["min"] == row["p50"] == 0 < row["max"]):
            continue
        key = row["variant"], row["system"], row["group"], row["metric"]
        values = results.values[key]
        some = values[values > 0]
        share = len(some) / len(values)
        found[key] = Rare(quantile(some, 0.5), share)
    return found


def _is_harm(metric: Metric) -> bool:
    """Whether it is shown by its worst, and best at 0."""
    return metric.extreme and metric.better == "lower"


def together(notes_of: Mapping[str, Sequence[Note]]) -> list[str]:
    """The sentences of variants, the worst first, each with the names of all that it is about."""
    names: dict[Note, list[str]] = {}
    for variant, its in notes_of.items():
        for note in its:
            names.setdefault(note, []).append(variant)
    order = sorted(names, key=_rank)
    return [f"{listed(names[note], MOST_NAMED)}: {note.sentence}" for note in order]


def killing(notes_of: Mapping[str, Sequence[Note]], best: Sequence[str]) -> list[str]:
    """Which of the best variants kill tasks: one that throws work away is soon done with it."""
    found = [
        name for name in best if any(" killed by " in note.sentence for note in notes_of[name])
    ]
    return [f"{listed(found, MOST_NAMED)}: kills running tasks, as said above"] if found else []


def _of_variant(results: Contents, one: Variant) -> Iterator[Note]:
    first = Run.again(results, variant=one.name)
    which = f" (replication {first.replication})" if one.is_spread else ""
    own = [each for each in results.about.outcomes if each.variant == one.name]
    for outcome in own:
        rank = get_args(What).index(outcome.what)
        yield from (Note(rank, said) for said in _outcome(results, outcome, first))
    for system, condition in () if one.reference else of_chance(first.scenario):
        given = Given(results, condition, system)
        told = given.of_variant(one) if given.differs(one) else ()
        yield from (Note(_ELSE, said) for said in told)
    for warm_up in results.about.warm_ups:
        if warm_up.variant == one.name and warm_up.sentence:
            yield Note(_ELSE, warm_up.sentence)
    for system in first.scenario.systems:
        refused = [row for row in first.refused if row["system"] == system]
        if refused:
            yield Note(_REFUSED, f"{_refused(refused, first.scenario.start)}{which}")
        # How an upgrade ended is told by the outcomes, rollback and takeover included.
        upgrades = first.simulation.models[system].layout.upgrades
        failed = [row for row in first.failed if row["system"] == system]
        failed = [row for row in failed if row["name"] not in upgrades]
        if failed:
            how = "was accepted and failed", "were accepted and failed"
            yield Note(_REFUSED, f"{_requests(failed, *how, first.scenario.start)}{which}")
        yield from (Note(_ELSE, f"{said}{which}") for said in _others(first, system, own))


def _outcome(results: Contents, outcome: Outcome, first: Run) -> Iterator[str]:
    """Its count, and in one replication why it failed, where it is stuck, or how far it came."""
    if outcome.what == "refused" and outcome.of == 1:
        return  # the requests themselves are told
    if outcome.what not in ("failed", "stuck", "cancelled"):
        yield outcome.sentence
        return
    run = first
    if outcome.first != first.replication:
        run = Run.again(results, outcome.first, outcome.variant)
    if outcome.what == "failed":
        told = _why(run, outcome.system)
    elif outcome.what == "cancelled":
        told = _how_far(results, outcome)
    else:
        stuck = [each for each in run.progress_text(outcome.system) if " is stuck" in each]
        told = "; ".join(stuck)
    if not told:
        yield outcome.sentence
    elif outcome.of > 1:
        yield f"{outcome.sentence}; in replication {run.replication} {told}"
    else:
        yield told if outcome.what == "stuck" else f"{outcome.sentence}; {told}"


def _how_far(results: Contents, outcome: Outcome) -> str:
    """How many are up to date at the end of the first replication in which it happened."""
    place = results.about.numbers(results.variant(outcome.variant)).index(outcome.first)
    shares = results.values[outcome.variant, outcome.system, "", "updated_share"]
    return f"{show(float(shares[place]), 'share')} updated at the end"


def _why(run: Run, system: str) -> str:
    """By what the first upgrade failed that did; nothing where the service gives no reason."""
    layout, final = run.simulation.models[system].layout, Stack([run.log]).final[0]
    for row in run.failed:
        if row["system"] == system and row["name"] in layout.upgrades:
            state = final[layout.upgrade(row["name"])] % UPGRADE.width
            if state == UPGRADE_FAILED:
                return f"{row['name']}: {_short(row['message'])}"
    return ""


def _others(first: Run, system: str, own: Sequence[Outcome]) -> Iterator[str]:
    """What else the system tells of its first replication: who is stuck is told already."""
    is_told = any((each.system, each.what) == (system, "stuck") for each in own)
    for sentence in first.progress_text(system):
        if not (is_told and " is stuck" in sentence):
            yield sentence


def _refused(rows: Sequence[Row], start: dt.datetime | None) -> str:
    return _requests(rows, "was refused", "were refused", start)


def _requests(rows: Sequence[Row], one: str, several: str, start: dt.datetime | None) -> str:
    row, n = rows[0], len(rows)
    count = f"1 request {one}" if n == 1 else f"{n:,} requests {several}"
    reasons = list(dict.fromkeys(f"{each['http_status']} {each['code']}" for each in rows))
    at = f"{'at' if n == 1 else 'first at'} {show_instant(row['at_s'], start)}"
    return f"{count}: {', '.join(reasons)}, {at} {row['name']}: {_short(row['message'])}"


def _short(message: str) -> str:
    return shorten(message, _MOST_CHARACTERS, placeholder=" ...")
