"""Colours that can be read by day and by night."""

import re

import pytest
from every_figure import figures_of_all_kinds

from sim.plots import style
from sim.plots.svg import svg
from sim.report.palette import DARK, FIGURES, LIGHT, style_sheet

BACKGROUNDS = ("paper", "raised")
LEAST = 4.5
"""What WCAG 2.2 asks of text, success criterion 1.4.3."""


def luminance(colour):
    parts = [int(colour.lstrip("#")[k : k + 2], 16) / 255 for k in (0, 2, 4)]
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    ]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one, other):
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_contrast_of_black_and_white_is_21():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)


@pytest.mark.parametrize("scheme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("name", [name for name in LIGHT if name not in (*BACKGROUNDS, "rule")])
def test_text_is_read_on_every_background(scheme, name):
    for background in BACKGROUNDS:
        assert contrast(scheme[name], scheme[background]) >= LEAST


@pytest.mark.parametrize("colour", [style.INK, style.GREY, style.DARK_VERMILLION])
def test_words_in_figures_are_read_by_night_too(colour):
    dark = FIGURES[colour.lower().lstrip("#")]
    assert contrast(colour, LIGHT["paper"]) >= LEAST
    assert contrast(dark, DARK["paper"]) >= LEAST


@pytest.mark.parametrize("kind", sorted(figures_of_all_kinds()))
def test_every_colour_of_a_figure_has_one_for_the_night(kind):
    used = set(re.findall(r"--c([0-9a-f]{6})", svg(figures_of_all_kinds()[kind], "f0")))
    assert used <= set(FIGURES)


def test_both_schemes_name_the_same_colours():
    assert LIGHT.keys() == DARK.keys()


def test_dark_colours_are_for_screens_that_ask_for_them_not_for_paper():
    day, night = style_sheet().split("@media screen and (prefers-color-scheme:dark)")
    assert f"--ink:{LIGHT['ink']};" in day
    assert f"--ink:{DARK['ink']};" in night
    assert re.findall(r"--c[0-9a-f]{6}", day) == []
    assert "--c1a1a1a:#e8eaed;" in night
