"""What ``rollout-sim assumptions`` answers: changed conclusions, then the weightiest guesses."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from sim.cli.screens.console import Column, paragraph, table
from sim.core.formatting import NOTHING, show_difference, show_range
from sim.experiments.objectives import metric_of
from sim.experiments.studies.assumptions import NOT_ASSUMED, UNKNOWN, WORDS, lacks_median
from sim.formats.checking import listed
from sim.scenario.factors import NOT_HERE
from sim.systems.base.text import pluralize

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sim.cli.screens.console import Style
    from sim.core.metrics import Key
    from sim.experiments.studies.assumptions import Effect
    from sim.results.sensitivity import Assumptions

_BY_CHANCE = 0.25
"""Rank correlations of 64 independent points stay below this in 95 % of designs."""
_CERTAIN = (
    "what the file gives is taken as certain: --of PATH weighs it too, and so does `assumed: true` "
    "beside a value"
)
"""What is said where no guess changes anything."""
_MOST_ROWS = 10
"""Guesses shown with their changes where not all are asked for."""


def lines(
    found: Assumptions, style: Style, failed: Sequence[str] = (), *, whole: bool
) -> list[str]:
    """The answer, at most 80 columns wide, after what `failed`; `whole`: every guess, and each
    variant by itself.
    """
    told = [line for said in failed for line in paragraph(said)]
    told += [style.title(_title(found)), *paragraph(_how(found), "  ")]
    told += ["", *_flips(found)]
    weights = found.weights()
    unknown = {each.number for each in _unknown(found)}
    moving = (n for n in weights if _moves(found, n))
    ranked = sorted(moving, key=lambda n: (n not in unknown, -weights[n]))
    shown = ranked if whole else ranked[:_MOST_ROWS]
    for number in shown:
        told += ["", *_guess(found, number, style, whole=whole)]
    if len(shown) < len(ranked):
        told += ["", f"and {len(ranked) - len(shown)} more that weigh less (--all shows them)"]
    rest = [*_rest(found, weights), *([] if ranked else paragraph(_CERTAIN))]
    return [*told, *([""] if rest else []), *rest]


def _title(found: Assumptions) -> str:
    scenario, n = found.found.scenario, len(found.found.variants[0].measured.numbers)
    random = found.found.variants[0].measured.random
    runs = f"{n:,} replications, seed {scenario.seed}" if random else "deterministic"
    return f"{found.name}: which assumption decides ({runs})"


def _how(found: Assumptions) -> str:
    text = "each assumed number halved and doubled, one at a time, with common random numbers; "
    text += "change of the mean with its 95 % interval"
    names = [one.variant for one in found.found.variants]
    if len(names) > 1:
        text += f"; in each of {listed(names)}, shown of the one that changes most"
    return text


def _flips(found: Assumptions) -> Iterator[str]:
    """What is so with nothing changed, then the conclusions that change, one line each."""
    flips = found.found.flips
    for said in found.as_it_is()[:_MOST_ROWS]:
        yield from paragraph(f"with nothing changed, {said}")
    asked = any(one.scenario.objectives for one in found.found.variants)
    if not flips:
        known = " of those known" if any(each.is_unknown for each in found.found.effects) else ""
        known = known if found.found.moved else ", as nothing could be changed"
        none = "" if asked else "; the file has no objectives"
        yield f"conclusions that change: none{known}{none}"
        return
    yield f"conclusions that change ({len(flips)}):"
    for each in flips:
        whose = f"{each.variant}: " if each.variant and len(found.found.variants) > 1 else ""
        guess = f"{_name(each.assumption)} {WORDS[each.factor]}"
        change = f"{each.before} -> {each.after}"
        yield from paragraph(f"  {whose}{each.what}: {change} with {guess}", "    ")


def _name(text: str) -> str:
    return text.partition(" (")[0]


def _moves(found: Assumptions, number: int) -> bool:
    """Whether a guess changes anything at all, or may do so as far as is known."""
    changed = any(
        each.row is not None and each.row.better != "identical"
        for each in found.found.effects
        if each.number == number
    )
    turns = any(flip.number == number for flip in found.found.flips)
    return changed or turns or any(each.number == number for each in _unknown(found))


def _unknown(found: Assumptions) -> list[Effect]:
    """Changes of which nothing is known, of variants of which something is."""
    known = {one.variant for one in found.found.variants}
    return [each for each in found.found.effects if each.is_unknown and each.variant in known]


def _guess(found: Assumptions, number: int, style: Style, *, whole: bool) -> Iterator[str]:
    """A guess, the metrics that it changes, and what it does together with all others."""
    guess = found.found.guesses[number - 1]
    own = [each for each in found.found.effects if each.number == number]
    unknown = [each for each in _unknown(found) if each.number == number]
    shown = {each.factor: each for each in (*unknown, *own) if each.changed_to}
    changed = [
        f"{word} {shown[factor].changed_to}{_noted(shown[factor])}"
        for factor, word in WORDS.items()
        if factor in shown
    ]
    cannot = [
        f"not {WORDS[each.factor]}, as it {each.note}"
        for each in own
        if not each.changed_to and _says_why(each)
    ]
    yield from paragraph(f"{guess.text}: {', '.join([*changed, *dict.fromkeys(cannot)])}")
    several = len(found.found.variants) > 1
    for each in unknown:
        named = f"{each.variant}: " if several else ""
        text = f"  {named}{WORDS[each.factor]}, {UNKNOWN}, so nothing is known of it"
        yield from paragraph(text, "    ")
    rows = _rows(own, whole=whole)
    names = list[str]()
    columns: dict[float, list[str]] = {factor: [] for factor in WORDS}
    missing = {(each.variant, each.factor) for each in unknown}
    for (variant, key), both in rows.items():
        metric = metric_of(found.found.scenario, key.system, key.metric)
        whose = [key.system] if len(found.found.scenario.systems) > 1 else []
        names.append(
            "  " + " ".join([*whose, metric.title, *([f"({variant})"] if several else [])])
        )
        for factor, cells in columns.items():
            cells.append("unknown" if (variant, factor) in missing else _cell(both.get(factor)))
    if names:
        made = [Column(WORDS[factor], tuple(cells)) for factor, cells in columns.items()]
        yield from table(names, made, style)
    yield from _together(found, number, list(rows))


def _noted(effect: Effect) -> str:
    return f" ({effect.note})" if effect.note and not effect.is_unknown else ""


def _rows(own: Sequence[Effect], *, whole: bool) -> dict[tuple[str, Key], dict[float, Effect]]:
    """The changes by variant and metric: of each metric those of the variant that changes most."""
    found: dict[tuple[str, Key], dict[float, Effect]] = {}
    for each in own:
        if each.key is not None:
            found.setdefault((each.variant, each.key), {})[each.factor] = each
    weights = {place: max(each.weight for each in both.values()) for place, both in found.items()}
    kept = [place for place in found if weights[place] > 0]
    if not whole:
        best: dict[Key, tuple[str, Key]] = {}
        for place in kept:
            if place[1] not in best or weights[place] > weights[best[place[1]]]:
                best[place[1]] = place
        kept = list(best.values())
    return {place: found[place] for place in sorted(kept, key=lambda place: -weights[place])}


def _cell(effect: Effect | None) -> str:
    """``+12min (11min..13min)``."""
    if effect is None or effect.row is None:
        return NOTHING
    row = effect.row
    if row.better == "identical":
        return "identical"
    change = show_difference(row.difference, row.unit)
    if row.missing:
        none = f"no value in {row.missing:,} of {row.n:,}"
        is_none = lacks_median(row.difference, row.missing, row.n)
        return none if is_none else f"{change} (median; {none})"
    if not row.ci_low < row.ci_high:
        return change
    return f"{change} ({show_range(row.ci_low, row.ci_high, row.unit).removesuffix(' %')})"


def _together(found: Assumptions, number: int, rows: Sequence[tuple[str, Key]]) -> Iterator[str]:
    """Where all guesses move at once: rank correlations that are no chance."""
    told = []
    for variant, key in rows:
        correlation, _ = found.correlation(number, variant, key)
        if not math.isnan(correlation) and abs(correlation) >= _BY_CHANCE:
            title = metric_of(found.found.scenario, key.system, key.metric).title
            told.append(f"{correlation:+.2f} with {title}")
    if told:
        yield from paragraph(f"  all at once, rank correlation {', '.join(told)}", "    ")


def _rest(found: Assumptions, weights: dict[int, float]) -> Iterator[str]:
    """What changes nothing, cannot change, or has no number."""
    guesses, effects = found.found.guesses, found.found.effects
    still = [n for n in weights if not _moves(found, n)]
    moved = {each.number for each in effects if each.row is not None}
    why = {each.number: each.note for each in effects if each.row is None and _says_why(each)}
    same = [guesses[n - 1].text for n in still if n in moved and n not in why]
    if same:
        yield from paragraph(f"identical in every run, halved and doubled: {'; '.join(same)}")
    one_way = [f"{guesses[n - 1].text} (it {why[n]})" for n in still if n in moved and n in why]
    if one_way:
        told = "identical in every run, but changed only one way"
        yield from paragraph(f"{told}: {'; '.join(one_way)}")
    cannot = [f"{guesses[n - 1].text} (it {why[n]})" for n in still if n not in moved and n in why]
    lost = [guesses[n - 1].text for n in still if n not in moved and n not in why]
    if lost:
        text = "nothing is known of what is assumed only where every replication failed: "
        yield from paragraph(text + "; ".join(lost))
    if cannot:
        yield from paragraph(f"cannot change: {'; '.join(cannot)}")
    none = [f"{each.text} ({each.no_number})" for each in guesses if not each.paths]
    if none:
        yield from paragraph(f"nothing to halve: {'; '.join(none)}")
    points = found.about()["latin_hypercube"]
    unknown = points["failed"]
    if points["points"] or unknown:
        text = f"all at once: a Latin hypercube of {points['points']} points from half to double, "
        text += f"{pluralize(points['replications'], 'replication')} each"
        text += f"; {points['refused']} refused by the file's checks" if points["refused"] else ""
        text += f"; nothing is known of {unknown} more: {UNKNOWN}" if unknown else ""
        yield from paragraph(text)


def _says_why(effect: Effect) -> bool:
    """Whether the note is about the guess, and not about one variant."""
    return not effect.is_unknown and effect.note not in (NOT_ASSUMED.note, NOT_HERE)
