r"""Text in figures: names in any script, as wide as there is room for.

The font comes with matplotlib, so figures are alike on every machine; what it cannot draw is
written as an escape (``\u5546``) instead of an empty box and a warning.
"""

from __future__ import annotations

import textwrap
from functools import cache

from matplotlib.font_manager import FontProperties, findfont, get_font
from matplotlib.textpath import text_to_path

FONT = "DejaVu Sans"
_FEWEST = 2
"""Letters that are left of any name."""


def drawable(text: str) -> str:
    """`text` on one line, of characters that the font has; others as they are escaped in Python."""
    known = _known()
    return "".join(c if ord(c) in known else _escaped(c) for c in text)


def text_width(text: str, size: float, weight: str = "normal") -> float:
    """Points that `text` takes at `size` points."""
    font = FontProperties(family=FONT, size=size, weight=weight)
    width, _, _ = text_to_path.get_text_width_height_descent(drawable(text), font, ismath=False)
    return float(width)


def fitted(text: str, points: float, size: float, weight: str = "normal") -> str:
    """`text` as it can be drawn; where it is wider than `points`, its middle is left out.

    Names of variants differ at their ends as often as at their beginnings.
    """
    text = drawable(text)
    needed = text_width(text[:_LONGEST], size, weight)
    if needed <= points and len(text) <= _LONGEST:
        return text
    letters = max(_FEWEST, int(min(len(text), _LONGEST) * points / needed))
    cut = _without_middle(text, letters)
    while letters > _FEWEST and text_width(cut, size, weight) > points:
        letters -= 1
        cut = _without_middle(text, letters)
    return cut


def _without_middle(text: str, letters: int) -> str:
    return text[: (letters + 1) // 2] + "…" + text[len(text) - letters // 2 :]


def fitted_apart(names: list[str], points: float, size: float) -> list[str]:
    """Names as `fitted` cuts them; those that would look the same are numbered."""
    cut = [fitted(name, points, size) for name in names]
    number = text_width("100 ", size)
    return [
        f"{place} {fitted(name, points - number, size)}" if cut.count(short) > 1 else short
        for place, (name, short) in enumerate(zip(names, cut, strict=True))
    ]


def lines(text: str, points: float, size: float, weight: str, most: int) -> list[str]:
    """`text` in at most `most` lines that fit into `points`; none where it is empty."""
    text = drawable(text[: _LONGEST * most])
    if not text:
        return []
    needed = text_width(text, size, weight)
    if needed <= points:
        return [text]
    # Lines differ in their mean width of a letter, so leave some room.
    letters = max(1, int(0.93 * len(text) * points / needed))
    whole = text.replace(" / ", _PAIR).replace(" %", _PERCENT)
    wrapped = [
        line.replace(_PAIR, " / ").replace(_PERCENT, " %")
        for line in textwrap.wrap(whole, letters, break_on_hyphens=False)
    ]
    if len(wrapped) <= most:
        return wrapped
    return [
        *wrapped[: most - 1],
        fitted(" ".join(wrapped[most - 1 :]), 0.97 * points, size, weight),
    ]


_PAIR, _PERCENT = "\xa0/\xa0", "\xa0%"
"""With spaces at which no line ends: two values of one variant, or a number, are read together."""

_LONGEST = 300
"""More letters than this fit into no line of a page, and measuring them takes long."""


def _escaped(character: str) -> str:
    return " " if character.isspace() else character.encode("unicode_escape").decode()


@cache
def _known() -> frozenset[int]:
    """The characters that the font has in both weights, those that draw nothing left out."""
    weights = ("normal", "bold")
    paths = [findfont(FontProperties(family=FONT, weight=weight)) for weight in weights]
    normal, bold = (get_font(path).get_charmap() for path in paths)
    return frozenset(code for code in normal.keys() & bold.keys() if chr(code).isprintable())
