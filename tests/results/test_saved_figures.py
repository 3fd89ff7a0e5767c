"""Which figures a folder has, and a report of it made again."""

import pytest

import sim
from sim.core.errors import ScenarioError
from sim.results.saved_figures import chosen


class Three:
    def figures(self, *, main=False):
        names = ("one",) if main else ("one", "two", "three")
        yield from ((name, None) for name in names)


@pytest.mark.parametrize(("figures", "count"), [("all", 3), ("main", 1), ("none", 0)])
def test_as_many_are_drawn_as_are_asked_for(figures, count):
    assert len(list(chosen(Three(), figures))) == count


def test_another_choice_is_refused_before_anything_is_drawn():
    with pytest.raises(ScenarioError, match="must be a choice of figures"):
        chosen(Three(), "most")


@pytest.mark.parametrize("figures", ["main", "all"])
def test_a_report_made_again_shows_those_of_the_folder(figures, ran, tmp_path):
    folder = ran.save(tmp_path / "r", figures=figures)
    text = (folder / "report.html").read_text(encoding="utf-8")
    assert sim.open_results(folder).report() == text
    assert text.count("<svg ") == len(list((folder / "figures").iterdir()))


def test_a_report_shows_the_main_figures_where_the_folder_has_none(ran, tmp_path, quick_pictures):  # noqa: ARG001
    opened = sim.open_results(ran.save(tmp_path / "r", figures="none"))
    assert opened.report() == opened.report(figures="main") != opened.report(figures="all")
