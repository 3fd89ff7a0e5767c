"""Tables come from runs just made, or from a folder, and are the same."""

import pytest
from made_results import CHANCE, OBJECTIVE
from pandas.testing import assert_frame_equal

import sim
from sim.results import tables
from sim.results.sources import TABLES

pytestmark = pytest.mark.usefixtures("quick_pictures")

CONFIGURED = """\
horizon: 3h
systems: {shop: {kind: cloud_service, roles: {Web: {instances: 4}}}}
operations:
  - {at: 10min, change_configuration: {configuration: {Web: 5}}}
"""


@pytest.mark.parametrize("which", ["ran", "compared"])
def test_folder_gives_the_same_tables_back(which, request, tmp_path):
    made = request.getfixturevalue(which)
    opened = sim.open_results(made.save(tmp_path / "r"))
    for name in TABLES:
        # A file knows no name of which it has no row, such as a variant without an event.
        both = (tables.frame(each.table(name)) for each in (made, opened))
        assert_frame_equal(*both, check_categorical=False)
    assert opened.about.objectives_met == made.about.objectives_met
    assert opened._repr_html_() == made._repr_html_()
    assert repr(opened) == repr(made)


def test_resolved_scenarios_read_back_and_run_alike(compared, tmp_path):
    folder = compared.save(tmp_path / "r")
    opened = sim.open_results(folder)
    assert sim.load(folder / "scenario.resolved.yaml") == sim.loads(CHANCE + OBJECTIVE)
    for one in compared.about.variants:
        assert opened.replay(2, one.name).log.equals(compared.replay(2, one.name).log)
        assert opened.replay(2, one.name).variant == one.name


def test_opened_results_can_be_saved_elsewhere(compared, tmp_path):
    first = compared.save(tmp_path / "a")
    second = sim.open_results(first).save(tmp_path / "b")
    assert_frame_equal(sim.open_results(second).comparison, compared.comparison)
    for file in ("scenario.resolved.yaml", "variants/1.resolved.yaml", "variants/2.resolved.yaml"):
        assert (second / file).read_bytes() == (first / file).read_bytes()


def test_pictures_of_a_folder_keep_the_first_replications_alone_in_memory(
    compared, tmp_path, monkeypatch
):
    monkeypatch.setattr("sim.files.tables.ROW_GROUP", 50)
    opened = sim.open_results(compared.save(tmp_path / "r", keep=["timelines"], figures="none"))
    asked, joined = [], tables.joined

    def look(parts, schema):
        asked.append(joined(parts, schema))
        return asked[-1]

    monkeypatch.setattr(tables, "joined", look)
    lines = [opened.line(one, ("shop", "capacity", "")) for one in opened.about.variants]
    expected = [compared.line(one, ("shop", "capacity", "")) for one in compared.about.variants]
    for line, other in zip(lines, expected, strict=True):
        assert line.times.tolist() == other.times.tolist()
        assert line.mean() == other.mean()
    (steps,) = asked
    assert set(steps.column("replication").to_pylist()) == {0}
    assert steps.num_rows < opened.table("timelines").num_rows


def test_lines_of_a_folder_have_the_units_that_they_had(tmp_path):
    computed = sim.run(sim.loads(CONFIGURED), replications=2)
    saved = sim.open_results(computed.save(tmp_path / "r"))
    (one,) = computed.about.variants
    every = computed._source.series(one)
    assert ("shop", "configuration", "Web") in every
    for key in every:
        assert saved._source.line(one, key).unit == computed._source.line(one, key).unit, key
