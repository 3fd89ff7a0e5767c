"""Figures as parts of a page: text is text, ids are their own, values are where they are drawn."""

import re
from functools import cache
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from sim.core.timelines import Timeline
from sim.plots import (
    availability,
    capacity,
    distribution,
    estimates,
    gantt,
    overlay,
    queue,
    sweep_front,
    sweep_heat_map,
    sweep_lines,
    tornado,
    trials,
    up_to_date,
    variants,
)
from sim.plots.distribution import Curve, Quantile
from sim.plots.estimates import Estimate, Panel
from sim.plots.gantt import Interval
from sim.plots.style import png
from sim.plots.svg import MOST_READINGS, svg
from sim.plots.sweep_axes import Along

DIP = Timeline(np.array([0.0, 600.0, 1200.0]), np.array([1.0, 0.8, 1.0]), 3600.0, "share")
DOWN = Timeline(DIP.times, np.array([1.0, 0.0, 1.0]), 3600.0, "0/1")
BUSY = Timeline(np.array([0.0, 600.0, 1200.0]), np.array([0.0, 7.0, 2.0]), 3600.0, "count")
DOMAINS = Along("domains", "", ["2", "8", "32"], np.array([2.0, 8.0, 32.0]))
WORDS = Along("mode", "", ["a", "b"], None)
SIDES = [np.array([1.0, 2.0, 3.0]) * by for by in (600.0, 500.0, 700.0)]
MEANS = sweep_lines.Curve(*SIDES)
GRID = np.arange(6.0).reshape(2, 3)
GUESS = tornado.Row(
    "restart", tornado.Bar(600.0, 550.0, 650.0), tornado.Bar(np.nan, np.nan, np.nan, "none")
)
TRIED = trials.Panel(
    "capacity",
    "share",
    0.9,
    [trials.Point(9.0, 0.5, 0.4, 0.6, "missed"), trials.Point(10.0, 1.0, 0.95, 1.0, "met")],
)
WILD = '<script>alert("x")</script> & id="y" url(#z)'


@cache
def drawn():
    """A figure of each kind."""
    dots = [Estimate("auto", 0.8, 0.7, 0.9, "80 %"), Estimate("never", np.inf, text="> 2h")]
    bars = [Interval("domain 0", 0, 600, "ready"), Interval("domain 0", 600, 1200, "failing")]
    curve = Curve(np.array([0.7, 0.8]), np.array([0.5, 1.0]), 0.1, [Quantile(0.5, 0.7, 0.7, 0.8)])
    return {
        "capacity": capacity.figure(DIP, threshold=0.8, subtitle=WILD),
        "up_to_date": up_to_date.figure(DIP),
        "variants": variants.capacities({"auto": DIP, "manual": DIP}),
        "overlay": overlay.figure({WILD: DIP, "other": DIP}, "capacity"),
        "queue": queue.figure(BUSY, used=BUSY, slots=BUSY),
        "estimates": estimates.figure([Panel("lowest capacity", "share", "higher", dots)]),
        "gantt": gantt.figure(bars),
        "availability": availability.figure({"shop": DOWN}),
        "sweep_lines": sweep_lines.figure(
            [sweep_lines.Panel("done in", "s", {"auto": MEANS})], DOMAINS, title="T"
        ),
        "sweep_front": sweep_front.figure(
            sweep_front.Side("done in", "s", "lower", *SIDES),
            sweep_front.Side("hours lost", "member-hours", "lower", *SIDES),
            ["a", "b", "c"],
            ["yes", "no", ""],
            title="T",
        ),
        "sweep_heat_map": sweep_heat_map.figure(
            sweep_heat_map.Cells(GRID, np.full((2, 3), "met"), "s"), DOMAINS, WORDS, "x", title="T"
        ),
        "tornado": tornado.figure([GUESS], 900.0, "done in", "s", title="T"),
        "trials": trials.figure([TRIED], "domains", "count", title="T", bracket=(9.0, 10.0)),
        "distribution": distribution.figure({"auto": curve}, "capacity", "share", title="T"),
    }


KINDS = sorted(drawn())


def parsed(kind, name="f0"):
    return ET.fromstring(svg(drawn()[kind], name))


def spots(root):
    return [each for each in root.iter("rect") if each.get("class") == "spot"]


@pytest.mark.parametrize("kind", KINDS)
def test_every_figure_tells_its_numbers(kind):
    readout = drawn()[kind].readout
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
    assert svg(drawn()["capacity"], "f0") == svg(drawn()["capacity"], "f0")


def test_text_stays_text_and_the_title_is_left_to_the_page():
    figure = drawn()["capacity"]
    root = ET.fromstring(svg(figure, "f0"))
    texts = [each.text for each in root.iter("text")]
    assert "capacity (% of nominal)" in texts
    assert figure.title not in texts
    assert (
        root.get("aria-label")
        == figure.title
        == "Capacity falls to 80 % for 10min; never below 80 %"
    )
    assert png(figure) == png(drawn()["capacity"])  # it is drawn with its title elsewhere


def test_markup_in_a_name_is_no_markup():
    text = svg(drawn()["overlay"], "f0")
    assert "<script" not in text
    assert [each for each in ET.fromstring(text).iter("text") if "script" in (each.text or "")]


def test_colours_are_the_pages_own():
    text = svg(drawn()["capacity"], "f0")
    assert "var(--c1a1a1a,#1a1a1a)" in text
    assert re.findall(r"[^,]#[0-9a-f]{6}", text) == []


def test_a_value_is_where_it_is_drawn():
    figure = drawn()["estimates"]
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
