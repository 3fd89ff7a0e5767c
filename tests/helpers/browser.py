"""Pages in a real browser, which measures them itself: one start for any number of widths."""

import html
import json
import re
import shutil
import subprocess

import pytest

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
PDFTOTEXT = shutil.which("pdftotext")

needs_chromium = pytest.mark.skipif(
    CHROMIUM is None, reason="needs Chromium, such as Debian's package chromium"
)
needs_pdftotext = pytest.mark.skipif(
    PDFTOTEXT is None, reason="needs pdftotext, such as Debian's package poppler-utils"
)

_FRAME = (
    '<iframe style="color-scheme:{scheme};width:{width}px;height:900px" srcdoc="{page}"></iframe>'
)
_HARNESS = """<!doctype html><meta charset="utf-8"><title>harness</title><body>{frames}<script>
addEventListener("load", () => {{
  const measure = {measure};
  const all = [...document.querySelectorAll("iframe")].map((each) => measure(each.contentWindow));
  const found = document.createElement("pre");
  found.id = "found";
  found.textContent = JSON.stringify(all);
  document.body.replaceChildren(found);
}});
</script>"""


def _browse(folder, *options):
    """Chromium with a profile of its own: what it prints, and what it logs."""
    command = [
        CHROMIUM,
        "--headless=new",
        "--no-sandbox",  # tests may be run by root
        "--disable-gpu",
        "--hide-scrollbars",
        "--enable-logging=stderr",
        f"--user-data-dir={folder / 'profile'}",
        *options,
    ]
    done = subprocess.run(command, capture_output=True, timeout=120, check=True, text=True)
    return done.stdout, re.findall(r"CONSOLE.*", done.stderr)


def measured(frames, measure, folder):
    """What `measure`, a JavaScript function of a window, gives in each frame; console messages.

    `frames` are (page, width in pixels, "light" or "dark").
    """
    shown = [
        _FRAME.format(scheme=scheme, width=width, page=html.escape(page))
        for page, width, scheme in frames
    ]
    file = folder / "harness.html"
    file.write_text(_HARNESS.format(frames="".join(shown), measure=measure), encoding="utf-8")
    said, console = _browse(folder, "--dump-dom", file.as_uri())
    found = re.search(r'<pre id="found">(.*?)</pre>', said, re.DOTALL)
    assert found, f"the harness did not come to its end: {console}"
    return json.loads(html.unescape(found[1])), console


def printed(file, folder):
    """The pages of a file on paper: each its size and its words with their boxes, in points."""
    paper = folder / "paper.pdf"
    _browse(folder, "--no-pdf-header-footer", f"--print-to-pdf={paper}", file.as_uri())
    words = [PDFTOTEXT, "-bbox", paper, "-"]
    text = subprocess.run(words, capture_output=True, check=True, text=True).stdout
    pages = []
    for size, body in re.findall(r"<page (.*?)>(.*?)</page>", text, re.DOTALL):
        boxes = re.findall(r"<word (.*?)>(.*?)</word>", body)
        pages.append(
            (_numbers(size), [(html.unescape(word), _numbers(box)) for box, word in boxes])
        )
    return pages


def _numbers(attributes):
    return {name: float(value) for name, value in re.findall(r'(\w+)="([\d.]+)"', attributes)}
