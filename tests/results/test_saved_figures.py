"""Which figures a folder has, and a report of it made again."""

import pytest
from shells import python

import sim
from sim.core.errors import ScenarioError
from sim.results.saved_figures import chosen

SHOP = """\
horizon: 2h
systems:
  shop: {kind: cloud_service, roles: {Web: {instances: 10}}}
operations:
  - at: 1min
    upgrade_deployment: {}
"""
OBJECTIVE = "objectives:\n  - {metric: min_capacity, at_least: 80%}\n"
ASKED = {
    "run": SHOP,
    "compare": SHOP + 'variants:\n  a: {}\n  b: {"systems.shop.update_domains": 10}\n',
    "sweep": SHOP + 'sweep: {"systems.shop.update_domains": [5, 10]}\n',
    "find": SHOP + OBJECTIVE,
    "assumptions": SHOP,
}


class Three:
    @property
    def plot(self):
        return self

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


def test_no_figure_means_that_nothing_is_asked_to_draw():
    class Nothing:
        @property
        def plot(self):
            pytest.fail("it was asked for its pictures")

    assert list(chosen(Nothing(), "none")) == []


ANSWERED = """
import sys
from sim.cli import main
code = main([{command!r}, "scenario.yaml", {words}])
print([name for name in ("matplotlib", "PIL", "sim.plots.parts.style") if name in sys.modules], code)
"""


@pytest.mark.parametrize("command", list(ASKED))
@pytest.mark.parametrize("places", ['"--no-files"', '"--out", "r", "--figures", "none"'])
def test_nobody_waits_for_a_drawing_who_asked_for_none(command, places, tmp_path):
    words = f'"systems.shop.update_domains=2..20", {places}' if command == "find" else places
    (tmp_path / "scenario.yaml").write_text(ASKED[command], encoding="utf-8")
    done = python("-c", ANSWERED.format(command=command, words=words), cwd=tmp_path)
    assert done.stdout.endswith("\n[] 0\n")
