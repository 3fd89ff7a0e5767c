"""A page of any content: nothing of it is markup, all of it is there without a script."""

import re
from html.parser import HTMLParser

from sim.report.content import (
    Cell,
    Code,
    Drawing,
    Folded,
    Listing,
    Output,
    Page,
    Paragraphs,
    Section,
    Table,
    Verdict,
)
from sim.report.rendering import render, render_output

WILD = """<script>alert('x')</script><b a="1">&amp;{{ 7 * 7 }}</style>"""
TABLE = Table(WILD, [WILD, "value"], [[WILD, Cell(WILD, "0.8", WILD, "met")]], WILD)
SVG = '<svg viewBox="0 0 1 1" role="img" aria-label="t"><title>t</title></svg>'


def page(*blocks, **changes):
    settings = {
        "name": WILD,
        "question": WILD,
        "size": WILD,
        "verdict": Verdict("missed", "Objective missed", WILD),
        "warnings": [WILD],
        "sections": [Section("all", "All", blocks)],
        "made_by": WILD,
    }
    return render(Page(**(settings | changes)))


EVERY = [
    TABLE,
    Paragraphs([WILD, f" {WILD}"]),
    Listing([WILD]),
    Code(WILD, WILD),
    Drawing(WILD, WILD, SVG, TABLE, WILD),
    Folded(WILD, [Folded(WILD, [TABLE])]),
]


class Reader(HTMLParser):
    """Counts elements and keeps what they hold."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.attributes, self.texts, self.open = [], [], [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes.append((tag, dict(attrs)))
        if tag not in ("meta", "link"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.append(data)


def test_what_comes_from_a_file_is_never_markup():
    read = Reader(page(*EVERY))
    assert read.tags.count("script") == 1
    assert read.tags.count("style") == 1
    assert "b" not in read.tags
    shown = "".join(read.texts) + "".join(
        text or "" for _, a in read.attributes for text in a.values()
    )
    assert shown.count(WILD) > 20
    assert "49" not in shown


def test_everything_that_opens_closes():
    assert Reader(page(*EVERY)).open == []


def test_headings_are_in_order_and_every_part_has_its_name():
    text = page(*EVERY)
    levels = [int(level) for level in re.findall(r"<h(\d)", text)]
    assert levels[0] == 1
    assert set(levels[1:]) == {2}
    read = Reader(text)
    ids = [attributes["id"] for _, attributes in read.attributes if "id" in attributes]
    assert len(ids) == len(set(ids))
    named = [a["aria-labelledby"] for _, a in read.attributes if "aria-labelledby" in a]
    assert set(named) <= set(ids)
    links = [a["href"][1:] for tag, a in read.attributes if tag == "a"]
    assert set(links) <= set(ids)
    assert links[0] == "verdict"  # the first thing that a keyboard reaches


def test_headers_of_tables_say_what_they_head():
    read = Reader(page(TABLE))
    assert [a.get("scope") for tag, a in read.attributes if tag == "th"] == ["col", "col", "row"]
    (cell,) = [a for tag, a in read.attributes if tag == "td"]
    assert cell["data-value"] == cell["title"] == "0.8"
    assert cell["class"] == "met"


def test_what_scrolls_is_reached_by_keyboard_and_named():
    read = Reader(page(*EVERY))
    scrolled = [a for _, a in read.attributes if a.get("class") in ("wide", "canvas")]
    scrolled += [a for tag, a in read.attributes if tag == "pre"]
    assert len(scrolled) == 5
    assert all(a["tabindex"] == "0" and a["role"] == "region" and a["aria-label"] for a in scrolled)


def test_nothing_is_loaded_from_anywhere():
    read = Reader(page(*EVERY))
    places = [a.get("src", a.get("href", "")) for tag, a in read.attributes if tag != "a"]
    assert {place for place in places if place} == {"data:,"}
    assert "@import" not in page()
    assert "url(" not in page()


def test_a_section_without_content_is_not_shown():
    text = page(sections=[Section("empty", "Empty", []), Section("full", "Full", [Listing(["x"])])])
    assert "Empty" not in text
    assert 'href="#full"' in text
    assert 'id="told"' not in page(warnings=[])


def test_the_title_says_the_verdict():
    assert "<title>shop: Objective missed</title>" in page(name="shop")


def test_an_output_of_a_notebook_escapes_all_and_styles_only_itself():
    text = render_output(Output(WILD, Verdict("met", "Met", WILD), EVERY))
    read = Reader(text)
    assert read.open == []
    assert "script" not in read.tags
    assert "b" in read.tags
    rules = text.split("<style>")[1].split("</style>")[0]
    selectors = [each for rule in re.findall(r"([^{}]+)\{", rules) for each in rule.split(",")]
    assert all(each.strip().startswith(".rollout-sim") for each in selectors)
