"""What a search for the smallest or the largest value found, in a sentence: never a bare number."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from sim.core.units import show_share
from sim.experiments.objectives import NOT_ENDED
from sim.experiments.ranking import LEAST_ENDED_WELL
from sim.formats.checking import listed
from sim.scenario.paths import parse
from sim.systems.base.text import pluralize

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sim.experiments.studies.candidates import Candidates
    from sim.experiments.studies.search import Found, Trial

Outcome = Literal["found", "wide", "at the end", "none", "undecided"]
MOST_NAMED = 5
NOT_WELL = "did not end well"


@dataclass(frozen=True)
class Answer:
    """What came of a search in one variant."""

    variant: str
    outcome: Outcome
    """A bracket as narrow as was asked, or a wider one; the end from which it was looked for
    already meets; no value is known to meet, as both ends miss or nobody can tell."""
    met: str
    """The value nearest to the answer that is known to be met, or empty."""
    missed: str
    """The one that is known to be missed, or empty."""
    confidence: float
    """That both are as is said; 1 where nothing is random."""
    level: float
    """Of each limit of a verdict: their errors add up to that of the answer."""
    values: int
    replications: int
    undecided: Sequence[str]
    """The values between both that are undecided."""
    breaks: Sequence[str]
    """Values beyond the answer that are missed: the objectives are not met from it on."""
    failed: int
    """Replications that failed."""
    reference: bool
    """Whether it asks for no rollout while others do: it is told, and counts for nothing."""
    sentence: str
    ended_badly: bool = False
    """Whether at the value that is met rollouts ended well in fewer than half of the runs."""


def answers_of(found: Sequence[Found], values: Candidates, *, largest: bool) -> tuple[Answer, ...]:
    """The answers of all variants."""
    asking = [any(each.asks_for_rollouts for each in one.trials) for one in found]
    return tuple(
        _answer(one, values, largest=largest, reference=any(asking) and not asks)
        for one, asks in zip(found, asking, strict=True)
    )


def _answer(found: Found, values: Candidates, *, largest: bool, reference: bool) -> Answer:
    told = _Told(found, values, largest, reference)
    return Answer(
        variant=found.variant,
        outcome=told.outcome,
        met=told.met,
        missed=told.missed,
        confidence=told.confidence,
        level=1 - (1 - told.confidence) / found.parts,
        values=len(found.trials),
        replications=sum(each.replications for each in found.trials),
        undecided=tuple(told.undecided),
        breaks=tuple(told.breaks),
        failed=sum(len(each.failures) for each in found.trials),
        reference=reference,
        sentence=told.sentence,
        ended_badly=told.ended_badly,
    )


class _Told:
    """The parts of a sentence."""

    def __init__(self, found: Found, values: Candidates, largest: bool, reference: bool) -> None:
        self._found, self._values, self._reference = found, values, reference
        self._best = "largest" if largest else "smallest"
        self._further = "smaller" if largest else "larger"
        self._nearest = "highest" if largest else "lowest"
        self._name = parse(values.path)[-1]

    @property
    def met(self) -> str:
        return self._value(self._found.bracket.met)

    @property
    def missed(self) -> str:
        return self._value(self._found.bracket.missed)

    @property
    def undecided(self) -> list[str]:
        return self._in_order([self._trial(place) for place in self._found.bracket.between])

    @property
    def breaks(self) -> list[str]:
        return self._in_order([self._trial(place) for place in self._found.bracket.breaks])

    @property
    def confidence(self) -> float:
        trials = self._found.trials
        if not any(each.random for each in trials):
            return 1.0
        return min(asked.confidence for each in trials for asked in each.objectives)

    @property
    def outcome(self) -> Outcome:
        bracket = self._found.bracket
        if bracket.end == "bracket":
            missed, met = bracket.missed, bracket.met
            assert met is not None
            return "found" if missed is not None and met - missed == 1 else "wide"
        ends: dict[str, Outcome] = {"first": "at the end", "open": "undecided"}
        if bracket.end == "none":
            return "none" if bracket.missed is not None else "undecided"
        return ends[bracket.end]

    @property
    def sentence(self) -> str:
        sure = "" if self.confidence == 1 else f"{show_share(self.confidence)} confidence"
        parts = [self._where, sure or "deterministic", *self._notes]
        return f"{', '.join(filter(None, parts[:2]))}{''.join(f'; {each}' for each in parts[2:])}"

    @property
    def _where(self) -> str:
        bracket, near = self._found.bracket, self._nearest
        head = f"{self._best} {self._name} that meets"
        if bracket.end == "bracket":
            ends = [self._said(bracket.missed), self._said(bracket.met)]
            if bracket.missed is None:
                ends[0] = self._said(0)
            return f"{head}: between {' and '.join(self._sorted(ends))}"
        if bracket.end == "first":
            return f"{head}: {self.met}, the {near} value, is met already"
        first, last = self._said(0), self._said(max(bracket.judged))
        both = " and ".join(self._sorted([first, last]))
        if bracket.end == "none" and bracket.missed is not None:
            return f"{head}: none found, as neither end meets: {both}"
        return f"{head}: none found, as neither end is known to meet: {both}"

    @property
    def _notes(self) -> list[str]:
        bracket = self._found.bracket
        notes = [*self._changes_nothing(), *self._ended_badly()]
        if bracket.end == "bracket" and self.outcome == "wide":
            within = f"wider than the tolerance, {self._values.tolerance}"
            notes.append(f"{within}, as {self._open(self.undecided or [self._value(0)])}")
        ends = sorted(self._found.trials, key=lambda each: each.place)
        open_ends = [each.value for each in ends if each.outcome == "undecided"]
        notes += [self._open(open_ends)] if bracket.met is None and open_ends else []
        notes += [*self._unended(), *self._beyond()]
        if bracket.met is None:
            notes += [*self._why_missed(), "what lies between was not tried: a sweep tries it"]
        trials = self._found.trials
        asked = [asked for each in trials if each.random for asked in each.objectives]
        if any(each.of == "runs" and each.in_runs >= 1 for each in asked):
            notes.append("what all runs must meet counts as met where no run was seen to miss it")
        notes += ["reference (no rollout)"] if self._reference else []
        total = sum(each.replications for each in trials)
        notes.append(f"{pluralize(len(trials), 'value')}, {pluralize(total, 'replication')}")
        return notes

    def _changes_nothing(self) -> Iterator[str]:
        """That what is searched plays no part: another mode may be the one that reads it."""
        trials = self._found.trials
        is_same = len({each.digest for each in trials}) == 1 and trials[0].digest != ""
        if is_same and len(trials) > 1 and len({each.texts for each in trials}) == 1:
            yield f"{self._name} changes nothing here: all measurements are equal at each value"

    @property
    def ended_badly(self) -> bool:
        met = self._found.bracket.met
        return met is not None and self._trial(met).ended_well < LEAST_ENDED_WELL

    def _ended_badly(self) -> Iterator[str]:
        """That the answer meets the objectives by rollouts of which most did not end well."""
        if self.ended_badly:
            assert self._found.bracket.met is not None
            trial = self._trial(self._found.bracket.met)
            runs = round(trial.ended_well * trial.replications)
            how = f"ended well in only {runs:,} of {trial.replications:,} runs"
            yield f"but at {trial.value} what was requested {how if trial.random else NOT_WELL}"

    def _open(self, values: Sequence[str]) -> str:
        """That values are undecided, and after how many replications."""
        runs = max(each.replications for each in self._found.trials)
        many = "is" if len(values) == 1 else "are"
        return f"{listed(values, MOST_NAMED)} {many} undecided at {runs:,} replications"

    def _unended(self) -> Iterator[str]:
        """At the ends that are told and not met: in how many runs a rollout did not end."""
        bracket = self._found.bracket
        places = {0, max(bracket.judged)} if bracket.met is None else {bracket.missed}
        trials = [self._trial(place) for place in places if place is not None]
        for trial in sorted(trials, key=lambda each: each.place):
            if trial.unended and trial.outcome != "met":
                of = f" in {trial.unended:,} of {trial.replications:,} runs" if trial.random else ""
                yield f"at {trial.value} {NOT_ENDED}{of}"

    def _why_missed(self) -> list[str]:
        """Which objectives both ends miss, where they differ: a value between may meet all."""
        ends = sorted(self._found.trials, key=lambda each: each.place)
        missed = {
            each.value: each.texts[each.decisive] for each in ends if each.outcome == "missed"
        }
        if len(set(missed.values())) < 2:  # noqa: PLR2004  (two ends that differ)
            return []
        return [" and ".join(f"{value} misses {text}" for value, text in missed.items())]

    def _beyond(self) -> list[str]:
        """What was seen beyond an answer: whether the objectives are met from it on."""
        bracket = self._found.bracket
        last = max(bracket.judged)
        if bracket.end == "first" and bracket.judged[last] == "missed":
            other = "smallest" if self._best == "largest" else "largest"
            return [f"{self._said(last)}, so rather the {other} value that meets is to be found"]
        if self.breaks:
            also = f"{self.breaks[0]}, which is {self._further}, misses again"
            return [f"not met from there on: {also}, so there may be other such places"]
        if bracket.end == "first" and bracket.judged[last] == "undecided":
            return [f"whether it is met from there on is not sure: {self._said(last)}"]
        if bracket.beyond is not None and bracket.judged[bracket.beyond] == "undecided":
            return [f"whether it is met from there on is not sure: {self._said(bracket.beyond)}"]
        return []

    def _trial(self, place: int) -> Trial:
        return self._found.trial(place)

    def _value(self, place: int | None) -> str:
        return "" if place is None else self._trial(place).value

    def _said(self, place: int | None) -> str:
        """``88min (missed)``."""
        if place is None:
            return ""
        trial = self._trial(place)
        return f"{trial.value} ({trial.outcome})"

    def _sorted(self, ends: list[str]) -> list[str]:
        """From the lowest value to the highest."""
        return ends[::-1] if self._best == "largest" else ends

    def _in_order(self, trials: Sequence[Trial]) -> list[str]:
        return [each.value for each in sorted(trials, key=lambda each: each.place)]
