"""The smallest value that will do, among values that are judged with noise: a bisection.

A value is met, missed, or undecided. If all values from some one on do and none before it does,
halving finds where: between the highest value missed and the lowest one met. Where a value in
between stays undecided, each of the two ends is looked for on its own side, so that what cannot be
told costs no more of the bracket than it must.

How sure the bracket is: as long as no verdict is wrong, the values that do and were judged in the
search for the highest one missed all lie on the path that halving takes to the true change, and so
do those that do not in the search for the lowest one met (a value left undecided turns each search
to the side on which the other kind of value lies no more). So only `most_judged` verdicts can spoil
a bracket, and an error shared evenly over so many leaves it right as often as was asked
(Bonferroni's inequality), however many values were undecided.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable

    from sim.experiments.statistics.verdicts import Outcome

End = Literal["bracket", "first", "none", "open"]
"""Both ends were found; the first value is met already; the last one is missed; it is undecided."""


@dataclass(frozen=True)
class Bracket:
    """Where the values begin that are met, by their places in order."""

    end: End
    missed: int | None
    """The last place that is known to be missed, before `met`."""
    met: int | None
    """The first place that is known to be met."""
    beyond: int | None
    """The place beyond it that was judged to see whether those after it are met too."""
    judged: dict[int, Outcome]
    """In the order in which they were judged."""

    @property
    def between(self) -> list[int]:
        """The places between both ends that are undecided."""
        low = -1 if self.missed is None else self.missed
        high = max(self.judged) + 1 if self.met is None else self.met
        return sorted(
            place
            for place, outcome in self.judged.items()
            if outcome == "undecided" and low < place < high
        )

    @property
    def breaks(self) -> list[int]:
        """Places after one that is met which are missed: then more is not always better."""
        if self.met is None:
            return []
        return sorted(
            place
            for place, outcome in self.judged.items()
            if place > self.met and outcome == "missed"
        )


def most_judged(last: int) -> int:
    """How many verdicts on places from 0 to `last` can make a bracket wrong.

    Both ends, those of halving, and the one beyond.
    """
    return 2 + (last - 1).bit_length() + 1


def bisect(last: int, judge: Callable[[int], Outcome]) -> Bracket:
    """The bracket among places from 0 to `last`; each is judged at most once."""
    judged: dict[int, Outcome] = {}

    def at(place: int) -> Outcome:
        if place not in judged:
            judged[place] = judge(place)
        return judged[place]

    first, end = at(0), at(last)
    if first == "met":
        beyond = _check(0, last, at, judged) if end == "met" else None
        return Bracket("first", None, 0, beyond, judged)
    missed = 0 if first == "missed" else None
    if end != "met":
        return Bracket("none" if end == "missed" else "open", missed, None, None, judged)
    met, below = last, 0
    while met - below > 1:
        middle = (below + met) // 2
        below, met = (below, middle) if at(middle) == "met" else (middle, met)
    if missed is not None:
        above = last
        while above - missed > 1:
            middle = (missed + above) // 2
            missed, above = (middle, above) if at(middle) == "missed" else (missed, middle)
    return Bracket("bracket", missed, met, _check(met, last, at, judged), judged)


def _check(
    met: int, last: int, at: Callable[[int], Outcome], judged: dict[int, Outcome]
) -> int | None:
    """Judge one more place beyond the answer, in the middle of those not judged yet."""
    free = [place for place in range(met + 1, min(last, met + _MOST_SEEN)) if place not in judged]
    if not free:
        return None
    middle = (met + last) // 2
    place = middle if met < middle and middle not in judged else free[len(free) // 2]
    at(place)
    return place


_MOST_SEEN = 10_000
"""Places beyond an answer among which one that was not judged is looked for."""
