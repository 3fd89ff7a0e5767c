"""The report of results: all that a decision asks for, from results or their folder."""

import numpy as np
import pytest
from made_results import CHANCE, OBJECTIVE, REFUSED

import sim
from sim.core.timelines import Timeline
from sim.plots import capacity, overlay
from sim.results.pages import page_parts
from sim.results.pages.page_parts import behind

PARTS = ("results", "figures", "plan", "dips", "requests", "assumptions", "scenario", "reproduce")
STEADY = Timeline(np.array([0.0]), np.array([1.0]), 3600.0, "share")


@pytest.fixture(scope="module")
def saved(ran, tmp_path_factory):
    folder = tmp_path_factory.mktemp("report") / "r"
    ran.save(folder, command="rollout-sim run shop.yaml --seed 1")
    return folder


@pytest.fixture(scope="module")
def text(saved):
    return (saved / "report.html").read_text(encoding="utf-8")


def test_every_part_is_there(text):
    assert all(f'<section id="{part}"' in text for part in PARTS)
    assert "does it stay up?" in text
    assert "rollout-sim run shop.yaml --seed 1" in text
    assert "restart (lognormal, median 4min)" in text
    assert "update domain 0, because of upgrade by upgrade_deployment-0" in text
    assert "In the mean case" in text
    assert "update_domains: 5" in text


def test_the_report_is_made_again_from_the_folder_alone(saved, text):
    assert sim.open_results(saved).report() == text


def test_a_figure_is_drawn_for_each_picture_that_is_saved(saved, text):
    pictures = list((saved / "figures").iterdir())
    assert text.count("<svg ") == len(pictures) > 0


def test_without_figures_there_is_a_report_all_the_same(ran, tmp_path):
    ran.save(tmp_path / "r", figures="none")
    text = (tmp_path / "r" / "report.html").read_text(encoding="utf-8")
    assert "<svg " not in text
    assert 'id="figures"' not in text
    assert 'id="results"' in text


def test_variants_are_told_apart(compared):
    text = compared.report()
    assert "simultaneous differs from auto in this:" in text
    assert "Paired differences between variants" in text
    assert "nothing: capacity never falls below what is nominal" in text


def test_what_was_refused_is_told_above_all_sections():
    text = sim.run(sim.loads(REFUSED + OBJECTIVE)).report()
    attention, sections = text.split("<nav ")
    assert "1 request was refused: 409 ConflictError" in attention
    assert "Refused" in sections


def test_names_with_markup_stay_text():
    wild = CHANCE.replace("WebRole", "'<i>Web&amp;'").replace("does it stay up?", "<u>up</u>?")
    text = sim.run(sim.loads(wild)).report()
    assert "<i>" not in text
    assert "<u>" not in text
    assert "&lt;i&gt;Web&amp;amp;" in text
    assert "&lt;u&gt;up&lt;/u&gt;?" in text


def test_what_is_too_large_for_the_page_is_named(monkeypatch):
    monkeypatch.setattr(page_parts, "MOST_DRAWN", 100)
    drawn = [(name, capacity.figure(STEADY)) for name in ("one", "two", "three")]
    first, others = page_parts.figures(drawn).blocks
    assert (first.svg, first.table) == ("", None)
    assert first.note == "This figure is too large for this page: see figures/one.png."
    assert others.subtitle == "figures/two.png and 1 more"


def test_a_figure_with_very_many_numbers_says_what_is_left_out(monkeypatch):
    monkeypatch.setattr(page_parts, "MOST_ROWS", 1)
    moving = Timeline(np.array([0.0, 600.0]), np.array([1.0, 0.5]), 3600.0, "share")
    table = behind(overlay.figure({"auto": moving}, "capacity"))
    assert len(table.rows) == 1
    assert table.note == "1 more rows are left out"


def test_a_scenario_as_long_as_a_file_may_be_is_cut():
    (folded,) = page_parts.scenarios({"it": "a: 1\n" * 200_000}).blocks
    assert len(folded.blocks[0].text) < 100_000
    assert folded.blocks[0].text.endswith("the rest is in scenario.resolved.yaml")


def test_of_very_many_systems_a_page_has_room_for_some(monkeypatch):
    monkeypatch.setattr(
        "sim.results.pictures.result_pictures.ResultPictures.figures", lambda *_, **__: iter([])
    )
    monkeypatch.setattr(page_parts, "MOST_SYSTEMS", 3)
    shop = "{kind: cloud_service, roles: {A: {instances: 9, restart: 2min}}}"
    systems = "".join(f"  system_{k}: {shop}\n" for k in range(9))
    text = sim.run(sim.loads(f"horizon: 1h\nsystems:\n{systems}")).report()
    assert text.count("Results of system_") == 2 * 3  # the caption, and what names the table
    assert "6 more systems are in summary.csv." in text
    assert "capacity of the first 3 systems never falls" in text
    verdict = text.split('id="verdict"')[1].split("</section>")[0]
    assert "system_2 " in verdict
    assert "system_3 " not in verdict
