"""Colours that can be read by day and by night."""

import re

import matplotlib as mpl
import pytest
from every_figure import figures_of_all_kinds
from lightness import contrast
from matplotlib.colors import to_hex

from sim.plots.parts import colours
from sim.plots.parts.svg import svg
from sim.plots.sweep_heat_map import COLOURS
from sim.report.palette import DARK, FIGURES, LIGHT, style_sheet

BACKGROUNDS = ("paper", "raised")
OF_CELLS = {to_hex(shade).removeprefix("#") for shade in mpl.colormaps[COLOURS].colors}
"""By night too a heat map has the colours of its scale."""
LEAST = 4.5
"""What WCAG 2.2 asks of text, success criterion 1.4.3."""


def test_contrast_of_black_and_white_is_21():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)


@pytest.mark.parametrize("scheme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("name", [name for name in LIGHT if name not in (*BACKGROUNDS, "rule")])
def test_text_is_read_on_every_background(scheme, name):
    for background in BACKGROUNDS:
        assert contrast(scheme[name], scheme[background]) >= LEAST


@pytest.mark.parametrize("colour", [colours.INK, colours.QUIET, colours.MISSED])
def test_words_in_figures_are_read_by_night_too(colour):
    dark = FIGURES[colour.lower().lstrip("#")]
    assert contrast(colour, LIGHT["paper"]) >= LEAST
    assert contrast(dark, DARK["paper"]) >= LEAST


@pytest.mark.parametrize("kind", sorted(figures_of_all_kinds()))
def test_every_colour_of_a_figure_has_one_for_the_night(kind):
    used = set(re.findall(r"--c([0-9a-f]{6})", svg(figures_of_all_kinds()[kind], "f0")))
    assert used - OF_CELLS <= set(FIGURES)


def test_both_schemes_name_the_same_colours():
    assert LIGHT.keys() == DARK.keys()


def test_dark_colours_are_for_screens_that_ask_for_them_not_for_paper():
    day, night = style_sheet().split("@media screen and (prefers-color-scheme:dark)")
    assert f"--ink:{LIGHT['ink']};" in day
    assert f"--ink:{DARK['ink']};" in night
    assert re.findall(r"--c[0-9a-f]{6}", day) == []
    assert "--c1a1a1a:#E8EAED;" in night
