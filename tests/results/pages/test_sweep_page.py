"""The page of a sweep: what it comes to, the front, every point."""

from copy import copy
from dataclasses import replace

import pytest
import swept

from sim import open_results
from sim.report.content import Folded, Section
from sim.results.pages.renewing import renew_report
from sim.results.pages.sweep_page import sweep_report
from sim.results.verdict import ENDED_BADLY

NOTHING = Section("figures", "Figures", [])
MADE = {"command": "x", "versions": {}, "made_by": "rollout-sim", "made_at": "now"}


def page(results):
    return sweep_report(results, NOTHING, MADE)


@pytest.fixture
def results():
    return swept.results()


def changed(results, **changes):
    """The same with another conclusion, or with faults."""
    own = {name: changes.pop(name) for name in ("failed_replications",) if name in changes}
    conclusion = replace(results.about.conclusion, **changes)
    found = copy(results)
    found.about = replace(results.about, conclusion=conclusion, **own)
    return found


def test_the_verdict_is_what_the_sweep_says(results):
    made = page(results)
    for sentence in results.about.conclusion.sentences:
        assert sentence.rstrip(".") in made.verdict.sentence
    assert f"{results.about.points} points" in made.size


@pytest.mark.parametrize(
    ("met", "undecided", "missed", "tone"),
    [(1, 1, 1, "met"), (0, 1, 1, "undecided"), (0, 0, 1, "missed"), (0, 0, 0, "")],
)
def test_the_point_that_keeps_the_objectives_best_decides(results, met, undecided, missed, tone):
    found = page(changed(results, met=met, undecided=undecided, missed=missed))
    assert found.verdict.tone == tone


@pytest.mark.parametrize(("badly", "tone"), [(1, "met"), (2, "undecided")])
def test_points_that_meet_the_objectives_by_failed_upgrades_are_no_good_answer(
    results, badly, tone
):
    found = page(changed(results, met=2, undecided=0, missed=1, met_badly=badly))
    assert found.verdict.tone == tone
    assert (found.verdict.word == ENDED_BADLY) == (tone == "undecided")


def test_the_front_stands_above_every_point(results):
    asked, front, every = page(results).sections[0].blocks[:3]
    assert asked.lines[0].startswith("Objectives: ")
    assert front.caption == "On the front"
    assert isinstance(every, Folded)
    (table,) = every.blocks
    standings = results.arrow("points").column("front").to_pylist()
    assert len(front.rows) == standings.count("yes") > 0
    assert len(table.rows) == len(standings)
    assert all(len(row) == len(table.headings) for row in [*table.rows])


def test_numbers_are_those_of_the_table(results):
    (table,) = page(results).sections[0].blocks[2].blocks
    place = table.headings.index("lowest capacity")
    key = next(key for key in results.keys if key.metric == "min_capacity" and not key.group)
    shown = [float(row[place].value) for row in table.rows]
    assert shown == results.column(key, "mean").tolist()


def test_the_report_is_made_again_from_the_folder(results, tmp_path, monkeypatch):
    monkeypatch.setattr("sim.plots.parts.style.png", lambda _: b"a picture")
    monkeypatch.setattr("sim.plots.parts.svg.svg", lambda *_: "a drawing")
    folder = results.save(tmp_path / "r")
    first = (folder / "report.html").read_text(encoding="utf-8")
    assert open_results(folder).report() == first
    renew_report(folder)
    assert (folder / "report.html").read_text(encoding="utf-8") == first
    assert first.count("a drawing") == len(list((folder / "figures").iterdir())) > 0


def test_a_notebook_shows_the_verdict_the_front_and_its_picture(results):
    page = results._repr_html_()
    assert "<b>small-sweep: 6 points, 12 replications each, window 0..3h</b>" in page
    assert results.about.conclusion.sentences[1].rstrip(".") in page.split("<table")[0]
    assert page.count("<svg") == 1
    assert page.count("<tr>") == 1 + min(20, len(results.about.conclusion.front))
