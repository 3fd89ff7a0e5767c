"""The page in a real browser: nothing overflows, everything can be read, no value is another one."""

import html
import re

import pytest
from browser import measured, needs_chromium, needs_pdftotext, printed
from made_results import OBJECTIVE, REFUSED, VARIANTS

import sim

pytestmark = needs_chromium

WILD = "<img src=x onerror=console.log(1)>"
TEXT = (
    REFUSED.replace("does it stay up?", f"is {WILD} up?").replace("WebRole", "'<b>Web&amp;'")
    + OBJECTIVE
    + VARIANTS
)
FRAMES = {
    "narrow": (360, "light"),
    "dark": (360, "dark"),
    "usual": (900, "light"),
    "wide": (1800, "dark"),
}

MEASURE = """(w) => {
  const d = w.document, root = d.documentElement, visible = (e) => e.getClientRects().length > 0;
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
  const table = d.querySelector("#results .wide:nth-of-type(2) table") ?? d.querySelector("table");
  const column = () => [...table.tBodies[0].rows].map((row) => row.cells[1].dataset.value ?? "");
  table.tHead.querySelectorAll("button")[1]?.click();
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
    sorted: column(),
  };
}"""


@pytest.fixture(scope="module")
def results():
    return sim.compare(sim.loads(TEXT))


@pytest.fixture(scope="module")
def seen(results, tmp_path_factory):
    """What the browser measured by frame, and its console."""
    page = results.report()
    frames = [(page, width, scheme) for width, scheme in FRAMES.values()]
    found, console = measured(frames, MEASURE, tmp_path_factory.mktemp("browser"))
    return dict(zip(FRAMES, found, strict=True)), console


@pytest.mark.parametrize("frame", FRAMES)
def test_nothing_is_wider_than_the_screen(seen, frame):
    found = seen[0][frame]
    assert (found["width"], found["dark"]) == (FRAMES[frame][0], FRAMES[frame][1] == "dark")
    assert found["scrollWidth"] <= found["width"]
    assert found["outside"] == []


@pytest.mark.parametrize("frame", FRAMES)
def test_every_text_can_be_read(seen, frame):
    assert seen[0][frame]["texts"] > 200
    assert seen[0][frame]["faint"] == []


def test_the_console_is_silent(seen):
    assert seen[1] == []


@pytest.mark.parametrize("frame", FRAMES)
def test_the_verdict_is_seen_at_once(seen, results, frame):
    verdict = seen[0][frame]["verdict"]
    assert 0 < verdict["top"] < 500
    assert results.conclusion.sentence.splitlines()[0] in verdict["text"]


@pytest.mark.parametrize("frame", FRAMES)
def test_what_is_pointed_at_is_the_number_of_the_summary(seen, results, frame):
    found = {(row["variant"], row["metric"]): row for row in results.rows("summary")}
    spots = [each for each in seen[0][frame]["spots"] if "lowest capacity" in each["said"]]
    assert [each["hit"] for each in spots] == [each["said"] for each in spots]
    told = {each["said"].split(",")[0]: float(each["value"]) for each in spots}
    variants = [one.name for one in results.about.variants]
    assert told == {name: found[name, "min_capacity"]["p50"] for name in variants}


def test_markup_in_a_name_stays_text(seen):
    assert seen[0]["usual"]["markup"] == 0
    assert WILD in seen[0]["usual"]["shown"]
    assert "<b>Web&amp;" in seen[0]["usual"]["shown"]


def test_a_column_of_numbers_is_sorted_by_its_numbers(seen):
    values = [float(value) for value in seen[0]["usual"]["sorted"]]
    assert len(values) == 3
    assert values == sorted(values)


@needs_pdftotext
def test_no_figure_is_cut_on_paper(results, tmp_path):
    folder = results.save(tmp_path / "r")
    pages = printed(folder / "report.html", tmp_path)
    assert all(abs(size["width"] - 595) < 2 for size, _ in pages)  # A4, 210 mm
    outside = [
        word
        for size, words in pages
        for word, box in words
        if box["xMax"] > size["width"] - 20 or box["xMin"] < 20 or box["yMax"] > size["height"]
    ]
    assert outside == []
    texts = [" ".join(word for word, _ in words) for _, words in pages]
    report = results.report()
    captions = re.findall(r"<figcaption><strong>(.*?)</strong>", report)
    drawn = re.findall(r"<svg .*?</svg>", report, re.DOTALL)
    assert len(captions) == len(drawn) > 1
    for caption, drawing in zip(captions, drawn, strict=True):
        last = re.findall(r"<text [^>]*>(.*?)</text>", drawing)[-1]  # of the legend
        begins, ends = (
            {k for k, text in enumerate(texts) if html.unescape(words) in text}
            for words in (caption, last)
        )
        assert begins & ends, (caption, last, begins, ends)
