"""The values among which `find` searches for the smallest or the largest one that will do.

They lie from LOW to HIGH in steps, exactly, so that each is a round number if both ends and the
step are. What they are is told by how the ends are written: ``2`` and ``20`` are whole numbers,
``10min`` a duration, ``80%`` a share, ``0.5`` any number.
"""

from __future__ import annotations

import math
import numbers
import re
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from sim.core.errors import Problem, ScenarioError
from sim.core.units import format_duration, format_share, parse_duration, shorten, shorten_any

Kind = Literal["whole number", "number", "duration", "share in percent"]

PARTS = 64
"""Steps that there are at least between the ends, where no tolerance is given."""

_WHOLE, _NUMBER = re.compile("-?[0-9]{1,15}", re.ASCII), re.compile(r"-?[0-9]*\.?[0-9]+", re.ASCII)
_ROUND_SECONDS = (1, 2, 5, 10, 15, 20, 30)
_ROUND_MINUTES = (1, 2, 5, 10, 15, 20, 30, 60, 120, 240, 360, 720)
_ROUND_DAYS = (1, 2, 5, 10, 20, 50, 100)
_LEAST = Fraction(1, 1000)
"""Seconds of a step: times lie on a grid that is a little finer."""


@dataclass(frozen=True)
class Candidates:
    """Values of a path, from `low` on in steps; the last one is `high`."""

    path: str
    low: Fraction
    """Of a duration in seconds, of a share from 0 to 1."""
    high: Fraction
    step: Fraction
    kind: Kind
    is_default: bool
    """Whether nobody gave the step."""

    @property
    def last(self) -> int:
        """The place of `high`; that of `low` is 0."""
        return math.ceil((self.high - self.low) / self.step)

    def number(self, place: int) -> float:
        """The value at a place."""
        return float(self._value(place))

    def text(self, place: int) -> str:
        """The same, as a file would say it."""
        return self._written(self._value(place))

    @property
    def tolerance(self) -> str:
        """The step, as a file would say it."""
        return self._written(self.step)

    @property
    def unit(self) -> str:
        """Of the numbers: ``s``, ``share``, ``count`` or nothing."""
        units = {"duration": "s", "share in percent": "share", "whole number": "count"}
        return units.get(self.kind, "")

    def _value(self, place: int) -> Fraction:
        return self.high if place == self.last else self.low + place * self.step

    def _written(self, value: Fraction) -> str:
        if self.kind == "duration":
            rest = value % 60
            whole = format_duration(float(value - rest)) if value >= rest + 60 else ""
            # Exactly: the grid of times has no tenth of a second.
            return whole + (f"{float(rest):.12g}s" if rest or not whole else "")
        if self.kind == "share in percent":
            return format_share(float(value))
        return str(int(value)) if self.kind == "whole number" else f"{float(value):.12g}"


def candidates(path: str, low: object, high: object, tolerance: object = None) -> Candidates:
    """The values of a path between two ends, `tolerance` apart, by default 1 or a round step.

    Raises
    ------
    ScenarioError
        With each of the three that is no such value.
    """
    given = {"LOW": low, "HIGH": high}
    given |= {} if tolerance is None else {"tolerance": tolerance}
    found: dict[str, tuple[Fraction, Kind]] = {}
    problems: list[Problem] = []
    for name, value in given.items():
        try:
            found[name] = _parse(value)
        except ValueError as error:
            problems.append(Problem("find", name, str(error)))
    if problems:
        raise ScenarioError(problems)
    kinds = {kind for _, kind in found.values()}
    if kinds == {"whole number", "number"}:
        kinds = {"number"}
    for name, (_, kind) in found.items():
        if len(kinds) > 1 and kind != found["LOW"][1]:
            rule = f"must be a {found['LOW'][1]} as LOW is, {shorten_any(low)}"
            raise ScenarioError.of(
                f"{rule}, got {shorten_any(given[name])}", where="find", path=name
            )
    (kind,), first, last = kinds, found["LOW"][0], found["HIGH"][0]
    if first >= last:
        rule = f"must be above LOW, {shorten_any(low)}, got {shorten_any(high)}"
        raise ScenarioError.of(rule, where="find", path="HIGH")
    if tolerance is None:
        return Candidates(path, first, last, _round_step(last - first, kind), kind, True)
    step = found["tolerance"][0]
    least = _LEAST if kind == "duration" else Fraction(0)
    if not max(least, Fraction(0)) <= step <= last - first or not step:
        most = "at most what lies between LOW and HIGH"
        rule = f"must be above 0 and {most}, got {shorten_any(tolerance)}"
        raise ScenarioError.of(rule, where="find", path="tolerance")
    return Candidates(path, first, last, step, kind, False)


def _parse(given: object) -> tuple[Fraction, Kind]:
    """A value and what it is. ValueError(rule) if it is none of them."""
    if isinstance(given, numbers.Integral) and not isinstance(given, bool):
        return Fraction(int(given)), "whole number"
    if isinstance(given, numbers.Real) and not isinstance(given, bool):
        if not math.isfinite(given):
            raise ValueError(f"must be a finite number, got {given}")
        return Fraction(repr(float(given))), "number"
    if not isinstance(given, str):
        rule = f"must be a number or a text such as 10min, got {shorten_any(given)}"
        raise ValueError(rule)  # noqa: TRY004  (told with the others)
    text = given.strip()
    if _WHOLE.fullmatch(text):
        return Fraction(text), "whole number"
    if _NUMBER.fullmatch(text) and len(text) < 40:  # noqa: PLR2004  (more digits than a float has)
        return Fraction(text), "number"
    if text.endswith("%") and _NUMBER.fullmatch(text[:-1]) and len(text) < 40:  # noqa: PLR2004
        return Fraction(text[:-1]) / 100, "share in percent"
    try:
        return Fraction(parse_duration(text)), "duration"
    except ValueError as error:
        if re.match(r"[0-9]", text):
            raise
        rule = "must be a number, a duration such as 10min or a share such as 80%"
        raise ValueError(f"{rule}, got {shorten(text)}") from error


def _round_step(span: Fraction, kind: Kind) -> Fraction:
    """A round step of which `span` has 64 or a few more; 1 between whole numbers."""
    if kind == "whole number":
        return Fraction(1)
    most = span / PARTS
    if kind == "duration" and most >= 1:
        steps = [*_ROUND_SECONDS, *(60 * each for each in _ROUND_MINUTES)]
        steps += [86_400 * each for each in _ROUND_DAYS]
        return Fraction(max(each for each in steps if each <= most))
    power = Fraction(10) ** math.floor(math.log10(most))
    return max(power * factor for factor in (Fraction(1, 10), 1, 2, 5) if power * factor <= most)
