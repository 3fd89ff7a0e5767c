"""Reports of folders made again, of whatever kind the folder is."""

import pytest
from guessing import walk
from searches import CAPACITY, DOMAINS

import sim
from sim.results import renew_report


@pytest.fixture(scope="module")
def finding():
    return sim.find(sim.loads(CAPACITY), DOMAINS, 2, 20)


def again(results, tmp_path):
    """The report as it was saved, and as it is made again."""
    folder = results.save(tmp_path / "r")
    first = (folder / "report.html").read_text(encoding="utf-8")
    (folder / "report.html").unlink()
    assert renew_report(folder) == folder / "report.html"
    return first, (folder / "report.html").read_text(encoding="utf-8")


def without_figures(text):
    return text.split('<section id="figures"')[0], text.split('<section id="scenario"')[1]


def test_that_of_a_search_is_the_same_but_for_how_it_is_drawn(finding, tmp_path):
    first, second = again(finding, tmp_path)
    assert without_figures(first) == without_figures(second)
    assert "<svg" in first
    assert '<img alt="find" src="data:image/png;base64,' in second


def test_that_of_assumptions_too(tmp_path):
    first, second = again(sim.assumptions(walk()), tmp_path)
    assert without_figures(first) == without_figures(second)
    assert second.count("<img ") == first.count("<svg ")


def test_that_of_a_run_is_the_same(ran, tmp_path):
    first, second = again(ran, tmp_path)
    assert first == second
