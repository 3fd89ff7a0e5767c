"""Figures as parts of a page: text is text, ids are their own, values are where they are drawn."""

import re
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from every_figure import figures_of_all_kinds

from sim.core.timelines import Timeline
from sim.plots import capacity
from sim.plots.parts.style import png
from sim.plots.parts.svg import MOST_READINGS, svg

KINDS = sorted(figures_of_all_kinds())


def parsed(kind, name="f0"):
    return ET.fromstring(svg(figures_of_all_kinds()[kind], name))


def spots(root):
    return [each for each in root.iter("rect") if each.get("class") == "spot"]


@pytest.mark.parametrize("kind", KINDS)
def test_every_figure_tells_its_numbers(kind):
    readout = figures_of_all_kinds()[kind].readout
    assert readout.rows
    assert all(len(row) == len(readout.headings) for row in readout.rows)
    assert all(spot.find("title").text for spot in spots(parsed(kind)))
    assert len(spots(parsed(kind))) == len(readout.readings) > 0


@pytest.mark.parametrize("kind", KINDS)
def test_places_to_point_at_lie_within_the_figure(kind):
    root = parsed(kind)
    left, top, width, height = map(float, root.get("viewBox").split())
    for spot in spots(root):
        x, y, wide, high = (float(spot.get(key)) for key in ("x", "y", "width", "height"))
        assert left <= x <= x + wide <= left + width + 0.2
        assert top <= y + 0.2
        assert y + high <= top + height + 0.2


@pytest.mark.parametrize("kind", KINDS)
def test_ids_belong_to_the_figure_and_references_find_them(kind):
    root = parsed(kind, "f7")
    ids = [each.get("id") for each in root.iter() if each.get("id")]
    assert len(ids) == len(set(ids))
    assert all(each.startswith("f7-") for each in ids)
    told = [text for each in root.iter() for text in each.attrib.values() if each.tag != "svg"]
    referred = [name for text in told for name in re.findall(r"^#(.*)|url\(#([^)]*)\)", text)]
    assert referred
    assert {one or other for one, other in referred} <= set(ids)


def test_the_same_figure_has_the_same_bytes():
    assert svg(figures_of_all_kinds()["capacity"], "f0") == svg(
        figures_of_all_kinds()["capacity"], "f0"
    )


def test_text_stays_text_and_the_title_is_left_to_the_page():
    figure = figures_of_all_kinds()["capacity"]
    root = ET.fromstring(svg(figure, "f0"))
    texts = [each.text for each in root.iter("text")]
    assert "capacity (% of nominal)" in texts
    assert figure.title not in texts
    assert (
        root.get("aria-label")
        == figure.title
        == "Capacity falls to 80 % for 10min; never below 80 %"
    )
    assert png(figure) == png(
        figures_of_all_kinds()["capacity"]
    )  # it is drawn with its title elsewhere


def test_markup_in_a_name_is_no_markup():
    text = svg(figures_of_all_kinds()["overlay"], "f0")
    assert "<script" not in text
    assert [each for each in ET.fromstring(text).iter("text") if "script" in (each.text or "")]


def test_colours_are_the_pages_own():
    text = svg(figures_of_all_kinds()["capacity"], "f0")
    assert "var(--c1a1a1a,#1a1a1a)" in text
    assert re.findall(r"[^,]#[0-9a-f]{6}", text) == []


def test_a_value_is_where_it_is_figures_of_all_kinds():
    figure = figures_of_all_kinds()["estimates"]
    root = ET.fromstring(svg(figure, "f0"))
    (spot,) = [each for each in spots(root) if each.get("data-value")]
    assert spot.get("data-value") == "0.8"
    assert spot.find("title").text == "auto, lowest capacity, mean: 80 %"
    dot = next(each for each in root.iter("g") if each.get("class") == "value").find(".//use")
    x, wide = float(spot.get("x")), float(spot.get("width"))
    assert x <= float(dot.get("x")) <= x + wide
    y, high = float(spot.get("y")), float(spot.get("height"))
    assert y <= float(dot.get("y")) <= y + high


def test_very_many_steps_take_little_room():
    values = np.tile([1.0, 0.5], 500_000)
    values[123_457] = 0.0
    line = Timeline(np.arange(1_000_000.0), values, 1_000_000.0, "share")
    figure = capacity.figure(line)
    text = svg(figure, "f0")
    assert len(text) < 400_000
    assert len(figure.readout.readings) <= MOST_READINGS
    assert any("0 % to 100 %" in reading.text for reading in figure.readout.readings)


def test_a_value_is_where_it_is_drawn_on_an_axis_of_equal_ratios_too():
    root = parsed("sweep_lines")
    middle = [each.get("data-value") for each in spots(root)].index("1200.0")
    places = [float(each.get("x")) + float(each.get("width")) / 2 for each in spots(root)]
    first, second, third = places
    assert middle == 1
    assert second - first == pytest.approx(third - second, abs=4)  # at the ends half of it is cut


def test_an_image_in_a_figure_keeps_its_content():
    images = list(parsed("sweep_heat_map").iter("image"))
    assert images
    assert all(each.get("href").startswith("data:image/png;base64,") for each in images)
