"""Reading scenarios with the files they name; writing result folders that are whole or absent."""

import json
import sys
from hashlib import sha256
from pathlib import Path

import pyarrow as pa
import pytest

from sim import files
from sim.errors import ScenarioError

SCENARIO = """\
systems:
  shop:
    kind: cloud_service
    roles: {WebRole: {instances: 2, serves_demand: 100}}
"""
WITH_DEMAND = SCENARIO + "    demand: {csv: demand.csv}\n"
DEMAND = "time_s,value\n0,100\n600,200\n"
OURS = json.dumps({"made_by": "rollout-sim 0.1.0"})
SCHEMA = pa.schema([("name", pa.string()), ("value", pa.float64()), ("count", pa.int64())])


def rule(error):
    """What the only problem says."""
    (problem,) = error.value.problems
    return str(problem)


def refusal(path, **options):
    with pytest.raises(ScenarioError) as error:
        files.write_results(path, "x", [("a.txt", "new")], **options)
    return rule(error)


def folder(path, **contents):
    path.mkdir(parents=True)
    for name, text in contents.items():
        (path / name.replace("__", ".")).write_text(text)
    return path


def names(path):
    return sorted(each.name for each in path.iterdir())


# Scenarios ----------------------------------------------------------------------------------------


def test_scenario_is_named_by_its_file(tmp_path):
    (tmp_path / "shop.yaml").write_text(SCENARIO)
    assert files.load(tmp_path / "shop.yaml").name == "shop"
    assert files.load(str(tmp_path / "shop.yaml")).name == "shop"


def test_files_that_only_a_change_names_are_read_in_the_place_of_the_files_own(tmp_path):
    (tmp_path / "shop.yaml").write_text(WITH_DEMAND)
    (tmp_path / "other.csv").write_text(DEMAND)
    (tmp_path / "far").mkdir()
    (tmp_path / "far" / "away.csv").write_text(DEMAND)
    for name in ("other.csv", str(tmp_path / "far" / "away.csv")):
        scenario = files.load(tmp_path / "shop.yaml", {"systems.shop.demand.csv": name})
        assert [each.path for each in scenario.inputs] == [name]


def test_named_files_are_read_relative_to_the_scenario(tmp_path, monkeypatch):
    (tmp_path / "shop.yaml").write_text(WITH_DEMAND)
    (tmp_path / "demand.csv").write_text(DEMAND)
    monkeypatch.chdir("/")
    scenario = files.load(tmp_path / "shop.yaml")
    assert [each.path for each in scenario.inputs] == ["demand.csv"]
    assert scenario.inputs[0].sha256 == sha256(DEMAND.encode()).hexdigest()


def test_missing_named_file_is_told_with_its_place_and_why(tmp_path):
    file = tmp_path / "shop.yaml"
    file.write_text(WITH_DEMAND)
    with pytest.raises(ScenarioError) as error:
        files.load(file)
    place, reason = error.value.problems
    assert place.where == f"{file}:5:19"
    assert str(reason) == "demand.csv: must be a file, got a name that does not exist"


def test_named_directory_and_named_giant_are_refused(tmp_path, monkeypatch):
    (tmp_path / "shop.yaml").write_text(WITH_DEMAND)
    (tmp_path / "demand.csv").mkdir()
    with pytest.raises(ScenarioError, match=r"demand.csv: must be a file, got a directory"):
        files.load(tmp_path / "shop.yaml")
    (tmp_path / "demand.csv").rmdir()
    (tmp_path / "demand.csv").write_text(DEMAND + " " * 2**20)
    monkeypatch.setattr(files, "LARGEST_INPUT", 2**20)
    with pytest.raises(ScenarioError, match=r"demand.csv: must be at most 1 MiB, got more"):
        files.load(tmp_path / "shop.yaml")


def test_directory_is_no_scenario(tmp_path):
    with pytest.raises(ScenarioError) as error:
        files.load(tmp_path)
    assert rule(error) == f"{tmp_path}: must be a file, got a directory"


def test_missing_scenario_suggests_the_nearest_name(tmp_path):
    (tmp_path / "shop.yaml").write_text(SCENARIO)
    with pytest.raises(ScenarioError) as error:
        files.load(tmp_path / "shpo.yaml")
    assert rule(error).endswith("got a name that does not exist; did you mean shop.yaml?")
    with pytest.raises(ScenarioError) as error:
        files.load(tmp_path / "nowhere" / "shop.yaml")
    assert rule(error).endswith("got a name that does not exist")


def test_giant_and_binary_scenarios_are_refused(tmp_path):
    file = tmp_path / "shop.yaml"
    file.write_bytes(b"#" * (2**20 + 1))
    with pytest.raises(ScenarioError, match="must be at most 1 MiB"):
        files.load(file)
    file.write_bytes(b"\x89PNG\r\n\x1a\n\x00\xff")
    with pytest.raises(ScenarioError, match="must be text in UTF-8"):
        files.load(file)


def test_text_alone_is_a_scenario_that_names_no_files():
    assert files.loads(SCENARIO).name == "scenario"
    with pytest.raises(ScenarioError, match=r"scenario:5:19: .* must name a file"):
        files.loads(WITH_DEMAND)


# Result folders -----------------------------------------------------------------------------------


def test_results_without_a_path_get_a_new_folder_each(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    made = [files.write_results(None, "shop", [("a.txt", str(k))]) for k in range(3)]
    assert [path.as_posix() for path in made] == [
        "results/shop",
        "results/shop-2",
        "results/shop-3",
    ]
    assert [(path / "a.txt").read_text() for path in made] == ["0", "1", "2"]
    assert names(tmp_path / "results") == ["shop", "shop-2", "shop-3"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("shop: 80 % / Build 42?", "shop-80-Build-42"),
        ("../..", "scenario"),
        ("", "scenario"),
        (".hidden", "hidden"),
        ("con", "con-scenario"),
        ("NUL.txt", "NUL.txt-scenario"),
        ("contoso", "contoso"),
        ("größe", "größe"),
        ("x" * 300, "x" * 60),
        ("x" * 59 + ".txt", "x" * 59),
        ("艦" * 300, "艦" * 60),
    ],
)
def test_any_name_gives_a_folder_that_every_file_system_takes(
    tmp_path, monkeypatch, name, expected
):
    monkeypatch.chdir(tmp_path)
    assert files.write_results(None, name, []).name == expected


def test_new_folder_takes_the_next_name_when_another_process_was_faster(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rename, rivals = Path.rename, ["shop"]

    def late(path, target):
        if rivals:
            folder(tmp_path / "results" / rivals.pop(), theirs__txt="1")
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", late)
    assert files.write_results(None, "shop", [("a.txt", "1")]).name == "shop-2"
    assert names(tmp_path / "results" / "shop") == ["theirs.txt"]


def test_parents_are_made(tmp_path):
    made = files.write_results(tmp_path / "a" / "b", "x", [("figures/one.png", b"\x89")])
    assert made == tmp_path / "a" / "b"
    assert (made / "figures" / "one.png").read_bytes() == b"\x89"


def test_existing_folder_stays_unless_overwrite_is_asked_for(tmp_path):
    target = folder(tmp_path / "r", provenance__json=OURS)
    assert refusal(target).endswith(
        "must be a new name, got a folder that exists; overwrite replaces results"
    )
    assert names(target) == ["provenance.json"]


def test_overwrite_replaces_the_whole_folder(tmp_path):
    target = folder(tmp_path / "r", provenance__json=OURS, summary__csv="old")
    assert files.write_results(target, "x", [("a.txt", "new")], overwrite=True) == target
    assert names(target) == ["a.txt"]
    assert names(tmp_path) == ["r"]


@pytest.mark.parametrize("provenance", ["", "{", "[]", "{}", '{"made_by": "another tool"}'])
def test_overwrite_refuses_a_folder_without_our_provenance(tmp_path, provenance):
    target = folder(tmp_path / "r", provenance__json=provenance, thesis__txt="years of work")
    assert "got no provenance.json of rollout-sim in it" in refusal(target, overwrite=True)
    assert names(target) == ["provenance.json", "thesis.txt"]


def test_overwrite_refuses_a_folder_that_holds_more_than_results(tmp_path):
    target = folder(tmp_path / "r", provenance__json=OURS, thesis__txt="years of work")
    assert "must hold results alone to be overwritten, got thesis.txt" in refusal(
        target, overwrite=True
    )
    assert names(target) == ["provenance.json", "thesis.txt"]


def test_file_is_no_target(tmp_path):
    (tmp_path / "file").write_text("mine")
    assert "got something else" in refusal(tmp_path / "file", overwrite=True)
    assert (tmp_path / "file").read_text() == "mine"


@pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege there")
def test_link_is_no_target(tmp_path):
    ours = folder(tmp_path / "ours", provenance__json=OURS)
    (tmp_path / "link").symlink_to(ours, target_is_directory=True)
    assert "got something else" in refusal(tmp_path / "link", overwrite=True)
    assert names(ours) == ["provenance.json"]


def test_target_can_be_checked_before_the_work(tmp_path):
    target = folder(tmp_path / "r", provenance__json=OURS)
    files.check_target(None)
    files.check_target(tmp_path / "new")
    files.check_target(target, overwrite=True)
    with pytest.raises(ScenarioError, match="must be a new name"):
        files.check_target(target)


def test_refused_target_costs_no_work(tmp_path):
    target = folder(tmp_path / "r", provenance__json=OURS)
    parts = iter([("a.txt", "new")])
    with pytest.raises(ScenarioError):
        files.write_results(target, "x", parts)
    assert list(parts) == [("a.txt", "new")]


def test_what_comes_while_results_are_written_stays(tmp_path):
    target = tmp_path / "r"

    def parts():
        yield "a.txt", "new"
        folder(target, thesis__txt="years of work")

    with pytest.raises(ScenarioError, match="must be a new name"):
        files.write_results(target, "x", parts())
    assert names(tmp_path) == ["r"]
    assert names(target) == ["thesis.txt"]


def test_interrupted_writing_leaves_the_old_results_and_nothing_else(tmp_path):
    target = folder(tmp_path / "r", provenance__json=OURS)

    def parts():
        yield "a.txt", "new"
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        files.write_results(target, "x", parts(), overwrite=True)
    assert names(tmp_path) == ["r"]
    assert names(target) == ["provenance.json"]


def test_old_results_come_back_when_the_new_ones_cannot_take_their_place(tmp_path, monkeypatch):
    target = folder(tmp_path / "r", provenance__json=OURS)
    rename = Path.rename

    def stubborn(path, destination):
        if destination == target and (path / "a.txt").exists():
            raise PermissionError(13, "Permission denied")
        return rename(path, destination)

    monkeypatch.setattr(Path, "rename", stubborn)
    assert refusal(target, overwrite=True).endswith(
        "must be a folder that can be written, got: Permission denied"
    )
    assert names(tmp_path) == ["r"]
    assert names(target) == ["provenance.json"]


def test_unwritable_place_is_an_error_of_the_input(tmp_path):
    (tmp_path / "file").write_text("mine")
    assert "must be a folder that can be written" in refusal(tmp_path / "file" / "r")


# Tables -------------------------------------------------------------------------------------------


def table(*rows):
    columns = zip(*rows, strict=True)
    arrays = [pa.array(column, field.type) for column, field in zip(columns, SCHEMA, strict=True)]
    return pa.Table.from_arrays(arrays, schema=SCHEMA)


ROWS = table(('a, "b"\nc', 0.1 + 0.2, 7), ("", None, None), ("größe", 1e-300, -1))


def test_csv_has_plain_numbers_in_full_precision(tmp_path):
    made = files.write_results(tmp_path / "r", "x", [("t.csv", ROWS)])
    assert (made / "t.csv").read_bytes().decode() == (
        'name,value,count\n"a, ""b""\nc",0.30000000000000004,7\n,,\ngröße,1e-300,-1\n'
    )


@pytest.mark.parametrize("name", ["t.csv", "t.parquet"])
def test_table_is_read_as_it_was_written(tmp_path, name):
    made = files.write_results(tmp_path / "r", "x", [(name, ROWS)])
    assert files.has(made, name)
    assert files.read_table(made, name, SCHEMA).equals(ROWS)


def test_parquet_takes_pieces_one_after_the_other(tmp_path):
    pieces = (ROWS.slice(k, 1) for k in range(3))
    made = files.write_results(tmp_path / "r", "x", [("t.parquet", pieces)])
    assert files.read_table(made, "t.parquet", SCHEMA).combine_chunks().equals(ROWS)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("absent.csv", None),
        ("absent.parquet", None),
        ("t.csv", "name,value\na,1\n"),
        ("t.csv", "name,value,count\na,many,1\n"),
        ("t.parquet", "no parquet"),
    ],
)
def test_what_is_no_table_of_results_is_refused(tmp_path, name, content):
    if content is not None:
        (tmp_path / name).write_text(content)
    with pytest.raises(ScenarioError, match="must be a table of results"):
        files.read_table(tmp_path, name, SCHEMA)


def test_only_our_folders_have_a_provenance(tmp_path):
    assert files.read_provenance(folder(tmp_path / "r", provenance__json=OURS)) == json.loads(OURS)
    for other in (tmp_path / "nowhere", folder(tmp_path / "other")):
        with pytest.raises(ScenarioError, match="must be a folder of results"):
            files.read_provenance(other)


def test_missing_text_of_results_is_refused(tmp_path):
    with pytest.raises(ScenarioError, match="must be a file of results"):
        files.read_text(tmp_path, "scenario.resolved.yaml")
