"""Colours that mean one thing, and are two wherever two of them meet."""

import re
from itertools import combinations

import pytest
from every_figure import figures_of_all_kinds
from lightness import SEEN_BY, contrast, distance, lightness
from matplotlib.collections import Collection, LineCollection
from matplotlib.colors import to_hex, to_rgba
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from modules_of_sim import SIM

from sim.plots.parts import colours, style

APART, APART_IF_PATTERNED = 15.0, 5.0
"""Of 100 steps of lightness (CIE L*) between two colours, and where a pattern tells too."""
OF_GRAPHICS, OF_TEXT = 3.0, 4.5
"""The contrast that WCAG 2.2 asks for, success criteria 1.4.11 and 1.4.3."""
KINDS = sorted(figures_of_all_kinds())


ON_CELLS = ("missed", "undecided")
"""Patterns on a heat map, whose cells have all shades."""
OF_LINES = ("band", "limits", "quantile")
"""What stands around each of several lines in its colour."""


class Look:
    """How an artist looks: a colour, how light it is on the page, and its pattern."""

    def __init__(self, colour, alpha, *pattern):
        self.own = to_hex(colour).upper()
        share = to_rgba(colour)[3] if alpha is None else alpha
        mixed = [share * part + 1 - share for part in to_rgba(colour)[:3]]
        self.seen, self.pattern = to_hex(mixed), pattern

    @property
    def is_area(self):
        return self.pattern[0] == "area"

    @property
    def is_hatched(self):
        return self.is_area and bool(self.pattern[1])


def look(artist):
    """None where nothing is to be seen."""
    if isinstance(artist, Line2D):
        dashes = artist._unscaled_dash_pattern if artist.get_linestyle() != "None" else "none"
        marker = artist.get_marker()
        if dashes == "none" and marker in ("", "None"):
            return None
        hollow = to_hex(artist.get_markerfacecolor()) == "#ffffff"
        colour = artist.get_markeredgecolor() if dashes == "none" else artist.get_color()
        return Look(colour, artist.get_alpha(), "line", str(dashes), marker, hollow)
    if isinstance(artist, Collection):
        return (
            look_of_many(artist)
            if artist.get_paths() and artist.get_gid() not in ON_CELLS
            else None
        )
    if isinstance(artist, Patch) and artist.get_fill():
        return Look(artist.get_facecolor(), None, "area", artist.get_hatch() or "")
    return Look(artist.get_edgecolor(), None, "line", "", "", False)


def look_of_many(collection):
    if isinstance(collection, LineCollection):
        return Look(collection.get_colors()[0], None, "line", "", "", False)
    return Look(collection.get_facecolor()[0], None, "area", collection.get_hatch() or "")


def looks_that_meet(figure):
    """Those of the legend, and of the lines and areas in the axes."""
    figure.draw_without_rendering()
    artists = [each for legend in figure.legends for each in legend.legend_handles]
    for axes in figure.axes:
        artists += [*axes.lines, *axes.collections, *axes.patches]
    own = [each for each in artists if each.get_gid() not in OF_LINES]
    return [one for one in map(look, own) if one is not None]


def patterned(one, other):
    """Whether an area is hatched as the other is not, or lines have other dashes or markers."""
    return one.pattern != other.pattern


@pytest.mark.parametrize("kind", KINDS)
def test_colours_that_meet_in_a_figure_are_two_in_grey(kind):
    looks = looks_that_meet(figures_of_all_kinds()[kind])
    assert looks
    for one, other in combinations(looks, 2):
        if one.own == other.own or colours.PAPER in (one.own, other.own):
            continue
        least = APART_IF_PATTERNED if patterned(one, other) else APART
        apart = abs(lightness(one.seen) - lightness(other.seen))
        assert apart >= least, (one.own, one.pattern, other.own, other.pattern)


@pytest.mark.parametrize("seen_by", SEEN_BY)
@pytest.mark.parametrize("kind", KINDS)
def test_colours_that_meet_in_a_figure_are_two_without_a_kind_of_cones(kind, seen_by):
    looks = looks_that_meet(figures_of_all_kinds()[kind])
    for one, other in combinations(looks, 2):
        if one.own == other.own or colours.PAPER in (one.own, other.own):
            continue
        least = APART_IF_PATTERNED if patterned(one, other) else APART
        assert distance(one.seen, other.seen, seen_by) >= least, (one.own, other.own)


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_drawn_is_seen_on_paper(kind):
    for one in looks_that_meet(figures_of_all_kinds()[kind]):
        if not one.is_area:
            assert contrast(one.seen, colours.PAPER) >= OF_GRAPHICS, (one.own, one.pattern)
        elif not one.is_hatched:
            assert lightness(colours.PAPER) - lightness(one.seen) >= APART_IF_PATTERNED, one.own


@pytest.mark.parametrize("name", ["ink", "quiet", "met", "missed", "undecided", "failed", "link"])
def test_words_are_read_by_day_and_by_night(name):
    one = colours.PALETTE[name]
    for ground in (colours.PALETTE["paper"], colours.PALETTE["raised"]):
        assert contrast(one.day, ground.day) >= OF_TEXT
        assert contrast(one.night, ground.night) >= OF_TEXT


@pytest.mark.parametrize("colour", colours.LINES)
def test_lines_are_seen_by_night_too(colour):
    (night,) = [each.night for each in colours.PALETTE.values() if each.day == colour]
    assert contrast(night, colours.PALETTE["paper"].night) >= OF_GRAPHICS


def test_each_colour_and_each_meaning_is_there_once():
    every = list(colours.PALETTE.values())
    assert len({each.day for each in every}) == len(every)
    assert len({each.meaning for each in every}) == len(every)
    assert all(re.fullmatch("#[0-9A-F]{6}", hue) for each in every for hue in each[:2])


def test_so_many_lines_have_dashes_of_their_own():
    assert len({str(dashes) for _, dashes in style.LINES}) == len(style.LINES)
    assert tuple(colour for colour, _ in style.LINES) == colours.LINES


def test_no_other_module_names_a_colour():
    own = SIM / "plots" / "parts" / "colours.py"
    for path in [*SIM.rglob("*.py"), *SIM.rglob("*.css"), *SIM.rglob("*.html")]:
        if path != own:
            text = path.read_text(encoding="utf-8")
            assert not re.findall(
                r"#(?:[0-9a-fA-F]{3}){1,2}\b|\"(?:white|black|red|blue|grey)\"", text
            ), path
