"""Reports of folders made again, of whatever kind the folder is."""

import pytest
from guessing import RESTART, two_ways, walk
from searches import CAPACITY, DOMAINS

import sim
from sim.core.errors import ScenarioError
from sim.results.pages.renewing import renew_report

SHOP = """\
horizon: 3h
replications: 3
systems:
  shop: {kind: cloud_service, roles: {Web: {instances: 4, restart: 4min}}}
operations: [{at: 10min, upgrade_deployment: {}}]
"""


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


def test_that_of_a_search_is_the_same(finding, tmp_path):
    first, second = again(finding, tmp_path)
    assert first == second
    assert first.count("<svg ") == 1


def test_that_of_a_search_of_variants_too(tmp_path):
    variants = "variants: {most: {}, half: {objectives.0.at_least: 50%}}\n"
    first, second = again(sim.find(sim.loads(CAPACITY + variants), DOMAINS, 2, 20), tmp_path)
    assert first == second
    assert first.count("<svg ") == 2


def test_that_of_assumptions_too(tmp_path):
    first, second = again(sim.assumptions(walk()), tmp_path)
    assert first == second
    assert first.count("<svg ") == 1


def test_that_of_assumptions_in_variants_too(tmp_path):
    first, second = again(sim.assumptions(two_ways(), of=[RESTART]), tmp_path)
    assert first == second


def test_that_of_assumptions_with_all_pictures_too(tmp_path):
    folder = sim.assumptions(walk()).save(tmp_path / "r", figures="all")
    first = (folder / "report.html").read_text(encoding="utf-8")
    renew_report(folder)
    assert (folder / "report.html").read_text(encoding="utf-8") == first
    assert first.count("<svg ") == 4


def test_a_folder_without_pictures_gets_a_report_that_has_them(finding, tmp_path):
    folder = finding.save(tmp_path / "r", figures="none")
    assert "<svg " not in (folder / "report.html").read_text(encoding="utf-8")
    renew_report(folder)
    assert "<svg " in (folder / "report.html").read_text(encoding="utf-8")


def test_that_of_a_run_is_the_same(ran, tmp_path):
    first, second = again(ran, tmp_path)
    assert first == second


def test_a_report_tells_what_each_assumption_weighs(tmp_path):
    folder = sim.run(walk()).save(tmp_path / "r", figures="none")
    weighed = sim.assumptions(walk()).save(tmp_path / "a", figures="none")
    renew_report(folder, weighed)
    text = (folder / "report.html").read_text(encoding="utf-8")
    assumed = text.split('<section id="assumptions"')[1].split("</section>")[0]
    assert "doubled: mean done in &lt;= 20min" in assumed
    other = sim.run(walk().override({"name": "x"})).save(tmp_path / "o", figures="none")
    assert sim.open_results(other).about.inputs == sim.open_results(folder).about.inputs
    with pytest.raises(ScenarioError, match="must be results of assumptions with the same"):
        renew_report(folder, folder)


def test_only_runs_and_comparisons_show_what_assumptions_weigh(finding, tmp_path):
    weighed = sim.assumptions(walk()).save(tmp_path / "a", figures="none")
    swept = sim.sweep(walk(), {"horizon": ["2h", "3h"]})
    for results, kind in ((finding, "find"), (swept, "sweep")):
        folder = results.save(tmp_path / kind, figures="none")
        rule = f"must be results of run or compare to show assumptions, got those of {kind}"
        with pytest.raises(ScenarioError, match=rule):
            renew_report(folder, weighed)
    with pytest.raises(ScenarioError, match="got those of assumptions"):
        renew_report(weighed, weighed)


def test_a_folder_of_an_earlier_version_is_refused(finding, tmp_path, monkeypatch):
    folder = finding.save(tmp_path / "r", figures="none")
    monkeypatch.setattr("sim.results.pages.renewing.find_page", lambda about, *_: about["later"])
    with pytest.raises(
        ScenarioError,
        match="must be results in the form that this version reads, got those of rollou",
    ):
        renew_report(folder)


def test_without_the_files_that_a_scenario_names_it_says_so(tmp_path):
    (tmp_path / "times.csv").write_text("t\n60\n120\n", encoding="utf-8")
    text = SHOP.replace("4min", "{empirical: {csv: times.csv, column: t}}")
    (tmp_path / "s.yaml").write_text(text, encoding="utf-8")
    folder = sim.run(tmp_path / "s.yaml").save(tmp_path / "r")
    assert "No run can be made again" not in (folder / "report.html").read_text(encoding="utf-8")
    renew_report(folder)
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert page.count("No run can be made again from this folder: ") == 2
    assert "times.csv" in page
    assert page.count("<img ") == len(list((folder / "figures").iterdir()))
    assert 'id="results"' in page
