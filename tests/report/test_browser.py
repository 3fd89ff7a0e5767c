"""The pages in a real browser: nothing overflows, all can be read and reached by keys, no value is
another one.
"""

import html
import re
from typing import NamedTuple

import pytest
from browser import browser, needs_chromium, needs_pdftotext
from made_results import OBJECTIVE, REFUSED, VARIANTS

import sim
from sim.systems import SYSTEM_TYPES

pytestmark = needs_chromium

WILD = "<img src=x onerror=console.log(1)>"
ROLE = "<b>Web&amp;"
TEXT = (
    REFUSED.replace("does it stay up?", f"is {WILD} up?").replace("WebRole", f"'{ROLE}'")
    + OBJECTIVE
)
FLEET = f"""\
# Question: is {WILD} up?
name: fleet
start: 2026-11-02T08:00
horizon: 90d
replications: 3
systems:
  plant:
    kind: arc_fleet
    groups:
      '{ROLE}': {{count: 20, os: windows}}
      linux: {{count: 20, os: linux}}
    also_supported: [Contoso/Agent]
    extensions:
      - {{publisher: Contoso, type: Agent, version: 1.0.0, enable_automatic_upgrade: true}}
operations:
  - at: 1d
    publish_extension: {{type: Agent, version: 1.1.0, unhealthy: {{os: windows}}}}
  - at: 30d
    publish_extension: {{type: Agent, version: 1.1.1}}
objectives: [{{metric: time_to_99, at_most: 60d}}]
"""
DOMAINS = "systems.shop.update_domains"
INSTANCES = f'systems.shop.roles."{ROLE}".instances'
FRAMES = {
    "narrow": (360, "light"),
    "dark": (360, "dark"),
    "usual": (900, "light"),
    "wide": (1800, "dark"),
}


class Made(NamedTuple):
    """Results, and their page."""

    results: object
    report: str


def of_run(_):
    results = sim.run(sim.loads(FLEET))
    return Made(results, results.report(figures="all"))


def of_comparison(_):
    results = sim.compare(sim.loads(TEXT + VARIANTS))
    return Made(results, results.report())


def of_sweep(_):
    results = sim.sweep(sim.loads(TEXT), {DOMAINS: [2, 4, 10], INSTANCES: [20, 40]})
    return Made(results, results.report())


def of_search(folder):
    text = TEXT.replace("  - {at: 2h, swap: {}}\n", "")
    return saved(sim.find(sim.loads(text), DOMAINS, 2, 12, max_replications=60), folder)


def of_assumptions(folder):
    text = TEXT.replace("instances: 20", "instances: {value: 20, assumed: true}")
    return saved(sim.assumptions(sim.loads(text)), folder)


def saved(results, folder):
    path = results.save(folder / "r")
    return Made(results, (path / "report.html").read_text(encoding="utf-8"))


PAGES = {
    "run": of_run,
    "comparison": of_comparison,
    "sweep": of_sweep,
    "search": of_search,
    "assumptions": of_assumptions,
}

MEASURE = """(() => {
  const w = window;
  const d = document, root = d.documentElement, visible = (e) => e.getClientRects().length > 0;
  const channels = (text) => text.match(/[\\d.]+/g).map(Number);
  const luminance = ([r, g, b]) => [r, g, b].map((c) => c / 255)
    .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
    .reduce((sum, c, k) => sum + c * [0.2126, 0.7152, 0.0722][k], 0);
  const behind = (e) => {
    for (; e; e = e.parentElement) {
      const colour = channels(w.getComputedStyle(e).backgroundColor);
      if (colour.length < 4 || colour[3] > 0) return colour;
    }
  };
  const contrast = (e) => {
    const style = w.getComputedStyle(e);
    const ink = channels(e.tagName === "text" ? style.fill : style.color);
    const [low, high] = [luminance(ink), luminance(behind(e))].sort((a, b) => a - b);
    return (high + 0.05) / (low + 0.05);
  };
  for (const each of d.querySelectorAll("details")) each.open = true;
  const texts = [...d.body.querySelectorAll("*:not(script, style, title)")].filter((e) =>
    visible(e) && [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim()));
  const within = (e) => e.closest(".wide, .canvas, pre, .skip");
  const spots = [...d.querySelectorAll(".spot[data-value]")].map((e) => {
    e.scrollIntoView({ block: "center", inline: "center" });
    const box = e.getBoundingClientRect();
    const hit = d.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
    return { said: e.textContent, value: e.dataset.value, hit: hit?.textContent };
  });
  w.scrollTo(0, 0);
  const verdict = d.querySelector("#verdict").getBoundingClientRect();
  return {
    width: w.innerWidth,
    dark: w.matchMedia("(prefers-color-scheme: dark)").matches,
    scrollWidth: root.scrollWidth,
    outside: texts.filter((e) => !within(e) && e.getBoundingClientRect().right > w.innerWidth)
      .map((e) => e.textContent.slice(0, 40)),
    verdict: { top: verdict.top, bottom: verdict.bottom, text: d.querySelector("#verdict").innerText },
    faint: texts.filter((e) => contrast(e) < 4.5)
      .map((e) => `${contrast(e).toFixed(2)} ${e.tagName} ${e.textContent.slice(0, 40)}`),
    texts: texts.length,
    markup: d.querySelectorAll("img, b").length,
    shown: d.body.innerText,
    spots,
  };
})()"""


FOCUSED = """(() => {
  const e = document.activeElement, style = getComputedStyle(e), box = e.getBoundingClientRect();
  const all = [...document.querySelectorAll("a[href], button, summary, [tabindex]")];
  return {
    place: all.filter((e) => e.checkVisibility()).indexOf(e),
    ring: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0,
    seen: box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth,
    said: e.outerHTML.slice(0, 60),
  };
})()"""
STOPS = """[...document.querySelectorAll("a[href], button, summary, [tabindex]")]
  .filter((e) => e.checkVisibility()).length"""
SORT = """(() => {
  const table = document.querySelector("#results .wide:nth-of-type(2) table");
  table.tHead.querySelectorAll("button")[1].focus();
})()"""
SORTED = """[...document.querySelector("#results .wide:nth-of-type(2) table").tBodies[0].rows]
  .map((row) => row.cells[1].dataset.value)"""


@pytest.fixture(scope="module")
def tab():
    with browser() as started:
        yield started


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The results of each kind and their pages, in a folder."""
    folder = tmp_path_factory.mktemp("pages")
    found = {}
    for name, make in PAGES.items():
        found[name] = make(folder / name)
        (folder / f"{name}.html").write_text(found[name].report, encoding="utf-8")
    return found, folder


@pytest.fixture(scope="module")
def seen(tab, made):
    """What the browser measured of each page in each frame."""
    found = {}
    for name in PAGES:
        for frame, (width, scheme) in FRAMES.items():
            tab.show(made[1] / f"{name}.html", width, scheme)
            found[name, frame] = tab.evaluate(MEASURE)
    return found


every_page = pytest.mark.parametrize("page", PAGES)
every_frame = pytest.mark.parametrize("frame", FRAMES)


@every_page
@every_frame
def test_nothing_is_wider_than_the_screen(seen, page, frame):
    found = seen[page, frame]
    assert (found["width"], found["dark"]) == (FRAMES[frame][0], FRAMES[frame][1] == "dark")
    assert found["scrollWidth"] <= found["width"]
    assert found["outside"] == []


@every_page
@every_frame
def test_every_text_can_be_read(seen, page, frame):
    assert seen[page, frame]["texts"] > 60
    assert seen[page, frame]["faint"] == []


@every_page
@every_frame
def test_the_verdict_is_seen_at_once(seen, made, page, frame):
    verdict = seen[page, frame]["verdict"]
    assert 0 < verdict["top"] < 500
    (word,) = re.findall(r'<h2 id="verdict-word">(.*?)</h2>', made[0][page].report)
    assert verdict["text"].startswith(html.unescape(word))


def test_the_console_is_silent(seen, tab):
    assert seen
    assert tab.console == []


def spots(seen, page, frame, of=""):
    """What is said where one points, with its number; each is what the browser finds there."""
    found = [each for each in seen[page, frame]["spots"] if of in each["said"]]
    assert found
    texts = {each["said"] for each in seen[page, frame]["spots"]}
    assert {each["hit"] for each in found} <= texts
    return {each["said"]: float(each["value"]) for each in found}


@every_frame
def test_what_is_pointed_at_in_a_run_is_the_number_of_the_summary(seen, made, frame):
    titles = {name: each.title for name, each in SYSTEM_TYPES["arc_fleet"].metrics.items()}
    found = {
        (row["group"], titles[row["metric"]]): row
        for row in made[0]["run"].results.rows("summary")
        if row["metric"] in titles
    }
    told = spots(seen, "run", frame)
    complied = {said: value for said, value in told.items() if "median / bad" in said}
    assert len(complied) == 3 * 4
    for said, value in complied.items():
        group, title, _ = said.split(", ", 2)
        assert found["" if group == "all together" else group, title]["p50"] == value
    spread = {said: value for said, value in told.items() if " of the runs" in said}
    assert len(spread) == 4 * 3
    for said, value in spread.items():
        title, share = re.fullmatch("baseline, (.*) at most .* in ([0-9]+) % .*", said).groups()
        assert found["", title][f"p{share}"] == value
    assert len(told) == len(complied) + len(spread)


@every_frame
def test_what_is_pointed_at_in_a_comparison_is_the_number_of_the_summary(seen, made, frame):
    results = made[0]["comparison"].results
    found = {(row["variant"], row["metric"]): row for row in results.rows("summary")}
    told = spots(seen, "comparison", frame, "lowest capacity").items()
    variants = [one.name for one in results.about.variants]
    differences = {
        f"{row['variant']} against {row['baseline']}": row["difference"]
        for row in results.rows("comparison")
        if (row["metric"], row["group"]) == ("min_capacity", "")
    }
    assert differences
    assert {said.split(",")[0]: value for said, value in told} == differences | {
        name: found[name, "min_capacity"]["p50"] for name in variants
    }


@every_frame
def test_what_is_pointed_at_in_a_sweep_is_a_mean_of_the_table(seen, made, frame):
    rows = made[0]["sweep"].results.rows("sweep")
    means = {
        (row["update_domains"], row["instances"]): row["mean"]
        for row in rows
        if (row["metric"], row["group"]) == ("min_capacity", "")
    }
    told = {}
    for said, value in spots(seen, "sweep", frame, ": Lowest capacity").items():
        point = re.search(r"update_domains (\d+), instances (\d+)", said)
        told[tuple(map(float, point.groups()))] = value
    assert told == means


@every_frame
def test_what_is_pointed_at_in_a_search_is_the_share_of_the_table(seen, made, frame):
    rows = made[0]["search"].results.rows()
    told = spots(seen, "search", frame).items()
    assert {said.split(":")[0]: value for said, value in told} == {
        f"update_domains {row['value']}": row["share"] for row in rows
    }


@every_frame
def test_what_is_pointed_at_in_a_tornado_is_a_mean_of_the_table(seen, made, frame):
    results = made[0]["assumptions"].results
    told = spots(seen, "assumptions", frame)
    means = {row["mean"] for row in results.rows() if row["metric"]}
    assert set(told.values()) <= means
    assert any(f"{ROLE}.instances, doubled" in said for said in told)


@every_page
def test_markup_in_a_name_stays_text(seen, page):
    assert seen[page, "usual"]["markup"] == 0
    assert WILD in seen[page, "usual"]["shown"]
    assert ROLE in seen[page, "usual"]["shown"]


def test_a_column_of_numbers_is_sorted_by_its_numbers(tab, made):
    tab.show(made[1] / "comparison.html")
    tab.evaluate(SORT)
    tab.press("Enter")
    values = [float(value) for value in tab.evaluate(SORTED)]
    assert len(values) == 3
    assert values == sorted(values)


@every_page
@pytest.mark.parametrize("width", [360, 900])
def test_tab_goes_through_the_page_in_its_order_and_is_seen_where_it_is(tab, made, page, width):
    tab.show(made[1] / f"{page}.html", width)
    stops = tab.evaluate(STOPS)
    places = []
    for _ in range(stops):
        tab.press("Tab")
        at = tab.evaluate(FOCUSED)
        assert at["ring"], at
        assert at["seen"], at
        places.append(at["place"])
    assert places == [*range(stops)]


@every_page
def test_enter_on_the_first_stop_skips_to_the_verdict(tab, made, page):
    tab.show(made[1] / f"{page}.html")
    tab.press("Tab")
    tab.press("Enter")
    assert tab.evaluate("location.hash") == "#verdict"


@needs_pdftotext
@every_page
def test_no_figure_is_cut_on_paper(tab, made, page, tmp_path):
    tab.show(made[1] / f"{page}.html")
    pages = tab.printed(tmp_path / "paper.pdf")
    assert all(abs(size["width"] - 595) < 2 for size, _ in pages)  # A4, 210 mm
    outside = [
        word
        for size, words in pages
        for word, box in words
        if box["xMax"] > size["width"] - 20 or box["xMin"] < 20 or box["yMax"] > size["height"]
    ]
    assert outside == []
    texts = [" ".join(word for word, _ in words) for _, words in pages]
    report = made[0][page].report
    captions = re.findall(r"<figcaption><strong>(.*?)</strong>", report)
    drawn = re.findall(r"<svg .*?</svg>", report, re.DOTALL)
    assert len(captions) == len(drawn) > 0
    for caption, drawing in zip(captions, drawn, strict=True):
        last = re.findall(r"<text [^>]*>(.*?)</text>", drawing)[-1]  # of the legend
        begins, ends = (
            {k for k, text in enumerate(texts) if html.unescape(words) in text}
            for words in (caption, last)
        )
        assert begins & ends, (caption, last, begins, ends)
