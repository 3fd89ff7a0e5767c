"""What stands in each file of a result folder: all that is written is told, and no more."""

import pandas as pd
import pytest
from places import SCENARIOS

import sim
from sim.results.columns import COLUMNS, FILES, SHARED, TABLES, chapter, example, meaning


@pytest.mark.parametrize("name", TABLES)
def test_every_column_has_a_sentence_and_no_sentence_is_of_none(name):
    columns = TABLES[name][1].names
    assert all(meaning(name, column).endswith(".") for column in columns)
    assert set(COLUMNS.get(name, {})) <= set(columns)


@pytest.mark.parametrize("name", TABLES)
def test_the_example_of_a_table_reads_it_and_its_columns(name, monkeypatch):
    file, schema = TABLES[name]
    read = []

    def empty(path):
        read.append(path)
        return schema.empty_table().to_pandas()

    monkeypatch.setattr(pd, "read_csv", empty)
    monkeypatch.setattr(pd, "read_parquet", empty)
    eval(example(name), {"pd": pd})
    assert read == [file]


def test_what_several_tables_share_is_in_one():
    known = {column for _, schema in TABLES.values() for column in schema.names}
    assert set(SHARED) <= known


def test_every_file_of_a_search_and_of_guesses_is_told(tmp_path):
    scenario = sim.load(SCENARIOS / "five-domains-auto.yaml")
    found = sim.find(scenario, "systems.shop.update_domains", 4, 5, max_replications=30)
    guessed = sim.assumptions(scenario, ["systems.shop.update_domains"], replications=2)
    over = {"systems.shop.update_domains": [4, 5]}
    swept = sim.sweep(scenario, over, replications=2)
    for one, name in ((found, "f"), (guessed, "g"), (swept, "s")):
        folder = one.save(tmp_path / name, figures="none")
        written = {path.name for path in folder.iterdir() if path.is_file()}
        assert written <= set(FILES)


@pytest.mark.parametrize(
    ("name", "make"),
    [("bad-build-in-twenty", sim.compare), ("monthly-release-to-2000", sim.run)],
)
def test_every_file_that_is_written_is_told(name, make, tmp_path):
    scenario = sim.load(SCENARIOS / f"{name}.yaml")
    folder = make(scenario, replications=2).save(tmp_path / "r", figures="none", answer="x")
    written = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert {each for each in written if not each.startswith("variants/")} <= set(FILES)
    assert "variants/0.resolved.yaml" in written or name != "bad-build-in-twenty"


def test_chapter_has_a_table_of_the_columns_of_each_file():
    lines = chapter()
    assert lines[0] == "## The result folder"
    assert "| `answer.txt` | The answer, as it stood on the screen. |" in lines
    start = lines.index("### bands.parquet")
    assert "| `p50` | number | The median of the replications. |" in lines[start:]
